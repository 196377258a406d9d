//! `foaf rebuild`: the graph is made anew, and nobody notices.

use std::{
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    neo4j_graph::{Database, change},
    program::{Serving, command, foaf, sqlite, text},
    service::edges,
};

fn imported(log: &str, graph: &str, data_set: &str) {
    let file = edges(data_set).display().to_string();
    let output = foaf(&["import", "--log", log, "--graph", graph, &file]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = foaf(arguments);
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

async fn asked(client: &reqwest::Client, address: &str, query: &str) -> Option<Value> {
    let request = client.post(format!("{address}/graphql"));
    let response = request.json(&json!({ "query": query })).send().await.ok()?;
    let answer: Value = response.json().await.ok()?;
    answer
        .get("errors")
        .is_none()
        .then(|| answer["data"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_graph_is_replaced_under_load_without_a_failed_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path());
    imported(&log, "embedded:", "karate");
    let serving = Serving::start(&["serve", "--log", &log, "--listen", "127.0.0.1:0"]);
    let socket = folder.path().join("control.sock");
    let mode = std::fs::metadata(&socket)
        .expect("a socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let (done, reads, failed) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..4 {
        let (address, done) = (serving.address.clone(), done.clone());
        let (reads, failed) = (reads.clone(), failed.clone());
        callers.spawn(async move {
            let client = reqwest::Client::new();
            let mut users = 0;
            for n in 0.. {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                let query = if caller == 0 {
                    format!("mutation {{ registerUser(input: {{handle: \"w{n}\", firstName: \"W\"}}) {{ user {{ handle friends {{ totalCount }} }} }} }}")
                } else {
                    "{ users { totalCount } user(by: {handle: \"karate-0\"}) { friends { totalCount } friendsOfFriends(first: 5) { totalCount } } }".to_owned()
                };
                reads.fetch_add(1, Ordering::Relaxed);
                let Some(answer) = asked(&client, &address, &query).await else {
                    failed.fetch_add(1, Ordering::Relaxed);
                    continue;
                };
                if caller > 0 {
                    // Nothing is missing, and no read goes back.
                    assert_eq!(answer["user"]["friends"]["totalCount"], 16);
                    let now = answer["users"]["totalCount"].as_u64().expect("a number");
                    assert!(now >= users, "{now} after {users}");
                    users = now;
                }
            }
        });
    }
    while reads.load(Ordering::Relaxed) < 50 {
        tokio::task::yield_now().await;
    }
    // One may be over before anybody has asked again: it counts if somebody has.
    let mut under_load = 0;
    for _ in 0..100 {
        if under_load == 3 {
            break;
        }
        let before = reads.load(Ordering::Relaxed);
        let log = log.clone();
        let rebuilt = tokio::task::spawn_blocking(move || run(&["rebuild", "--log", &log]));
        let (code, said) = rebuilt.await.expect("no panic");
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("read back and has the digest"), "{said}");
        under_load += u32::from(reads.load(Ordering::Relaxed) > before);
    }
    assert_eq!(under_load, 3);
    done.store(true, Ordering::Relaxed);
    while let Some(ended) = callers.join_next().await {
        ended.expect("every read was right");
    }
    assert_eq!(failed.load(Ordering::Relaxed), 0);
    let (code, said) = run(&["verify", "--log", &log]);
    assert_eq!(code, Some(0), "{said}");
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
    let (code, said) = run(&["rebuild", "--log", &log]);
    assert_eq!(code, Some(1));
    assert!(said.contains("nobody serves this log"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_database_is_filled_and_gone_on_with() {
    let _database = Database::empty().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (log, graph) = (sqlite(folder.path()), Database::text());
    imported(&log, "embedded:", "karate");
    let into = ["rebuild", "--log", &log, "--into", &graph];
    let (code, said) = run(&into);
    assert_eq!(code, Some(0), "{said}");
    let password = graph.split(['@', ':']).nth(2).expect("a password");
    assert!(
        said.contains("FOAF_GRAPH") && !said.contains(password),
        "{said}"
    );
    // The log has gone on, and so does the graph.
    imported(&log, "embedded:", "florentine-families");
    let (code, said) = run(&into);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&["verify", "--log", &log, "--graph", &graph]);
    assert_eq!(code, Some(0), "{said}");

    let other = tempfile::tempdir().expect("a folder");
    let other = sqlite(other.path());
    imported(&other, "embedded:", "karate");
    let (code, said) = run(&["rebuild", "--log", &other, "--into", &graph]);
    assert_eq!(code, Some(1));
    assert!(said.contains("projected from another log"), "{said}");
    let (code, said) = run(&["rebuild", "--log", &other, "--graph", &graph, "--in-place"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("projected from another log"), "{said}");
    let (code, said) = run(&["verify", "--log", &log, "--graph", &graph]);
    assert_eq!(code, Some(0), "{said}");

    change("MATCH (c:Cursor) DELETE c").await;
    let (code, said) = run(&into);
    assert_eq!(code, Some(1));
    assert!(said.contains("has no cursor of foaf"), "{said}");
    let (code, said) = run(&["rebuild", "--log", &log, "--graph", &graph, "--in-place"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("has no cursor of foaf"), "{said}");
}

/// While a service has the log, on a log that many processes can read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_filled_beside_the_live_service() {
    let _database = Database::empty().await;
    let topic = crate::logs::fresh_topic();
    let log = format!("kafka://{}/{}", topic.brokers, topic.topic);
    imported(&log, "embedded:", "karate");
    let serving = Serving::start(&["serve", "--log", &log, "--listen", "127.0.0.1:0"]);
    let (code, said) = run(&["rebuild", "--log", &log, "--into", &Database::text()]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&["verify", "--log", &log, "--graph", &Database::text()]);
    assert_eq!(code, Some(0), "{said}");
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
    crate::logs::delete_topic(&topic).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_made_anew_in_place() {
    let _database = Database::empty().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (log, graph) = (sqlite(folder.path()), Database::text());
    imported(&log, &graph, "karate");
    for drift in [
        "MATCH (u:User) WITH u LIMIT 5 DETACH DELETE u",
        "CREATE (:User:Active {id: 'x'}), (:UserPast {id: 'y'})",
    ] {
        change(drift).await;
    }
    let stores = ["--log", &log, "--graph", &graph];
    // What foaf cannot have written is not taken out.
    let (code, said) = run(&[&["rebuild", "--in-place"], &stores[..]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--delete-foreign"), "{said}");
    let (code, said) = run(&[&["verify", "--repair", "--delete-foreign"], &stores[..]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("differences: 2, mended: 2"), "{said}");
    let (code, said) = run(&[&["rebuild", "--in-place"], &stores[..]].concat());
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&[&["verify"], &stores[..]].concat());
    assert_eq!(code, Some(0), "{said}");

    // Left halfway: it is nobody's graph until it is whole.
    change("MATCH (c:Cursor) REMOVE c.pos, c.digest").await;
    let ended = command(&[&["serve", "--listen", "127.0.0.1:0"], &stores[..]].concat());
    halted(ended);
    let (code, said) = run(&[&["rebuild", "--in-place"], &stores[..]].concat());
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&[&["verify"], &stores[..]].concat());
    assert_eq!(code, Some(0), "{said}");
}

/// The service says that its projection has halted, and projects nothing twice.
fn halted(mut serve: std::process::Command) {
    use std::io::{BufRead, BufReader};
    let mut child = serve
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let stderr = child.stderr.take().expect("piped");
    let halt = BufReader::new(stderr)
        .lines()
        .map_while(Result::ok)
        .find(|line| line.contains("the projection has halted"));
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let halt = halt.expect("it says so");
    assert!(halt.contains("already has a user"), "{halt}");
}
