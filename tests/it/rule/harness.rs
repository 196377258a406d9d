//! A log of hand-made entries and its judge.

use foaf::{
    domain::{Event, Field, LogTime, Rejection, RejectionCode},
    judge::{
        Attempt, CommandId, ContentHash, Entry, GraphCreated, Guard, HashKey, Judge, KeyHash,
        LogId, Outcome, OutcomeResult, RecordId, Unsupported, Verdict, Void, Windows,
    },
};
use uuid::Uuid;

use crate::sample::{registered, user};

/// The windows of [`Windows::DEFAULT`], as the design names them.
pub(super) const HOUR: i64 = 60 * 60 * 1000;
pub(super) const DAY: i64 = 24 * HOUR;

/// Judges one entry after the other.
#[derive(Default)]
pub(super) struct Log {
    pub(super) judge: Judge,
}

impl Log {
    /// A log with an identity, written at that time.
    pub(super) fn created_at(time: i64) -> Self {
        let mut log = Self::default();
        assert_eq!(log.append(time, created(1)), Verdict::Created);
        log
    }

    /// Appends at that time of the broker's clock.
    pub(super) fn append(&mut self, time: i64, entry: impl Into<Said>) -> Verdict {
        self.try_append(time, entry).expect("a known entry")
    }

    pub(super) fn try_append(
        &mut self,
        time: i64,
        entry: impl Into<Said>,
    ) -> Result<Verdict, Unsupported> {
        let offset = self.judge.position();
        self.judge.judge(offset, LogTime(time), &entry.into().0)
    }

    /// Appends, and expects that it takes effect.
    #[track_caller]
    pub(super) fn effective(&mut self, time: i64, attempt: Attempt) -> Outcome {
        match self.append(time, attempt) {
            Verdict::Decided(outcome) => outcome,
            other => panic!("expected an effective record, got {other:?}"),
        }
    }

    /// Appends, and expects that it changes nothing.
    #[track_caller]
    pub(super) fn void(&mut self, time: i64, entry: impl Into<Said>) -> Void {
        match self.append(time, entry) {
            Verdict::Void(void) => void,
            other => panic!("expected a void record, got {other:?}"),
        }
    }
}

/// What a record says; saves the tests the wrapping.
pub(super) struct Said(Entry);

impl From<Attempt> for Said {
    fn from(attempt: Attempt) -> Self {
        Self(Entry::Attempt(attempt))
    }
}

impl From<GraphCreated> for Said {
    fn from(created: GraphCreated) -> Self {
        Self(Entry::GraphCreated(created))
    }
}

impl From<Entry> for Said {
    fn from(entry: Entry) -> Self {
        Self(entry)
    }
}

pub(super) fn created(number: u8) -> GraphCreated {
    GraphCreated {
        id: record(100 + number),
        log_id: LogId(Uuid::from_u128(u128::from(number))),
        hash_key: HashKey([number; 32]),
        windows: Windows::DEFAULT,
    }
}

/// The record of that number: it registers somebody, by a command of its own, decided at time 0,
/// and rests on nothing.
pub(super) fn attempt(number: u8) -> Attempt {
    Attempt {
        id: record(number),
        command: command(number),
        content: ContentHash([number; 16]),
        actor: "anybody".into(),
        decided_at: LogTime(0),
        decided_on: 0,
        is_keyed: true,
        guards: Vec::new(),
        writes: Vec::new(),
        decision: Ok(registration(number)),
    }
}

pub(super) fn registration(number: u8) -> Event {
    registered(user(number))
}

pub(super) fn refusal() -> Rejection {
    Rejection::new(RejectionCode::HandleTaken, Field::Handle)
}

pub(super) fn rejected() -> OutcomeResult {
    OutcomeResult::Rejected(refusal())
}

pub(super) fn record(number: u8) -> RecordId {
    RecordId(Uuid::from_u128(0x7000 + u128::from(number)))
}

pub(super) fn command(number: u8) -> CommandId {
    CommandId([number; 16])
}

pub(super) fn key(number: u8) -> KeyHash {
    KeyHash([number; 16])
}

/// The guard of a key that the record of that number wrote; `None`: never written.
pub(super) fn guard(key_number: u8, etag: Option<u8>) -> Guard {
    Guard {
        key: key(key_number),
        etag: etag.map(|number| record(number).etag()),
    }
}
