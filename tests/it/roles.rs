//! Several nodes on one Kafka and one Neo4j, some that answer callers and some that project, as
//! processes: killed, stopped and let go.

use futures::future::join_all;
use serde_json::Value;

use crate::{
    callers::{self, code},
    logs::fresh_topic,
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

/// Registers somebody at a node; the position of the record.
pub(crate) async fn write(node: &Serving, handle: &str) -> Value {
    let query = format!(
        "mutation {{ registerUser(input: {{handle: \"{handle}\", firstName: \"X\"}}) {{ position rejection {{ code }} }} }}"
    );
    ask(node, &query).await["data"]["registerUser"].clone()
}

/// Reads somebody at a node, who was registered at a position.
pub(crate) async fn read(node: &Serving, handle: &str, position: &Value, wait_ms: u32) -> Value {
    let query = format!(
        "{{ atLeast(position: {position}, waitMs: {wait_ms}) {{ user(by: {{handle: \"{handle}\"}}) {{ handle }} }} }}"
    );
    ask(node, &query).await
}

async fn assert_written_and_read(at: &Serving, from: &Serving, handle: &str) {
    let written = write(at, handle).await;
    let answer = read(from, handle, &written["position"], 15_000).await;
    assert_eq!(
        answer["data"]["atLeast"]["user"]["handle"], handle,
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_answer_and_nodes_that_project_are_one_service() {
    let (_database, place) = Place::on_servers().await;
    let first = place.serve("projector");
    let (a, b) = (place.serve("api"), place.serve("api"));
    let refused = ask(&first, "{ __typename }").await;
    assert_eq!(code(&refused), "NOT_FOUND", "{refused}");
    assert_written_and_read(&a, &b, "both").await;

    // A handle is won once, whichever node hears of it.
    for round in 0..10 {
        let handle = format!("race-{round}");
        let answers = join_all([&a, &b, &a, &b].map(|node| write(node, &handle))).await;
        let won = answers
            .iter()
            .filter(|answer| answer["rejection"].is_null());
        assert_eq!(won.count(), 1, "{answers:?}");
    }

    // Without a projector the log takes writes, and the graph stands still.
    first.signal("-KILL");
    first.end();
    let written = write(&a, "alone").await;
    let answer = read(&b, "alone", &written["position"], 300).await;
    assert_eq!(code(&answer), "POSITION_NOT_REACHED", "{answer}");
    let (second, third) = (place.serve("projector"), place.serve("projector"));
    let answer = read(&b, "alone", &written["position"], 15_000).await;
    assert_eq!(
        answer["data"]["atLeast"]["user"]["handle"], "alone",
        "{answer}"
    );

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
