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

    pub(super) fn reserve(&mut self, more: usize) {
        self.0.reserve_exact(more);
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
    users: Vec<PastUser>,
    edges: Vec<PastEdge>,
    users_of: Chains,
    edges_from: Chains,
    edges_to: Chains,
}

impl Past {
    pub(super) fn push_user(&mut self, slot: Slot, user: PastUser) {
        self.users_of.push(slot);
        self.users.push(user);
    }

    pub(super) fn push_edge(&mut self, edge: PastEdge) {
        self.edges_from.push(edge.from);
        self.edges_to.push(edge.to);
        self.edges.push(edge);
    }

    pub(super) fn users(&self) -> &[PastUser] {
        &self.users
    }

    pub(super) fn edges(&self) -> &[PastEdge] {
        &self.edges
    }

    /// The versions of a user, the last first.
    pub(super) fn users_of(&self, slot: Slot) -> impl Iterator<Item = &PastUser> {
        self.users_of.of(slot).map(|index| &self.users[index])
    }

    /// The edges that started at a user, the last first.
    pub(super) fn edges_from(&self, slot: Slot) -> impl Iterator<Item = &PastEdge> {
        self.edges_from.of(slot).map(|index| &self.edges[index])
    }

    /// The edges that led to a user, the last first.
    pub(super) fn edges_to(&self, slot: Slot) -> impl Iterator<Item = &PastEdge> {
        self.edges_to.of(slot).map(|index| &self.edges[index])
    }
}

/// Which entries of a list are whose: 4 bytes for each user and each entry.
#[derive(Default)]
struct Chains {
    /// By user, the number of the last entry; counted from 1, 0 if there is none.
    last: Vec<u32>,
    /// By entry, the one before of the same user.
    before: Vec<u32>,
}

impl Chains {
    fn push(&mut self, slot: Slot) {
        let index = slot as usize;
        if self.last.len() <= index {
            self.last.resize(index + 1, 0);
        }
        self.before.push(self.last[index]);
        self.last[index] = super::store::slot(self.before.len());
    }

    fn of(&self, slot: Slot) -> impl Iterator<Item = usize> {
        let entry = |number: u32| (number as usize).checked_sub(1);
        let last = self.last.get(slot as usize).copied().unwrap_or(0);
        std::iter::successors(entry(last), move |index| entry(self.before[*index]))
    }
}
