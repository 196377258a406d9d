//! A command handler that is wrong in one way, over the shipped replay and log: what users would see
//! of each mistake that the design warns of. With [`CallFault::Nothing`] it is right, which shows that
//! it is the mistake that is caught.

use fastrand::Rng;
use foaf::{
    command_handler::{HandlerError, Reply, Request},
    domain::{Event, Rejection, RejectionCode, UserId},
    event_log::{
        Message,
        record::{self, Envelope},
    },
    graphql::Services,
    judge::{Attempt, CommandId, ContentHash, Outcome, OutcomeResult, RecordId},
    replay::{
        model::{Decision, WriteModel},
        waiters::{Passed, Waiter},
    },
};
use tokio::time::{Duration, Instant, sleep_until};
use uuid::Uuid;

use super::log::pass;

/// A way in which a command handler could have been written, and is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallFault {
    Nothing,
    AnswersOnAcknowledgement,
    RefusesFromLocalState,
    RefusesAfterBarrier,
    KeyedRefusalWithoutRecord,
    UnchangedFromLocalState,
    NoLookup,
    LooksUpOnlyWhenDeciding,
    LooksUpDuplicates,
    ConflictWhereUnknown,
}

/// A command on its way.
struct Way<'a> {
    fault: CallFault,
    services: &'a Services,
    request: Request,
    id: CommandId,
    content: ContentHash,
    user: UserId,
    deadline: Instant,
}

enum Step {
    Answer(Result<Reply, HandlerError>),
    Attempt(Decision),
}

/// What comes next after an attempt.
enum Then {
    Answer(Result<Reply, HandlerError>),
    Again,
}

/// Sees a command through.
pub(super) async fn handle(
    fault: CallFault,
    services: &Services,
    request: Request,
    deadline_ms: u64,
    mut dice: Rng,
) -> Result<Reply, HandlerError> {
    // Stands for the queue of commands that share keys.
    let wait = if dice.u8(..4) == 0 {
        dice.u64(..2_500)
    } else {
        0
    };
    let deadline = Instant::now() + Duration::from_millis(wait + deadline_ms);
    let identify = |model: &WriteModel| {
        let key = &model.judge().created().expect("live").hash_key;
        let id = match &request.idempotency_key {
            Some(name) => key.command_id(&request.actor, name),
            None => CommandId(*Uuid::new_v4().as_bytes()),
        };
        (id, key.content_hash(&request.command))
    };
    let (id, content) = services.replay.read(identify).await;
    let way = Way {
        fault,
        services,
        request,
        id,
        content,
        user: UserId(Uuid::new_v4()),
        deadline,
    };
    if fault == CallFault::LooksUpOnlyWhenDeciding {
        pass(wait).await;
        return way.go(services.replay.wait_for(id)).await;
    }
    let mut waiter = services.replay.wait_for(id);
    tokio::select! {
        biased;
        outcome = decided(&mut waiter) => return way.reply(outcome),
        () = pass(wait) => {}
    }
    way.go(waiter).await
}

async fn decided(waiter: &mut Waiter) -> Outcome {
    loop {
        if let Passed::Decided(outcome) = waiter.next().await {
            return outcome;
        }
    }
}

