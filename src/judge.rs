//! What counts: Rule 1, which every reader applies to every record in log order.
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

pub use entry::{Attempt, Entry, GraphCreated, Guard, Windows};
pub use identity::{CommandId, ContentHash, HashKey, LogId, RecordId};
pub use key::{ConflictKey, KeyHash, written_keys};
pub use view::RecordingView;

use outcomes::Outcomes;

/// The number of the rule that this build applies and writes.
pub const RULE: u32 = 1;

/// What became of a command, remembered for [`Windows::outcome_ms`] of log time.
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

/// What Rule 1 says of a record.
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
#[error(
    "this build is too old for the log: {what} at position {position} is unknown to it; run the build that wrote it, or a later one"
)]
pub struct TooOld {
    /// Where.
    pub position: u64,
    /// What is unknown.
    pub what: String,
}

/// All that Rule 1 reads: a pure function of the records so far.
#[derive(Debug, Default)]
pub struct Judge {
    created: Option<GraphCreated>,
    position: u64,
    log_time: LogTime,
    etags: HashMap<KeyHash, RecordId, key::KeyHasher>,
    outcomes: Outcomes,
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

    /// The record that last wrote a key.
    #[must_use]
    pub fn etag(&self, key: KeyHash) -> Option<RecordId> {
        self.etags.get(&key).copied()
    }

    /// What became of a command, if that is still remembered.
    #[must_use]
    pub fn outcome(&self, command: CommandId) -> Option<Outcome> {
        let outcome = self.outcomes.get(command)?;
        self.remembers(outcome.time, self.log_time)
            .then_some(outcome)
    }

    /// Every key that was ever written, with its etag, in no order.
    #[must_use]
    pub fn etags(&self) -> impl ExactSizeIterator<Item = (KeyHash, RecordId)> {
        self.etags.iter().map(|(key, etag)| (*key, *etag))
    }

    /// Every remembered command, the oldest first.
    pub fn outcomes(&self) -> impl Iterator<Item = (CommandId, Outcome)> {
        self.outcomes.iter()
    }

    /// How many commands are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.outcomes.len()
    }

    /// A judge that has come to that position, but for its etags and outcomes, which
    /// `restore_etag` and `restore_outcome` give back.
    #[must_use]
    pub fn resume(created: GraphCreated, position: u64, log_time: LogTime) -> Self {
        Self {
            created: Some(created),
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
    pub fn reserve_outcomes(&mut self, outcomes: usize) {
        self.outcomes.reserve(outcomes);
    }

    /// Gives back an etag.
    pub fn restore_etag(&mut self, key: KeyHash, etag: RecordId) {
        self.etags.insert(key, etag);
    }

    /// Gives back an outcome; they come in the order of [`Self::outcomes`], each command once.
    pub fn restore_outcome(&mut self, command: CommandId, outcome: Outcome) {
        self.outcomes.insert(command, outcome);
    }

    /// Judges the record at `offset`, which must not lie before [`Self::position`].
    ///
    /// # Errors
    /// [`TooOld`] if the record is ours but of an unknown rule, type or version.
    pub fn judge(
        &mut self,
        offset: u64,
        append_time: LogTime,
        entry: &Entry,
    ) -> Result<Verdict, TooOld> {
        debug_assert!(offset >= self.position, "records come in log order");
        if let Entry::Unknown(what) = entry {
            let (position, what) = (offset + 1, what.clone());
            return Err(TooOld { position, what });
        }
        let before = self.log_time;
        self.position = offset + 1;
        self.log_time = before.max(append_time);
        self.forget(before);
        Ok(match entry {
            Entry::Unknown(_) | Entry::Malformed(_) => Verdict::Void(Void::Malformed),
            Entry::GraphCreated(_) if self.created.is_some() => Verdict::Void(Void::CreatedBefore),
            Entry::GraphCreated(created) => {
                self.created = Some(created.clone());
                Verdict::Created
            }
            Entry::Attempt(attempt) => match self.void(attempt, before) {
                Some(void) => Verdict::Void(void),
                None => Verdict::Decided(self.take_effect(attempt)),
            },
        })
    }

    /// Passes over the offsets before `next`, which have no record: no time passes there.
    pub fn pass_over(&mut self, next: u64) {
        self.position = self.position.max(next);
    }

    fn void(&self, attempt: &Attempt, before: LogTime) -> Option<Void> {
        let Some(created) = &self.created else {
            return Some(Void::NotCreated);
        };
        if before.0.saturating_sub(attempt.decided_at.0) > created.windows.attempt_ms {
            return Some(Void::Expired);
        }
        // What is too old by now was forgotten before.
        if let Some(outcome) = self.outcomes.get(attempt.command) {
            return Some(Void::Duplicate(outcome));
        }
        let current = |guard: &Guard| self.etag(guard.key) == guard.etag;
        (!attempt.guards.iter().all(current)).then_some(Void::Conflict)
    }

    fn take_effect(&mut self, attempt: &Attempt) -> Outcome {
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
        self.outcomes.insert(attempt.command, outcome);
        for key in &attempt.writes {
            self.etags.insert(*key, attempt.id);
        }
        outcome
    }

    fn remembers(&self, decided: LogTime, now: LogTime) -> bool {
        remembers(self.created.as_ref(), decided, now)
    }

    /// Forgets outcomes that no later record can ask for: log time never goes back.
    fn forget(&mut self, now: LogTime) {
        let created = self.created.as_ref();
        self.outcomes
            .forget(|decided| !remembers(created, decided, now));
    }
}

fn remembers(created: Option<&GraphCreated>, decided: LogTime, now: LogTime) -> bool {
    // Times come from the log, where a foreign program may have written any number.
    created.is_some_and(|created| now.0.saturating_sub(decided.0) <= created.windows.outcome_ms)
}
