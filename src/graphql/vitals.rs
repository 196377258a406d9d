//! Whether the servers behind this node answer: asked with little patience, and never twice at once,
//! so that a server that is down ties up neither callers nor threads.

use std::{fmt::Display, future::Future, sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::timeout};
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::{event_log::EventLog, graph::Graph};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The log and the graph, as far as they answer.
pub struct Vitals {
    log: Arc<dyn EventLog>,
    graph: Arc<dyn Graph>,
    log_turn: Turn,
    graph_turn: Turn,
    questions: TaskTracker,
}

/// Who holds it asks; the others wait.
type Turn = Arc<Mutex<()>>;

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
            log_turn: Turn::default(),
            graph_turn: Turn::default(),
            questions: TaskTracker::new(),
        }
    }

    /// The end of the log.
    ///
    /// # Errors
    /// If the log does not tell within a second.
    pub async fn log_end(&self) -> Result<u64, NoAnswer> {
        let log = self.log.clone();
        self.ask("log", &self.log_turn, async move { log.end().await })
            .await
    }

    /// Whether the graph answers.
    ///
    /// # Errors
    /// If it does not within a second.
    pub async fn graph(&self) -> Result<(), NoAnswer> {
        let graph = self.graph.clone();
        let question = async move { graph.cursor().await.map(drop) };
        self.ask("graph", &self.graph_turn, question).await
    }

    async fn ask<T, E>(
        &self,
        server: &'static str,
        turn: &Turn,
        question: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, NoAnswer>
    where
        T: Send + 'static,
        E: Display + Send + 'static,
    {
        let answer = async {
            let turn = turn.clone().lock_owned().await;
            // A task of its own keeps its turn until the server is done with it.
            let task = self.questions.spawn(async move {
                let answer = question.await;
                drop(turn);
                answer
            });
            task.await
        };
        match timeout(PATIENCE, answer).await {
            Ok(Ok(Ok(value))) => return Ok(value),
            Ok(Ok(Err(error))) => warn!(server, error = %error, "a server does not answer"),
            Ok(Err(panic)) => warn!(server, error = %panic, "a server does not answer"),
            Err(_) => warn!(server, "a server does not answer in time"),
        }
        Err(NoAnswer)
    }
}
