//! The lines of an exported log, as the records that they were.

use std::{
    io::{BufRead, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};

use crate::event_log::{
    Record,
    line::{Decoder, Line, MAX_LINE_BYTES},
};

use super::open;

/// Reads an exported log, line by line. Ends with an error if the file does before its last line.
pub struct Events {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    decoder: Decoder,
    line: u64,
    has_ended: bool,
}

impl Events {
    /// Opens the file; one that is gzipped is unpacked.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            reader: open(path)?,
            decoder: Decoder::default(),
            line: 0,
            has_ended: false,
        })
    }

    fn read(&mut self) -> Result<Option<Record>> {
        self.line += 1;
        let place = || format!("{}, line {}", self.path.display(), self.line);
        let broken = |what: &str| {
            anyhow!(
                "{}: {what}; nothing was restored: export the log again, or take another copy of the file",
                place()
            )
        };
        let mut line = Vec::new();
        Read::take(&mut *self.reader, MAX_LINE_BYTES as u64)
            .read_until(b'\n', &mut line)
            .with_context(|| format!("{} cannot be read; nothing was restored", place()))?;
        match (line.pop(), self.has_ended) {
            (None, true) => return Ok(None),
            (None, false) => return Err(broken("the last lines are missing")),
            (Some(b'\n'), true) => return Err(broken("more after the end")),
            (Some(b'\n'), false) => {}
            (Some(_), _) => return Err(broken("the line is cut off, or too long for a record")),
        }
        match self.decoder.line(&line) {
            Ok(Line::Record(record)) => Ok(Some(record)),
            Ok(Line::End) => {
                self.has_ended = true;
                self.read()
            }
            Err(what) => Err(broken(&what)),
        }
    }
}

impl Iterator for Events {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
