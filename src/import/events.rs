//! The lines of an exported log, as the records that they were, at the positions that they had.
//!
//! Where the log had no record (a mark of a transaction in Kafka), a void one without anything in it
//! takes its place: a restored log may have no gap, and no record may move. It has the log time before
//! it, so that no time passes.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, anyhow};

use crate::{
    domain::LogTime,
    event_log::{
        Message, Record,
        line::{Decoder, Line, MAX_LINE_BYTES},
    },
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
    /// The line that was read and whose offset has not come.
    ahead: Option<Line>,
    /// The offset that comes next.
    next: u64,
    /// The log time there.
    log_time: LogTime,
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
            ahead: None,
            next: 0,
            log_time: LogTime::default(),
            has_ended: false,
        })
    }

    /// The record of the next offset, or the void one in its place.
    fn read(&mut self) -> Result<Option<Record>> {
        if self.ahead.is_none() {
            self.ahead = self.read_line()?;
        }
        let record = match self.ahead.take() {
            Some(Line::Record(record)) if record.offset <= self.next => record,
            Some(Line::End { end }) if end.is_none_or(|end| end <= self.next) => {
                self.has_ended = true;
                return self.read_line().map(|_| None);
            }
            Some(later) => {
                self.ahead = Some(later);
                Record {
                    offset: self.next,
                    append_time: self.log_time,
                    message: Arc::new(Message::default()),
                }
            }
            None => return Ok(None),
        };
        self.next = record.offset + 1;
        self.log_time = self.log_time.max(record.append_time);
        Ok(Some(record))
    }

    fn read_line(&mut self) -> Result<Option<Line>> {
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
        let line = self.decoder.line(&line);
        line.map(Some).map_err(|what| broken(&what))
    }
}

impl Iterator for Events {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
