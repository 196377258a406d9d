//! What a dear request holds and keeps going, and for how long.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use foaf::{
    domain::UserId,
    graph::{
        FriendOrder, FriendQuery, Graph, GraphError, Page, Projected, budget::Budget,
        neo4j::Neo4jGraph,
    },
};
use tokio::task::JoinSet;

use super::{number, settings, wiped};
use crate::{
    logs::soon,
    story::{Story, id},
};

/// Asked for so often at once, the friends of one with so many take the server some seconds.
const FRIENDS: u128 = 1_000;
const TIMES: usize = 20_000;

fn dear() -> (Vec<UserId>, FriendQuery) {
    let query = FriendQuery {
        handle_prefix: None,
        order: FriendOrder::Name,
        page: Page::first(1),
    };
    (vec![id(1); TIMES], query)
}

async fn hub(connections: usize) -> Arc<Neo4jGraph> {
    let mut settings = settings();
    settings.connections = connections;
    let graph = Neo4jGraph::connect(settings)
        .await
        .expect("the test server answers");
    let mut story = Story::new();
    for number in story.users(FRIENDS).into_iter().skip(1) {
        story.befriend(id(1), number);
    }
    assert_eq!(graph.project(&story.batch()).await, Ok(Projected::Done));
    Arc::new(graph)
}

/// How many dear questions the server works on.
async fn under_way() -> i64 {
    number(
        "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery CONTAINS ':FRIEND' \
         AND NOT currentQuery STARTS WITH 'SHOW' RETURN count(*) AS n",
    )
    .await
}

async fn until(count: i64) {
    soon(Box::pin(async { while under_way().await != count {} })).await;
}

/// The longest that something goes on for nobody. It takes some 5 ms, and the look as long.
const SOON: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_on_for_whom_nobody_waits() {
    let _turn = wiped().await;
    let graph = hub(4).await;
    let mut callers = JoinSet::new();
    let asked = graph.clone();
    callers.spawn(async move {
        let (of, query) = dear();
        asked.friends(&of, &query).await
    });
    until(1).await;
    callers.abort_all();
    let start = Instant::now();
    until(0).await;
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(graph.users(&[id(1)]).await.is_ok());
    assert!(
        callers.join_next().await.expect("it was there").is_err(),
        "it was not answered"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_on_after_the_deadline() {
    let _turn = wiped().await;
    let graph = hub(4).await;
    let budget = Budget::new(Duration::from_millis(300), u64::MAX);
    let (of, query) = dear();
    let answer = budget.scope(graph.friends(&of, &query)).await;
    assert!(
        matches!(answer, Err(GraphError::OverBudget(_))),
        "it took too long"
    );
    let start = Instant::now();
    until(0).await;
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_leaves_connections_to_others() {
    let _turn = wiped().await;
    let graph = hub(8).await;
    let budget = Budget::new(Duration::from_mins(1), u64::MAX);
    let mut callers = JoinSet::new();
    let dear_one = graph.clone();
    callers.spawn(budget.scope(async move {
        let (of, query) = dear();
        let asked = (0..20).map(|_| dear_one.friends(&of, &query));
        futures::future::join_all(asked).await;
    }));
    until(2).await;
    for _ in 0..10 {
        let found = graph.users(&[id(1)]).await.expect("others are answered");
        assert!(found.value[0].is_some());
        assert!(under_way().await <= 2);
    }
    callers.abort_all();
    until(0).await;
}
