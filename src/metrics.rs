//! The names of all metrics, in one place. A leaf: must never use anything of ours.

/// Void records met, by `reason`.
pub const VOIDS: &str = "foaf_void_records_total";
/// Commands answered, by `outcome`.
pub const COMMANDS: &str = "foaf_commands_total";
/// Attempts decided anew because another node was first.
pub const CONFLICTS: &str = "foaf_conflicts_total";
/// How long a command took until its answer.
pub const COMMAND_SECONDS: &str = "foaf_command_duration_seconds";
/// How far the projection is behind the log, in records.
pub const LAG_RECORDS: &str = "foaf_projection_lag_records";
/// The position that the projection has reached.
pub const PROJECTED_POSITION: &str = "foaf_projection_position";
/// How long a batch took to be projected.
pub const PROJECT_SECONDS: &str = "foaf_projection_batch_duration_seconds";
/// How many positions a batch held.
pub const PROJECT_RECORDS: &str = "foaf_projection_batch_records";
/// Projections that had to be tried again.
pub const PROJECT_RETRIES: &str = "foaf_projection_retries_total";
/// How long a snapshot took to be written.
pub const SNAPSHOT_SECONDS: &str = "foaf_snapshot_duration_seconds";
/// Snapshots that could not be written.
pub const SNAPSHOT_FAILURES: &str = "foaf_snapshot_failures_total";
/// Requests over HTTP, by `status`.
pub const HTTP_REQUESTS: &str = "foaf_http_requests_total";
/// How long a GraphQL request took.
pub const GRAPHQL_SECONDS: &str = "foaf_graphql_request_duration_seconds";
/// How long a question to the graph took, by `question`.
pub const GRAPH_QUERY_SECONDS: &str = "foaf_graph_query_duration_seconds";
/// Checks of the graph against the log, by `result`.
pub const VERIFY_CHECKS: &str = "foaf_verify_checks_total";
/// How long such a check took.
pub const VERIFY_SECONDS: &str = "foaf_verify_duration_seconds";
/// How many differences the last check found.
pub const VERIFY_DIFFERENCES: &str = "foaf_verify_differences";
