//! Lines of a file, numbered as an editor numbers them: LF, CRLF or CR ends a line, and blank lines
//! count.

use std::io::{BufRead, Error, ErrorKind, Read, Result};

/// Reads a file line by line. As [`Read`] it gives the lines that are not blank, each with a LF at
/// its end and none together with another.
pub(super) struct Lines {
    reader: Box<dyn BufRead + Send>,
    /// A line beyond so many bytes is cut off there.
    max: usize,
    /// The line that was read last, from 1 on; 0 before the first.
    pub(super) number: u64,
    /// The first line that [`Read`] gave since this was `None`.
    pub(super) first: Option<u64>,
    line: Vec<u8>,
    given: usize,
}

/// What a line ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Break,
    /// The file ends without a line break.
    File,
    /// It is too long, and not here as a whole.
    CutOff,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn BufRead + Send>, max: usize) -> Self {
        Self {
            reader,
            max,
            number: 0,
            first: None,
            line: Vec::new(),
            given: 0,
        }
    }

    /// Reads the next line without its end; `None` at the end of the file.
    pub(super) fn next(&mut self, line: &mut Vec<u8>) -> Result<Option<End>> {
        line.clear();
        let mut is_cut = false;
        let mut is_empty = true;
        let end = loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break End::File;
            }
            is_empty = false;
            let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let text = &buffer[..end.unwrap_or(buffer.len())];
            let room = self.max - line.len();
            is_cut |= text.len() > room;
            line.extend_from_slice(&text[..text.len().min(room)]);
            let is_cr = end.is_some_and(|end| buffer[end] == b'\r');
            let used = text.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if is_cr && self.reader.fill_buf()?.first() == Some(&b'\n') {
                self.reader.consume(1);
            }
            if end.is_some() {
                break End::Break;
            }
        };
        if is_empty {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(if is_cut { End::CutOff } else { end }))
    }

    /// Reads the next line that is not blank, likewise.
    pub(super) fn next_text(&mut self, line: &mut Vec<u8>) -> Result<Option<End>> {
        loop {
            let end = self.next(line)?;
            if end.is_none() || !line.trim_ascii().is_empty() {
                return Ok(end);
            }
        }
    }
}

impl Read for Lines {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if self.given == self.line.len() {
            let mut line = std::mem::take(&mut self.line);
            self.given = 0;
            match self.next_text(&mut line)? {
                None => return Ok(0),
                Some(End::CutOff) => {
                    let what = format!("the line has more than {} bytes", self.max);
                    return Err(Error::new(ErrorKind::InvalidData, what));
                }
                Some(_) => line.push(b'\n'),
            }
            self.first.get_or_insert(self.number);
            self.line = line;
        }
        let read = (&self.line[self.given..]).read(into)?;
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end() {
        let text = &b"a\r\n\r\rb\n\rcdefg\r\n\nh"[..];
        // A buffer of one byte ends between CR and LF, too.
        let one = std::io::BufReader::with_capacity(1, text);
        for reader in [Box::new(text) as Box<dyn BufRead + Send>, Box::new(one)] {
            let mut lines = Lines::new(reader, 4);
            let mut line = Vec::new();
            for (number, expected, end) in [
                (1, &b"a"[..], End::Break),
                (4, b"b", End::Break),
                (6, b"cdef", End::CutOff),
                (8, b"h", End::File),
            ] {
                let read = lines.next_text(&mut line).expect("in memory");
                assert_eq!((lines.number, &*line, read), (number, expected, Some(end)));
            }
            assert_eq!(lines.next(&mut line).expect("in memory"), None);
            assert_eq!(lines.number, 8);
        }
    }
}
