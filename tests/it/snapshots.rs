//! Snapshots: a start from one is a start from the log, only sooner; one that cannot be used does no
//! harm.

use std::{
    fs,
    path::{Path, PathBuf},
};

use fastrand::Rng;
use foaf::{
    app::{self, Node},
    clock,
    command_handler::Request,
    config::{LogUrl, Stores},
    domain::{Command, Field, Handle, Name, PairCommand, Profile, StateCommand, UserId},
    event_log::EventLog,
    graph::{Graph, digest::Digest, embedded::EmbeddedGraph},
    judge::{Judge, OutcomeResult},
    replay::{Replay, model::WriteModel, saved},
    snapshot,
    verify::content_digest,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    graph_contract::histories::random::{Tempo, step},
    logs,
    program::{foaf, sqlite},
    service::{GraphKind, LogKind, Places},
    story::Story,
};

const PEOPLE: u128 = 12;

fn id(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

pub(crate) fn random_command(rng: &mut Rng) -> Command {
    let handle = |n: u128| Handle::parse(&format!("h{n}")).expect("a handle");
    let name = |text| Name::parse(text, Field::FirstName).expect("a name");
    let (user, other) = (id(rng.u128(1..=PEOPLE)), id(rng.u128(1..=PEOPLE)));
    match rng.usize(..10) {
        0 | 1 => Command::RegisterUser {
            id: Some(user),
            profile: Profile {
                handle: handle(rng.u128(1..=PEOPLE)),
                first_name: name("Ägid"),
                last_name: rng.bool().then(|| name("Ng")),
            },
            pending: rng.usize(..5) == 0,
        },
        2 => Command::UpdateProfile {
            user,
            handle: rng.bool().then(|| handle(rng.u128(1..=PEOPLE))),
            first_name: Some(name("Zoë")),
            last_name: Some(None),
        },
        3 => Command::ChangeState {
            change: match rng.usize(..8) {
                0 => StateCommand::ArchiveUser,
                n => StateCommand::ALL[n % 3],
            },
            user,
        },
        _ => Command::ChangePair {
            change: rng.choice(PairCommand::ALL).expect("there are some"),
            user,
            other,
        },
    }
}

async fn handle(node: &Node, rng: &mut Rng, count: usize) {
    for _ in 0..count {
        let request = Request {
            command: random_command(rng),
            actor: "tester".into(),
            idempotency_key: rng.bool().then(|| format!("k{}", rng.u32(..))),
            traceparent: None,
        };
        let reply = node.services().handler.handle(request).await;
        reply.expect("nobody else writes");
    }
}

async fn start(places: &Places) -> anyhow::Result<Node> {
    let mut node = Node::start(&places.stores()).await?;
    logs::soon(node.ready()).await?;
    Ok(node)
}

/// The model that the log itself comes to.
async fn replayed(log: std::sync::Arc<dyn EventLog>) -> WriteModel {
    let end = log.end().await.expect("the log is there");
    let (replay, mut feed) = Replay::new(log);
    let stop = CancellationToken::new();
    let fresh = || unreachable!("the log has an identity");
    let drain = async {
        while let Some(applied) = feed.recv().await {
            if applied.position == end {
                break;
            }
        }
        stop.cancel();
    };
    let (ended, ()) =
        logs::soon(async { tokio::join!(replay.run(stop.clone(), fresh), drain) }).await;
    ended.expect("it can be judged");
    let folder = tempfile::tempdir().expect("a folder");
    let position = replay.save(folder.path()).await.expect("it can be saved");
    assert_eq!(position, end);
    let (_, file) = files(folder.path(), saved::KIND).remove(0);
    saved::read(&file).expect("what was saved is read")
}

/// The digest of what a graph holds.
async fn digest(graph: &EmbeddedGraph) -> Digest {
    let digest = content_digest(graph).await.expect("it answers");
    digest.expect("nothing moves").value
}

fn files(folder: &Path, kind: &str) -> Vec<(u64, PathBuf)> {
    snapshot::list(folder, kind).expect("the folder can be read")
}

fn everything(judge: &Judge) -> impl PartialEq + std::fmt::Debug {
    let mut etags: Vec<_> = judge.etags().map(|(key, etag)| (key, etag.0)).collect();
    etags.sort_unstable();
    let outcomes = [true, false].map(|keyed| judge.outcomes(keyed).collect::<Vec<_>>());
    (
        judge.created().cloned(),
        judge.position(),
        judge.log_time(),
        etags,
        outcomes,
    )
}

/// A folder with a log of a few hundred records and the snapshots of a stop.
async fn stopped() -> (Places, PathBuf) {
    let places = Places::new(LogKind::Sqlite, GraphKind::Embedded).await;
    let LogUrl::Sqlite(folder) = places.log.clone() else {
        unreachable!("it was asked for");
    };
    let node = start(&places).await.expect("it starts");
    handle(&node, &mut Rng::with_seed(7), 300).await;
    node.stop().await.expect("it stops");
    (places, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_from_snapshots_goes_on_as_one_from_the_log() {
    let places = Places::new(LogKind::Sqlite, GraphKind::Embedded).await;
    let LogUrl::Sqlite(folder) = places.log.clone() else {
        unreachable!("it was asked for");
    };
    let mut rng = Rng::with_seed(3);
    for round in 0..4 {
        let node = start(&places).await.expect("it starts");
        handle(&node, &mut rng, 200).await;
        let expected = node.services().replay.read(WriteModel::digest).await;
        node.stop().await.expect("it stops");
        assert_eq!(files(&folder, saved::KIND).len(), (round + 1).min(2));

        let (_, graph) = files(&folder, "graph").remove(0);
        let graph = EmbeddedGraph::load(&graph).expect("the graph's snapshot is read");
        assert_eq!(digest(&graph).await, expected);
    }
    let log = app::open_log(&places.log, clock::system())
        .await
        .expect("it is free");
    let from_log = replayed(log.clone()).await;
    log.close().await;
    let (_, newest) = files(&folder, saved::KIND).remove(0);
    let from_snapshot = saved::read(&newest).expect("it can be read");
    assert!(everything(from_log.judge()) == everything(from_snapshot.judge()));
    assert_eq!(from_log.digest(), from_snapshot.digest());
    assert!(from_log.state().users().eq(from_snapshot.state().users()));
    assert!(from_log.state().pairs().eq(from_snapshot.state().pairs()));
}

#[tokio::test]
async fn the_embedded_graph_is_whole_after_loading() {
    for (seed, tempo) in [(1, Tempo::Sparse), (2, Tempo::Ordinary), (3, Tempo::Dense)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut graph = EmbeddedGraph::new();
        let mut rng = Rng::with_seed(seed);
        let mut story = Story::new();
        for round in 0..20 {
            for _ in 0..100 {
                step(&mut story, 40, tempo, &mut rng);
            }
            graph.project(&story.batch()).await.expect("it fits");
            graph.save(folder.path()).await.expect("it can be saved");
            let (_, file) = files(folder.path(), "graph").remove(0);
            graph = EmbeddedGraph::load(&file).expect("what was saved is read");
            assert_eq!(digest(&graph).await, story.cursor().digest, "round {round}");
            assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_is_dropped_and_rebuilt() {
    let (places, folder) = stopped().await;
    for kind in [saved::KIND, "graph"] {
        let (_, file) = files(&folder, kind).remove(0);
        let mut bytes = fs::read(&file).expect("it is there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).expect("it can be written");
        let node = start(&places).await.expect("it starts all the same");
        assert!(!file.exists(), "{} was dropped", file.display());
        let cursor = node.services().graph.cursor().await.expect("it answers");
        let digest = node.services().replay.read(WriteModel::digest).await;
        assert_eq!(cursor.map(|cursor| cursor.digest), Some(digest));
        handle(&node, &mut Rng::with_seed(8), 20).await;
        node.stop().await.expect("it stops");
    }
}

/// A disk that fails for a moment, or too many open files, say nothing of what stands in a snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_cannot_be_read_now_is_passed_over_and_kept() {
    for unreadable in ["/proc/self/mem", "itself"] {
        let (places, folder) = stopped().await;
        for kind in [saved::KIND, "graph"] {
            let (_, file) = files(&folder, kind).remove(0);
            fs::remove_file(&file).expect("it is there");
            let itself = file.file_name().expect("a name");
            let target = if unreadable == "itself" {
                itself
            } else {
                unreadable.as_ref()
            };
            std::os::unix::fs::symlink(target, &file).expect("a link");
            let node = start(&places).await.expect("it starts all the same");
            assert!(file.is_symlink(), "{unreadable} was kept");
            let cursor = node.services().graph.cursor().await.expect("it answers");
            let digest = node.services().replay.read(WriteModel::digest).await;
            assert_eq!(cursor.map(|cursor| cursor.digest), Some(digest));
            node.stop().await.expect("it stops");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_another_log_is_dropped() {
    let (places, folder) = stopped().await;
    let (_others, others) = stopped().await;
    for kind in [saved::KIND, "graph"] {
        let (_, theirs) = files(&others, kind).remove(0);
        let (_, ours) = files(&folder, kind).remove(0);
        fs::copy(theirs, ours).expect("it can be copied");
    }
    let node = start(&places).await.expect("it starts all the same");
    handle(&node, &mut Rng::with_seed(9), 20).await;
    node.stop().await.expect("it stops");
}

/// A log that was restored from a backup, and has grown beyond the snapshots of what it was before: its
/// identity and its length say nothing.
#[tokio::test(flavor = "multi_thread")]
async fn snapshots_of_another_past_of_the_log_are_dropped() {
    let (places, folder) = stopped().await;
    let backup = tempfile::tempdir().expect("a folder");
    let file = backup.path().join("log.jsonl").display().to_string();
    let url = sqlite(&folder);
    let exported = foaf(&["export", "--events", &file, "--log", &url]);
    assert!(exported.status.success(), "{exported:?}");
    let node = start(&places).await.expect("it starts");
    handle(&node, &mut Rng::with_seed(21), 100).await;
    node.stop().await.expect("it stops");
    let mut kept = Vec::new();
    for kind in [saved::KIND, "graph"] {
        for (_, file) in files(&folder, kind) {
            let name = file.file_name().expect("a name").to_owned();
            fs::rename(&file, backup.path().join(&name)).expect("it can be moved");
            kept.push(name);
        }
    }
    for name in ["foaf.db", "foaf.db-wal", "foaf.db-shm"] {
        // The last two are there while it is open.
        let _ = fs::remove_file(folder.join(name));
    }
    let imported = foaf(&["import", "--events", &file, "--log", &url]);
    assert!(imported.status.success(), "{imported:?}");
    let node = start(&places).await.expect("it starts");
    handle(&node, &mut Rng::with_seed(22), 400).await;
    let expected = node.services().replay.read(WriteModel::digest).await;
    node.stop().await.expect("it stops");
    for kind in [saved::KIND, "graph"] {
        for (_, file) in files(&folder, kind) {
            fs::remove_file(file).expect("it is there");
        }
    }
    for name in &kept {
        fs::copy(backup.path().join(name), folder.join(name)).expect("it can be copied");
    }
    let node = start(&places).await.expect("it starts all the same");
    let digest = node.services().replay.read(WriteModel::digest).await;
    assert_eq!(digest, expected);
    let cursor = node.services().graph.cursor().await.expect("it answers");
    assert_eq!(cursor.map(|cursor| cursor.digest), Some(expected));
    node.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_never_ahead_of_its_graph() {
    let (places, folder) = stopped().await;
    let (_, graph) = files(&folder, "graph").remove(0);
    fs::remove_file(graph).expect("it is there");
    let node = start(&places).await.expect("it starts");
    let cursor = node.services().graph.cursor().await.expect("it answers");
    let digest = node.services().replay.read(WriteModel::digest).await;
    assert_eq!(cursor.map(|cursor| cursor.digest), Some(digest));
    node.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_has_lost_what_a_snapshot_shows_is_refused() {
    let (places, folder) = stopped().await;
    let db = rusqlite::Connection::open(folder.join("foaf.db")).expect("a database");
    db.execute("DELETE FROM log WHERE position > 100", [])
        .expect("rows can be deleted");
    drop(db);
    let error = start(&places).await.err().expect("it is refused");
    let error = format!("{error:#}");
    assert!(
        error.contains("ends at 100") && error.contains("records are lost"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_on_kafka_and_neo4j_start_from_snapshots_too() {
    let places = Places::new(LogKind::Kafka, GraphKind::Neo4j).await;
    let folder = tempfile::tempdir().expect("a folder");
    let stores = Stores {
        snapshots: Some(folder.path().to_owned()),
        ..places.stores()
    };
    let mut rng = Rng::with_seed(5);
    for _ in 0..3 {
        let mut node = Node::start(&stores).await.expect("it starts");
        logs::soon(node.ready()).await.expect("it gets ready");
        handle(&node, &mut rng, 50).await;
        let request = Request {
            command: Command::ChangeState {
                change: StateCommand::ActivateUser,
                user: id(99),
            },
            actor: "tester".into(),
            idempotency_key: Some("always the same".to_owned()),
            traceparent: None,
        };
        let reply = node
            .services()
            .handler
            .handle(request)
            .await
            .expect("an answer");
        assert!(matches!(reply.result, OutcomeResult::Rejected(_)));
        node.stop().await.expect("it stops");
    }
    let log = app::open_log(&places.log, clock::system())
        .await
        .expect("the broker answers");
    let from_log = replayed(log).await;
    let (_, newest) = files(folder.path(), saved::KIND).remove(0);
    let from_snapshot = saved::read(&newest).expect("it can be read");
    assert!(everything(from_log.judge()) == everything(from_snapshot.judge()));
    assert_eq!(from_log.digest(), from_snapshot.digest());
}

/// What the graph counts goes on from what it had counted, also where nearly all friendships end.
#[tokio::test(flavor = "multi_thread")]
async fn friendships_end_after_a_start_from_a_snapshot() {
    for seed in 0..12 {
        let places = Places::new(LogKind::Sqlite, GraphKind::Embedded).await;
        for (seed, commands) in [(seed, 300), (seed + 100, 100)] {
            let node = start(&places).await.expect("it starts");
            handle(&node, &mut Rng::with_seed(seed), commands).await;
            node.stop().await.expect("it stops");
        }
    }
}
