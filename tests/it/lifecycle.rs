//! Start and stop of the real program: no accepted mutation is lost, and the exit code tells.

use crate::{
    callers::{Callers, ask, assert_there},
    program::{Serving, sqlite},
};

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
    let callers = Callers::start(&serving.address);
    callers.accepted(160).await;
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(0), "{said}");
    let accepted = callers.give_up().await;
    assert!(accepted.len() >= 160);

    let serving = Serving::start(&arguments);
    assert_there(&serving.address, &accepted).await;
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
