//! What is no edge list is refused by its name and changes nothing; options read other layouts; a dry
//! run says what was understood.

use std::path::Path;

use super::{assert_parts, assert_refused, file, import};

/// Most have lines with two numbers that are no friendships.
const OTHERS: [(&str, &str, &str); 25] = [
    (
        "*Vertices 3\n1 \"a\"\n2 \"b\"\n3 \"c\"\n*Edges\n1 2\n2 3\n",
        "Pajek",
        "*Edges",
    ),
    (
        "*network club\n*vertices 2\n1 2\n",
        "Pajek",
        "--columns 1,2",
    ),
    (
        "%%MatrixMarket matrix coordinate pattern symmetric\n% a comment\n34 34 2\n2 1\n3 1\n",
        "Matrix Market",
        "--columns 1,2",
    ),
    (
        "7 11\n5 3 2\n1 3 4\n5 4 2 1\n2 3 6 7\n1 3 6\n5 4 7\n6 4\n",
        "METIS",
        "a line of its own",
    ),
    ("4 3\n2\n1 3\n2 4\n3\n", "METIS", "a line of its own"),
    // With weights of edges, of vertices, and of both.
    ("3 2 1\n2 7\n1 7 3 9\n2 9\n", "METIS", "a line of its own"),
    (
        "3 2 10 2\n5 5 2\n5 5 1 3\n5 5 2\n",
        "METIS",
        "a line of its own",
    ),
    (
        "3 2 011\n5 2 7\n5 1 7 3 9\n5 2 9\n",
        "METIS",
        "a line of its own",
    ),
    // Of a vertex without neighbours.
    ("4 2\n2\n1 3\n2\n\n", "METIS", "a line of its own"),
    ("c roads\np sp 3 2\na 1 2 7\n", "DIMACS", "--columns 2,3"),
    ("<graphml>\n1 2\n</graphml>\n", "GraphML", "two numbers"),
    ("{\"nodes\": []}\n", "JSON", "two numbers"),
    ("{\"specversion\":\"1.0\"}\n", "exported log", "--events"),
    ("graph [\n1 2\n]\n", "GML", "two numbers"),
    ("% sym\n1 2\n", "\"% sym\" is no friendship", "--comment %"),
    ("1,2\n2,3\n", "not 1 column", "--separator ','"),
    (
        "1;2;9\n2;3;9\n",
        "not 1 column",
        "--separator ';' --columns 1,2",
    ),
    ("1, 2\n2, 3\n", "no line is a friendship", "--separator ','"),
    ("from,to\nada,bob\n", "not 1 column", "--friendships FILE"),
    (
        "handle,firstName\nada,Ada\n",
        "not 1 column",
        "--users FILE",
    ),
    ("1 2 0.5\n2 3 1\n", "not 3 columns", "--columns 1,2"),
    (
        "3 3 9\n1 2\n2 3\n",
        "not 3 columns",
        "\"#\" before the line",
    ),
    ("3\n1 2\n2 3\n", "not 1 column", "\"#\" before the line"),
    (
        "ada bob\nbob cid\n",
        "no line is a friendship",
        "two numbers",
    ),
    (
        "0 1\n1 2 3\n2 0 4 5\n",
        "2 lines have not two columns",
        "two numbers",
    ),
];

#[test]
fn other_formats_are_refused_by_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, name, fix) in OTHERS {
        let path = file(folder.path(), "club.txt", text);
        assert_refused(folder.path(), &[&path], &["club.txt, line 1", name, fix]);
    }
    let path = file(folder.path(), "club.graph", OTHERS[5].0);
    let options = [&*path, "--columns", "1,2"];
    assert_refused(folder.path(), &options, &["club.graph, line 1", "METIS"]);
    // Nor do options make edges of them.
    let path = file(folder.path(), "club.mtx", OTHERS[2].0);
    let options = [&*path, "--comment", "%", "--columns", "1,2"];
    assert_refused(
        folder.path(),
        &options,
        &["club.mtx, line 1", "Matrix Market"],
    );
}

#[test]
fn a_first_line_with_counts_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let columns = &["--columns", "1,2"][..];
    for (text, options) in [
        ("# a comment\n4 3\n0 1\n1 2\n2 3\n", &[][..]),
        ("\r\n4 3\r\n1 2\r\n2 3\r\n3 4\r\n", &[]),
        ("# a comment\n5 4 3\n1 2\n2 3\n3 4\n", &[]),
        ("# a comment\n5 4 3\n1 2 9\n2 3 9\n3 4 9\n", columns),
    ] {
        let path = file(folder.path(), "club.txt", text);
        let parts = [
            "club.txt, line 2",
            "counts of vertices and edges",
            "\"#\" before it",
        ];
        assert_refused(folder.path(), &[&[&*path], options].concat(), &parts);
    }
    // Much the same lines, but the first is a friendship, or a comment.
    for (text, friendships) in [
        ("9 3\n0 1\n1 2\n2 3\n", "friendships: 4 new"),
        ("0 1\n1 2\n2 3\n4 3\n", "friendships: 4 new"),
        ("# 4 3\n0 1\n1 2\n2 3\n", "friendships: 3 new"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = file(folder.path(), "club.txt", text);
        let (code, said) = import(folder.path(), &[&path]);
        assert_eq!(code, Some(0), "{said}");
        assert_parts(&said, &[friendships]);
    }
}

