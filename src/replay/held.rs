//! Positions that wait for an archive before them.
//!
//! What stood between an archived user and others ends piece by piece, while judging goes on. What was
//! judged meanwhile is handed on when the archive is whole: followers see each position with all its changes
//! and with the right digest. Must never change the order.

use std::collections::VecDeque;

use super::{Applied, model::Ended};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Held {
    applied: VecDeque<Applied>,
    /// How many of them, from the first on, wait for nothing any more.
    whole: usize,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.applied.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.applied.len()
    }

    /// How many can be handed on.
    pub(super) fn whole(&self) -> usize {
        self.whole
    }

    pub(super) fn push(&mut self, applied: Applied) {
        self.applied.push_back(applied);
    }

    /// Takes up what ended at a position that is held.
    pub(super) fn take_up(&mut self, ended: Ended) {
        let of = |applied: &Applied| applied.position;
        let place = self
            .applied
            .partition_point(|one| of(one) < ended.at.position);
        for applied in self.applied.range_mut(place..) {
            applied.digest += ended.digest;
        }
        if let Some(applied) = self.applied.get_mut(place) {
            // The few go behind the many; the order within a position says nothing.
            let few = std::mem::replace(&mut applied.changes, ended.changes);
            applied.changes.extend(few);
        }
    }

    /// Lets go of all before the first position that still waits, if one does.
    pub(super) fn release(&mut self, next: Option<u64>) {
        self.whole = match next {
            Some(next) => self.applied.partition_point(|one| one.position < next),
            None => self.applied.len(),
        };
    }

    /// The next one, if it waits for nothing any more.
    pub(super) fn pop(&mut self) -> Option<Applied> {
        self.whole = self.whole.checked_sub(1)?;
        self.applied.pop_front()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
