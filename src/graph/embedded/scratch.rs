//! Working memory of traversals: marks on users that are forgotten in one step, and a pool of them.

use std::sync::Mutex;

use super::store::Slot;

/// How many idle sets of working memory are kept.
const IDLE: usize = 16;

/// A number on some of the users. An array with the epoch in which each mark was made: to forget all
/// marks is to begin another epoch, and a look-up is one read.
#[derive(Default)]
pub(super) struct Marks {
    epoch: u32,
    marks: Vec<Mark>,
}

#[derive(Clone, Copy, Default)]
struct Mark {
    epoch: u32,
    value: u32,
}

impl Marks {
    /// Forgets all marks; there are `users` users now.
    pub(super) fn reset(&mut self, users: usize) {
        if self.epoch == u32::MAX {
            self.marks.fill(Mark::default());
            self.epoch = 0;
        }
        self.epoch += 1;
        if self.marks.len() < users {
            self.marks.resize(users, Mark::default());
        }
    }

    pub(super) fn get(&self, slot: Slot) -> Option<u32> {
        let mark = self.marks[slot as usize];
        (mark.epoch == self.epoch).then_some(mark.value)
    }

    pub(super) fn set(&mut self, slot: Slot, value: u32) {
        self.marks[slot as usize] = Mark {
            epoch: self.epoch,
            value,
        };
    }

    /// Adds one to a mark, from 0 where there is none, and gives the sum.
    pub(super) fn count(&mut self, slot: Slot) -> u32 {
        let mark = &mut self.marks[slot as usize];
        if mark.epoch != self.epoch {
            mark.epoch = self.epoch;
            mark.value = 0;
        }
        mark.value += 1;
        mark.value
    }
}

/// What one traversal works with.
#[derive(Default)]
pub(super) struct Scratch {
    /// Marks of the search from the start.
    pub(super) near: Marks,
    /// Marks of the search from the other end.
    pub(super) far: Marks,
}

/// Working memory to be used again. Marks cost 8 bytes for each user, so few are kept.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Scratch>>);

impl Pool {
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let mut scratch = self.idle().pop().unwrap_or_default();
        let result = work(&mut scratch);
        let mut idle = self.idle();
        if idle.len() < IDLE {
            idle.push(scratch);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Scratch>> {
        self.0.lock().expect("nothing panics with the pool locked")
    }
}
