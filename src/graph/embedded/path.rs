//! Shortest paths, searched from both ends.

use super::{
    scratch::{Marks, Patience, Scratch},
    store::{Slot, Store},
};

/// A shortest chain between two users, both included, of at most `most` friendships.
///
/// The two searches take turns by whole rings, the one with fewer friendships to look at first. They
/// have covered all chains shorter than the sum of their depths, so the first meeting is a shortest.
pub(super) fn shortest(
    store: &Store,
    scratch: &mut Scratch,
    from: Slot,
    to: Slot,
    most: u32,
) -> Option<Vec<Slot>> {
    if from == to {
        return Some(vec![from]);
    }
    if !store.users.is_active(to) {
        return None;
    }
    let mut near = Search::at(store, &mut scratch.near, from);
    let mut far = Search::at(store, &mut scratch.far, to);
    for _ in 0..most {
        let meeting = if near.work <= far.work {
            near.step(store, &far, &mut scratch.patience)
        } else {
            far.step(store, &near, &mut scratch.patience)
                .map(|(far, near)| (near, far))
        };
        if let Some((near_end, far_end)) = meeting {
            let mut path = near.way_back(near_end);
            path.reverse();
            path.extend(far.way_back(far_end));
            return Some(path);
        }
        if near.ring.is_empty() || far.ring.is_empty() {
            return None;
        }
    }
    None
}

/// The search from one end.
struct Search<'a> {
    /// From whom each user was reached; the start from itself.
    from: &'a mut Marks,
    ring: Vec<Slot>,
    /// How many friendships the next step looks at.
    work: usize,
}

impl<'a> Search<'a> {
    fn at(store: &Store, from: &'a mut Marks, start: Slot) -> Self {
        from.reset(store.users.len());
        from.set(start, start);
        Self {
            from,
            ring: vec![start],
            work: store.friends(start).len(),
        }
    }

    /// Steps to the next ring, or gives the friendship, this side's end first, by which the two
    /// searches meet.
    fn step(
        &mut self,
        store: &Store,
        other: &Search<'_>,
        patience: &mut Patience,
    ) -> Option<(Slot, Slot)> {
        let mut next = Vec::new();
        self.work = 0;
        for reached in &self.ring {
            let friends = store.friends(*reached);
            if patience.is_over_after(friends.len()) {
                break;
            }
            for friend in friends {
                // Before the state: the start of the search from `from` may be in any.
                if other.from.get(*friend).is_some() {
                    return Some((*reached, *friend));
                }
                if self.from.get(*friend).is_none() && store.users.is_active(*friend) {
                    self.from.set(*friend, *reached);
                    self.work += store.friends(*friend).len();
                    next.push(*friend);
                }
            }
        }
        self.ring = next;
        None
    }

    /// From `slot` to where the search started.
    fn way_back(&self, mut slot: Slot) -> Vec<Slot> {
        let mut way = vec![slot];
        while let Some(before) = self.from.get(slot).filter(|before| *before != slot) {
            way.push(before);
            slot = before;
        }
        way
    }
}