/// A star with more leaves than the lines that an import refuses one by one.
#[test]
fn a_large_file_is_refused_by_its_format_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let leaves = 100_002;
    let hub: Vec<_> = (2..leaves + 2).map(|leaf| leaf.to_string()).collect();
    let text = format!("{} {leaves}\n{}\n", leaves + 1, hub.join(" ")) + &"1\n".repeat(leaves);
    let path = file(folder.path(), "star.graph", text);
    let parts = ["star.graph, line 1", "METIS"];
    assert_refused(folder.path(), &[&path], &parts);
}

#[test]
fn options_read_other_layouts() {
    for (text, options) in [
        ("1 2 0.5\n2 3 1e-3\n", "--columns 1,2"),
        ("9.5\t1\t2\n9.5\t2\t3\n", "--columns 3,2"),
        (
            "1,2,1082040961,x\n2, 3,1082040961\n",
            "--columns 1,2 --separator ,",
        ),
        ("1;;2\n2;;3\n", "--columns 1,3 --separator ;"),
        ("1\ta b\t2\n2\t\t3\n", "--columns 1,3 --separator tab"),
        ("% sym\n% 2 3 3\n1 2\n2 3\n", "--comment %"),
        ("id,other\n1,2\n2,3\n", "--comment id --separator ,"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = file(folder.path(), "club.txt", text);
        let arguments: Vec<_> = options.split(' ').chain([&*path]).collect();
        let (code, said) = import(folder.path(), &arguments);
        assert_eq!(code, Some(0), "{options}: {said}");
        assert_parts(&said, &["users: 3 new", "friendships: 2 new"]);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), "club.txt", "1 2 3\n2 3\n");
    let (code, said) = import(folder.path(), &["--columns", "1,3", &path]);
    assert_eq!(code, Some(1), "{said}");
    let part = "line 2: column 3 is wanted, and there are 2";
    assert_parts(&said, &["friendships: 1 new", part]);
}

#[test]
fn options_that_say_nothing_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), "club.txt", "1 2\n");
    for (option, value, part) in [
        ("--columns", "1", "such as 1,2"),
        ("--columns", "0,1", "such as 1,2"),
        ("--columns", "2,2", "such as 1,2"),
        ("--separator", ", ", "one character"),
        ("--comment", "", "--comment"),
        ("--columns", "1,2", "--users"),
    ] {
        let rest = if part == "--users" {
            vec![part]
        } else {
            vec![]
        };
        let arguments = [&[option, value], &rest[..], &[&*path]].concat();
        let (code, said) = import(folder.path(), &arguments);
        assert_eq!(code, Some(2), "{said}");
        assert_parts(&said, &[part]);
    }
}

/// What is where the log would be is none, and does not matter.
fn dry_run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    file(folder, "data", "no folder");
    import(folder, &[&["--dry-run"], arguments].concat())
}

#[test]
fn a_dry_run_of_an_edge_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(folder.path(), "club.txt", "# club\n1 2\n2 3\n3 3\n1 2\n4\n");
    let (code, said) = dry_run(folder.path(), &[&path]);
    assert_eq!(code, Some(1), "{said}");
    let expected = format!(
        "format: edge list\n\
        columns: two and no more, white space between, \"#\" before comments\n\
        name: club\n\
        users: 3\n\
        lines with a friendship: 3\n\
        refused lines: 2, the first: {path}, line 4: 3 cannot be a friend of itself\n\
        nothing was written: this was a dry run\n"
    );
    assert_eq!(said, expected);
    let path = file(folder.path(), "more.txt", "1,2,9\n2,3,9\n");
    let options = ["--columns", "1,2", "--separator", ",", "--name", "x", &path];
    let (code, said) = dry_run(folder.path(), &options);
    assert_eq!(code, Some(0), "{said}");
    let columns = "columns: 1 and 2, ',' between";
    assert_parts(
        &said,
        &[columns, "name: x", "users: 3", "refused lines: 0\n"],
    );
    let metis = file(folder.path(), "g.txt", "3 2\n2\n1 3\n2\n");
    let (code, said) = dry_run(folder.path(), &[&metis]);
    assert_eq!(code, Some(1), "{said}");
    assert_parts(&said, &["METIS"]);
}

#[test]
fn a_dry_run_of_csv_files_and_of_an_exported_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let users = file(
        folder.path(),
        "p.csv",
        "handle,firstName,lastname\nada,Ada,L\n,,\n",
    );
    let ties = file(folder.path(), "t.csv", "from,to\nada,bob\n");
    let options = ["--users", &users, "--friendships", &ties];
    let (code, said) = dry_run(folder.path(), &options);
    assert_eq!(code, Some(1), "{said}");
    assert_parts(
        &said,
        &[
            "format: CSV\n",
            &format!("columns: handle, firstName of {users}, but not lastname\n"),
            &format!("columns: from, to of {ties}\n"),
            "users: 1\nlines with a friendship: 1\nrefused lines: 1, the first: ",
            "p.csv, line 3: handle",
        ],
    );
    let log = file(folder.path(), "log.jsonl", "1 2\n");
    let (code, said) = dry_run(folder.path(), &["--events", &log]);
    assert_eq!(code, Some(1), "{said}");
    assert_parts(&said, &["log.jsonl, line 1: no event"]);
}
