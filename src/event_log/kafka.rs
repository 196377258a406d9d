//! The event log in a Kafka topic of one partition, shared by any number of processes.
//!
//! Must never block a thread of the runtime: what librdkafka does while its caller waits goes
//! through [`blocking`], and what it does when it is dropped through [`Background`].

mod client;
mod reader;
mod restore;
#[cfg(test)]
mod tests;
mod topic;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders, Timestamp};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use tokio::time::Instant;

use self::client::{Background, Context, MAX_BATCH_BYTES, blocking};
use self::reader::KafkaReader;
use super::{AppendError, Appended, EventLog, LogError, LogReader, Message, Record};
use crate::{config::KafkaSecurity, domain::LogTime};

/// The one partition: its order is the order of the log.
const PARTITION: i32 = 0;

/// How long a producer is given before another one takes its place: where each fails at once, it is not
/// the fault of one.
const PRODUCER_LIVES: Duration = Duration::from_secs(1);

/// Where the topic is, and how long to wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaSettings {
    /// The brokers to ask first: `host:port`, separated by commas.
    pub brokers: String,
    /// The topic, made when it is missing.
    pub topic: String,
    /// How the brokers are spoken to.
    pub security: KafkaSecurity,
    /// How long a question to a broker may take.
    pub request_timeout: Duration,
    /// After how long an append that was not acknowledged is given up as unknown.
    pub delivery_timeout: Duration,
}

impl KafkaSettings {
    /// The settings for a topic, with timeouts that fit a person who waits.
    #[must_use]
    pub fn new(brokers: impl Into<String>, topic: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            topic: topic.into(),
            security: KafkaSecurity::default(),
            request_timeout: Duration::from_secs(10),
            delivery_timeout: Duration::from_secs(5),
        }
    }
}

/// The event log in a Kafka topic.
pub struct KafkaLog {
    settings: KafkaSettings,
    producer: Mutex<Made>,
    /// Asks for the end. A producer would be told the one before open transactions of others.
    asking: Arc<Background<BaseConsumer<Context>>>,
}

type SharedProducer = Arc<Background<FutureProducer<Context>>>;

/// The producer of now.
struct Made {
    producer: SharedProducer,
    at: Instant,
}

impl Made {
    fn now(settings: &KafkaSettings) -> Result<Self, LogError> {
        let producer = Arc::new(Background::new(client::producer(settings)?));
        let at = Instant::now();
        Ok(Self { producer, at })
    }
}

impl KafkaLog {
    /// Connects to the topic, makes it when it is missing, and checks that it keeps every record.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] if no broker answers, [`LogError::Unusable`] if the topic's settings
    /// would lose records or judge them wrongly.
    pub async fn connect(settings: KafkaSettings) -> Result<Self, LogError> {
        topic::ensure(&settings, true).await?;
        Self::over(settings)
    }

    /// Connects to a topic that must be there, to read it. One that no node would serve, for it has come
    /// to have several partitions, say, is read all the same: what stands in it can be saved.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] if no broker answers, [`LogError::Unusable`] if the topic is missing.
    pub async fn connect_to_read(settings: KafkaSettings) -> Result<Self, LogError> {
        topic::ensure(&settings, false).await?;
        Self::over(settings)
    }

    /// The log over a topic that was checked.
    fn over(settings: KafkaSettings) -> Result<Self, LogError> {
        Ok(Self {
            producer: Mutex::new(Made::now(&settings)?),
            asking: Arc::new(Background::new(client::asking(&settings)?)),
            settings,
        })
    }

    /// The producer. One that has failed for good takes nothing any more: another one takes its place,
    /// now or when it has had its time. What the old one had sent fares as it may: the judge knows a
    /// record that comes twice.
    fn producer(&self) -> Result<SharedProducer, LogError> {
        // Nothing panics while it is locked.
        let mut made = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((code, reason)) = made.producer.client().fatal_error() else {
            return Ok(made.producer.clone());
        };
        if made.at.elapsed() < PRODUCER_LIVES {
            return Err(failed(&reason));
        }
        tracing::error!(%code, reason, "the Kafka producer has failed: another one takes its place");
        *made = Made::now(&self.settings)?;
        Ok(made.producer.clone())
    }

