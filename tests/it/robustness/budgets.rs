//! What a request may use while it is executed: it is stopped when its time has run out, when it has
//! looked at too much, and when nobody waits for it any more.

use std::{sync::Arc, time::Duration};

use foaf::{
    app::Node,
    clock,
    config::Limits,
    event_log::memory::MemoryLog,
    graph::{
        Graph, GraphError,
        budget::{Budget, Over},
        embedded::EmbeddedGraph,
    },
    import::{self, Source},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    logs::soon,
    service::{Service, edges},
};

/// A node with a real graph.
async fn node(graph: Arc<EmbeddedGraph>) -> Node {
    let log = Arc::new(MemoryLog::new(clock::system()));
    let mut node = Node::compose(log, graph, clock::system(), Duration::from_secs(10))
        .await
        .expect("it starts");
    soon(node.ready()).await.expect("it gets ready");
    let source = Source::edge_list(edges("ego-facebook"), None).expect("a good name");
    let stop = CancellationToken::new();
    let imported = import::run(&node.import_target(), &source, |_| {}, &stop).await;
    imported.expect("imported");
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_ends_when_its_time_has_run_out() {
    let mut node = node(Arc::new(EmbeddedGraph::new())).await;
    node.limit(Limits {
        time: Duration::from_millis(1),
        ..Limits::default()
    });
    let service = Service::of(node).await;
    let query = "{ user(by: {handle: \"ego-facebook-107\"}) { friends(first: 500) { edges { node { recommendations(first: 1, by: JACCARD) { edges { score } } } } } } }";
    let answer = service.send(query, json!({})).await.body;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "BUDGET_EXCEEDED", "{error}");
    assert_eq!(error["extensions"]["allowed"], 1, "{error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("ask for less at once"), "{message}");
    assert!(answer["data"].is_object(), "it was executed");
    // Others are none the worse for it.
    service.ask("{ __typename }", json!({})).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_what_it_cost() {
    let service = Service::of(node(Arc::new(EmbeddedGraph::new())).await).await;
    let query = "{ user(by: {handle: \"ego-facebook-107\"}) { network(depth: 6) { reached } } }";
    let answer = service.send(query, json!({})).await.body;
    let cost = &answer["extensions"]["foaf"]["cost"];
    let number = |name: &str| {
        cost[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name}: {answer}"))
    };
    // Nearly all friendships, from both ends, 256 for the price of a leaf.
    assert!(
        (500..=number("estimated")).contains(&number("spent")),
        "{cost}"
    );
    assert_eq!(number("limit"), 250_000);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_stops_when_it_has_looked_at_too_much_or_nobody_waits() {
    let graph = Arc::new(EmbeddedGraph::new());
    let node = node(graph.clone()).await;
    let page = foaf::graph::Page::first(500);
    let query = foaf::graph::UserQuery {
        state: None,
        handle_prefix: None,
        order: foaf::graph::UserOrder::Id,
        page,
    };
    let users = graph
        .list_users(&query)
        .await
        .expect("it answers")
        .value
        .items;
    let all: Vec<_> = users.iter().map(|user| user.id).collect();

    let budget = Budget::new(Duration::from_secs(100), 1_000_000);
    let walk = budget.clone().scope(graph.rings(&all, 6));
    let stopped = soon(walk).await.expect_err("it is too much");
    let GraphError::OverBudget(Over::Steps { limit, reached }) = stopped else {
        panic!("{stopped}");
    };
    assert_eq!(limit, 1_000_000);
    // A friend's list at most, and some thousand steps, beyond.
    assert!((limit..limit + 10_000).contains(&reached), "{reached}");

    let budget = Budget::new(Duration::from_secs(100), u64::MAX);
    let caller = budget.caller();
    let walking = tokio::time::timeout(
        Duration::from_millis(1),
        budget.clone().scope(graph.rings(&all, 6)),
    );
    assert!(walking.await.is_err(), "it takes longer than that");
    drop(caller);
    // Whoever works on it holds it.
    soon(async {
        while Arc::strong_count(&budget) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let whole = 500 * 2 * 88_234;
    assert!(budget.spent() < whole / 2, "{} of {whole}", budget.spent());
    node.stop().await.expect("it stops well");
}
