//! Random records: what is written is read again, and reading survives whatever it is given.

use fastrand::Rng;
use foaf::{
    domain::{Event, Field, LogTime, Rejection, RejectionCode, State, fold},
    event_log::record::{self, Envelope},
    judge::{
        Attempt, CommandId, ContentHash, Entry, GraphCreated, Guard, HashKey, KeyHash, LogId,
        RecordId, Windows, written_keys,
    },
};
use uuid::Uuid;

use super::samples::{self, with_header};
use crate::sample::{moment, name, random, texts};

fn bytes<const N: usize>(rng: &mut Rng) -> [u8; N] {
    std::array::from_fn(|_| rng.u8(..))
}

fn record_id(rng: &mut Rng) -> RecordId {
    RecordId(Uuid::from_bytes(bytes(rng)))
}

/// Any time between the years -9999 and 9999 would do; people live between 1900 and 2200.
fn time(rng: &mut Rng) -> LogTime {
    LogTime(rng.i64(-2_208_988_800_000..7_258_118_400_000))
}

fn attempt(rng: &mut Rng, decision: Result<Event, Rejection>) -> Attempt {
    let written = decision
        .as_ref()
        .map_or(0, |event| written_keys(event).len());
    let guards: Vec<Guard> = (0..written + rng.usize(0..6))
        .map(|_| Guard {
            key: KeyHash(bytes(rng)),
            etag: rng.bool().then(|| record_id(rng).etag()),
        })
        .collect();
    let writes = rng.choose_multiple(guards.iter(), written);
    Attempt {
        id: record_id(rng),
        command: CommandId(bytes(rng)),
        content: ContentHash(bytes(rng)),
        actor: rng.choice(texts::names()).expect("not empty").into(),
        decided_at: time(rng),
        decided_on: rng.u64(..),
        is_keyed: rng.bool(),
        writes: writes.into_iter().map(|guard| guard.key).collect(),
        guards,
        decision,
    }
}

/// The event with names that are hard to write.
fn with_hard_names(rng: &mut Rng, mut event: Event) -> Event {
    if let Event::UserRegistered { profile, .. } | Event::ProfileUpdated { profile, .. } =
        &mut event
    {
        profile.first_name = name(&rng.choice(texts::names()).expect("not empty"));
        profile.last_name = rng
            .choice(texts::names())
            .filter(|_| rng.bool())
            .map(|text| name(&text));
    }
    event
}

#[test]
fn what_is_written_is_read_again() {
    for seed in 0..50 {
        let mut rng = Rng::with_seed(seed);
        let mut state = State::default();
        for position in 1..50 {
            let decision = if rng.u8(0..5) == 0 {
                let code = rng.choice(RejectionCode::ALL).expect("not empty");
                let field = rng.choice(Field::ALL).expect("not empty");
                Err(Rejection::new(*code, *field))
            } else {
                let event = random::event(&mut rng, &state);
                fold(&mut state, &event, moment(position)).expect("a decided event fits");
                Ok(with_hard_names(&mut rng, event))
            };
            let attempt = attempt(&mut rng, decision);
            let envelope = Envelope {
                time: time(&mut rng),
                traceparent: rng
                    .bool()
                    .then_some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            };
            let message = record::encode(&attempt, envelope);
            assert_eq!(record::record_id(&message), Some(attempt.id));
            assert_eq!(record::decode(&message), Entry::Attempt(attempt));
        }
    }
}

#[test]
fn an_identity_is_read_again() {
    let mut rng = Rng::with_seed(7);
    for _ in 0..100 {
        let attempt_ms = rng.i64(1..i64::MAX);
        let attempt_positions = rng.u64(1..u64::MAX);
        let created = GraphCreated {
            id: record_id(&mut rng),
            log_id: LogId(Uuid::from_bytes(bytes(&mut rng))),
            hash_key: HashKey(bytes(&mut rng)),
            windows: Windows {
                attempt_ms,
                attempt_positions,
                outcome_ms: rng.i64(attempt_ms..=i64::MAX),
                outcome_count: rng.u64(attempt_positions..=u64::MAX),
            },
        };
        let envelope = Envelope {
            time: time(&mut rng),
            traceparent: None,
        };
        let message = record::encode_created(&created, envelope);
        assert_eq!(record::decode(&message), Entry::GraphCreated(created));
    }
}

#[test]
fn a_damaged_record_is_never_another_one_by_accident() {
    let mut rng = Rng::with_seed(3);
    let (mut malformed, mut unknown) = (0, 0);
    for sample in samples::all() {
        for _ in 0..500 {
            let mut message = sample.message.clone();
            let place = rng.usize(0..=message.headers.len());
            let header = message.headers.iter().nth(place);
            let header = header.map(|(name, value)| (name.to_owned(), value.to_vec()));
            let mut damaged = header.as_ref().map_or(&message.value, |(_, v)| v).clone();
            if damaged.is_empty() {
                continue;
            }
            let byte = rng.usize(0..damaged.len());
            damaged[byte] = rng.u8(..);
            match header {
                Some((name, _)) => message = with_header(&message, &name, Some(&damaged)),
                None => message.value = damaged,
            }
            // Whatever comes of it, it does not panic.
            match record::decode(&message) {
                Entry::Malformed(_) | Entry::Foreign => malformed += 1,
                Entry::Unknown(_) => unknown += 1,
                Entry::Attempt(_) | Entry::GraphCreated(_) => {}
            }
        }
    }
    assert!(malformed > 1000 && unknown > 50, "{malformed} {unknown}");
}
