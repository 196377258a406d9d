//! Files of an export: CSV that an import reads back, nothing overwritten, beside a running service.

use std::fs;

use crate::program::{Serving, foaf, sqlite, text};

#[test]
fn csv_of_a_graph_gives_the_same_people_and_friendships() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (users, friendships) = (path("users.csv.gz"), path("friendships.csv"));
    let people = "handle,firstName,lastName,uuid,state\n\
        ada,\" Ada, the \"\"first\"\" \",Lovelace,01a2d0ff-0000-7000-8000-000000000001,\n\
        bob,Bob,,01a2d0ff-0000-7000-8000-000000000003,SUSPENDED\n\
        cho,조,,01a2d0ff-0000-7000-8000-000000000002,ACTIVE\n\
        dee,Dee,,01a2d0ff-0000-7000-8000-000000000004,PENDING\n\
        eve,Eve,,01a2d0ff-0000-7000-8000-00000000000,\n\
        fox,Fox,,,ARCHIVED\n";
    fs::write(path("people.csv"), people).expect("a file");
    fs::write(path("ties.csv"), "from,to\nbob,ada\ncho,ada\n").expect("a file");
    let first = sqlite(&folder.path().join("first"));
    let output = foaf(&[
        "import",
        "--users",
        &path("people.csv"),
        "--friendships",
        &path("ties.csv"),
        "--log",
        &first,
    ]);
    let said = text(&output.stdout);
    for part in [
        "users: 4 new",
        "friendships: 2 new",
        "line 6: uuid: \"01a2d0ff-0000-7000-8000-00000000000\" is not a UUID",
        "line 7: state: \"ARCHIVED\" is not one to import",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let second = sqlite(&folder.path().join("second"));
    let output = foaf(&[
        "export",
        "--users",
        &users,
        "--friendships",
        &friendships,
        "--log",
        &first,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for expected in ["users: 4 new", "users: 0 new"] {
        let output = foaf(&[
            "import",
            "--users",
            &users,
            "--friendships",
            &friendships,
            "--log",
            &second,
        ]);
        let said = text(&output.stdout);
        assert!(
            said.contains(expected) && said.contains("refused lines: 0"),
            "{said}"
        );
    }
    let exported = |log: &str| {
        ["--users", "--friendships"]
            .map(|what| text(&foaf(&["export", what, "-", "--log", log]).stdout))
    };
    let [users, friendships] = exported(&second);
    assert_eq!([&*users, &*friendships], exported(&first));
    assert_eq!(users.lines().count(), 5, "{users}");
    assert!(
        users.contains("\" Ada, the \"\"first\"\" \",Lovelace"),
        "{users}"
    );
    assert!(
        users.contains("bob,Bob,,01a2d0ff-0000-7000-8000-000000000003,SUSPENDED"),
        "{users}"
    );
    assert_eq!(friendships, "from,to\nada,cho\nada,bob\n");
}

#[test]
fn files_that_are_there_are_kept_and_nothing_to_export_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(&folder.path().join("data"));
    let file = folder.path().join("log.jsonl");
    fs::write(&file, "precious").expect("a file");
    let name = file.display().to_string();
    let said = |arguments: &[&str]| {
        let output = foaf(&[arguments, &["--log", &log]].concat());
        assert_eq!(output.status.code(), Some(1));
        text(&output.stderr)
    };
    assert!(said(&["export", "--events", &name]).contains("--force"));
    assert!(said(&["export"]).contains("--events"));
    assert!(said(&["export", "--events", &name, "--force"]).contains("no log in the folder"));
    assert!(said(&["export", "--events", "/nowhere/x"]).contains("/nowhere/x"));
    assert_eq!(fs::read_to_string(&file).expect("kept"), "precious");
    assert!(!folder.path().join("data").exists());
    let left = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "no temporary file");
}

#[test]
fn a_served_folder_is_exported_beside_the_service() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(&folder.path().join("data"));
    let generate = ["generate", "--users", "50", "--friendships", "200"];
    foaf(&[&generate[..], &["--into-log", "--log", &log]].concat());
    let service = Serving::start(&["serve", "--log", &log, "--listen", "127.0.0.1:0"]);
    let file = folder.path().join("log.jsonl").display().to_string();
    let output = foaf(&["export", "--events", &file, "--log", &log]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = fs::read_to_string(&file).expect("a file").lines().count();
    assert_eq!(
        lines,
        1 + 50 + 200 + 1,
        "identity, people, friendships, end"
    );
    service.signal("-TERM");
    assert_eq!(service.end().0, Some(0));
}
