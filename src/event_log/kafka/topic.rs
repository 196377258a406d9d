//! The topic: made when it is missing, refused when it would lose records or judge them wrongly.
//!
//! Must never change a topic that it has not made: its operator does, and the message says how.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::error::RDKafkaErrorCode;

use super::client::{self, Background, Context, MAX_BATCH_BYTES, blocking, unavailable};
use super::{KafkaSettings, PARTITION};
use crate::event_log::LogError;

/// What the topic's settings must be, and why.
const WANTED: [(&str, &str, &str); 4] = [
    ("cleanup.policy", "delete", "compaction removes records"),
    ("retention.ms", "-1", "every record is kept for ever"),
    ("retention.bytes", "-1", "every record is kept for ever"),
    (
        TIMES,
        LOG_TIMES,
        "log time must be the broker's, not the writers'",
    ),
];

/// The setting that says whose times records have.
const TIMES: &str = "message.timestamp.type";
/// The broker's.
const LOG_TIMES: &str = "LogAppendTime";

const MAX_BYTES: &str = "max.message.bytes";

type Admin = Arc<Background<AdminClient<Context>>>;

/// Checks the topic. One that is missing is made if `make` is set, else refused; one that no node would
/// serve is refused if it is set, else told of.
pub(super) async fn ensure(settings: &KafkaSettings, make: bool) -> Result<(), LogError> {
    let admin: Admin = Arc::new(Background::new(client::admin(settings)?));
    let mut shape = look(&admin, settings).await?;
    if shape.partitions == 0 && !make {
        let KafkaSettings { brokers, topic, .. } = settings;
        return Err(LogError::Unusable(format!(
            "{brokers} has no topic {topic}: name the right one with --log"
        )));
    }
    if shape.partitions == 0 {
        // Where another process was faster, what it made is checked like any other.
        create(&admin, settings, shape.brokers, LOG_TIMES).await?;
        shape = led(&admin, settings).await?;
    }
    let mut faults = Vec::new();
    faults.extend(partition_fault(settings, &shape));
    faults.extend(setting_faults(&admin, settings).await?);
    if shape.partitions == 1 {
        let (asked, own) = (Arc::clone(&admin), settings.clone());
        let (low, _) = blocking(move || client::watermarks(asked.inner(), &own)).await?;
        faults.extend(first_offset_fault(settings, low));
    }
    let faults = faults.join("; ");
    match (faults.is_empty(), make) {
        (true, _) => Ok(()),
        (false, true) => Err(LogError::Unusable(faults)),
        (false, false) => {
            tracing::warn!(faults, "the topic is only read, and could not be served so");
            Ok(())
        }
    }
}

struct Shape {
    brokers: usize,
    /// None: the topic is missing.
    partitions: usize,
    has_leader: bool,
}

async fn look(admin: &Admin, settings: &KafkaSettings) -> Result<Shape, LogError> {
    let (admin, settings) = (Arc::clone(admin), settings.clone());
    blocking(move || {
        let timeout = settings.request_timeout;
        let metadata = admin
            .inner()
            .fetch_metadata(Some(&settings.topic), timeout)
            .map_err(|e| unavailable(&settings, &e))?;
        let topic = metadata.topics().first();
        let partitions = topic.map_or(&[][..], |topic| topic.partitions());
        Ok(Shape {
            brokers: metadata.brokers().len(),
            partitions: partitions.len(),
            has_leader: partitions.first().is_some_and(|p| p.leader() >= 0),
        })
    })
    .await
}

/// Whether the partition's leader knows that it leads: a new one does not at once.
async fn is_led(admin: &Admin, settings: &KafkaSettings) -> Result<bool, LogError> {
    let (admin, settings) = (Arc::clone(admin), settings.clone());
    blocking(move || {
        let timeout = settings.request_timeout;
        let asked = admin
            .inner()
            .fetch_watermarks(&settings.topic, PARTITION, timeout);
        match asked {
            Ok(_) => Ok(true),
            Err(error)
                if error.rdkafka_error_code() == Some(RDKafkaErrorCode::NotLeaderForPartition) =>
            {
                Ok(false)
            }
            Err(error) => Err(unavailable(&settings, &error)),
        }
    })
    .await
}

/// The shape of a new topic once it has a leader.
async fn led(admin: &Admin, settings: &KafkaSettings) -> Result<Shape, LogError> {
    let deadline = Instant::now() + settings.request_timeout;
    loop {
        let shape = look(admin, settings).await?;
        if shape.has_leader && is_led(admin, settings).await? {
            return Ok(shape);
        }
        if Instant::now() > deadline {
            let KafkaSettings { brokers, topic, .. } = settings;
            return Err(LogError::Unavailable(format!(
                "{brokers} has made topic {topic}, but it has no leader yet: try again"
            )));
        }
        // The brokers tell each other of a new topic; nothing tells us.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn replicas(brokers: usize) -> i32 {
    i32::try_from(brokers.clamp(1, 3)).unwrap_or(1)
}

/// The settings of a topic of ours, with such times.
fn wanted(brokers: usize, times: &'static str) -> Vec<(&'static str, &'static str)> {
    let wanted = WANTED.iter().map(|(name, value, _)| match *name {
        TIMES => (TIMES, times),
        name => (name, *value),
    });
    // One of three may fail, and what is acknowledged is still on two.
    let safe = (replicas(brokers) == 3).then_some(("min.insync.replicas", "2"));
    wanted.chain(safe).collect()
}

/// Whether it is us who made it.
async fn create(
    admin: &Admin,
    settings: &KafkaSettings,
    brokers: usize,
    times: &'static str,
) -> Result<bool, LogError> {
    let replication = TopicReplication::Fixed(replicas(brokers));
    let mut topic = NewTopic::new(&settings.topic, 1, replication);
    for (name, value) in wanted(brokers, times) {
        topic = topic.set(name, value);
    }
    let made = admin.create_topics([&topic], &options(settings)).await;
    match made.map_err(|e| unavailable(settings, &e))?.pop() {
        None | Some(Ok(_)) => Ok(true),
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(false),
        Some(Err((topic, code))) => Err(LogError::Unusable(format!(
            "topic {topic} is missing and cannot be made ({code}): grant the right to, or {}",
            by_hand(settings)
        ))),
    }
}

fn options(settings: &KafkaSettings) -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(settings.request_timeout))
        .operation_timeout(Some(settings.request_timeout))
}

