//! What counts: the rule, which every reader applies to every record in log order.
//!
//! Must never use a setting of its node, a clock, or anything that does not stand in the log: two
//! nodes that read the same records come to the same verdicts. Once released, the rule never
//! changes; a new one gets a new number.

pub mod entry;
pub mod identity;
pub mod key;
mod outcomes;
pub mod view;

use std::collections::HashMap;

use crate::domain::{Event, LogTime, Rejection, UserId};

pub use entry::{Attempt, Entry, GraphCreated, Guard, Unknown, Windows};
pub use identity::{CommandId, ContentHash, Etag, HashKey, LogId, RecordId, Recorded};
pub use key::{ConflictKey, KeyHash, written_keys};
pub use view::RecordingView;

use outcomes::Outcomes;

/// The number of the rule that this build applies and writes.
pub const RULE: u32 = 2;

/// What became of a command, remembered as long as the log's [`Windows`] say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The position of the record that decided it.
    pub position: u64,
    /// The log time after that record.
    pub time: LogTime,
    /// The hash of the command's content.
    pub content: ContentHash,
    /// What it came to.
    pub result: OutcomeResult,
}

/// What a decided command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeResult {
    /// It took effect and made this user.
    Registered(UserId),
    /// It took effect.
    Done,
    /// It was refused.
    Rejected(Rejection),
}

/// What the rule says of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The log's identity: the first `GraphCreated`.
    Created,
    /// It decided its command: the event happened, or the refusal is final.
    Decided(Outcome),
    /// It changes nothing.
    Void(Void),
}

/// Why a record changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Void {
    /// Not ours, or it breaks its own schema.
    Malformed,
    /// A second `GraphCreated`.
    CreatedBefore,
    /// No `GraphCreated` stands before it.
    NotCreated,
    /// It was on its way for too long.
    Expired,
    /// Its command had this outcome already.
    Duplicate(Outcome),
    /// Something that it was decided on has changed.
    Conflict,
}

impl Void {
    /// A label for metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::CreatedBefore => "created_before",
            Self::NotCreated => "not_created",
            Self::Expired => "expired",
            Self::Duplicate(_) => "duplicate",
            Self::Conflict => "conflict",
        }
    }
}

/// The replay must stop: this build cannot judge what it reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this build judges by rule {RULE}, and does not know {what} at position {position}: {}", what.way_out())]
pub struct Unsupported {
    /// Where.
    pub position: u64,
    /// What is unknown.
    pub what: Unknown,
}

/// All that the rule reads: a pure function of the records so far.
#[derive(Debug, Default)]
pub struct Judge {
    created: Option<GraphCreated>,
    position: u64,
    log_time: LogTime,
    etags: HashMap<u64, Etag, key::KeyHasher>,
    /// Of commands with an idempotency key.
    keyed: Outcomes,
    /// Of commands that nobody can repeat: their records may still come twice.
    once: Outcomes,
    /// The last record of ours: tells this past of the log from another one.
    last: Option<Recorded>,
    /// Whether records of ours came before the log's identity.
    is_headless: bool,
    /// Which bits of keys are not compared: none, but in the simulator.
    ignored_bits: u64,
}

impl Judge {
    /// The log's identity, once the replay has met it.
    #[must_use]
    pub fn created(&self) -> Option<&GraphCreated> {
        self.created.as_ref()
    }

    /// How many log positions have been judged.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The running maximum of the append times.
    #[must_use]
    pub fn log_time(&self) -> LogTime {
        self.log_time
    }

    /// The last record of ours that was judged.
    #[must_use]
    pub fn last(&self) -> Option<Recorded> {
        self.last
    }

    /// Whether records of ours stand in the log and no identity before them: it has lost its first.
    #[must_use]
    pub fn is_headless(&self) -> bool {
        self.is_headless
    }

    /// The etag of a key: of the record that last wrote it.
    #[must_use]
    pub fn etag(&self, key: KeyHash) -> Option<Etag> {
        self.etags.get(&self.compared(key)).copied()
    }

