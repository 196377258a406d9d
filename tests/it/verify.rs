//! `foaf verify`: drift made by hand is named, and mended.

use std::time::Duration;

use foaf::app::Upkeep;

use crate::{
    logs::soon,
    neo4j_graph::{Database, change, found},
    program::{command, foaf, sqlite, text},
    service::{GraphKind, LogKind, Places, Service, edges},
};

/// Runs `foaf verify` on a log and a graph: the exit code and what it printed.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let mut verify = command(&[&["verify"], arguments].concat());
    let output = verify
        .env("FOAF_LOG_LEVEL", "warn")
        .output()
        .expect("it starts");
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

/// A small graph in the log of a folder and in the database.
fn imported(log: &str, graph: &str) {
    let file = edges("karate").display().to_string();
    let output = foaf(&["import", "--log", log, "--graph", graph, &file]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_made_by_hand_is_named_and_mended() {
    let _database = Database::empty().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (log, graph) = (sqlite(folder.path()), Database::text());
    imported(&log, &graph);
    let stores = ["--log", &log, "--graph", &graph];
    let (code, said) = run(&stores);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("equal; "), "{said}");

    let mut ids = Vec::new();
    for number in [0, 1, 2, 8, 33] {
        let id = format!("MATCH (u:User {{handle: 'karate-{number}'}}) RETURN u.id AS n");
        ids.push(found(&id).await);
    }
    let [one, two, three, nine, last] = ids.as_slice() else {
        panic!("five ids");
    };
    for drift in [
        format!("MATCH (:User {{id: '{one}'}})-[e:FRIEND]-(:User {{id: '{two}'}}) DELETE e"),
        format!(
            "MATCH (a:User {{id: '{one}'}}), (b:User {{id: '{last}'}}) CREATE (a)-[:FRIEND {{from: 3, since: 4}}]->(b)"
        ),
        format!(
            "MATCH (a:User {{id: '{two}'}}), (b:User {{id: '{last}'}}) CREATE (a)-[:FRIEND]->(b)"
        ),
        format!(
            "MATCH (:User {{id: '{one}'}})-[e:FRIEND]-(:User {{id: '{nine}'}}) SET e.since = datetime()"
        ),
        format!(
            "MATCH (a:User {{id: '{one}'}})-[e:FRIEND]->(b:User {{id: '{three}'}}) CREATE (a)-[f:FRIEND]->(b) SET f = properties(e)"
        ),
        format!("MATCH (u:User {{id: '{two}'}}) SET u.firstName = 'Eve'"),
        format!("MATCH (u:User {{id: '{three}'}}) REMOVE u:Active"),
        format!("MATCH (u:User {{id: '{nine}'}}) SET u.handle = 'KARATE-8'"),
        "CREATE (:User {id: 'nobody', handle: 'x', state: 'ACTIVE'})".to_owned(),
        "CREATE (:User:Active {handle: 'y'})".to_owned(),
        "CREATE (:UserPast {id: 'nobody', from: 1})".to_owned(),
        "MATCH (c:Cursor) SET c.digest = '00'".to_owned(),
    ] {
        change(&drift).await;
    }
    let (code, said) = run(&stores);
    assert_eq!(code, Some(1), "{said}");
    for line in [
        format!("FRIEND {one} -> {two}: missing in the graph"),
        format!("FRIEND {one} -> {last}: not in the log"),
        format!("FRIEND {two} -> {last}: not in the log"),
        format!("FRIEND {one} -> {nine}: since: the graph says DateTime"),
        format!("FRIEND {one} -> {three}: 2 times in the graph"),
        format!("user {two}: firstName: the graph says \"Eve\", the log \"1\""),
        format!("user {three}: what the graph derives from it"),
        format!("user {nine}: handle: the graph says \"KARATE-8\", the log \"karate-8\""),
        "user nobody: not in the log".to_owned(),
        "user ?: not in the log".to_owned(),
        "past version of user nobody (began at position 1): not in the log".to_owned(),
        "cursor: digest: the graph says 00000000000000000000000000000000, the log ".to_owned(),
        "differences: 12, mended: 0".to_owned(),
    ] {
        assert!(said.contains(&line), "{line} in\n{said}");
    }
    // The same order every time.
    assert_eq!(run(&stores).1, said);

    // What foaf cannot have written may be somebody else's.
    let (code, mended) = run(&[&stores[..], &["--repair"]].concat());
    assert_eq!(code, Some(1), "{mended}");
    for line in [
        "differences: 12, mended: 8\nverified again, 4 differ; ",
        "user nobody: not in the log, nor such as foaf writes (--delete-foreign)\n",
    ] {
        assert!(mended.contains(line), "{mended}");
    }
    assert_eq!(
        found("MATCH (u:User {id: 'nobody'}) RETURN u.handle AS n").await,
        "x"
    );
    // The flag alone says nothing.
    let (code, said) = run(&[&stores[..], &["--delete-foreign"]].concat());
    assert_eq!(code, Some(2), "{said}");
    let (code, mended) = run(&[&stores[..], &["--repair", "--delete-foreign"]].concat());
    assert_eq!(code, Some(0), "{mended}");
    assert!(
        mended.contains("differences: 4, mended: 4\nequal; "),
        "{mended}"
    );
    let (code, said) = run(&stores);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("equal; "), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_verified_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path());
    let (code, said) = run(&["--log", &log]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("nobody serves this log"), "{said}");

    let _database = Database::empty().await;
    let graph = Database::text();
    let stores = ["--log", &log, "--graph", &graph];
    let (code, said) = run(&stores);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("there is no log in"), "{said}");
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        0
    );

    imported(&log, "embedded:");
    let (code, said) = run(&stores);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("shows no position of any log"), "{said}");

    let other = tempfile::tempdir().expect("a folder");
    imported(&sqlite(other.path()), &graph);
    let (code, said) = run(&stores);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("was projected from another log"), "{said}");
}

