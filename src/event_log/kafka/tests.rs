//! Faults of the brokers, played by librdkafka's own stand-in for a cluster.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::client::QUEUE;
use super::{KafkaLog, KafkaSettings};
use crate::event_log::{AppendError, EventLog, Message};

const BROKER: i32 = 1;

type Cluster = MockCluster<'static, DefaultProducerContext>;

/// A cluster of one broker, and a log on it.
fn cluster() -> (Cluster, KafkaLog) {
    let cluster = empty_cluster();
    let log = log_on(&cluster);
    (cluster, log)
}

fn empty_cluster() -> Cluster {
    let cluster = Cluster::new(1).expect("a mock cluster");
    cluster.create_topic("foaf", 1, 1).expect("a topic");
    cluster
}

fn log_on(cluster: &Cluster) -> KafkaLog {
    let mut settings = KafkaSettings::new(cluster.bootstrap_servers(), "foaf");
    settings.delivery_timeout = Duration::from_secs(2);
    KafkaLog::over(settings).expect("a client")
}

fn message(n: usize) -> Message {
    Message {
        key: n.to_string().into_bytes(),
        ..Message::default()
    }
}

#[tokio::test]
async fn a_reader_goes_on_when_the_broker_is_back() {
    let (cluster, log) = cluster();
    log.append(message(0)).await.expect("it is up");
    let mut reader = log.read(0).await.expect("it is up");
    assert_eq!(reader.next(9).await.expect("it is up").records[0].offset, 0);
    cluster.broker_down(BROKER).expect("it goes down");
    // While it is down, an append fails; by then the reader has met the outage as well.
    let unknown = log.append(message(1)).await;
    assert!(
        matches!(unknown, Err(AppendError::Unknown(_))),
        "{unknown:?}"
    );
    assert!(reader.next(9).now_or_never().is_none(), "it waits");
    cluster.broker_up(BROKER).expect("it comes back");
    let append_and_read = async {
        while log.append(message(2)).await.is_err() {}
        reader.next(1).await.expect("it reads on")
    };
    let next = tokio::time::timeout(Duration::from_secs(30), append_and_read).await;
    assert_eq!(next.expect("it comes within 30 s").records[0].offset, 1);
}

#[tokio::test]
async fn an_append_to_a_full_queue_is_refused() {
    let (cluster, log) = cluster();
    cluster.broker_down(BROKER).expect("it goes down");
    let appends = (0..QUEUE + 10).map(|n| log.append(message(n)));
    let outcomes = join_all(appends).await;
    let refused =
        |o: &&Result<_, _>| matches!(o, Err(AppendError::Refused(why)) if why.contains("too many"));
    assert_eq!(outcomes.iter().filter(refused).count(), 10);
    let unknown = |o: &&Result<_, _>| matches!(o, Err(AppendError::Unknown(_)));
    assert_eq!(outcomes.iter().filter(unknown).count(), QUEUE);
}

/// The broker refuses the producer for a while, which librdkafka takes for the end of it.
#[tokio::test]
async fn another_producer_takes_the_place_of_one_that_has_failed() {
    let cluster = empty_cluster();
    let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    cluster.request_errors(RDKafkaApiKey::InitProducerId, &[refused; 2]);
    let log = log_on(&cluster);
    let unready = async {
        while log.end().await.is_ok() {}
        log.append(message(0)).await
    };
    let limit = Duration::from_secs(30);
    let failed = tokio::time::timeout(limit, unready).await;
    let failed = failed.expect("it says that it has failed");
    assert!(matches!(failed, Err(AppendError::Refused(_))), "{failed:?}");
    let taken = async {
        while log.append(message(1)).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    let taken = tokio::time::timeout(limit, taken).await;
    taken.expect("it goes on by itself");
    assert_eq!(log.end().await, Ok(1));
}
