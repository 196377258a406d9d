//! The write model: what the rule remembers, and the state that the effective events have made.

use std::{collections::VecDeque, num::NonZeroUsize};

use crate::{
    domain::{
        Change, Command, Event, EventType, FoldError, LogTime, Moment, Rejection, State, UserId,
        decide, end_some, fold_in_part,
    },
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
    /// Archives of which something has yet to end, the first first.
    endings: VecDeque<Ended>,
    /// Those of which nothing is left, and that nobody has taken up.
    ended: VecDeque<Ended>,
    /// Whether nothing is ended at once: only in the simulator.
    ends_later: bool,
}

/// How much of what an archive ends is ended at once.
const AT_ONCE: usize = 1_024;

/// What has ended by an archive.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) at: Moment,
    /// The last first.
    pub(super) changes: Vec<Change>,
    /// What it changed in the digest.
    pub(super) digest: Digest,
}

impl Ended {
    fn at(at: Moment) -> Self {
        Self {
            at,
            changes: Vec::new(),
            digest: Digest::default(),
        }
    }
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
            ..Self::default()
        }
    }

    /// The model, with a judge that compares so few bits of keys; see [`Judge::comparing`].
    #[must_use]
    pub fn comparing(mut self, key_bits: u32) -> Self {
        self.judge = self.judge.comparing(key_bits);
        self
    }

    /// The model, where every archive leaves something over, as otherwise only those of hubs do: to see in
    /// a simulation what comes of it.
    #[must_use]
    pub fn ending_later(mut self) -> Self {
        self.ends_later = true;
        self
    }

    /// What the rule remembers.
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

    /// Decides a command on the present state, where a user may have so many friends; `None` before the
    /// log's identity is known.
    #[must_use]
    pub fn decide(
        &self,
        command: &Command,
        fresh: UserId,
        max_friends: Option<NonZeroUsize>,
    ) -> Option<Decision> {
        let hash_key = &self.judge.created()?.hash_key;
        let view = RecordingView::new(&self.state).bounded(max_friends);
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
        let (verdict, mut changes) = self.apply_in_part(offset, append_time, entry)?;
        while let Some(ended) = self.end_some(usize::MAX) {
            changes.extend(ended.changes.into_iter().rev());
        }
        Ok((verdict, changes))
    }

    /// As [`Self::apply`], but of what an archive ends only so much is in the changes and the digest as can
    /// be done at once; [`Self::end_some`] gives the rest.
    pub(super) fn apply_in_part(
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
        self.end_before(event);
        let damaged = |error: FoldError| ReplayError::Damaged {
            position: at.position,
            what: error.to_string(),
        };
        let mut changes = fold_in_part(&mut self.state, event, at).map_err(damaged)?;
        for change in &changes {
            self.digest.change(change, at);
        }
        if matches!(event_type, Some(EventType::UserArchived)) {
            let ending = Ended::at(at);
            self.endings.push_back(ending);
            // Most have few friends; and those before have to end first.
            if !self.ends_later
                && self.endings.len() == 1
                && self.ended.is_empty()
                && let Some(ended) = self.end_some(AT_ONCE)
            {
                changes.extend(ended.changes.into_iter().rev());
            }
        }
        Ok((verdict, changes))
    }

    /// The first position of which something has yet to end.
    pub(super) fn first_to_end(&self) -> Option<u64> {
        self.ended
            .front()
            .or(self.endings.front())
            .map(|it| it.at.position)
    }

    /// Ends so much more at most; gives what ended at a position once it is all, and takes up its digest.
    pub(super) fn end_some(&mut self, most: usize) -> Option<Ended> {
        let ended = self.ended.pop_front();
        let ended = ended.or_else(|| self.end_piece(most))?;
        self.digest += ended.digest;
        Some(ended)
    }

    fn end_piece(&mut self, most: usize) -> Option<Ended> {
        let ending = self.endings.front_mut()?;
        let is_whole = end_some(&mut self.state, most, |change| {
            ending.digest.change(&change, ending.at);
            ending.changes.push(change);
        });
        self.endings.pop_front_if(|_| is_whole)
    }

    /// An event between two of whom one is on the way out waits for that: it may be stored where they were.
    fn end_before(&mut self, event: &Event) {
        let Event::PairChanged { user, other, .. } = event else {
            return;
        };
        while self.state.is_ending_of(*user) || self.state.is_ending_of(*other) {
            let ended = self.end_piece(usize::MAX);
            self.ended.extend(ended);
        }
    }
}
