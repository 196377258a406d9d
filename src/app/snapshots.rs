//! Snapshots of a node: where it starts, and when new ones are written.
//!
//! A snapshot only shortens the start. One that is not what was written is removed with a warning, one
//! that cannot be read now is passed over, and the log makes up for it; but one that is ahead of its log
//! shows that the log has lost records, and is refused. Must never start a model ahead of its graph: the
//! graph would miss what lies between.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{sync::watch, task::spawn_blocking, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    event_log::{EventLog, LogError, record},
    folder::remove_left_files,
    graph::{Cursor, Graph, embedded, embedded::EmbeddedGraph},
    judge::{Entry, LogId, Recorded, Unsupported},
    metrics as names,
    projector::Status,
    replay::{Replay, model::WriteModel, saved},
    snapshot::{self, SnapshotError},
};

/// How many new positions are worth a snapshot.
const WORTH: u64 = 50_000;
/// How long to wait after a snapshot, at least.
const PAUSE: Duration = Duration::from_mins(1);
/// Writing snapshots takes at most one part in so many of the time.
const SHARE: u32 = 20;
/// How often to look whether one is due.
const LOOK: Duration = Duration::from_secs(5);

/// How many records are read at once where they are only checked.
const CHECKED_AT_ONCE: usize = 1_024;

/// The snapshots that this start makes no use of.
type PassedOver = HashSet<PathBuf>;

/// Where a node starts.
#[derive(Default)]
pub(super) struct Start {
    pub(super) model: WriteModel,
    /// The embedded graph of a snapshot.
    pub(super) graph: Option<EmbeddedGraph>,
}

/// Finds the newest snapshots in `folder` that go together: of an embedded graph where that is
/// wanted, else for a graph that stands at `cursor`.
///
/// # Errors
/// If the log cannot be read, or a snapshot does not go with it.
pub(super) async fn find(
    folder: &Path,
    log: &dyn EventLog,
    cursor: Option<Cursor>,
    is_embedded: bool,
) -> Result<Start> {
    remove_left_files(folder, snapshot::WRITING, snapshot::ENDING);
    let log_id = log_id(log).await.with_context(|| log.describe())?;
    let mut passed = PassedOver::new();
    loop {
        let graphs = listed(folder, embedded::saved::KIND, &passed)?;
        let graph = graphs.into_iter().next().filter(|_| is_embedded);
        let limit = match &graph {
            Some((position, _)) => *position,
            None => cursor.map_or(0, |cursor| cursor.position),
        };
        let models = listed(folder, saved::KIND, &passed)?;
        let model = models.into_iter().find(|(position, _)| *position <= limit);
        let (graph, model) = tokio::try_join!(
            spawn_blocking(move || graph.map(|(_, path)| (EmbeddedGraph::load(&path), path))),
            spawn_blocking(move || model.map(|(_, path)| (saved::read(&path), path))),
        )?;
        let mut start = Start::default();
        let mut cursor = cursor;
        if let Some((graph, path)) = graph {
            let graph = usable(graph, &path, &mut passed);
            cursor = match &graph {
                Some(graph) => graph.cursor().await?,
                None => continue,
            };
            if !is_of(cursor.map(|at| at.log_id), log_id, &path, log)? {
                remove(&path, &ANOTHER, &mut passed);
                continue;
            }
            let last = cursor.and_then(|cursor| cursor.last);
            if !is_of_this_past(log, last).await? {
                remove(&path, &ANOTHER_PAST, &mut passed);
                continue;
            }
            start.graph = graph;
        }
        if let Some((model, path)) = model {
            let Some(model) = usable(model, &path, &mut passed) else {
                continue;
            };
            let created = model.judge().created();
            if !is_of(created.map(|created| created.log_id), log_id, &path, log)? {
                remove(&path, &ANOTHER, &mut passed);
                continue;
            }
            if !is_of_this_past(log, model.judge().last()).await? {
                remove(&path, &ANOTHER_PAST, &mut passed);
                continue;
            }
            start.model = model;
        }
        let own = cursor.filter(|cursor| Some(cursor.log_id) == log_id);
        check(&start.model, own, log.end().await?, folder)?;
        if start.model.position() > 0 {
            info!(
                position = start.model.position(),
                "starting from a snapshot"
            );
        }
        return Ok(start);
    }
}

/// The snapshots of a kind, the newest first, but for those that were passed over.
fn listed(folder: &Path, kind: &str, passed: &PassedOver) -> std::io::Result<Vec<(u64, PathBuf)>> {
    let mut found = snapshot::list(folder, kind)?;
    found.retain(|(_, path)| !passed.contains(path));
    Ok(found)
}

/// Whether a model goes with its graph, and both with the log.
fn check(model: &WriteModel, cursor: Option<Cursor>, end: u64, folder: &Path) -> Result<()> {
    let position = model.position();
    if position > end {
        bail!(
            "a snapshot in {} shows position {position}, but the log ends at {end}: records are lost; restore the log, or remove the snapshots to go on with what is left",
            folder.display(),
        );
    }
    match cursor {
        Some(cursor) if cursor.position == position && cursor.digest != model.digest() => bail!(
            "at position {position} the write model's snapshot in {} has the digest {}, the graph {}: remove the snapshots to judge the log anew",
            folder.display(),
            model.digest(),
            cursor.digest,
        ),
        _ => Ok(()),
    }
}

