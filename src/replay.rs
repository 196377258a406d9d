//! Replay: the one place that judges. Reads the log, applies the rule, keeps the write model, and
//! hands every position with its changes to whoever follows.
//!
//! Must never skip a record, and never let a follower see one that was not judged. A record is
//! judged once: where the acknowledgement of the own append came before the record itself, the
//! record is checked to be the same when it arrives.

pub mod again;
mod error;
mod feed;
mod held;
pub mod index;
mod inner;
pub mod model;
pub mod own;
mod recall;
pub mod saved;
pub mod waiters;

use std::{io, path::Path, sync::Arc};

use tokio::sync::{Mutex, Notify, RwLock, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{
    domain::{Change, LogTime},
    event_log::{
        Appended, EventLog, Fetched, Message,
        record::{self, Envelope},
    },
    graph::digest::Digest,
    judge::{Attempt, CommandId, Entry, GraphCreated, LogId, Recorded, Verdict},
};

pub use error::ReplayError;
pub use feed::Feed;
use inner::Inner;
use model::WriteModel;
use own::{Announced, Own};
pub use recall::Recalled;
use waiters::{Waiter, Waiters};

/// How many positions may wait for the projector. When it is full, replay waits, and so does the
/// command handler.
pub const FEED_CAPACITY: usize = 32_768;

/// How many records are judged under one lock.
const CHUNK: usize = 256;

/// How many may read single events again at once.
const RECALLS: usize = 4;

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
    /// The last record of ours up to there.
    pub last: Option<Recorded>,
}

impl Applied {
    /// The position of a model, to which these changes brought it.
    fn at(model: &WriteModel, changes: Vec<Change>) -> Self {
        Self {
            position: model.position(),
            log_time: model.judge().log_time(),
            changes,
            digest: model.digest(),
            last: model.judge().last(),
        }
    }
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

impl Progress {
    /// How far a model has come that is not live yet.
    fn of(model: &WriteModel) -> Self {
        Self {
            position: model.position(),
            log_time: model.judge().log_time(),
            log_id: model.judge().created().map(|created| created.log_id),
            live_at: None,
        }
    }
}

/// The replay of one log.
pub struct Replay {
    log: Arc<dyn EventLog>,
    /// An async lock: who decides waits for a run of records without holding on to a thread.
    inner: Arc<RwLock<Inner>>,
    /// Held by who applies, and by who saves: while a snapshot is written, decisions go on, which a
    /// waiting writer of `inner` would stop.
    turn: Mutex<()>,
    own: Own,
    waiters: Waiters,
    progress: watch::Sender<Progress>,
    feed: feed::Source,
    /// Rung where an acknowledged record is held: the reader may be far behind it.
    holds: Notify,
    /// Who looks back.
    recalls: Semaphore,
}

impl Replay {
    /// A replay that has read nothing yet, and the feed for its projector.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>) -> (Arc<Self>, Feed) {
        Self::resume(log, WriteModel::default())
    }

    /// A replay that goes on where a model stands, and the feed for its projector.
    #[must_use]
    pub fn resume(log: Arc<dyn EventLog>, model: WriteModel) -> (Arc<Self>, Feed) {
        let (feed, projector) = feed::feed(FEED_CAPACITY);
        let progress = watch::Sender::new(Progress::of(&model));
        let inner = Inner {
            model,
            ..Inner::default()
        };
        let replay = Self {
            log,
            inner: Arc::new(RwLock::new(inner)),
            turn: Mutex::default(),
            own: Own::default(),
            waiters: Waiters::default(),
            progress,
            feed,
            holds: Notify::new(),
            recalls: Semaphore::new(RECALLS),
        };
        (Arc::new(replay), projector)
    }

