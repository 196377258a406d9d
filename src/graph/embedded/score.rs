//! Recommendations: people at distance 2, scored by their common friends.

use std::cmp::Reverse;

use super::{
    links::List,
    page::Cut,
    scratch::Scratch,
    store::{Slot, Store, slot},
};
use crate::graph::{Page, Score};

/// Somebody recommended.
pub(super) struct Candidate {
    pub(super) slot: Slot,
    pub(super) score: u64,
    pub(super) mutual: u32,
}

/// The mark of those who are no candidates.
const NOT: u32 = u32::MAX;

/// The best `limit` candidates.
pub(super) fn recommend(
    store: &Store,
    scratch: &mut Scratch,
    start: Slot,
    by: Score,
    limit: usize,
) -> Vec<Candidate> {
    let mut cut = Cut::new(Page::first(limit));
    for mut candidate in candidates(store, scratch, start, by) {
        match by {
            Score::CommonFriends => candidate.score = u64::from(candidate.mutual),
            Score::AdamicAdar => {}
            Score::Jaccard => candidate.score = jaccard(store, start, &candidate),
        }
        let key = (Reverse(candidate.score), store.users.id(candidate.slot));
        cut.offer(key, candidate);
    }
    cut.finish().items
}

/// Everybody at distance 2 with whom no request or block stands, with the sum of the friends' weights
/// as the score.
fn candidates(store: &Store, scratch: &mut Scratch, start: Slot, by: Score) -> Vec<Candidate> {
    let (marks, patience) = (&mut scratch.near, &mut scratch.patience);
    marks.reset(store.users.len());
    marks.set(start, NOT);
    for list in [
        List::Friends,
        List::Asked,
        List::AskedBy,
        List::Blocks,
        List::BlockedBy,
    ] {
        for other in store.links(start, list).others() {
            marks.set(*other, NOT);
        }
    }
    let mut found: Vec<Candidate> = Vec::new();
    for friend in store.friends(start) {
        if !store.users.is_active(*friend) {
            continue;
        }
        let weight = match by {
            Score::AdamicAdar => adamic_adar(store.degree(*friend)),
            Score::CommonFriends | Score::Jaccard => 0,
        };
        let others = store.friends(*friend);
        if patience.is_over_after(others.len()) {
            break;
        }
        for other in others {
            match marks.get(*other) {
                Some(NOT) => {}
                Some(index) => {
                    let candidate = &mut found[index as usize];
                    candidate.mutual += 1;
                    candidate.score += weight;
                }
                None if store.users.is_active(*other) => {
                    marks.set(*other, slot(found.len()));
                    found.push(Candidate {
                        slot: *other,
                        score: weight,
                        mutual: 1,
                    });
                }
                None => marks.set(*other, NOT),
            }
        }
    }
    found
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the port defines this score in f64; it is positive and below 2^31"
)]
fn adamic_adar(degree: u32) -> u64 {
    if degree < 2 {
        return 0;
    }
    (1e9 / f64::from(degree).ln()).round() as u64
}

fn jaccard(store: &Store, start: Slot, candidate: &Candidate) -> u64 {
    let common = u64::from(candidate.mutual);
    let both = u64::from(store.degree(start)) + u64::from(store.degree(candidate.slot));
    let union = both - common;
    // Half up, in integers: the floor of x + 1/2.
    (2 * 1_000_000_000 * common + union) / (2 * union)
}
