//! The write side: a command becomes a record, and its answer comes from the own replay.
//!
//! Optimistic concurrency on a log that has none: the condition travels in the record, and its place
//! in the log decides. Must never answer on the produce acknowledgement alone, and never refuse from
//! local state what another node could have made possible.

mod bulk;
mod call;
mod key_queue;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    sync::{OnceCell, Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use crate::{
    clock::Clock,
    domain::{Rejection, UserId},
    event_log::{
        AppendError, Appended, EventLog, Message,
        record::{self, Envelope},
    },
    judge::{Attempt, CommandId, ContentHash, Entry, HashKey, Outcome, OutcomeResult, RecordId},
    metrics as names,
    replay::{
        Replay, ReplayError,
        model::{Decision, WriteModel},
        waiters::{Passed, Waiter},
    },
};

pub use bulk::BULK;
pub use call::{HandlerError, MAX_IDEMPOTENCY_KEY, Reply, Request};

use key_queue::{KeyQueue, Ticket, keys_of};

/// How many attempts a command makes before it is given up as `CONFLICT`.
const ATTEMPTS: usize = 8;

/// The most commands under way in one process; more wait.
const MAX_UNDER_WAY: usize = 8_192;

const BUSY: HandlerError = HandlerError::Unavailable("too many commands are under way");
const NOT_TAKEN: HandlerError = HandlerError::Unavailable("the log did not take the record");

/// Decides commands and sees them through the log.
pub struct CommandHandler {
    log: Arc<dyn EventLog>,
    replay: Arc<Replay>,
    queue: Arc<KeyQueue>,
    clock: Clock,
    deadline: Duration,
    under_way: Semaphore,
    /// Known from the log's identity on, and never another.
    hash_key: OnceCell<HashKey>,
    fault: tokio::sync::watch::Sender<Option<ReplayError>>,
}

/// What a look at the present state says of a command.
enum Step {
    Answer(Result<Reply, HandlerError>),
    Attempt(Decision, Ticket),
}

impl CommandHandler {
    /// A handler that gives up on a command after `deadline`.
    #[must_use]
    pub fn new(
        log: Arc<dyn EventLog>,
        replay: Arc<Replay>,
        clock: Clock,
        deadline: Duration,
    ) -> Self {
        Self {
            log,
            replay,
            queue: Arc::default(),
            clock,
            deadline,
            under_way: Semaphore::new(MAX_UNDER_WAY),
            hash_key: OnceCell::new(),
            fault: tokio::sync::watch::Sender::new(None),
        }
    }

