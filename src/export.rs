//! Export: the log as lines of CloudEvents, or the people and friendships of now as CSV.
//!
//! Must never write to the log, and never export a part as if it were the whole: the lines end with
//! one that says so, and the caller puts files in place only when they are complete.

mod csv_files;

use std::io::Write;

use anyhow::{Context, Result};

use crate::event_log::{EventLog, line::Encoder};

pub use csv_files::{friendships, users};

/// How many records are read at once.
const CHUNK: usize = 1024;

/// Writes every record up to the end that the log has now, as it stands: what is void too, and
/// nothing is judged. Tells `show` how many of how many offsets are done; gives the number of records.
///
/// # Errors
/// If the log cannot be read, or `to` not written.
pub async fn events(
    log: &dyn EventLog,
    to: &mut impl Write,
    show: impl Fn(u64, u64),
) -> Result<u64> {
    let end = log.end().await?;
    let mut reader = log.read(0).await?;
    let mut lines = Encoder::default();
    let (mut next, mut count) = (0, 0);
    while next < end {
        let fetched = reader.next(CHUNK).await?;
        let records = fetched.records.iter();
        for record in records.take_while(|record| record.offset < end) {
            to.write_all(&lines.record(record)).context(UNWRITTEN)?;
            count += 1;
        }
        next = fetched.next.min(end);
        show(next, end);
    }
    to.write_all(&lines.end(end)).context(UNWRITTEN)?;
    Ok(count)
}

const UNWRITTEN: &str = "the export cannot be written";
