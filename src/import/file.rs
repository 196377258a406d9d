//! Opening a file, gzipped or not.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use anyhow::{Context, Result, bail};
use flate2::bufread::MultiGzDecoder;

/// Opens a file; one that is gzipped is unpacked. What can be read only once, such as a pipe, would
/// seem empty the second time.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    let fault = || format!("{} cannot be read", path.display());
    if !path.metadata().with_context(fault)?.is_file() {
        bail!(
            "{} is not a regular file, and an import reads its files more than once: write what it holds to a file first, and import that",
            path.display()
        );
    }
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).with_context(fault)?);
    let is_gzip = reader
        .fill_buf()
        .with_context(fault)?
        .starts_with(&[0x1f, 0x8b]);
    Ok(if is_gzip {
        Box::new(BufReader::with_capacity(
            1 << 16,
            MultiGzDecoder::new(reader),
        ))
    } else {
        Box::new(reader)
    })
}