    /// What became of a command with an idempotency key, if that will still be remembered where the next
    /// record is judged.
    #[must_use]
    pub fn outcome(&self, command: CommandId) -> Option<Outcome> {
        let outcome = self.keyed.get(command)?;
        let windows = self.created.as_ref()?.windows;
        let age = self.log_time.0.saturating_sub(outcome.time.0);
        (age <= windows.outcome_ms).then_some(outcome)
    }

    /// Every key that was ever written, as the judge compares it, with its etag, in no order.
    #[must_use]
    pub fn etags(&self) -> impl ExactSizeIterator<Item = (u64, Etag)> {
        self.etags.iter().map(|(key, etag)| (*key, *etag))
    }

    /// Every remembered command with a key, or each without one, the oldest first.
    pub fn outcomes(&self, keyed: bool) -> impl Iterator<Item = (CommandId, Outcome)> {
        self.kept(keyed).iter()
    }

    /// How many commands are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.keyed.len() + self.once.len()
    }

    /// How many of them.
    #[must_use]
    pub fn outcome_count(&self, keyed: bool) -> usize {
        self.kept(keyed).len()
    }

    /// A judge that compares so few bits of keys, to see in a simulation what comes of keys that agree. A
    /// node compares 64.
    #[must_use]
    pub fn comparing(mut self, key_bits: u32) -> Self {
        self.ignored_bits = u64::MAX.checked_shr(key_bits).unwrap_or(0);
        self
    }

    fn compared(&self, key: KeyHash) -> u64 {
        key.compared() & !self.ignored_bits
    }

    fn kept(&self, keyed: bool) -> &Outcomes {
        if keyed { &self.keyed } else { &self.once }
    }

    fn kept_mut(&mut self, keyed: bool) -> &mut Outcomes {
        if keyed {
            &mut self.keyed
        } else {
            &mut self.once
        }
    }

    /// A judge that has come to that position, but for its etags and outcomes, which
    /// `restore_etag` and `restore_outcome` give back.
    #[must_use]
    pub fn resume(
        created: GraphCreated,
        position: u64,
        log_time: LogTime,
        last: Option<Recorded>,
    ) -> Self {
        Self {
            created: Some(created),
            last,
            position,
            log_time,
            ..Self::default()
        }
    }

    /// Makes room for so many etags. Without it, those that come in the order of another judge's
    /// table would crowd together in a smaller one.
    pub fn reserve_etags(&mut self, etags: usize) {
        self.etags.reserve(etags);
    }

    /// Makes room for so many outcomes.
    pub fn reserve_outcomes(&mut self, keyed: bool, outcomes: usize) {
        self.kept_mut(keyed).reserve(outcomes);
    }

    /// Gives back an etag.
    pub fn restore_etag(&mut self, key: u64, etag: Etag) {
        self.etags.insert(key, etag);
    }

    /// Gives back an outcome; they come in the order of [`Self::outcomes`], each command once.
    pub fn restore_outcome(&mut self, keyed: bool, command: CommandId, outcome: Outcome) {
        self.kept_mut(keyed).insert(command, outcome);
    }

    /// Judges the record at `offset`, which must not lie before [`Self::position`].
    ///
    /// # Errors
    /// [`Unsupported`] if the record is ours but of an unknown rule, type or version.
    pub fn judge(
        &mut self,
        offset: u64,
        append_time: LogTime,
        entry: &Entry,
    ) -> Result<Verdict, Unsupported> {
        debug_assert!(offset >= self.position, "records come in log order");
        if let Entry::Unknown(what) = entry {
            let (position, what) = (offset + 1, what.clone());
            return Err(Unsupported { position, what });
        }
        let before = self.log_time;
        self.position = offset + 1;
        self.log_time = before.max(append_time);
        self.forget(before);
        let id = match entry {
            Entry::GraphCreated(created) => Some(created.id),
            Entry::Attempt(attempt) => Some(attempt.id),
            Entry::Foreign | Entry::Malformed(_) | Entry::Unknown(_) => None,
        };
        let position = self.position;
        self.last = id.map(|id| Recorded { position, id }).or(self.last);
        let is_ours = matches!(entry, Entry::Malformed(_) | Entry::Attempt(_));
        self.is_headless |= is_ours && self.created.is_none();
        Ok(match entry {
            Entry::Unknown(_) | Entry::Malformed(_) | Entry::Foreign => {
                Verdict::Void(Void::Malformed)
            }
            Entry::GraphCreated(_) if self.created.is_some() => Verdict::Void(Void::CreatedBefore),
            Entry::GraphCreated(created) => {
                self.created = Some(created.clone());
                Verdict::Created
            }
            Entry::Attempt(attempt) => match self.windows_for(attempt, before) {
                Err(void) => Verdict::Void(void),
                Ok(windows) => Verdict::Decided(self.take_effect(attempt, windows)),
            },
        })
    }

    /// Passes over the offsets before `next`, which have no record: no time passes there.
    pub fn pass_over(&mut self, next: u64) {
        self.position = self.position.max(next);
    }

    /// The log's windows, if the attempt takes effect; else why it does not.
    fn windows_for(&self, attempt: &Attempt, before: LogTime) -> Result<Windows, Void> {
        let Some(created) = &self.created else {
            return Err(Void::NotCreated);
        };
        let windows = created.windows;
        if attempt.decided_on >= self.position || attempt.decided_at > before {
            return Err(Void::Malformed);
        }
        let decided = (attempt.decided_at, attempt.decided_on);
        if is_past(windows, decided, (before, self.position)) {
            return Err(Void::Expired);
        }
        // What is too old by now was forgotten before.
        let known = self.keyed.get(attempt.command);
        if let Some(outcome) = known.or_else(|| self.once.get(attempt.command)) {
            return Err(Void::Duplicate(outcome));
        }
        let is_current = |guard: &Guard| self.etag(guard.key) == guard.etag;
        if attempt.guards.iter().all(is_current) {
            Ok(windows)
        } else {
            Err(Void::Conflict)
        }
    }

    fn take_effect(&mut self, attempt: &Attempt, windows: Windows) -> Outcome {
        let result = match &attempt.decision {
            Ok(Event::UserRegistered { user, .. }) => OutcomeResult::Registered(*user),
            Ok(_) => OutcomeResult::Done,
            Err(rejection) => OutcomeResult::Rejected(*rejection),
        };
        let outcome = Outcome {
            position: self.position,
            time: self.log_time,
            content: attempt.content,
            result,
        };
        if attempt.is_keyed {
            self.keyed.insert(attempt.command, outcome);
            if self.keyed.len() as u64 > windows.outcome_count {
                self.keyed.forget_first();
            }
        } else {
            self.once.insert(attempt.command, outcome);
        }
        let etag = attempt.id.etag();
        for key in &attempt.writes {
            self.etags.insert(self.compared(*key), etag);
        }
        outcome
    }

    /// Forgets outcomes that no later record can ask for: log time never goes back. `before` is the log
    /// time before the record that is judged.
    fn forget(&mut self, before: LogTime) {
        let Some(windows) = self.created.as_ref().map(|created| created.windows) else {
            return;
        };
        self.keyed
            .forget(|time, _| ms_between(time, before) > windows.outcome_ms);
        let now = (before, self.position);
        self.once
            .forget(|time, position| is_past(windows, (time, position), now));
    }
}

/// Whether an attempt that was decided then is too old now. What was decided without a key is remembered
/// for exactly as long after it.
fn is_past(windows: Windows, then: (LogTime, u64), now: (LogTime, u64)) -> bool {
    ms_between(then.0, now.0) > windows.attempt_ms
        || now.1.saturating_sub(then.1) > windows.attempt_positions
}

fn ms_between(then: LogTime, now: LogTime) -> i64 {
    // Times come from the log, where a foreign program may have written any number.
    now.0.saturating_sub(then.0)
}
