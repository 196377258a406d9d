//! Replay: the one place that judges. Reads the log, applies Rule 1, keeps the write model, and
//! hands every position with its changes to whoever follows.
//!
//! Must never skip a record, and never let a follower see one that was not judged. A record is
//! judged once: where the acknowledgement of the own append came before the record itself, the
//! record is checked to be the same when it arrives.

pub mod again;
pub mod model;
pub mod waiters;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{
    domain::{Change, LogTime},
    event_log::{
        AppendError, Appended, EventLog, LogError,
        record::{self, Envelope},
    },
    graph::digest::Digest,
    judge::{CommandId, Entry, GraphCreated, LogId, TooOld, Verdict},
};

use model::WriteModel;
use waiters::{Waiter, Waiters};

/// How many positions may wait for the projector. When it is full, replay waits, and so does the
/// command handler.
pub const FEED_CAPACITY: usize = 32_768;

/// How many records are judged under one lock.
const CHUNK: usize = 256;

/// One position of the log, as a follower sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The position after the record.
    pub position: u64,
    /// The log time there.
    pub log_time: LogTime,
    /// What follows from the record; nothing, if it was void or a refusal.
    pub changes: Vec<Change>,
    /// The digest of the graph at this position.
    pub digest: Digest,
}

/// How far replay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The position reached.
    pub position: u64,
    /// The log time there.
    pub log_time: LogTime,
    /// The log's id, once known.
    pub log_id: Option<LogId>,
    /// The position from which on commands are decided, once reached: not before the end that the
    /// log had at start, nor before the log's identity.
    pub live_at: Option<u64>,
}

