//! Opening the log and the graph that the settings name.
//!
//! Must never show a password: messages name a place and its setting.

use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::{
    clock::Clock,
    config::{GraphUrl, KafkaSecurity, LogUrl},
    event_log::{
        EventLog, Record,
        kafka::{KafkaLog, KafkaSettings},
        memory::MemoryLog,
        sqlite::{SqliteLog, SqliteLogToRead},
    },
    graph::{
        Graph,
        embedded::EmbeddedGraph,
        neo4j::{Neo4jGraph, Neo4jSettings},
    },
};

/// Opens the log that a URL names.
///
/// # Errors
/// If it cannot be used.
pub async fn open_log(url: &LogUrl, clock: Clock) -> Result<Arc<dyn EventLog>> {
    Ok(match url {
        LogUrl::Memory => Arc::new(MemoryLog::new(clock)),
        LogUrl::Sqlite(folder) => {
            let folder = folder.clone();
            let open = move || SqliteLog::open(&folder, clock);
            let opened = tokio::task::spawn_blocking(open).await?;
            Arc::new(opened.with_context(|| log_at(url))?)
        }
        LogUrl::Kafka {
            brokers,
            topic,
            security,
        } => {
            let settings = kafka_settings(brokers, topic, security);
            let opened = KafkaLog::connect(settings).await;
            Arc::new(opened.with_context(|| log_at(url))?)
        }
    })
}

/// Opens the log that a URL names to read it, beside whoever writes it; makes nothing.
///
/// # Errors
/// If it is missing or cannot be used.
pub async fn open_log_to_read(url: &LogUrl) -> Result<Arc<dyn EventLog>> {
    Ok(match url {
        LogUrl::Memory => bail!(NOTHING_THERE),
        LogUrl::Sqlite(folder) => {
            let folder = folder.clone();
            let open = move || SqliteLogToRead::open(&folder);
            let opened = tokio::task::spawn_blocking(open).await?;
            Arc::new(opened.with_context(|| log_at(url))?)
        }
        LogUrl::Kafka {
            brokers,
            topic,
            security,
        } => {
            let settings = kafka_settings(brokers, topic, security);
            let opened = KafkaLog::connect_to_read(settings).await;
            Arc::new(opened.with_context(|| log_at(url))?)
        }
    })
}

fn kafka_settings(brokers: &str, topic: &str, security: &KafkaSecurity) -> KafkaSettings {
    let mut settings = KafkaSettings::new(brokers, topic);
    settings.security.clone_from(security);
    settings
}

const NOTHING_THERE: &str =
    "--log: memory: holds nothing before this process, nor after it; name another log";

/// Makes the log that a URL names of the records of another one; gives their number.
///
/// # Errors
/// If there is a log already, none can be made, or the first error of `records`.
pub async fn restore_log(
    url: &LogUrl,
    records: impl Iterator<Item = Result<Record>> + Send + 'static,
) -> Result<u64> {
    match url {
        LogUrl::Memory => bail!(NOTHING_THERE),
        LogUrl::Sqlite(folder) => {
            let folder = folder.clone();
            let restore = move || SqliteLog::restore(&folder, records);
            tokio::task::spawn_blocking(restore).await?
        }
        LogUrl::Kafka {
            brokers,
            topic,
            security,
        } => KafkaLog::restore(kafka_settings(brokers, topic, security), records).await,
    }
}

/// Opens the graph that a URL names.
///
/// # Errors
/// If it cannot be used.
pub async fn open_graph(url: &GraphUrl) -> Result<Arc<dyn Graph>> {
    Ok(match url {
        GraphUrl::Embedded => Arc::new(EmbeddedGraph::new()),
        GraphUrl::Neo4j {
            host,
            port,
            user,
            password,
            database,
            tls,
            is_bolt: _,
        } => {
            let mut settings = Neo4jSettings::new(host, *port, user, password);
            settings.database.clone_from(database);
            settings.tls.clone_from(tls);
            let opened = Neo4jGraph::connect(settings).await;
            Arc::new(opened.with_context(|| graph_at(url))?)
        }
    })
}

/// A graph to project a log into beside another.
#[must_use]
pub fn empty_graph() -> Arc<dyn Graph> {
    Arc::new(EmbeddedGraph::new())
}

/// The place of a log, and its setting.
pub(super) fn log_at(url: &LogUrl) -> String {
    let place = match url {
        LogUrl::Memory => "memory:".to_owned(),
        LogUrl::Sqlite(folder) => format!("sqlite:{}", folder.display()),
        LogUrl::Kafka { brokers, topic, .. } => format!("kafka://{brokers}/{topic}"),
    };
    format!("{place} (--log, FOAF_LOG)")
}

/// The place of a graph, without the password, and its setting.
pub(super) fn graph_at(url: &GraphUrl) -> String {
    format!("{url:?} (--graph, FOAF_GRAPH)")
}
