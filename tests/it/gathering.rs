//! What stands below a list is one question to the graph, not one for each entry.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use foaf::{
    app::Node,
    clock,
    event_log::memory::MemoryLog,
    graph::embedded::EmbeddedGraph,
    graphql::{Api, Call},
    import::{self, Source},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{logs, observer::Observer, service::edges};

// On one thread, so that the questions of one level are asked before any is answered.
#[tokio::test]
async fn each_level_below_a_list_is_one_question() {
    let inner = Arc::new(EmbeddedGraph::new());
    let graph = Arc::new(Observer::new(inner, Arc::default()));
    let log = Arc::new(MemoryLog::new(clock::system()));
    let mut node = Node::compose(log, graph.clone(), clock::system(), Duration::from_secs(10))
        .await
        .expect("it starts");
    logs::soon(node.ready()).await.expect("it gets ready");
    let source = Source::edge_list(edges("karate"), None).expect("a good name");
    let stop = CancellationToken::new();
    let imported = import::run(&node.import_target(), &source, |_| {}, &stop).await;
    assert_eq!(imported.expect("imported").users.new, 34);
    let api = Api::new(node.services().clone());
    for (query, most) in [
        (
            "{ users(first: 30) { edges { node { friends(first: 20) { edges { node { handle } } } } } } }",
            2,
        ),
        (
            "{ users(first: 30) { edges { node { network { reached } recommendations(first: 5) { edges { because { handle } } } } } } }",
            4,
        ),
        (
            "{ users(first: 30) { edges { node { friends(first: 5) { edges { node { friendsOfFriends(first: 3) { totalCount } } } } } } } }",
            3,
        ),
    ] {
        let before = graph.questions.load(Ordering::Relaxed);
        let call = Call {
            query: query.to_owned(),
            ..Call::default()
        };
        let answered = api.run(call).await;
        let answer = json!(answered.response);
        assert!(answer.get("errors").is_none(), "{answer}");
        let asked = graph.questions.load(Ordering::Relaxed) - before;
        assert!(asked <= most, "{asked} questions for {query}");
    }
    node.stop().await.expect("it stops well");
}