impl Way<'_> {
    async fn go(&self, mut waiter: Waiter) -> Result<Reply, HandlerError> {
        for _ in 0..8 {
            if self.fault == CallFault::RefusesAfterBarrier {
                self.pass_barrier().await;
            }
            let step = self.services.replay.read(|model| self.step(model)).await;
            let decision = match step {
                Step::Answer(answer) => return answer,
                Step::Attempt(decision) => decision,
            };
            match self.attempt(decision, &mut waiter).await {
                Then::Answer(answer) => return answer,
                Then::Again => {}
            }
        }
        Err(HandlerError::Conflict)
    }

    fn step(&self, model: &WriteModel) -> Step {
        if self.fault != CallFault::NoLookup
            && let Some(outcome) = model.judge().outcome(self.id)
        {
            return Step::Answer(self.reply(outcome));
        }
        let decision = model
            .decide(&self.request.command, self.user, None)
            .expect("live");
        match decision.result {
            Err(rejection) if self.is_answered_at_once(rejection) => Step::Answer(Ok(Reply {
                position: decision.position,
                result: OutcomeResult::Rejected(rejection),
            })),
            _ => Step::Attempt(decision),
        }
    }

    fn is_answered_at_once(&self, rejection: Rejection) -> bool {
        let is_keyed = self.request.idempotency_key.is_some();
        let is_permanent = matches!(
            rejection.code,
            RejectionCode::SelfReference | RejectionCode::UserArchived
        );
        is_permanent
            || match self.fault {
                CallFault::RefusesFromLocalState | CallFault::RefusesAfterBarrier => true,
                CallFault::KeyedRefusalWithoutRecord => is_keyed,
                CallFault::UnchangedFromLocalState
                    if rejection.code == RejectionCode::Unchanged =>
                {
                    true
                }
                _ => !is_keyed && self.services.log.is_exclusive(),
            }
    }

    /// Waits until the own replay has passed a record that was appended just now.
    async fn pass_barrier(&self) {
        let barrier = Message {
            key: b"barrier".to_vec(),
            ..Message::default()
        };
        if let Ok(appended) = self.services.log.append(barrier).await {
            let mut progress = self.services.replay.progress();
            let passed = progress.wait_for(|progress| progress.position > appended.offset);
            tokio::select! {
                _ = passed => {}
                () = sleep_until(self.deadline) => {}
            }
        }
    }

    async fn attempt(&self, decision: Decision, waiter: &mut Waiter) -> Then {
        let attempt = Attempt {
            id: RecordId(Uuid::new_v4()),
            command: self.id,
            content: self.content,
            actor: self.request.actor.clone(),
            decided_at: decision.decided_at,
            decided_on: decision.position,
            is_keyed: self.request.idempotency_key.is_some(),
            guards: decision.guards,
            writes: decision.writes,
            decision: decision.result,
        };
        let envelope = Envelope {
            time: (self.services.clock)(),
            traceparent: self.request.traceparent.as_deref(),
        };
        let message = record::encode(&attempt, envelope);
        let acknowledgement = async {
            match self.services.log.append(message).await {
                Ok(appended) if self.fault == CallFault::AnswersOnAcknowledgement => appended,
                _ => std::future::pending().await,
            }
        };
        tokio::pin!(acknowledgement);
        loop {
            tokio::select! {
                biased;
                passed = waiter.next() => match passed {
                    Passed::Decided(outcome) => return self.hear(outcome).await,
                    Passed::Void(record) if record == attempt.id => return Then::Again,
                    Passed::Void(_) => {}
                },
                appended = &mut acknowledgement => {
                    let result = match &attempt.decision {
                        Ok(Event::UserRegistered { user, .. }) => OutcomeResult::Registered(*user),
                        Ok(_) => OutcomeResult::Done,
                        Err(rejection) => OutcomeResult::Rejected(*rejection),
                    };
                    let position = appended.offset + 1;
                    return Then::Answer(Ok(Reply { position, result }));
                }
                () = sleep_until(self.deadline) => {
                    return Then::Answer(Err(match self.fault {
                        CallFault::ConflictWhereUnknown => HandlerError::Conflict,
                        _ => HandlerError::OutcomeUnknown,
                    }));
                }
            }
        }
    }

    async fn hear(&self, outcome: Outcome) -> Then {
        if self.fault != CallFault::LooksUpDuplicates {
            return Then::Answer(self.reply(outcome));
        }
        let look_up = |model: &WriteModel| model.judge().outcome(self.id);
        match self.services.replay.read(look_up).await {
            Some(outcome) => Then::Answer(self.reply(outcome)),
            None => Then::Again,
        }
    }

    fn reply(&self, outcome: Outcome) -> Result<Reply, HandlerError> {
        if outcome.content != self.content {
            return Err(HandlerError::IdempotencyKeyReused);
        }
        Ok(Reply {
            position: outcome.position,
            result: outcome.result,
        })
    }
}
