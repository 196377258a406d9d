//! Offsets without records, as the transactions of other programs leave them in a topic: committed,
//! aborted and left open; in front, in the middle and at the end.

use std::time::{Duration, Instant};

use fastrand::Rng;
use foaf::{
    app::Node,
    event_log::{
        EventLog, LogError, Record,
        kafka::{KafkaLog, KafkaSettings},
    },
};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
    error::KafkaResult,
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};
use serde_json::json;

use crate::{
    exporting::{come_to, live, node, url},
    logs::{Place, append_all, fresh_topic, messages, soon},
    program::{foaf, text},
    service::{GraphKind, LogKind, Places, Service, on_every_combination},
};

type Writer = ThreadedProducer<DefaultProducerContext>;

const LIMIT: Duration = Duration::from_secs(30);

/// Another program, which writes to the topic in transactions.
struct Foreign {
    producer: Writer,
    topic: String,
    /// To see the topic as it is.
    beside: BaseConsumer,
}

impl Foreign {
    fn new(brokers: &str, topic: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers);
        config.set(
            "transactional.id",
            format!("foreign-{:016x}", fastrand::u64(..)),
        );
        let producer: Writer = config.create().expect("a producer");
        producer.init_transactions(LIMIT).expect("a broker");
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers);
        config.set("isolation.level", "read_uncommitted");
        Self {
            producer,
            topic: topic.to_owned(),
            beside: config.create().expect("a consumer"),
        }
    }

    /// Begins a transaction and writes records into it.
    fn write(&self, records: usize) {
        self.producer.begin_transaction().expect("none is open");
        for _ in 0..records {
            let record = BaseRecord::to(&self.topic).partition(0);
            let record = record.key("foreign").payload("theirs");
            self.producer.send(record).expect("room");
        }
        self.producer.flush(LIMIT).expect("they are written");
    }

    fn commit(&self, records: usize) {
        self.write(records);
        self.end(Producer::commit_transaction);
    }

    fn abort(&self, records: usize) {
        self.write(records);
        self.end(Producer::abort_transaction);
    }

    /// Ends the transaction, and waits for its mark: the broker answers before it has written it.
    fn end(&self, how: impl Fn(&Writer, Duration) -> KafkaResult<()>) {
        let end = || {
            let found = self.beside.fetch_watermarks(&self.topic, 0, LIMIT);
            found.expect("the broker answers").1
        };
        let before = end();
        how(&self.producer, LIMIT).expect("it ends");
        let begin = Instant::now();
        while end() == before {
            assert!(begin.elapsed() < LIMIT, "the mark comes");
            std::thread::yield_now();
        }
    }
}

async fn connect(settings: &KafkaSettings) -> KafkaLog {
    let log = KafkaLog::connect(settings.clone()).await;
    log.expect("the broker answers")
}

