//! The file: how it is opened, its format, and reading rows of it.
//!
//! Must never change a file whose format it does not know.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::row;
use crate::event_log::{LogError, Record};
use crate::folder;

/// The version of the format, in `PRAGMA user_version`.
const FORMAT: i64 = 1;

const SCHEMA: &str = "
    BEGIN IMMEDIATE;
    CREATE TABLE log (
        position INTEGER PRIMARY KEY,
        id       TEXT,
        type     TEXT,
        subject  ANY NOT NULL,
        time     INTEGER NOT NULL,
        headers  TEXT NOT NULL,
        data     ANY NOT NULL,
        crc      INTEGER NOT NULL
    ) STRICT;
    PRAGMA user_version = 1;
    COMMIT;";

/// Rows that a reader asks for at once.
const CHUNK: u64 = 1024;

/// How long to wait for another program that looks into the file.
const BUSY: Duration = Duration::from_secs(5);

/// An open file.
pub(super) struct LogFile {
    pub(super) db: Connection,
    path: PathBuf,
}

/// Where a log ends: its last position and the checksum there.
#[derive(Clone, Copy)]
pub(super) struct Tail {
    pub(super) position: u64,
    pub(super) checksum: u32,
}

impl LogFile {
    /// Opens the file to write, and makes it when it is missing.
    pub(super) fn open(folder: &Path) -> Result<(Self, Tail), LogError> {
        let path = folder.join("foaf.db");
        // SQLite would let everybody read it; the files beside it get the rights of this one.
        folder::make_file(&path).map_err(|e| unusable(&path, &e))?;
        let file = match Connection::open(&path) {
            Ok(db) => Self { db, path },
            Err(e) => return Err(unusable(&path, &e)),
        };
        file.prepare().map_err(|e| file.opening(&e))??;
        let tail = file.tail()?;
        Ok((file, tail))
    }

