//! The place of a log: whether the files that this process writes are those that the next start will
//! read.
//!
//! A file goes on after it was removed or moved, for who has it open, and takes what nobody will find.
//! Must never let an acknowledgement pass that rests on such a file.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::lock::Lock;
use crate::event_log::LogError;

/// Which file it is: the device, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl From<&Metadata> for Identity {
    fn from(found: &Metadata) -> Self {
        Self(found.dev(), found.ino())
    }
}

/// The folder of an open log and the files in it, as they were when it was opened.
#[derive(Debug)]
pub(super) struct Place {
    files: Vec<(PathBuf, Identity)>,
    /// Why nothing more is taken: something was written that may not be found.
    lost: OnceLock<String>,
}

impl Place {
    /// The place of a log that was just opened, so that all of its files are there.
    pub(super) fn of(folder: &Path, lock: &Lock) -> Result<Self, LogError> {
        let find = |path: PathBuf| {
            let found = fs::metadata(&path);
            let found = found.map_err(|fault| LogError::Unusable(gone(&path, &fault)))?;
            Ok((path, Identity::from(&found)))
        };
        let mut files = vec![
            find(folder.to_owned())?,
            find(folder.join("foaf.db"))?,
            find(folder.join("foaf.db-wal"))?,
        ];
        let (path, locked) = lock.file();
        let locked = locked.metadata();
        let locked = locked.map_err(|fault| LogError::Unusable(gone(&path, &fault)))?;
        files.push((path, Identity::from(&locked)));
        let lost = OnceLock::new();
        Ok(Self { files, lost })
    }

    /// Whether everything is where the next start will look for it; what is not, if so. Blocks.
    pub(super) fn check(&self) -> Result<(), String> {
        for (path, known) in &self.files {
            match fs::metadata(path) {
                Ok(found) if Identity::from(&found) == *known => {}
                Ok(_) => return Err(gone(path, &"another one stands there")),
                Err(fault) => return Err(gone(path, &fault)),
            }
        }
        Ok(())
    }

    /// Takes nothing more from now on.
    pub(super) fn lose(&self, why: &str) {
        // The first reason stays.
        let _ = self.lost.set(why.to_owned());
    }

    /// Why nothing more is taken, if so.
    pub(super) fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// As [`Self::check`], and an error for good once something was lost.
    pub(super) fn is_sound(&self) -> Result<(), LogError> {
        let lost = self.lost().map(str::to_owned);
        lost.map_or_else(|| self.check(), Err)
            .map_err(LogError::Unusable)
    }
}

fn gone(path: &Path, why: &dyn std::fmt::Display) -> String {
    format!(
        "{} was removed, moved or replaced beneath this process ({why}): what it writes is not what the next start will read; put it back and restart foaf",
        path.display()
    )
}
