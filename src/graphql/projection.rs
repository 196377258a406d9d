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
    /// Not following: on the way to the end that the log had when this node started, or kept from
    /// it by `error`.
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
    /// The end of the log; null if the log does not answer.
    log_end: Option<Position>,
    /// How many log positions lie between the two; null if the log does not answer.
    lag_records: Option<Long>,
    /// For how long the first of them has been in the log, in milliseconds; 0 without a lag, null if
    /// the log does not answer.
    lag_ms: Option<Long>,
    /// How the projection stands.
    state: ProjectionState,
    /// What is, or was last, in its way.
    error: Option<String>,
}

impl ProjectionStatus {
    pub(super) async fn load(ctx: &Context<'_>) -> Result<Self> {
        let services = ctx.data_unchecked::<Services>();
        let progress = *services.replay.progress().borrow();
        let status = services.projection.borrow().clone();
        let Some(log_id) = progress.log_id else {
            return Err(Code::Unavailable.error("the log is still being replayed: try again"));
        };
        let (graph, end) = futures::join!(services.vitals.graph(), services.vitals.log_end());
        let missing = [
            graph.err().map(|error| format!("the graph: {error}")),
            end.err().map(|error| format!("the event log: {error}")),
        ];
        let error = status
            .error
            .or_else(|| missing.into_iter().flatten().next());
        let state = if status.is_halted {
            ProjectionState::Halted
        } else if services.has_caught_up() && error.is_none() {
            ProjectionState::Live
        } else {
            ProjectionState::CatchingUp
        };
        let token = |position| Position { log_id, position };
        let end = end.ok().map(|end| end.max(status.position));
        let lag = end.map(|end| end - status.position);
        let since = status.pending_since.unwrap_or(progress.log_time);
        let waited = (services.clock)().0.saturating_sub(since.0);
        let waited = u64::try_from(waited).unwrap_or_default();
        Ok(Self {
            position: token(status.position),
            log_end: end.map(token),
            lag_records: lag.map(Long),
            lag_ms: lag.map(|lag| Long(if lag == 0 { 0 } else { waited })),
            state,
            error,
        })
    }
}
