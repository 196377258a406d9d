//! What stands below a list is one question to the graph, not one for each entry; and nothing is asked
//! that is known.

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
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{logs, observer::Observer, service::edges};

/// A node with the karate club on a graph that counts the questions.
struct Club {
    node: Node,
    graph: Arc<Observer>,
    api: Api,
}

impl Club {
    async fn open() -> Self {
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
        Self { node, graph, api }
    }

    /// The answer, and how many questions it took.
    async fn ask(&self, query: &str) -> (Value, usize) {
        let before = self.graph.questions.load(Ordering::Relaxed);
        let call = Call {
            query: query.to_owned(),
            ..Call::default()
        };
        let answer = json!(self.api.run(call).await);
        assert!(answer.get("errors").is_none(), "{answer}");
        let asked = self.graph.questions.load(Ordering::Relaxed) - before;
        (answer["data"].clone(), asked)
    }

    async fn id(&self, handle: &str) -> String {
        let query = format!("{{ user(by: {{handle: \"{handle}\"}}) {{ id }} }}");
        let (answer, _) = self.ask(&query).await;
        answer["user"]["id"]
            .as_str()
            .expect("there is one")
            .to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_level_below_a_list_is_one_question() {
    let club = Club::open().await;
    for (query, questions) in [
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
        assert_eq!(club.ask(query).await.1, questions, "{query}");
    }
    club.node.stop().await.expect("it stops well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_traversal_from_a_known_user_is_one_question() {
    let club = Club::open().await;
    let (one, two) = (club.id("karate-1").await, club.id("karate-2").await);
    let nobody = "VXNlcjowMTg5MGE1ZC1hYzk2LTc3NGItYmNjZS1iMzAyMDk5YTgwNTc";
    for (fields, questions) in [
        ("id uuid __typename", 0),
        ("friendsOfFriends { totalCount }", 1),
        ("friends { edges { node { name } } } network { reached }", 2),
        ("name friends { totalCount }", 2),
        ("... on User { handle }", 1),
        (
            &*format!("mutualFriends(with: \"{two}\") {{ totalCount }}"),
            1,
        ),
    ] {
        let query = format!("{{ user(by: {{id: \"{one}\"}}) {{ {fields} }} }}");
        let (answer, asked) = club.ask(&query).await;
        assert!(answer["user"].is_object(), "{answer}");
        assert_eq!(asked, questions, "{query}");
    }
    let unknown = format!("{{ user(by: {{id: \"{nobody}\"}}) {{ friends {{ totalCount }} }} }}");
    assert_eq!(club.ask(&unknown).await, (json!({ "user": null }), 1));
    let path = format!("{{ path(from: \"{one}\", to: \"{two}\") {{ length }} }}");
    assert_eq!(
        club.ask(&path).await,
        (json!({ "path": { "length": 1 } }), 1)
    );
    let both = format!(
        "{{ a: user(by: {{id: \"{one}\"}}) {{ name }} b: user(by: {{id: \"{two}\"}}) {{ name }} }}"
    );
    assert_eq!(club.ask(&both).await.1, 1, "{both}");
    club.node.stop().await.expect("it stops well");
}
