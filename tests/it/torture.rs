//! Faults on real processes, again and again for so many seconds each, and a table of what came of it.
//!
//! `FOAF_TORTURE_SECONDS` sets them; `scripts/torture SECONDS` runs it for long.

mod damage;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use fastrand::Rng;
use tokio::sync::watch;

use crate::{
    callers::{self, CALLERS, Callers, assert_there},
    logs::soon,
    program::{Serving, foaf, sqlite, text},
    roles::{Place, read, stop_all, write},
};

/// Until when a fault is repeated; twice at least.
struct Rounds {
    end: Instant,
    done: usize,
}

impl Rounds {
    fn begin() -> Self {
        let seconds = std::env::var("FOAF_TORTURE_SECONDS");
        let seconds = seconds.map_or(2, |text| text.parse().expect("a number of seconds"));
        Self {
            end: Instant::now() + Duration::from_secs(seconds),
            done: 0,
        }
    }

    fn next(&mut self) -> bool {
        let goes_on = self.done < 2 || Instant::now() < self.end;
        self.done += usize::from(goes_on);
        goes_on
    }
}

/// A line of the table.
fn row(fault: &str, rounds: usize, came: &str) {
    println!("| {fault} | {rounds} | {came} |");
}

/// How many users there are.
async fn users(address: &str) -> usize {
    let client = reqwest::Client::new();
    let answer = callers::ask(&client, address, "{ users { totalCount } }").await;
    let count = answer.expect("an answer")["data"]["users"]["totalCount"].as_u64();
    usize::try_from(count.expect("a number")).expect("not so many")
}

/// Kills a node at any moment of its writing, and looks after each start whether all that was
/// accepted is there; at the end, whether there is nothing else.
async fn kill(fault: &str, place: &Place) {
    let mut rng = Rng::with_seed(11);
    let mut rounds = Rounds::begin();
    let mut accepted = Vec::new();
    while rounds.next() {
        let node = place.serve("api,projector");
        let callers = Callers::named(&node.address, &format!("k{}-", rounds.done));
        callers.accepted(rng.usize(1..200)).await;
        node.signal("-KILL");
        node.end();
        let now = callers.give_up().await;
        let node = place.serve("api,projector");
        assert_there(&node.address, &now).await;
        accepted.extend(now);
        // What had no answer may have taken effect: one command of each caller.
        let there = users(&node.address).await;
        let unknown = CALLERS * rounds.done;
        assert!(
            (accepted.len()..=accepted.len() + unknown).contains(&there),
            "{there}"
        );
        node.signal(if rng.bool() { "-KILL" } else { "-TERM" });
        node.end();
    }
    let node = place.serve("api,projector");
    assert_there(&node.address, &accepted).await;
    let verified = foaf(&["verify", "--log", &place.log, "--graph", &place.graph]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    stop_all([node]);
    row(
        fault,
        rounds.done,
        &format!(
            "{} accepted, 0 lost, 0 twice, graph as the log",
            accepted.len()
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_node_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place {
        log: sqlite(folder.path()),
        graph: "embedded:".to_owned(),
    };
    kill("kill -9, SQLite + embedded", &place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_kafka_and_neo4j_is_killed() {
    let (_database, place) = Place::on_servers().await;
    kill("kill -9, Kafka + Neo4j", &place).await;
}

/// Ends a projector, or stops it while its peer goes on; until some more pairs were read.
async fn trouble(
    place: &Place,
    mut node: Serving,
    pairs: &watch::Sender<usize>,
    rng: &mut Rng,
) -> Serving {
    let mut seen = pairs.subscribe();
    let wanted = *seen.borrow() + rng.usize(1..50);
    let is_killed = rng.bool();
    node.signal(if is_killed { "-KILL" } else { "-STOP" });
    soon(seen.wait_for(|pairs| *pairs >= wanted))
        .await
        .expect("it is counted");
    if is_killed {
        node.end();
        node = place.serve("projector");
    } else {
        node.signal("-CONT");
    }
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_wrote_another_reads_while_projectors_die() {
    let (_database, place) = Place::on_servers().await;
    // First: an API is ready when somebody has projected.
    let mut projectors = [place.serve("projector"), place.serve("projector")];
    let (a, b) = (place.serve("api"), place.serve("api"));
    let (done, pairs) = (AtomicBool::new(false), watch::Sender::new(0));
    let write_and_read = async |reader: usize| {
        for n in 0.. {
            if done.load(Ordering::Relaxed) {
                return;
            }
            let (at, from) = if reader.is_multiple_of(2) {
                (&a, &b)
            } else {
                (&b, &a)
            };
            let handle = format!("p{reader}-{n}");
            let written = write(at, &handle).await;
            let answer = read(from, &handle, &written["position"], 30_000).await;
            let found = &answer["data"]["atLeast"]["user"]["handle"];
            assert_eq!(*found, handle, "{written} {answer}");
            pairs.send_modify(|pairs| *pairs += 1);
        }
    };
    let mut rng = Rng::with_seed(12);
    let mut rounds = Rounds::begin();
    let faults = async {
        while rounds.next() {
            let [first, second] = projectors;
            let first = trouble(&place, first, &pairs, &mut rng).await;
            projectors = [second, first];
        }
        done.store(true, Ordering::Relaxed);
        projectors
    };
    let readers = futures::future::join_all((0..8).map(write_and_read));
    let (projectors, _) = futures::join!(faults, readers);
    stop_all(projectors.into_iter().chain([a, b]));
    let came = format!("{} pairs, 0 stale", *pairs.borrow());
    row(
        "a projector of two killed, or stopped and let go, while pairs are written and read",
        rounds.done,
        &came,
    );
}
