//! A graph made anew from the log: beside the live one and put in its place, into another database, or
//! in place.
//!
//! Must never call a graph whole whose content was not read back and compared.

use std::{fmt, sync::Arc};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    event_log::EventLog,
    graph::{Cursor, Graph, content::Part, swap::Swappable},
    shadow::Shadow,
    verify::{Show, Stage, Step, content_digest},
};

/// How many items are taken out in one transaction.
const CLEAR: usize = 5_000;
/// So near to the log's end it is called reached: who writes meanwhile is always a little ahead.
const NEAR: u64 = 1_000;

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where the graph stands; its content has the digest that the cursor names.
    pub cursor: Cursor,
}

impl fmt::Display for Rebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cursor {
            position, digest, ..
        } = self.cursor;
        write!(
            f,
            "rebuilt up to position {position}; its content was read back and has the digest {digest}, as the log"
        )
    }
}

/// Makes a new graph in `empty` and puts it in the place of the live one, which answers until then.
///
/// # Errors
/// If the live graph is not within this process, or the new one is not what the log comes to: then the
/// live one stays.
pub async fn replace(
    log: Arc<dyn EventLog>,
    live: &Swappable,
    empty: Arc<dyn Graph>,
    show: Show<'_>,
) -> Result<Rebuilt> {
    ensure!(
        live.is_local(),
        "the graph {} is not within the process that serves it: use `foaf rebuild --into GRAPH_URL`, or stop the service and use `foaf rebuild --in-place`",
        live.describe()
    );
    let nothing = "nothing was projected yet: there is nothing to rebuild";
    let mut shadow = Shadow::start(log, empty);
    let cursor = live.cursor().await?.context(nothing)?;
    advance(&mut shadow, cursor.position, show).await?;
    read_back(&**shadow.graph(), show).await?;
    let cursor = live.cursor().await?.context(nothing)?;
    advance(&mut shadow, cursor.position, show).await?;

    // From here on nobody projects: only the last few records are missing.
    let held = live.hold().await;
    let cursor = live.cursor().await?.context(nothing)?;
    advance(&mut shadow, cursor.position, show).await?;
    let made = shadow.graph().cursor().await?;
    ensure!(
        made == Some(cursor),
        "the live graph stands at {cursor:?}, the new one at {made:?}: the live one stays"
    );
    let before = held.replace(shadow.graph().clone());
    // Seconds, for a large one: not on a thread that answers callers.
    tokio::task::spawn_blocking(move || drop(before));
    Ok(Rebuilt { cursor })
}

/// Fills another graph up to the log's end; one that has some of the log already is gone on with.
///
/// # Errors
/// If the target is of another log or of none, or does not become what the log comes to.
pub async fn fill(
    log: Arc<dyn EventLog>,
    target: Arc<dyn Graph>,
    show: Show<'_>,
) -> Result<Rebuilt> {
    let cursor = target.cursor().await?;
    if cursor.is_none() {
        for part in [Part::Users, Part::PastUsers] {
            let found = target.content(part, None, 1).await?.value.items;
            ensure!(
                found.is_empty(),
                "{} has users but stands at no position: empty it first (`foaf rebuild --in-place`, if it is of this log)",
                target.describe()
            );
        }
    }
    let mut shadow = Shadow::start(log.clone(), target);
    let log_id = shadow.log_id().await?;
    if let Some(cursor) = cursor.filter(|cursor| cursor.log_id != log_id) {
        bail!(
            "{} was projected from another log ({}), not from this one ({}); name an empty database",
            shadow.graph().describe(),
            cursor.log_id.0,
            log_id.0
        );
    }
    to_the_end(&*log, shadow, show).await
}

/// Empties a graph and fills it anew. Nobody else may project into it meanwhile.
///
/// # Errors
/// If the graph is of another log, or does not become what the log comes to. One that was left
/// halfway stands at no position: repeat it.
pub async fn in_place(
    log: Arc<dyn EventLog>,
    graph: Arc<dyn Graph>,
    show: Show<'_>,
) -> Result<Rebuilt> {
    let mut first = Shadow::start(log.clone(), graph.clone());
    let log_id = first.log_id().await?;
    // Its projector has seen the graph as it was.
    drop(first);
    let mut done = 0;
    loop {
        let taken = graph.clear(log_id, CLEAR).await?;
        if taken == 0 {
            break;
        }
        done += taken;
        show(Step {
            stage: Stage::Clearing,
            done,
            of: 0,
        });
        if graph.is_local() {
            break;
        }
    }
    let shadow = Shadow::start(log.clone(), graph);
    to_the_end(&*log, shadow, show).await
}

async fn to_the_end(log: &dyn EventLog, mut shadow: Shadow, show: Show<'_>) -> Result<Rebuilt> {
    let mut end = 0;
    loop {
        let before = std::mem::replace(&mut end, log.end().await?);
        advance(&mut shadow, end, show).await?;
        if end - before < NEAR {
            break;
        }
    }
    let cursor = read_back(&**shadow.graph(), show).await?;
    Ok(Rebuilt { cursor })
}

async fn advance(shadow: &mut Shadow, to: u64, show: Show<'_>) -> Result<()> {
    let show = |done| {
        show(Step {
            stage: Stage::Projecting,
            done,
            of: to,
        });
    };
    shadow.advance(to, show).await
}

/// Reads everything back: it must have the digest that the cursor names.
async fn read_back(graph: &dyn Graph, show: Show<'_>) -> Result<Cursor> {
    show(Step {
        stage: Stage::Comparing,
        done: 0,
        of: 0,
    });
    let content = content_digest(graph).await?;
    let content = content.context("somebody else projects into the new graph")?;
    let cursor = graph
        .cursor()
        .await?
        .context("the new graph stands at no position")?;
    ensure!(
        (content.position, content.value) == (cursor.position, cursor.digest),
        "the new graph at position {} has the digest {}, the log comes to {}: `foaf verify` with this graph names what differs, and with --repair --delete-foreign takes out what foaf has not written",
        content.position,
        content.value,
        cursor.digest
    );
    Ok(cursor)
}
