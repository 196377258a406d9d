//! Kafka and Neo4j: absent at start, refusing, gone and back.

use std::time::{Duration, Instant};

use foaf::config::GraphUrl;
use serde_json::Value;

use super::{forwarder::Forwarder, refused};
use crate::{
    callers::{ask, assert_there, code, register},
    kafka_log::create,
    logs,
    neo4j_graph::Database,
    program::{Running, Serving, sqlite},
};

const ABSENT_LOG: &str = "kafka://127.0.0.1:1/foaf";
const ABSENT_GRAPH: &str = "neo4j://neo4j:secret@127.0.0.1:1";

/// The URL of the test's database at another port, with another password or database.
fn url(graph: &GraphUrl, port: Option<u16>, password: Option<&str>, database: &str) -> String {
    let GraphUrl::Neo4j {
        host,
        port: own_port,
        user,
        password: own_password,
        ..
    } = graph
    else {
        panic!("the tests' graph is in Neo4j");
    };
    let (port, password) = (port.unwrap_or(*own_port), password.unwrap_or(own_password));
    format!("neo4j://{user}:{password}@{host}:{port}{database}")
}

fn bolt(graph: &GraphUrl) -> String {
    let url = url(graph, None, None, "");
    url.rsplit_once('@').expect("a host").1.to_owned()
}

#[test]
fn a_server_that_never_comes_is_named_with_the_fix() {
    for (setting, place, parts) in [
        (
            "--log",
            ABSENT_LOG,
            ["127.0.0.1:1/foaf (--log, FOAF_LOG)", "within 4s"],
        ),
        (
            "--graph",
            ABSENT_GRAPH,
            ["127.0.0.1:1 (--graph, FOAF_GRAPH)", "Connection refused"],
        ),
    ] {
        for command in ["serve", "import"] {
            let folder = tempfile::tempdir().expect("a folder");
            let edges = folder.path().join("club.txt");
            std::fs::write(&edges, "1 2\n").expect("a file");
            let edges = edges.display().to_string();
            let log = sqlite(&folder.path().join("data"));
            let mut arguments = vec![command, setting, place, "--start-timeout-ms", "4000"];
            if setting == "--graph" {
                arguments.extend(["--log", &log]);
            }
            if command == "serve" {
                arguments.extend(["--listen", "127.0.0.1:0"]);
            } else {
                arguments.push(&edges);
            }
            let both = ["waiting for a server", "start it", "--start-timeout-ms"];
            refused(&arguments, &[&parts[..], &both].concat());
        }
    }
}

