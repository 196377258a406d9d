//! What only the event log in Kafka promises: its topic, and records of other programs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use foaf::event_log::kafka::{KafkaLog, KafkaSettings};
use foaf::event_log::{AppendError, EventLog, LogError, Message};
use rdkafka::admin::{
    AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::logs::{admin, append_all, delete_topic, fresh_topic, messages, soon, take};
use crate::program::{foaf, text};

const RIGHT: [(&str, &str); 4] = [
    ("cleanup.policy", "delete"),
    ("retention.ms", "-1"),
    ("retention.bytes", "-1"),
    ("message.timestamp.type", "LogAppendTime"),
];

#[tokio::test]
async fn a_missing_topic_is_made_with_the_right_settings() {
    let settings = fresh_topic();
    connect(&settings).await.unwrap();
    let topic = [ResourceSpecifier::Topic(&settings.topic)];
    let described = admin(&settings)
        .describe_configs(&topic, &AdminOptions::new())
        .await;
    let config = described.unwrap().pop().unwrap().unwrap();
    for (name, wanted) in RIGHT {
        let found = config.get(name).unwrap().value.as_deref();
        assert_eq!(found, Some(wanted), "{name}");
    }
    connect(&settings).await.expect("what foaf made suits foaf");
    delete_topic(&settings).await;
}

#[tokio::test]
async fn two_processes_may_start_at_once() {
    let settings = fresh_topic();
    let (one, other) = tokio::join!(connect(&settings), connect(&settings));
    append_all(&one.unwrap(), &messages(1)).await;
    assert_eq!(other.unwrap().end().await, Ok(1));
    delete_topic(&settings).await;
}

#[tokio::test]
async fn each_wrong_setting_is_refused_with_what_to_do() {
    for (name, wrong) in [
        ("cleanup.policy", "compact"),
        ("cleanup.policy", "compact,delete"),
        ("retention.ms", "604800000"),
        ("retention.bytes", "1073741824"),
        ("message.timestamp.type", "CreateTime"),
        ("max.message.bytes", "1000"),
    ] {
        let settings = fresh_topic();
        create(&settings, 1, &[(name, wrong)]).await;
        let why = refused(&settings).await;
        let topic = &settings.topic;
        assert!(
            why.starts_with(&format!("topic {topic} has {name}={wrong}, but")),
            "{why}"
        );
        let fix = format!("--entity-name {topic} --add-config {name}=");
        assert!(why.contains(&fix), "{why}");
        assert_eq!(
            why.matches("topic foaf-test").count(),
            1,
            "nothing else: {why}"
        );
        delete_topic(&settings).await;
    }
}

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let settings = fresh_topic();
    create(
        &settings,
        2,
        &[("retention.ms", "1"), ("cleanup.policy", "compact")],
    )
    .await;
    let why = refused(&settings).await;
    for fault in [
        "has 2 partitions",
        "retention.ms=1,",
        "cleanup.policy=compact,",
    ] {
        assert!(why.contains(fault), "{why}");
    }
    delete_topic(&settings).await;
}

/// Whoever can read it can save it.
#[tokio::test]
async fn a_topic_that_no_node_would_serve_is_read() {
    let settings = fresh_topic();
    append_all(&connect(&settings).await.unwrap(), &messages(3)).await;
    let more = [NewPartitions::new(&settings.topic, 2)];
    let made = admin(&settings).create_partitions(&more, &AdminOptions::new());
    made.await.unwrap().pop().unwrap().unwrap();
    soon(async { while connect(&settings).await.is_ok() {} }).await;
    assert!(refused(&settings).await.contains("has 2 partitions"));
    let url = format!("kafka://{}/{}", settings.brokers, settings.topic);
    let exported = foaf(&["export", "--events", "-", "--log", &url]);
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    assert_eq!(text(&exported.stdout).matches("foafoffset").count(), 3);
    delete_topic(&settings).await;
}

/// What no broker takes is known not to be taken.
#[tokio::test]
async fn a_record_too_large_for_the_topic_is_refused_at_once() {
    let settings = fresh_topic();
    let log = connect(&settings).await.unwrap();
    let mut small = AlterConfig::new(ResourceSpecifier::Topic(&settings.topic));
    for (name, value) in RIGHT.into_iter().chain([("max.message.bytes", "1000")]) {
        small = small.set(name, value);
    }
    let (admin, options) = (admin(&settings), AdminOptions::new());
    let altered = admin.alter_configs([&small], &options).await;
    altered.unwrap().pop().unwrap().unwrap();
    let large = || Message {
        value: vec![b'x'; 5_000],
        ..Message::default()
    };
    let refused = soon(async {
        loop {
            // The broker takes a moment to know.
            if let Err(error) = log.append(large()).await {
                return error;
            }
        }
    })
    .await;
    assert!(
        matches!(&refused, AppendError::Refused(why) if why.contains("max.message.bytes")),
        "{refused:?}"
    );
    append_all(&log, &messages(1)).await;
    delete_topic(&settings).await;
}

