//! A reader: from the file as long as it is behind, from the writer at the tail.
//!
//! Must never trust that it hears of every group: one that it missed is read from the file.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinHandle;

use super::file::LogFile;
use super::finished;
use super::writer::Group;
use crate::event_log::{Fetched, LogError, LogReader, Record};

pub(super) struct SqliteReader {
    pub(super) file: Arc<Mutex<LogFile>>,
    /// A read of the file that is under way: whoever asks next takes it up, for the one who began it
    /// may have gone.
    pub(super) reading: Option<JoinHandle<Result<Vec<Record>, LogError>>>,
    pub(super) live: broadcast::Receiver<Group>,
    /// The committed end of the log.
    pub(super) end: Arc<AtomicU64>,
    /// The first record that is neither given nor pending.
    pub(super) from: u64,
    /// Read, and not yet given.
    pub(super) pending: VecDeque<Record>,
}

#[async_trait]
impl LogReader for SqliteReader {
    async fn next(&mut self, max: usize) -> Result<Fetched, LogError> {
        while self.pending.is_empty() {
            self.fetch().await?;
        }
        let count = self.pending.len().min(max.max(1));
        Ok(Fetched::of(self.pending.drain(..count).collect()))
    }
}

impl SqliteReader {
    /// Fills `pending`, or comes a step nearer to it. Nothing is lost when it is dropped: what it
    /// waited for is taken up without waiting again.
    async fn fetch(&mut self) -> Result<(), LogError> {
        if let Some(reading) = &mut self.reading {
            let read = reading.await;
            self.reading = None;
            self.take_up(finished(read)?);
            return Ok(());
        }
        let end = self.end.load(Ordering::Acquire);
        if self.live.is_empty() && self.from < end {
            self.read_file(end);
            return Ok(());
        }
        match self.live.recv().await {
            Ok(group) => {
                let Some(first) = group.first().map(|record| record.offset) else {
                    return Ok(());
                };
                if first > self.from {
                    self.read_file(first);
                    return Ok(());
                }
                // What it knows already, from the file, is skipped.
                let known = usize::try_from(self.from - first).unwrap_or(usize::MAX);
                self.take_up(group.iter().skip(known).cloned());
                Ok(())
            }
            Err(RecvError::Lagged(_)) => Ok(()),
            Err(RecvError::Closed) => Err(LogError::Unavailable("it was closed".into())),
        }
    }

    fn read_file(&mut self, end: u64) {
        let (file, from) = (Arc::clone(&self.file), self.from);
        self.reading = Some(tokio::task::spawn_blocking(move || {
            let file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.read(from, end)
        }));
    }

    fn take_up(&mut self, records: impl IntoIterator<Item = Record>) {
        self.pending.extend(records);
        if let Some(last) = self.pending.back() {
            self.from = last.offset + 1;
        }
    }
}
