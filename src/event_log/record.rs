//! The wire format: one record is one event, as a CloudEvents 1.0 Kafka message in binary mode.
//!
//! `asyncapi.yaml` and `schemas/` describe it; `tests/data/records` keeps a sample of every type and
//! version. Old versions are upcast here when they are decoded; the log is never rewritten. Must
//! never compute anew what an old record says (keys, hashes, command ids): all of it is data.

mod data;
mod trace;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use uuid::Uuid;

use crate::{
    domain::{Event, LogTime, Pair},
    judge::{
        Attempt, CommandId, ContentHash, Entry, Etag, GraphCreated, Guard, KeyHash, RULE, RecordId,
        Unknown, written_keys,
    },
};

use super::{Headers, Message};

/// The CloudEvents source of every record of ours.
pub const SOURCE: &str = "foaf";

static TIMES: DateTimePrinter = DateTimePrinter::new();

/// What a record carries beside its entry, for people and tools; the judge never reads it.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The writer's clock.
    pub time: LogTime,
    /// The W3C trace context of the request that caused it; left out of the record if it is none.
    pub traceparent: Option<&'a str>,
}

/// Every type of record that this build knows, with its version.
#[must_use]
pub fn types() -> &'static [&'static str] {
    data::TYPES
}

/// The record that gives a log its identity.
#[must_use]
pub fn encode_created(created: &GraphCreated, envelope: Envelope<'_>) -> Message {
    let subject = created.log_id.0.to_string();
    let headers = headers(created.id, data::CREATED, &subject, envelope);
    message(subject, headers, data::created(created))
}

/// The record of an attempt.
#[must_use]
pub fn encode(attempt: &Attempt, envelope: Envelope<'_>) -> Message {
    let (kind, subject, value) = match &attempt.decision {
        Ok(event) => (data::type_of(event), subject(event), data::event(event)),
        Err(rejection) => (
            data::REJECTED,
            short(&attempt.command.0),
            data::rejection(*rejection),
        ),
    };
    let mut headers = headers(attempt.id, kind, &subject, envelope);
    headers.write("ce_command", |bytes| push_short(bytes, &attempt.command.0));
    headers.write("ce_contenthash", |bytes| {
        push_short(bytes, &attempt.content.0);
    });
    headers.push("ce_actor", attempt.actor.as_bytes());
    headers.write("ce_decidedat", |bytes| push_time(bytes, attempt.decided_at));
    headers.push("ce_decidedon", attempt.decided_on.to_string().as_bytes());
    headers.push(
        "ce_keyed",
        if attempt.is_keyed { b"true" } else { b"false" },
    );
    headers.write("ce_guards", |bytes| push_guards(bytes, &attempt.guards));
    headers.write("ce_writes", |bytes| push_writes(bytes, &attempt.writes));
    message(subject, headers, value)
}

/// What a message says. Never fails: what cannot be understood is an entry too.
#[must_use]
pub fn decode(message: &Message) -> Entry {
    let header = |name: &str| message.headers.text(name);
    if header("ce_source") != Some(SOURCE) {
        return Entry::Foreign;
    }
    let (Some(rule), Some(kind)) = (header("ce_rule"), header("ce_type")) else {
        return Entry::Malformed("no ce_rule or no ce_type".to_owned());
    };
    if rule != RULE.to_string() {
        return Entry::Unknown(Unknown::Rule(rule.to_owned()));
    }
    if !data::TYPES.contains(&kind) {
        return Entry::Unknown(Unknown::Type(kind.to_owned()));
    }
    understand(message, kind).unwrap_or_else(|reason| Entry::Malformed(reason.to_owned()))
}

/// The type of an event's record, with its version.
#[must_use]
pub fn type_of(event: &Event) -> &'static str {
    data::type_of(event)
}

/// A command's id as records hold it.
#[must_use]
pub fn command_text(command: CommandId) -> String {
    short(&command.0)
}

/// The id of a record, if it has one: enough to tell whether two records are the same.
#[must_use]
pub fn record_id(message: &Message) -> Option<RecordId> {
    let id = message.headers.text("ce_id")?;
    data::parse_id(id).map(RecordId)
}

fn understand(message: &Message, kind: &str) -> Result<Entry, &'static str> {
    let header = |name: &'static str, what| message.headers.text(name).ok_or(what);
    let id = record_id(message).ok_or("ce_id is not a UUID")?;
    let told = header("ce_subject", "no ce_subject")?;
    if header("ce_specversion", "no ce_specversion")? != "1.0" {
        return Err("ce_specversion is not 1.0");
    }
    time_of(header("ce_time", "no ce_time")?).ok_or("ce_time is not a time")?;
    if kind == data::CREATED {
        let created = data::parse_created(id, &message.value)?;
        return if told == created.log_id.0.to_string() {
            Ok(Entry::GraphCreated(created))
        } else {
            Err("ce_subject is not the log's id")
        };
    }
    let command = CommandId(long(header("ce_command", "no ce_command")?).ok_or("bad ce_command")?);
    let content = header("ce_contenthash", "no ce_contenthash")?;
    let decision = if kind == data::REJECTED {
        match data::parse_rejection(&message.value)? {
            Some(rejection) => Err(rejection),
            None => return Ok(Entry::Unknown(Unknown::Refusal)),
        }
    } else {
        Ok(data::parse_event(kind, &message.value)?)
    };
    let expected = match &decision {
        Ok(event) => subject(event),
        Err(_) => short(&command.0),
    };
    if told != expected {
        return Err("ce_subject does not fit the data");
    }
    let attempt = Attempt {
        id,
        command,
        content: ContentHash(long(content).ok_or("bad ce_contenthash")?),
        actor: header("ce_actor", "no ce_actor")?.into(),
        decided_at: time_of(header("ce_decidedat", "no ce_decidedat")?)
            .ok_or("ce_decidedat is not a time")?,
        decided_on: number(header("ce_decidedon", "no ce_decidedon")?)
            .ok_or("ce_decidedon is not a position")?,
        is_keyed: match header("ce_keyed", "no ce_keyed")? {
            "true" => true,
            "false" => false,
            _ => return Err("ce_keyed is neither true nor false"),
        },
        guards: parse_guards(header("ce_guards", "no ce_guards")?).ok_or("bad ce_guards")?,
        writes: parse_writes(header("ce_writes", "no ce_writes")?).ok_or("bad ce_writes")?,
        decision,
    };
    check_keys(&attempt)?;
    Ok(Entry::Attempt(attempt))
}

