//! How much is projected at once, and how long to wait before the next try.
//!
//! Must never try the same for ever: what was too much is made smaller, and what cannot be made smaller is
//! given up after a few tries.

use std::time::Duration;

use super::Failure;
use crate::graph::GraphError;

/// The most changes that are sent to the graph in one transaction.
pub(super) const MAX_CHANGES: usize = 5_000;
/// The most positions in one batch.
pub(super) const MAX_POSITIONS: usize = 8_192;
/// How often the smallest is tried.
const TRIES: u32 = 5;

/// How much is done at once. It is halved when it was too much, and grows again when it was not.
#[derive(Debug)]
pub(super) struct Pace {
    positions: usize,
    items: usize,
    /// How often in a row the smallest batch, and the smallest clearing up, was too much.
    failures: [u32; 2],
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            positions: MAX_POSITIONS,
            items: MAX_CHANGES,
            failures: [0; 2],
        }
    }
}

impl Pace {
    /// The most positions in the next batch.
    pub(super) fn positions(&self) -> usize {
        self.positions
    }

    /// The most items that are cleared up next.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    pub(super) fn grow(&mut self) {
        self.positions = (self.positions * 2).min(MAX_POSITIONS);
        self.failures[0] = 0;
    }

    pub(super) fn grow_items(&mut self) {
        self.items = (self.items * 2).min(MAX_CHANGES);
        self.failures[1] = 0;
    }

    /// So many positions were too much.
    ///
    /// # Errors
    /// If there is nothing smaller, and that was tried often enough.
    pub(super) fn shrink(
        &mut self,
        taken: usize,
        error: GraphError,
    ) -> Result<Failure, GraphError> {
        self.positions = (taken / 2).max(1);
        smaller(taken, &mut self.failures[0], error)
    }

    /// What was cleared up at once was too much.
    ///
    /// # Errors
    /// Likewise.
    pub(super) fn shrink_items(&mut self, error: GraphError) -> Result<Failure, GraphError> {
        let taken = self.items;
        self.items = (taken / 2).max(1);
        smaller(taken, &mut self.failures[1], error)
    }
}

fn smaller(taken: usize, failures: &mut u32, error: GraphError) -> Result<Failure, GraphError> {
    *failures += u32::from(taken == 1);
    if *failures < TRIES {
        Ok(Failure::TooMuch(error))
    } else {
        Err(error)
    }
}

/// Waits longer from try to try: 50 ms to 2 s.
#[derive(Default)]
pub(super) struct Retry(u32);

impl Retry {
    pub(super) async fn wait(&mut self) {
        let delay = Duration::from_millis(50 << self.0.min(5));
        self.0 += 1;
        tokio::time::sleep(delay.min(Duration::from_secs(2))).await;
    }
}
