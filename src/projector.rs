//! The read side: the changes of the log become the graph, exactly once in effect.
//!
//! Each batch moves the graph's cursor from where the batch starts to where it ends, in the same
//! transaction. Who lost the race, or does not know whether a commit took effect, rereads the cursor
//! and goes on. Must never skip a position, and never go on after an error that retrying cannot cure:
//! it halts and says so, while reads go on.

mod batch;
mod follow;
mod pace;

use std::sync::Arc;

use futures::FutureExt;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    domain::LogTime,
    graph::{Cursor, Graph, GraphError, Projected},
    judge::LogId,
    metrics as names,
    replay::{Applied, Feed, Progress},
};

use pace::{MAX_CHANGES, MAX_POSITIONS, Pace, Retry};

/// How the projection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The position that the graph shows.
    pub position: u64,
    /// The log time of the first position that is known and not yet shown.
    pub pending_since: Option<LogTime>,
    /// Whether it stopped for good.
    pub is_halted: bool,
    /// What is, or was last, in its way.
    pub error: Option<String>,
}

/// Projects one log into one graph.
pub struct Projector {
    graph: Arc<dyn Graph>,
    feed: Feed,
    progress: watch::Receiver<Progress>,
    status: watch::Sender<Status>,
}

/// Why a batch could not be projected.
enum Failure {
    /// The graph is out of reach, or it is unknown where it stands.
    Retry(GraphError),
    /// It was too much at once.
    TooMuch(GraphError),
    /// Retrying will not cure it: reads go on.
    Halt(String),
    /// The graph does not belong to this log: nothing it shows can be trusted.
    Refuse(Mismatch),
}

/// The graph does not belong to this log; the process must end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Mismatch(String);

impl Projector {
    /// A projector of what comes from `feed`; `progress` tells the log's id.
    #[must_use]
    pub fn new(graph: Arc<dyn Graph>, feed: Feed, progress: watch::Receiver<Progress>) -> Self {
        let status = watch::Sender::new(Status {
            position: 0,
            pending_since: None,
            is_halted: false,
            error: None,
        });
        Self {
            graph,
            feed,
            progress,
            status,
        }
    }

