//! Batches: one transaction each, behind the lock of the cursor.
//!
//! Must never write anything before the cursor is locked and has moved.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use neo4rs::{BoltType, Error, Neo4jErrorKind, Row, Txn, query};

use super::{
    client::{Client, field, only, single},
    content::mend,
    cypher,
    faults::{fault, is_passing},
    leaving::is_left,
    rows::{edge_row, id, int, list, past_user_row, user_row},
};
use crate::{
    domain::{Edge, EdgeKind, Moment, User, UserId},
    graph::{Batch, Cursor, GraphError, Mend, Projected, digest::Digest},
    judge::{LogId, Recorded},
};
use uuid::Uuid;

/// How often, and for how long, a batch is tried again on errors that pass.
const TRIES: u32 = 5;
const TRY_FOR: Duration = Duration::from_secs(30);
const WAIT: Duration = Duration::from_millis(50);

/// The most bytes of rows in a request: its text and the rest have the room up to 8 KiB.
const CHUNK_BYTES: usize = 7_000;

/// What is written in one transaction.
#[derive(Clone, Copy)]
pub(super) enum Work<'a> {
    Batch(&'a Batch),
    /// All but the edges that this user leaves behind.
    Leaving(&'a Batch, &'a User),
    /// At this position.
    Mend(&'a Cursor, &'a [Mend]),
}

/// What ends an attempt.
pub(super) enum Failure {
    /// Nothing took effect.
    Failed(Error),
    /// Nobody knows.
    Unknown(Error),
    /// Nothing took effect, and nothing will.
    Damaged(GraphError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self::Damaged(error)
    }
}

impl Client {
    /// Where the projection stands.
    pub(super) async fn cursor(&self) -> Result<Option<Cursor>, GraphError> {
        let question = query(&cypher::READS.cursor);
        let read = self.ask(question, |row| {
            let rows: Vec<(&str, u64, &str, Option<&str>)> = field(row, "rows")?;
            rows.first()
                .map(|(log, at, digest, last)| cursor(log, *at, digest, *last))
                .transpose()
        });
        Ok(read.await?.value)
    }

    /// Does a piece of work exactly once.
    pub(super) async fn write(&self, work: Work<'_>) -> Result<Projected, GraphError> {
        let start = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.attempt(work).await {
                Ok(projected) => return Ok(projected),
                Err(Failure::Failed(error)) if is_passing(&error) => {
                    if tries == TRIES || start.elapsed() > TRY_FOR {
                        return Err(fault(error));
                    }
                    tokio::time::sleep(WAIT * tries).await;
                }
                Err(Failure::Failed(error)) => return Err(fault(error)),
                Err(Failure::Unknown(error)) => return Err(GraphError::Unknown(error.to_string())),
                Err(Failure::Damaged(error)) => return Err(error),
            }
        }
    }

    async fn attempt(&self, work: Work<'_>) -> Result<Projected, Failure> {
        let mut transaction = self.begin().await?;
        match write(&mut transaction, work).await {
            Ok(Projected::Done) => transaction
                .commit()
                .await
                .map_or_else(|error| Err(uncommitted(error)), |()| Ok(Projected::Done)),
            otherwise => {
                self.abandon(transaction).await;
                otherwise
            }
        }
    }
}

/// An answer that says no is as good as a rollback; none at all, or a fault within the server, leaves
/// the outcome open.
fn uncommitted(error: Error) -> Failure {
    match &error {
        Error::Neo4j(refusal)
            if matches!(
                refusal.kind(),
                Neo4jErrorKind::Client(_) | Neo4jErrorKind::Transient
            ) =>
        {
            Failure::Failed(error)
        }
        _ => Failure::Unknown(error),
    }
}

async fn write(transaction: &mut Txn, work: Work<'_>) -> Result<Projected, Failure> {
    let (expect, cursor) = match work {
        Work::Batch(batch) | Work::Leaving(batch, _) => (batch.expect, &batch.cursor),
        Work::Mend(at, _) => (at.position, at),
    };
    let advance = query(cypher::ADVANCE)
        .param("logId", cursor.log_id.0.to_string())
        .param("expect", int(expect))
        .param("next", int(cursor.position))
        .param("digest", cursor.digest.to_string())
        .param("last", cursor.last.map(|last| last.to_string()));
    let row = only(single(transaction, advance).await?.into_iter().collect())?;
    if !field::<bool>(&row, "here")? {
        return Ok(Projected::Elsewhere(stands(&row)?));
    }
    match work {
        Work::Batch(batch) => {
            write_users(transaction, batch).await?;
            write_edges(transaction, batch, None).await?;
        }
        Work::Leaving(batch, user) => {
            write_users(transaction, batch).await?;
            let leaver = vec![vec![id(user.id)]];
            send(transaction, &cypher::WRITES.leave, leaver).await?;
            write_edges(transaction, batch, Some(user)).await?;
        }
        Work::Mend(_, mends) => mend(transaction, mends).await?,
    }
    Ok(Projected::Done)
}

