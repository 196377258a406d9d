//! The lines of an exported log, as the records that they were.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::event_log::{
    Record,
    line::{Decoder, Line, MAX_LINE_BYTES},
};

use super::{
    file::open,
    lines::{End, Lines},
};

/// Reads an exported log, line by line. Ends with an error if the file does before its last line.
pub struct Events {
    path: PathBuf,
    lines: Lines,
    decoder: Decoder,
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
            lines: Lines::new(open(path)?, MAX_LINE_BYTES),
            decoder: Decoder::default(),
            has_ended: false,
        })
    }

    fn read(&mut self) -> Result<Option<Record>> {
        let mut line = Vec::new();
        let end = self.lines.next_text(&mut line);
        // What is missing is missing on the line after the last.
        let number = self.lines.number + u64::from(!matches!(end, Ok(Some(_))));
        let place = || format!("{}, line {number}", self.path.display());
        let end =
            end.with_context(|| format!("{} cannot be read; nothing was restored", place()))?;
        let broken = |what: &str| {
            anyhow!(
                "{}: {what}; nothing was restored: export the log again, or take another copy of the file",
                place()
            )
        };
        match (end, self.has_ended) {
            (None, true) => return Ok(None),
            (None, false) => return Err(broken("the last lines are missing")),
            (Some(End::Break), false) => {}
            (Some(End::Break), true) => return Err(broken("more after the end")),
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
