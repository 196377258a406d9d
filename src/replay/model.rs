//! The write model: what Rule 1 remembers, and the state that the effective events have made.

use crate::domain::Command;
use crate::{
    domain::{Change, Event, LogTime, Moment, Rejection, State, UserId, decide, fold},
    graph::digest::Digest,
    judge::{ConflictKey, Entry, Guard, Judge, KeyHash, RecordingView, Verdict, written_keys},
};

use super::{ReplayError, index::EventIndex};

/// Judge, state and digest at one position, and what came of those before.
#[derive(Debug, Default)]
pub struct WriteModel {
    judge: Judge,
    state: State,
    digest: Digest,
    events: EventIndex,
}

/// A decision and everything that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The event, or the refusal.
    pub result: Result<Event, Rejection>,
    /// Each key read or written, with its etag.
    pub guards: Vec<Guard>,
    /// The keys that the event writes.
    pub writes: Vec<KeyHash>,
    /// The log time on which it was decided.
    pub decided_at: LogTime,
    /// The position on which it was decided.
    pub position: u64,
}

impl WriteModel {
    /// A model of these parts, which belong together.
    pub(super) fn restore(judge: Judge, state: State, digest: Digest, events: EventIndex) -> Self {
        Self {
            judge,
            state,
            digest,
            events,
        }
    }

    /// What Rule 1 remembers.
    #[must_use]
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// The users and what stands between them.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The digest of the graph that follows from the state and its past.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Which events took effect where.
    #[must_use]
    pub fn events(&self) -> &EventIndex {
        &self.events
    }

    /// The position reached.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.judge.position()
    }

    /// Decides a command on the present state; `None` before the log's identity is known.
    #[must_use]
    pub fn decide(&self, command: &Command, fresh: UserId) -> Option<Decision> {
        let hash_key = &self.judge.created()?.hash_key;
        let view = RecordingView::new(&self.state);
        let result = decide(&view, command, fresh);
        let hash = |key: &ConflictKey| key.hash(hash_key);
        let guard = |key: KeyHash| Guard {
            key,
            etag: self.judge.etag(key),
        };
        let noted = view.into_noted();
        let guards: Vec<_> = noted.iter().map(hash).map(guard).collect();
        // Whoever is written was noted, so its hash is known.
        let noted_hash = |key: &ConflictKey| {
            let place = noted.iter().position(|noted| noted == key);
            place.map_or_else(|| hash(key), |place| guards[place].key)
        };
        let written = result.as_ref().map(written_keys).unwrap_or_default();
        Some(Decision {
            writes: written.iter().map(noted_hash).collect(),
            guards,
            result,
            decided_at: self.judge.log_time(),
            position: self.position(),
        })
    }

    /// Passes over the offsets before `next`, which have no record; says whether there were any.
    pub(super) fn pass_over(&mut self, next: u64) -> bool {
        let before = self.position();
        self.judge.pass_over(next);
        self.position() > before
    }

    /// Judges the record at `offset` and folds it if it counts.
    pub(super) fn apply(
        &mut self,
        offset: u64,
        append_time: LogTime,
        entry: &Entry,
    ) -> Result<(Verdict, Vec<Change>), ReplayError> {
        let verdict = self.judge.judge(offset, append_time, entry)?;
        let event = match (&verdict, entry) {
            (Verdict::Decided(_), Entry::Attempt(attempt)) => attempt.decision.as_ref().ok(),
            _ => None,
        };
        let at = Moment {
            position: self.position(),
            time: self.judge.log_time(),
        };
        let event_type = event.map(Event::event_type);
        self.events
            .push(at.position, event_type, append_time, at.time);
        let Some(event) = event else {
            return Ok((verdict, Vec::new()));
        };
        let changes = fold(&mut self.state, event, at).map_err(|error| ReplayError::Damaged {
            position: at.position,
            what: error.to_string(),
        })?;
        for change in &changes {
            self.digest.change(change, at);
        }
        Ok((verdict, changes))
    }
}
