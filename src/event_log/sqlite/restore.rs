//! A log made of the records of another one, each with the append time that it had there.
//!
//! Must never leave a part of a log in the data folder: the file is written in a folder of its own
//! and moved when it is whole.

use std::path::Path;

use rusqlite::TransactionBehavior;

use super::SqliteLog;
use super::file::{LogFile, Tail};
use super::lock::Lock;
use super::row;
use super::writer::{GROUP, insert_one};
use crate::event_log::{LogError, Record};
use crate::folder;

/// How the names of the folders begin in which logs are made.
const RESTORING: &str = "restoring-";

impl SqliteLog {
    /// Makes the log of a data folder that has none, of records in the order of their offsets from 0
    /// on; gives their number. Blocks.
    ///
    /// # Errors
    /// If the folder has a log or cannot be written, a record is missing between two others, or the
    /// first error of `records`. There is no log then.
    pub fn restore<E: From<LogError>>(
        folder: &Path,
        records: impl Iterator<Item = Result<Record, E>>,
    ) -> Result<u64, E> {
        let unusable = |e: &dyn std::fmt::Display| {
            LogError::Unusable(format!(
                "no log can be restored in the folder {} ({e}): make it writable, or choose another folder",
                folder.display()
            ))
        };
        folder::make(folder).map_err(|e| unusable(&e))?;
        let _lock = Lock::take(folder)?;
        remove_left(folder);
        let place = folder.join("foaf.db");
        if place.exists() {
            let there = "it has a log, and logs cannot be joined";
            return Err(unusable(&there).into());
        }
        let making = tempfile::Builder::new()
            .prefix(RESTORING)
            .tempdir_in(folder)
            .map_err(|e| unusable(&e))?;
        let (mut file, mut tail) = LogFile::open(making.path())?;
        let mut records = records.peekable();
        while records.peek().is_some() {
            tail = write(&mut file, tail, records.by_ref().take(GROUP), unusable)?;
        }
        let path = file.path().to_owned();
        // Closing it brings the write-ahead log into the file, and removes it.
        file.db.close().map_err(|(_, e)| unusable(&e))?;
        std::fs::rename(path, place)
            .and_then(|()| std::fs::File::open(folder)?.sync_all())
            .map_err(|e| unusable(&e))?;
        Ok(tail.position)
    }
}

/// Removes what a process left that was killed while it made a log. The caller holds the folder's lock.
pub(super) fn remove_left(folder: &Path) {
    folder::remove_left_folders(folder, RESTORING, "foaf.db");
}

/// Writes some records in one transaction.
fn write<E: From<LogError>>(
    file: &mut LogFile,
    mut tail: Tail,
    records: impl Iterator<Item = Result<Record, E>>,
    unusable: impl Fn(&dyn std::fmt::Display) -> LogError,
) -> Result<Tail, E> {
    let transaction = file
        .db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|e| unusable(&e))?;
    for record in records {
        let record = record?;
        if record.offset != tail.position {
            let position = tail.position + 1;
            let gap = format!("the record at position {position} is missing");
            return Err(unusable(&gap).into());
        }
        let headers = row::headers_of(&record.message);
        let written = insert_one(
            &transaction,
            &record.message,
            &headers,
            record.append_time,
            tail,
        );
        tail = written.map_err(|e| unusable(&e))?;
    }
    transaction.commit().map_err(|e| unusable(&e))?;
    Ok(tail)
}
