//! What one request may use of a graph: until when, and how many friendships it may look at.
//!
//! A budget goes with the task that asks: an adapter finds it there and looks at it while it works, so
//! that work ends soon after the deadline, or after the caller has gone away. Who asks without one, such
//! as a projector, has no bounds. Must never be asked for more often than every few thousand steps.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::GraphError;

tokio::task_local! {
    static CURRENT: Arc<Budget>;
}

/// What is left of what a request may use.
#[derive(Debug)]
pub struct Budget {
    began: Instant,
    time: Duration,
    steps: u64,
    spent: AtomicU64,
    is_abandoned: AtomicBool,
    /// What it asks a server at once, once it is known how much that may be.
    turns: OnceLock<Semaphore>,
}

/// Ends the work of a request whose caller has gone away: when it is dropped.
#[derive(Debug)]
pub struct Caller(Arc<Budget>);

impl Budget {
    /// A budget from now on: so long, and so many steps. A step looks at one friendship.
    #[must_use]
    pub fn new(time: Duration, steps: u64) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            time,
            steps,
            spent: AtomicU64::new(0),
            is_abandoned: AtomicBool::new(false),
            turns: OnceLock::new(),
        })
    }

    /// Whom the work is for.
    #[must_use]
    pub fn caller(self: &Arc<Self>) -> Caller {
        Caller(self.clone())
    }

    /// Runs a request on this budget.
    pub async fn scope<T>(self: Arc<Self>, request: impl Future<Output = T>) -> T {
        CURRENT.scope(self, request).await
    }

    /// The budget of the task that asks, if it has one.
    #[must_use]
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// How many steps were taken.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// What is left of the time.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.time.saturating_sub(self.began.elapsed())
    }

    /// Takes steps.
    ///
    /// # Errors
    /// If time or steps have run out, or nobody waits for the answer any more.
    pub fn spend(&self, steps: u64) -> Result<(), GraphError> {
        let spent = self.spent.fetch_add(steps, Ordering::Relaxed) + steps;
        if self.is_abandoned.load(Ordering::Relaxed) {
            return Err(GraphError::OverBudget(Over::Abandoned));
        }
        if spent > self.steps {
            let (limit, reached) = (self.steps, spent);
            return Err(GraphError::OverBudget(Over::Steps { limit, reached }));
        }
        if self.time_left().is_zero() {
            return Err(GraphError::OverBudget(Over::Time { limit: self.time }));
        }
        Ok(())
    }

    /// Waits until fewer than `at_once` questions of this request hold a turn.
    pub async fn turn(&self, at_once: usize) -> Option<SemaphorePermit<'_>> {
        let turns = self.turns.get_or_init(|| Semaphore::new(at_once));
        // Nobody closes it.
        turns.acquire().await.ok()
    }

    /// Waits for something, no longer than there is time.
    ///
    /// # Errors
    /// If time has run out.
    pub async fn wait<T>(&self, something: impl Future<Output = T>) -> Result<T, GraphError> {
        let waited = tokio::time::timeout(self.time_left(), something).await;
        waited.map_err(|_| GraphError::OverBudget(Over::Time { limit: self.time }))
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.is_abandoned.store(true, Ordering::Relaxed);
    }
}

/// Which bound of a budget was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Over {
    /// It took as long as it may.
    #[error("it took {} ms", limit.as_millis())]
    Time {
        /// How long it may take.
        limit: Duration,
    },
    /// It looked at as many friendships as it may.
    #[error("it looked at {reached} friendships, at most {limit} are allowed")]
    Steps {
        /// How many it may look at.
        limit: u64,
        /// How many it had looked at when it was stopped.
        reached: u64,
    },
    /// Its caller has gone away.
    #[error("nobody waits for it any more")]
    Abandoned,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_steps_and_callers_run_out() {
        let budget = Budget::new(Duration::from_secs(100), 10);
        assert_eq!(budget.spend(10), Ok(()));
        let over = Over::Steps {
            limit: 10,
            reached: 11,
        };
        assert_eq!(budget.spend(1), Err(GraphError::OverBudget(over)));
        let budget = Budget::new(Duration::ZERO, 10);
        let limit = Duration::ZERO;
        let over = Over::Time { limit };
        assert_eq!(budget.spend(1), Err(GraphError::OverBudget(over)));
        let budget = Budget::new(Duration::from_secs(100), 10);
        drop(budget.caller());
        let over = GraphError::OverBudget(Over::Abandoned);
        assert_eq!(budget.spend(1), Err(over));
    }

    #[tokio::test]
    async fn a_budget_goes_with_its_task() {
        assert!(Budget::current().is_none());
        let budget = Budget::new(Duration::from_secs(1), 5);
        let within = budget
            .clone()
            .scope(async { Budget::current().expect("it is there").spend(3) });
        assert_eq!(within.await, Ok(()));
        assert_eq!(budget.spent(), 3);
    }
}
