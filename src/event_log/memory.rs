//! The event log in memory, for tests: it lives as long as its process.
//!
//! Must never be what a server runs on: nothing here survives.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use super::{AppendError, Appended, EventLog, Fetched, LogError, LogReader, Message, Record};
use crate::clock::Clock;

/// An event log in memory.
pub struct MemoryLog {
    clock: Clock,
    records: Records,
    /// How many records there are: what waiting readers watch.
    end: watch::Sender<u64>,
}

type Records = Arc<Mutex<Vec<Record>>>;

impl MemoryLog {
    /// An empty log, which takes its append times from `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            records: Records::default(),
            end: watch::Sender::new(0),
        }
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, message: Message) -> Result<Appended, AppendError> {
        message.check_size()?;
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = records.len() as u64;
        let append_time = (self.clock)();
        records.push(Record {
            offset,
            append_time,
            message: Arc::new(message),
        });
        // While the records are locked, so that the end never goes back.
        self.end.send_replace(offset + 1);
        Ok(Appended {
            offset,
            append_time: Some(append_time),
        })
    }

    async fn end(&self) -> Result<u64, LogError> {
        Ok(*self.end.borrow())
    }

    async fn read(&self, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        let end = *self.end.borrow();
        if from > end {
            return Err(LogError::cut_off(&self.describe(), end, from));
        }
        Ok(Box::new(MemoryReader {
            records: Arc::clone(&self.records),
            end: self.end.subscribe(),
            from,
        }))
    }

    fn is_exclusive(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        "memory:".into()
    }

    async fn close(&self) {}
}

struct MemoryReader {
    records: Records,
    end: watch::Receiver<u64>,
    from: u64,
}

#[async_trait]
impl LogReader for MemoryReader {
    async fn next(&mut self, max: usize) -> Result<Fetched, LogError> {
        let from = self.from;
        if self.end.wait_for(|end| *end > from).await.is_err() {
            let gone = format!("memory: was dropped while a reader waited at {from}");
            return Err(LogError::Unavailable(gone));
        }
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = usize::try_from(from).unwrap_or(usize::MAX);
        let next: Vec<_> = records
            .iter()
            .skip(skip)
            .take(max.max(1))
            .cloned()
            .collect();
        self.from += next.len() as u64;
        Ok(Fetched::of(next))
    }
}
