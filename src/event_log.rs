//! PORT: the event log, the only source of truth. Its adapters are the folder of the same name.
//!
//! ```text
//!   append ──► [0][1][2] … [n-1] ──► every reader, the same records in the same order
//!                              ▲
//!                              end = n
//! ```
//!
//! The contract, one test for each sentence in `tests/it/event_log_contract.rs`, run by every
//! adapter:
//!
//! * **Order.** Offsets grow; two readers see the same records at the same offsets, with the same
//!   append times, headers, keys and values, byte for byte, now and after a restart.
//! * **Durability.** What `append` has acknowledged is read by every reader, also after a crash of
//!   the process (`memory` excepted, which lives as long as its process). An adapter that writes files
//!   acknowledges nothing that stands in a file which the next start would not find.
//! * **Acknowledgement.** `append` returns the offset and the append time under which readers will
//!   see the record. [`AppendError::Refused`] means that it is not in the log and never will be;
//!   [`AppendError::Unknown`] that it may be there, now or later.
//! * **Tailing.** A reader at the end waits, and wakes when a record comes.
//! * **Gaps.** An offset may have no record, also the last one before the end. A reader tells that it
//!   is past such offsets as it tells of records, so whoever reads comes to every end that a log says.
//! * **Bounds.** `next` gives at most `max` records. `append` waits, or refuses, when its queue
//!   is full; it never grows without bound. A message above [`MAX_MESSAGE_BYTES`] is refused.
//! * **Picking.** `pick` gives the records at single offsets, the same as a reader sees there.
//! * **Cancelling.** Dropping a `next` future loses no record.
//! * **Damage.** A record that cannot be read as it was written is [`LogError::Damaged`], never
//!   skipped. So is a start beyond the end: the log was longer once.
//!
//! Must never judge: what counts is the business of `judge`.

mod headers;
pub mod kafka;
pub mod line;
pub mod memory;
pub mod record;
pub mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::join_all;

pub use headers::Headers;

use crate::domain::LogTime;

/// The most that the key, the headers and the value of one message may have together.
pub const MAX_MESSAGE_BYTES: usize = 1_000_000;

/// A message as it is appended: a key, headers in order, and a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The key (the subject of the event).
    pub key: Vec<u8>,
    /// The headers, in order.
    pub headers: Headers,
    /// The value (JSON).
    pub value: Vec<u8>,
}

impl Message {
    /// Refuses a message that is above [`MAX_MESSAGE_BYTES`], for every adapter alike.
    fn check_size(&self) -> Result<(), AppendError> {
        let bytes = self.key.len() + self.value.len() + self.headers.bytes();
        if bytes <= MAX_MESSAGE_BYTES {
            return Ok(());
        }
        Err(AppendError::Refused(format!(
            "it has {bytes} bytes, and the most is {MAX_MESSAGE_BYTES}"
        )))
    }
}

impl LogError {
    /// The log has no record at an offset below its end.
    fn no_record(log: &str, offset: u64) -> Self {
        Self::Damaged {
            position: offset + 1,
            what: format!("{log} has no record there any more: restore the log from a backup"),
        }
    }

    /// The log holds `end` records, and a reader knows of `from`.
    fn cut_off(log: &str, end: u64, from: u64) -> Self {
        Self::Damaged {
            position: end + 1,
            what: format!(
                "{log} ends at position {end}, but its records up to {from} have been read before: \
                 restore the log from a backup, or start with a new log, data folder and graph"
            ),
        }
    }
}

/// A message in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place; the position after it is `offset + 1`.
    pub offset: u64,
    /// When the log took it.
    pub append_time: LogTime,
    /// What was appended; shared, for several readers take it up.
    pub message: Arc<Message>,
}

/// Where and when an appended message came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its offset.
    pub offset: u64,
    /// Its append time, if the log reports it with the acknowledgement.
    pub append_time: Option<LogTime>,
}

/// Why an append was not acknowledged, by what that means.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// It is not in the log and never will be.
    #[error("the log did not take the record: {0}")]
    Refused(String),
    /// It may be in the log, now or later.
    #[error("it is unknown whether the log took the record: {0}")]
    Unknown(String),
}

/// Why the log cannot be used, by what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Out of reach for now: try again.
    #[error("the event log is out of reach: {0}")]
    Unavailable(String),
    /// The settings, or another process, stand against it: tell the operator.
    #[error("the event log cannot be used: {0}")]
    Unusable(String),
    /// What was written is not what is read: stop.
    #[error("the event log is damaged at position {position}: {what}")]
    Damaged {
        /// The position of the record that cannot be read.
        position: u64,
        /// What is wrong, and what to do.
        what: String,
    },
}

/// An append-only, totally ordered log. See the module for the contract.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends one message and waits for the acknowledgement.
    async fn append(&self, message: Message) -> Result<Appended, AppendError>;

    /// Appends many messages at once and waits for every acknowledgement, in their order. Each fares
    /// as by [`Self::append`]; they need not come to stand side by side.
    async fn append_all(&self, messages: Vec<Message>) -> Vec<Result<Appended, AppendError>> {
        join_all(messages.into_iter().map(|message| self.append(message))).await
    }

    /// The offset that the next record will have at the earliest.
    async fn end(&self) -> Result<u64, LogError>;

    /// A reader whose first record is the first one at or after offset `from`.
    async fn read(&self, from: u64) -> Result<Box<dyn LogReader>, LogError>;

    /// The records at these offsets, which ascend and are all in the log.
    async fn pick(&self, offsets: &[u64]) -> Result<Vec<Record>, LogError> {
        let mut picked = Vec::with_capacity(offsets.len());
        for offset in offsets {
            let first = self.read(*offset).await?.next(1).await?.records.pop();
            let record = first.filter(|record| record.offset == *offset);
            picked.push(record.ok_or_else(|| LogError::no_record(&self.describe(), *offset))?);
        }
        Ok(picked)
    }

    /// Whether the adapter admits one process only. A property of the adapter, never a setting:
    /// on such a log a local refusal cannot be overtaken by another node.
    fn is_exclusive(&self) -> bool;

    /// What to call it in messages, without secrets.
    fn describe(&self) -> String;

    /// Flushes and releases what it holds (the owner's lock, connections). No call may follow.
    async fn close(&self);
}

/// Reads a log from one offset on, for ever.
#[async_trait]
pub trait LogReader: Send {
    /// The next records, at most `max`, and how far they bring the reader, which is further than it
    /// was; waits for that at the end of the log.
    async fn next(&mut self, max: usize) -> Result<Fetched, LogError>;
}

/// What a reader came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// The records, in the order of their offsets. None, where the offsets passed have none.
    pub records: Vec<Record>,
    /// The offset that comes next: every record before it was given.
    pub next: u64,
}

impl Fetched {
    /// Records without a gap behind them; there is at least one.
    #[must_use]
    pub fn of(records: Vec<Record>) -> Self {
        let next = records.last().map_or(0, |record| record.offset + 1);
        Self { records, next }
    }
}
