//! The line that an import names is the one that an editor shows, whatever ends the lines.

use std::fs;

use super::{assert_parts, assert_refused, file, import};
use crate::program::{foaf, sqlite, text};

const LINE_ENDS: [&str; 3] = ["\n", "\r\n", "\r"];

#[test]
fn of_an_edge_list() {
    for end in LINE_ENDS {
        let folder = tempfile::tempdir().expect("a folder");
        let edges = ["# a comment", "", "1 2", " ", "", "3 3", "2 3", "4"].join(end);
        let path = file(folder.path(), "club.txt", edges);
        let (code, said) = import(folder.path(), &[&path]);
        assert_eq!(code, Some(1), "{end:?}: {said}");
        assert_parts(
            &said,
            &["friendships: 2 new", "line 6: 3 cannot", "line 8: two ids"],
        );
    }
}

#[test]
fn of_csv_files() {
    for end in LINE_ENDS {
        let folder = tempfile::tempdir().expect("a folder");
        let users = [
            "",
            "handle,firstName",
            "",
            "ada,Ada",
            " ",
            "",
            "bob,",
            "cid,\"Cid",
            "",
            "dan,Dan\"",
            "",
            "eve,Eve,",
            "fay,\"",
        ];
        let users = file(folder.path(), "people.csv", users.join(end));
        let ties = ["", "from,to", "", "", "ada,ada", "", "ada,zed"].join(end);
        let ties = file(folder.path(), "ties.csv", ties);
        let (code, said) = import(folder.path(), &["--users", &users, "--friendships", &ties]);
        assert_eq!(code, Some(1), "{end:?}: {said}");
        assert_parts(
            &said,
            &[
                "users: 1 new",
                "people.csv, line 7: firstName",
                "people.csv, line 8: a quote is not closed on its line, and 2 more lines",
                "people.csv, line 12: 3 fields for 2 columns",
                "people.csv, line 13: a quote is not closed on its line, and 0 more lines",
                "ties.csv, line 5: \"ada\" cannot be a friend of itself",
                "ties.csv, line 7: nobody has the handle \"zed\"",
            ],
        );
        let folder = tempfile::tempdir().expect("a folder");
        let headless = file(folder.path(), "people.csv", ["", "", "handle"].join(end));
        assert_refused(
            folder.path(),
            &["--users", &headless],
            &["people.csv, line 3: the column \"firstName\" is missing"],
        );
    }
}

#[test]
fn of_an_exported_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), "club.txt", "1 2\n2 3\n");
    let (code, said) = import(folder.path(), &[&path]);
    assert_eq!(code, Some(0), "{said}");
    let exported = folder.path().join("log.jsonl").display().to_string();
    let log = sqlite(&folder.path().join("data"));
    let output = foaf(&["export", "--events", &exported, "--log", &log]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let whole = fs::read_to_string(&exported).expect("exported");
    let lines: Vec<&str> = whole.lines().collect();
    for end in LINE_ENDS {
        let new = tempfile::tempdir().expect("a folder");
        // Behind the first line come two blank ones.
        let text = |lines: &[&str]| lines.join(end).replacen(end, &end.repeat(3), 1) + end;
        let cut = file(new.path(), "cut.jsonl", text(&lines[..3]));
        let mixed = file(new.path(), "mixed.jsonl", text(&[lines[0], "{}"]));
        for (damaged, part) in [
            (cut, "cut.jsonl, line 6: the last lines are missing"),
            (mixed, "mixed.jsonl, line 4: it needs a subject"),
        ] {
            let (code, said) = import(new.path(), &["--events", &damaged]);
            assert_eq!(code, Some(1), "{end:?}: {said}");
            assert_parts(&said, &[part, "nothing was restored"]);
        }
        let good = file(new.path(), "good.jsonl", text(&lines));
        let (code, said) = import(new.path(), &["--events", &good, "--dry-run"]);
        assert_eq!(code, Some(0), "{end:?}: {said}");
        assert_parts(&said, &[&format!("records: {}\n", lines.len() - 1)]);
        let (code, said) = import(new.path(), &["--events", &good]);
        assert_eq!(code, Some(0), "{end:?}: {said}");
        let records = format!("records: {} restored", lines.len() - 1);
        assert_parts(&said, &[&records]);
    }
}
