//! Coalescing: the changes of a run of positions as one [`Batch`].

use std::sync::Arc;

use hashbrown::HashMap;
use tokio::task::spawn_blocking;

use crate::{
    domain::{Change, Edge, EdgeKind, Moment, User, UserId},
    graph::{Batch, Cursor},
    judge::LogId,
    replay::Applied,
};

/// How many of `waiting` make a batch of about `max` changes; at least one.
pub(super) fn size(waiting: &[Applied], max: usize) -> usize {
    let mut changes = 0;
    let fits = |applied: &&Applied| {
        changes += applied.changes.len();
        changes <= max
    };
    waiting.iter().take_while(fits).count().max(1)
}

/// From how many changes on a batch is made, and let go of, aside: for a user with a million friends that
/// takes some 100 ms, in which a thread that answers callers would answer nobody.
const LARGE: usize = 50_000;

/// The batch of the first `taken` of `waiting`, of which there is at least one, for a graph whose cursor is
/// `from`.
pub(super) async fn aside(
    log_id: LogId,
    from: Option<Cursor>,
    waiting: &mut Vec<Applied>,
    taken: usize,
) -> Batch {
    let changes: usize = waiting[..taken].iter().map(|one| one.changes.len()).sum();
    if changes < LARGE {
        return coalesce(log_id, from, &waiting[..taken]);
    }
    let rest = waiting.split_off(taken);
    let run = std::mem::replace(waiting, rest);
    let make = move || (coalesce(log_id, from, &run), run);
    let (batch, mut run) = match spawn_blocking(make).await {
        Ok(batch_and_run) => batch_and_run,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime ends, and the projection with it.
        Err(_) => return std::future::pending().await,
    };
    run.append(waiting);
    *waiting = run;
    batch
}

/// Lets go of a batch and what it was made of.
pub(super) fn let_go(run: Vec<Applied>, batch: Batch) {
    if batch.closed.len() + batch.opened.len() >= LARGE {
        spawn_blocking(move || drop((run, batch)));
    }
}

/// The batch of `run`, which must not be empty, for a graph whose cursor is `from`.
fn coalesce(log_id: LogId, from: Option<Cursor>, run: &[Applied]) -> Batch {
    let last = run.last().expect("a run is not empty");
    let cursor = Cursor {
        log_id,
        position: last.position,
        digest: last.digest,
        last: last.last,
    };
    let mut batch = Batch {
        expect: from.map_or(0, |cursor| cursor.position),
        cursor,
        users: Vec::new(),
        past_users: Vec::new(),
        closed: Vec::new(),
        opened: Vec::new(),
        passed: Vec::new(),
    };
    let mut users: HashMap<UserId, Arc<User>> = HashMap::new();
    let mut edges: HashMap<(EdgeKind, UserId, UserId), Edge> = HashMap::new();
    for applied in run {
        let at = Moment {
            position: applied.position,
            time: applied.log_time,
        };
        for change in &applied.changes {
            match change {
                Change::User { before, after } => {
                    if let Some(before) = before {
                        batch.past_users.push((before.clone(), at));
                    }
                    users.insert(after.id, after.clone());
                }
                Change::Opened(edge) => {
                    edges.insert((edge.kind, edge.from, edge.to), *edge);
                }
                Change::Closed(edge) => match edges.remove(&(edge.kind, edge.from, edge.to)) {
                    Some(_) => batch.passed.push((*edge, at)),
                    None => batch.closed.push((*edge, at)),
                },
            }
        }
    }
    batch.users = users.into_values().collect();
    batch.users.sort_unstable_by_key(|user| user.from);
    batch.opened = edges.into_values().collect();
    batch.opened.sort_unstable_by_key(|edge| edge.opened);
    batch
}
