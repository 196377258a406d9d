//! Many commands at once: decided together, appended together, waited for together.
//!
//! What that saves is one lock, one message to the log's writer and one wake-up for each command. A
//! command that has to wait for another, or whose attempt was void, goes on by itself. Must keep every
//! promise that a command has which is handled alone.

use futures::{StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use super::{
    CommandHandler, HandlerError, NOT_TAKEN, Reply, Request, Step,
    attempt::{encode, fresh_user_id, identify},
    key_queue::Ticket,
    may_be_taken, note, reply, told_or,
};
use crate::{
    judge::{CommandId, ContentHash, RecordId},
    metrics as names,
    replay::{
        model::WriteModel,
        waiters::{Passed, Waiter},
    },
};

/// How many commands are worth to be handled together.
pub const BULK: usize = 256;

/// How many of those that go on by themselves are under way at once.
const ALONE: usize = 64;

/// An attempt under way, and the place in the queue that it holds.
struct UnderWay {
    record: RecordId,
    _ticket: Ticket,
}

type Answer = Result<Reply, HandlerError>;

/// A command's id, and the hash of its content.
type Named = (CommandId, ContentHash);

impl CommandHandler {
    /// How many times [`BULK`] commands at once get the most done: as many as the processor's cache
    /// holds where the log is in the process, more where each waits for a network.
    #[must_use]
    pub fn pipeline(&self) -> usize {
        if self.log.is_exclusive() { 4 } else { 16 }
    }

    /// Sees commands through as [`Self::handle`] does each, [`BULK`] at once; answers in their
    /// order.
    pub async fn handle_all(&self, requests: &[Request]) -> Vec<Answer> {
        let start = Instant::now();
        let deadline = start + self.writing.timeout;
        let mut answers = Vec::with_capacity(requests.len());
        // Whether one has to go first is known only then; each command meets the error by itself.
        drop(self.hash_key(deadline).await);
        let (first, rest) =
            requests.split_at(usize::from(self.has_one_to_go_first()).min(requests.len()));
        for request in first {
            answers.push(self.see_through(request, deadline, None).await);
        }
        for requests in rest.chunks(BULK) {
            let (waiter, tried) = match self.try_all(requests, deadline).await {
                Ok(tried) => tried,
                Err(error) => {
                    answers.extend(vec![Err(error); requests.len()]);
                    continue;
                }
            };
            let mut rest = Vec::with_capacity(requests.len());
            for (number, (request, tried)) in requests.iter().zip(tried).enumerate() {
                rest.push(self.go_on(request, tried, deadline, (&waiter, number)));
            }
            let rest: Vec<_> = stream::iter(rest).buffered(ALONE).collect().await;
            answers.extend(rest);
        }
        for answer in &answers {
            note(answer, start);
        }
        answers
    }

    async fn go_on(
        &self,
        request: &Request,
        tried: Option<Answer>,
        deadline: Instant,
        earlier: (&Waiter, usize),
    ) -> Answer {
        match tried {
            Some(answer) => answer,
            None => self.see_through(request, deadline, Some(earlier)).await,
        }
    }

    /// One attempt of each command that waits for no other; `None` for who has to go on, and the
    /// waiter has what it must hear of then.
    async fn try_all(
        &self,
        requests: &[Request],
        deadline: Instant,
    ) -> Result<(Waiter, Vec<Option<Answer>>), HandlerError> {
        let key = self.hash_key(deadline).await?;
        let named: Vec<_> = requests
            .iter()
            .map(|request| identify(key, request))
            .collect();
        // Before anything is waited for, as for one command.
        let mut waiter = self.replay.wait_for_all(named.iter().map(|(id, _)| *id));
        let count = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        let _room = match self.room(count, deadline).await {
            Ok(room) => room,
            Err(error) => {
                let answers = all_told_or(&error, &waiter, &named);
                return Ok((waiter, answers));
            }
        };
        let steps = self.decide_all(requests, &named, &waiter).await;

        let mut answers: Vec<Option<Answer>> = Vec::with_capacity(requests.len());
        let mut under_way: Vec<Option<UnderWay>> = Vec::with_capacity(requests.len());
        let mut messages = Vec::with_capacity(requests.len());
        let mut attempts = Vec::with_capacity(requests.len());
        let mut senders = Vec::with_capacity(requests.len());
        for (step, (request, named)) in steps.into_iter().zip(requests.iter().zip(&named)) {
            let (answer, open) = match step {
                Step::Answer(answer) => (Some(answer), None),
                Step::Attempt(_, ticket) if !ticket.is_held() => (None, None),
                Step::Attempt(decision, ticket) => {
                    match encode(request, *named, decision, (self.clock)()) {
                        Err(error) => (Some(Err(error)), None),
                        Ok(encoded) => {
                            messages.push(encoded.message);
                            senders.push(answers.len());
                            let record = encoded.attempt.id;
                            attempts.push(encoded.attempt);
                            let attempt = UnderWay {
                                record,
                                _ticket: ticket,
                            };
                            (None, Some(attempt))
                        }
                    }
                }
            };
            answers.push(answer);
            under_way.push(open);
        }

        let mut open = messages.len();
        let start = Instant::now();
        let _known = self.replay.announce(attempts);
        let appended = self.log.append_all(messages);
        tokio::pin!(appended);
        let mut acknowledged = false;
        while open > 0 {
            tokio::select! {
                biased;
                heard = waiter.all() => for (number, passed) in heard {
                    let Some(attempt) = &under_way[number] else {
                        if let (Passed::Decided(outcome), None) = (passed, &answers[number]) {
                            answers[number] = Some(reply(outcome, named[number].1));
                        }
                        continue;
                    };
                    match passed {
                        Passed::Decided(outcome) => {
                            answers[number] = Some(reply(outcome, named[number].1));
                        }
                        Passed::Void(record) if record == attempt.record => {
                            metrics::counter!(names::CONFLICTS).increment(1);
                        }
                        // An attempt of an earlier call of the same command.
                        Passed::Void(_) => continue,
                    }
                    under_way[number] = None;
                    open -= 1;
                },
                results = &mut appended, if !acknowledged => {
                    acknowledged = true;
                    metrics::histogram!(names::APPEND_SECONDS).record(start.elapsed().as_secs_f64());
                    for (number, result) in senders.iter().zip(results) {
                        if !may_be_taken(&result) && under_way[*number].take().is_some() {
                            answers[*number] = Some(Err(NOT_TAKEN));
                            open -= 1;
                        }
                    }
                }
                () = sleep_until(deadline) => break,
            }
        }
        for (answer, _) in answers
            .iter_mut()
            .zip(&under_way)
            .filter(|(_, open)| open.is_some())
        {
            *answer = Some(Err(HandlerError::OutcomeUnknown));
        }
        Ok((waiter, answers))
    }

    /// Looks each command up, or decides it, all at one position.
    async fn decide_all(
        &self,
        requests: &[Request],
        named: &[Named],
        waiter: &Waiter,
    ) -> Vec<Step> {
        let step = |model: &WriteModel| -> Vec<Step> {
            let step = |(number, (request, named)): (usize, (&Request, &Named))| match waiter
                .told(number)
            {
                Some(outcome) => Step::Answer(reply(outcome, named.1)),
                None => self.step(model, request, *named, fresh_user_id(), None),
            };
            requests.iter().zip(named).enumerate().map(step).collect()
        };
        self.replay.read(step).await
    }
}

/// What was told of each command, or else the error.
fn all_told_or(error: &HandlerError, waiter: &Waiter, named: &[Named]) -> Vec<Option<Answer>> {
    let each = named.iter().enumerate();
    each.map(|(number, (_, content))| Some(told_or(error.clone(), waiter.told(number), *content)))
        .collect()
}
