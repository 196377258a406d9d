//! Whether log time runs ahead of the own clock: then somebody's clock is wrong, and log time stands still
//! until all others have caught up.
//!
//! Must never change what counts: the judge reads no clock.

use std::time::Duration;

use tokio::{sync::watch, time::Instant};
use tracing::warn;

use crate::{clock::Clock, replay::Progress};

/// How far ahead log time may be without a word, in milliseconds.
const TOLERATED_MS: i64 = 60_000;
/// How often it is spoken of.
const WARN_EVERY: Duration = Duration::from_mins(10);

/// Warns of a log time that is ahead, for as long as replay goes on.
pub(super) async fn watch(mut progress: watch::Receiver<Progress>, clock: Clock) {
    let mut warned: Option<Instant> = None;
    while progress.changed().await.is_ok() {
        let log_time = progress.borrow_and_update().log_time;
        let ahead_ms = log_time.0.saturating_sub(clock().0);
        let is_due = warned.is_none_or(|at| at.elapsed() >= WARN_EVERY);
        if ahead_ms > TOLERATED_MS && is_due {
            warned = Some(Instant::now());
            warn!(
                ahead_s = ahead_ms / 1_000,
                "log time is ahead of the own clock: a clock here or at the log is wrong, and commands are dated ahead"
            );
        }
    }
}