/// What a reader comes to up to an end.
async fn read(log: &dyn EventLog, from: u64, end: u64) -> Vec<Record> {
    let mut reader = log.read(from).await.expect("it can be read");
    let (mut read, mut next) = (Vec::new(), from);
    while next < end {
        let fetched = soon(reader.next(3)).await.expect("it can be read");
        assert!(fetched.next > next, "it comes further");
        let offsets = fetched.records.iter().map(|record| record.offset);
        assert!(offsets.clone().is_sorted() && offsets.clone().all(|at| at < fetched.next));
        next = fetched.next;
        read.extend(fetched.records);
    }
    assert_eq!(next, end);
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_comes_to_every_end() {
    let settings = fresh_topic();
    let log = connect(&settings).await;
    let foreign = Foreign::new(&settings.brokers, &settings.topic);
    // By offset: 0 1 theirs, 2 a mark; 3 ours; 4 theirs and taken back, 5 a mark; 6 ours.
    foreign.commit(2);
    assert_eq!(read(&log, 0, 3).await.len(), 2);
    append_all(&log, &messages(1)).await;
    foreign.abort(1);
    assert_eq!(read(&log, 0, 6).await.len(), 4);
    append_all(&log, &messages(1)).await;
    // 7 theirs, and nothing is decided of it.
    foreign.write(1);
    assert_eq!(
        log.end().await,
        Ok(8),
        "an open transaction holds nobody up"
    );
    let offsets = |records: &[Record]| records.iter().map(|r| r.offset).collect::<Vec<_>>();
    for from in 0..8 {
        let expected = [0, 1, 3, 4, 6, 7].into_iter().filter(|at| *at >= from);
        let read = read(&log, from, 8).await;
        assert_eq!(offsets(&read), expected.collect::<Vec<_>>(), "from {from}");
    }
    append_all(&log, &messages(1)).await;
    // A reader that waits at the end hears of a mark, though no record comes.
    let mut tail = log.read(9).await.expect("it can be read");
    let mut next = std::pin::pin!(tail.next(3));
    assert!(futures::poll!(&mut next).is_pending());
    foreign.end(Producer::commit_transaction);
    let fetched = soon(next).await.expect("it can be read");
    assert_eq!((fetched.records.len(), fetched.next), (0, 10));
    assert_eq!(log.end().await, Ok(10));
    let picked = log.pick(&[1, 4, 7, 8]).await.expect("they are there");
    assert_eq!(offsets(&picked), [1, 4, 7, 8]);
    for mark in [2, 5, 9] {
        let error = soon(log.pick(&[0, mark])).await.err();
        let expected = mark + 1;
        assert!(
            matches!(error, Some(LogError::Damaged { position, .. }) if position == expected),
            "{mark}: {error:?}"
        );
    }
    Place::Kafka(settings).clean().await;
}

async fn at_the_end(node: &mut Node) {
    let end = node.services().log.end().await.expect("open");
    let mut progress = node.services().replay.progress();
    soon(progress.wait_for(|now| now.position >= end))
        .await
        .expect("replay comes to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_gaps_is_exported_and_restored_with_every_position() {
    let settings = fresh_topic();
    connect(&settings).await;
    let foreign = Foreign::new(&settings.brokers, &settings.topic);
    let place = Place::Kafka(settings);
    foreign.commit(1);
    let mut running = node(place.open().await).await;
    let mut rng = Rng::with_seed(12);
    live(&mut running, &mut rng, 60).await;
    foreign.abort(2);
    live(&mut running, &mut rng, 60).await;
    foreign.commit(3);
    at_the_end(&mut running).await;
    let expected = come_to(&running).await;
    let end = running.services().log.end().await.expect("open");
    let original = read(&*running.services().log, 0, end).await;
    running.stop().await.expect("it stops well");
    assert!((original.len() as u64) < end);

    // Another node comes to the same, and so does one over either restored log.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.jsonl").display().to_string();
    let exported = foaf(&["export", "--events", &file, "--log", &url(&place)]);
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    let (sqlite, kafka) = (Place::sqlite(), Place::kafka());
    let mut told_again = Vec::new();
    for (restored, of) in [
        (&place, None),
        (&sqlite, Some(&file)),
        (&kafka, Some(&file)),
    ] {
        if let Some(file) = of {
            let output = foaf(&["import", "--events", file, "--log", &url(restored)]);
            assert_eq!(output.status.code(), Some(0), "{output:?}");
        }
        let mut running = node(restored.open().await).await;
        at_the_end(&mut running).await;
        assert_eq!(come_to(&running).await, expected);
        running.stop().await.expect("it stops well");
        let log = restored.open().await;
        assert_eq!(log.end().await, Ok(end));
        let records = read(&*log, 0, end).await;
        let kept = records.iter().filter(|record| original.contains(record));
        assert!(kept.eq(&original), "each record where it was");
        log.close().await;
        let users = foaf(&["export", "--users", "-", "--log", &url(restored)]);
        assert_eq!(users.status.code(), Some(0), "{users:?}");
        told_again.push(text(&users.stdout));
    }
    assert!(told_again[0].lines().count() > 1, "{told_again:?}");
    assert!(told_again.iter().all(|users| *users == told_again[0]));
    for place in [place, kafka] {
        place.clean().await;
    }
}

/// A service over a log that ends with a mark is live, lacks nothing, and reads its own writes.
async fn a_mark_at_the_end_holds_nobody_up((log, graph): (LogKind, GraphKind)) {
    let places = Places::new(log, graph).await;
    let foaf::config::LogUrl::Kafka { brokers, topic, .. } = &places.log else {
        unreachable!("it is Kafka");
    };
    let service = Service::start(&places).await;
    service.register("first", "First").await;
    let foreign = Foreign::new(brokers, topic);
    foreign.commit(1);
    let lag = "{ projection { lagRecords } }";
    let lacks_nothing = |service: Service| async move {
        soon(async {
            while service.ask(lag, json!({})).await["projection"]["lagRecords"] != 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(service.get("/health/ready").await.0, 200);
        service
    };
    let service = lacks_nothing(service).await;
    service.register("second", "Second").await;
    foreign.abort(1);
    lacks_nothing(service).await.stop().await;
    // One stays open over the start.
    foreign.write(1);
    let service = lacks_nothing(Service::start(&places).await).await;
    service.register("third", "Third").await;
    let counted = "{ users { totalCount } }";
    assert_eq!(
        service.ask(counted, json!({})).await["users"]["totalCount"],
        3
    );
    foreign.end(Producer::commit_transaction);
    let service = lacks_nothing(service).await;
    let events = "{ events(last: 1) { totalCount edges { node { type } } } }";
    let events = service.ask(events, json!({})).await;
    assert_eq!(events["events"]["totalCount"], 3, "{events}");
    service.stop().await;
}

on_every_combination!(a_mark_at_the_end_holds_nobody_up:
    2 on_kafka_and_embedded, 3 on_kafka_and_neo4j);
