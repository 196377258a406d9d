//! Settings: what the command line and the environment say, as values that can only be right.
//!
//! A leaf. Every fault names the setting and the fix, and all are told at once.

use std::{fmt, path::PathBuf, time::Duration};

use clap::Args;
use percent_encoding::percent_decode_str;
use url::Url;

/// Which log and which graph: what every subcommand that touches data takes.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// The event log: `sqlite:FOLDER`, `kafka://HOST:PORT/TOPIC` (several `HOST:PORT` with commas
    /// between), or `memory:` (gone when the process ends).
    #[arg(
        long,
        env = "FOAF_LOG",
        value_name = "URL",
        default_value = "sqlite:./foaf-data"
    )]
    pub log: String,

    /// The graph: `embedded:` (in memory, made anew from the log at start), or
    /// `neo4j://USER:PASSWORD@HOST:PORT[/DATABASE]`.
    #[arg(
        long,
        env = "FOAF_GRAPH",
        value_name = "URL",
        default_value = "embedded:",
        hide_env_values = true
    )]
    pub graph: String,

    /// How long a command may take before its answer is "unknown", in milliseconds.
    #[arg(
        long,
        env = "FOAF_WRITE_TIMEOUT_MS",
        value_name = "MS",
        default_value = "10000"
    )]
    pub write_timeout_ms: String,

    /// How long the start waits for a Kafka or Neo4j that is not there yet, in milliseconds.
    #[arg(
        long,
        env = "FOAF_START_TIMEOUT_MS",
        value_name = "MS",
        default_value = "60000"
    )]
    pub start_timeout_ms: String,
}

/// Which log and which graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stores {
    /// The event log.
    pub log: LogUrl,
    /// The graph.
    pub graph: GraphUrl,
    /// How long a command may take.
    pub write_timeout: Duration,
    /// How long the start waits for a server that is not there yet.
    pub start_timeout: Duration,
}

/// Where the event log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogUrl {
    /// In memory.
    Memory,
    /// In `foaf.db` of this folder.
    Sqlite(PathBuf),
    /// In a Kafka topic.
    Kafka {
        /// `host:port`, with commas between.
        brokers: String,
        /// The topic.
        topic: String,
    },
}

/// Where the graph is.
#[derive(Clone, PartialEq, Eq)]
pub enum GraphUrl {
    /// In memory.
    Embedded,
    /// In Neo4j.
    Neo4j {
        /// The host's name or address.
        host: String,
        /// The Bolt port.
        port: u16,
        /// The user's name.
        user: String,
        /// The user's password.
        password: String,
        /// The database; the server's default if absent.
        database: Option<String>,
    },
}

impl fmt::Debug for GraphUrl {
    /// Without the password: settings are logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded:"),
            Self::Neo4j {
                host, port, user, ..
            } => {
                write!(f, "neo4j://{user}:***@{host}:{port}")
            }
        }
    }
}

/// Every fault of the settings.
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
        let log = LogUrl::parse(&self.log).map_err(|fault| faults.push(format!("--log: {fault}")));
        let graph =
            GraphUrl::parse(&self.graph).map_err(|fault| faults.push(format!("--graph: {fault}")));
        let timeout = milliseconds(&self.write_timeout_ms, 100, 600_000)
            .map_err(|fault| faults.push(format!("--write-timeout-ms: {fault}")));
        let start = milliseconds(&self.start_timeout_ms, 100, 86_400_000)
            .map_err(|fault| faults.push(format!("--start-timeout-ms: {fault}")));
        match (log, graph, timeout, start) {
            (Ok(log), Ok(graph), Ok(write_timeout), Ok(start_timeout)) => Ok(Stores {
                log,
                graph,
                write_timeout,
                start_timeout,
            }),
            _ => Err(ConfigErrors(faults)),
        }
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

impl LogUrl {
    /// Reads a log's URL.
    ///
    /// # Errors
    /// What is wrong with it, and what a right one looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORMS: &str = "sqlite:FOLDER, kafka://HOST:PORT/TOPIC or memory:";
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(folder) = text.strip_prefix("sqlite:") {
            if folder.is_empty() {
                return Err("sqlite: names no folder; write sqlite:./foaf-data, say".to_owned());
            }
            return Ok(Self::Sqlite(folder.into()));
        }
        if let Some(rest) = text.strip_prefix("kafka://") {
            let (brokers, topic) = rest.split_once('/').unwrap_or((rest, ""));
            let is_broker = |broker: &str| {
                let port = broker.rsplit_once(':').filter(|(host, _)| !host.is_empty());
                port.is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0))
            };
            if !brokers.split(',').all(is_broker) {
                return Err(format!(
                    "{brokers:?} is not HOST:PORT; write kafka://localhost:9092/foaf, say"
                ));
            }
            let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let is_name = !["", ".", ".."].contains(&topic);
            if !is_name || topic.len() > 249 || !topic.chars().all(allowed) {
                return Err(format!(
                    "{topic:?} is not the name of a topic (letters, digits, '.', '_' and '-', but neither '.' nor '..'); write kafka://{brokers}/foaf, say"
                ));
            }
            return Ok(Self::Kafka {
                brokers: brokers.to_owned(),
                topic: topic.to_owned(),
            });
        }
        Err(format!("{text:?} is not the URL of a log; use {FORMS}"))
    }
}

