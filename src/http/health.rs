//! How the node is: whether it lives, and whether it is ready for callers.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde_json::json;
use tokio::sync::watch;

use crate::{graphql::Vitals, projector::Status, replay::Progress};

use super::Site;

/// The node's vital signs.
#[derive(Clone)]
pub struct Health {
    /// How far replay has come.
    pub replay: watch::Receiver<Progress>,
    /// How the projection stands.
    pub projection: watch::Receiver<Status>,
    /// How many differences between graph and log were found and not mended.
    pub differences: watch::Receiver<u64>,
    /// Whether the servers answer.
    pub vitals: Arc<Vitals>,
}

impl Health {
    /// What keeps the node from having become ready.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        let live_at = self.replay.borrow().live_at;
        let status = self.projection.borrow();
        if status.is_halted {
            let reason = status
                .error
                .as_deref()
                .unwrap_or("see the log of this process");
            return Some(format!("the projection has halted: {reason}"));
        }
        match live_at {
            None => Some("the log is being replayed".to_owned()),
            Some(live_at) if status.position < live_at => {
                Some("the graph is being projected".to_owned())
            }
            Some(_) => None,
        }
    }

    /// What keeps the node from being ready at this moment, the servers behind it included.
    pub(super) async fn present_obstacle(&self) -> Option<String> {
        if let Some(obstacle) = self.obstacle() {
            return Some(obstacle);
        }
        let (graph, log) = futures::join!(self.vitals.graph(), self.vitals.log_end());
        match (graph, log) {
            (Err(error), _) => Some(format!("the graph: {error}")),
            (_, Err(error)) => Some(format!("the event log: {error}")),
            _ => None,
        }
    }
}

pub(super) async fn live() -> impl IntoResponse {
    Json(json!({ "status": "live" }))
}

pub(super) async fn ready(State(site): State<Site>) -> impl IntoResponse {
    match site.health.present_obstacle().await {
        None => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Some(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "not ready", "reason": reason })),
        ),
    }
}