    /// An error if the producer of now has failed: whoever asks how the log is must hear of it, though
    /// the next append may go well.
    fn check_producer(&self) -> Result<(), LogError> {
        let before = {
            let made = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
            made.producer.client().fatal_error()
        };
        self.producer()?;
        before.map_or(Ok(()), |(_, reason)| Err(failed(&reason)))
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn append(&self, message: Message) -> Result<Appended, AppendError> {
        message.check_size()?;
        let record = FutureRecord::to(&self.settings.topic)
            .partition(PARTITION)
            .key(&message.key)
            .payload(&message.value)
            .headers(headers(&message));
        // What the queue did not take is not sent. Of what it took, librdkafka may have sent a copy
        // before it reports an error, whatever the error says.
        let producer = self.producer();
        let producer = producer.map_err(|error| AppendError::Refused(error.to_string()))?;
        let delivery = match producer.send_result(record) {
            Ok(delivery) => delivery,
            Err((error, _)) => return Err(AppendError::Refused(refusal(&error))),
        };
        match delivery.await {
            Ok(Ok(delivery)) => acknowledged(delivery.offset, delivery.timestamp),
            Ok(Err((error, _))) => Err(undelivered(&error)),
            Err(_) => Err(AppendError::Unknown("the producer was closed".into())),
        }
    }

    async fn end(&self) -> Result<u64, LogError> {
        self.check_producer()?;
        let (asking, settings) = (self.asking.clone(), self.settings.clone());
        blocking(move || {
            let (_, end) = client::watermarks(asking.client(), &settings)?;
            Ok(end)
        })
        .await
    }

    async fn read(&self, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        let settings = self.settings.clone();
        let reader = blocking(move || KafkaReader::start(&settings, from)).await?;
        Ok(Box::new(reader))
    }

    async fn pick(&self, offsets: &[u64]) -> Result<Vec<Record>, LogError> {
        let Some(first) = offsets.first().copied() else {
            return Ok(Vec::new());
        };
        // One consumer for all: a new one costs connections and threads.
        let settings = self.settings.clone();
        let reader = blocking(move || KafkaReader::start(&settings, first)).await?;
        reader.pick(offsets).await
    }

    fn is_exclusive(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        format!("kafka://{}/{}", self.settings.brokers, self.settings.topic)
    }

    async fn close(&self) {
        let timeout = self.settings.delivery_timeout;
        let Ok(producer) = self.producer() else {
            // It has failed, and said so: it has nothing to flush.
            return;
        };
        let flushed = blocking(move || {
            let flushed = producer.flush(timeout);
            flushed.map_err(|e| LogError::Unavailable(e.to_string()))
        });
        if let Err(error) = flushed.await {
            tracing::warn!(%error, "event log was closed with records on their way");
        }
    }
}

fn headers(message: &Message) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new_with_capacity(message.headers.len());
    for (key, value) in message.headers.iter() {
        let value = Some(value);
        headers = headers.insert(Header { key, value });
    }
    headers
}

fn acknowledged(offset: i64, timestamp: Timestamp) -> Result<Appended, AppendError> {
    // The broker knows that it has the record, but not any more where.
    let offset = u64::try_from(offset).map_err(|_| {
        AppendError::Unknown("it was acknowledged without its place in the log".into())
    })?;
    let append_time = match timestamp {
        Timestamp::LogAppendTime(ms) => Some(LogTime(ms)),
        Timestamp::CreateTime(_) | Timestamp::NotAvailable => None,
    };
    Ok(Appended {
        offset,
        append_time,
    })
}

/// What a failed delivery says of the record. Nearly always nothing: a copy may have been taken before. One
/// that is too large for the topic was, and is, taken by no broker.
fn undelivered(error: &KafkaError) -> AppendError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => AppendError::Refused(format!(
            "it is larger than the topic's max.message.bytes: raise that to {MAX_BATCH_BYTES} ({error})"
        )),
        _ => AppendError::Unknown(error.to_string()),
    }
}

fn failed(reason: &str) -> LogError {
    LogError::Unavailable(format!(
        "the producer has failed, and another one takes its place ({reason}): mend what it says"
    ))
}

fn refusal(error: &KafkaError) -> String {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => {
            "too many records wait for the brokers: try again later".into()
        }
        Some(RDKafkaErrorCode::Fatal) => format!("the producer has failed: try again ({error})"),
        _ => error.to_string(),
    }
}
