//! Looking back: what is read again of single positions is what a reader of the whole log is told,
//! also after a start from a snapshot.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use foaf::{
    app::Node,
    clock::Clock,
    command_handler::Request,
    domain::{EventType, LogTime},
    event_log::{EventLog, memory::MemoryLog, record},
    graph::{Page, Slice, embedded::EmbeddedGraph},
    replay::{Recalled, again::tell_again, index::Types, model::WriteModel, saved},
};

use crate::{logs, snapshots::random_command};

/// A clock that goes back now and then, as one that is set right does.
fn unsteady() -> Clock {
    let reads = AtomicI64::new(0);
    Arc::new(move || {
        let n = reads.fetch_add(1, Ordering::Relaxed);
        LogTime(1_700_000_000_000 + 10 * n - if n % 50 > 40 { 200 } else { 0 })
    })
}

/// Random commands, and between them records that do not count: foreign ones, and repetitions.
async fn tell(log: &Arc<dyn EventLog>, node: &Node, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    for n in 0..600 {
        let request = Request {
            command: random_command(&mut rng),
            actor: format!("actor {}", n % 3).into(),
            idempotency_key: rng.bool().then(|| format!("k{seed}-{n}")),
            traceparent: None,
        };
        let reply = node.services().handler.handle(request).await;
        reply.expect("nobody else writes");
        if rng.u8(..4) == 0 {
            let end = log.end().await.expect("it is in memory");
            let last = log.pick(&[end - 1]).await.expect("it is there").remove(0);
            let odd = [logs::message(n), (*last.message).clone()];
            logs::append_all(&**log, &odd).await;
        }
    }
    let end = log.end().await.expect("it is in memory");
    let mut progress = node.services().replay.progress();
    let reached = progress.wait_for(|now| now.position >= end);
    logs::soon(reached).await.expect("replay goes on");
}

/// What a reader of the whole log is told.
async fn told(log: &dyn EventLog) -> Vec<(EventType, Recalled)> {
    let mut told = Vec::new();
    tell_again(log, |effective| {
        let recalled = Recalled {
            at: foaf::domain::Moment {
                position: effective.model.position(),
                time: effective.model.judge().log_time(),
            },
            event: effective.event.clone(),
            actor: effective.attempt.actor.clone(),
            command: effective.attempt.command,
            record: effective.attempt.id,
        };
        told.push((effective.event.event_type(), recalled));
    })
    .await
    .expect("it can be judged");
    told
}

async fn same(log: &dyn EventLog, node: &Node) {
    let told = told(log).await;
    let replay = &node.services().replay;
    let all = |model: &WriteModel| {
        let page = Page::first(usize::MAX);
        model.events().page(Types::ALL, &page, u64::MAX).items
    };
    let positions = replay.read(all).await;
    let recalled = logs::soon(replay.recall(&positions)).await;
    let expected: Vec<Recalled> = told.iter().map(|(_, one)| one.clone()).collect();
    assert_eq!(recalled.expect("they are there"), expected);
    let end = log.end().await.expect("it is in memory");
    assert!(
        expected.len() > 60 && expected.len() + 80 < usize::try_from(end).expect("few"),
        "{} of {end} count",
        expected.len()
    );
    pages(node, &told, end).await;
}

/// Pages of the positions of some types, of all of them and of a list.
async fn pages(node: &Node, told: &[(EventType, Recalled)], end: u64) {
    let mut rng = Rng::with_seed(1);
    for _ in 0..300 {
        let wanted: Vec<EventType> = (0..rng.usize(1..4))
            .map(|_| told[rng.usize(..told.len())].0)
            .collect();
        let types: Types = wanted.iter().copied().collect();
        let end = if rng.bool() { end } else { rng.u64(..end) };
        let page = Page {
            after: rng.bool().then(|| rng.u64(..end + 2)),
            before: rng.bool().then(|| rng.u64(..end + 2)),
            limit: rng.usize(1..40),
            backward: rng.bool(),
            count: rng.bool(),
        };
        let whole: Vec<(u64, u64)> = told
            .iter()
            .filter(|(kind, one)| wanted.contains(kind) && one.at.position <= end)
            .map(|(_, one)| (one.at.position, one.at.position))
            .collect();
        let expected: Slice<u64> = crate::model::slice(&whole, &page, |key| *key);
        let every: Vec<u64> = (1..=end).collect();
        let read = |model: &WriteModel| {
            let events = model.events();
            (
                events.page(types, &page, end),
                events.page_of(&every, types, &page),
            )
        };
        let (found, of_list) = node.services().replay.read(read).await;
        assert_eq!(found, expected, "{wanted:?} {page:?} {end}");
        assert_eq!(of_list, expected, "{wanted:?} {page:?} {end}");
    }
}

#[tokio::test]
async fn what_is_read_again_is_what_was_judged() {
    let clock = unsteady();
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(clock.clone()));
    let timeout = Duration::from_secs(10);
    let graph = Arc::new(EmbeddedGraph::new());
    let start = async |model| {
        let node = Node::resume(log.clone(), graph.clone(), clock.clone(), timeout, model).await;
        let mut node = node.expect("it starts");
        logs::soon(node.ready()).await.expect("it gets ready");
        node
    };
    let node = start(WriteModel::default()).await;
    tell(&log, &node, 1).await;
    same(&*log, &node).await;
    let folder = tempfile::tempdir().expect("a folder");
    let saved = node.services().replay.save(folder.path()).await;
    saved.expect("it can be saved");
    tell(&log, &node, 2).await;
    node.stop().await.expect("it stops well");

    let files = foaf::snapshot::list(folder.path(), saved::KIND);
    let (_, file) = files.expect("the folder can be read").remove(0);
    let node = start(saved::read(&file).expect("it can be read")).await;
    tell(&log, &node, 3).await;
    same(&*log, &node).await;
    node.stop().await.expect("it stops well");
}

#[tokio::test]
async fn a_position_without_an_event_is_no_event() {
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(logs::ticking()));
    let graph = Arc::new(EmbeddedGraph::new());
    let timeout = Duration::from_secs(10);
    let node = Node::compose(log.clone(), graph, logs::ticking(), timeout).await;
    let mut node = node.expect("it starts");
    logs::soon(node.ready()).await.expect("it gets ready");
    // The first record is the log's identity.
    let first = log.pick(&[0]).await.expect("it is there").remove(0);
    assert!(record::record_id(&first.message).is_some());
    let recalled = node.services().replay.recall(&[1]).await;
    let error = recalled.expect_err("nothing happened there").to_string();
    assert!(error.contains("damaged at position 1"), "{error}");
    node.stop().await.expect("it stops well");
}