#[tokio::test]
async fn a_record_of_another_program_is_read() {
    let settings = fresh_topic();
    let log = connect(&settings).await.unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.brokers);
    let producer: FutureProducer = config.create().unwrap();
    let nothing: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(&settings.topic).partition(0);
    producer
        .send(nothing, Duration::from_secs(5))
        .await
        .unwrap();
    let header = Header::<&[u8]> {
        key: "empty",
        value: None,
    };
    let headers = FutureRecord::<[u8], [u8]>::to(&settings.topic)
        .partition(0)
        .headers(OwnedHeaders::new().insert(header));
    producer
        .send(headers, Duration::from_secs(5))
        .await
        .unwrap();
    append_all(&log, &messages(1)).await;
    let records = take(&mut *log.read(0).await.unwrap(), 3).await;
    assert!(records[0].message.key.is_empty() && records[0].message.value.is_empty());
    assert!(records[0].message.headers.is_empty());
    let headers: Vec<_> = records[1].message.headers.iter().collect();
    assert_eq!(headers, [("empty", &b""[..])]);
    assert_eq!(*records[2].message, messages(1)[0]);
    delete_topic(&settings).await;
}

#[tokio::test]
async fn a_header_name_that_is_not_utf8_does_not_end_the_reader() {
    let settings = fresh_topic();
    let log = connect(&settings).await.unwrap();
    produce_by_hand(&settings, b"\xff\xfe");
    append_all(&log, &messages(1)).await;
    let records = take(&mut *log.read(0).await.unwrap(), 2).await;
    assert_eq!(records[0].message.value, b"v");
    assert!(records[0].message.headers.get("\u{fffd}").is_some());
    assert_eq!(*records[1].message, messages(1)[0]);
    delete_topic(&settings).await;
}

#[tokio::test]
async fn a_topic_whose_first_records_were_deleted_is_refused() {
    let settings = fresh_topic();
    let log = connect(&settings).await.unwrap();
    append_all(&log, &messages(10)).await;
    let mut before = TopicPartitionList::new();
    before
        .add_partition_offset(&settings.topic, 0, Offset::Offset(5))
        .unwrap();
    // Held until the answer comes: a client that is dropped polls no more.
    let admin = admin(&settings);
    let deleted = admin.delete_records(&before, &AdminOptions::new());
    soon(deleted).await.unwrap();
    let error = soon(log.read(2)).await.err();
    assert!(
        matches!(&error, Some(LogError::Damaged { position: 3, what }) if what.contains("deleted")),
        "{error:?}"
    );
    let why = refused(&settings).await;
    assert!(
        why.contains("begins at offset 5, but must begin at 0"),
        "{why}"
    );
    delete_topic(&settings).await;
}

#[tokio::test]
async fn brokers_that_do_not_answer_are_named() {
    let mut settings = KafkaSettings::new("127.0.0.1:1", "foaf");
    settings.request_timeout = Duration::from_millis(200);
    match connect(&settings).await.err() {
        Some(LogError::Unavailable(why)) => assert!(why.contains("127.0.0.1:1"), "{why}"),
        other => panic!("{other:?}"),
    }
}

async fn connect(settings: &KafkaSettings) -> Result<KafkaLog, LogError> {
    soon(KafkaLog::connect(settings.clone())).await
}

async fn refused(settings: &KafkaSettings) -> String {
    match connect(settings).await.err() {
        Some(LogError::Unusable(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// Makes a topic that is right but for some settings.
pub(crate) async fn create(settings: &KafkaSettings, partitions: i32, wrong: &[(&str, &str)]) {
    let mut topic = NewTopic::new(&settings.topic, partitions, TopicReplication::Fixed(1));
    let is_wrong = |name: &str| wrong.iter().any(|(other, _)| *other == name);
    for (name, value) in RIGHT {
        if !is_wrong(name) {
            topic = topic.set(name, value);
        }
    }
    for (name, value) in wrong {
        topic = topic.set(name, value);
    }
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(10)));
    let made = admin(settings).create_topics([&topic], &options).await;
    made.unwrap().pop().unwrap().unwrap();
}

/// Sends a record with one header in Kafka's own protocol: no client lets us choose such a name.
fn produce_by_hand(settings: &KafkaSettings, header: &[u8]) {
    // Lengths below 64 are one byte there, doubled.
    let short = |bytes: &[u8]| {
        let length = u8::try_from(bytes.len() * 2).unwrap();
        [&[length], bytes].concat()
    };
    let sized = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap();
        [&length.to_be_bytes()[..], bytes].concat()
    };
    // No attributes, no deltas, key, value, and one header without a value.
    let record = short(
        &[
            &[0, 0, 0],
            &*short(b"k"),
            &short(b"v"),
            &[2],
            &short(header),
            &[1],
        ]
        .concat(),
    );
    // No attributes, last delta 0, two timestamps of 0, no producer, its epoch or sequence, 1 record.
    let checked = [&[0; 22][..], &[0xff; 14], &[0, 0, 0, 1], &record].concat();
    let crc = crc32c::crc32c(&checked).to_be_bytes();
    let batch = sized(&[&[0, 0, 0, 0, 2][..], &crc, &checked].concat());
    let batch = sized(&[&[0; 8][..], &batch].concat());
    let topic = settings.topic.as_bytes();
    let topic_length = u16::try_from(topic.len()).unwrap().to_be_bytes();
    let request = [
        // Produce, version 3, correlation 1, no client id, no transaction, acks=all, 5 s, 1 topic.
        &[
            0, 0, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x13, 0x88, 0, 0, 0,
            1,
        ],
        &topic_length[..],
        topic,
        // 1 partition: number 0.
        &[0, 0, 0, 1, 0, 0, 0, 0],
        &batch,
    ];
    let mut broker = TcpStream::connect(&settings.brokers).unwrap();
    broker.write_all(&sized(&request.concat())).unwrap();
    // Its answer has come once the record is in the log; the next read checks that it is.
    broker.read_exact(&mut [0; 4]).unwrap();
}
