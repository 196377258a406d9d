//! A reader of the topic: a consumer of its own, assigned to one offset, in no group.
//!
//! Offsets may have no record, for transactions of other programs put their marks there: how far the
//! reader is, the consumer says, and not the last record. Must never skip: an error that librdkafka
//! would read on after ends the reader.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::FutureExt;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::client::{self, Background, Context, blocking, unavailable};
use super::{KafkaSettings, PARTITION};
use crate::domain::LogTime;
use crate::event_log::{Fetched, Headers, LogError, LogReader, Message, Record};

/// How often brokers that do not answer are spoken of.
const WARN_EVERY: Duration = Duration::from_secs(5);

/// How many records are read over rather than jumped over: they were sent along already.
const NEAR: u64 = 256;

pub(super) struct KafkaReader {
    consumer: Background<StreamConsumer<Context>>,
    settings: KafkaSettings,
    /// The offset that comes next.
    from: u64,
    /// Why nothing comes any more.
    ended: Option<LogError>,
    warned: Option<Instant>,
}

impl KafkaReader {
    /// Starts to read at offset `from`. Blocks.
    pub(super) fn start(settings: &KafkaSettings, from: u64) -> Result<Self, LogError> {
        let consumer = Background::new(client::consumer(settings)?);
        let (low, high) = client::watermarks(consumer.client(), settings)?;
        if from > high {
            let log = format!("topic {}", settings.topic);
            return Err(LogError::cut_off(&log, high, from));
        }
        if from < low {
            return Err(gone(settings, from));
        }
        let reader = Self {
            consumer,
            settings: settings.clone(),
            from,
            ended: None,
            warned: None,
        };
        reader.assign()?;
        Ok(reader)
    }

    /// Lets the brokers send what comes from the next offset on; what they sent before is dropped.
    fn assign(&self) -> Result<(), LogError> {
        let mut assignment = TopicPartitionList::new();
        let offset = Offset::Offset(i64::try_from(self.from).unwrap_or(i64::MAX));
        assignment
            .add_partition_offset(&self.settings.topic, PARTITION, offset)
            .and_then(|()| self.consumer.assign(&assignment))
            .map_err(|e| unavailable(&self.settings, &e))
    }

    /// The records at these offsets, which ascend from where the reader is.
    pub(super) async fn pick(mut self, offsets: &[u64]) -> Result<Vec<Record>, LogError> {
        let mut picked = Vec::with_capacity(offsets.len());
        for offset in offsets.iter().copied() {
            if offset > self.from + NEAR {
                self.from = offset;
                self = blocking(move || self.assign().map(|()| self)).await?;
            }
            let record = loop {
                let record = self.next(1).await?.records.pop();
                if self.from > offset {
                    break record.filter(|record| record.offset == offset);
                }
            };
            picked.push(record.ok_or_else(|| gone(&self.settings, offset))?);
        }
        Ok(picked)
    }

    /// Takes up how far the consumer has come: at the end of the topic there may be offsets behind
    /// the last record that have none.
    fn catch_up(&mut self) -> Result<(), LogError> {
        // A question to librdkafka itself, which answers at once: no broker is asked.
        let position = self.consumer.position();
        let position = position.map_err(|e| unavailable(&self.settings, &e))?;
        let found = position.find_partition(&self.settings.topic, PARTITION);
        if let Some(Offset::Offset(next)) = found.map(|found| found.offset()) {
            self.from = self.from.max(u64::try_from(next).unwrap_or_default());
        }
        Ok(())
    }

    fn judge_error(&mut self, error: &KafkaError) {
        let topic = &self.settings.topic;
        self.ended = match error.rdkafka_error_code() {
            Some(Code::AutoOffsetReset | Code::OffsetOutOfRange | Code::LogTruncation) => {
                Some(gone(&self.settings, self.from))
            }
            Some(Code::BadMessage | Code::InvalidMessage | Code::BadCompression) => {
                Some(LogError::Damaged {
                    position: self.from + 1,
                    what: format!(
                        "topic {topic} cannot be read on ({error}): stop, and restore the partition \
                         from a replica or a backup"
                    ),
                })
            }
            Some(Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicOrPartition) => {
                Some(LogError::Unusable(format!(
                    "topic {topic} is gone: restore it, or start with a new log, data folder and graph"
                )))
            }
            Some(
                Code::TopicAuthorizationFailed
                | Code::SaslAuthenticationFailed
                | Code::Authentication,
            ) => Some(LogError::Unusable(format!(
                "topic {topic} may not be read ({error}): grant the right to read it"
            ))),
            _ if matches!(error, KafkaError::MessageConsumptionFatal(_)) => {
                Some(LogError::Unavailable(error.to_string()))
            }
            // librdkafka tries again by itself.
            _ => return self.warn(error),
        };
    }

    fn warn(&mut self, error: &KafkaError) {
        if self.warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            self.warned = Some(Instant::now());
            tracing::warn!(
                topic = self.settings.topic,
                log.offset = self.from,
                %error,
                "event log is out of reach, trying again"
            );
        }
    }
}

#[async_trait]
impl LogReader for KafkaReader {
    async fn next(&mut self, max: usize) -> Result<Fetched, LogError> {
        let (before, mut records) = (self.from, Vec::new());
        while self.from == before {
            if let Some(ended) = &self.ended {
                return Err(ended.clone());
            }
            // The only place that waits, and it holds nothing yet: dropping it loses nothing.
            let mut received = Some(self.consumer.recv().await.map(|m| record(&m)));
            while let Some(next) = received.take() {
                match next {
                    Ok(record) => {
                        self.from = record.offset + 1;
                        records.push(record);
                    }
                    // What was received goes out first: an error here must not take it along.
                    Err(KafkaError::PartitionEOF(_)) => self.ended = self.catch_up().err(),
                    Err(error) => self.judge_error(&error),
                }
                if self.ended.is_none() && records.len() < max {
                    let there = self.consumer.recv().now_or_never();
                    received = there.map(|received| received.map(|m| record(&m)));
                }
            }
        }
        let next = self.from;
        Ok(Fetched { records, next })
    }
}

/// A record as any program may have written it: what is missing is empty.
fn record(message: &BorrowedMessage<'_>) -> Record {
    let bytes = |bytes: Option<&[u8]>| bytes.unwrap_or_default().to_vec();
    let mut headers = Headers::default();
    if let Some(theirs) = message.headers() {
        for i in 0..theirs.count() {
            // rdkafka panics at a name that is not UTF-8. None of our records has one, and one
            // such record must not end every process that comes by.
            let header = catch_unwind(AssertUnwindSafe(|| {
                let header = theirs.get(i);
                (header.key, header.value.unwrap_or_default())
            }));
            let (name, value) = header.unwrap_or(("\u{fffd}", &[]));
            headers.push(name, value);
        }
    }
    Record {
        offset: u64::try_from(message.offset()).unwrap_or_default(),
        append_time: LogTime(message.timestamp().to_millis().unwrap_or_default()),
        message: Arc::new(Message {
            key: bytes(message.key()),
            headers,
            value: bytes(message.payload()),
        }),
    }
}

fn gone(settings: &KafkaSettings, from: u64) -> LogError {
    LogError::Damaged {
        position: from + 1,
        what: format!(
            "topic {} has no record there any more: records were deleted or cut off; \
             restore the topic from a backup, or start with a new log, data folder and graph",
            settings.topic
        ),
    }
}
