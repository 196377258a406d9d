//! Ring by ring around a user: who is how far away.

use std::cmp::Reverse;

use super::{
    page::{Cut, with_keys},
    scratch::{Marks, Patience, Scratch},
    store::{Slot, Store},
};
use crate::{
    domain::UserId,
    graph::{DistantKey, Page, Slice},
};

/// The people at distance 1, 2, … of a start, each once. Only ACTIVE users are results or stepping
/// stones.
struct Rings<'a> {
    store: &'a Store,
    /// How often each user was come to: of the people in the present ring, how many friends they have
    /// in the ring before.
    seen: &'a mut Marks,
    patience: &'a mut Patience,
    ring: Vec<Slot>,
}

impl<'a> Rings<'a> {
    fn around(store: &'a Store, scratch: &'a mut Scratch, start: Slot) -> Self {
        let (seen, patience) = (&mut scratch.near, &mut scratch.patience);
        seen.reset(store.users.len());
        seen.count(start);
        let ring = vec![start];
        Self {
            store,
            seen,
            patience,
            ring,
        }
    }

    /// Steps to the next ring.
    fn step(&mut self) -> &[Slot] {
        let mut next = Vec::new();
        for reached in &self.ring {
            let friends = self.store.friends(*reached);
            if self.patience.is_over_after(friends.len()) {
                break;
            }
            for friend in friends {
                if self.seen.count(*friend) == 1 && self.store.users.is_active(*friend) {
                    next.push(*friend);
                }
            }
        }
        self.ring = next;
        &self.ring
    }
}

/// How many people are in each ring.
pub(super) fn ring_sizes(
    store: &Store,
    scratch: &mut Scratch,
    start: Option<Slot>,
    depth: u32,
) -> Vec<u64> {
    let Some(start) = start else {
        return vec![0; depth as usize];
    };
    let mut rings = Rings::around(store, scratch, start);
    (0..depth).map(|_| rings.step().len() as u64).collect()
}

/// Somebody at distance 2 or more.
pub(super) struct Found {
    pub(super) slot: Slot,
    pub(super) distance: u32,
    pub(super) mutual: u32,
}

/// A page of the people at distance 2 to `depth`.
pub(super) fn friends_of_friends(
    store: &Store,
    scratch: &mut Scratch,
    start: Slot,
    depth: u32,
    page: &Page<DistantKey>,
) -> Slice<Found> {
    type Key = (u32, Reverse<u64>, UserId);
    let key = |key: &DistantKey| (key.distance, Reverse(key.mutual), key.id);
    let mut cut: Cut<Key, Found> = Cut::new(with_keys(page, key));
    let mut rings = Rings::around(store, scratch, start);
    rings.step();
    for distance in 2..=depth {
        rings.step();
        for slot in rings.ring.iter().copied() {
            // Whoever is at distance 2 was come to once from each common friend.
            let ways = rings.seen.get(slot).unwrap_or(0);
            let mutual = if distance == 2 { ways } else { 0 };
            let key = (distance, Reverse(u64::from(mutual)), store.users.id(slot));
            let found = Found {
                slot,
                distance,
                mutual,
            };
            cut.offer(key, found);
        }
        // The further rings come after everybody in this one.
        if rings.ring.is_empty() || cut.is_settled() {
            break;
        }
    }
    cut.finish()
}