/// Why replay stopped for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record of a later build.
    #[error(transparent)]
    TooOld(#[from] TooOld),
    /// An effective event does not fit the state.
    #[error("the log is damaged at position {position}: {what}; restore it from a backup")]
    Damaged {
        /// Where.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// The log's identity could not be written.
    #[error("a new log could not be given its identity: {0}")]
    NotCreated(AppendError),
}

/// The replay of one log.
pub struct Replay {
    log: Arc<dyn EventLog>,
    inner: Mutex<Inner>,
    progress: watch::Sender<Progress>,
    feed: mpsc::Sender<Applied>,
}

struct Inner {
    model: WriteModel,
    waiters: Waiters,
    /// Records applied on their acknowledgement, that the reader has yet to meet.
    ahead: std::collections::VecDeque<(u64, crate::judge::RecordId)>,
}

impl Replay {
    /// A replay that has read nothing yet, and the feed for its projector.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>) -> (Arc<Self>, mpsc::Receiver<Applied>) {
        let (feed, projector) = mpsc::channel(FEED_CAPACITY);
        let progress = watch::Sender::new(Progress {
            position: 0,
            log_time: LogTime::default(),
            log_id: None,
            live_at: None,
        });
        let inner = Mutex::new(Inner {
            model: WriteModel::default(),
            waiters: Waiters::default(),
            ahead: std::collections::VecDeque::new(),
        });
        let replay = Self {
            log,
            inner,
            progress,
            feed,
        };
        (Arc::new(replay), projector)
    }

    /// How far it has come; changes wake the receiver.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Looks at the write model. Keep it short: nothing is judged meanwhile.
    pub fn read<T>(&self, look: impl FnOnce(&WriteModel) -> T) -> T {
        look(&self.lock().model)
    }

    /// Waits until the projector is near enough for more commands to be taken.
    pub async fn room(&self) {
        const ROOM: usize = FEED_CAPACITY / 8;
        if self.feed.capacity() < ROOM {
            // An error means that nobody follows any more: there is room enough.
            let _ = self.feed.reserve_many(ROOM).await;
        }
    }

    /// Waits for what becomes of a command from now on.
    #[must_use]
    pub fn wait_for(self: &Arc<Self>, command: CommandId) -> Waiter {
        let receiver = self.lock().waiters.add(command);
        Waiter::new(self.clone(), command, receiver)
    }

    pub(crate) fn forget_waiter(&self, command: CommandId) {
        self.lock().waiters.remove_closed(command);
    }

    /// Applies an own record on its acknowledgement, if it is the very next one and its append time
    /// is known. Otherwise nothing happens: the record will come by itself.
    ///
    /// # Errors
    /// If the record cannot be judged or folded.
    pub fn apply_acknowledged(&self, entry: &Entry, at: Appended) -> Result<(), ReplayError> {
        let (Some(append_time), Entry::Attempt(attempt)) = (at.append_time, entry) else {
            return Ok(());
        };
        let Ok(permit) = self.feed.try_reserve() else {
            return Ok(());
        };
        let mut inner = self.lock();
        if inner.model.position() != at.offset {
            return Ok(());
        }
        let applied = inner.apply(at.offset, append_time, entry)?;
        inner.ahead.push_back((at.offset, attempt.id));
        permit.send(applied);
        self.publish(&inner.model);
        Ok(())
    }

    /// Reads and judges until `stop`.
    ///
    /// # Errors
    /// When the log cannot be read or judged any further: the process must end.
    pub async fn run(
        &self,
        stop: CancellationToken,
        fresh: impl Fn() -> (GraphCreated, LogTime) + Send,
    ) -> Result<(), ReplayError> {
        let work = async {
            let end = self.log.end().await?;
            let mut reader = self.log.read(0).await?;
            self.go_live_at(end, &fresh).await?;
            loop {
                let records = reader.next(CHUNK).await?;
                let entries: Vec<_> = records
                    .iter()
                    .map(|record| (record, record::decode(&record.message)))
                    .collect();
                // No follower: the projector has halted, and writes go on without it.
                let mut permits = self.feed.reserve_many(entries.len()).await.ok();
                {
                    let mut inner = self.lock();
                    for (record, entry) in &entries {
                        if inner.met_before(record)? {
                            continue;
                        }
                        let applied = inner.apply(record.offset, record.append_time, entry)?;
                        if let Some(permit) = permits.as_mut().and_then(Iterator::next) {
                            permit.send(applied);
                        }
                    }
                    self.publish(&inner.model);
                }
                self.go_live_at(end, &fresh).await?;
            }
        };
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            stopped = work => stopped,
        }
    }

    /// Once the end that the log had at start is reached: gives a new log its identity, and goes
    /// live when the identity has been met.
    async fn go_live_at(
        &self,
        end: u64,
        fresh: &(impl Fn() -> (GraphCreated, LogTime) + Send),
    ) -> Result<(), ReplayError> {
        let progress = *self.progress.borrow();
        if progress.live_at.is_some() || progress.position < end {
            return Ok(());
        }
        if progress.log_id.is_some() {
            info!(position = progress.position, "replay is live");
            self.progress
                .send_modify(|now| now.live_at = Some(progress.position));
            return Ok(());
        }
        let (created, time) = fresh();
        let envelope = Envelope {
            time,
            traceparent: None,
        };
        // Of several the first counts, so to end here and to write another at the next start is safe.
        let message = record::encode_created(&created, envelope);
        self.log
            .append(message)
            .await
            .map_err(ReplayError::NotCreated)?;
        Ok(())
    }

    fn publish(&self, model: &WriteModel) {
        self.progress.send_modify(|progress| {
            progress.position = model.position();
            progress.log_time = model.judge().log_time();
            progress.log_id = model.judge().created().map(|created| created.log_id);
        });
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while folding ends the process: nobody goes on with half a fold.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether the record was applied on its acknowledgement.
    fn met_before(&mut self, record: &crate::event_log::Record) -> Result<bool, ReplayError> {
        if record.offset >= self.model.position() {
            return Ok(false);
        }
        let met = record::record_id(&record.message).map(|id| (record.offset, id));
        if met.is_some() && self.ahead.pop_front() == met {
            return Ok(true);
        }
        Err(ReplayError::Damaged {
            position: record.offset + 1,
            what: "an acknowledged record is gone and another stands in its place: the log was cut off"
                .to_owned(),
        })
    }

    fn apply(
        &mut self,
        offset: u64,
        append_time: LogTime,
        entry: &Entry,
    ) -> Result<Applied, ReplayError> {
        let (verdict, changes) = self.model.apply(offset, append_time, entry)?;
        if let Entry::Attempt(attempt) = entry {
            self.waiters.tell(attempt, &verdict);
        }
        if let Verdict::Void(void) = verdict {
            metrics::counter!(crate::metrics::VOIDS, "reason" => void.label()).increment(1);
        }
        Ok(Applied {
            position: self.model.position(),
            log_time: self.model.judge().log_time(),
            changes,
            digest: self.model.digest(),
        })
    }
}