    /// Resolves with the reason when an own record could not be applied: the process must end.
    pub async fn failed(&self) -> ReplayError {
        let mut fault = self.fault.subscribe();
        loop {
            if let Some(error) = fault.borrow_and_update().clone() {
                return error;
            }
            if fault.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Sees a command through: its answer is that of the first record of this command which the own
    /// replay passes.
    ///
    /// # Errors
    /// See [`HandlerError`]. Dropping the future leaves an attempt that may still take effect.
    pub async fn handle(&self, request: Request) -> Result<Reply, HandlerError> {
        let start = Instant::now();
        let answer = self
            .see_through(&request, start + self.deadline, None)
            .await;
        note(&answer, start);
        answer
    }

    async fn see_through(
        &self,
        request: &Request,
        deadline: Instant,
        earlier: Option<(&Waiter, usize)>,
    ) -> Result<Reply, HandlerError> {
        let _room = self.room(1, deadline).await?;
        let named = identify(self.hash_key().await, request);
        let (id, content) = named;
        // Once for the command: an attempt anew has the same keys, and keeps its place in the queue.
        let user = fresh_user_id();
        let mut waiter = self.replay.wait_for(id);
        // What passed since the request arrived answers it, also where it is forgotten by now.
        if let Some(outcome) = earlier.and_then(|(waiter, number)| waiter.told(number)) {
            return reply(outcome, content);
        }
        let mut ticket = None;
        let mut attempts = 0;
        let mut start = Instant::now();
        while attempts < ATTEMPTS {
            let held = ticket.take();
            let step = |model: &WriteModel| self.step(model, request, named, user, held);
            let (decision, held) = match self.replay.read(step).await {
                Step::Answer(answer) => return answer,
                Step::Attempt(decision, ticket) => (decision, ticket),
            };
            if !held.is_held() {
                let mut waiting = held;
                // Whoever decides this command first answers it, however long we wait.
                tokio::select! {
                    biased;
                    Passed::Decided(outcome) = waiter.next() => return reply(outcome, content),
                    turn = timeout_at(deadline, waiting.held()) => {
                        turn.map_err(|_| BUSY)?;
                        ticket = Some(waiting);
                        continue;
                    }
                }
            }
            attempts += 1;
            let attempt = attempt(request, named, decision);
            metrics::histogram!(names::DECIDE_SECONDS).record(start.elapsed().as_secs_f64());
            let passed = self
                .attempt(request, attempt, &mut waiter, deadline)
                .await?;
            start = Instant::now();
            if let Some(outcome) = passed {
                return reply(outcome, content);
            }
            metrics::counter!(names::CONFLICTS).increment(1);
            ticket = Some(held);
        }
        Err(HandlerError::Conflict)
    }

    /// Waits until so many commands more may come under way.
    async fn room(
        &self,
        commands: u32,
        deadline: Instant,
    ) -> Result<SemaphorePermit<'_>, HandlerError> {
        let permits = self.under_way.acquire_many(commands);
        let Ok(Ok(permits)) = timeout_at(deadline, permits).await else {
            return Err(BUSY);
        };
        timeout_at(deadline, self.replay.room())
            .await
            .map_err(|_| HandlerError::Unavailable("the projection is too far behind"))?;
        self.live(deadline).await?;
        Ok(permits)
    }

    async fn live(&self, deadline: Instant) -> Result<(), HandlerError> {
        // Known only when live.
        if self.hash_key.initialized() {
            return Ok(());
        }
        let mut progress = self.replay.progress();
        match timeout_at(
            deadline,
            progress.wait_for(|progress| progress.live_at.is_some()),
        )
        .await
        {
            Ok(Ok(_)) => Ok(()),
            _ => Err(HandlerError::Unavailable("the log is still being replayed")),
        }
    }

    async fn hash_key(&self) -> &HashKey {
        let read = || {
            self.replay.read(|model| {
                let created = model.judge().created().expect("replay is live");
                created.hash_key.clone()
            })
        };
        self.hash_key.get_or_init(read).await
    }

    /// Looks the command up, then decides it; both at one position. A ticket is taken at that
    /// position too, so that a decision with a held ticket rests on no unfinished attempt of ours.
    fn step(
        &self,
        model: &WriteModel,
        request: &Request,
        (id, content): (CommandId, ContentHash),
        user: UserId,
        ticket: Option<Ticket>,
    ) -> Step {
        if let Some(outcome) = model.judge().outcome(id) {
            return Step::Answer(reply(outcome, content));
        }
        let decision = model
            .decide(&request.command, user)
            .expect("replay is live");
        if let Err(rejection) = decision.result
            && self.needs_no_record(request, rejection)
        {
            return Step::Answer(Ok(Reply {
                position: decision.position,
                result: OutcomeResult::Rejected(rejection),
            }));
        }
        let keys = keys_of(&decision, id);
        let ticket = match ticket {
            Some(ticket) if ticket.covers(&keys) => ticket,
            // Dropped first: it must not wait for itself.
            ticket => {
                drop(ticket);
                self.queue.enter(keys)
            }
        };
        Step::Attempt(decision, ticket)
    }

    /// A refusal needs no record where no earlier attempt could still prove it wrong: it can never
    /// become false; or there is no key to repeat the command by, and no other node.
    fn needs_no_record(&self, request: &Request, rejection: Rejection) -> bool {
        rejection.is_permanent() || (request.idempotency_key.is_none() && self.log.is_exclusive())
    }

    fn encode(&self, request: &Request, attempt: &Attempt) -> Message {
        let envelope = Envelope {
            time: (self.clock)(),
            traceparent: request.traceparent.as_deref(),
        };
        record::encode(attempt, envelope)
    }

    /// Appends an attempt and waits until the own replay has passed it; `None` if it was void.
    async fn attempt(
        &self,
        request: &Request,
        attempt: Attempt,
        waiter: &mut Waiter,
        deadline: Instant,
    ) -> Result<Option<Outcome>, HandlerError> {
        let id = attempt.id;
        let message = self.encode(request, &attempt);
        let entry = Entry::Attempt(attempt);
        let start = Instant::now();
        let acknowledged = OnceLock::new();
        let acknowledgement = async {
            let appended = self.log.append(message).await;
            if let Ok(appended) = appended {
                let now = *acknowledged.get_or_init(Instant::now);
                let elapsed = (now - start).as_secs_f64();
                metrics::histogram!(names::APPEND_SECONDS).record(elapsed);
                if let Err(error) = self.replay.apply_acknowledged(&entry, appended).await {
                    self.fault.send_replace(Some(error));
                }
            } else if !may_be_taken(&appended) {
                return;
            }
            std::future::pending::<()>().await;
        };
        tokio::pin!(acknowledgement);
        loop {
            tokio::select! {
                biased;
                passed = waiter.next() => {
                    // The replay may have met it first.
                    let replay = acknowledged.get().map_or(Duration::ZERO, Instant::elapsed);
                    let outcome = match passed {
                        Passed::Decided(outcome) => Some(outcome),
                        Passed::Void(record) if record == id => None,
                        // An attempt of an earlier call of the same command.
                        Passed::Void(_) => continue,
                    };
                    metrics::histogram!(names::REPLAY_SECONDS).record(replay.as_secs_f64());
                    return Ok(outcome);
                },
                () = &mut acknowledgement => return Err(NOT_TAKEN),
                () = tokio::time::sleep_until(deadline) => return Err(HandlerError::OutcomeUnknown),
            }
        }
    }
}

fn note(answer: &Result<Reply, HandlerError>, start: Instant) {
    let outcome = match answer {
        Ok(reply) if matches!(reply.result, OutcomeResult::Rejected(_)) => "rejected",
        Ok(_) => "done",
        Err(HandlerError::Conflict) => "conflict",
        Err(HandlerError::OutcomeUnknown) => "unknown",
        Err(HandlerError::IdempotencyKeyReused) => "key_reused",
        Err(HandlerError::Unavailable(_)) => "unavailable",
    };
    metrics::counter!(names::COMMANDS, "outcome" => outcome).increment(1);
    metrics::histogram!(names::COMMAND_SECONDS).record(start.elapsed().as_secs_f64());
}

fn identify(key: &HashKey, request: &Request) -> (CommandId, ContentHash) {
    let id = match &request.idempotency_key {
        Some(name) => key.command_id(&request.actor, name),
        None => CommandId(*Uuid::new_v4().as_bytes()),
    };
    (id, key.content_hash(&request.command))
}

fn attempt(
    request: &Request,
    (command, content): (CommandId, ContentHash),
    decision: Decision,
) -> Attempt {
    Attempt {
        id: fresh_record_id(),
        command,
        content,
        actor: request.actor.clone(),
        decided_at: decision.decided_at,
        guards: decision.guards,
        writes: decision.writes,
        decision: decision.result,
    }
}

/// Whether the log may have taken a record; says why it is not known to have.
fn may_be_taken(appended: &Result<Appended, AppendError>) -> bool {
    match appended {
        Ok(_) => true,
        Err(AppendError::Unknown(reason)) => {
            tracing::warn!(reason, "an append was not acknowledged");
            true
        }
        Err(AppendError::Refused(reason)) => {
            tracing::warn!(reason, "the log refused a record");
            false
        }
    }
}

fn reply(outcome: Outcome, content: ContentHash) -> Result<Reply, HandlerError> {
    if outcome.content != content {
        return Err(HandlerError::IdempotencyKeyReused);
    }
    Ok(Reply {
        position: outcome.position,
        result: outcome.result,
    })
}

#[expect(clippy::disallowed_methods, reason = "ids of records are made here")]
fn fresh_record_id() -> RecordId {
    RecordId(Uuid::now_v7())
}

#[expect(clippy::disallowed_methods, reason = "ids of new users are made here")]
fn fresh_user_id() -> UserId {
    UserId(Uuid::now_v7())
}