/// A topic that is being made of the records of another log.
pub(super) struct New {
    admin: Admin,
    settings: KafkaSettings,
    brokers: usize,
}

impl New {
    /// Makes a topic that keeps the times of what it is sent.
    pub(super) async fn make(settings: &KafkaSettings) -> Result<Self, LogError> {
        let admin: Admin = Arc::new(Background::new(client::admin(settings)?));
        let shape = look(&admin, settings).await?;
        let brokers = shape.brokers;
        if shape.partitions > 0 || !create(&admin, settings, brokers, "CreateTime").await? {
            return Err(LogError::Unusable(format!(
                "topic {} is there, and logs cannot be joined: name one that is not, it is made",
                settings.topic
            )));
        }
        led(&admin, settings).await?;
        let settings = settings.clone();
        Ok(Self {
            admin,
            settings,
            brokers,
        })
    }

    /// From now on the topic gives its own times, as every log does.
    pub(super) async fn keep(&self) -> Result<(), LogError> {
        let Self {
            admin,
            settings,
            brokers,
        } = self;
        let mut config = AlterConfig::new(ResourceSpecifier::Topic(&settings.topic));
        for (name, value) in wanted(*brokers, LOG_TIMES) {
            config = config.set(name, value);
        }
        let altered = admin.alter_configs([&config], &options(settings)).await;
        if let Some(Err((_, code))) = altered.map_err(|e| unavailable(settings, &e))?.pop() {
            return Err(LogError::Unusable(format!(
                "topic {} cannot be given its settings ({code}): grant the right to alter them",
                settings.topic
            )));
        }
        let deadline = Instant::now() + settings.request_timeout;
        loop {
            let faults = setting_faults(admin, settings).await?;
            if faults.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(LogError::Unusable(faults.join("; ")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Takes away what has not become a log.
    pub(super) async fn remove(&self) {
        let topic = self.settings.topic.as_str();
        let removed = self.admin.delete_topics(&[topic], &options(&self.settings));
        let error = match removed.await {
            Ok(results) => results
                .into_iter()
                .find_map(Result::err)
                .map(|e| e.1.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = error {
            tracing::warn!(
                topic,
                error,
                "a part of a log is left in the topic: delete it"
            );
        }
    }
}

async fn setting_faults(admin: &Admin, settings: &KafkaSettings) -> Result<Vec<String>, LogError> {
    let topic = [ResourceSpecifier::Topic(&settings.topic)];
    let described = admin.describe_configs(&topic, &options(settings)).await;
    let config = match described.map_err(|e| unavailable(settings, &e))?.pop() {
        Some(Ok(config)) => config,
        Some(Err(code)) => {
            return Err(LogError::Unusable(format!(
                "the settings of topic {} cannot be read ({code}): grant the right to describe them",
                settings.topic
            )));
        }
        None => return Ok(vec![]),
    };
    let found = |name: &str| {
        let value = config.get(name).and_then(|entry| entry.value.as_deref());
        value.unwrap_or("unknown").to_owned()
    };
    let mut faults = Vec::new();
    for (name, wanted, why) in WANTED {
        let found = found(name);
        if found != wanted {
            faults.push(setting_fault(settings, name, &found, wanted, why));
        }
    }
    let most = found(MAX_BYTES);
    if most.parse::<u64>().is_ok_and(|most| most < MAX_BATCH_BYTES) {
        let wanted = MAX_BATCH_BYTES.to_string();
        let why = "a record may be that large";
        faults.push(setting_fault(settings, MAX_BYTES, &most, &wanted, why));
    }
    Ok(faults)
}

fn setting_fault(
    settings: &KafkaSettings,
    name: &str,
    found: &str,
    wanted: &str,
    why: &str,
) -> String {
    let KafkaSettings { brokers, topic, .. } = settings;
    format!(
        "topic {topic} has {name}={found}, but must have {wanted} ({why}): run \
         `kafka-configs.sh --bootstrap-server {brokers} --alter --entity-type topics \
         --entity-name {topic} --add-config {name}={wanted}`"
    )
}

fn partition_fault(settings: &KafkaSettings, shape: &Shape) -> Option<String> {
    let (topic, found) = (&settings.topic, shape.partitions);
    (found != 1).then(|| {
        format!(
            "topic {topic} has {found} partitions, but must have 1 (the order of its records is the \
             order of the log), and Kafka cannot take partitions away: let foaf make another one, or {}",
            by_hand(settings)
        )
    })
}

fn first_offset_fault(settings: &KafkaSettings, low: u64) -> Option<String> {
    let topic = &settings.topic;
    (low != 0).then(|| {
        format!(
            "topic {topic} begins at offset {low}, but must begin at 0: its first records were \
             deleted; restore the topic from a backup, or name another one"
        )
    })
}

fn by_hand(settings: &KafkaSettings) -> String {
    let configs = WANTED.map(|(name, value, _)| format!(" --config {name}={value}"));
    format!(
        "run `kafka-topics.sh --bootstrap-server {} --create --topic NAME \
         --partitions 1{}`",
        settings.brokers,
        configs.concat()
    )
}
