//! `/metrics`: what is counted all the time, and what is measured when somebody asks.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use metrics::gauge;
use tokio::time::Instant;

use crate::{graphql::Services, metrics as names};

use super::Site;

pub(super) async fn metrics(State(site): State<Site>) -> Response {
    measure(&site.services, site.started).await;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    gauge!(names::VERIFY_DIFFERENCES).set(*site.health.differences.borrow() as f64);
    gauge!(names::READY).set(f64::from(u8::from(
        site.health.present_obstacle().await.is_none(),
    )));
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (kind, site.metrics.render()).into_response()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn measure(services: &Services, started: Instant) {
    // The guarded question: a scrape does not wait for a broker that is gone.
    let end = services.vitals.log_end().await.ok();
    gauge!(names::LOG_END).set(end.map_or(f64::NAN, |end| end as f64));
    services
        .replay
        .read(|model| {
            gauge!(names::REPLAY_POSITION).set(model.position() as f64);
            gauge!(names::USERS).set(model.state().users().len() as f64);
            gauge!(names::PAIRS).set(model.state().pair_count() as f64);
            gauge!(names::REMEMBERED_COMMANDS).set(model.judge().remembered() as f64);
            gauge!(names::ETAGS).set(model.judge().etags().len() as f64);
        })
        .await;
    let progress = *services.replay.progress().borrow();
    let ahead = progress.log_time.0.saturating_sub((services.clock)().0);
    gauge!(names::LOG_TIME_AHEAD).set(ahead.max(0) as f64 / 1_000.0);
    let replayed = progress.position;
    let status = services.projection.borrow().clone();
    let known = replayed.max(end.unwrap_or_default());
    let lag = known.saturating_sub(status.position);
    // The first of them is known with its time only when the replay has read it.
    let waited = status
        .pending_since
        .filter(|_| lag > 0)
        .map_or(0, |since| (services.clock)().0.saturating_sub(since.0));
    gauge!(names::LAG_RECORDS).set(lag as f64);
    gauge!(names::LAG_SECONDS).set(waited.max(0) as f64 / 1_000.0);
    gauge!(names::PROJECTED_POSITION).set(status.position as f64);
    gauge!(names::HALTED).set(f64::from(u8::from(status.is_halted)));
    gauge!(names::UPTIME_SECONDS).set(started.elapsed().as_secs_f64());
    if let Some(memory) = memory_stats::memory_stats() {
        gauge!(names::RESIDENT_BYTES).set(memory.physical_mem as f64);
    }
}
