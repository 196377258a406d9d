//! The owner's lock: one process per data folder.
//!
//! The operating system holds the lock and drops it with the process, however that ends. The file
//! only says whose it is, and must never be deleted: a second one of the same name would be free.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::{event_log::LogError, folder::OWNER_ONLY};

/// Held as long as it lives.
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock of a data folder, or says who has it.
    pub(super) fn take(folder: &Path) -> Result<Self, LogError> {
        let path = folder.join("foaf.lock");
        let unusable = |e: std::io::Error| {
            LogError::Unusable(format!(
                "the data folder {} cannot be locked ({}: {e}): make it writable, or choose another folder",
                folder.display(),
                path.display()
            ))
        };
        let mut file = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .mode(OWNER_ONLY)
            .open(&path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(folder, &path)),
            Err(TryLockError::Error(e)) => return Err(unusable(e)),
        }
        file.set_len(0).map_err(unusable)?;
        writeln!(file, "{}", std::process::id()).map_err(unusable)?;
        Ok(Self { file, path })
    }

    /// The file that is locked, and the path at which it was found.
    pub(super) fn file(&self) -> (PathBuf, &File) {
        (self.path.clone(), &self.file)
    }
}

fn taken(folder: &Path, path: &Path) -> LogError {
    let owner = match std::fs::read_to_string(path) {
        Ok(pid) if !pid.trim().is_empty() => format!("process {}", pid.trim()),
        _ => "another process".into(),
    };
    LogError::Unusable(format!(
        "the data folder {} belongs to {owner}: stop that one first, or choose another folder",
        folder.display()
    ))
}
