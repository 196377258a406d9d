//! Working memory of traversals: marks on users that are forgotten in one step, and a pool of them.

use std::sync::{Arc, Mutex};

use super::store::Slot;
use crate::graph::{GraphError, budget::Budget};

/// How many idle sets of working memory are kept at most.
const IDLE: usize = 16;
/// And how many bytes of them; one set is kept, however large.
const IDLE_BYTES: usize = 64 << 20;

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
    pub(super) patience: Patience,
}

impl Scratch {
    fn bytes(&self) -> usize {
        (self.near.marks.capacity() + self.far.marks.capacity()) * size_of::<Mark>()
    }
}

/// How many steps are taken before the budget is asked: some 100 µs.
const STEPS: usize = 4_096;

/// What is left of a request's budget, asked now and then. A traversal that runs out of it stops where
/// it is, and what it has is not answered.
#[derive(Default)]
pub(super) struct Patience {
    budget: Option<Arc<Budget>>,
    steps: usize,
    over: Option<GraphError>,
}

impl Patience {
    /// Begins a read on a budget.
    pub(super) fn begin(&mut self, budget: Option<Arc<Budget>>) {
        *self = Self {
            budget,
            ..Self::default()
        };
    }

    /// Takes steps; whether the traversal has to stop.
    pub(super) fn is_over_after(&mut self, steps: usize) -> bool {
        self.steps += steps;
        if self.steps >= STEPS {
            self.ask();
        }
        self.over.is_some()
    }

    fn ask(&mut self) {
        let steps = std::mem::take(&mut self.steps) as u64;
        if let Some(budget) = &self.budget
            && let Err(over) = budget.spend(steps)
        {
            self.over.get_or_insert(over);
        }
    }

    /// Ends the read.
    ///
    /// # Errors
    /// If it was stopped.
    pub(super) fn end(&mut self) -> Result<(), GraphError> {
        if self.over.is_none() && self.steps > 0 {
            self.ask();
        }
        self.budget = None;
        self.over.take().map_or(Ok(()), Err)
    }
}

/// Working memory to be used again. Marks cost 8 bytes for each user, so few are kept.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Scratch>>);

impl Pool {
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let mut scratch = self.idle().pop().unwrap_or_default();
        let result = work(&mut scratch);
        let mut idle = self.idle();
        let kept: usize = idle.iter().map(Scratch::bytes).sum();
        let fits = kept + scratch.bytes() <= IDLE_BYTES;
        if idle.is_empty() || (idle.len() < IDLE && fits) {
            idle.push(scratch);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Scratch>> {
        self.0.lock().expect("nothing panics with the pool locked")
    }
}
