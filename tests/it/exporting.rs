//! Export and back: an exported log becomes the same log again, or none.

mod files;
mod lines;

use std::{fs, sync::Arc, time::Duration};

use fastrand::Rng;
use foaf::{
    app::Node,
    command_handler::Request,
    domain::LogTime,
    event_log::{
        EventLog, Record,
        sqlite::{SqliteLog, SqliteLogToRead},
    },
    export,
    graph::embedded::EmbeddedGraph,
    judge::LogId,
};

use crate::{
    logs::{Place, append_all, fresh_topic, message, odd_messages, soon, take, ticking},
    program::{foaf, sqlite, text},
    sample::{random, user},
};

use lines::{lines, record};

pub(crate) async fn node(log: Arc<dyn EventLog>) -> Node {
    let graph = Arc::new(EmbeddedGraph::new());
    let node = Node::compose(log, graph, ticking(), Duration::from_secs(10)).await;
    let mut node = node.expect("the node starts");
    if let Err(error) = soon(node.ready()).await {
        panic!("{error:#}: {:?}", *node.services().projection.borrow());
    }
    node
}

/// Random commands, and records that change nothing.
pub(crate) async fn live(node: &mut Node, rng: &mut Rng, commands: usize) {
    let services = node.services().clone();
    let odd = odd_messages();
    for number in 0..commands {
        let request = Request {
            command: random::command(rng),
            actor: "somebody".into(),
            idempotency_key: rng.bool().then(|| format!("{number}-{}", rng.u64(..))),
            traceparent: rng
                .bool()
                .then(|| "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        };
        soon(services.handler.handle(request))
            .await
            .expect("an outcome");
        if rng.u8(..10) == 0 {
            append_all(&*services.log, &[odd[rng.usize(..odd.len())].clone()]).await;
        }
        if rng.u8(..20) == 0 {
            // The same record once more is void: its command was decided.
            let end = services.log.end().await.expect("open");
            let mut reader = services.log.read(rng.u64(1..end)).await.expect("open");
            let again = take(&mut *reader, 1).await.remove(0).message;
            append_all(&*services.log, &[foaf::event_log::Message::clone(&again)]).await;
        }
    }
    let end = services.log.end().await.expect("open");
    let mut progress = services.replay.progress();
    soon(async {
        tokio::select! {
            passed = progress.wait_for(|now| now.position >= end) => drop(passed.expect("it runs")),
            error = node.died() => panic!("the node died: {error:#}"),
        }
    })
    .await;
}

/// All that a replay has come to: log, position, time, digest, what is remembered, and decisions with
/// the etags that they rest on.
pub(crate) async fn come_to(
    node: &Node,
) -> (Option<LogId>, u64, LogTime, String, usize, Vec<String>) {
    node.services()
        .replay
        .read(|model| {
            let mut rng = Rng::with_seed(5);
            let decisions = (0..200).map(|_| {
                let command = random::command(&mut rng);
                format!("{:?}", model.decide(&command, user(9), None))
            });
            (
                model.judge().created().map(|created| created.log_id),
                model.position(),
                model.judge().log_time(),
                model.digest().to_string(),
                model.judge().remembered(),
                decisions.collect(),
            )
        })
        .await
}

async fn records(log: &dyn EventLog) -> Vec<Record> {
    let end = log.end().await.expect("open");
    let mut reader = log.read(0).await.expect("open");
    take(&mut *reader, usize::try_from(end).expect("few")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_sqlite_log_is_restored_to_the_byte_and_the_digest() {
    for seed in 0..3 {
        let folder = tempfile::tempdir().expect("a folder");
        let url = sqlite(folder.path());
        let place = Place::Sqlite(folder);
        restored_as_it_was(&place, &url, Place::sqlite(), seed).await;
    }
}

/// The times of this log are of 2023, when it comes to a topic that gives its own.
#[tokio::test(flavor = "multi_thread")]
async fn an_exported_sqlite_log_is_restored_into_kafka() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = sqlite(folder.path());
    let place = Place::Sqlite(folder);
    restored_as_it_was(&place, &url, Place::kafka(), 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_kafka_log_is_restored_to_the_byte_and_the_digest() {
    let topic = fresh_topic();
    let url = format!("kafka://{}/{}", topic.brokers, topic.topic);
    let place = Place::Kafka(topic);
    for (new, seed) in [(Place::sqlite(), 7), (Place::kafka(), 8)] {
        restored_as_it_was(&place, &url, new, seed).await;
    }
    place.clean().await;
}

pub(crate) fn url(place: &Place) -> String {
    match place {
        Place::Sqlite(folder) => sqlite(folder.path()),
        Place::Kafka(topic) => format!("kafka://{}/{}", topic.brokers, topic.topic),
        Place::Memory(_) => unreachable!("nobody restores there"),
    }
}

async fn restored_as_it_was(place: &Place, from: &str, new: Place, seed: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(["log.jsonl", "log.jsonl.gz"][seed % 2]);
    let file = file.display().to_string();
    let mut running = node(place.open().await).await;
    live(&mut running, &mut Rng::with_seed(seed as u64), 400).await;
    // Beside its owner.
    let output = foaf(&["export", "--events", &file, "--log", from]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let expected = come_to(&running).await;
    let original = records(&*running.services().log).await;
    running.stop().await.expect("it stops well");
    assert!(original.len() > 150, "{}", original.len());

    let import = ["import", "--events", &file, "--log", &url(&new)];
    let restored = foaf(&import);
    assert_eq!(
        restored.status.code(),
        Some(0),
        "{}",
        text(&restored.stderr)
    );
    let said = text(&restored.stdout);
    assert!(
        said.contains(&format!("records: {} restored", original.len())),
        "{said}"
    );
    let mut running = node(new.open().await).await;
    assert_eq!(come_to(&running).await, expected);
    assert!(records(&*running.services().log).await == original);
    // It goes on in its own time.
    let before = running.services().log.end().await.expect("open");
    live(&mut running, &mut Rng::with_seed(9), 20).await;
    let all = records(&*running.services().log).await;
    let (old, added) = all.split_at(usize::try_from(before).expect("few"));
    assert!(old == original && added.len() >= 10, "{}", added.len());
    if let Place::Kafka(_) = new {
        let last = original.iter().map(|record| record.append_time).max();
        assert!(added.iter().all(|record| Some(record.append_time) > last));
    }
    running.stop().await.expect("it stops well");
    let again = foaf(&import);
    assert_eq!(again.status.code(), Some(1));
    let said = text(&again.stderr);
    assert!(said.contains("logs cannot be joined"), "{said}");
    new.clean().await;
}

/// Nothing is left of a topic that could not become a log.
#[tokio::test]
async fn a_damaged_export_makes_no_topic() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.jsonl");
    let records = [0, 1, 2].map(|offset| record(offset, message(1)));
    let mut missing = lines(&records);
    missing.remove(1);
    for (damaged, part) in [
        (missing.concat(), "a line before it is missing"),
        (
            [lines(&records[..2]).concat(), b"{}\n".to_vec()].concat(),
            "more after the end",
        ),
    ] {
        fs::write(&file, damaged).expect("a file");
        let topic = fresh_topic();
        let url = format!("kafka://{}/{}", topic.brokers, topic.topic);
        let output = foaf(&[
            "import",
            "--events",
            &file.display().to_string(),
            "--log",
            &url,
        ]);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert!(
            said.contains(part) && said.contains("nothing was restored"),
            "{said}"
        );
        let left = foaf(&["export", "--events", "-", "--log", &url]);
        assert!(text(&left.stderr).contains("has no topic"), "{left:?}");
    }
}

#[tokio::test]
async fn a_damaged_export_restores_nothing_and_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = SqliteLog::open(&folder.path().join("old"), ticking()).expect("free");
    append_all(&log, &(0..5000).map(message).collect::<Vec<_>>()).await;
    let mut whole = Vec::new();
    let count = export::events(&log, &mut whole, |_, _| {}).await;
    assert_eq!(count.expect("it can be read"), 5000);
    let whole = String::from_utf8(whole).expect("text");
    let lines: Vec<&str> = whole.lines().collect();
    let changed = whole.replacen("\"handle\":\"user4500\"", "\"handle\":\"user4501\"", 1);
    assert_ne!(changed, whole);
    for (damaged, part) in [
        (changed, "line 4501: not what was exported"),
        (
            lines[..4600].join("\n") + "\n",
            "line 4601: the last lines are missing",
        ),
        (whole[..whole.len() / 2].to_owned(), "the line is cut off"),
        (whole.clone() + "{}\n", "line 5002: more after the end"),
        (String::new(), "line 1: the last lines are missing"),
        ("1 2\n".to_owned(), "line 1: no event"),
    ] {
        let file = folder.path().join("log.jsonl");
        fs::write(&file, damaged).expect("a file");
        let new = folder.path().join("new");
        let file = file.display().to_string();
        let output = foaf(&["import", "--events", &file, "--log", &sqlite(&new)]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            said.contains(&file) && said.contains(part),
            "{part} in {said}"
        );
        assert!(said.contains("export the log again"), "{said}");
        let left: Vec<_> = fs::read_dir(&new).expect("made").flatten().collect();
        assert!(
            left.iter().all(|entry| entry.file_name() == "foaf.lock"),
            "{left:?}"
        );
    }
    let missing = folder.path().join("none.jsonl").display().to_string();
    let output = foaf(&[
        "import",
        "--events",
        &missing,
        "--log",
        &sqlite(folder.path()),
    ]);
    assert!(text(&output.stderr).contains(&missing));
}

#[tokio::test]
async fn a_log_with_a_gap_is_not_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let records = [0, 1, 3].map(|offset| Ok(record(offset, message(1))));
    let restored: Result<u64, foaf::event_log::LogError> =
        SqliteLog::restore(folder.path(), records.into_iter());
    let said = restored.expect_err("there is a gap").to_string();
    assert!(said.contains("position 3 is missing"), "{said}");
    assert!(SqliteLogToRead::open(folder.path()).is_err());
}

#[test]
fn a_log_that_does_not_last_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.jsonl");
    fs::write(&file, lines(&[]).concat()).expect("a file");
    let output = foaf(&[
        "import",
        "--events",
        &file.display().to_string(),
        "--log",
        "memory:",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("name another log"), "{said}");
}

#[tokio::test]
async fn a_reader_beside_the_owner_sees_what_is_committed_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let owner = SqliteLog::open(folder.path(), ticking()).expect("free");
    append_all(&owner, &[message(0)]).await;
    let beside = SqliteLogToRead::open(folder.path()).expect("readers are let in");
    let mut reader = beside.read(0).await.expect("open");
    assert_eq!(*take(&mut *reader, 1).await[0].message, message(0));
    assert!(beside.append(message(1)).await.is_err());
    // It waits at the end, and wakes.
    let next = async { take(&mut *reader, 2).await };
    let writing = async { append_all(&owner, &[message(1), message(2)]).await };
    let (read, _) = tokio::join!(next, writing);
    assert_eq!(read, records(&owner).await[1..]);
    assert!(beside.read(4).await.is_err(), "beyond the end");
    drop(owner);
    assert_eq!(records(&beside).await.len(), 3, "without its owner too");
    assert!(SqliteLogToRead::open(&folder.path().join("none")).is_err());
}
