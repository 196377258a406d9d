//! The embedded event log: one `SQLite` file in the data folder of one process.
//!
//! ```text
//!   foaf-data/foaf.db     table log: one row for each record, position = offset + 1
//!   foaf-data/foaf.lock   whose folder it is
//! ```
//!
//! Each row carries a CRC32C over everything up to and including itself, checked on every read.
//! Must never call `SQLite` on a thread of the runtime.

mod beside;
mod file;
mod lock;
mod place;
mod reader;
mod restore;
mod row;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use smallvec::{SmallVec, smallvec};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinError;

pub use self::beside::SqliteLogToRead;
use self::file::LogFile;
use self::lock::Lock;
use self::place::Place;
use self::reader::SqliteReader;
use self::writer::{Append, GROUP, Group, Row, Writer};
use super::{AppendError, Appended, EventLog, LogError, LogReader, Message, Record};
use crate::clock::Clock;
use crate::domain::LogTime;
use crate::folder;

/// Groups that a reader may lag behind before it reads from the file again.
const LIVE_GROUPS: usize = 8;

/// The event log of a data folder, and the only one: it owns the folder until it is closed.
pub struct SqliteLog {
    folder: PathBuf,
    path: PathBuf,
    live: broadcast::WeakSender<Group>,
    end: Arc<AtomicU64>,
    place: Arc<Place>,
    writer: Mutex<Option<RunningWriter>>,
}

struct RunningWriter {
    queue: mpsc::Sender<Append>,
    thread: JoinHandle<()>,
}

impl SqliteLog {
    /// Opens the log in a data folder, and makes both when they are missing.
    ///
    /// # Errors
    /// [`LogError::Unusable`] if the folder belongs to another process, cannot be written, or was
    /// written by a later build; [`LogError::Damaged`] if the last record cannot be read.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, LogError> {
        folder::make(folder).map_err(|e| {
            LogError::Unusable(format!(
                "the data folder {} cannot be made ({e}): choose another folder",
                folder.display()
            ))
        })?;
        let lock = Lock::take(folder)?;
        restore::remove_left(folder);
        let (file, tail) = LogFile::open(folder)?;
        let place = Arc::new(Place::of(folder, &lock)?);
        let path = file.path().to_owned();
        let (live, _) = broadcast::channel(LIVE_GROUPS);
        let weak_live = live.downgrade();
        let end = Arc::new(AtomicU64::new(tail.position));
        let writer = Writer {
            file,
            tail,
            clock,
            live,
            end: Arc::clone(&end),
            place: Arc::clone(&place),
            _lock: lock,
        };
        let (queue, received) = mpsc::channel(GROUP);
        let thread = std::thread::Builder::new()
            .name("event-log".into())
            .spawn(move || writer.run(received))
            .map_err(|e| LogError::Unusable(format!("no thread can be started ({e})")))?;
        Ok(Self {
            folder: folder.to_owned(),
            path,
            live: weak_live,
            end,
            place,
            writer: Mutex::new(Some(RunningWriter { queue, thread })),
        })
    }

    fn queue(&self) -> Option<mpsc::Sender<Append>> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().map(|running| running.queue.clone())
    }

    /// Has rows committed side by side; gives the offset of the first, and the time of all.
    async fn commit(&self, rows: SmallVec<[Row; 1]>) -> Result<(u64, LogTime), AppendError> {
        let closed = || AppendError::Refused("it is closed".into());
        let queue = self.queue().ok_or_else(closed)?;
        let (done, acknowledged) = oneshot::channel();
        let append = Append { rows, done };
        queue.send(append).await.map_err(|_| closed())?;
        // The queue ends when the last sender has gone.
        drop(queue);
        acknowledged
            .await
            .unwrap_or_else(|_| Err(AppendError::Unknown("its writer has failed".into())))
    }

    /// Closes the queue; the thread ends once it has committed what is in it.
    fn stop(&self) -> Option<JoinHandle<()>> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.take().map(|running| running.thread)
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn append(&self, message: Message) -> Result<Appended, AppendError> {
        message.check_size()?;
        let (offset, time) = self.commit(smallvec![row::of(message)]).await?;
        Ok(appended(offset, time))
    }

    async fn append_all(&self, messages: Vec<Message>) -> Vec<Result<Appended, AppendError>> {
        let checks: Vec<_> = messages.iter().map(Message::check_size).collect();
        let fits = messages
            .into_iter()
            .zip(&checks)
            .filter(|(_, check)| check.is_ok());
        let rows: SmallVec<_> = fits.map(|(message, _)| row::of(message)).collect();
        let committed = if rows.is_empty() {
            // A group of nothing would stand nowhere. Nobody looks at this: each was refused.
            Ok((0, LogTime(0)))
        } else {
            self.commit(rows).await
        };
        let mut next = 0..;
        let place = |check: Result<(), AppendError>| {
            check?;
            let (first, time) = committed.clone()?;
            Ok(appended(first + next.next().unwrap_or_default(), time))
        };
        checks.into_iter().map(place).collect()
    }

    async fn end(&self) -> Result<u64, LogError> {
        let place = Arc::clone(&self.place);
        finished(tokio::task::spawn_blocking(move || place.is_sound()).await)?;
        Ok(self.end.load(Ordering::Acquire))
    }

    async fn read(&self, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        let closed = || LogError::Unavailable("it was closed".into());
        // Before the end is looked at, so that no group falls in between.
        let live = self.live.upgrade().ok_or_else(closed)?.subscribe();
        let end = self.end.load(Ordering::Acquire);
        if from > end {
            return Err(LogError::cut_off(&self.describe(), end, from));
        }
        let path = self.path.clone();
        let file = tokio::task::spawn_blocking(move || LogFile::open_to_read(&path));
        let file = finished(file.await)?;
        Ok(Box::new(SqliteReader {
            file: Arc::new(Mutex::new(file)),
            reading: None,
            live,
            end: Arc::clone(&self.end),
            from,
            pending: std::collections::VecDeque::new(),
        }))
    }

    async fn pick(&self, offsets: &[u64]) -> Result<Vec<Record>, LogError> {
        let (path, offsets) = (self.path.clone(), offsets.to_vec());
        let pick = move || {
            let file = LogFile::open_to_read(&path)?;
            let mut picked = Vec::with_capacity(offsets.len());
            for offset in offsets {
                picked.extend(file.read(offset, offset + 1)?);
            }
            Ok(picked)
        };
        finished(tokio::task::spawn_blocking(pick).await)
    }

    fn is_exclusive(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("sqlite:{}", self.folder.display())
    }

    async fn close(&self) {
        if let Some(thread) = self.stop() {
            let joined = tokio::task::spawn_blocking(|| thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("event log writer failed");
            }
        }
    }
}

impl Drop for SqliteLog {
    /// Waits for the thread, so that the folder is free afterwards.
    fn drop(&mut self) {
        if let Some(thread) = self.stop() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn appended(offset: u64, time: LogTime) -> Appended {
    Appended {
        offset,
        append_time: Some(time),
    }
}

/// What came of a blocking call.
fn finished<T>(call: Result<Result<T, LogError>, JoinError>) -> Result<T, LogError> {
    // It was cancelled, for the runtime shuts down, or it panicked.
    call.unwrap_or_else(|e| Err(LogError::Unavailable(format!("a read was cut short ({e})"))))
}
