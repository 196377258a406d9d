//! Front-end libraries as judges: the scripts of `tests/clients`, against a real process.
//!
//! `scripts/test` installs what they need, `npm ci --prefix tests/clients`.

use std::{env, path::Path, process::Command};

use crate::program::{Serving, text};

/// Runs a script to its end, and prints what it says.
fn judged(script: &str, variable: &str, usual: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    assert!(
        folder.join("node_modules").exists(),
        "run `npm ci --prefix tests/clients` first, as scripts/test does"
    );
    let serving = Serving::start(&["demo", "--listen", "127.0.0.1:0"]);
    let seed = env::var("FOAF_CLIENTS_SEED").unwrap_or_else(|_| "1".to_owned());
    let count = env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let run = Command::new("node")
        .args([script, &serving.address, &seed, &count])
        .current_dir(folder)
        .output()
        .expect("node is there");
    let said = text(&run.stdout) + &text(&run.stderr);
    println!("{said}");
    assert!(run.status.success(), "{said}");
}

#[test]
fn graphql_js_gives_the_same_verdict_and_the_same_keys() {
    judged("differential.mjs", "FOAF_CLIENTS_REQUESTS", "3000");
}

#[test]
fn the_log_holds_what_a_reading_of_the_specification_says() {
    judged("mutations.mjs", "FOAF_CLIENTS_MUTATIONS", "1000");
}
