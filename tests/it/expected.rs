//! What is generated is checked in and compared; `UPDATE_EXPECTED=1` writes it anew.

use std::{fs, path::PathBuf};

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file of the repository.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The file is as generated.
#[track_caller]
pub(crate) fn assert_file(path: &str, generated: &str) {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(repository(path), generated).expect("it can be written");
    }
    assert_eq!(text(path), generated, "UPDATE_EXPECTED=1 writes {path}");
}

/// What stands between two markers of a file is as generated.
#[track_caller]
pub(crate) fn assert_block(path: &str, name: &str, generated: &str) {
    let found = text(path);
    let (open, close) = (
        format!("<!-- {name}: generated -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let parts = found
        .split_once(&open)
        .and_then(|(before, rest)| Some((before, rest.split_once(&close)?.1)));
    let (before, after) = parts.unwrap_or_else(|| panic!("{path} has no block {name}"));
    assert_file(path, &format!("{before}{open}{generated}{close}{after}"));
}
