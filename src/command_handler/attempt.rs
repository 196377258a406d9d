//! An attempt and its record: what is judged here is what stands in the record.
//!
//! Must never announce what others could read otherwise: the entry is read back out of the message.

use tracing::error;
use uuid::{Builder, Uuid};

use super::{HandlerError, Request};
use crate::{
    domain::{LogTime, UserId},
    event_log::{
        Message,
        record::{self, Envelope},
    },
    judge::{Attempt, CommandId, ContentHash, Entry, HashKey, RecordId},
    replay::model::Decision,
};

/// An attempt as it goes to the log.
pub(super) struct Encoded {
    /// As everybody will read it.
    pub(super) attempt: Attempt,
    pub(super) message: Message,
}

/// The command's id, random where nobody can repeat it, and the hash of its content.
pub(super) fn identify(key: &HashKey, request: &Request) -> (CommandId, ContentHash) {
    let id = match &request.idempotency_key {
        Some(name) => key.command_id(&request.actor, name),
        None => CommandId(*Uuid::new_v4().as_bytes()),
    };
    (id, key.content_hash(&request.command))
}

/// The attempt that a decision makes, and its record.
///
/// # Errors
/// If the record does not say what was decided, which would be a fault of this program: it is not sent.
pub(super) fn encode(
    request: &Request,
    (command, content): (CommandId, ContentHash),
    decision: Decision,
    now: LogTime,
) -> Result<Encoded, HandlerError> {
    let attempt = Attempt {
        id: fresh_record_id(now),
        command,
        content,
        actor: request.actor.clone(),
        decided_at: decision.decided_at,
        decided_on: decision.position,
        is_keyed: request.idempotency_key.is_some(),
        guards: decision.guards,
        writes: decision.writes,
        decision: decision.result,
    };
    let envelope = Envelope {
        time: now,
        traceparent: request.traceparent.as_deref(),
    };
    let message = record::encode(&attempt, envelope);
    match record::decode(&message) {
        Entry::Attempt(read) if read == attempt => Ok(Encoded { attempt, message }),
        entry => {
            error!(
                ?entry,
                "a record does not say what was decided, and is not sent"
            );
            Err(HandlerError::Unavailable(
                "the record cannot be written as it was decided",
            ))
        }
    }
}

/// A `UUIDv7` whose last 64 bits are random, but for the two of the variant: they are the etag of what the
/// record writes. `Uuid::now_v7` counts in a part of them.
fn fresh_record_id(now: LogTime) -> RecordId {
    let noise = Uuid::new_v4().into_bytes();
    let mut random = [0; 10];
    // Between them stand version and variant.
    random[..6].copy_from_slice(&noise[..6]);
    random[6..].copy_from_slice(&noise[9..13]);
    let ms = u64::try_from(now.0).unwrap_or_default();
    RecordId(Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
}

#[expect(clippy::disallowed_methods, reason = "ids of new users are made here")]
pub(super) fn fresh_user_id() -> UserId {
    UserId(Uuid::now_v7())
}
