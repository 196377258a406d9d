//! The pipeline: many commands under way at once, users before friendships.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, anyhow, bail};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    command_handler::{CommandHandler, HandlerError, Request},
    domain::{
        Command, Pair, PairCommand, PairState, Rejection, RejectionCode, State, StateCommand,
        UserId, UserState,
    },
    judge::OutcomeResult,
    projector::Status,
    replay::{Replay, model::WriteModel},
};

use super::{Count, NewFriendship, NewUser, Person, Refusals, Source, Summary};

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

/// What became of one line.
enum Line {
    New(u64),
    Known,
    Refused(u64, String),
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
    let mut refused = Refusals::default();
    let users = source.users(&mut refused)?;
    let friendships = source.friendships(&mut refused)?;
    let suspended = users.iter().filter(|u| u.state == UserState::Suspended);
    let suspended: Vec<_> = suspended.map(|user| (user.line, user.id)).collect();
    let start = Instant::now();
    let importer = Importer {
        target,
        show,
        actor: "import".into(),
        stop,
        last: AtomicU64::new(0),
    };
    let users = importer
        .stage(Stage::Users, source, &mut refused, users, |user| {
            importer.user(user)
        })
        .await?;
    let friendships = importer
        .stage(
            Stage::Friendships,
            source,
            &mut refused,
            friendships,
            |friendship| importer.friendship(friendship),
        )
        .await?;
    importer
        .stage(
            Stage::Suspensions,
            source,
            &mut refused,
            suspended,
            |user| importer.suspension(user),
        )
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
    async fn stage<T, F: Future<Output = Result<Line>>>(
        &self,
        stage: Stage,
        source: &Source,
        refused: &mut Refusals,
        items: Vec<T>,
        see_through: impl Fn(T) -> F,
    ) -> Result<Count> {
        let of = items.len() as u64;
        let mut count = Count::default();
        let mut done = 0;
        let mut lines = stream::iter(items)
            .map(see_through)
            .buffer_unordered(self.target.handler.pipeline());
        loop {
            let line = tokio::select! {
                line = lines.try_next() => line?,
                () = self.stop.cancelled() => {
                    bail!("stopped; what was imported stays, repeat the import to go on")
                }
            };
            let Some(line) = line else {
                return Ok(count);
            };
            match line {
                Line::New(position) => {
                    self.last.fetch_max(position, Ordering::Relaxed);
                    count.new += 1;
                }
                Line::Known => count.known += 1,
                Line::Refused(line, reason) => refused.add(&source.file(stage), line, reason)?,
            }
            done += 1;
            if done % 256 == 0 || done == of {
                (self.show)(Step { stage, done, of });
            }
        }
    }

    async fn user(&self, user: NewUser) -> Result<Line> {
        loop {
            let there = |model: &WriteModel| there_already(model.state(), &user);
            if let Some(line) = self.target.replay.read(there).await {
                return Ok(line);
            }
            let command = Command::RegisterUser {
                id: Some(user.id),
                profile: user.profile.clone(),
                pending: user.state == UserState::Pending,
            };
            match self.command(user.line, command).await? {
                Ok(position) => return Ok(Line::New(position)),
                // Another line was first: now it is seen to be there.
                Err(refusal) if is_taken(refusal) => {}
                Err(refusal) => {
                    let reason = refusal.message().to_owned();
                    return Ok(Line::Refused(user.line, reason));
                }
            }
        }
    }

