//! What the tests of the event logs share: places to open a log at, messages, and waiting.
//!
//! Must never wait for a time to pass: a test waits for what it wants to see, and fails at a limit.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use foaf::clock::Clock;
use foaf::domain::LogTime;
use foaf::event_log::kafka::{KafkaLog, KafkaSettings};
use foaf::event_log::memory::MemoryLog;
use foaf::event_log::sqlite::SqliteLog;
use foaf::event_log::{Appended, EventLog, LogReader, Message, Record};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use tempfile::TempDir;

/// Where a log is, so that it can be opened again.
pub(crate) enum Place {
    Memory(Arc<MemoryLog>),
    Sqlite(TempDir),
    Kafka(KafkaSettings),
}

impl Place {
    pub(crate) fn memory() -> Self {
        Self::Memory(Arc::new(MemoryLog::new(ticking())))
    }

    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn kafka() -> Self {
        Self::Kafka(fresh_topic())
    }

    pub(crate) async fn open(&self) -> Arc<dyn EventLog> {
        match self {
            Self::Memory(log) => Arc::clone(log) as Arc<dyn EventLog>,
            Self::Sqlite(folder) => {
                Arc::new(SqliteLog::open(folder.path(), ticking()).expect("the folder is free"))
            }
            Self::Kafka(settings) => {
                let log = KafkaLog::connect(settings.clone()).await;
                Arc::new(log.expect("the broker answers"))
            }
        }
    }

    /// The place as a crash of the process would leave it at this moment.
    pub(crate) fn after_a_crash(&self) -> Self {
        match self {
            Self::Memory(log) => Self::Memory(Arc::clone(log)),
            Self::Sqlite(folder) => {
                let left = tempfile::tempdir().expect("a temporary folder");
                // The third file, foaf.db-shm, is shared memory: it is made anew at each start.
                for name in ["foaf.db", "foaf.db-wal"] {
                    std::fs::copy(folder.path().join(name), left.path().join(name))
                        .expect("both files are there while the log is open");
                }
                Self::Sqlite(left)
            }
            Self::Kafka(settings) => Self::Kafka(settings.clone()),
        }
    }

    /// Deletes what would outlive the test.
    pub(crate) async fn clean(self) {
        if let Self::Kafka(settings) = self {
            delete_topic(&settings).await;
        }
    }
}

/// A topic of a new name on the broker of the tests.
pub(crate) fn fresh_topic() -> KafkaSettings {
    let url = std::env::var("FOAF_TEST_KAFKA")
        .expect("FOAF_TEST_KAFKA names no broker: run scripts/test, which starts one");
    let brokers = url.trim_start_matches("kafka://").trim_end_matches('/');
    KafkaSettings::new(brokers, format!("foaf-test-{:016x}", fastrand::u64(..)))
}

pub(crate) fn admin(settings: &KafkaSettings) -> AdminClient<DefaultClientContext> {
    let mut config = rdkafka::ClientConfig::new();
    config.set("bootstrap.servers", &settings.brokers);
    config.create().expect("an admin client")
}

pub(crate) async fn delete_topic(settings: &KafkaSettings) {
    let deleted = admin(settings)
        .delete_topics(&[&settings.topic], &AdminOptions::new())
        .await;
    deleted.expect("the broker answers");
}

/// A clock that shows another time whenever it is read.
pub(crate) fn ticking() -> Clock {
    let now = AtomicI64::new(1_700_000_000_000);
    Arc::new(move || LogTime(now.fetch_add(1, Ordering::Relaxed)))
}

/// Waits for what must come, but not for ever.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(Duration::from_secs(30), future).await;
    waited.expect("it comes within 30 s")
}

/// The next `count` records of a reader.
pub(crate) async fn take(reader: &mut dyn LogReader, count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    while records.len() < count {
        let next = soon(reader.next(count - records.len())).await;
        records.extend(next.expect("the log can be read").records);
    }
    records
}

/// Appends one after the other.
pub(crate) async fn append_all(log: &dyn EventLog, messages: &[Message]) -> Vec<Appended> {
    let mut appended = Vec::new();
    for message in messages {
        let one = soon(log.append(message.clone())).await;
        appended.push(one.expect("the log takes it"));
    }
    appended
}

/// A message like those of foaf.
pub(crate) fn message(n: usize) -> Message {
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_type", "foaf.user.registered.v1"),
        ("ce_id", &format!("id-{n}")),
        ("ce_subject", &format!("user-{n}")),
        ("ce_guards", "[\"0f1e2d\", null]"),
    ];
    Message {
        key: format!("user-{n}").into_bytes(),
        headers: headers.into_iter().collect(),
        value: format!("{{\"handle\":\"user{n}\"}}").into_bytes(),
    }
}

pub(crate) fn messages(count: usize) -> Vec<Message> {
    (0..count).map(message).collect()
}

/// Messages of every shape that a foreign program may write.
pub(crate) fn odd_messages() -> Vec<Message> {
    let header = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    let of = |key: &[u8], headers: Vec<(String, Vec<u8>)>, value: &[u8]| Message {
        key: key.to_vec(),
        headers: headers.into_iter().collect(),
        value: value.to_vec(),
    };
    vec![
        Message::default(),
        of(b"key", vec![], b""),
        of(b"\xff\xfe\0", vec![], b"\x80\0\"\\"),
        of(b"key", vec![header("ce_id", b"\xff")], b"{}"),
        of(b"key", vec![header("ce_subject", b"another")], b"null"),
        of(
            "k\u{e9}y\0".as_bytes(),
            vec![header("ce_subject", "k\u{e9}y\0".as_bytes())],
            b"x",
        ),
        of(
            b"key",
            vec![
                header("ce_type", b""),
                header("ce_id", b"first"),
                header("ce_id", b"second"),
                header("ce_id", b"first"),
                header("z", b"[1,2]"),
                header("a", b"null"),
                header("a", b""),
                header("h\u{e9}", b"\n\t\x7f\0\xc3"),
                header("ce_subject", b"key"),
            ],
            &vec![0xa5; 70_000],
        ),
    ]
}
