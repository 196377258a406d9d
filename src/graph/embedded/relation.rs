//! How two users stand to each other.

use super::{
    common::common_friends,
    path,
    scratch::Scratch,
    store::{Slot, Store},
};
use crate::graph::Relation;

/// How far apart [`Relation`] tells people.
const RELATED: u32 = 3;

pub(super) fn relate(store: &Store, scratch: &mut Scratch, from: Slot, to: Slot) -> Relation {
    let mutual = common_friends(store, from, to).len() as u64;
    let distance = if from == to {
        Some(0)
    } else if !store.users.is_active(to) {
        None
    } else if store.befriended(from, to).is_some() {
        Some(1)
    } else if mutual > 0 {
        Some(2)
    } else {
        let path = path::shortest(store, scratch, from, to, RELATED);
        path.map(|_| RELATED)
    };
    Relation {
        user: store.users.get(to).clone(),
        distance,
        mutual,
        tie: store.tie(from, to),
    }
}
