//! The write side: a command becomes a record, and its answer comes from the own replay.
//!
//! Optimistic concurrency on a log that has none: the condition travels in the record, and its place
//! in the log decides. Must never answer on the produce acknowledgement alone, and never refuse from
//! local state what another node could have made possible.

mod attempt;
mod bulk;
mod call;
mod first;
mod key_queue;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    sync::{OnceCell, Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

use crate::{
    clock::Clock,
    config::Writing,
    domain::{Rejection, RejectionCode, UserId},
    event_log::{AppendError, Appended, EventLog},
    judge::{CommandId, ContentHash, Entry, GraphCreated, HashKey, Outcome, OutcomeResult},
    metrics as names,
    replay::{
        Replay, ReplayError,
        model::{Decision, WriteModel},
        waiters::{Passed, Waiter},
    },
};

pub use bulk::BULK;
pub use call::{HandlerError, MAX_IDEMPOTENCY_KEY, Reply, Request};

use attempt::{Encoded, fresh_user_id, identify};
use first::LastMoved;
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
    writing: Writing,
    under_way: Semaphore,
    /// Known once replay is live, and never another.
    identity: OnceCell<GraphCreated>,
    last_moved: LastMoved,
    fault: tokio::sync::watch::Sender<Option<ReplayError>>,
}

/// What a look at the present state says of a command.
enum Step {
    Answer(Result<Reply, HandlerError>),
    Attempt(Decision, Ticket),
}

impl CommandHandler {
    /// A handler within these bounds.
    #[must_use]
    pub fn new(
        log: Arc<dyn EventLog>,
        replay: Arc<Replay>,
        clock: Clock,
        writing: Writing,
    ) -> Self {
        Self {
            log,
            replay,
            queue: Arc::default(),
            clock,
            writing,
            under_way: Semaphore::new(MAX_UNDER_WAY),
            identity: OnceCell::new(),
            last_moved: LastMoved::default(),
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
            .see_through(&request, start + self.writing.timeout, None)
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
        let named = identify(self.hash_key(deadline).await?, request);
        let (id, content) = named;
        // Before anything is waited for: what passes from now on answers it, also where it is forgotten by
        // the time that the command can be decided.
        let mut waiter = self.replay.wait_for(id);
        if request.idempotency_key.is_some()
            && let Some(outcome) = self.replay.read(|model| model.judge().outcome(id)).await
        {
            return reply(outcome, content);
        }
        let admitted = async {
            let room = self.room(1, deadline).await?;
            Ok((room, self.go_first(deadline).await?))
        };
        let _admitted = match admitted.await {
            Ok(admitted) => admitted,
            Err(error) => return told_or(error, waiter.told(0), content),
        };
        // Once for the command: an attempt anew has the same keys, and keeps its place in the queue.
        let user = fresh_user_id();
        let mut ticket = None;
        let mut attempts = 0;
        let mut start = Instant::now();
        while attempts < ATTEMPTS {
            let held = ticket.take();
            let told = earlier.and_then(|(waiter, number)| waiter.told(number));
            let step = |model: &WriteModel| match told.or_else(|| waiter.told(0)) {
                Some(outcome) => Step::Answer(reply(outcome, content)),
                None => self.step(model, request, named, user, held),
            };
            let (decision, held) = match self.replay.read(step).await {
                Step::Answer(answer) => return answer,
                Step::Attempt(decision, ticket) => (decision, ticket),
            };
            if !held.is_held() {
                let mut waiting = held;
                // Whoever decides this command first answers it, however long we wait.
                let turn = loop {
                    tokio::select! {
                        biased;
                        passed = waiter.next() => if let Passed::Decided(outcome) = passed {
                            return reply(outcome, content);
                        },
                        turn = timeout_at(deadline, waiting.held()) => break turn,
                    }
                };
                turn.map_err(|_| BUSY)?;
                ticket = Some(waiting);
                continue;
            }
            attempts += 1;
            let encoded = attempt::encode(request, named, decision, (self.clock)())?;
            metrics::histogram!(names::DECIDE_SECONDS).record(start.elapsed().as_secs_f64());
            let passed = self.attempt(encoded, &mut waiter, deadline).await?;
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
        Ok(permits)
    }

    /// The key of the log's hashes, once replay is live.
    async fn hash_key(&self, deadline: Instant) -> Result<&HashKey, HandlerError> {
        if let Some(identity) = self.identity.get() {
            return Ok(&identity.hash_key);
        }
        let mut progress = self.replay.progress();
        let live = progress.wait_for(|progress| progress.live_at.is_some());
        if !matches!(timeout_at(deadline, live).await, Ok(Ok(_))) {
            return Err(HandlerError::Unavailable("the log is still being replayed"));
        }
        let read = || {
            self.replay
                .read(|model| model.judge().created().expect("replay is live").clone())
        };
        Ok(&self.identity.get_or_init(read).await.hash_key)
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
            .decide(&request.command, user, self.writing.max_friends)
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

    /// Appends an attempt and waits until the own replay has passed it; `None` if it was void.
    async fn attempt(
        &self,
        Encoded { attempt, message }: Encoded,
        waiter: &mut Waiter,
        deadline: Instant,
    ) -> Result<Option<Outcome>, HandlerError> {
        let id = attempt.id;
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
        Ok(Reply {
            result: OutcomeResult::Rejected(refusal),
            ..
        }) => match refusal.code {
            RejectionCode::Unchanged => "unchanged",
            _ => "rejected",
        },
        Ok(_) => "done",
        Err(HandlerError::Conflict) => "conflict",
        Err(HandlerError::OutcomeUnknown) => "unknown",
        Err(HandlerError::IdempotencyKeyReused) => "key_reused",
        Err(HandlerError::Unavailable(_)) => "unavailable",
    };
    metrics::counter!(names::COMMANDS, "outcome" => outcome).increment(1);
    metrics::histogram!(names::COMMAND_SECONDS).record(start.elapsed().as_secs_f64());
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

/// The error of a command that could not be decided, unless it was told meanwhile what came of it.
fn told_or(
    error: HandlerError,
    told: Option<Outcome>,
    content: ContentHash,
) -> Result<Reply, HandlerError> {
    told.map_or(Err(error), |outcome| reply(outcome, content))
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
