//! The writer: a thread that commits whatever has queued up as one transaction.
//!
//! ```text
//!   append ─► queue ─► [ group ] ─► COMMIT, on the disk ─► in its place? ─► readers ─► acknowledgements
//! ```
//!
//! Must never acknowledge before the commit, nor what stands in a file that the next start will not
//! find, nor call a record refused that could still turn up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{ErrorCode, TransactionBehavior, ffi};
use smallvec::SmallVec;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::file::{LogFile, Tail, integer};
use super::lock::Lock;
use super::place::Place;
use super::row::{Columns, text_or_blob};
use crate::clock::Clock;
use crate::domain::LogTime;
use crate::event_log::{AppendError, Message, Record};

/// With so many records a transaction takes no more.
pub(super) const GROUP: usize = 4096;

/// A group above this size shows that much comes at once: then the next one is waited for.
const BULK: usize = 64;

/// How long it is waited for, so that a transaction is worth its cost.
const GATHER: Duration = Duration::from_millis(1);

/// What readers at the tail receive: the records of one transaction.
pub(super) type Group = Arc<[Record]>;

/// Messages on their way, which come to stand side by side.
pub(super) struct Append {
    pub(super) rows: SmallVec<[Row; 1]>,
    /// Takes where the first one stands.
    pub(super) done: oneshot::Sender<Result<(u64, LogTime), AppendError>>,
}

/// A message, and the column `headers`, encoded by the caller: the writer is the bottleneck.
pub(super) struct Row {
    pub(super) message: Message,
    pub(super) headers: String,
}

/// What the thread owns.
pub(super) struct Writer {
    pub(super) file: LogFile,
    pub(super) tail: Tail,
    pub(super) clock: Clock,
    pub(super) live: broadcast::Sender<Group>,
    pub(super) end: Arc<AtomicU64>,
    pub(super) place: Arc<Place>,
    /// Last, so that it is let go of after the file.
    pub(super) _lock: Lock,
}

impl Writer {
    /// Commits until the queue is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Append>) {
        let mut group = Vec::with_capacity(GROUP);
        while let Some(first) = queue.blocking_recv() {
            let mut records = first.rows.len();
            group.push(first);
            while records < GROUP
                && let Ok(next) = queue.try_recv()
            {
                records += next.rows.len();
                group.push(next);
            }
            let is_bulk = group.len() > BULK;
            self.commit(&mut group);
            if is_bulk {
                std::thread::sleep(GATHER);
            }
        }
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        if let Err(error) = self.file.db.query_row(checkpoint, [], |_| Ok(())) {
            // The write-ahead log has it all: the next start reads it from there.
            tracing::warn!(%error, "event log was not checkpointed");
        }
    }

    fn commit(&mut self, group: &mut Vec<Append>) {
        let time = (self.clock)();
        let written = match self.place.lost() {
            Some(why) => Err(AppendError::Refused(why.to_owned())),
            None => self.write(group, time).and_then(|tail| {
                let in_place = self.place.check().inspect_err(|why| self.place.lose(why));
                in_place.map(|()| tail).map_err(AppendError::Unknown)
            }),
        };
        match written {
            Ok(tail) => self.publish(group, time, tail),
            Err(error) => {
                let records: usize = group.iter().map(|append| append.rows.len()).sum();
                tracing::error!(%error, records, "event log cannot be written");
                for append in group.drain(..) {
                    // It fails when the caller has gone.
                    let _ = append.done.send(Err(error.clone()));
                }
            }
        }
    }

    fn write(&mut self, group: &[Append], time: LogTime) -> Result<Tail, AppendError> {
        let path = self.file.path().display().to_string();
        let why = |e: &rusqlite::Error| format!("{path} cannot be written ({e})");
        let refused = |e: rusqlite::Error| AppendError::Refused(why(&e));
        let db = &mut self.file.db;
        let transaction = db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(refused)?;
        let tail = insert(&transaction, group, time, self.tail).map_err(refused)?;
        match transaction.commit() {
            Ok(()) => Ok(tail),
            Err(e) if is_rolled_back(&e) => Err(refused(e)),
            // Until the next commit takes its place in the write-ahead log, a restart may find it.
            Err(e) => Err(AppendError::Unknown(why(&e))),
        }
    }

    fn publish(&mut self, group: &mut Vec<Append>, time: LogTime, tail: Tail) {
        let first = self.tail.position;
        self.tail = tail;
        let mut records = Vec::with_capacity(usize::try_from(tail.position - first).unwrap_or(0));
        let mut waiting = Vec::with_capacity(group.len());
        let mut offset = first;
        for append in group.drain(..) {
            waiting.push((append.done, offset));
            for row in append.rows {
                records.push(Record {
                    offset,
                    append_time: time,
                    message: Arc::new(row.message),
                });
                offset += 1;
            }
        }
        // Before anybody can see the group: a reader that drops it for the file must find it there.
        // And not long before: a reader that sees the end without the group reads the file.
        self.end.store(tail.position, Ordering::Release);
        // It fails when the last reader has gone: nobody misses it.
        let _ = self.live.send(records.into());
        for (done, offset) in waiting {
            // It fails when the caller has gone: the records are in the log all the same.
            let _ = done.send(Ok((offset, time)));
        }
    }
}

fn insert(
    db: &rusqlite::Connection,
    group: &[Append],
    time: LogTime,
    mut tail: Tail,
) -> rusqlite::Result<Tail> {
    for row in group.iter().flat_map(|append| &append.rows) {
        tail = insert_one(db, &row.message, &row.headers, time, tail)?;
    }
    Ok(tail)
}

/// Inserts the row after `tail`, and gives the new one.
pub(super) fn insert_one(
    db: &rusqlite::Connection,
    message: &Message,
    headers: &str,
    time: LogTime,
    tail: Tail,
) -> rusqlite::Result<Tail> {
    let mut insert = db.prepare_cached(
        "INSERT INTO log (position, id, type, subject, time, headers, data, crc)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let row = Columns::of(message, headers);
    let position = tail.position + 1;
    let checksum = row.checksum(tail.checksum, position, time);
    insert.execute((
        integer(position),
        row.id,
        row.kind,
        text_or_blob(row.subject),
        time.0,
        row.headers,
        text_or_blob(row.data),
        checksum,
    ))?;
    Ok(Tail { position, checksum })
}

/// Whether a commit that failed is certainly not in the write-ahead log. The mark that makes it count
/// is the last thing written there: if a write failed, it was that one or one before it. What fails
/// later, above all the sync, leaves it open.
fn is_rolled_back(error: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(e, _) = error else {
        return false;
    };
    let never_written = [ErrorCode::ConstraintViolation, ErrorCode::DatabaseBusy];
    e.code == ErrorCode::DiskFull
        || e.extended_code == ffi::SQLITE_IOERR_WRITE
        || never_written.contains(&e.code)
}
