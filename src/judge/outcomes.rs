//! What became of decided commands, remembered for a window in few bytes.
//!
//! A command costs 56 bytes and its place in an index, a registration 24 more. Must never forget an
//! outcome but as the judge says, the oldest first.

use std::collections::VecDeque;

use hashbrown::HashTable;

use crate::domain::{LogTime, Rejection, UserId};

use super::{CommandId, ContentHash, Outcome, OutcomeResult};

/// Entries of one piece of memory: a long list that grows by doubling would be copied again and again.
const CHUNK: usize = 8_192;

/// Outcomes in the order of their positions, found by command.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    /// All full but the last.
    chunks: VecDeque<Vec<Entry>>,
    /// How many of the first chunk are forgotten.
    forgotten: usize,
    /// The number of the first entry of the first chunk, wrapping.
    first: u32,
    /// The numbers of the entries, by their commands.
    numbers: HashTable<u32>,
    /// Whom registrations made, by position.
    registered: VecDeque<(u64, UserId)>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    command: CommandId,
    content: ContentHash,
    position: u64,
    time: LogTime,
    result: Packed,
}

/// An [`OutcomeResult`] without the id.
#[derive(Debug, Clone, Copy)]
enum Packed {
    Registered,
    Done,
    Rejected(Rejection),
}

impl Outcomes {
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn get(&self, command: CommandId) -> Option<Outcome> {
        let is_it = |number: &u32| self.entry(*number).command == command;
        let number = self.numbers.find(hash(command), is_it)?;
        Some(self.outcome(self.entry(*number)))
    }

    pub(super) fn reserve(&mut self, more: usize) {
        let (chunks, first) = (&self.chunks, self.first);
        self.numbers
            .reserve(more, |number| hash(entry(chunks, first, *number).command));
    }

    /// Remembers the outcome of a command that has none, at a later position than all before.
    pub(super) fn insert(&mut self, command: CommandId, outcome: Outcome) {
        if self.chunks.back().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push_back(Vec::with_capacity(CHUNK));
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        let chunk = self.chunks.back_mut().expect("one was made");
        let place = u32::try_from(before + chunk.len()).expect("fewer than 2^32 are remembered");
        let result = match outcome.result {
            OutcomeResult::Registered(user) => {
                self.registered.push_back((outcome.position, user));
                Packed::Registered
            }
            OutcomeResult::Done => Packed::Done,
            OutcomeResult::Rejected(rejection) => Packed::Rejected(rejection),
        };
        chunk.push(Entry {
            command,
            content: outcome.content,
            position: outcome.position,
            time: outcome.time,
            result,
        });
        let number = self.first.wrapping_add(place);
        let (chunks, first) = (&self.chunks, self.first);
        self.numbers.insert_unique(hash(command), number, |number| {
            hash(entry(chunks, first, *number).command)
        });
    }

    /// Forgets the oldest, as long as they are `old` by their time and position.
    pub(super) fn forget(&mut self, old: impl Fn(LogTime, u64) -> bool) {
        while let Some(oldest) = self.oldest()
            && old(oldest.time, oldest.position)
        {
            self.forget_first();
        }
    }

    /// Forgets the oldest.
    pub(super) fn forget_first(&mut self) {
        if let Some(oldest) = self.oldest() {
            let place = u32::try_from(self.forgotten).expect("less than a chunk");
            let number = self.first.wrapping_add(place);
            if let Ok(found) = self
                .numbers
                .find_entry(hash(oldest.command), |n| *n == number)
            {
                found.remove();
            }
            if matches!(oldest.result, Packed::Registered) {
                self.registered.pop_front();
            }
            self.forgotten += 1;
            if self.forgotten == CHUNK {
                self.chunks.pop_front();
                self.forgotten = 0;
                self.first = number.wrapping_add(1);
            }
        }
    }

    /// Each remembered command with its outcome, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (CommandId, Outcome)> {
        let entries = self.chunks.iter().flatten().skip(self.forgotten);
        entries.map(|entry| (entry.command, self.outcome(entry)))
    }

    fn oldest(&self) -> Option<Entry> {
        self.chunks.front()?.get(self.forgotten).copied()
    }

    fn entry(&self, number: u32) -> &Entry {
        entry(&self.chunks, self.first, number)
    }

    fn outcome(&self, entry: &Entry) -> Outcome {
        let result = match entry.result {
            Packed::Registered => {
                let of = |registered: &(u64, UserId)| registered.0;
                let place = self.registered.binary_search_by_key(&entry.position, of);
                OutcomeResult::Registered(self.registered[place.expect("kept as long as it")].1)
            }
            Packed::Done => OutcomeResult::Done,
            Packed::Rejected(rejection) => OutcomeResult::Rejected(rejection),
        };
        Outcome {
            position: entry.position,
            time: entry.time,
            content: entry.content,
            result,
        }
    }
}

fn entry(chunks: &VecDeque<Vec<Entry>>, first: u32, number: u32) -> &Entry {
    let place = number.wrapping_sub(first) as usize;
    &chunks[place / CHUNK][place % CHUNK]
}

/// A command's id is a hash or random already.
fn hash(command: CommandId) -> u64 {
    let (first, _) = command.0.split_first_chunk().expect("it has 16 bytes");
    u64::from_le_bytes(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(n: u64) -> CommandId {
        CommandId(
            *blake3::hash(&n.to_le_bytes())
                .as_bytes()
                .first_chunk()
                .unwrap(),
        )
    }

    fn outcome(n: u64) -> Outcome {
        Outcome {
            position: 2 * n + 1,
            time: LogTime(i64::try_from(n).unwrap()),
            content: ContentHash(command(n + 1).0),
            result: match n % 3 {
                0 => OutcomeResult::Registered(UserId(uuid::Uuid::from_u128(n.into()))),
                _ => OutcomeResult::Done,
            },
        }
    }

    #[test]
    fn what_is_old_is_forgotten_and_the_rest_is_found() {
        let count = 3 * CHUNK as u64 + 5;
        // Numbers wrap around after 2^32 commands.
        for first in [0, u32::MAX - 10_000] {
            let mut outcomes = Outcomes {
                first,
                ..Outcomes::default()
            };
            for n in 0..count {
                outcomes.insert(command(n), outcome(n));
                let kept = n.saturating_sub(CHUNK as u64 + 10);
                outcomes.forget(|time, _| time < outcome(kept).time);
            }
            let kept = count - 1 - (CHUNK as u64 + 10);
            for n in 0..count {
                let expected = (n >= kept).then(|| outcome(n));
                assert_eq!(outcomes.get(command(n)), expected, "{n}");
            }
            assert_eq!(outcomes.len() as u64, count - kept);
            let listed: Vec<_> = outcomes.iter().collect();
            let expected: Vec<_> = (kept..count).map(|n| (command(n), outcome(n))).collect();
            assert_eq!(listed, expected);
            outcomes.forget(|_, _| true);
            assert_eq!((outcomes.len(), outcomes.registered.len()), (0, 0));
        }
    }
}
