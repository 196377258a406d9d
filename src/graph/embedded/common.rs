//! Common friends: where two sorted lists meet.

use super::store::{Slot, Store};

/// From how many times the length on, searching the longer list is cheaper than walking it.
const MUCH_LONGER: usize = 16;

/// The ACTIVE common friends of two users, in the order of slots; of one user twice, none.
pub(super) fn common_friends(store: &Store, a: Slot, b: Slot) -> Vec<Slot> {
    if a == b {
        return Vec::new();
    }
    let (mut short, mut long) = (store.friends(a), store.friends(b));
    if short.len() > long.len() {
        (short, long) = (long, short);
    }
    let mut common = Vec::new();
    if long.len() / MUCH_LONGER > short.len() {
        let in_long = |slot: &Slot| long.binary_search(slot).is_ok();
        common.extend(short.iter().copied().filter(in_long));
    } else {
        let mut rest = long;
        for slot in short {
            let skipped = rest.iter().take_while(|other| *other < slot).count();
            rest = &rest[skipped..];
            if rest.first() == Some(slot) {
                common.push(*slot);
            }
        }
    }
    common.retain(|slot| store.users.is_active(*slot));
    common
}
