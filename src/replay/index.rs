//! What each position of the log came to: which type of event took effect there, if any. A byte a
//! position, so that whoever looks back reads only the records that are wanted, and judges none again.
//!
//! Must never be filled but with verdicts, position by position.

use std::{io, ops::Range};

use crate::{
    domain::{EventType, LogTime},
    graph::{Page, Slice, saved::BAD},
    snapshot::{Reader, SnapshotError, Writer},
};

/// How many positions are passed over at once where none of them is wanted.
const BLOCK: usize = 4_096;
/// One more than the number of the last type.
const TYPES: usize = EventType::UserUnblocked as usize + 1;

/// A set of types of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Types(u16);

impl Types {
    /// Every type.
    pub const ALL: Self = Self(u16::MAX - 1);

    fn has(self, number: u8) -> bool {
        self.0 >> number & 1 == 1
    }
}

impl FromIterator<EventType> for Types {
    fn from_iter<I: IntoIterator<Item = EventType>>(types: I) -> Self {
        Self(types.into_iter().fold(0, |set, one| set | 1 << one as u8))
    }
}

/// The verdicts so far, by position.
#[derive(Debug, Default)]
pub struct EventIndex {
    /// By offset, the number of the type; 0 where nothing took effect.
    types: Vec<u8>,
    /// By block, how many of each type.
    counts: Vec<[u16; TYPES]>,
    /// Where records have an earlier append time than one before them, in order.
    setbacks: Vec<Setback>,
}

/// A run of positions with one log time, which is not their append time.
#[derive(Debug, Clone, Copy)]
struct Setback {
    first: u64,
    last: u64,
    time: LogTime,
}

impl EventIndex {
    /// Takes up the verdict on the next position. Those between, if any, had no record.
    pub(super) fn push(
        &mut self,
        position: u64,
        event: Option<EventType>,
        append_time: LogTime,
        log_time: LogTime,
    ) {
        let index = usize::try_from(position.saturating_sub(1)).unwrap_or(usize::MAX);
        self.types.resize(index, 0);
        self.add(event.map_or(0, |event| event as u8));
        if append_time < log_time {
            match self.setbacks.last_mut() {
                Some(run) if run.last.saturating_add(1) == position && run.time == log_time => {
                    run.last = position;
                }
                _ => self.setbacks.push(Setback {
                    first: position,
                    last: position,
                    time: log_time,
                }),
            }
        }
    }

    fn add(&mut self, number: u8) {
        let block = self.types.len() / BLOCK;
        self.types.push(number);
        if self.counts.len() <= block {
            self.counts.resize(block + 1, [0; TYPES]);
        }
        self.counts[block][usize::from(number)] += 1;
    }

    /// Whether an event of that type took effect there.
    pub(super) fn is_at(&self, position: u64, event: EventType) -> bool {
        let index = position
            .checked_sub(1)
            .and_then(|i| usize::try_from(i).ok());
        index.and_then(|index| self.types.get(index)) == Some(&(event as u8))
    }

    /// The log time of a position whose record has this append time.
    pub(super) fn log_time(&self, position: u64, append_time: LogTime) -> LogTime {
        let next = self.setbacks.partition_point(|run| run.last < position);
        match self.setbacks.get(next) {
            Some(run) if run.first <= position => run.time,
            _ => append_time,
        }
    }

    /// Of these positions, which ascend, those at which an event of one of the types took effect: a
    /// page of them.
    #[must_use]
    pub fn page_of(&self, positions: &[u64], types: Types, page: &Page<u64>) -> Slice<u64> {
        let type_at = |position: u64| {
            let index = usize::try_from(position.saturating_sub(1)).unwrap_or(usize::MAX);
            self.types.get(index).copied().unwrap_or(0)
        };
        let wanted = || {
            let positions = positions.iter().copied();
            positions.filter(|position| types.has(type_at(*position)))
        };
        let (after, before) = (page.after.unwrap_or(0), page.before.unwrap_or(u64::MAX));
        let within =
            wanted().filter(|position| (after.saturating_add(1)..before).contains(position));
        cut(within, page, || wanted().count() as u64)
    }