    /// Writes a snapshot of the write model into a folder and gives its position. Nothing is judged
    /// meanwhile; decisions go on.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub async fn save(&self, folder: &Path) -> io::Result<u64> {
        let _turn = self.turn.lock().await;
        // A snapshot has no place for what is half done.
        while !self.inner.write().await.end_some() {}
        let inner = self.inner.clone().read_owned().await;
        let folder = folder.to_owned();
        let write = move || saved::write(&folder, &inner.model).map(|()| inner.model.position());
        tokio::task::spawn_blocking(write)
            .await
            .map_err(io::Error::other)?
    }

    /// How far it has come; changes wake the receiver.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Looks at the write model. Keep it short: nothing is judged meanwhile.
    pub async fn read<T>(&self, look: impl FnOnce(&WriteModel) -> T) -> T {
        look(&self.inner.read().await.model)
    }

    /// Looks at the write model, unless that would mean to wait: `None` then.
    pub fn peek<T>(&self, look: impl FnOnce(&WriteModel) -> T) -> Option<T> {
        self.inner.try_read().ok().map(|inner| look(&inner.model))
    }

    /// Waits until the projector is near enough for more commands to be taken. The places that are
    /// left meanwhile are for the commands under way, which would end without an answer otherwise.
    pub async fn room(&self) {
        self.feed.room(FEED_CAPACITY / 8).await;
    }

    /// Waits for what becomes of a command from now on.
    #[must_use]
    pub fn wait_for(&self, command: CommandId) -> Waiter {
        self.wait_for_all(std::iter::once(command))
    }

    /// Waits for what becomes of commands from now on; they are numbered in this order.
    #[must_use]
    pub fn wait_for_all(&self, commands: impl Iterator<Item = CommandId>) -> Waiter {
        self.waiters.add(commands)
    }

    /// Tells of own attempts that are about to be appended, and are known for as long as the answer
    /// is kept.
    #[must_use]
    pub fn announce(&self, attempts: Vec<Attempt>) -> Announced {
        self.own.add(attempts)
    }

    /// Applies an own record on its acknowledgement, if it is the very next one and its append time
    /// is known. Otherwise nothing happens: the record will come by itself.
    ///
    /// # Errors
    /// If the record cannot be judged or folded.
    pub async fn apply_acknowledged(&self, entry: &Entry, at: Appended) -> Result<(), ReplayError> {
        let (Some(append_time), Entry::Attempt(attempt)) = (at.append_time, entry) else {
            return Ok(());
        };
        let is_next = || self.progress.borrow().position == at.offset;
        if !is_next() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        let mut inner = self.inner.write().await;
        let Ok(permit) = self.feed.try_reserve() else {
            return Ok(());
        };
        if !is_next() {
            return Ok(());
        }
        let applied = self.apply(&mut inner, at.offset, append_time, entry)?;
        inner.ahead.push_back((at.offset, attempt.id));
        match inner.hand_on(applied) {
            Some(applied) => permit.send(applied),
            None => self.holds.notify_one(),
        }
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
            let start = self.progress.borrow().position;
            let mut reader = self.log.read(start).await?;
            self.go_live_at(end, &fresh).await?;
            loop {
                // Beside the reading: what an archive left over goes on ending where no record comes.
                let Fetched { records, next } = tokio::select! {
                    fetched = reader.next(CHUNK) => fetched?,
                    () = self.end_next() => continue,
                };
                let known = self.progress.borrow().position;
                let mut entries: Vec<_> = records
                    .iter()
                    .skip_while(|record| record.offset < known)
                    .map(|record| self.decode(&record.message))
                    .collect();
                let met = records.len() - entries.len();
                // No follower: the projector has halted, and writes go on without it.
                // Offsets behind the records that have none are told of as well.
                let has_gap = records.last().is_none_or(|last| last.offset + 1 < next);
                let news = entries.len() + usize::from(has_gap);
                let mut permits = self.feed.reserve_many(news).await.ok();
                {
                    let _turn = self.turn.lock().await;
                    let mut inner = self.inner.write().await;
                    for record in &records[..met] {
                        inner.meet(record)?;
                    }
                    let mut news = Vec::with_capacity(entries.len());
                    for (record, entry) in records[met..].iter().zip(entries.drain(..)) {
                        if record.offset < inner.model.position() {
                            inner.meet(record)?;
                            continue;
                        }
                        let applied =
                            self.apply(&mut inner, record.offset, record.append_time, &entry)?;
                        news.extend(inner.hand_on(applied));
                    }
                    if inner.model.pass_over(next) {
                        let applied = Applied::at(&inner.model, Vec::new());
                        news.extend(inner.hand_on(applied));
                    }
                    // First, so that whoever hears of a change knows the log's id.
                    self.publish(&inner.model);
                    for (permit, applied) in permits.iter_mut().flatten().zip(news) {
                        permit.send(applied);
                    }
                }
                self.go_live_at(end, &fresh).await?;
                // And where one record follows the other; more of it, where too much is held.
                while self.is_holding().await {
                    self.end_some().await;
                    if self.inner.read().await.held.len() < FEED_CAPACITY {
                        break;
                    }
                }
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
        // A graph that is founded on what is left of another would never agree with it.
        if self.read(|model| model.judge().is_headless()).await {
            return Err(ReplayError::Headless);
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

    fn decode(&self, message: &Message) -> Entry {
        match self.own.take(record::record_id(message)) {
            Some(known) => {
                debug_assert_eq!(known, record::decode(message), "it is what was encoded");
                known
            }
            None => record::decode(message),
        }
    }

    fn publish(&self, model: &WriteModel) {
        self.progress.send_modify(|progress| {
            *progress = Progress {
                live_at: progress.live_at,
                ..Progress::of(model)
            };
        });
    }

    fn apply(
        &self,
        inner: &mut Inner,
        offset: u64,
        append_time: LogTime,
        entry: &Entry,
    ) -> Result<Applied, ReplayError> {
        let model = &mut inner.model;
        let (verdict, changes) = model.apply_in_part(offset, append_time, entry)?;
        if let Entry::Attempt(attempt) = entry {
            self.waiters.tell(attempt, &verdict);
        }
        if let Verdict::Void(void) = verdict {
            metrics::counter!(crate::metrics::VOIDS, "reason" => void.label()).increment(1);
        }
        Ok(Applied::at(model, changes))
    }
}
