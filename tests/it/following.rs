//! Replay and who follows it: how near they stay to each other, and who waits for whom.

use std::sync::{Arc, atomic::Ordering};

use foaf::{
    clock::Clock,
    domain::LogTime,
    event_log::{EventLog, memory::MemoryLog},
    graph::embedded::EmbeddedGraph,
    graphql::Vitals,
    http::Health,
    judge::{GraphCreated, HashKey, LogId, RecordId, Windows},
    projector::Projector,
    replay::{FEED_CAPACITY, Replay},
};
use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    logs::{messages, soon, ticking},
    observer::{Digests, Observer},
};

fn clock() -> Clock {
    ticking()
}

fn identity() -> (GraphCreated, LogTime) {
    let created = GraphCreated {
        id: RecordId(Uuid::from_u128(1)),
        log_id: LogId(Uuid::from_u128(2)),
        hash_key: HashKey([3; 32]),
        windows: Windows::DEFAULT,
    };
    (created, LogTime(0))
}

/// A log of so many records, which change nothing.
async fn log_of(records: usize) -> Arc<MemoryLog> {
    let log = Arc::new(MemoryLog::new(clock()));
    append(&*log, records).await;
    log
}

async fn append(log: &dyn EventLog, records: usize) {
    let appended = log.append_all(messages(records)).await;
    assert!(appended.iter().all(Result::is_ok));
}

async fn reached(replay: &Replay, position: u64) {
    let mut progress = replay.progress();
    let far = progress.wait_for(|progress| progress.position >= position);
    soon(far).await.expect("replay goes on");
}

/// Who waits for room must not take the places that are kept for the commands under way.
#[tokio::test]
async fn who_waits_for_room_leaves_the_rest_to_others() {
    const LEFT: usize = 3_000;
    let records = FEED_CAPACITY - LEFT;
    let log = log_of(records).await;
    let (replay, mut feed) = Replay::new(log.clone());
    let stop = CancellationToken::new();
    let running = replay.run(stop.clone(), identity);
    let watching = async {
        reached(&replay, records as u64).await;
        let mut waiting: Vec<_> = (0..10).map(|_| Box::pin(replay.room())).collect();
        for waiting in &mut waiting {
            assert!(waiting.now_or_never().is_none(), "there is little room");
        }
        // Those under way pass all the same; the log's identity is one more.
        append(&*log, LEFT - 1).await;
        reached(&replay, FEED_CAPACITY as u64).await;
        for waiting in &mut waiting {
            assert!(waiting.now_or_never().is_none(), "there is no room");
        }
        let mut taken = Vec::new();
        assert!(soon(feed.recv_many(&mut taken, 1_000)).await > 0);
        assert!(waiting[0].as_mut().now_or_never().is_none());
        let took_more = async {
            while taken.len() < FEED_CAPACITY {
                assert!(feed.recv_many(&mut taken, 1_000).await > 0);
            }
        };
        soon(took_more).await;
        for waiting in waiting {
            soon(waiting).await;
        }
        // Nor does anybody wait for one who has gone.
        append(&*log, FEED_CAPACITY - 1).await;
        reached(&replay, 2 * FEED_CAPACITY as u64 - 1).await;
        let mut waiting = Box::pin(replay.room());
        assert!((&mut waiting).now_or_never().is_none());
        drop(feed);
        soon(waiting).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(running, watching);
    ended.expect("the log can be judged");
}

/// A node that does not project needs no graph to go on reading the log, nor to take commands.
#[tokio::test]
async fn a_node_that_does_not_project_reads_on_while_the_graph_is_away() {
    let records = 2 * FEED_CAPACITY;
    let log = log_of(records).await;
    let (replay, feed) = Replay::new(log.clone());
    let graph = Observer::new(Arc::new(EmbeddedGraph::new()), Arc::default());
    graph.is_down.store(true, Ordering::Relaxed);
    let other = Projector::new(Arc::new(graph), feed, replay.progress());
    let stop = CancellationToken::new();
    let running = replay.run(stop.clone(), identity);
    let following = other.follow(stop.clone());
    let watching = async {
        reached(&replay, records as u64 + 1).await;
        soon(replay.room()).await;
        stop.cancel();
    };
    let (ended, followed, ()) = tokio::join!(running, following, watching);
    ended.expect("the log can be judged");
    followed.expect("the graph is not another one");
}

/// A graph that takes so many positions at once, and no more, is projected into; then it takes none.
#[tokio::test]
async fn what_is_too_much_is_made_smaller_and_then_given_up() {
    let records = 100;
    let log = log_of(records).await;
    let (replay, feed) = Replay::new(log.clone());
    let digests = Digests::default();
    let graph = Arc::new(Observer::new(
        Arc::new(EmbeddedGraph::new()),
        digests.clone(),
    ));
    graph.most.store(3, Ordering::Relaxed);
    let projector = Projector::new(graph.clone(), feed, replay.progress());
    let mut status = projector.status();
    let health = Health {
        replay: replay.progress(),
        projection: projector.status(),
        differences: tokio::sync::watch::Sender::new(0).subscribe(),
        vitals: Arc::new(Vitals::new(log.clone(), graph.clone())),
    };
    let stop = CancellationToken::new();
    let running = replay.run(stop.clone(), identity);
    let projecting = projector.run(stop.clone());
    let watching = async {
        // The log's identity is one more.
        let all = status.wait_for(|status| status.position > records as u64);
        let is_halted = soon(all).await.expect("it is projected").is_halted;
        assert!(!is_halted);
        assert_eq!(health.obstacle(), None);
        assert!(digests.lock().expect("no panic").len() > records / 3);
        graph.most.store(0, Ordering::Relaxed);
        append(&*log, 1).await;
        let halted = soon(status.wait_for(|status| status.is_halted)).await;
        let error = halted.expect("it halts").error.clone().expect("a reason");
        assert_eq!(
            error,
            "the events at positions 102 to 102 could not be projected, and they cannot be made smaller: \
             the graph was asked for too much: it is small; then restart"
        );
        let obstacle = health.obstacle().expect("it is not ready");
        assert_eq!(obstacle, format!("the projection has halted: {error}"));
        stop.cancel();
    };
    let (ended, projected, ()) = tokio::join!(running, projecting, watching);
    ended.expect("the log can be judged");
    projected.expect("the graph is not another one");
}