    /// The positions up to `end` at which an event of one of the types took effect: a page of them.
    #[must_use]
    pub fn page(&self, types: Types, page: &Page<u64>, end: u64) -> Slice<u64> {
        let index = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        let end = index(end).min(self.types.len());
        // The position after an index is the index of the next.
        let start = index(page.after.unwrap_or(0)).min(end);
        let stop = page
            .before
            .map_or(end, |before| index(before.saturating_sub(1)).min(end));
        let found = self.wanted(types, start..stop.max(start));
        cut(found, page, || self.count(types, end))
    }

    fn wanted(&self, types: Types, range: Range<usize>) -> impl DoubleEndedIterator<Item = u64> {
        let blocks = range.start / BLOCK..range.end.div_ceil(BLOCK);
        let has_any = move |block: &usize| self.count_in(*block, types) > 0;
        blocks.filter(has_any).flat_map(move |block| {
            let within = range.start.max(block * BLOCK)..range.end.min((block + 1) * BLOCK);
            within
                .filter(move |index| types.has(self.types[*index]))
                .map(|index| index as u64 + 1)
        })
    }

    fn count(&self, types: Types, end: usize) -> u64 {
        let whole = end / BLOCK;
        let rest = self.wanted(types, whole * BLOCK..end).count() as u64;
        (0..whole)
            .map(|block| self.count_in(block, types))
            .sum::<u64>()
            + rest
    }

    fn count_in(&self, block: usize, types: Types) -> u64 {
        let counts = (0_u8..).zip(self.counts[block]);
        let counts = counts.filter(|(number, _)| types.has(*number));
        counts.map(|(_, count)| u64::from(count)).sum()
    }

    /// Into a snapshot.
    pub(super) fn write(&self, to: &mut Writer) -> io::Result<()> {
        to.count(self.types.len())?;
        self.types.iter().try_for_each(|number| to.u8(*number))?;
        to.count(self.setbacks.len())?;
        for run in &self.setbacks {
            to.u64(run.first)?;
            to.u64(run.last)?;
            to.i64(run.time.0)?;
        }
        Ok(())
    }

    /// Out of a snapshot.
    pub(super) fn read(from: &mut Reader) -> Result<Self, SnapshotError> {
        let mut index = Self::default();
        for _ in 0..from.count()? {
            let number = from.u8()?;
            if usize::from(number) >= TYPES {
                return Err(BAD);
            }
            index.add(number);
        }
        for _ in 0..from.count()? {
            index.setbacks.push(Setback {
                first: from.u64()?,
                last: from.u64()?,
                time: LogTime(from.i64()?),
            });
        }
        Ok(index)
    }
}

/// A page of positions, of which those within its keys are given.
fn cut(
    within: impl DoubleEndedIterator<Item = u64>,
    page: &Page<u64>,
    total: impl FnOnce() -> u64,
) -> Slice<u64> {
    let most = page.limit.saturating_add(1);
    let mut items: Vec<u64> = if page.backward {
        within.rev().take(most).collect()
    } else {
        within.take(most).collect()
    };
    let more = items.len() > page.limit;
    items.truncate(page.limit);
    if page.backward {
        items.reverse();
    }
    Slice {
        items,
        more,
        total: page.count.then(total),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cursors come from callers, who may write any number into them.
    #[test]
    fn a_page_beyond_every_position_is_empty() {
        let mut index = EventIndex::default();
        let positions = [1, 2, 3];
        for position in positions {
            let event = Some(EventType::UserRegistered);
            index.push(position, event, LogTime(0), LogTime(0));
        }
        for (after, before, expected) in [
            (Some(u64::MAX), None, &[][..]),
            (Some(u64::MAX - 1), Some(u64::MAX), &[]),
            (Some(0), Some(u64::MAX), &positions),
            (None, Some(0), &[]),
            (Some(2), Some(1), &[]),
            (Some(1), None, &positions[1..]),
            (None, Some(3), &positions[..2]),
        ] {
            for backward in [false, true] {
                let page = Page {
                    after,
                    before,
                    backward,
                    limit: 10,
                    count: false,
                };
                let of = index.page_of(&positions, Types::ALL, &page).items;
                assert_eq!(of, expected, "{page:?}");
                let all = index.page(Types::ALL, &page, u64::MAX).items;
                assert_eq!(all, expected, "{page:?}");
            }
        }
    }
}
