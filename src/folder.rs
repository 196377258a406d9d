//! Folders of our own: made for their owner only.
//!
//! A leaf. Must never change what a user made.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// What an export, a log or a snapshot may be read by: it holds names, and the key of the log's hashes.
pub const OWNER_ONLY: u32 = 0o600;

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