    /// How the projection stands; changes wake the receiver.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Projects until `stop`. After an error that retrying cannot cure it halts and lets go of
    /// the feed, so that writes and reads go on, but projects no more.
    ///
    /// # Errors
    /// [`Mismatch`], if the graph was projected from another log, or from another past of this one.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), Mismatch> {
        let failure = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            failure = self.project() => failure,
        };
        let halted = match failure {
            Failure::Refuse(mismatch) => return Err(mismatch),
            Failure::Halt(reason) => reason,
            Failure::Retry(error) | Failure::TooMuch(error) => error.to_string(),
        };
        error!(reason = halted, "the projection has halted");
        self.status.send_modify(|status| {
            status.is_halted = true;
            status.error = Some(halted);
        });
        self.feed.close();
        stop.cancelled().await;
        Ok(())
    }

    /// Projects as long as it can.
    async fn project(&mut self) -> Failure {
        let mut cursor = None;
        let mut known = false;
        let mut waiting: Vec<Applied> = Vec::new();
        let mut delay = Retry::default();
        let mut pace = Pace::default();
        // What was left before this start is not known.
        let mut has_left = true;
        loop {
            // At first the cursor is read, so that it is known where a graph stands that lacks nothing.
            if known && waiting.is_empty() {
                let more = self.feed.recv_many(&mut waiting, MAX_POSITIONS);
                // What was left is cleared up meanwhile.
                let taken = if has_left {
                    more.now_or_never()
                } else {
                    Some(more.await)
                };
                if taken == Some(0) {
                    return Failure::Halt("replay has ended".to_owned());
                }
            }
            self.status.send_modify(|status| {
                status.pending_since = waiting.first().map(|applied| applied.log_time);
            });
            let step = self.step(&mut cursor, &mut known, &mut waiting, &mut pace);
            let done = match step.await {
                Ok(()) => {
                    self.publish(cursor, &waiting);
                    self.clear_up(&mut pace).await.map(|more| has_left = more)
                }
                failed => failed,
            };
            match done {
                Ok(()) => delay = Retry::default(),
                Err(failure @ (Failure::Halt(_) | Failure::Refuse(_))) => return failure,
                Err(Failure::Retry(error) | Failure::TooMuch(error)) => {
                    known = false;
                    self.wait(&error, &mut delay).await;
                }
            }
        }
    }

    /// Does some of what batches have left undone; whether there may be more.
    async fn clear_up(&self, pace: &mut Pace) -> Result<bool, Failure> {
        let limit = pace.items();
        match self.graph.clear_up(limit).await.map_err(sort) {
            Err(Failure::TooMuch(error)) => {
                let what = "what an archived user has left could not be cleared up";
                Err(pace
                    .shrink_items(error)
                    .unwrap_or_else(|error| halt(what, &error)))
            }
            done => {
                pace.grow_items();
                done
            }
        }
    }

    /// Projects the first batch of `waiting`, or what of it the graph does not show yet.
    async fn step(
        &self,
        cursor: &mut Option<Cursor>,
        known: &mut bool,
        waiting: &mut Vec<Applied>,
        pace: &mut Pace,
    ) -> Result<(), Failure> {
        if !*known {
            let found = self.graph.cursor().await.map_err(sort)?;
            self.check(*cursor, found)?;
            *cursor = found;
            *known = true;
        }
        // The log's id may have become known only now.
        self.check(*cursor, *cursor)?;
        if let Some(cursor) = *cursor {
            check_digest(cursor, waiting)?;
            waiting.retain(|applied| applied.position > cursor.position);
        }
        let Some(log_id) = self.progress.borrow().log_id else {
            // Records before the log's identity change nothing, and are shown with what follows.
            return if waiting.iter().all(|applied| applied.changes.is_empty()) {
                waiting.clear();
                Ok(())
            } else {
                Err(Failure::Halt(
                    "changes before the log's identity".to_owned(),
                ))
            };
        };
        if waiting.is_empty() {
            return Ok(());
        }
        let taken = batch::size(waiting, MAX_CHANGES).min(pace.positions());
        let batch = batch::aside(log_id, *cursor, waiting, taken).await;
        let start = Instant::now();
        let projected = self.graph.project(&batch).await.map_err(|error| {
            let (first, last) = (waiting[0].position, batch.cursor.position);
            describe(sort(error), first, last, |error| pace.shrink(taken, error))
        })?;
        pace.grow();
        match projected {
            Projected::Done => {
                metrics::histogram!(names::PROJECT_SECONDS).record(start.elapsed().as_secs_f64());
                #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
                metrics::histogram!(names::PROJECT_RECORDS).record(taken as f64);
                *cursor = Some(batch.cursor);
                batch::let_go(waiting.drain(..taken).collect(), batch);
            }
            Projected::Elsewhere(found) => {
                info!(
                    position = found.map(|cursor| cursor.position),
                    "another projector was first"
                );
                self.check(*cursor, found)?;
                *cursor = found;
            }
        }
        Ok(())
    }

    /// A cursor may only go forward, on the log that we read.
    fn check(&self, before: Option<Cursor>, found: Option<Cursor>) -> Result<(), Failure> {
        let log_id: Option<LogId> = self.progress.borrow().log_id;
        if let (Some(found), Some(log_id)) = (found, log_id)
            && found.log_id != log_id
        {
            return Err(refuse(format!(
                "the graph was projected from another log ({}), not from this one ({}); give this log a graph of its own, or empty the graph",
                found.log_id.0, log_id.0
            )));
        }
        let position = |cursor: Option<Cursor>| cursor.map_or(0, |cursor| cursor.position);
        if position(found) < position(before) {
            return Err(refuse(format!(
                "the graph went back from position {} to {}; restart to project it anew",
                position(before),
                position(found)
            )));
        }
        Ok(())
    }

    fn publish(&self, cursor: Option<Cursor>, waiting: &[Applied]) {
        if let Some(cursor) = cursor {
            let pending_since = waiting.first().map(|applied| applied.log_time);
            self.show(cursor.position, pending_since);
        }
    }

    /// What the graph shows, now that nothing is in the way.
    fn show(&self, position: u64, pending_since: Option<LogTime>) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        metrics::gauge!(names::PROJECTED_POSITION).set(position as f64);
        self.status.send_modify(|status| {
            status.position = position;
            status.pending_since = pending_since;
            status.error = None;
        });
    }

    /// Says what is in the way of the graph, and waits before the next try.
    async fn wait(&self, error: &GraphError, delay: &mut Retry) {
        warn!(%error, "the projection waits for the graph");
        metrics::counter!(names::PROJECT_RETRIES).increment(1);
        self.status
            .send_modify(|status| status.error = Some(error.to_string()));
        delay.wait().await;
    }
}

fn refuse(reason: String) -> Failure {
    Failure::Refuse(Mismatch(reason))
}

fn sort(error: GraphError) -> Failure {
    match error {
        GraphError::Unavailable(_) | GraphError::OverBudget(_) | GraphError::Unknown(_) => {
            Failure::Retry(error)
        }
        GraphError::TooMuch(_) => Failure::TooMuch(error),
        GraphError::Unusable(reason) => Failure::Halt(reason),
    }
}

/// Names the positions that could not be projected, also if nothing `smaller` can be tried.
fn describe(
    failure: Failure,
    first: u64,
    last: u64,
    smaller: impl FnOnce(GraphError) -> Result<Failure, GraphError>,
) -> Failure {
    let what = format!("the events at positions {first} to {last} could not be projected");
    match failure {
        Failure::Halt(reason) => Failure::Halt(format!("{what}: {reason}")),
        Failure::TooMuch(error) => smaller(error).unwrap_or_else(|error| halt(&what, &error)),
        other => other,
    }
}

fn halt(what: &str, error: &GraphError) -> Failure {
    Failure::Halt(format!(
        "{what}, and they cannot be made smaller: {error}; then restart"
    ))
}

/// Where replay passes the position at which the graph stood, both must have come to the same.
fn check_digest(cursor: Cursor, waiting: &[Applied]) -> Result<(), Failure> {
    let found = waiting
        .binary_search_by_key(&cursor.position, |applied| applied.position)
        .ok();
    match found.map(|index| waiting[index].digest) {
        Some(digest) if digest != cursor.digest => Err(refuse(format!(
            "the graph at position {} has the digest {}, the log comes to {digest}: the graph was projected from a log that was cut off or restored, or by another build; empty the graph and restart",
            cursor.position, cursor.digest
        ))),
        _ => Ok(()),
    }
}
