//! What an import makes of files: which line it names, what is packed, and what is no edge list.

mod formats;
mod lines;
mod packed;

use std::{fs, path::Path};

use crate::program::{foaf, sqlite, text};

/// Runs an import into the log `data` of the folder, and gives its exit code and all that it says.
fn import(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let log = sqlite(&folder.join("data"));
    let output = foaf(&[&["import", "--log", &log], arguments].concat());
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

fn file(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, content).expect("a file");
    path.display().to_string()
}

#[track_caller]
fn assert_parts(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// An import with these arguments fails, says all of the parts, and makes no log.
#[track_caller]
fn assert_refused(folder: &Path, arguments: &[&str], parts: &[&str]) {
    let (code, said) = import(folder, arguments);
    assert_eq!(code, Some(1), "{arguments:?}: {said}");
    assert_parts(&said, parts);
    assert!(!folder.join("data").exists(), "{arguments:?}: {said}");
}
