//! When things happened, and what has ended. Reads of the past will be answered from here; reads of
//! the present never pay for it.

use std::sync::Arc;

use super::store::Slot;
use crate::domain::{EdgeKind, Moment, User};

/// The number of a moment, in the order of positions.
pub(super) type When = u32;

/// Every position at which something began or ended, so that each entry of a list costs 4 bytes
/// instead of 16.
#[derive(Default)]
pub(super) struct Moments(Vec<Moment>);

impl Moments {
    pub(super) fn get(&self, when: When) -> Moment {
        self.0[when as usize]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Moment> {
        self.0.iter().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Appends moments; they are sorted, and later than all before.
    pub(super) fn extend(&mut self, later: &[Moment]) {
        self.0.extend_from_slice(later);
    }
}

/// An edge that has ended.
pub(super) struct PastEdge {
    pub(super) kind: EdgeKind,
    pub(super) from: Slot,
    pub(super) to: Slot,
    pub(super) opened: When,
    pub(super) closed: When,
}

/// A version of a user that has ended.
pub(super) struct PastUser {
    pub(super) version: Arc<User>,
    pub(super) ended: When,
}

/// What has ended, in the order in which it was projected.
#[derive(Default)]
pub(super) struct Past {
    pub(super) users: Vec<PastUser>,
    pub(super) edges: Vec<PastEdge>,
}
