//! Rules of the code base that no compiler checks. Each failure lists every place.

mod layers;
mod source;

use source::{Source, sources};

/// The most lines of a file: what one can read in one sitting.
const MAX_LINES: usize = 400;

/// What the program must not keep: unfinished work, and panics in place of errors.
const NOT_IN_CODE: [&str; 5] = ["todo!", "unimplemented!", "dbg!", ".unwrap()", IGNORE];

/// A test that waits for a time is slow, or fails on a slow machine: it waits for a condition.
const NOT_IN_TESTS: [&str; 2] = [SLEEP, IGNORE];

// Each in two parts, for this file is a test too.
const IGNORE: &str = concat!("#[ign", "ore");
const SLEEP: &str = concat!("sle", "ep(");

#[track_caller]
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// Each place in `text` that has one of `words`.
fn places(source: &Source, text: &str, words: &[&str]) -> Vec<String> {
    let lines = text.lines().filter_map(|line| {
        let word = words.iter().find(|word| line.contains(**word))?;
        Some(format!("{}: {word} in {}", source.path, line.trim()))
    });
    lines.collect()
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent = sources().filter(|source| !source.text.starts_with("//! "));
    assert_none(&silent.map(|source| source.path).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long_to_read() {
    let long = sources().filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > MAX_LINES).then(|| format!("{}: {lines} lines", source.path))
    });
    assert_none(&long.collect::<Vec<_>>());
}

#[test]
fn the_program_has_no_unfinished_work_and_no_unwrap() {
    let found = sources()
        .filter(|source| source.path.starts_with("src/"))
        .flat_map(|source| places(&source, &source.code(), &NOT_IN_CODE));
    assert_none(&found.collect::<Vec<_>>());
}

/// The API's null in place of a field that failed would break a promise of the schema otherwise.
#[test]
fn every_field_that_can_fail_is_nullable() {
    let mut fields = 0;
    let mut found = Vec::new();
    for source in sources().filter(|source| source.path.starts_with("src/graphql")) {
        for object in source.code().split("#[Object").skip(1) {
            let object = object.split("\n}").next().unwrap_or_default();
            for field in object.split("async fn ").skip(1) {
                let signature = field.split("{\n").next().unwrap_or_default();
                let can_fail = signature.contains("-> Result<") || signature.contains("#[graphql");
                fields += usize::from(can_fail);
                if can_fail && !signature.contains("-> Result<Option<") {
                    let name = signature.split('(').next().unwrap_or_default();
                    found.push(format!("{}: {name}", source.path));
                }
            }
        }
    }
    assert!(fields > 20, "the scan has gone blind");
    assert_none(&found);
}

#[test]
fn tests_neither_sleep_nor_are_ignored() {
    let found = sources().flat_map(|source| places(&source, &source.tests(), &NOT_IN_TESTS));
    assert_none(&found.collect::<Vec<_>>());
}