/// The keys are pseudonyms, so only their number and their place can be checked.
fn check_keys(attempt: &Attempt) -> Result<(), &'static str> {
    let guarded = |key: &KeyHash| attempt.guards.iter().any(|guard| guard.key == *key);
    if !attempt.writes.iter().all(guarded) {
        return Err("ce_writes names a key that ce_guards does not");
    }
    let expected = attempt
        .decision
        .as_ref()
        .map_or(0, |event| written_keys(event).len());
    if attempt.writes.len() != expected {
        return Err("ce_writes has not as many keys as the event writes");
    }
    Ok(())
}

/// What an event is about: a user, or a pair as `lower:higher`.
fn subject(event: &Event) -> String {
    match event {
        Event::UserRegistered { user, .. }
        | Event::ProfileUpdated { user, .. }
        | Event::StateChanged { user, .. } => user.to_string(),
        Event::PairChanged { user, other, .. } => match Pair::new(*user, *other) {
            Some(pair) => format!("{}:{}", pair.low(), pair.high()),
            None => user.to_string(),
        },
    }
}

/// The headers that every record of ours begins with, and room for the rest.
fn headers(id: RecordId, kind: &str, subject: &str, envelope: Envelope<'_>) -> Headers {
    let mut headers = Headers::with_capacity(17, 512);
    headers.push("ce_specversion", b"1.0");
    headers.write("ce_id", |bytes| push_uuid(bytes, id.0));
    headers.push("ce_type", kind.as_bytes());
    headers.push("ce_source", SOURCE.as_bytes());
    headers.push("ce_subject", subject.as_bytes());
    headers.write("ce_time", |bytes| push_time(bytes, envelope.time));
    headers.push("content-type", b"application/json");
    if let Some(traceparent) = envelope.traceparent.filter(|text| trace::is_parent(text)) {
        headers.push("traceparent", traceparent.as_bytes());
    }
    headers.write("ce_rule", |bytes| {
        bytes.extend(RULE.to_string().into_bytes());
    });
    headers
}

fn message(subject: String, headers: Headers, value: Vec<u8>) -> Message {
    Message {
        key: subject.into_bytes(),
        headers,
        value,
    }
}

fn push_uuid(bytes: &mut Vec<u8>, id: Uuid) {
    bytes.extend_from_slice(
        id.hyphenated()
            .encode_lower(&mut Uuid::encode_buffer())
            .as_bytes(),
    );
}

fn push_time(bytes: &mut Vec<u8>, time: LogTime) {
    TIMES
        .print_timestamp(&timestamp(time), bytes)
        .expect("memory takes it");
}

fn push_short(bytes: &mut Vec<u8>, hash: &[u8]) {
    let mut text = [0; 22];
    let length = URL_SAFE_NO_PAD.encode_slice(hash, &mut text);
    bytes.extend_from_slice(&text[..length.expect("16 bytes are 22 letters")]);
}

fn short(bytes: &[u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn long<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (length == BYTES).then_some(bytes)
}

/// A number in the one form in which records hold it.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// `key=etag`, with `-` for a key that was never written, separated by commas.
fn push_guards(bytes: &mut Vec<u8>, guards: &[Guard]) {
    push_list(bytes, guards, |bytes, guard| {
        push_short(bytes, &guard.key.0);
        bytes.push(b'=');
        match guard.etag {
            Some(etag) => push_short(bytes, &etag.0),
            None => bytes.push(b'-'),
        }
    });
}

fn parse_guards(text: &str) -> Option<Vec<Guard>> {
    parts(text)
        .map(|part| {
            let (key, etag) = part.split_once('=')?;
            let etag = match etag {
                "-" => None,
                etag => Some(Etag(long(etag)?)),
            };
            let key = KeyHash(long(key)?);
            Some(Guard { key, etag })
        })
        .collect()
}

fn push_writes(bytes: &mut Vec<u8>, writes: &[KeyHash]) {
    push_list(bytes, writes, |bytes, key| push_short(bytes, &key.0));
}

/// What [`parts`] takes apart.
fn push_list<T>(bytes: &mut Vec<u8>, items: &[T], push: impl Fn(&mut Vec<u8>, &T)) {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            bytes.push(b',');
        }
        push(bytes, item);
    }
}

fn parse_writes(text: &str) -> Option<Vec<KeyHash>> {
    parts(text).map(|part| long(part).map(KeyHash)).collect()
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|_| !text.is_empty())
}

/// A time for people and callers: RFC 3339, in UTC, with milliseconds. All have one width, and sort as
/// text.
#[must_use]
pub fn time_text(time: LogTime) -> String {
    static WIDE: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
    WIDE.timestamp_to_string(&timestamp(time))
}

fn timestamp(time: LogTime) -> Timestamp {
    Timestamp::from_millisecond(time.0).unwrap_or_default()
}

fn time_of(text: &str) -> Option<LogTime> {
    let time: Timestamp = text.parse().ok()?;
    Some(LogTime(time.as_millisecond()))
}