    /// Opens the file once more, to read.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, LogError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> rusqlite::Result<Connection> {
            let db = Connection::open_with_flags(path, flags)?;
            db.busy_timeout(BUSY)?;
            Ok(db)
        };
        let path = path.to_owned();
        match open() {
            Ok(db) => Ok(Self { db, path }),
            Err(e) => Err(unusable(&path, &e)),
        }
    }

    /// Where the file of another process ends now. One that is missing or unknown is refused.
    pub(super) fn end(&self) -> Result<u64, LogError> {
        let end = || -> rusqlite::Result<Result<u64, LogError>> {
            let version: i64 = self
                .db
                .pragma_query_value(None, "user_version", |row| row.get(0))?;
            if version != FORMAT {
                return Ok(Err(self.unknown_format(version)));
            }
            let last = "SELECT coalesce(max(position), 0) FROM log";
            let last: i64 = self.db.query_row(last, [], |row| row.get(0))?;
            Ok(Ok(u64::try_from(last).unwrap_or_default()))
        };
        end().map_err(|e| self.opening(&e))?
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn prepare(&self) -> rusqlite::Result<Result<(), LogError>> {
        let db = &self.db;
        db.busy_timeout(BUSY)?;
        let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let tables: i64 =
            db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let is_new = version == 0 && tables == 0;
        if is_new {
            // A record has some 600 bytes: larger pages leave less of each empty.
            db.pragma_update(None, "page_size", 8192)?;
        }
        if !is_new && version != FORMAT {
            return Ok(Err(self.unknown_format(version)));
        }
        let mode: String =
            db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if !mode.eq_ignore_ascii_case("wal") {
            return Ok(Err(LogError::Unusable(format!(
                "{} cannot have a write-ahead log on this file system (mode {mode}): \
                 choose a folder on a local disk",
                self.path.display()
            ))));
        }
        // An acknowledged record is on the disk, not only in the system's cache.
        db.pragma_update(None, "synchronous", "FULL")?;
        // Pages: a checkpoint after each 32 MiB instead of 8, for it syncs twice more.
        db.pragma_update(None, "wal_autocheckpoint", 4096)?;
        db.pragma_update(None, "journal_size_limit", 64 << 20)?;
        if is_new {
            db.execute_batch(SCHEMA)?;
        }
        Ok(Ok(()))
    }

    /// The last record, which must be sound: the next one is tied to it.
    fn tail(&self) -> Result<Tail, LogError> {
        let last = "SELECT coalesce(max(position), 0) FROM log";
        let last = self.db.query_row(last, [], |row| row.get::<_, i64>(0));
        let position = u64::try_from(last.map_err(|e| self.opening(&e))?)
            .map_err(|_| self.damaged(0, "a position is below zero"))?;
        let mut checksum = 0;
        if position > 0 {
            self.rows(position - 1, position, |_, sum| checksum = sum)?;
        }
        Ok(Tail { position, checksum })
    }

    /// The records from offset `from` on, some of them, below `end`, which must be in the file.
    pub(super) fn read(&self, from: u64, end: u64) -> Result<Vec<Record>, LogError> {
        let end = end.min(from + CHUNK);
        let mut records = Vec::with_capacity(usize::try_from(end - from).unwrap_or_default());
        self.rows(from, end, |record, _| records.push(record))?;
        Ok(records)
    }

    /// Reads every row in (`after`, `until`], each checked against the one before it.
    fn rows(
        &self,
        after: u64,
        until: u64,
        mut take: impl FnMut(Record, u32),
    ) -> Result<(), LogError> {
        let mut position = after;
        let mut read = || -> rusqlite::Result<Result<(), String>> {
            let mut checksum = match after {
                0 => 0,
                _ => match self.checksum_at(after)? {
                    Some(checksum) => checksum,
                    None => return Ok(Err("the record before it is missing".into())),
                },
            };
            let mut select = self.db.prepare_cached(&format!(
                "SELECT {} FROM log WHERE position > ?1 AND position <= ?2 ORDER BY position",
                row::COLUMNS
            ))?;
            let mut rows = select.query((integer(after), integer(until)))?;
            while position < until {
                let Some(row) = rows.next()? else {
                    return Ok(Err("the record is missing".into()));
                };
                match row::decode(row, position + 1, checksum) {
                    Ok((record, sum)) => {
                        take(record, sum);
                        checksum = sum;
                        position += 1;
                    }
                    Err(what) => return Ok(Err(what)),
                }
            }
            Ok(Ok(()))
        };
        match read() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(what)) => Err(self.damaged(position + 1, &what)),
            Err(e) => Err(self.reading(position + 1, &e)),
        }
    }

    fn checksum_at(&self, position: u64) -> rusqlite::Result<Option<u32>> {
        let mut select = self
            .db
            .prepare_cached("SELECT crc FROM log WHERE position = ?1")?;
        let mut rows = select.query([integer(position)])?;
        match rows.next()? {
            // A checksum that is no 32-bit number fits nothing.
            Some(row) => Ok(row.get(0).ok()),
            None => Ok(None),
        }
    }

    fn unknown_format(&self, version: i64) -> LogError {
        LogError::Unusable(format!(
            "{} has format version {version}, and this build knows {FORMAT}: \
             run the build that wrote it, or choose another folder",
            self.path.display()
        ))
    }

    fn opening(&self, error: &rusqlite::Error) -> LogError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                self.damaged(0, &format!("the file is not what was written ({error})"))
            }
            _ => unusable(&self.path, error),
        }
    }

    fn reading(&self, position: u64, error: &rusqlite::Error) -> LogError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory) => {
                LogError::Unavailable(format!("{}: {error}", self.path.display()))
            }
            _ => self.damaged(position, &format!("it cannot be read ({error})")),
        }
    }

    fn damaged(&self, position: u64, what: &str) -> LogError {
        let path = self.path.display();
        LogError::Damaged {
            position,
            what: format!(
                "{what}: stop, keep a copy of {path}, and restore it from a backup; \
                 `sqlite3 {path} 'PRAGMA integrity_check'` may say more"
            ),
        }
    }
}

/// A position as `SQLite` has it: no log comes near the difference.
pub(super) fn integer(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> LogError {
    let folder = path.parent().unwrap_or(path).display();
    LogError::Unusable(format!(
        "{} cannot be opened ({error}): make the folder {folder} and what is in it readable and writable, or choose another folder",
        path.display()
    ))
}
