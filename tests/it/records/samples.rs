//! One fixed record of every type.

use foaf::{
    domain::{
        Event, Field, LogTime, Pair, PairEvent, Rejection, RejectionCode, StateEvent, UserId,
    },
    event_log::{
        Message,
        record::{self, Envelope},
    },
    judge::{
        Attempt, ConflictKey, ContentHash, Entry, GraphCreated, Guard, HashKey, LogId, RecordId,
        Windows, written_keys,
    },
};
use uuid::Uuid;

use crate::sample::{handle, pair_event, profile, state_event, user};

/// 2026-01-02T03:04:05.678Z
const TIME: LogTime = LogTime(1_767_323_045_678);

const ENVELOPE: Envelope<'static> = Envelope {
    time: TIME,
    traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
};

/// An entry, and the message that carries it.
pub(super) struct Sample {
    pub(super) kind: String,
    pub(super) entry: Entry,
    pub(super) message: Message,
}

/// A sample of every type, in the order of the story that they tell.
pub(super) fn all() -> Vec<Sample> {
    let mut samples = vec![created()];
    let decisions = events().into_iter().map(Ok).chain([Err(rejection())]);
    samples.extend(decisions.zip(1..).map(|(decision, number)| {
        let attempt = attempt(number, decision);
        let message = record::encode(&attempt, ENVELOPE);
        sample(Entry::Attempt(attempt), message)
    }));
    samples
}

/// The sample of that type.
pub(super) fn of(kind: &str) -> Sample {
    let found = all().into_iter().find(|sample| sample.kind == kind);
    found.unwrap_or_else(|| panic!("no sample of {kind}"))
}

/// The same message with that header set, or taken away.
pub(super) fn with_header(message: &Message, name: &str, value: Option<&[u8]>) -> Message {
    let is_there = message.headers.get(name).is_some();
    assert!(value.is_none() || is_there, "the header is there");
    let set = |(header, before)| match value {
        _ if header != name => Some((header, before)),
        value => Some((header, value?)),
    };
    Message {
        headers: message.headers.iter().filter_map(set).collect(),
        ..message.clone()
    }
}

/// The text of a header.
pub(super) fn header<'a>(message: &'a Message, name: &str) -> &'a str {
    let found = message.headers.text(name);
    found.unwrap_or_else(|| panic!("no header {name}, or no text"))
}

fn sample(entry: Entry, message: Message) -> Sample {
    Sample {
        kind: header(&message, "ce_type").to_owned(),
        entry,
        message,
    }
}

fn created() -> Sample {
    let created = GraphCreated {
        id: record(0),
        log_id: LogId(user(0xff).0),
        hash_key: hash_key(),
        windows: Windows::DEFAULT,
    };
    let envelope = Envelope {
        traceparent: None,
        ..ENVELOPE
    };
    let message = record::encode_created(&created, envelope);
    sample(Entry::GraphCreated(created), message)
}

fn events() -> Vec<Event> {
    let [ann, bob, cho] = [1, 2, 3].map(user);
    vec![
        Event::UserRegistered {
            user: ann,
            profile: profile("ann.lee_99", "Ann \"Annie\"", Some("Lee-李 👩‍💻")),
            pending: true,
        },
        state_event(StateEvent::UserActivated, ann),
        Event::ProfileUpdated {
            user: ann,
            profile: profile("ann", "Ann", Some("O’Neill")),
            former_handle: Some(handle("ann.lee_99")),
        },
        pair_event(PairEvent::FriendRequested, bob, ann),
        pair_event(PairEvent::FriendRequestDeclined, ann, bob),
        pair_event(PairEvent::FriendRequestCancelled, cho, ann),
        pair_event(PairEvent::FriendshipFormed, bob, ann),
        pair_event(PairEvent::FriendshipRemoved, ann, bob),
        pair_event(PairEvent::UserBlocked, cho, bob),
        pair_event(PairEvent::UserUnblocked, cho, bob),
        state_event(StateEvent::UserSuspended, bob),
        state_event(StateEvent::UserReactivated, bob),
        state_event(StateEvent::UserArchived, bob),
    ]
}

fn rejection() -> Rejection {
    Rejection::new(RejectionCode::HandleTaken, Field::Handle)
}

/// The attempt of that number: guards on what it writes and on the users behind it, every second
/// of them never written before.
fn attempt(number: u8, decision: Result<Event, Rejection>) -> Attempt {
    let key = hash_key();
    let written = decision.as_ref().map(written_keys).unwrap_or_default();
    let mut guarded = written.clone();
    for user in users_of(&decision) {
        if !guarded.contains(&ConflictKey::User(user)) {
            guarded.push(ConflictKey::User(user));
        }
    }
    let etag = |place: usize| (place % 2 == 1).then(|| record(number - 1).etag());
    let guards = guarded.iter().enumerate().map(|(place, guarded)| Guard {
        key: guarded.hash(&key),
        etag: etag(place),
    });
    Attempt {
        id: record(number),
        command: key.command_id("anybody", &format!("key {number}")),
        content: ContentHash([number; 16]),
        actor: "anybody".into(),
        decided_at: LogTime(TIME.0 - 1_001),
        decided_on: 40 + u64::from(number),
        is_keyed: true,
        guards: guards.collect(),
        writes: written.iter().map(|written| written.hash(&key)).collect(),
        decision,
    }
}

fn users_of(decision: &Result<Event, Rejection>) -> Vec<UserId> {
    match decision {
        Err(_) => vec![user(1)],
        Ok(
            Event::UserRegistered { user, .. }
            | Event::ProfileUpdated { user, .. }
            | Event::StateChanged { user, .. },
        ) => vec![*user],
        Ok(Event::PairChanged { user, other, .. }) => {
            let pair = Pair::new(*user, *other).expect("two users");
            vec![pair.low(), pair.high()]
        }
    }
}

fn hash_key() -> HashKey {
    HashKey(std::array::from_fn(|index| {
        u8::try_from(index).expect("below 32")
    }))
}

/// A `UUIDv7` of the time of the samples.
fn record(number: u8) -> RecordId {
    let time = u128::try_from(TIME.0).expect("after 1970");
    let id = time << 80 | 0x7000 << 64 | 0x8000 << 48 | u128::from(number);
    RecordId(Uuid::from_u128(id))
}
