//! All metrics: their names, kinds and meaning, in one place. A leaf: must never use anything of ours.
//!
//! A label has few values, known beforehand: never an id, a name or a text that came from outside.

use metrics::{describe_counter, describe_gauge, describe_histogram};

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets: `…_bucket`, `…_sum` and `…_count` are exposed.
    Histogram,
}

/// A metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it means.
    pub help: &'static str,
}

/// A constant for each metric, documented by its help, and a list of them all.
macro_rules! metrics {
    ($($kind:ident $constant:ident = $name:literal, $help:literal;)*) => {
        $(#[doc = $help] pub const $constant: &str = $name;)*
        /// Every metric.
        pub const ALL: &[Metric] = &[
            $(Metric { name: $name, kind: Kind::$kind, help: $help },)*
        ];
    };
}

metrics! {
    // Writing
    Counter COMMANDS = "foaf_commands_total", "Commands answered, by outcome.";
    Histogram COMMAND_SECONDS = "foaf_command_duration_seconds", "How long a command took until its answer.";
    Histogram DECIDE_SECONDS = "foaf_decide_duration_seconds", "How long a record took to be decided, with the wait for commands of this node that touch the same things.";
    Histogram APPEND_SECONDS = "foaf_append_duration_seconds", "How long the log took to acknowledge a record.";
    Histogram REPLAY_SECONDS = "foaf_replay_duration_seconds", "How long the own replay took to pass a record once the log had acknowledged it.";
    Counter CONFLICTS = "foaf_conflicts_total", "Attempts decided anew because another node was first.";
    // Replay
    Counter VOIDS = "foaf_void_records_total", "Void records met, by reason.";
    Gauge REPLAY_POSITION = "foaf_replay_position", "The position that the replay has reached.";
    Gauge LOG_END = "foaf_log_end_position", "The position at which the log ends; NaN while the log does not answer.";
    Gauge USERS = "foaf_users", "Users in the write model, whatever their state.";
    Gauge PAIRS = "foaf_pairs", "Pairs of users with a friendship, a request or a block between them.";
    Gauge REMEMBERED_COMMANDS = "foaf_remembered_commands", "Commands whose outcome is remembered.";
    Gauge ETAGS = "foaf_etags", "Conflict keys whose last writer is remembered.";
    Gauge LOG_TIME_AHEAD = "foaf_log_time_ahead_seconds", "How far log time is ahead of the clock of this node; 0 if it is not.";
    // Projection
    Gauge LAG_RECORDS = "foaf_projection_lag_records", "How far the projection is behind the log, in records.";
    Gauge LAG_SECONDS = "foaf_projection_lag_seconds", "For how long the first record that the graph does not show yet has been known.";
    Gauge PROJECTED_POSITION = "foaf_projection_position", "The position that the graph shows.";
    Histogram PROJECT_SECONDS = "foaf_projection_batch_duration_seconds", "How long a batch took to be projected.";
    Histogram PROJECT_RECORDS = "foaf_projection_batch_records", "How many positions a batch held.";
    Counter PROJECT_RETRIES = "foaf_projection_retries_total", "Projections that had to be tried again.";
    Gauge HALTED = "foaf_projection_halted", "1 after an error that only an operator can cure, else 0.";
    // Reading
    Histogram GRAPH_QUERY_SECONDS = "foaf_graph_query_duration_seconds", "How long a question to the graph took, by question.";
    Histogram GRAPHQL_SECONDS = "foaf_graphql_request_duration_seconds", "How long a GraphQL request took.";
    Counter GRAPHQL_ERRORS = "foaf_graphql_errors_total", "Errors in GraphQL answers, by code.";
    Counter HTTP_REQUESTS = "foaf_http_requests_total", "Requests over HTTP, by status.";
    // Upkeep
    Gauge SNAPSHOT_SECONDS = "foaf_snapshot_duration_seconds", "How long the last snapshot took to be written.";
    Counter SNAPSHOT_FAILURES = "foaf_snapshot_failures_total", "Snapshots that could not be written.";
    Counter VERIFY_CHECKS = "foaf_verify_checks_total", "Background checks of the graph against the log, by result.";
    Gauge VERIFY_SECONDS = "foaf_verify_duration_seconds", "How long the last background check took.";
    Gauge VERIFY_DIFFERENCES = "foaf_verify_differences", "In how many places the graph differed from the log at the last check.";
    // The process
    Gauge READY = "foaf_ready", "1 while the node is ready for callers, else 0.";
    Gauge RESIDENT_BYTES = "foaf_resident_memory_bytes", "Memory of the process that is in use and not swapped out.";
    Gauge UPTIME_SECONDS = "foaf_uptime_seconds", "How long the service has been running.";
    Gauge BUILD_INFO = "foaf_build_info", "Always 1; the label names the version.";
}

/// Why a record can be void: the label `reason` of [`VOIDS`].
pub const VOID_REASONS: [&str; 6] = [
    "malformed",
    "created_before",
    "not_created",
    "expired",
    "duplicate",
    "conflict",
];

/// What a background check can come to: the label `result` of [`VERIFY_CHECKS`].
pub const VERIFY_RESULTS: [&str; 3] = ["equal", "different", "failed"];

/// What a command can come to: the label `outcome` of [`COMMANDS`].
pub const OUTCOMES: [&str; 6] = [
    "done",
    "rejected",
    "conflict",
    "unknown",
    "key_reused",
    "unavailable",
];

/// The codes of GraphQL errors that are a fault of the service: of the label `code` of
/// [`GRAPHQL_ERRORS`].
pub const FAULTS: [&str; 3] = ["UNAVAILABLE", "OUTCOME_UNKNOWN", "INTERNAL"];

/// Tells the recorder of every metric, and begins those counters at 0 whose first step would be
/// missed: an alert sees a rise, never a beginning.
pub fn describe() {
    for Metric { name, kind, help } in ALL.iter().copied() {
        match kind {
            Kind::Counter => describe_counter!(name, help),
            Kind::Gauge => describe_gauge!(name, help),
            Kind::Histogram => describe_histogram!(name, help),
        }
    }
    for name in [CONFLICTS, PROJECT_RETRIES, SNAPSHOT_FAILURES] {
        metrics::counter!(name).increment(0);
    }
    for name in [SNAPSHOT_SECONDS, VERIFY_SECONDS] {
        metrics::gauge!(name).set(0.0);
    }
    for result in VERIFY_RESULTS {
        metrics::counter!(VERIFY_CHECKS, "result" => result).increment(0);
    }
    for reason in VOID_REASONS {
        metrics::counter!(VOIDS, "reason" => reason).increment(0);
    }
    for outcome in OUTCOMES {
        metrics::counter!(COMMANDS, "outcome" => outcome).increment(0);
    }
    for code in FAULTS {
        metrics::counter!(GRAPHQL_ERRORS, "code" => code).increment(0);
    }
    metrics::gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}
