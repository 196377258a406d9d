//! Real social graphs, imported and asked over HTTP: the answers are those of networkx and igraph.

use std::{fs::File, path::PathBuf};

use flate2::read::GzDecoder;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::service::{COMBINATIONS, GraphKind, LogKind, Places, Service};

const SMALL: [&str; 4] = [
    "karate",
    "les-miserables",
    "florentine-families",
    "ldbc-snb-test",
];

#[tokio::test(flavor = "multi_thread")]
async fn small_graphs_on_sqlite_and_embedded() {
    small_graphs(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_graphs_on_sqlite_and_neo4j() {
    small_graphs(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_graphs_on_kafka_and_embedded() {
    small_graphs(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_graphs_on_kafka_and_neo4j() {
    small_graphs(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ego_facebook_on_sqlite_and_embedded() {
    right_on(LogKind::Sqlite, GraphKind::Embedded, &["ego-facebook"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ego_facebook_on_kafka_and_neo4j() {
    right_on(LogKind::Kafka, GraphKind::Neo4j, &["ego-facebook"]).await;
}

async fn small_graphs(combination: usize) {
    let (log, graph) = COMBINATIONS[combination];
    right_on(log, graph, &SMALL).await;
}

/// Imports every data set into one service, twice, and asks it every question of their truth files.
async fn right_on(log: LogKind, graph: GraphKind, data_sets: &[&str]) {
    let places = Places::new(log, graph).await;
    let service = Service::start(&places).await;
    for data_set in data_sets {
        let truth = truth(data_set);
        let first = service.import(data_set).await;
        assert_eq!(Some(first.users.new), truth["nodes"].as_u64(), "{data_set}");
        assert_eq!(Some(first.friendships.new), truth["edges"].as_u64());
        assert_eq!(first.refused, []);
        let digest = service.digest().await;
        let second = service.import(data_set).await;
        assert_eq!((second.users.new, second.friendships.new), (0, 0));
        assert_eq!(second.friendships.known, first.friendships.new);
        assert_eq!(
            service.digest().await,
            digest,
            "a second import changes nothing"
        );
        check(&service, data_set, &truth).await;
    }
    service.stop().await;
}

fn truth(data_set: &str) -> Value {
    let name = format!("tests/data/truth/{data_set}.json.gz");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    let file = File::open(path).expect("the truth file is there");
    serde_json::from_reader(GzDecoder::new(file)).expect("it is JSON")
}

async fn check(service: &Service, data_set: &str, truth: &Value) {
    let kinds = truth["queries"].as_object().expect("kinds of queries");
    assert_eq!(kinds.len(), 5, "every kind is known here");
    for (kind, queries) in kinds {
        let queries = queries.as_array().expect("queries");
        assert!(queries.len() >= 10, "{data_set} {kind}: {}", queries.len());
        stream::iter(queries)
            .map(|query| check_one(service, data_set, kind, query))
            .buffer_unordered(8)
            .collect::<()>()
            .await;
    }
}

async fn check_one(service: &Service, data_set: &str, kind: &str, query: &Value) {
    let handle = |id: &Value| format!("{data_set}-{id}");
    let of = |field: &str| json!({ "h": handle(&query[field]) });
    let (got, expected) = match kind {
        "friends_count" => {
            let question = "query($h: String!) { user(by: {handle: $h}) { friends(first: 1) { totalCount } } }";
            let answer = service.ask(question, of("id")).await;
            (
                answer["user"]["friends"]["totalCount"].clone(),
                query["expect"].clone(),
            )
        }
        "mutual_friends" => {
            let question = "query($h: String!, $b: ID!) { user(by: {handle: $h}) { mutualFriends(with: $b, first: 500) { totalCount edges { node { handle } } } } }";
            let b = service.id(&handle(&query["b"])).await;
            let variables = json!({ "h": handle(&query["a"]), "b": b });
            let answer = &service.ask(question, variables).await["user"]["mutualFriends"];
            let expected: Vec<String> = list(&query["expect"]).iter().map(handle).collect();
            (
                json!([answer["totalCount"], handles(&answer["edges"])]),
                json!([query["expect_count"], expected]),
            )
        }
        "recommendations_top10" => {
            let question = "query($h: String!) { user(by: {handle: $h}) { recommendations(first: 10) { edges { score mutualFriendCount node { handle } } } friendsOfFriends { totalCount } } }";
            let answer = &service.ask(question, of("id")).await["user"];
            let edges = list(&answer["recommendations"]["edges"]);
            let got: Vec<Value> = edges
                .iter()
                .map(|edge| {
                    json!([
                        edge["node"]["handle"],
                        edge["mutualFriendCount"],
                        edge["score"]
                    ])
                })
                .collect();
            let expected: Vec<Value> = list(&query["expect"])
                .iter()
                .map(|one| json!([handle(&one["id"]), one["mutual"], one["mutual"]]))
                .collect();
            (
                json!([answer["friendsOfFriends"]["totalCount"], got]),
                json!([query["candidates"], expected]),
            )
        }
        "shortest_path_length" => {
            let question = "query($a: ID!, $b: ID!) { path(from: $a, to: $b, maxLength: 20) { length users { id } } }";
            let a = service.id(&handle(&query["a"])).await;
            let b = service.id(&handle(&query["b"])).await;
            let answer = &service.ask(question, json!({ "a": a, "b": b })).await["path"];
            let users = list(&answer["users"]);
            if let (Some(first), Some(last)) = (users.first(), users.last()) {
                assert_eq!((&first["id"], &last["id"]), (&json!(a), &json!(b)));
                assert_eq!(Some(users.len() as u64 - 1), answer["length"].as_u64());
            }
            (answer["length"].clone(), query["expect"].clone())
        }
        "neighbourhood" => {
            let question = "query($h: String!) { user(by: {handle: $h}) { network(depth: 3) { reached rings { distance count } } } }";
            let answer = &service.ask(question, of("id")).await["user"]["network"];
            let rings = list(&answer["rings"]);
            let counts: Vec<&Value> = rings.iter().map(|ring| &ring["count"]).collect();
            (
                json!([counts, answer["reached"]]),
                json!([[query["at1"], query["at2"], query["at3"]], query["within3"]]),
            )
        }
        unknown => panic!("unknown kind of query: {unknown}"),
    };
    assert_eq!(got, expected, "{data_set} {kind} {query}");
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn handles(edges: &Value) -> Vec<Value> {
    list(edges)
        .iter()
        .map(|edge| edge["node"]["handle"].clone())
        .collect()
}
