//! A command handler that is wrong in one way, over the shipped replay and log: what users would see
//! of each mistake that the design warns of. With [`CallFault::None`] it is right, which shows that
//! nothing but the mistake is what is caught.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use fastrand::Rng;
use foaf::{
    command_handler::{HandlerError, Reply, Request},
    domain::{Event, UserId},
    event_log::{
        Appended, Message,
        record::{self, Envelope},
    },
    graphql::Services,
    judge::{Attempt, CommandId, Entry, OutcomeResult, RecordId},
    replay::{
        model::WriteModel,
        waiters::{Passed, Waiter},
    },
};
use tokio::time::{Duration, Instant, sleep_until, timeout_at};
use uuid::Uuid;

use super::log::pass;

/// A way in which a command handler could have been written, and is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallFault {
    /// Right.
    None,
    AnswersOnAcknowledgement,
    RefusesFromLocalState,
    RefusesAfterBarrier,
    KeyedRefusalWithoutRecord,
    NoLookup,
    LookupOnlyWhenDeciding,
    DuplicateLookedUpAgain,
    ConflictAfterOneVoidUnseen,
}

/// The tries whose appends were acknowledged.
#[derive(Clone, Default)]
pub(super) struct Acknowledged(Arc<Mutex<HashMap<u64, Appended>>>);

impl Acknowledged {
    pub(super) fn tell(&self, tag: u64, _: &Message, at: Appended) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tag, at);
    }
}

/// Sees a command through.
pub(super) async fn handle(
    fault: CallFault,
    services: &Services,
    _acknowledged: &Acknowledged,
    request: Request,
    tag: u64,
    mut dice: Rng,
) -> Result<Reply, HandlerError> {
    let deadline = Instant::now() + Duration::from_millis(3_000);
    let replay = &services.replay;
    let (id, content) = replay.read(|model| {
        let key = &model.judge().created().expect("live").hash_key;
        let id = match &request.idempotency_key {
            Some(name) => key.command_id(&request.actor, name),
            None => CommandId(*Uuid::new_v4().as_bytes()),
        };
        (id, key.content_hash(&request.command))
    }).await;
    let _ = (tag, &mut dice, deadline, content, id);
    let _ = (fault, pass(0));
    unimplemented_yet()
}

fn unimplemented_yet() -> Result<Reply, HandlerError> {
    Err(HandlerError::Conflict)
}

#[expect(unused, reason = "to come")]
fn later(_: Waiter, _: Passed, _: &WriteModel, _: Attempt, _: Entry, _: OutcomeResult, _: RecordId, _: Event, _: UserId, _: Envelope<'_>) {
    let _ = (record::types(), sleep_until(Instant::now()), timeout_at(Instant::now(), async {}));
}