impl GraphUrl {
    /// Reads a graph's URL.
    ///
    /// # Errors
    /// What is wrong with it, and what a right one looks like. The password is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORMS: &str = "embedded: or neo4j://USER:PASSWORD@HOST:PORT[/DATABASE]";
        if text == "embedded:" {
            return Ok(Self::Embedded);
        }
        if !text.starts_with("neo4j://") {
            let scheme = text.split(':').next().unwrap_or_default();
            return Err(format!(
                "a URL that begins with {scheme:?} is not that of a graph; use {FORMS}"
            ));
        }
        let bad = |what: String| format!("{what}; write neo4j://neo4j:secret@localhost:7687, say");
        let url = Url::parse(text).map_err(|error| bad(error.to_string()))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| bad("the host is missing".to_owned()))?;
        let decode = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8().ok();
            decoded.map(std::borrow::Cow::into_owned)
        };
        let user = decode(url.username());
        let password = decode(url.password().unwrap_or_default());
        let (Some(user), Some(password)) = (user, password) else {
            return Err(bad("user or password is not UTF-8 text".to_owned()));
        };
        let database = url.path().trim_matches('/');
        if database.contains('/') {
            return Err(bad(format!("{database:?} is not the name of a database")));
        }
        Ok(Self::Neo4j {
            // An IPv6 address stands in brackets in a URL.
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(7687),
            user,
            password,
            database: (!database.is_empty()).then(|| database.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_logs() {
        assert_eq!(LogUrl::parse("memory:"), Ok(LogUrl::Memory));
        assert_eq!(
            LogUrl::parse("sqlite:./data"),
            Ok(LogUrl::Sqlite("./data".into()))
        );
        assert_eq!(
            LogUrl::parse("kafka://a:9092,b:9093/foaf"),
            Ok(LogUrl::Kafka {
                brokers: "a:9092,b:9093".to_owned(),
                topic: "foaf".to_owned()
            })
        );
        for (url, part) in [
            ("postgres://x", "not the URL of a log"),
            ("sqlite:", "names no folder"),
            ("kafka://localhost/foaf", "not HOST:PORT"),
            ("kafka://localhost:9092", "not the name of a topic"),
            ("kafka://localhost:9092/a b", "not the name of a topic"),
            ("kafka://localhost:9092/.", "neither '.' nor '..'"),
            ("kafka://localhost:9092/..", "neither '.' nor '..'"),
        ] {
            let fault = LogUrl::parse(url).expect_err(url);
            assert!(fault.contains(part), "{url}: {fault}");
        }
    }

    #[test]
    fn urls_of_graphs() {
        assert_eq!(GraphUrl::parse("embedded:"), Ok(GraphUrl::Embedded));
        assert_eq!(
            GraphUrl::parse("neo4j://neo4j:p%40ss@db:7688/people"),
            Ok(GraphUrl::Neo4j {
                host: "db".to_owned(),
                port: 7688,
                user: "neo4j".to_owned(),
                password: "p@ss".to_owned(),
                database: Some("people".to_owned()),
            })
        );
        let fault = GraphUrl::parse("bolt://neo4j:secret@db").expect_err("wrong scheme");
        assert!(
            fault.contains("\"bolt\"") && !fault.contains("secret"),
            "{fault}"
        );
    }

    #[test]
    fn all_faults_at_once() {
        let args = StoreArgs {
            log: "file:x".to_owned(),
            graph: "redis:".to_owned(),
            write_timeout_ms: "soon".to_owned(),
            start_timeout_ms: "-1".to_owned(),
        };
        let faults = args.parse().expect_err("four faults").to_string();
        for setting in [
            "--log:",
            "--graph:",
            "--write-timeout-ms:",
            "--start-timeout-ms:",
        ] {
            assert!(faults.contains(setting), "{faults}");
        }
    }
}
