//! The topic: made when it is missing, refused when it would lose records or judge them wrongly.
//!
//! Must never change a topic that is there: its operator does, and the message says how.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;

use super::KafkaSettings;
use super::client::{self, Background, Context, MAX_BATCH_BYTES, blocking, unavailable};
use crate::event_log::LogError;

/// What the topic's settings must be, and why.
const WANTED: [(&str, &str, &str); 4] = [
    ("cleanup.policy", "delete", "compaction removes records"),
    ("retention.ms", "-1", "every record is kept for ever"),
    ("retention.bytes", "-1", "every record is kept for ever"),
    (
        "message.timestamp.type",
        "LogAppendTime",
        "log time must be the broker's, not the writers'",
    ),
];

const MAX_BYTES: &str = "max.message.bytes";

type Admin = Arc<Background<AdminClient<Context>>>;

/// Checks the topic. One that is missing is made if `make` is set, else refused.
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
        create(&admin, settings, shape.brokers).await?;
        let deadline = Instant::now() + settings.request_timeout;
        while !shape.has_leader {
            if Instant::now() > deadline {
                let KafkaSettings { brokers, topic, .. } = settings;
                return Err(LogError::Unavailable(format!(
                    "{brokers} has made topic {topic}, but it has no leader yet: try again"
                )));
            }
            // The brokers tell each other of a new topic; nothing tells us.
            tokio::time::sleep(Duration::from_millis(20)).await;
            shape = look(&admin, settings).await?;
        }
    }
    let mut faults = Vec::new();
    faults.extend(partition_fault(settings, &shape));
    faults.extend(setting_faults(&admin, settings).await?);
    if shape.partitions == 1 {
        let (asked, own) = (Arc::clone(&admin), settings.clone());
        let (low, _) = blocking(move || client::watermarks(asked.inner(), &own)).await?;
        faults.extend(first_offset_fault(settings, low));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(LogError::Unusable(faults.join("; ")))
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

async fn create(admin: &Admin, settings: &KafkaSettings, brokers: usize) -> Result<(), LogError> {
    let replicas = i32::try_from(brokers.clamp(1, 3)).unwrap_or(1);
    let mut topic = NewTopic::new(&settings.topic, 1, TopicReplication::Fixed(replicas));
    for (name, value, _) in WANTED {
        topic = topic.set(name, value);
    }
    if replicas == 3 {
        // One of the three may fail, and what is acknowledged is still on two.
        topic = topic.set("min.insync.replicas", "2");
    }
    let options = AdminOptions::new()
        .request_timeout(Some(settings.request_timeout))
        .operation_timeout(Some(settings.request_timeout));
    let made = admin.create_topics([&topic], &options).await;
    match made.map_err(|e| unavailable(settings, &e))?.pop() {
        // Another process was faster: what it made is checked like any other.
        None | Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
        Some(Err((topic, code))) => Err(LogError::Unusable(format!(
            "topic {topic} is missing and cannot be made ({code}): grant the right to, or {}",
            by_hand(settings)
        ))),
    }
}

async fn setting_faults(admin: &Admin, settings: &KafkaSettings) -> Result<Vec<String>, LogError> {
    let topic = [ResourceSpecifier::Topic(&settings.topic)];
    let options = AdminOptions::new().request_timeout(Some(settings.request_timeout));
    let described = admin.describe_configs(&topic, &options).await;
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
