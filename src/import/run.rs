//! The pipeline: many commands under way at once, users before friendships.
//!
//! Must never hold all friendships in memory: they are read from the source as they are taken up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::{sync::watch, time::Instant};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};

use crate::{
    command_handler::{BULK, CommandHandler, HandlerError, Request},
    domain::{Command, UserState},
    judge::OutcomeResult,
    projector::Status,
    replay::{Replay, model::WriteModel},
};

use super::{
    Count, Refusals, Source, Summary, Survey,
    item::{Item, Line, Plan, Suspension},
};

/// How often a command is tried again when it had no outcome.
const TRIES: u32 = 10;

/// What an import is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Users.
    Users,
    /// Friendships.
    Friendships,
    /// Suspending users, who cannot befriend anybody afterwards.
    Suspensions,
    /// Waiting until the graph shows everything.
    Projection,
}

/// How far a stage has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The stage.
    pub stage: Stage,
    /// How many are done.
    pub done: u64,
    /// Of how many.
    pub of: u64,
}

/// Where an import goes.
#[derive(Clone)]
pub struct Target {
    /// Knows what is there already.
    pub replay: Arc<Replay>,
    /// Takes the commands.
    pub handler: Arc<CommandHandler>,
    /// Tells when everything can be read.
    pub projection: watch::Receiver<Status>,
}

struct Importer<'a, P> {
    target: &'a Target,
    show: P,
    actor: Arc<str>,
    stop: &'a CancellationToken,
    last: AtomicU64,
    tasks: TaskTracker,
}

