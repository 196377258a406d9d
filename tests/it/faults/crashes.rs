//! The process, or the disk, ends in the middle of writing.

use std::{path::Path, process::Command};

use rusqlite::{Connection, OpenFlags};

use crate::{
    callers::{Callers, ask, assert_there, code, register},
    program::{Running, Serving, foaf, limited, sqlite, text},
};

/// The ids of all committed records; none while the file is not there yet.
fn records(folder: &Path) -> Vec<String> {
    let read = || -> rusqlite::Result<Vec<String>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let file = Connection::open_with_flags(folder.join("foaf.db"), flags)?;
        let mut select = file.prepare("SELECT id FROM log ORDER BY position")?;
        select.query_map([], |row| row.get(0))?.collect()
    };
    read().unwrap_or_default()
}

#[test]
fn an_import_that_was_killed_is_repeated_and_goes_on() {
    const USERS: usize = 4_000;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let ring = (0..USERS).map(|n| format!("{n} {}\n", (n + 1) % USERS));
    let file = folder.path().join("ring.txt");
    std::fs::write(&file, ring.collect::<String>()).expect("a file");
    let (log, file) = (sqlite(&data), file.display().to_string());
    let arguments = ["import", "--log", &log, &file];

    let import = Running::start(&arguments);
    while records(&data).len() < 1_000 {
        std::thread::yield_now();
    }
    import.signal("-KILL");
    assert_eq!(import.end().0, None, "it was killed");
    let committed = records(&data);
    assert!(committed.len() < 2 * USERS, "it was not at its end");

    let again = foaf(&arguments);
    let said = text(&again.stdout);
    assert_eq!(again.status.code(), Some(0), "{said}");
    let after = records(&data);
    assert!(after.starts_with(&committed), "what was committed stayed");
    assert_eq!(after.len(), 1 + 2 * USERS, "everybody and each tie once");
    let known = committed.len() - 1;
    let (users, ties) = (known.min(USERS), known.saturating_sub(USERS));
    for (what, known) in [("users", users), ("friendships", ties)] {
        let line = format!("{what}: {} new, {known} there already", USERS - known);
        assert!(said.contains(&line), "{line} in {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_accepted_mutation_is_lost_by_sigkill() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path());
    let arguments = ["serve", "--log", &log, "--listen", "127.0.0.1:0"];
    let serving = Serving::start(&arguments);
    let callers = Callers::start(&serving.address);
    callers.accepted(160).await;
    serving.signal("-KILL");
    assert_eq!(serving.end().0, None, "it was killed");
    let accepted = callers.give_up().await;
    assert!(accepted.len() >= 160);

    let serving = Serving::start(&arguments);
    assert_there(&serving.address, &accepted).await;
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
}

/// A file that may not grow any further is refused like one on a full disk; and the limit can be
/// lifted while the process runs, as room can be made.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_until_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path());
    let arguments = ["serve", "--log", &log, "--listen", "127.0.0.1:0"];
    let limited = limited("ulimit -S -f 1000", &arguments);
    let mut serving = Serving::of(Running::of(limited));
    let callers = Callers::start(&serving.address);
    let mut accepted = callers.give_up().await;
    assert!(!accepted.is_empty(), "there was some room");
    let said = serving.process.until("event log cannot be written");
    assert!(said.contains("foaf.db cannot be written"), "{said}");

    let client = reqwest::Client::new();
    // What was refused to many at once may still have room for one, or a few.
    let refused = loop {
        let handle = format!("last-{}", accepted.len());
        let answer = register(&client, &serving.address, &handle).await;
        let answer = answer.expect("it answers");
        if answer["data"]["registerUser"]["position"].is_null() {
            break answer;
        }
        accepted.push(handle);
    };
    assert_eq!(code(&refused), "UNAVAILABLE", "{refused}");
    assert_there(&serving.address, &accepted).await;

    let mut lift = Command::new("prlimit");
    let pid = serving.process.id();
    let lifted = lift.args(["--fsize=unlimited:", "--pid", &pid]).status();
    assert!(lifted.expect("prlimit is there").success());
    let taken = register(&client, &serving.address, "late").await;
    let taken = taken.expect("it answers");
    assert!(
        taken["data"]["registerUser"]["position"].is_string(),
        "{taken}"
    );
    accepted.push("late".to_owned());
    serving.signal("-KILL");
    serving.end();

    let serving = Serving::start(&arguments);
    assert_there(&serving.address, &accepted).await;
    let query = "{ users { totalCount } }";
    let answer = ask(&client, &serving.address, query).await;
    let count = answer.expect("it answers")["data"]["users"]["totalCount"].take();
    assert_eq!(count, accepted.len(), "what was refused is not there");
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
}
