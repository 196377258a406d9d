//! The command line: bad settings and bad files are named, with the fix; imports can be repeated.

use std::{fs, net::TcpListener, path::Path};

use crate::program::{Serving, foaf, sqlite, text};

#[test]
fn help_names_everything() {
    let help = text(&foaf(&["--help"]).stdout);
    for word in [
        "serve", "demo", "import", "export", "generate", "history", "verify", "rebuild", "schema",
    ] {
        assert!(help.contains(word), "{help}");
    }
    let help = text(&foaf(&["serve", "--help"]).stdout);
    for word in [
        "FOAF_LOG",
        "FOAF_GRAPH",
        "FOAF_LISTEN",
        "kafka://",
        "neo4j://",
        "sqlite:",
    ] {
        assert!(help.contains(word), "{help}");
    }
}

#[test]
fn the_help_of_import_describes_the_files() {
    let help = text(&foaf(&["--help"]).stdout);
    assert!(
        help.contains("Import people and friendships from files"),
        "{help}"
    );
    let help = text(&foaf(&["import", "--help"]).stdout);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "two ids a line with any white space between",
        "`#` before comments",
        "the handle NAME-N",
        "`handle,firstName`",
        "`from,to`",
        "gzipped",
        "exit code is 1 if any line was refused",
    ] {
        assert!(help.contains(part), "{part} in {help}");
    }
}

#[test]
fn the_schema_is_printed() {
    let schema = text(&foaf(&["schema"]).stdout);
    assert_eq!(schema, foaf::graphql::sdl());
}

#[test]
fn unknown_urls_are_named_all_at_once() {
    let output = foaf(&["serve", "--log", "file:x", "--graph", "redis://secret@h"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "--log: \"file:x\"",
        "sqlite:FOLDER",
        "--graph:",
        "\"redis\"",
        "embedded:",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let output = foaf(&["serve", "--log", "memory:", "--listen", &address]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains(&address) && said.contains("--listen"),
        "{said}"
    );
}

#[test]
fn a_data_folder_in_use_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path());
    let first = Serving::start(&["serve", "--log", &log, "--listen", "127.0.0.1:0"]);
    let output = foaf(&["serve", "--log", &log, "--listen", "127.0.0.1:0"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    let folder = folder.path().display().to_string();
    assert!(said.contains(&folder) && said.contains("process"), "{said}");
    first.signal("-TERM");
    assert_eq!(first.end().0, Some(0));
}

fn import(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let log = sqlite(&folder.join("data"));
    let arguments = [&["import", "--log", &log], arguments].concat();
    let output = foaf(&arguments);
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

fn file(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, content).expect("a file");
    path.display().to_string()
}

#[test]
fn an_edge_list_and_its_bad_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let edges = b"# a comment\r\n1 2\r\n2\t3\r\n\r\n3 1\r\n1\r\none two\r\n4 4\r\n2 1\r\n1 2 3\r\n\xff\xfe 1\r\n-1 2\r\n9223372036854775807 1\r\n";
    let path = file(folder.path(), "tiny.txt", edges);
    let (code, said) = import(folder.path(), &[&path]);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "users: 3 new, 0 there already",
        "friendships: 3 new, 1 there already",
        "refused lines: 7",
        "line 6: two ids are wanted, not 1",
        "line 7: \"one\" is not a whole number",
        "line 8: 4 cannot be a friend of itself",
        "line 10: two ids are wanted, not 3",
        "line 11: not UTF-8 text",
        "line 12: \"-1\" is not a whole number",
        "line 13: \"9223372036854775807\" is not a whole number",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let (_, said) = import(folder.path(), &[&path]);
    assert!(said.contains("nothing was changed"), "{said}");
    assert!(said.contains("users: 0 new, 3 there already"), "{said}");
}

#[test]
fn a_gzipped_edge_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, b"10 20\n20 30\n").expect("in memory");
    let path = file(
        folder.path(),
        "packed.txt.gz",
        &packed.finish().expect("in memory"),
    );
    let (code, said) = import(folder.path(), &[&path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("users: 3 new") && said.contains("friendships: 2 new"),
        "{said}"
    );
}