/// Imports a source until everything can be read; `show` is told of the progress.
///
/// # Errors
/// If a file cannot be read, `stop` comes first, or commands have no outcome again and again. What
/// was imported stays; repeat the import to go on.
pub async fn run(
    target: &Target,
    source: &Source,
    show: impl Fn(Step),
    stop: &CancellationToken,
) -> Result<Summary> {
    // Before anything is changed: a file that is no such file is found out now.
    let Survey {
        users,
        friendships,
        mut refused,
    } = source.surveyed()?;
    let suspended = users.iter().filter(|u| u.state == UserState::Suspended);
    let suspended: Vec<_> = suspended
        .map(|user| Ok(Suspension(user.line, user.id)))
        .collect();
    let start = Instant::now();
    let importer = Importer {
        target,
        show,
        actor: "import".into(),
        stop,
        last: AtomicU64::new(0),
        tasks: TaskTracker::new(),
    };
    let of = users.len() as u64;
    let users = users.into_iter().map(Ok);
    let users = importer
        .stage(Stage::Users, source, &mut refused, users, of)
        .await?;
    let of = friendships;
    let friendships = source.friendships()?;
    let friendships = importer
        .stage(Stage::Friendships, source, &mut refused, friendships, of)
        .await?;
    let of = suspended.len() as u64;
    importer
        .stage(Stage::Suspensions, source, &mut refused, suspended, of)
        .await?;
    importer.readable().await?;
    let mut refused = refused.lines;
    refused.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Ok(Summary {
        users,
        friendships,
        refused,
        duration_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

impl<P: Fn(Step)> Importer<'_, P> {
    /// Sees every item through, many at once.
    async fn stage<T: Item>(
        &self,
        stage: Stage,
        source: &Source,
        refused: &mut Refusals,
        items: impl IntoIterator<Item = Result<T>>,
        of: u64,
    ) -> Result<Count> {
        let mut count = Count::default();
        let mut done = 0;
        let mut items = items.into_iter();
        let chunks = std::iter::from_fn(|| {
            let chunk: Result<Vec<T>> = items.by_ref().take(BULK).collect();
            Some(chunk).filter(|chunk| !matches!(chunk, Ok(items) if items.is_empty()))
        });
        let mut lines = stream::iter(chunks)
            .map(|chunk| async { self.chunk(chunk?).await })
            .buffer_unordered(self.target.handler.pipeline());
        loop {
            let chunk = tokio::select! {
                chunk = lines.try_next() => chunk?,
                () = self.stop.cancelled() => {
                    bail!("stopped; what was imported stays, repeat the import to go on")
                }
            };
            let Some(chunk) = chunk else {
                return Ok(count);
            };
            done += chunk.len() as u64;
            for line in chunk {
                match line {
                    Line::New(position) => {
                        self.last.fetch_max(position, Ordering::Relaxed);
                        count.new += 1;
                    }
                    Line::Known => count.known += 1,
                    Line::Refused(line, reason) => {
                        refused.add(&source.file(stage), line, reason)?;
                    }
                }
            }
            (self.show)(Step { stage, done, of });
        }
    }

    /// Sees items through together.
    async fn chunk<T: Item>(&self, mut items: Vec<T>) -> Result<Vec<Line>> {
        let mut lines = Vec::with_capacity(items.len());
        let mut failures = 0;
        loop {
            let plan = |model: &WriteModel| -> Vec<Plan> {
                items.iter().map(|item| item.plan(model.state())).collect()
            };
            let plans = self.target.replay.read(plan).await;
            let mut asked = Vec::with_capacity(items.len());
            let mut requests = Vec::with_capacity(items.len());
            for (item, plan) in items.into_iter().zip(plans) {
                match plan {
                    Plan::Done(line) => lines.push(line),
                    Plan::Do(command) => {
                        asked.push(item);
                        requests.push(self.request(command));
                    }
                }
            }
            if asked.is_empty() {
                return Ok(lines);
            }
            // On any processor: the stage, which is one task, would use but one for all chunks.
            let handler = self.target.handler.clone();
            let handling = async move { handler.handle_all(&requests).await };
            let replies = AbortOnDropHandle::new(self.tasks.spawn(handling)).await?;
            let mut failure = None;
            items = Vec::new();
            for (item, reply) in asked.into_iter().zip(replies) {
                let line = match reply.map(|reply| (reply.position, reply.result)) {
                    Ok((_, OutcomeResult::Rejected(refusal))) => item.refused(refusal),
                    Ok((position, _)) => Some(Line::New(position)),
                    Err(HandlerError::IdempotencyKeyReused) => bail!("an import uses no keys"),
                    Err(error) => {
                        failure = Some((item.line(), error));
                        None
                    }
                };
                match line {
                    Some(line) => lines.push(line),
                    None => items.push(item),
                }
            }
            if let Some((line, error)) = failure {
                failures += 1;
                if failures == TRIES {
                    bail!(
                        "line {line}: no outcome after {TRIES} tries ({error}); what was imported stays, repeat the import to go on"
                    );
                }
                // Safe to repeat: what took effect is found to be there.
                tracing::warn!(%error, failures, "commands of the import are tried again");
                tokio::time::sleep(Duration::from_millis(100 << failures.min(5))).await;
            }
        }
    }

    fn request(&self, command: Command) -> Request {
        Request {
            command,
            actor: self.actor.clone(),
            idempotency_key: None,
            traceparent: None,
        }
    }

    /// Waits until the graph shows everything.
    async fn readable(&self) -> Result<()> {
        let of = self.last.load(Ordering::Relaxed);
        let mut status = self.target.projection.clone();
        loop {
            let (done, error) = {
                let now = status.borrow_and_update();
                let halted = now.is_halted.then(|| now.error.clone().unwrap_or_default());
                (now.position, halted)
            };
            if done >= of {
                return Ok(());
            }
            if let Some(error) = error {
                bail!("everything is in the log, but the projection has halted: {error}");
            }
            (self.show)(Step {
                stage: Stage::Projection,
                done,
                of,
            });
            tokio::select! {
                changed = status.changed() => changed?,
                () = self.stop.cancelled() => bail!("stopped while the graph was catching up"),
            }
        }
    }
}
