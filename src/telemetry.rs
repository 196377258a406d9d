//! Logs and metrics of the process. A leaf.

use std::{
    io::IsTerminal,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Sends logs to standard error: what `filter` lets through, as text or as JSON lines.
pub fn start_logs(is_json: bool, filter: &str) {
    let registry = tracing_subscriber::registry().with(EnvFilter::new(filter));
    // A second start in one process (tests) changes nothing.
    let _ = if is_json {
        registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .try_init()
    } else {
        registry
            .with(
                fmt::layer()
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_writer(std::io::stderr),
            )
            .try_init()
    };
}

/// The metrics of this process, for `/metrics`; `describe` is called once, before the first is
/// counted.
///
/// # Errors
/// If somebody else's recorder stands in the way.
pub fn metrics(describe: fn()) -> Result<PrometheusHandle, BuildError> {
    static HANDLE: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut installed = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let seconds = [
        0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
        10.0,
    ];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?
        .set_buckets_for_metric(
            Matcher::Suffix("_records".to_owned()),
            &[1.0, 10.0, 100.0, 1_000.0, 10_000.0],
        )?
        .install_recorder()?;
    describe();
    Ok(installed.insert(handle).clone())
}

/// Counts what histograms have gathered, again and again: what is neither counted nor asked for
/// stays in memory, each value by itself.
pub async fn keep_up(metrics: &PrometheusHandle) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        metrics.run_upkeep();
    }
}
