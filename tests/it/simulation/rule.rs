//! Rule 1 once more, written from the design and with no code of `src/judge.rs`: what counts must not
//! depend on who wrote the program. It can also be told to be wrong in one way: see [`RuleFault`].

use std::collections::HashMap;

use foaf::judge::{Attempt, CommandId, Entry, KeyHash, RecordId};

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Created,
    Effective,
    Malformed,
    CreatedBefore,
    NotCreated,
    Expired,
    /// With the position of the record that decided the command.
    Duplicate(u64),
    Conflict,
}

/// A way in which Rule 1 could have been written, and is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleFault {
    NoCommandId,
    NoExpiry,
    ExpiryByAppendTime,
    EvictionByAppendTime,
    OutcomesShorterThanAttempts,
    NoRunningMaximum,
}

/// All that the rule remembers.
#[derive(Debug, Default, Clone)]
pub(super) struct Rule {
    fault: Option<RuleFault>,
    windows: Option<(i64, i64)>,
    position: u64,
    pub(super) log_time: i64,
    etags: HashMap<KeyHash, RecordId>,
    /// For each command the position and the time of its outcome.
    outcomes: HashMap<CommandId, (u64, i64)>,
}

impl Rule {
    pub(super) fn new(fault: Option<RuleFault>) -> Self {
        Self {
            fault,
            ..Self::default()
        }
    }

    pub(super) fn etag(&self, key: KeyHash) -> Option<RecordId> {
        self.etags.get(&key).copied()
    }

    /// Judges the next record. Guards of `ignored` keys are not looked at.
    pub(super) fn judge(&mut self, append_time: i64, entry: &Entry, ignored: &[KeyHash]) -> Fate {
        let before = self.log_time;
        self.position += 1;
        self.log_time = before.max(append_time);
        if self.fault == Some(RuleFault::NoRunningMaximum) {
            self.log_time = append_time;
            let window = self.windows.map_or(i64::MAX, |(_, outcome)| outcome);
            self.outcomes
                .retain(|_, (_, time)| append_time - *time <= window);
        }
        match entry {
            Entry::Unknown(_) | Entry::Malformed(_) => Fate::Malformed,
            Entry::GraphCreated(_) if self.windows.is_some() => Fate::CreatedBefore,
            Entry::GraphCreated(created) => {
                self.windows = Some((created.windows.attempt_ms, created.windows.outcome_ms));
                Fate::Created
            }
            Entry::Attempt(attempt) => {
                let fate = self.fate(before, append_time, attempt, ignored);
                if fate == Fate::Effective {
                    let outcome = (self.position, self.log_time);
                    self.outcomes.insert(attempt.command, outcome);
                    for key in &attempt.writes {
                        self.etags.insert(*key, attempt.id);
                    }
                }
                fate
            }
        }
    }

    fn fate(&self, before: i64, append_time: i64, attempt: &Attempt, ignored: &[KeyHash]) -> Fate {
        let Some((attempt_window, _)) = self.windows else {
            return Fate::NotCreated;
        };
        let expires_at = match self.fault {
            Some(RuleFault::ExpiryByAppendTime) => append_time,
            Some(RuleFault::NoExpiry) => i64::MIN / 2,
            _ => before,
        };
        if expires_at - attempt.decided_at.0 > attempt_window {
            return Fate::Expired;
        }
        let now = match self.fault {
            Some(RuleFault::EvictionByAppendTime) => append_time,
            _ => before,
        };
        if let Some(position) = self.remembered(attempt.command, now) {
            return Fate::Duplicate(position);
        }
        let stale = attempt.guards.iter().any(|guard| {
            !ignored.contains(&guard.key) && self.etags.get(&guard.key).copied() != guard.etag
        });
        if stale {
            Fate::Conflict
        } else {
            Fate::Effective
        }
    }

    /// The position at which the command was decided, if that counts at that time.
    pub(super) fn remembered(&self, command: CommandId, now: i64) -> Option<u64> {
        let (attempt_window, outcome_window) = self.windows?;
        let window = match self.fault {
            Some(RuleFault::NoCommandId) => return None,
            Some(RuleFault::OutcomesShorterThanAttempts) => attempt_window / 2,
            _ => outcome_window,
        };
        let (position, time) = self.outcomes.get(&command)?;
        (now - time <= window).then_some(*position)
    }
}