    async fn friendship(&self, friendship: NewFriendship) -> Result<Line> {
        let found = self
            .target
            .replay
            .read(|model| {
                let state = model.state();
                let from = find(state, &friendship.from)?;
                let to = find(state, &friendship.to)?;
                let tie = Pair::new(from, to).map(|pair| state.pair(pair));
                Ok((from, to, matches!(tie, Some(PairState::Friends { .. }))))
            })
            .await;
        let (user, other) = match found {
            Ok((_, _, true)) => return Ok(Line::Known),
            Ok((from, to, false)) => (from, to),
            Err(reason) => return Ok(Line::Refused(friendship.line, reason)),
        };
        let change = PairCommand::AddFriend;
        let command = Command::ChangePair {
            change,
            user,
            other,
        };
        Ok(match self.command(friendship.line, command).await? {
            Ok(position) => Line::New(position),
            Err(refusal) if refusal.code == RejectionCode::AlreadyFriends => Line::Known,
            Err(refusal) => Line::Refused(friendship.line, refusal.message().to_owned()),
        })
    }

    async fn suspension(&self, (line, user): (u64, UserId)) -> Result<Line> {
        let state = |state: &State| state.user(user).map(|user| user.state);
        let found = self.target.replay.read(|model| state(model.state())).await;
        if found != Some(UserState::Active) {
            return Ok(Line::Known);
        }
        let change = StateCommand::SuspendUser;
        let command = Command::ChangeState { change, user };
        Ok(match self.command(line, command).await? {
            Ok(position) => Line::New(position),
            Err(refusal) => Line::Refused(line, refusal.message().to_owned()),
        })
    }

    /// Sees a command through: its position, or why it was refused.
    async fn command(&self, line: u64, command: Command) -> Result<Result<u64, Rejection>> {
        for attempt in 0..TRIES {
            let request = Request {
                command: command.clone(),
                actor: self.actor.clone(),
                idempotency_key: None,
                traceparent: None,
            };
            let reply = match self.target.handler.handle(request).await {
                Ok(reply) => reply,
                Err(HandlerError::IdempotencyKeyReused) => bail!("an import uses no keys"),
                Err(error) => {
                    // Safe to repeat: what took effect is found to be there.
                    tracing::warn!(error = %error, attempt, "a command of the import is tried again");
                    tokio::time::sleep(Duration::from_millis(100 << attempt.min(5))).await;
                    continue;
                }
            };
            return Ok(match reply.result {
                OutcomeResult::Registered(_) | OutcomeResult::Done => Ok(reply.position),
                OutcomeResult::Rejected(refusal) => Err(refusal),
            });
        }
        Err(anyhow!(
            "line {line}: no outcome after {TRIES} tries; what was imported stays, repeat the import to go on"
        ))
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

fn is_taken(refusal: Rejection) -> bool {
    let code = refusal.code;
    matches!(code, RejectionCode::IdTaken | RejectionCode::HandleTaken)
}

/// What becomes of a user whose id or handle is there already; `None` where both are free.
fn there_already(state: &State, new: &NewUser) -> Option<Line> {
    let is_imported = state.user(new.id).is_some();
    let profile = |owner| state.user(owner).map(|user| &user.profile);
    let reason = match state.handle_owner(&new.profile.handle) {
        None if !is_imported => return None,
        _ if is_imported && !new.by_handle => return Some(Line::Known),
        Some(owner) if new.by_handle && profile(owner) == Some(&new.profile) => {
            return Some(Line::Known);
        }
        Some(owner) if new.by_handle => format!(
            "belongs to user {}, whose name is another: an import changes no profile, use updateProfile",
            owner.0
        ),
        Some(owner) => format!(
            "belongs to user {}: name the data set otherwise with --name, or change that handle",
            owner.0
        ),
        None => format!("was given up by user {}: choose another", new.id.0),
    };
    let handle = new.profile.handle.as_str();
    let reason = format!("handle: {handle:?} {reason}");
    Some(Line::Refused(new.line, reason))
}

fn find(state: &State, person: &Person) -> Result<UserId, String> {
    match person {
        Person::Id(id) => Ok(*id),
        Person::Handle(handle) => state.handle_owner(handle).ok_or_else(|| {
            format!(
                "nobody has the handle {:?}: import the user first",
                handle.as_str()
            )
        }),
    }
}
