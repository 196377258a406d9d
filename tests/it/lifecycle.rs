//! Start and stop of the real program: no accepted mutation is lost, and the exit code tells.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use crate::program::{Serving, sqlite};

async fn ask(client: &reqwest::Client, address: &str, query: &str) -> Option<Value> {
    let request = client.post(format!("{address}/graphql"));
    let response = request.json(&json!({ "query": query })).send().await.ok()?;
    response.json().await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_answers_and_stops_on_ctrl_c() {
    let demo = Serving::start(&["demo", "--listen", "127.0.0.1:0"]);
    let client = reqwest::Client::new();
    let query = "{ users { totalCount } user(by: {handle: \"valjean\"}) { name friends { totalCount } friendsOfFriends(first: 1) { edges { distance mutualFriendCount } } } }";
    let answer = ask(&client, &demo.address, query)
        .await
        .expect("it answers");
    assert_eq!(answer["data"]["users"]["totalCount"], 77);
    assert_eq!(answer["data"]["user"]["friends"]["totalCount"], 36);
    assert_eq!(
        answer["data"]["user"]["friendsOfFriends"]["edges"][0]["distance"],
        2
    );
    demo.signal("-INT");
    let (code, said) = demo.end();
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_accepted_mutation_is_lost_by_sigterm() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path());
    let arguments = ["serve", "--log", &log, "--listen", "127.0.0.1:0"];
    let serving = Serving::start(&arguments);
    let enough = Arc::new(AtomicBool::new(false));
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..8 {
        let (address, enough) = (serving.address.clone(), enough.clone());
        callers.spawn(async move {
            let client = reqwest::Client::new();
            let mut accepted = Vec::new();
            for n in 0.. {
                let handle = format!("c{caller}-{n}");
                let query = format!(
                    "mutation {{ registerUser(input: {{handle: \"{handle}\", firstName: \"X\"}}) {{ position user {{ id }} }} }}"
                );
                let Some(answer) = ask(&client, &address, &query).await else {
                    break;
                };
                if answer["data"]["registerUser"]["position"].is_null() {
                    break;
                }
                accepted.push(handle);
                if accepted.len() == 20 {
                    enough.store(true, Ordering::Relaxed);
                }
            }
            accepted
        });
    }
    while !enough.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(0), "{said}");
    let accepted = callers.join_all().await.concat();
    assert!(accepted.len() >= 20);

    let serving = Serving::start(&arguments);
    let client = reqwest::Client::new();
    for handle in accepted {
        let query = format!("{{ atLeastOne: user(by: {{handle: \"{handle}\"}}) {{ id }} }}");
        let answer = ask(&client, &serving.address, &query)
            .await
            .expect("it answers");
        assert!(
            answer["data"]["atLeastOne"]["id"].is_string(),
            "{handle} is lost"
        );
    }
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
}

#[test]
fn a_damaged_log_ends_the_process_loudly() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path());
    let arguments = ["serve", "--log", &log, "--listen", "127.0.0.1:0"];
    let edges = folder.path().join("two.txt");
    std::fs::write(&edges, "1 2\n2 3\n").expect("a file");
    let imported = crate::program::foaf(&["import", "--log", &log, &edges.display().to_string()]);
    assert!(imported.status.success());
    let database = rusqlite::Connection::open(folder.path().join("foaf.db")).expect("it opens");
    let changed = database.execute(
        "UPDATE log SET data = replace(data, '1', '7') WHERE position = 2",
        [],
    );
    assert_eq!(changed, Ok(1));
    drop(database);
    let ended = crate::program::command(&arguments)
        .output()
        .expect("it starts");
    let said = crate::program::text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("damaged at position 2"), "{said}");
}
