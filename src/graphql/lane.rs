//! Where dear requests are executed: on threads of their own, one fewer than there are processors, and
//! few at once. So the others, the replay and the health of the node go on beside them.

use std::{sync::Arc, thread::available_parallelism, time::Duration};

use tokio::{runtime::Handle, sync::Semaphore, time::timeout};
use tokio_util::task::AbortOnDropHandle;

/// How many requests may be under way for each thread: they wait for the graph now and then.
const AT_ONCE: usize = 2;

/// The threads for dear requests.
#[derive(Clone)]
pub struct Lane {
    threads: Handle,
    turns: Arc<Semaphore>,
}

/// Why a request was not executed on the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocked {
    /// Others have held all turns for as long as it may take.
    Full,
    /// It panicked, or the node is going down.
    Ended,
}

impl Lane {
    /// A lane on these threads.
    #[must_use]
    pub fn on(threads: Handle) -> Self {
        Self {
            threads,
            turns: Arc::new(Semaphore::new(AT_ONCE * Self::threads())),
        }
    }

    /// How many threads a lane is to have.
    #[must_use]
    pub fn threads() -> usize {
        let processors = available_parallelism().map_or(1, usize::from);
        processors.saturating_sub(1).max(1)
    }

    /// Runs a request; it ends with who waits for it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        request: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Blocked> {
        let turn = timeout(patience, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Blocked::Full);
        };
        let task = self.threads.spawn(async move {
            let answer = request.await;
            drop(turn);
            answer
        });
        let task = AbortOnDropHandle::new(task);
        task.await.map_err(|_| Blocked::Ended)
    }
}
