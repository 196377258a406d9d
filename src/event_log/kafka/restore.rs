//! A topic made of the records of another log, each with the append time that it had there.
//!
//! The rule reads append times: with others, old commands would be void for their age. So the topic
//! keeps the times that it is given (`CreateTime`) while it is filled, for which every node refuses
//! it, and gives its own (`LogAppendTime`) from when it is whole. Must never fill a topic that was
//! there, nor leave a part of a log.

use std::collections::VecDeque;

use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord};
use tokio::sync::mpsc;

use super::client::{self, Background, Context, blocking};
use super::{KafkaLog, KafkaSettings, PARTITION, headers, refusal, topic};
use crate::event_log::{LogError, Record};

/// How many records may be on their way: fewer than the producer's queue takes.
const UNDER_WAY: usize = 10_000;

impl KafkaLog {
    /// Makes a topic, of records in the order of their offsets from 0 on; gives their number.
    ///
    /// # Errors
    /// If the topic is there or cannot be made, a record is missing between two others or is refused,
    /// or the first error of `records`. There is no topic then.
    pub async fn restore<E: From<LogError> + Send + 'static>(
        settings: KafkaSettings,
        records: impl Iterator<Item = Result<Record, E>> + Send + 'static,
    ) -> Result<u64, E> {
        let topic = topic::New::make(&settings).await?;
        let filled = fill(&settings, records).await;
        let restored = match filled {
            Ok(count) => topic.keep().await.map(|()| count).map_err(E::from),
            Err(error) => Err(error),
        };
        if restored.is_err() {
            topic.remove().await;
        }
        restored
    }
}

/// Sends the records, and makes sure that each has the offset that it had.
async fn fill<E: From<LogError> + Send + 'static>(
    settings: &KafkaSettings,
    records: impl Iterator<Item = Result<Record, E>> + Send + 'static,
) -> Result<u64, E> {
    let producer = Background::new(client::producer(settings)?);
    let (send, receive) = mpsc::channel(UNDER_WAY / 10);
    // The records come from a file. Who reads them ends with an error, or when nobody listens.
    let reading = blocking(move || {
        let _ = records
            .map(|record| send.blocking_send(record))
            .try_for_each(|sent| sent);
        Ok(())
    });
    let sending = async move {
        let mut receive = receive;
        let mut under_way = VecDeque::with_capacity(UNDER_WAY);
        let mut next = 0;
        while let Some(record) = receive.recv().await {
            let record = record?;
            if record.offset != next {
                return Err(unusable(settings, next, "it is missing").into());
            }
            if under_way.len() == UNDER_WAY {
                arrived(settings, under_way.pop_front()).await?;
            }
            let delivery = deliver(&producer, settings, &record)?;
            under_way.push_back((next, delivery));
            next += 1;
        }
        for delivery in under_way {
            arrived(settings, Some(delivery)).await?;
        }
        Ok(next)
    };
    // A receiver that is dropped, for the sending fails, ends the reading.
    let (filled, read) = tokio::join!(sending, reading);
    read?;
    filled
}

fn deliver(
    producer: &FutureProducer<Context>,
    settings: &KafkaSettings,
    record: &Record,
) -> Result<DeliveryFuture, LogError> {
    let message = &record.message;
    let sent = FutureRecord::to(&settings.topic)
        .partition(PARTITION)
        .timestamp(record.append_time.0)
        .key(&message.key)
        .payload(&message.value)
        .headers(headers(message));
    let refused = |error: &_| unusable(settings, record.offset, &refusal(error));
    producer
        .send_result(sent)
        .map_err(|(error, _)| refused(&error))
}

async fn arrived(
    settings: &KafkaSettings,
    delivery: Option<(u64, DeliveryFuture)>,
) -> Result<(), LogError> {
    let Some((offset, delivery)) = delivery else {
        return Ok(());
    };
    match delivery.await {
        Ok(Ok(at)) if u64::try_from(at.offset) == Ok(offset) => Ok(()),
        Ok(Ok(_)) => Err(unusable(settings, offset, "another program writes there")),
        Ok(Err((error, _))) => Err(unusable(settings, offset, &error.to_string())),
        Err(_) => Err(unusable(settings, offset, "the producer was closed")),
    }
}

fn unusable(settings: &KafkaSettings, offset: u64, why: &str) -> LogError {
    LogError::Unusable(format!(
        "topic {} could not take the record at position {} ({why}); nothing was restored",
        settings.topic,
        offset + 1
    ))
}