#[test]
fn a_stop_ends_the_waiting_at_once() {
    for (setting, place) in [("--log", ABSENT_LOG), ("--graph", ABSENT_GRAPH)] {
        for signal in ["-TERM", "-INT"] {
            let arguments = ["serve", "--listen", "127.0.0.1:0", setting, place];
            let mut command = crate::program::command(&arguments);
            let folder = tempfile::tempdir().expect("a folder");
            let mut waiting = Running::of({
                command.current_dir(folder.path());
                command
            });
            waiting.until("waiting for a server");
            waiting.signal(signal);
            let stopped = Instant::now();
            let (code, said) = waiting.end();
            assert_eq!(code, Some(0), "{said}");
            assert!(stopped.elapsed() < Duration::from_secs(3), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waiting_cannot_cure_ends_the_start_at_once() {
    let database = Database::empty().await;
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--log",
        "memory:",
        "--graph",
    ];
    let place = bolt(&database.url);
    let place = place.as_str();
    let wrong = url(&database.url, None, Some("wrong"), "");
    let fix = [
        place,
        "--graph",
        "refuses the user or the password",
        "USER:PASSWORD",
    ];
    refused(&[&serve[..], &[&wrong]].concat(), &fix);
    let unknown = url(&database.url, None, None, "/nodb");
    let fix = [place, "--graph", "nodb", "make this database"];
    refused(&[&serve[..], &[&unknown]].concat(), &fix);

    let topic = logs::fresh_topic();
    create(
        &topic,
        2,
        &[
            ("retention.ms", "1000"),
            ("message.timestamp.type", "CreateTime"),
        ],
    )
    .await;
    let log = format!("kafka://{}/{}", topic.brokers, topic.topic);
    let fix = [
        &*log,
        "(--log, FOAF_LOG)",
        "has 2 partitions",
        "retention.ms=1000",
        "message.timestamp.type=CreateTime",
        "kafka-configs.sh",
    ];
    refused(&["serve", "--listen", "127.0.0.1:0", "--log", &log], &fix);
    logs::delete_topic(&topic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_come_late_are_waited_for() {
    let database = Database::empty().await;
    let topic = logs::fresh_topic();
    let mut kafka = Forwarder::cut_off_from(&topic.brokers).await;
    let mut neo4j = Forwarder::cut_off_from(&bolt(&database.url)).await;
    let log = format!("kafka://127.0.0.1:{}/{}", kafka.port, topic.topic);
    let graph = url(&database.url, Some(neo4j.port), None, "");
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--log",
        &log,
        "--graph",
        &graph,
    ];
    let mut waiting = Running::start(&arguments);
    let said = waiting.until("waiting for a server");
    assert!(said.contains(&log) && said.contains("left_s="), "{said}");
    kafka.restore().await;
    let said = waiting.until(&format!("127.0.0.1:{} (--graph", neo4j.port));
    assert!(said.contains("Connection refused"), "{said}");
    neo4j.restore().await;
    let serving = Serving::of(waiting);
    let client = reqwest::Client::new();
    let taken = register(&client, &serving.address, "ann").await;
    assert!(taken.expect("it answers")["data"]["registerUser"]["user"]["id"].is_string());
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(0), "{said}");
    logs::delete_topic(&topic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_go_on_while_neo4j_is_gone_and_are_read_when_it_is_back() {
    let database = Database::empty().await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path());
    let mut neo4j = Forwarder::cut_off_from(&bolt(&database.url)).await;
    neo4j.restore().await;
    let graph = url(&database.url, Some(neo4j.port), None, "");
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--log",
        &log,
        "--graph",
        &graph,
    ];
    let mut serving = Serving::start(&arguments);
    let client = reqwest::Client::new();
    let ask = async |query: &str| {
        ask(&client, &serving.address, query)
            .await
            .expect("an answer")
    };
    let position = |answer: Value| answer["data"]["registerUser"]["position"].clone();
    let write = |handle: &str| {
        format!(
            "mutation {{ registerUser(input: {{handle: \"{handle}\", firstName: \"X\"}}) {{ position }} }}"
        )
    };
    assert!(position(ask(&write("before")).await).is_string());

    neo4j.cut().await;
    let read = "{ user(by: {handle: \"before\"}) { id } }";
    assert_eq!(code(&ask(read).await), "UNAVAILABLE");
    // The log takes it, and the graph will show it.
    let token = position(ask(&write("meanwhile")).await);
    assert!(token.is_string());
    serving.process.until("the projection waits for the graph");

    neo4j.restore().await;
    let ask = async |query: &str| {
        crate::callers::ask(&client, &serving.address, query)
            .await
            .expect("an answer")
    };
    let at_least = format!(
        "{{ atLeast(position: {token}, waitMs: 30000) {{ user(by: {{handle: \"meanwhile\"}}) {{ id }} }} }}"
    );
    let answer = ask(&at_least).await;
    let found = &answer["data"]["atLeast"]["user"]["id"];
    assert!(found.is_string(), "{answer}");
    assert!(position(ask(&write("after")).await).is_string());
    let all = ["before", "meanwhile", "after"].map(str::to_owned);
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(0), "{said}");

    let serving = Serving::start(&arguments);
    assert_there(&serving.address, &all).await;
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graph_of_another_or_a_longer_log_is_refused() {
    let database = Database::empty().await;
    let graph = url(&database.url, None, None, "");
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let edges = one.path().join("club.txt");
    std::fs::write(&edges, "1 2\n2 3\n").expect("a file");
    let edges = edges.display().to_string();
    let logs = [&one, &other].map(|folder| sqlite(folder.path()));
    for (log, graph) in [(&logs[0], graph.as_str()), (&logs[1], "embedded:")] {
        let imported = crate::program::foaf(&["import", "--log", log, "--graph", graph, &edges]);
        assert!(imported.status.success());
    }
    let serve = |log| {
        [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--graph",
            &graph,
            "--log",
            log,
        ]
    };
    refused(
        &serve(&logs[1]),
        &["projected from another log", "a graph of its own"],
    );

    // Of the first log the last row is cut off cleanly: the graph has seen more.
    let file = rusqlite::Connection::open(one.path().join("foaf.db")).expect("it opens");
    let cut = "DELETE FROM log WHERE position = (SELECT max(position) FROM log)";
    assert_eq!(file.execute(cut, []), Ok(1));
    drop(file);
    let fix = [
        "shows position 6",
        "ends at 5",
        "records are lost",
        "restore the log",
    ];
    refused(&serve(&logs[0]), &fix);
}
