//! Where the log and the graph are: URLs, as values that can only be right.

use std::{fmt, net::Ipv6Addr, path::PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

use super::kafka::KafkaSecurity;

/// The port of a broker where none is written.
const PORT: u16 = 9092;
/// The topic where none is written.
const TOPIC: &str = "foaf";

/// Where the event log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogUrl {
    /// In memory.
    Memory,
    /// In `foaf.db` of this folder.
    Sqlite(PathBuf),
    /// In a Kafka topic.
    Kafka {
        /// `host:port`, each with its port, with commas between.
        brokers: String,
        /// The topic.
        topic: String,
        /// How the brokers are spoken to.
        security: KafkaSecurity,
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
        /// Whether through TLS.
        tls: Neo4jTls,
        /// Whether it was written as `bolt://`, which is the same to us: one server.
        is_bolt: bool,
    },
}

/// How a Neo4j server is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Neo4jTls {
    /// In the open: `neo4j://` or `bolt://`.
    None,
    /// Through TLS, with the server's certificate checked: `neo4j+s://` or `bolt+s://`.
    Checked {
        /// The authorities; the system's if absent.
        ca_file: Option<PathBuf>,
    },
    /// Through TLS with whoever answers: `neo4j+ssc://` or `bolt+ssc://`.
    Unchecked,
}

impl fmt::Debug for GraphUrl {
    /// Without the password: settings are logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded:"),
            Self::Neo4j {
                host,
                port,
                user,
                tls,
                is_bolt,
                ..
            } => {
                let scheme = if *is_bolt { "bolt" } else { "neo4j" };
                let through = match tls {
                    Neo4jTls::None => "",
                    Neo4jTls::Checked { .. } => "+s",
                    Neo4jTls::Unchecked => "+ssc",
                };
                write!(f, "{scheme}{through}://{user}:***@{host}:{port}")
            }
        }
    }
}

impl LogUrl {
    /// Reads a log's URL.
    ///
    /// # Errors
    /// What is wrong with it, and what a right one looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORMS: &str = "sqlite:FOLDER, kafka://HOST[:PORT][/TOPIC] or memory:";
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
            if brokers.contains('@') {
                return Err("a user has no place in it; use --kafka-sasl-username and --kafka-sasl-password".to_owned());
            }
            let Some(brokers) = brokers.split(',').map(broker).collect::<Option<Vec<_>>>() else {
                return Err(format!(
                    "{brokers:?} is not HOST:PORT; write kafka://localhost:9092/foaf, say"
                ));
            };
            let brokers = brokers.join(",");
            let topic = if topic.is_empty() { TOPIC } else { topic };
            let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let is_name = ![".", ".."].contains(&topic);
            if !is_name || topic.len() > 249 || !topic.chars().all(allowed) {
                return Err(format!(
                    "{topic:?} is not the name of a topic (letters, digits, '.', '_' and '-', but neither '.' nor '..'); write kafka://{brokers}/foaf, say"
                ));
            }
            return Ok(Self::Kafka {
                brokers,
                topic: topic.to_owned(),
                security: KafkaSecurity::default(),
            });
        }
        Err(format!("{text:?} is not the URL of a log; use {FORMS}"))
    }
}

/// A broker with its port, if it is one.
fn broker(text: &str) -> Option<String> {
    // An IPv6 address has colons of its own, and stands in brackets.
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let name = host
        .strip_prefix('[')
        .and_then(|address| address.strip_suffix(']'));
    let is_host = match name {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '[', ']']),
    };
    let port = port.map_or(Ok(PORT), str::parse).ok()?;
    (is_host && port > 0).then(|| format!("{host}:{port}"))
}

