//! Folders of our own: made for their owner only, and cleared of what a killed process left there.
//!
//! A leaf. Must never change what a user made, nor remove what a process that lives is writing.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use tracing::{info, warn};

/// What an export, a log or a snapshot may be read by: it holds names, and the key of the log's hashes.
pub const OWNER_ONLY: u32 = 0o600;

/// How many letters `tempfile` puts into a name.
const LETTERS: usize = 6;

/// Makes a folder, and those above it, that only its owner can look into. One that is there stays as it
/// is.
///
/// # Errors
/// If it cannot be made.
pub fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

/// Makes an empty file that only its owner can read, unless there is one.
///
/// # Errors
/// If it cannot be made.
pub fn make_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let made = options
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(path);
    match made {
        Err(fault) if fault.kind() != ErrorKind::AlreadyExists => Err(fault),
        _ => Ok(()),
    }
}

/// Removes the temporary files of that name in a folder that nobody writes any more.
pub fn remove_left_files(folder: &Path, prefix: &str, suffix: &str) {
    each(folder, prefix, suffix, |path| {
        if !fs::symlink_metadata(path)?.is_file() {
            return Ok(false);
        }
        // Who writes it holds its lock; an error means that nobody can know.
        if File::open(path)?.try_lock().is_err() {
            return Ok(false);
        }
        fs::remove_file(path).map(|()| true)
    });
}

/// Removes the temporary folders of that name in a folder of which the caller holds the lock, if there
/// is nothing in them but files whose names begin with `content`.
pub fn remove_left_folders(folder: &Path, prefix: &str, content: &str) {
    each(folder, prefix, "", |path| {
        if !fs::symlink_metadata(path)?.is_dir() {
            return Ok(false);
        }
        for entry in fs::read_dir(path)? {
            if !entry?.file_name().to_string_lossy().starts_with(content) {
                return Ok(false);
            }
        }
        fs::remove_dir_all(path).map(|()| true)
    });
}

/// Does something with all that has such a name; says what it removed. Not to be able to is no reason
/// not to start.
fn each(folder: &Path, prefix: &str, suffix: &str, remove: impl Fn(&Path) -> io::Result<bool>) {
    let Ok(entries) = fs::read_dir(folder) else {
        // Whoever uses the folder says what is wrong with it.
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str());
        let letters = name.and_then(|name| name.strip_prefix(prefix)?.strip_suffix(suffix));
        let is_ours = |letters: &str| {
            letters.len() == LETTERS && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if !letters.is_some_and(is_ours) {
            continue;
        }
        let path_shown = path.display();
        match remove(&path) {
            Ok(true) => info!(path = %path_shown, "what a killed process left was removed"),
            Ok(false) => {}
            Err(fault) => {
                warn!(path = %path_shown, error = %fault, "what a killed process left cannot be removed");
            }
        }
    }
}
