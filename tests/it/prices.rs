//! What requests cost before they are executed: never less for asking more, as much as there is to
//! look at in this graph, and never so little that what is let through could hurt a node.

mod asked;
mod worst;

use std::{env, sync::Arc, time::Duration};

use fastrand::Rng;
use foaf::{
    app::Node,
    clock,
    config::Limits,
    event_log::memory::MemoryLog,
    graph::embedded::EmbeddedGraph,
    graphql::{Api, Call},
    import::{self, Source},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{logs, service::edges};
use asked::Asked;

/// A node that tells the price of everything and executes nothing.
struct Till {
    node: Node,
    api: Api,
}

impl Till {
    async fn with(data_set: &str) -> Self {
        let log = Arc::new(MemoryLog::new(clock::system()));
        let graph = Arc::new(EmbeddedGraph::new());
        let mut node = Node::compose(log, graph, clock::system(), Duration::from_secs(10))
            .await
            .expect("it starts");
        logs::soon(node.ready()).await.expect("it gets ready");
        let source = Source::edge_list(edges(data_set), None).expect("a good name");
        let stop = CancellationToken::new();
        let imported = import::run(&node.import_target(), &source, |_| {}, &stop).await;
        imported.expect("imported");
        node.limit(Limits {
            price: 0,
            ..Limits::default()
        });
        let api = Api::new(node.services().clone());
        Self { node, api }
    }

    /// The price of a query of one user.
    async fn of(&self, handle: &str, fields: &str) -> u64 {
        let query = format!("{{ user(by: {{handle: {handle:?}}}) {{ {fields} }} }}");
        let call = Call {
            query,
            ..Call::default()
        };
        let answer = json!(self.api.run(call).await);
        let refusal = &answer["errors"][0]["extensions"];
        assert_eq!(refusal["limit"], "price", "{fields}: {answer}");
        refusal["reached"].as_u64().expect("a price")
    }
}

/// Ever more is asked, to the deepest document that is let through; each step costs more, or for a
/// walk at least as much, and nothing is ever worth less for standing below something dear.
#[tokio::test]
async fn to_ask_more_never_costs_less() {
    let steps = env::var("FOAF_PRICE_STEPS").map_or(4_000, |steps| steps.parse().expect("steps"));
    let till = Till::with("karate").await;
    let mut rng = Rng::with_seed(11);
    let (mut deepest, mut dearest) = (0, 0);
    let mut done = 0;
    while done < steps {
        let mut asked = Asked::leaf();
        let mut before = till.of("karate-1", &asked.text()).await;
        for _ in 0..200 {
            let mut more = asked.clone();
            let is_dearer = more.grow(&mut rng);
            if !more.is_let_through() {
                break;
            }
            let price = till.of("karate-1", &more.text()).await;
            let is_at_the_top = before == 1 << 40;
            assert!(
                price > before || (price == before && (!is_dearer || is_at_the_top)),
                "{before}: {}\n{price}: {}",
                asked.text(),
                more.text()
            );
            done += 1;
            deepest = deepest.max(more.depth());
            dearest = dearest.max(price);
            (asked, before) = (more, price);
        }
    }
    assert!(deepest >= 20, "{deepest} levels");
    assert!(dearest > 1 << 32, "{dearest}: sums of 32 bits would not do");
    let open = "friends(first: 500) { edges { node { ".repeat(7);
    let far = format!("{open} id {}", " } } }".repeat(7));
    let price = till.of("karate-1", &far).await;
    assert_eq!(price, 1 << 40, "as much as is counted");
    till.node.stop().await.expect("it stops well");
}

#[tokio::test]
async fn a_walk_costs_by_what_there_is_to_look_at() {
    let (small, large) = (Till::with("karate").await, Till::with("ego-facebook").await);
    let far = "network(depth: 6) { reached }";
    let (in_small, in_large) = (
        small.of("karate-1", far).await,
        large.of("ego-facebook-107", far).await,
    );
    // 78 friendships, and 88,234, each from both ends, 256 for the price of a leaf.
    assert!(in_small < 30, "{in_small}");
    assert!((680..720).contains(&in_large), "{in_large}");
    // A hub's friends have more friends than the two of somebody at the edge.
    let near = "friendsOfFriends(first: 1) { totalCount }";
    let (hub, edge) = (
        large.of("ego-facebook-107", near).await,
        large.of("ego-facebook-801", near).await,
    );
    assert!(hub > edge + 50, "{hub} {edge}");
    // The handles of all users are looked at, or of all friends; positions, or none.
    let page = "friends(first: 1) { totalCount }";
    assert!(large.of("ego-facebook-107", page).await > large.of("ego-facebook-801", page).await);
    let (all, some) = (
        "history(first: 1) { totalCount }",
        "history(first: 1, types: USER_BLOCKED) { totalCount }",
    );
    assert!(
        large.of("ego-facebook-107", some).await > 1_000 + large.of("ego-facebook-801", all).await
    );
    small.node.stop().await.expect("it stops well");
    large.node.stop().await.expect("it stops well");
}