impl GraphUrl {
    /// Reads a graph's URL.
    ///
    /// # Errors
    /// What is wrong with it, and what a right one looks like. The password is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORMS: &str = "embedded: or neo4j://USER:PASSWORD@HOST[:PORT][/DATABASE] (neo4j+s:// with TLS; bolt:// is the same)";
        if text == "embedded:" {
            return Ok(Self::Embedded);
        }
        let scheme = text.split(':').next().unwrap_or_default();
        let tls = match scheme {
            "neo4j" | "bolt" => Neo4jTls::None,
            "neo4j+s" | "bolt+s" => Neo4jTls::Checked { ca_file: None },
            "neo4j+ssc" | "bolt+ssc" => Neo4jTls::Unchecked,
            _ => {
                return Err(format!(
                    "a URL that begins with {scheme:?} is not that of a graph; use {FORMS}"
                ));
            }
        };
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
            tls,
            is_bolt: scheme.starts_with("bolt"),
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
                topic: "foaf".to_owned(),
                security: KafkaSecurity::default(),
            })
        );
        for (url, part) in [
            ("postgres://x", "not the URL of a log"),
            ("sqlite:", "names no folder"),
            ("kafka://", "not HOST:PORT"),
            ("kafka:///foaf", "not HOST:PORT"),
            ("kafka://:9092", "not HOST:PORT"),
            ("kafka://a,/foaf", "not HOST:PORT"),
            ("kafka://a:/foaf", "not HOST:PORT"),
            ("kafka://a:0/foaf", "not HOST:PORT"),
            ("kafka://a:99999/foaf", "not HOST:PORT"),
            ("kafka://::1/foaf", "not HOST:PORT"),
            ("kafka://[::1/foaf", "not HOST:PORT"),
            ("kafka://localhost:9092/a b", "not the name of a topic"),
            ("kafka://localhost:9092/.", "neither '.' nor '..'"),
            ("kafka://localhost:9092/..", "neither '.' nor '..'"),
            ("kafka://ann:x@localhost:9092/foaf", "a user has no place"),
        ] {
            let fault = LogUrl::parse(url).expect_err(url);
            assert!(fault.contains(part), "{url}: {fault}");
        }
    }

    #[test]
    fn what_a_url_of_kafka_leaves_out_is_usual() {
        for (url, brokers, topic) in [
            ("kafka://a", "a:9092", "foaf"),
            ("kafka://a/", "a:9092", "foaf"),
            ("kafka://a:1234", "a:1234", "foaf"),
            ("kafka://a/people", "a:9092", "people"),
            ("kafka://a,b:1,c/people", "a:9092,b:1,c:9092", "people"),
            ("kafka://[::1]", "[::1]:9092", "foaf"),
            ("kafka://[::1]:1234/people", "[::1]:1234", "people"),
        ] {
            assert_eq!(
                LogUrl::parse(url),
                Ok(LogUrl::Kafka {
                    brokers: brokers.to_owned(),
                    topic: topic.to_owned(),
                    security: KafkaSecurity::default(),
                }),
                "{url}"
            );
        }
    }

    #[test]
    fn a_server_of_bolt_is_one_of_neo4j() {
        for (written, means) in [
            ("bolt", "neo4j"),
            ("bolt+s", "neo4j+s"),
            ("bolt+ssc", "neo4j+ssc"),
        ] {
            let of = |scheme| GraphUrl::parse(&format!("{scheme}://ann:secret@db/people"));
            let (bolt, neo4j) = (of(written).expect(written), of(means).expect(means));
            assert_eq!(format!("{bolt:?}"), format!("{written}://ann:***@db:7687"));
            assert_eq!(format!("{neo4j:?}"), format!("{means}://ann:***@db:7687"));
            let GraphUrl::Neo4j { tls: through, .. } = bolt else {
                panic!("{bolt:?}");
            };
            let GraphUrl::Neo4j { tls, .. } = neo4j else {
                panic!("{neo4j:?}");
            };
            assert_eq!(through, tls);
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
                tls: Neo4jTls::None,
                is_bolt: false,
            })
        );
        let fault = GraphUrl::parse("bolt+x://neo4j:secret@db").expect_err("wrong scheme");
        assert!(
            fault.contains("\"bolt+x\"") && !fault.contains("secret"),
            "{fault}"
        );
    }
}
