//! The data folder, or what is in it, is not what it should be.

use std::{fs, path::Path};

use rusqlite::Connection;

use super::refused;
use crate::program::{foaf, sqlite};

/// A folder with the log of a small import.
fn imported() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let edges = folder.path().join("club.txt");
    fs::write(&edges, "1 2\n2 3\n3 4\n").expect("a file");
    let log = sqlite(folder.path());
    let imported = foaf(&["import", "--log", &log, &edges.display().to_string()]);
    assert!(imported.status.success());
    (folder, log)
}

fn serve(log: &str, parts: &[&str]) {
    refused(
        &["serve", "--log", log, "--listen", "127.0.0.1:0"],
        &[&[log], parts].concat(),
    );
}

/// Changes the file behind the log's back.
fn in_file(folder: &Path, sql: &str) {
    let file = Connection::open(folder.join("foaf.db")).expect("it opens");
    file.execute_batch(sql).expect("it can be changed");
}

/// Tests may run as root, whom no permission stops: the folder's path is a file, or leads through one.
#[test]
fn a_folder_that_cannot_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    for path in [file.clone(), file.join("data")] {
        let fix = [
            "(--log, FOAF_LOG)",
            "cannot be made",
            "choose another folder",
        ];
        serve(&sqlite(&path), &fix);
    }
}

#[test]
fn a_folder_of_a_newer_version() {
    let (folder, log) = imported();
    in_file(folder.path(), "PRAGMA user_version = 2");
    let fix = [
        "(--log, FOAF_LOG)",
        "has format version 2",
        "this build knows 1",
        "run the build that wrote it",
    ];
    serve(&log, &fix);
}

#[test]
fn a_last_row_that_was_cut() {
    let (folder, log) = imported();
    in_file(
        folder.path(),
        "UPDATE log SET data = substr(data, 1, length(data) - 1)
         WHERE position = (SELECT max(position) FROM log)",
    );
    serve(&log, &["damaged at position 8", "restore it from a backup"]);
}

#[test]
fn a_row_that_is_missing() {
    let (folder, log) = imported();
    in_file(folder.path(), "DELETE FROM log WHERE position = 4");
    let fix = [
        "damaged at position 4",
        "missing",
        "restore it from a backup",
    ];
    serve(&log, &fix);
}

#[test]
fn a_byte_that_was_flipped() {
    let (folder, log) = imported();
    let path = folder.path().join("foaf.db");
    let mut bytes = fs::read(&path).expect("it can be read");
    // The file may hold copies of it where no row is any more.
    let is_handle = |place: &usize| bytes[*place..].starts_with(b"club-3");
    let places: Vec<_> = (0..bytes.len()).filter(is_handle).collect();
    let position = places.into_iter().find_map(|place| {
        bytes[place] ^= 1;
        fs::write(&path, &bytes).expect("it can be written");
        let file = Connection::open(&path).expect("it opens");
        let select = "SELECT position FROM log WHERE data LIKE '%blub-3%'";
        let found = file.query_row(select, [], |row| row.get::<_, i64>(0)).ok();
        if found.is_none() {
            bytes[place] ^= 1;
        }
        found
    });
    let position = position.expect("the handle is in a row");
    let position = format!("damaged at position {position}:");
    serve(&log, &[&position, "checksum", "restore it from a backup"]);
}
