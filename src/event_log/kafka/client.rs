//! librdkafka: its settings, its log, and keeping its waits off the runtime.
//!
//! Must never leave a setting to its default that a promise of the port rests on.

use std::ops::Deref;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::admin::AdminClient;
use rdkafka::client::Client;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::FutureProducer;

use super::{KafkaSettings, PARTITION};
use crate::{config::KafkaSecurity, event_log::LogError};

/// The most that the brokers are asked to take at once. Above [`crate::event_log::MAX_MESSAGE_BYTES`]
/// by more than what Kafka adds to a message, and no more than what a broker takes by default.
pub(super) const MAX_BATCH_BYTES: u64 = 1_048_576;

/// The most records that wait for the brokers: an append beyond it is refused.
pub(super) const QUEUE: usize = 65_536;

pub(super) fn producer(settings: &KafkaSettings) -> Result<FutureProducer<Context>, LogError> {
    let mut config = common(settings);
    config
        // An acknowledged record is on every replica that is in sync, once, and in order.
        .set("acks", "all")
        .set("enable.idempotence", "true")
        // Said explicitly: waiting for company (5 ms) would make 6 ms of an acknowledgement of 0.4 ms.
        .set("linger.ms", "0")
        .set("message.timeout.ms", ms(settings.delivery_timeout))
        .set("message.max.bytes", MAX_BATCH_BYTES.to_string())
        .set("queue.buffering.max.messages", QUEUE.to_string())
        .set("queue.buffering.max.kbytes", "262144")
        // A topic that was deleted is missed, not made anew with the brokers' own settings.
        .set("allow.auto.create.topics", "false");
    create(&config)
}

/// A client that reads nothing, and is told where the topic begins and ends.
pub(super) fn asking(settings: &KafkaSettings) -> Result<BaseConsumer<Context>, LogError> {
    create(&reading(settings))
}

pub(super) fn consumer(settings: &KafkaSettings) -> Result<StreamConsumer<Context>, LogError> {
    let mut config = reading(settings);
    config
        // librdkafka wants a name to read under, but it never joins the group: partition and offset
        // are assigned, and nothing is committed.
        .set("group.id", "foaf")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // The end is told, for the last offsets before it may have no record.
        .set("enable.partition.eof", "true")
        // An offset that is not there is an error, never a jump to another one.
        .set("auto.offset.reset", "error")
        .set("check.crcs", "true")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.error.backoff.ms", "50")
        // After its buffer was full; the default of a second starves a fast reader.
        .set("fetch.queue.backoff.ms", "5")
        .set("queued.max.messages.kbytes", "32768");
    create(&config)
}

pub(super) fn admin(settings: &KafkaSettings) -> Result<AdminClient<Context>, LogError> {
    let mut config = common(settings);
    config.set("allow.auto.create.topics", "false");
    create(&config)
}

/// The first offset of the partition, and the one after its last.
pub(super) fn watermarks<C: ClientContext>(
    client: &Client<C>,
    settings: &KafkaSettings,
) -> Result<(u64, u64), LogError> {
    let (low, high) = client
        .fetch_watermarks(&settings.topic, PARTITION, settings.request_timeout)
        .map_err(|e| unavailable(settings, &e))?;
    let offset = |offset: i64| u64::try_from(offset).unwrap_or_default();
    Ok((offset(low), offset(high)))
}

pub(super) fn unavailable(settings: &KafkaSettings, error: &KafkaError) -> LogError {
    let KafkaSettings {
        brokers,
        topic,
        security,
        ..
    } = settings;
    // librdkafka tells a refused user or certificate like a broker that is gone.
    let or_security = if *security == KafkaSecurity::default() {
        ""
    } else {
        ", or mend the TLS and SASL settings: they may be refused"
    };
    LogError::Unavailable(format!(
        "{brokers} does not answer for topic {topic} ({error}): start Kafka, or name its brokers{or_security}"
    ))
}

fn reading(settings: &KafkaSettings) -> ClientConfig {
    let mut config = common(settings);
    // The judge decides what counts, by place. Reading committed records only, one open transaction
    // of another program would hold back every record after it, and the end with them.
    config.set("isolation.level", "read_uncommitted");
    config
}

fn common(settings: &KafkaSettings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("client.id", "foaf")
        .set("socket.nagle.disable", "true")
        .set("reconnect.backoff.max.ms", "1000");
    secure(&mut config, &settings.security);
    config
}

fn secure(config: &mut ClientConfig, security: &KafkaSecurity) {
    let protocol = match (security.tls, &security.sasl) {
        (false, None) => return,
        (true, None) => "SSL",
        (false, Some(_)) => "SASL_PLAINTEXT",
        (true, Some(_)) => "SASL_SSL",
    };
    config.set("security.protocol", protocol);
    if let Some(sasl) = &security.sasl {
        config
            .set("sasl.mechanisms", &sasl.mechanism)
            .set("sasl.username", &sasl.username)
            .set("sasl.password", &sasl.password);
    }
    if let Some(file) = &security.ca_file {
        config.set("ssl.ca.location", file.to_string_lossy());
    }
}

fn create<T: FromClientConfigAndContext<Context>>(config: &ClientConfig) -> Result<T, LogError> {
    let created = config.create_with_context(Context);
    created.map_err(|e| LogError::Unusable(format!("the Kafka client does not start ({e})")))
}

fn ms(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// Sends what librdkafka has to say to our log.
#[derive(Clone)]
pub(super) struct Context;

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, detail: &str) {
        // Whatever is an error to librdkafka, such as a broker that is gone, it tries again; what
        // cannot be cured comes back from a call.
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => tracing::warn!(facility, detail, "kafka client"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(facility, detail, "kafka client");
            }
            RDKafkaLogLevel::Debug => tracing::debug!(facility, detail, "kafka client"),
        }
    }

    fn error(&self, error: KafkaError, detail: &str) {
        // All but this it tries again by itself.
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            tracing::error!(%error, detail, "the Kafka client has failed for good");
        } else {
            tracing::debug!(%error, detail, "kafka client error");
        }
    }
}

impl ConsumerContext for Context {}

/// A client that is let go of on a thread of its own: librdkafka waits for its threads and brokers.
pub(super) struct Background<T: Send + 'static>(Option<T>);

impl<T: Send> Background<T> {
    pub(super) fn new(client: T) -> Self {
        Self(Some(client))
    }
}

impl<T: Send> Deref for Background<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("there until it is dropped")
    }
}

impl<T: Send> Drop for Background<T> {
    fn drop(&mut self) {
        let client = self.0.take();
        std::thread::spawn(move || drop(client));
    }
}

/// Runs librdkafka where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // It was cancelled, for the runtime shuts down, or it panicked.
        Err(e) => Err(LogError::Unavailable(format!("a call was cut short ({e})"))),
    }
}
