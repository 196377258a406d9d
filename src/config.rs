//! Settings: what the command line, the environment and a file say, as values that can only be right.
//!
//! A leaf. Every fault names the setting and the fix, and all are told at once.

mod file;
mod hosts;
mod kafka;
mod limits;
mod listen;
mod roles;
mod sources;
mod url;
mod writing;

use std::{
    fmt::{self, Display},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use clap::Args;

pub use hosts::Hosts;
pub use kafka::{KafkaArgs, KafkaSecurity, Sasl};
pub use limits::{LimitArgs, Limits};
pub use listen::ListenArgs;
pub use roles::Roles;
pub use sources::{Loaded, UsageError, table};
pub use url::{GraphUrl, LogUrl, Neo4jTls};
pub use writing::Writing;

/// Which log and which graph: what every subcommand that touches data takes.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// The event log: `sqlite:FOLDER`, `kafka://HOST[:PORT][/TOPIC]` (port 9092 and topic `foaf` if
    /// left out; several `HOST:PORT` with commas between), or `memory:` (gone when the process ends).
    #[arg(
        long,
        env = "FOAF_LOG",
        value_name = "URL",
        default_value = "sqlite:./foaf-data"
    )]
    pub log: String,

    /// The graph: `embedded:` (in memory, made anew from the log at start), or
    /// `neo4j://USER:PASSWORD@HOST[:PORT][/DATABASE]`; `neo4j+s://` with TLS, `neo4j+ssc://` with TLS
    /// and a certificate that nobody checks; `bolt://`, `bolt+s://` and `bolt+ssc://` are the same.
    #[arg(
        long,
        env = "FOAF_GRAPH",
        value_name = "URL",
        default_value = "embedded:",
        hide_env_values = true
    )]
    pub graph: String,

    /// Where snapshots are kept, which shorten the next start: the folder of a `sqlite:` log unless
    /// given; with other logs none are written unless given. Each node needs a folder of its own.
    #[arg(long, env = "FOAF_SNAPSHOTS", value_name = "FOLDER")]
    pub snapshots: Option<PathBuf>,

    /// How long a command may take before its answer is "unknown", in milliseconds.
    #[arg(
        long,
        env = "FOAF_WRITE_TIMEOUT_MS",
        value_name = "MS",
        default_value = "10000"
    )]
    pub write_timeout_ms: String,

    /// How many friends a user may have: a bound on what one user costs everybody. 0 for none; commands
    /// that are decided at once may exceed it.
    #[arg(
        long,
        env = "FOAF_MAX_FRIENDS",
        value_name = "NUMBER",
        default_value = "10000"
    )]
    pub max_friends: String,

    /// How long the start waits for a Kafka or Neo4j that is not there yet, in milliseconds.
    #[arg(
        long,
        env = "FOAF_START_TIMEOUT_MS",
        value_name = "MS",
        default_value = "60000"
    )]
    pub start_timeout_ms: String,

    /// How the Kafka brokers are spoken to.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// The authorities that may have signed the certificate of a `neo4j+s://` server, as a PEM file;
    /// the system's if left out.
    #[arg(long, env = "FOAF_NEO4J_CA_FILE", value_name = "FILE")]
    pub neo4j_ca_file: Option<String>,
}

/// Which log and which graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stores {
    /// The event log.
    pub log: LogUrl,
    /// The graph.
    pub graph: GraphUrl,
    /// Where snapshots are kept, if that is not decided by the log.
    pub snapshots: Option<PathBuf>,
    /// How commands are bounded.
    pub writing: Writing,
    /// How long the start waits for a server that is not there yet.
    pub start_timeout: Duration,
}

impl Stores {
    /// The folder of the snapshots, if there are to be any.
    #[must_use]
    pub fn snapshots(&self) -> Option<&Path> {
        match (&self.snapshots, &self.log) {
            (Some(folder), _) | (None, LogUrl::Sqlite(folder)) => Some(folder),
            _ => None,
        }
    }
}

/// What to say on standard error.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// How to write the program's own log: `text`, or `json` (an object a line).
    #[arg(
        long,
        global = true,
        env = "FOAF_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: String,

    /// How much to log: `error`, `warn`, `info`, `debug` or `trace`, or a filter such as
    /// `warn,foaf::replay=debug`.
    #[arg(
        long,
        global = true,
        env = "FOAF_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub log_level: String,
}

/// What to say on standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logs {
    /// JSON lines instead of text.
    pub is_json: bool,
    /// What to let through, in the language of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

/// Every fault of the settings. Each begins with its flag: `--log: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings cannot be used:")?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl StoreArgs {
    /// The settings, if all are right.
    ///
    /// # Errors
    /// Every fault, each with the setting and the fix.
    pub fn parse(&self) -> Result<Stores, ConfigErrors> {
        let mut faults = Vec::new();
        let mut log =
            LogUrl::parse(&self.log).map_err(|fault| faults.push(format!("--log: {fault}")));
        let mut graph =
            GraphUrl::parse(&self.graph).map_err(|fault| faults.push(format!("--graph: {fault}")));
        let timeout = milliseconds(&self.write_timeout_ms, 100, 600_000)
            .map_err(|fault| faults.push(format!("--write-timeout-ms: {fault}")));
        match self.kafka.parse() {
            Ok(own) => {
                if let Ok(LogUrl::Kafka { security, .. }) = &mut log {
                    *security = own;
                }
            }
            Err(more) => faults.extend(more),
        }
        if let Some(path) = &self.neo4j_ca_file {
            match (certificates(path), &mut graph) {
                (Err(fault), _) => faults.push(format!("--neo4j-ca-file: {fault}")),
                (Ok(path), Ok(GraphUrl::Neo4j { tls, .. })) => match tls {
                    Neo4jTls::Checked { ca_file } => *ca_file = Some(path),
                    Neo4jTls::None | Neo4jTls::Unchecked => faults.push(
                        "--neo4j-ca-file: certificates are checked with a graph of bolt+s:// or neo4j+s:// only"
                            .to_owned(),
                    ),
                },
                _ => {}
            }
        }
        let start = milliseconds(&self.start_timeout_ms, 100, 86_400_000)
            .map_err(|fault| faults.push(format!("--start-timeout-ms: {fault}")));
        let max_friends = bound(&self.max_friends, usize::MAX)
            .map_err(|fault| faults.push(format!("--max-friends: {fault}")));
        match (log, graph, timeout, start, max_friends) {
            (Ok(log), Ok(graph), Ok(timeout), Ok(start_timeout), Ok(max_friends))
                if faults.is_empty() =>
            {
                Ok(Stores {
                    log,
                    graph,
                    snapshots: self.snapshots.clone(),
                    writing: Writing {
                        timeout,
                        max_friends: NonZeroUsize::new(max_friends),
                    },
                    start_timeout,
                })
            }
            _ => Err(ConfigErrors(faults)),
        }
    }
}

