//! The log of a data folder that another process may own, to read only.
//!
//! `SQLite`'s write-ahead log lets readers of other processes in while its owner writes: what they
//! see is always a committed prefix. Must never write, nor take the owner's lock.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::file::LogFile;
use super::finished;
use crate::event_log::{AppendError, Appended, EventLog, Fetched, LogError, LogReader, Message};

/// How often a reader at the end looks whether there is more: no other process wakes it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The event log of a data folder, to read beside its owner. It takes no records.
pub struct SqliteLogToRead {
    folder: PathBuf,
    file: File,
}

#[derive(Clone)]
struct File(Arc<Mutex<LogFile>>);

impl SqliteLogToRead {
    /// Opens the log in a data folder.
    ///
    /// # Errors
    /// [`LogError::Unusable`] if there is none, or one of a later build.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        let path = folder.join("foaf.db");
        if !path.exists() {
            return Err(LogError::Unusable(format!(
                "there is no log in the folder {}: name the right one with --log",
                folder.display()
            )));
        }
        let file = LogFile::open_to_read(&path)?;
        file.end()?;
        Ok(Self {
            folder: folder.to_owned(),
            file: File(Arc::new(Mutex::new(file))),
        })
    }
}

impl File {
    /// Looks into the file, where that may block.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&LogFile) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let file = self.0.clone();
        let call = move || look(&file.lock().unwrap_or_else(PoisonError::into_inner));
        finished(tokio::task::spawn_blocking(call).await)
    }

    async fn end(&self) -> Result<u64, LogError> {
        self.look(LogFile::end).await
    }
}

#[async_trait]
impl EventLog for SqliteLogToRead {
    async fn append(&self, _: Message) -> Result<Appended, AppendError> {
        Err(AppendError::Refused("it was opened to read".into()))
    }

    async fn end(&self) -> Result<u64, LogError> {
        self.file.end().await
    }

    async fn read(&self, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        let end = self.end().await?;
        if from > end {
            return Err(LogError::cut_off(&self.describe(), end, from));
        }
        let file = self.file.clone();
        Ok(Box::new(Reader { file, from, end }))
    }

    fn is_exclusive(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        format!("sqlite:{}", self.folder.display())
    }

    async fn close(&self) {}
}

struct Reader {
    file: File,
    from: u64,
    /// The end as it was seen last.
    end: u64,
}

#[async_trait]
impl LogReader for Reader {
    async fn next(&mut self, max: usize) -> Result<Fetched, LogError> {
        while self.from >= self.end {
            self.end = self.file.end().await?;
            if self.from >= self.end {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        let (from, end) = (self.from, self.end.min(self.from + max.max(1) as u64));
        let records = self.file.look(move |file| file.read(from, end)).await?;
        self.from += records.len() as u64;
        Ok(Fetched::of(records))
    }
}
