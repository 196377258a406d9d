//! How far the graph has followed the log.

use async_graphql::{Context, Enum, Result, SimpleObject};

use super::{
    Services,
    error::Code,
    scalar::{Long, Position},
};

/// How the projection stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProjectionState {
    /// On the way to the end that the log had when this node started.
    CatchingUp,
    /// Following the log.
    Live,
    /// Stopped by an error that only an operator can cure; what was projected can still be read.
    Halted,
}

/// How far the graph has followed the log.
#[derive(SimpleObject)]
pub(super) struct ProjectionStatus {
    /// The position that the graph shows.
    position: Position,
    /// The end of the log.
    log_end: Position,
    /// How many log positions lie between the two.
    lag_records: Long,
    /// For how long the first of them has been in the log, in milliseconds; 0 without a lag.
    lag_ms: Long,
    /// How the projection stands.
    state: ProjectionState,
    /// What is, or was last, in its way.
    error: Option<String>,
}

impl ProjectionStatus {
    pub(super) async fn load(ctx: &Context<'_>) -> Result<Self> {
        let services = ctx.data_unchecked::<Services>();
        let unavailable = |message: &str| Code::Unavailable.error(message);
        let progress = *services.replay.progress().borrow();
        let status = services.projection.borrow().clone();
        let end = services.log.end().await.map_err(|error| {
            tracing::error!(error = %error, "the end of the log is unknown");
            unavailable("the event log is out of reach for now: try again")
        })?;
        let Some(log_id) = progress.log_id else {
            return Err(unavailable("the log is still being replayed: try again"));
        };
        let token = |position| Position { log_id, position };
        let end = end.max(status.position);
        let lag = end - status.position;
        let since = status.pending_since.unwrap_or(progress.log_time);
        let waited = (services.clock)().0.saturating_sub(since.0);
        let state = if status.is_halted {
            ProjectionState::Halted
        } else if services.has_caught_up() {
            ProjectionState::Live
        } else {
            ProjectionState::CatchingUp
        };
        Ok(Self {
            position: token(status.position),
            log_end: token(end),
            lag_records: Long(lag),
            lag_ms: Long(if lag == 0 {
                0
            } else {
                u64::try_from(waited).unwrap_or_default()
            }),
            state,
            error: status.error,
        })
    }
}