#[test]
fn csv_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let users =
        "handle,firstName,lastName\nada,Ada,Lovelace\nbob,Bob,\n,Nobody,\nada b,Ada,\neve,,\n";
    let users = file(folder.path(), "people.csv", users.as_bytes());
    let ties = "to,from\nbob,ADA\nada,ada\nzed,ada\nada\n";
    let ties = file(folder.path(), "ties.csv", ties.as_bytes());
    let (code, said) = import(folder.path(), &["--users", &users, "--friendships", &ties]);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "users: 2 new",
        "friendships: 1 new",
        "refused lines: 6",
        "people.csv, line 4: handle:",
        "people.csv, line 5: handle:",
        "people.csv, line 6: firstName:",
        "ties.csv, line 3: \"ada\" cannot be a friend of itself",
        "ties.csv, line 4: nobody has the handle \"zed\"",
        "ties.csv, line 5: the column \"from\" is missing",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn a_handle_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let users = "handle,firstName\nclub-1,Ann\nclub-2,Bob\nclub-2,Rob\nclub-1,Ann\n";
    let users = file(folder.path(), "people.csv", users.as_bytes());
    let (code, said) = import(folder.path(), &["--users", &users]);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "users: 2 new, 1 there already",
        "refused lines: 1",
        "\"club-2\" belongs to user ",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    // Its people have ids of their own, so 1 and 2 are others than those of the file above.
    let edges = file(folder.path(), "club.txt", b"1 2\n3 4\n");
    let (code, said) = import(folder.path(), &[&edges]);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "users: 2 new, 0 there already",
        "friendships: 1 new",
        "club.txt, line 1: handle: \"club-1\" belongs to user ",
        "club.txt, line 1: handle: \"club-2\" belongs to user ",
        "--name",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let renamed = file(
        folder.path(),
        "renamed.csv",
        b"handle,firstName\nclub-1,Anna\nclub-2,Bob\n",
    );
    let (code, said) = import(folder.path(), &["--users", &renamed]);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "users: 0 new, 1 there already",
        "renamed.csv, line 2: handle: \"club-1\" belongs to user ",
        "an import changes no profile",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn rows_that_are_no_rows_are_refused_for_what_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let users = "handle,firstName,lastName\nada,Ada,L,extra\nbob,\"Bob\ncid,Cid,\ndan,\"Dan\",\neve,Eve,\nfay,\"Fay\n";
    let users = file(folder.path(), "people.csv", users.as_bytes());
    let (code, said) = import(folder.path(), &["--users", &users]);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "users: 1 new",
        "refused lines: 3",
        "people.csv, line 2: 4 fields for 3 columns: put a value with a comma in quotes",
        "people.csv, line 3: a quote is not closed on its line, and 2 more lines were taken",
        "people.csv, line 7: a quote is not closed on its line, and 0 more lines were taken",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn files_that_cannot_be_imported_change_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let twice = file(
        folder.path(),
        "twice.csv",
        b"handle,firstName,handle\nada,Ada,bob\n",
    );
    let open = file(folder.path(), "open.csv", b"handle,\"firstName\nada,Ada\n");
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo is there").success());
    let pipe = pipe.display().to_string();
    let no_column = file(folder.path(), "people.csv", b"handle,name\nada,Ada\n");
    let odd = file(folder.path(), "so odd.txt", b"1 2\n");
    for (arguments, parts) in [
        (
            vec!["--users", no_column.as_str()],
            ["\"firstName\" is missing", "handle,name"],
        ),
        (
            vec!["/nowhere/at-all.txt"],
            ["/nowhere/at-all.txt", "cannot be read"],
        ),
        (vec![odd.as_str()], ["so odd", "--name"]),
        (
            vec![pipe.as_str()],
            ["pipe is not a regular file", "to a file first"],
        ),
        (
            vec!["--users", &pipe],
            ["pipe is not a regular file", "to a file first"],
        ),
        (
            vec!["--friendships", &pipe],
            ["pipe is not a regular file", "to a file first"],
        ),
        (
            vec!["--name", "x", "/dev/stdin"],
            ["/dev/stdin is not a regular file", "to a file first"],
        ),
        (
            vec!["--users", &twice],
            ["twice.csv, line 1", "\"handle\" is there twice"],
        ),
        (vec!["--users", &open], ["open.csv, line 1", "not closed"]),
        (vec![], ["FILE", "--users"]),
    ] {
        let (code, said) = import(folder.path(), &arguments);
        assert_ne!(code, Some(0), "{arguments:?}");
        for part in parts {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
    assert!(!folder.path().join("data").exists(), "no log was made");
}
