//! The drivers alone, set as foaf sets them: what its figures are compared with.

use std::time::Duration;

use anyhow::{Result, bail};
use foaf::{
    app, clock,
    config::{GraphUrl, LogUrl},
    domain::LogTime,
    event_log::{
        Message,
        record::{self, Envelope},
    },
    judge::Entry,
};
use neo4rs::ConfigBuilder;
use rdkafka::{
    ClientConfig,
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};

use crate::author;

/// A producer for a topic of its own, and the record of a friendship.
pub(crate) struct Producer {
    to_kafka: FutureProducer,
    topic: String,
    message: Message,
}

impl Producer {
    pub(crate) async fn new(log: &LogUrl) -> Result<Self> {
        let LogUrl::Kafka { brokers, topic, .. } = log else {
            bail!("not a topic");
        };
        // Makes the topic.
        app::open_log(log, clock::system()).await?.close().await;
        let mut config = ClientConfig::new();
        let settings = [
            ("bootstrap.servers", brokers.as_str()),
            ("acks", "all"),
            ("enable.idempotence", "true"),
            ("linger.ms", "0"),
            ("socket.nagle.disable", "true"),
            ("message.timeout.ms", "5000"),
        ];
        for (name, value) in settings {
            config.set(name, value);
        }
        let Some(Entry::Attempt(attempt)) = author::records(100, 1).pop() else {
            bail!("not the record of a friendship");
        };
        let envelope = Envelope {
            time: LogTime(0),
            traceparent: None,
        };
        Ok(Self {
            to_kafka: config.create()?,
            topic: topic.clone(),
            message: record::encode(&attempt, envelope),
        })
    }

    /// Sends the record and waits until it is acknowledged.
    pub(crate) async fn send(&self) -> Result<()> {
        let mut headers = OwnedHeaders::new_with_capacity(self.message.headers.len());
        for (key, value) in self.message.headers.iter() {
            let value = Some(value);
            headers = headers.insert(Header { key, value });
        }
        let record = FutureRecord::to(&self.topic)
            .partition(0)
            .key(&self.message.key)
            .payload(&self.message.value)
            .headers(headers);
        match self.to_kafka.send(record, Duration::ZERO).await {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(error.into()),
        }
    }
}

/// So many connections to a Neo4j.
pub(crate) fn neo4j(graph: &GraphUrl, connections: usize) -> Result<neo4rs::Graph> {
    let GraphUrl::Neo4j {
        host,
        port,
        user,
        password,
        ..
    } = graph
    else {
        bail!("not a Neo4j");
    };
    let config = ConfigBuilder::new()
        .uri(format!("bolt://{host}:{port}"))
        .user(user)
        .password(password)
        .max_connections(connections)
        .fetch_size(16)
        .build()?;
    Ok(neo4rs::Graph::connect(config)?)
}
