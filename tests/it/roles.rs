//! Several nodes on one Kafka as processes, killed, stopped and let go: on one Neo4j, where some answer
//! callers and some project, or each with a graph of its own.

use futures::future::join_all;
use serde_json::Value;

use crate::{
    callers::{self, code},
    logs::{delete_topic, fresh_topic},
    neo4j_graph::Database,
    program::{Serving, foaf, text},
};

/// Where the nodes meet.
pub(crate) struct Place {
    pub(crate) log: String,
    pub(crate) graph: String,
}

impl Place {
    /// A topic of its own and the database, emptied, which nobody else uses meanwhile.
    pub(crate) async fn on_servers() -> (Database, Self) {
        let database = Database::empty().await;
        let topic = fresh_topic();
        let place = Self {
            log: format!("kafka://{}/{}", topic.brokers, topic.topic),
            graph: Database::text(),
        };
        (database, place)
    }

    pub(crate) fn serve(&self, roles: &str) -> Serving {
        Serving::start(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log",
            &self.log,
            "--graph",
            &self.graph,
            "--roles",
            roles,
        ])
    }
}

/// Stops nodes one after the other, each of which ends well.
pub(crate) fn stop_all(nodes: impl IntoIterator<Item = Serving>) {
    for node in nodes {
        node.signal("-TERM");
        let (code, said) = node.end();
        assert_eq!(code, Some(0), "{said}");
    }
}

async fn ask(node: &Serving, query: &str) -> Value {
    let client = reqwest::Client::new();
    let answer = callers::ask(&client, &node.address, query).await;
    answer.expect("an answer")
}

/// Registers somebody at a node; the payload.
async fn write(node: &Serving, handle: &str) -> Value {
    let query = format!(
        "mutation {{ registerUser(input: {{handle: \"{handle}\", firstName: \"X\"}}) {{ position rejection {{ code }} }} }}"
    );
    ask(node, &query).await["data"]["registerUser"].clone()
}

/// Reads somebody at a node, who was registered at a position.
async fn read(node: &Serving, handle: &str, position: &Value, wait_ms: u32) -> Value {
    let query = format!(
        "{{ atLeast(position: {position}, waitMs: {wait_ms}) {{ user(by: {{handle: \"{handle}\"}}) {{ handle }} }} }}"
    );
    ask(node, &query).await
}

async fn assert_read(from: &Serving, handle: &str, position: &Value) {
    let answer = read(from, handle, position, 15_000).await;
    let found = &answer["data"]["atLeast"]["user"]["handle"];
    assert_eq!(found, handle, "{answer}");
}

async fn assert_written_and_read(at: &Serving, from: &Serving, handle: &str) {
    let written = write(at, handle).await;
    assert_read(from, handle, &written["position"]).await;
}

/// Any of them takes commands and shows what was written at the others; a handle is won once,
/// whichever node hears of it.
async fn assert_one_service(nodes: &[Serving]) {
    for (n, at) in nodes.iter().enumerate() {
        for (m, from) in nodes.iter().enumerate() {
            assert_written_and_read(at, from, &format!("at-{n}-read-at-{m}")).await;
        }
    }
    for round in 0..10 {
        let handle = format!("race-{round}");
        let twice = nodes.iter().chain(nodes);
        let answers = join_all(twice.map(|node| write(node, &handle))).await;
        let won = answers
            .iter()
            .filter(|answer| answer["rejection"].is_null());
        assert_eq!(won.count(), 1, "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_answer_and_nodes_that_project_are_one_service() {
    let (_database, place) = Place::on_servers().await;
    let first = place.serve("projector");
    let nodes = [place.serve("api"), place.serve("api")];
    let refused = ask(&first, "{ __typename }").await;
    assert_eq!(code(&refused), "NOT_FOUND", "{refused}");
    assert_one_service(&nodes).await;
    let [a, b] = nodes;

    // Without a projector the log takes writes, and the graph stands still.
    first.signal("-KILL");
    first.end();
    let written = write(&a, "alone").await;
    let answer = read(&b, "alone", &written["position"], 300).await;
    assert_eq!(code(&answer), "POSITION_NOT_REACHED", "{answer}");
    let (second, third) = (place.serve("projector"), place.serve("projector"));
    assert_read(&b, "alone", &written["position"]).await;

    // One is stopped, its peer goes on; let go, it does no harm.
    second.signal("-STOP");
    for n in 0..20 {
        assert_written_and_read(&a, &b, &format!("stopped-{n}")).await;
    }
    second.signal("-CONT");
    for n in 0..20 {
        assert_written_and_read(&b, &a, &format!("let-go-{n}")).await;
    }
    stop_all([a, b, second, third]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_with_graphs_of_their_own_are_one_service() {
    let topic = fresh_topic();
    let place = Place {
        log: format!("kafka://{}/{}", topic.brokers, topic.topic),
        graph: "embedded:".to_owned(),
    };
    let mut nodes = [(); 3].map(|()| place.serve("api,projector"));
    assert_one_service(&nodes).await;

    // One is killed, the others go on; back again, it knows what it missed.
    nodes[0].signal("-KILL");
    let mut missed = Vec::new();
    for n in 0..20 {
        let handle = format!("missed-{n}");
        let written = write(&nodes[1], &handle).await;
        assert_read(&nodes[2], &handle, &written["position"]).await;
        missed.push((handle, written["position"].clone()));
    }
    nodes[0] = place.serve("api,projector");
    for (handle, position) in missed {
        assert_read(&nodes[0], &handle, &position).await;
    }
    assert_written_and_read(&nodes[0], &nodes[1], "back").await;
    stop_all(nodes);
    delete_topic(&topic).await;
}

#[test]
fn roles_that_cannot_be_are_refused() {
    for (roles, part) in [
        ("api", "--roles: an embedded graph has no projector"),
        ("projector,reader", "\"reader\" is no role"),
        ("", "\"\" is no role"),
    ] {
        let output = foaf(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "memory:",
            "--roles",
            roles,
        ]);
        let said = text(&output.stderr);
        assert!(
            !output.status.success() && said.contains(part),
            "{roles}: {said}"
        );
    }
}