/// Where the cursor stood; nowhere if it was made just now. One that is being emptied stands at the
/// start, and still belongs to its log.
fn stands(row: &Row) -> Result<Option<Cursor>, GraphError> {
    let Some(log_id) = field::<Option<&str>>(row, "logId")? else {
        return Ok(None);
    };
    match field::<Option<u64>>(row, "pos")? {
        Some(position) => cursor(log_id, position, field(row, "digest")?, field(row, "last")?),
        None => cursor(log_id, 0, &Digest::default().to_string(), None),
    }
    .map(Some)
}

fn cursor(
    log_id: &str,
    position: u64,
    digest: &str,
    last: Option<&str>,
) -> Result<Cursor, GraphError> {
    let parsed = Uuid::parse_str(log_id).ok().zip(Digest::parse(digest));
    let (log_id, digest) =
        parsed.ok_or_else(|| GraphError::Unusable("the cursor's node is damaged".to_owned()))?;
    Ok(Cursor {
        log_id: LogId(log_id),
        position,
        digest,
        // A graph of an earlier build has none.
        last: last.and_then(Recorded::parse),
    })
}

async fn write_users(transaction: &mut Txn, batch: &Batch) -> Result<(), Failure> {
    // Who had a version before the batch is in the graph already.
    let old: HashSet<UserId> = (batch.past_users.iter())
        .filter(|(version, _)| version.from.position <= batch.expect)
        .map(|(version, _)| version.id)
        .collect();
    let (changed, new): (Vec<_>, Vec<_>) =
        (batch.users.iter()).partition(|user| old.contains(&user.id));
    let texts = &cypher::WRITES;
    let past = batch.past_users.iter();
    let past = past
        .map(|(version, ended)| past_user_row(version, *ended))
        .collect();
    let row = |user: &Arc<User>| user_row(user);
    send(
        transaction,
        &texts.register,
        new.into_iter().map(row).collect(),
    )
    .await?;
    send(
        transaction,
        &texts.change,
        changed.into_iter().map(row).collect(),
    )
    .await?;
    send(transaction, &texts.retire, past).await
}

async fn write_edges(
    transaction: &mut Txn,
    batch: &Batch,
    leaving: Option<&User>,
) -> Result<(), Failure> {
    let stays = |edge: &Edge, ended| !leaving.is_some_and(|user| is_left(edge, ended, user));
    let closed: Vec<_> = (batch.closed.iter().copied())
        .filter(|(edge, ended)| stays(edge, *ended))
        .collect();
    for kind in [EdgeKind::Friend, EdgeKind::Requested, EdgeKind::Blocked] {
        let [open, close, pass] = &cypher::WRITES.edges[kind as usize];
        let ended = |edges: &[(Edge, Moment)]| {
            let of_kind = edges.iter().filter(|(edge, _)| edge.kind == kind);
            of_kind
                .map(|(edge, ended)| edge_row(edge, Some(*ended)))
                .collect()
        };
        let opened = batch.opened.iter().filter(|edge| edge.kind == kind);
        let opened = opened.map(|edge| edge_row(edge, None)).collect();
        // A tie that ended and began anew is matched by its position: it cannot be mistaken.
        send(transaction, close, ended(&closed)).await?;
        send(transaction, pass, ended(&batch.passed)).await?;
        send(transaction, open, opened).await?;
    }
    Ok(())
}

/// Writes rows in chunks. A row that finds no user or edge to write to is a fault: the log proves
/// that both are there.
pub(super) async fn send(
    transaction: &mut Txn,
    text: &str,
    rows: Vec<Vec<BoltType>>,
) -> Result<(), Failure> {
    for chunk in chunks(rows) {
        let count = chunk.len();
        let rows = list(chunk.into_iter().map(list).collect());
        let row = single(transaction, query(text).param("rows", rows)).await?;
        let written: usize = field(&only(row.into_iter().collect())?, "n")?;
        if written != count {
            return Err(Failure::Damaged(GraphError::Unusable(format!(
                "{} of {count} rows of a batch name a user or an edge that the graph does not \
                 have; rebuild it from the log",
                count - written.min(count)
            ))));
        }
    }
    Ok(())
}

/// Requests that the driver sends in one piece. A longer one it sends in several small ones without
/// `TCP_NODELAY`, and waits some 44 ms for the server's delayed acknowledgement.
fn chunks(rows: Vec<Vec<BoltType>>) -> Vec<Vec<Vec<BoltType>>> {
    let mut chunks = Vec::new();
    let mut room = 0;
    for row in rows {
        let bytes: usize = row.iter().map(size).sum();
        match chunks.last_mut() {
            Some(chunk) if bytes <= room => {
                room -= bytes;
                Vec::push(chunk, row);
            }
            _ => {
                room = CHUNK_BYTES.saturating_sub(bytes);
                chunks.push(vec![row]);
            }
        }
    }
    chunks
}

/// The most bytes that a value takes in a request.
fn size(value: &BoltType) -> usize {
    match value {
        BoltType::String(text) => text.value.len() + 5,
        _ => 9,
    }
}
