//! A shadow: a second graph that is projected from the log beside the live one, up to positions that
//! its owner names.
//!
//! Must never write to the log, and never count in the metrics of the node that it runs in.

use std::{
    collections::VecDeque,
    pin::{Pin, pin},
    sync::Arc,
};

use anyhow::{Result, anyhow, bail};
use async_trait::async_trait;
use metrics::NoopRecorder;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::LogTime,
    event_log::{AppendError, Appended, EventLog, LogError, LogReader, Message},
    graph::Graph,
    judge::{GraphCreated, HashKey, LogId, RecordId, Windows},
    projector::{Projector, Status},
    replay::{Applied, FEED_CAPACITY, Feed, Progress, Replay},
};

/// A graph that follows the log as far as it is told to.
pub struct Shadow {
    /// The first to be dropped: who works must not take the end for a fault.
    tasks: JoinSet<Result<()>>,
    graph: Arc<dyn Graph>,
    replayed: Feed,
    /// What was replayed and lies beyond.
    next: VecDeque<Applied>,
    /// What the projector may take.
    released: mpsc::Sender<Applied>,
    /// The last position released.
    position: u64,
    progress: watch::Receiver<Progress>,
    status: watch::Receiver<Status>,
}

impl Shadow {
    /// Starts to replay the log from its beginning, for a graph that may have some of it already.
    #[must_use]
    pub fn start(log: Arc<dyn EventLog>, graph: Arc<dyn Graph>) -> Self {
        let (replay, replayed) = Replay::new(Arc::new(ReadOnly(log)));
        let (released, feed) = Feed::of_own(FEED_CAPACITY);
        let projector = Projector::new(graph.clone(), feed, replay.progress());
        let progress = replay.progress();
        let status = projector.status();
        let mut tasks = JoinSet::new();
        // They end with the shadow: a join set stops what is dropped.
        tasks.spawn(unmeasured(async move {
            Ok(projector.run(CancellationToken::new()).await?)
        }));
        tasks.spawn(unmeasured(async move {
            Ok(replay.run(CancellationToken::new(), nobody).await?)
        }));
        Self {
            tasks,
            graph,
            replayed,
            next: VecDeque::new(),
            released,
            position: 0,
            progress,
            status,
        }
    }

    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Arc<dyn Graph> {
        &self.graph
    }

    /// The log's id, which replay soon comes to know.
    ///
    /// # Errors
    /// If the log cannot be replayed, or has no id.
    pub async fn log_id(&mut self) -> Result<LogId> {
        loop {
            if let Some(log_id) = self.progress.borrow_and_update().log_id {
                return Ok(log_id);
            }
            tokio::select! {
                error = died(&mut self.tasks) => return Err(error),
                changed = self.progress.changed() => changed?,
            }
        }
    }

    /// Projects up to a position, and no further; `show` is told how far it is.
    ///
    /// # Errors
    /// If the log cannot be replayed so far, or the graph does not take it.
    pub async fn advance(&mut self, to: u64, show: impl Fn(u64)) -> Result<()> {
        while self.position < to {
            if self.next.is_empty() {
                tokio::select! {
                    error = died(&mut self.tasks) => return Err(error),
                    applied = self.replayed.recv() => self.next.extend(applied),
                }
            }
            if self.next.front().is_none_or(|next| next.position > to) {
                break;
            }
            if let Some(applied) = self.next.pop_front() {
                self.position = applied.position;
                if self.released.send(applied).await.is_err() {
                    // The projector has ended, and says why.
                    break;
                }
            }
            if self.position.is_multiple_of(1_024) {
                show(self.status.borrow().position);
            }
        }
        loop {
            let status = self.status.borrow_and_update().clone();
            show(status.position);
            if let Some(error) = status.error.filter(|_| status.is_halted) {
                bail!("{}: {error}", self.graph.describe());
            }
            if status.position >= self.position {
                return Ok(());
            }
            tokio::select! {
                error = died(&mut self.tasks) => return Err(error),
                changed = self.status.changed() => changed?,
            }
        }
    }
}

async fn died(tasks: &mut JoinSet<Result<()>>) -> anyhow::Error {
    match tasks.join_next().await {
        Some(Ok(Err(error))) => error,
        Some(Err(panic)) => anyhow!(panic),
        Some(Ok(Ok(()))) | None => anyhow!("the replay has ended"),
    }
}

/// What a new log would be called; a shadow's log takes nothing.
fn nobody() -> (GraphCreated, LogTime) {
    let created = GraphCreated {
        id: RecordId(uuid::Uuid::nil()),
        log_id: LogId(uuid::Uuid::nil()),
        hash_key: HashKey([0; 32]),
        windows: Windows::DEFAULT,
    };
    (created, LogTime::default())
}

/// Runs without a trace in the metrics.
async fn unmeasured<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        metrics::with_local_recorder(&NoopRecorder, || Pin::new(&mut work).poll(context))
    })
    .await
}

/// A log that takes nothing.
struct ReadOnly(Arc<dyn EventLog>);

#[async_trait]
impl EventLog for ReadOnly {
    async fn append(&self, _message: Message) -> Result<Appended, AppendError> {
        let reason = "nobody has written to it yet, and who checks or rebuilds a graph does not";
        Err(AppendError::Refused(reason.to_owned()))
    }

    async fn end(&self) -> Result<u64, LogError> {
        self.0.end().await
    }

    async fn read(&self, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        self.0.read(from).await
    }

    fn is_exclusive(&self) -> bool {
        self.0.is_exclusive()
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    /// It is somebody else's to close.
    async fn close(&self) {}
}
