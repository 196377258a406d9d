//! Waiting, at start, for a server that is not there yet.
//!
//! Must never wait for what waiting cannot cure: a refusal ends the start at once.

use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Error, Result, bail};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::warn;

use crate::{event_log::LogError, graph::GraphError};

/// How often the waiting is spoken of.
const SAY_EVERY: Duration = Duration::from_secs(3);

/// How long to wait before the next try.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Connects to the server at `place`, again and again until `deadline` while it is out of reach.
///
/// # Errors
/// What stands against it, at once; at the deadline, that it is out of reach.
pub(super) async fn patiently<T, F: Future<Output = Result<T>>>(
    place: &str,
    deadline: Instant,
    connect: impl Fn() -> F,
) -> Result<T> {
    let start = Instant::now();
    let last = Mutex::new("no answer yet".to_owned());
    let reason = || last.lock().unwrap_or_else(PoisonError::into_inner);
    let tries = async {
        loop {
            match connect().await {
                Err(error) if is_passing(&error) => *reason() = error.root_cause().to_string(),
                done => return done,
            }
            sleep(TRY_AGAIN_AFTER).await;
        }
    };
    let mut tries = pin!(timeout_at(deadline, tries));
    loop {
        match timeout(SAY_EVERY, &mut tries).await {
            Ok(Ok(done)) => return done,
            Ok(Err(_)) => bail!(
                "{place} was not there within {:.0?} ({}): start it, name another place, or wait longer with --start-timeout-ms (FOAF_START_TIMEOUT_MS)",
                start.elapsed(),
                reason()
            ),
            Err(_) => {
                let left = deadline.saturating_duration_since(Instant::now());
                warn!(
                    place,
                    reason = *reason(),
                    left_s = left.as_secs(),
                    "waiting for a server"
                );
            }
        }
    }
}

fn is_passing(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(LogError::Unavailable(_)))
        || matches!(error.downcast_ref(), Some(GraphError::Unavailable(_)))
}
