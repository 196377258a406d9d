//! Faults on real processes, again and again for so many seconds each, and a table of what came of it.
//!
//! `FOAF_TORTURE_SECONDS` sets them; `scripts/torture SECONDS` runs it for long.

mod damage;
mod load;
mod matrix;
mod servers;

use std::{
    slice,
    time::{Duration, Instant},
};

use fastrand::Rng;

use crate::{
    callers::ask,
    neo4j_graph::number,
    program::{Serving, foaf, sqlite, text},
    roles::{Place, stop_all},
};
use load::Load;

/// For how many seconds a fault is repeated.
fn seconds() -> u64 {
    let seconds = std::env::var("FOAF_TORTURE_SECONDS");
    seconds.map_or(2, |text| text.parse().expect("a number of seconds"))
}

/// Until when a fault is repeated; a few times at least.
struct Rounds {
    end: Instant,
    least: usize,
    done: usize,
}

impl Rounds {
    fn at_least(least: usize) -> Self {
        Self {
            end: Instant::now() + Duration::from_secs(seconds()),
            least,
            done: 0,
        }
    }

    fn next(&mut self) -> bool {
        let goes_on = self.done < self.least || Instant::now() < self.end;
        self.done += usize::from(goes_on);
        goes_on
    }
}

/// A line of the table.
fn row(fault: &str, rounds: usize, came: &str) {
    println!("| {fault} | {rounds} | {came} |");
}

/// The handles of the users in the log.
fn registered(place: &Place) -> Vec<String> {
    let exported = foaf(&["export", "--users", "-", "--log", &place.log]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let handles = text(&exported.stdout);
    let handles = handles.lines().skip(1).map(|line| line.split(',').next());
    handles.flatten().map(str::to_owned).collect()
}

/// The log holds each user that was acknowledged once, and nobody else; the graph is as the log.
fn check(place: &Place, acknowledged: &mut [String]) {
    let mut registered = registered(place);
    registered.sort_unstable();
    acknowledged.sort_unstable();
    let differs = (registered.iter().zip(&*acknowledged)).find(|(there, told)| there != told);
    assert!(
        differs.is_none() && registered.len() == acknowledged.len(),
        "{} there, {} acknowledged, first {differs:?}",
        registered.len(),
        acknowledged.len()
    );
    let verified = foaf(&["verify", "--log", &place.log, "--graph", &place.graph]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
}

/// How many users a node shows.
async fn users(node: &Serving) -> usize {
    let client = reqwest::Client::new();
    let answer = ask(&client, &node.address, "{ users { totalCount } }").await;
    let count = answer.expect("an answer")["data"]["users"]["totalCount"].as_u64();
    usize::try_from(count.expect("a number")).expect("not so many")
}

/// Kills a node at any moment of its writing, and looks after each start whether all that was
/// acknowledged is there, and nothing else. `shown` tells how many users a graph shows that outlives
/// the node.
async fn kill(fault: &str, place: &Place, shown: impl AsyncFn() -> Option<usize>) {
    let mut rng = Rng::with_seed(11);
    let mut rounds = Rounds::at_least(2);
    let mut acknowledged = Vec::new();
    let (mut unanswered, mut behind) = (0, 0);
    let mut node = place.serve("api,projector");
    while rounds.next() {
        let load = Load::start(&format!("k{}-", rounds.done), slice::from_ref(&node));
        // Some as soon as they have started.
        load.pairs(rng.usize(..100).saturating_sub(20)).await;
        node.signal("-KILL");
        node.end();
        let there = registered(place).len();
        unanswered += usize::from(there > acknowledged.len() + load.counts().0);
        behind += usize::from(shown().await.is_some_and(|shown| shown < there));
        node = place.serve("api,projector");
        load.moved(0, &node);
        acknowledged.extend(load.stop().await);
        assert_eq!(users(&node).await, acknowledged.len());
    }
    check(place, &mut acknowledged);
    stop_all([node]);
    let behind = match shown().await {
        Some(_) => format!(", {behind} before its projection"),
        None => String::new(),
    };
    row(
        fault,
        rounds.done,
        &format!(
            "{} acknowledged, 0 lost, 0 twice, graph as the log; {unanswered} times a record was in the log before its answer{behind}",
            acknowledged.len()
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
    kill("kill -9, SQLite + embedded", &place, async || None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_kafka_and_neo4j_is_killed() {
    let (_database, place) = Place::on_servers().await;
    let shown = async || {
        let users = number("MATCH (u:User) RETURN count(u) AS n").await;
        Some(usize::try_from(users).expect("not so many"))
    };
    kill("kill -9, Kafka + Neo4j", &place, shown).await;
}
