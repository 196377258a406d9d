//! Whether the servers behind this node answer: asked with little patience, and never twice at once.
//! Whoever comes while a question is under way shares its answer, so that neither many callers nor a
//! server that is down make anybody wait in a queue.

use std::{
    fmt::Display,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::{event_log::EventLog, graph::Graph};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The log and the graph, as far as they answer.
pub struct Vitals {
    log: Arc<dyn EventLog>,
    graph: Arc<dyn Graph>,
    log_question: Question<u64>,
    graph_question: Question<()>,
    questions: TaskTracker,
}

/// The question that is under way, if one is.
type Question<T> = Mutex<Option<Shared<BoxFuture<'static, Result<T, NoAnswer>>>>>;

/// No answer; the reason is in the log of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is out of reach for now")]
pub struct NoAnswer;

impl Vitals {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, graph: Arc<dyn Graph>) -> Self {
        Self {
            log,
            graph,
            log_question: Question::default(),
            graph_question: Question::default(),
            questions: TaskTracker::new(),
        }
    }

    /// The end of the log.
    ///
    /// # Errors
    /// If the log does not tell within a second.
    pub async fn log_end(&self) -> Result<u64, NoAnswer> {
        let log = self.log.clone();
        self.ask("log", &self.log_question, async move { log.end().await })
            .await
    }

    /// Whether the graph answers.
    ///
    /// # Errors
    /// If it does not within a second.
    pub async fn graph(&self) -> Result<(), NoAnswer> {
        let graph = self.graph.clone();
        let question = async move { graph.cursor().await.map(drop) };
        self.ask("graph", &self.graph_question, question).await
    }

    /// Asks, unless the same is being asked.
    async fn ask<T, E>(
        &self,
        server: &'static str,
        question: &Question<T>,
        ask: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, NoAnswer>
    where
        T: Clone + Send + Sync + 'static,
        E: Display + Send + 'static,
    {
        let answer = {
            let mut under_way = question.lock().unwrap_or_else(PoisonError::into_inner);
            match &*under_way {
                Some(answer) if answer.peek().is_none() => answer.clone(),
                _ => {
                    // A task of its own: it goes on until the server is done with it, whoever goes away.
                    let task = self.questions.spawn(ask);
                    let answer = async move {
                        match task.await {
                            Ok(Ok(value)) => return Ok(value),
                            Ok(Err(error)) => {
                                warn!(server, error = %error, "a server does not answer");
                            }
                            Err(panic) => {
                                warn!(server, error = %panic, "a server does not answer");
                            }
                        }
                        Err(NoAnswer)
                    };
                    under_way.insert(answer.boxed().shared()).clone()
                }
            }
        };
        timeout(PATIENCE, answer).await.unwrap_or_else(|_| {
            warn!(server, "a server does not answer in time");
            Err(NoAnswer)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;
    use crate::{clock, event_log::memory::MemoryLog, graph::embedded::EmbeddedGraph};

    #[tokio::test]
    async fn whoever_asks_meanwhile_shares_the_answer() {
        let log = Arc::new(MemoryLog::new(clock::system()));
        let vitals = Vitals::new(log, Arc::new(EmbeddedGraph::new()));
        let (asked, let_go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let ask = || {
            let (asked, let_go) = (asked.clone(), let_go.clone());
            async move {
                asked.fetch_add(1, Ordering::Relaxed);
                let _permit = let_go.acquire().await;
                Ok::<_, NoAnswer>(7)
            }
        };
        let many = (0..2_000).map(|_| vitals.ask("log", &vitals.log_question, ask()));
        let all = futures::future::join_all(many);
        let release = async {
            tokio::task::yield_now().await;
            let_go.add_permits(1);
        };
        let (answers, ()) = futures::join!(all, release);
        assert!(answers.iter().all(|answer| *answer == Ok(7)));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        // What is answered is asked anew the next time.
        let_go.add_permits(1);
        let again = vitals.ask("log", &vitals.log_question, ask()).await;
        assert_eq!((again, asked.load(Ordering::Relaxed)), (Ok(7), 2));
    }
}
