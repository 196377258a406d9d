//! The rule once more, written from the design and with no code of `src/judge.rs`: what counts must not
//! depend on who wrote the program. It can also be told to be wrong in one way: see [`RuleFault`].

use std::collections::HashMap;

use foaf::judge::{Attempt, CommandId, Entry, Etag, KeyHash, Windows};

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

/// A way in which the rule could have been written, and is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RuleFault {
    NoCommandId,
    NoExpiry,
    NoExpiryByPosition,
    ExpiryByAppendTime,
    EvictionByAppendTime,
    OutcomesShorterThanAttempts,
    FewerOutcomesThanAttempts,
    UnkeyedForgottenAtOnce,
    UnkeyedShorterThanAttempts,
    FutureAccepted,
    NoRunningMaximum,
    /// Of etags, 8 bits are compared.
    NarrowEtags,
}

/// What came of a command.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    position: u64,
    time: i64,
    /// How many commands with a key were decided before it, if it has one.
    keyed: Option<u64>,
}

/// All that the rule remembers.
#[derive(Debug, Default, Clone)]
pub(super) struct Rule {
    fault: Option<RuleFault>,
    pub(super) windows: Option<Windows>,
    pub(super) position: u64,
    pub(super) log_time: i64,
    /// By the bytes of key and etag that are compared.
    etags: HashMap<[u8; 8], [u8; 8]>,
    outcomes: HashMap<CommandId, Outcome>,
    keyed: u64,
    /// Whether all but the first byte of keys is left out.
    has_narrow_keys: bool,
}

/// Where a record is judged.
#[derive(Clone, Copy)]
struct Here {
    position: u64,
    /// The log time before it.
    before: i64,
    append_time: i64,
}

impl Rule {
    pub(super) fn new(fault: Option<RuleFault>) -> Self {
        Self {
            fault,
            ..Self::default()
        }
    }

    /// The rule, by keys of 8 bits or of 64.
    pub(super) fn comparing(key_bits: u32) -> Self {
        Self {
            has_narrow_keys: key_bits == 8,
            ..Self::default()
        }
    }

    pub(super) fn etag(&self, key: KeyHash) -> Option<Etag> {
        self.etags.get(&self.compared(key)).copied().map(Etag)
    }

    /// Judges the next record. Guards of `ignored` keys are not looked at.
    pub(super) fn judge(&mut self, append_time: i64, entry: &Entry, ignored: &[KeyHash]) -> Fate {
        let here = Here {
            position: self.position + 1,
            before: self.log_time,
            append_time,
        };
        self.position += 1;
        self.log_time = here.before.max(append_time);
        if self.fault == Some(RuleFault::NoRunningMaximum) {
            self.log_time = append_time;
            let window = self.windows.map_or(i64::MAX, |windows| windows.outcome_ms);
            self.outcomes
                .retain(|_, outcome| append_time - outcome.time <= window);
        }
        match entry {
            Entry::Unknown(_) | Entry::Malformed(_) | Entry::Foreign => Fate::Malformed,
            Entry::GraphCreated(_) if self.windows.is_some() => Fate::CreatedBefore,
            Entry::GraphCreated(created) => {
                self.windows = Some(created.windows);
                Fate::Created
            }
            Entry::Attempt(attempt) => {
                let fate = self.fate(here, attempt, ignored);
                if fate == Fate::Effective {
                    let outcome = Outcome {
                        position: self.position,
                        time: self.log_time,
                        keyed: attempt.is_keyed.then_some(self.keyed),
                    };
                    self.keyed += u64::from(attempt.is_keyed);
                    self.outcomes.insert(attempt.command, outcome);
                    let etag = *attempt
                        .id
                        .0
                        .as_bytes()
                        .last_chunk()
                        .expect("it has 16 bytes");
                    for key in &attempt.writes {
                        self.etags.insert(self.compared(*key), etag);
                    }
                }
                fate
            }
        }
    }

    fn fate(&self, here: Here, attempt: &Attempt, ignored: &[KeyHash]) -> Fate {
        let Some(windows) = self.windows else {
            return Fate::NotCreated;
        };
        let is_future = attempt.decided_on >= here.position || attempt.decided_at.0 > here.before;
        if is_future && self.fault != Some(RuleFault::FutureAccepted) {
            return Fate::Malformed;
        }
        let expires_at = match self.fault {
            Some(RuleFault::ExpiryByAppendTime) => here.append_time,
            Some(RuleFault::NoExpiry) => i64::MIN / 2,
            _ => here.before,
        };
        if expires_at.saturating_sub(attempt.decided_at.0) > windows.attempt_ms {
            return Fate::Expired;
        }
        if here.position.saturating_sub(attempt.decided_on) > windows.attempt_positions
            && self.fault != Some(RuleFault::NoExpiryByPosition)
        {
            return Fate::Expired;
        }
        if let Some(position) = self.remembered(attempt.command, here) {
            return Fate::Duplicate(position);
        }
        let stale = attempt.guards.iter().any(|guard| {
            let now = self.etags.get(&self.compared(guard.key));
            !ignored.contains(&guard.key)
                && !self.is_same(now, guard.etag.map(|etag| etag.0).as_ref())
        });
        if stale {
            Fate::Conflict
        } else {
            Fate::Effective
        }
    }

    fn is_same(&self, one: Option<&[u8; 8]>, other: Option<&[u8; 8]>) -> bool {
        match (self.fault, one, other) {
            (Some(RuleFault::NarrowEtags), Some(one), Some(other)) => one[7] == other[7],
            _ => one == other,
        }
    }

    /// Whether the next record would find the command decided.
    pub(super) fn remembers_now(&self, command: CommandId) -> bool {
        let here = Here {
            position: self.position + 1,
            before: self.log_time,
            append_time: self.log_time,
        };
        self.remembered(command, here).is_some()
    }

    /// The position at which the command was decided, if that counts there.
    fn remembered(&self, command: CommandId, here: Here) -> Option<u64> {
        let windows = self.windows?;
        let outcome = self.outcomes.get(&command)?;
        let now = match self.fault {
            Some(RuleFault::EvictionByAppendTime) => here.append_time,
            _ => here.before,
        };
        let age = now.saturating_sub(outcome.time);
        let passed = here.position - outcome.position;
        let lives = |part: u64| {
            age <= windows.attempt_ms / part.cast_signed()
                && passed <= windows.attempt_positions / part
        };
        let counts = match (outcome.keyed, self.fault) {
            (_, Some(RuleFault::NoCommandId)) | (None, Some(RuleFault::UnkeyedForgottenAtOnce)) => {
                false
            }
            (None, Some(RuleFault::UnkeyedShorterThanAttempts)) => lives(2),
            (None, _) => lives(1),
            (Some(before), fault) => {
                let (time, count) = match fault {
                    Some(RuleFault::OutcomesShorterThanAttempts) => {
                        (windows.attempt_ms / 2, windows.outcome_count)
                    }
                    Some(RuleFault::FewerOutcomesThanAttempts) => {
                        (windows.outcome_ms, windows.attempt_positions / 4)
                    }
                    _ => (windows.outcome_ms, windows.outcome_count),
                };
                age <= time && self.keyed - before <= count
            }
        };
        counts.then_some(outcome.position)
    }

    fn compared(&self, key: KeyHash) -> [u8; 8] {
        let mut compared = *key.0.first_chunk().expect("it has 16 bytes");
        if self.has_narrow_keys {
            compared[1..].fill(0);
        }
        compared
    }
}