/// What was read. The file is removed if it is not what was written; a disk that fails for a moment, or
/// too many open files, are no reason to.
fn usable<T>(read: Result<T, SnapshotError>, path: &Path, passed: &mut PassedOver) -> Option<T> {
    match read {
        Ok(read) => return Some(read),
        Err(why @ SnapshotError::Unreadable(_)) => remove(path, &why, passed),
        Err(SnapshotError::Io(why)) => {
            warn!(path = %path.display(), %why, "a snapshot cannot be read now, the log makes up for it");
            passed.insert(path.to_owned());
        }
    }
    None
}

const ANOTHER: &str = "it is of another log";
const ANOTHER_PAST: &str = "it is of another past of this log, which was restored or cut off since";

/// Whether the log has a record where it was read. A log that ends before is told of elsewhere.
pub(super) async fn is_of_this_past(log: &dyn EventLog, last: Option<Recorded>) -> Result<bool> {
    let Some(Recorded { position, id }) = last else {
        return Ok(true);
    };
    if position > log.end().await? {
        return Ok(true);
    }
    match log.pick(&[position - 1]).await {
        Ok(found) => Ok(found
            .iter()
            .all(|found| record::record_id(&found.message) == Some(id))),
        Err(LogError::Damaged { .. }) if !log.is_exclusive() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether a snapshot is of this log.
fn is_of(
    snapshot: Option<LogId>,
    log_id: Option<LogId>,
    path: &Path,
    log: &dyn EventLog,
) -> Result<bool> {
    if log_id.is_none() {
        bail!(
            "{} is a snapshot, but the log {} has no records: restore the log, or remove the snapshots to begin a new one",
            path.display(),
            log.describe(),
        );
    }
    Ok(snapshot == log_id)
}

fn remove(path: &Path, why: &dyn std::fmt::Display, passed: &mut PassedOver) {
    warn!(path = %path.display(), %why, "a snapshot is dropped, the log makes up for it");
    if let Err(fault) = std::fs::remove_file(path) {
        warn!(path = %path.display(), error = %fault, "it cannot be removed");
    }
    passed.insert(path.to_owned());
}

/// The id of the log, if it has one yet.
pub(super) async fn log_id(log: &dyn EventLog) -> Result<Option<LogId>> {
    let end = log.end().await?;
    let mut reader = log.read(0).await?;
    let mut position = 0;
    while position < end {
        let fetched = reader.next(64).await?;
        for record in &fetched.records {
            match record::decode(&record.message) {
                Entry::GraphCreated(created) => return Ok(Some(created.log_id)),
                // Its snapshots are not touched: the build that can read it needs them.
                Entry::Unknown(what) => {
                    let position = record.offset + 1;
                    bail!(Unsupported { position, what });
                }
                Entry::Foreign | Entry::Malformed(_) | Entry::Attempt(_) => {}
            }
        }
        position = fetched.next;
    }
    Ok(None)
}

/// Reads the records below `position`, which the start has passed over, so that damage among them is
/// found now and not when they are needed: a log of one process is checked by nobody else. Resolves
/// with what is wrong, if anything is.
pub(super) async fn check_passed_over(log: &dyn EventLog, position: u64) -> anyhow::Error {
    let check = async {
        let mut reader = log.read(0).await?;
        let mut read = 0;
        while read < position {
            read = reader.next(CHECKED_AT_ONCE).await?.next;
        }
        Ok::<(), LogError>(())
    };
    if position > 0 && log.is_exclusive() {
        if let Err(damage) = check.await {
            return anyhow::Error::from(damage).context(log.describe());
        }
        info!(position, "what the snapshot stands for is whole");
    }
    std::future::pending().await
}

/// Writes snapshots of one node.
pub(super) struct Keeper {
    pub(super) folder: PathBuf,
    pub(super) replay: Arc<Replay>,
    pub(super) graph: Arc<dyn Graph>,
    pub(super) projection: watch::Receiver<Status>,
    /// The position of the last snapshot.
    pub(super) last: AtomicU64,
}

impl Keeper {
    /// Writes a snapshot now and then, until `stop`.
    pub(super) async fn run(&self, stop: CancellationToken) {
        let mut next = Instant::now() + PAUSE;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let new = self.position() - self.last.load(Ordering::Relaxed);
            if Instant::now() >= next && new >= WORTH {
                let start = Instant::now();
                self.write().await;
                next = Instant::now() + PAUSE.max(start.elapsed() * SHARE);
            }
        }
    }

    /// Writes a snapshot, if there is anything new. Not to be able to is no reason to stop: the log
    /// has it all.
    pub(super) async fn write(&self) {
        let is_halted = self.projection.borrow().is_halted;
        if is_halted || self.position() == self.last.load(Ordering::Relaxed) {
            return;
        }
        let start = Instant::now();
        match self.save().await {
            Ok(position) => {
                self.last.store(position, Ordering::Relaxed);
                let duration = start.elapsed();
                metrics::gauge!(names::SNAPSHOT_SECONDS).set(duration.as_secs_f64());
                let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                info!(position, duration_ms, "a snapshot was written");
            }
            Err(error) => {
                metrics::counter!(names::SNAPSHOT_FAILURES).increment(1);
                warn!(%error, folder = %self.folder.display(), "a snapshot could not be written");
            }
        }
    }

    async fn save(&self) -> std::io::Result<u64> {
        let position = self.replay.save(&self.folder).await?;
        let mut projection = self.projection.clone();
        // Only a graph that has come as far goes with this model.
        let ends = |status: &Status| {
            status.position >= position || status.is_halted || status.error.is_some()
        };
        if projection
            .wait_for(ends)
            .await
            .is_ok_and(|status| status.position >= position)
        {
            self.graph.save(&self.folder).await?;
        }
        Ok(position)
    }

    fn position(&self) -> u64 {
        self.replay.progress().borrow().position
    }
}
