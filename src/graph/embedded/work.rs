//! How much work a read is, and where it is done.

use std::{sync::Arc, thread::available_parallelism};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::store::Store;
use crate::{domain::UserId, graph::GraphError};

/// Up to how many steps, of a few nanoseconds each, work is done on the thread that asks. More would
/// hold up the other requests that this thread serves.
const QUICK: usize = 100_000;

/// Lets few reads that take their time go on at once: each has working memory of its own, and one
/// processor is left for the others.
pub(super) struct Heavy(Arc<Semaphore>);

impl Default for Heavy {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(
            processors.saturating_sub(1).max(1),
        )))
    }
}

impl Heavy {
    /// Waits for a turn, which ends with what it gives. `None` would mean that there are none any more.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.0.clone().acquire_owned().await.ok()
    }
}

/// Whether work may be done on the thread that asks.
pub(super) fn is_quick(steps: usize) -> bool {
    steps <= QUICK
}

/// Does work here if it is quick, else on a thread that may take its time.
pub(super) async fn run<T: Send + 'static>(
    steps: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GraphError> {
    if is_quick(steps) {
        return Ok(work());
    }
    run_aside(work).await
}

/// Does work on a thread that may take its time.
pub(super) async fn run_aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GraphError> {
    match spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(fault) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
        Err(_) => Err(GraphError::Unavailable("it is shutting down".to_owned())),
    }
}

/// The steps of many reads; stops counting where they are no longer quick.
pub(super) fn sum(steps: impl Iterator<Item = usize>) -> usize {
    let mut sum = 0;
    for steps in steps {
        sum += steps;
        if sum > QUICK {
            break;
        }
    }
    sum
}

/// About how many friendships a traversal of that depth looks at, at most.
pub(super) fn reach(store: &Store, of: UserId, depth: u32) -> usize {
    let Some(of) = store.users.slot(of) else {
        return 1;
    };
    let friends = store.friends(of);
    match depth {
        1 => friends.len(),
        2 if friends.len() <= QUICK => friends.iter().map(|slot| store.friends(*slot).len()).sum(),
        _ => 2 * store.friendships(),
    }
}

/// About how many friendships a search between two looks at, at most.
pub(super) fn reach_between(store: &Store, (from, to): (UserId, UserId), depth: u32) -> usize {
    reach(store, from, depth).min(reach(store, to, depth))
}
