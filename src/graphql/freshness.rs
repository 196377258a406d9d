//! Waiting until the graph shows a position: how callers read their own writes, and others'.

use std::time::Duration;

use async_graphql::{ErrorExtensions, Result};
use tokio::time::{Instant, timeout_at};

use super::{
    Services,
    error::Code,
    scalar::{MAX_LONG, Position},
};

/// Waits until the projection has reached `wanted`, at most for `limit`.
pub(super) async fn wait(services: &Services, wanted: Position, limit: Duration) -> Result<()> {
    let deadline = Instant::now() + limit;
    let mut progress = services.replay.progress();
    let known = progress.wait_for(|now| now.log_id.is_some());
    let log_id = timeout_at(deadline, async {
        known.await.ok().and_then(|now| now.log_id)
    })
    .await;
    if matches!(log_id, Ok(Some(log_id)) if log_id != wanted.log_id) {
        return Err(Code::PositionUnknown
            .error("this position is of another log: use one that this service gave"));
    }
    let mut status = services.projection.clone();
    let reached = status.wait_for(|now| now.position >= wanted.position || now.is_halted);
    // Halted, out of time or going down: the position then tells.
    let _ = timeout_at(deadline, async { reached.await.map(drop) }).await;
    if services.projection.borrow().position >= wanted.position {
        return Ok(());
    }
    let at = services.projection.borrow().position;
    // Both sides of the comparison are this log's, so a difference of positions is a lag.
    let lag = wanted.position.saturating_sub(at).min(MAX_LONG);
    let current = Position {
        log_id: wanted.log_id,
        position: at,
    };
    Err(Code::PositionNotReached
        .error(format!(
            "the graph is {lag} records short of this position after {} ms: wait longer, or ask again",
            limit.as_millis()
        ))
        .extend_with(|_, extensions| {
            extensions.set("position", current.to_token());
            extensions.set("lagRecords", lag);
        }))
}