/// The process that serves is asked, and finds no difference in what is only newer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graph_is_verified_while_it_is_written_to() {
    for graph in [GraphKind::Embedded, GraphKind::Neo4j] {
        let places = Places::new(LogKind::Sqlite, graph).await;
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("control.sock");
        let upkeep = Upkeep {
            control: Some(socket.clone()),
            verify_every: None,
        };
        let service = Service::attended(&places, upkeep).await;
        service.import("karate").await;
        let socket = socket.display().to_string();
        let mut child = command(&["verify", "--control", &socket])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut written = 0;
        while child.try_wait().expect("it runs").is_none() {
            service.register(&format!("w{written}"), "W").await;
            written += 1;
        }
        let output = child.wait_with_output().expect("it ended");
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}");
        assert!(written > 0 && said.starts_with("equal; "), "{said}");
        service.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_background_finds_drift_and_says_so_while_the_node_serves() {
    let places = Places::new(LogKind::Sqlite, GraphKind::Neo4j).await;
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("control.sock");
    let upkeep = Upkeep {
        control: Some(socket.clone()),
        verify_every: Some(Duration::from_millis(20)),
    };
    let service = Service::attended(&places, upkeep).await;
    service.import("karate").await;
    checked(&service, "equal").await;
    assert_eq!(service.get("/health/ready").await.0, 200);
    change("MATCH (:User)-[e:FRIEND]->() WITH e LIMIT 2 DELETE e").await;
    let found = async || {
        service
            .get("/metrics")
            .await
            .1
            .contains("foaf_verify_differences 2")
    };
    soon(async { while !found().await {} }).await;
    // It is told, and callers are answered: what differs is a few of their answers at most.
    assert_eq!(service.get("/health/ready").await.0, 200);
    let (code, said) = run(&["--repair", "--control", &socket.display().to_string()]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("differences: 2, mended: 2"), "{said}");
    assert_eq!(service.get("/health/ready").await.0, 200);
    service.stop().await;
    assert!(!socket.exists(), "it is removed");
}

/// Waits for a check in the background.
async fn checked(service: &Service, result: &str) {
    let line = format!("foaf_verify_checks_total{{result=\"{result}\"}}");
    soon(async { while !service.get("/metrics").await.1.contains(&line) {} }).await;
}