impl LogArgs {
    /// The settings, if all are right.
    ///
    /// # Errors
    /// Every fault, each with the setting and the fix.
    pub fn parse(&self) -> Result<Logs, ConfigErrors> {
        let mut faults = Vec::new();
        let is_json = match self.log_format.as_str() {
            "text" => false,
            "json" => true,
            other => {
                faults.push(format!(
                    "--log-format: {other:?} is not a format; use text or json"
                ));
                false
            }
        };
        let level = self.log_level.as_str();
        let filter = match level {
            "error" => "error".to_owned(),
            // The libraries' own details help nobody but their authors.
            "warn" | "info" | "debug" | "trace" => format!("warn,foaf={level}"),
            filter => {
                if let Err(error) = tracing_subscriber::EnvFilter::try_new(filter) {
                    faults.push(format!(
                        "--log-level: {filter:?} is neither a level nor a filter ({error}); use info, say"
                    ));
                }
                filter.to_owned()
            }
        };
        if faults.is_empty() {
            return Ok(Logs { is_json, filter });
        }
        Err(ConfigErrors(faults))
    }
}

fn milliseconds(text: &str, least: u64, most: u64) -> Result<Duration, String> {
    match text.parse() {
        Ok(ms) if (least..=most).contains(&ms) => Ok(Duration::from_millis(ms)),
        _ => Err(format!(
            "{text:?} is not a number of milliseconds from {least} to {most}"
        )),
    }
}

/// A number that bounds something, or 0.
fn bound<T: FromStr + Display + Copy>(text: &str, most: T) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a whole number up to {most}; 0 for no bound"))
}

/// A PEM file with at least one certificate in it. (The libraries pass over what is none.)
fn certificates(path: &str) -> Result<PathBuf, String> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => Ok(path.into()),
        Ok(_) => Err(format!("{path} has no certificate in PEM form")),
        Err(error) => Err(format!("{path} cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::{FromArgMatches, Parser};

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        stores: StoreArgs,
    }

    fn parse(arguments: &[&str]) -> Result<Stores, ConfigErrors> {
        Program::parse_from([&["foaf"], arguments].concat())
            .stores
            .parse()
    }

    #[test]
    fn all_faults_at_once() {
        let arguments = "--log file:x --graph redis: --write-timeout-ms soon --start-timeout-ms 0 --kafka-security-protocol TLS --neo4j-ca-file none.pem";
        let arguments: Vec<_> = arguments.split(' ').collect();
        let faults = parse(&arguments).expect_err("six faults").to_string();
        for setting in arguments.iter().filter(|a| a.starts_with("--")) {
            assert!(faults.contains(&format!("{setting}: ")), "{faults}");
        }
    }

    #[test]
    fn an_authority_is_for_checked_certificates_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        let path = file.display().to_string();
        std::fs::write(&file, "nothing").expect("written");
        let with = |url: &str| parse(&["--graph", url, "--neo4j-ca-file", &path]);
        let fault = with("neo4j+s://a:b@c").expect_err("no certificate");
        assert!(fault.to_string().contains("no certificate"), "{fault}");
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----").expect("written");
        let graph = with("neo4j+s://a:b@c").expect("right").graph;
        let GraphUrl::Neo4j { tls, .. } = graph else {
            panic!("{graph:?}");
        };
        let ca_file = Some(file.clone());
        assert_eq!(tls, Neo4jTls::Checked { ca_file });
        let fault = with("neo4j+ssc://a:b@c").expect_err("not checked");
        assert!(fault.to_string().contains("neo4j+s:// only"), "{fault}");
    }

    fn logs(arguments: &[&str]) -> Result<Logs, ConfigErrors> {
        let command = LogArgs::augment_args(clap::Command::new("foaf"));
        let matches = command.get_matches_from([&["foaf"], arguments].concat());
        LogArgs::from_arg_matches(&matches)
            .expect("LogArgs")
            .parse()
    }

    #[test]
    fn levels_of_the_log() {
        let filter = |level| logs(&["--log-level", level]).expect("a level").filter;
        assert_eq!(filter("debug"), "warn,foaf=debug");
        assert_eq!(filter("error"), "error");
        assert_eq!(filter("foaf::replay=trace"), "foaf::replay=trace");
        let faults = logs(&["--log-level", "foaf=loud", "--log-format", "xml"]);
        let faults = faults.expect_err("two").to_string();
        assert!(faults.contains("--log-level: \"foaf=loud\""), "{faults}");
        assert!(faults.contains("--log-format: \"xml\""), "{faults}");
    }
}
