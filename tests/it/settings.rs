//! Settings: flag, environment, file, default; what is in force, and every fault at once.

use std::{fs, path::Path, process::Output};

use crate::{
    expected,
    program::{Serving, command, foaf, text},
};

/// Runs the program in a folder, with variables of the environment.
fn run(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = command(arguments);
    command
        .current_dir(folder)
        .envs(environment.iter().copied());
    command.output().expect("the program starts")
}

fn folder(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("foaf.toml"), file).expect("a file");
    folder
}

/// The line of a setting.
fn line<'a>(output: &'a str, key: &str) -> &'a str {
    let found = output.lines().find(|line| line.starts_with(key));
    found.unwrap_or_else(|| panic!("{key} in {output}"))
}

#[test]
fn a_flag_goes_before_the_environment_before_the_file_before_the_default() {
    let file = "# settings\nlog = \"sqlite:./file\"\nlisten = \"127.0.0.1:1\"\nlog_format = \"json\"\nwrite_timeout_ms = 5000\n";
    let folder = folder(file);
    let environment = [
        ("FOAF_LISTEN", "127.0.0.1:2"),
        ("FOAF_WRITE_TIMEOUT_MS", "6000"),
    ];
    let flags = ["config", "--write-timeout-ms", "7000"];
    let output = run(folder.path(), &environment, &flags);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for expected in [
        "log = \"sqlite:./file\" # foaf.toml:2",
        "log_format = \"json\" # foaf.toml:4",
        "listen = \"127.0.0.1:2\" # environment FOAF_LISTEN",
        "write_timeout_ms = 7000 # flag",
        "graph = \"embedded:\" # default",
        "# kafka_ca_file is not set",
    ] {
        let key = expected.split(" = ").next().unwrap_or_default();
        assert_eq!(line(&said, key), expected);
    }
    // What it prints is a file again, with the same values.
    let named = folder.path().join("named.toml");
    fs::write(&named, &said).expect("written");
    let named = named.display().to_string();
    let again = run(folder.path(), &[("FOAF_CONFIG", &named)], &["config"]);
    let values = |text: &str| text.parse::<toml::Table>().expect("TOML");
    assert_eq!(values(&text(&again.stdout)), values(&said));
    assert!(text(&again.stdout).contains("named.toml:"), "{again:?}");
}

#[test]
fn secrets_are_masked() {
    let folder = folder("graph = \"neo4j+s://ann:s3cret@db:7687/people\"\n");
    let said = text(&run(folder.path(), &[], &["config"]).stdout);
    assert!(said.contains("neo4j+s://ann:***@db:7687/people"), "{said}");
    for arguments in [["config"], ["--help"]] {
        let output = run(folder.path(), &[], &arguments);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains("s3cret"), "{said}");
    }
    let output = run(folder.path(), &[], &["serve", "--help"]);
    assert!(!text(&output.stdout).contains("s3cret"));
}

#[test]
fn every_fault_of_file_environment_and_flags_is_told_at_once() {
    let file = "lgo = \"memory:\"\nwrite_timeout_ms = \"soon\"\nlisten = 5\ngraph = \"redis:\"\nzzz = 1\nx = [\n";
    let folder = folder(file);
    let environment = [("FOAF_LOG", "file:x")];
    let output = run(
        folder.path(),
        &environment,
        &[
            "serve",
            "--log-format",
            "xml",
            "--hosts",
            "http://foaf.example",
            "--max-friends",
            "18446744073709551616",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    for part in [
        "--hosts: \"http://foaf.example\" is not the name of a host",
        "--max-friends: \"18446744073709551616\" is not a whole number up to",
        "foaf.toml:1: lgo: no setting has this name; did you mean log?",
        "foaf.toml:2: write_timeout_ms: is of type string; write a number",
        "foaf.toml:3: listen: is of type integer; write a text in quotes",
        "foaf.toml:4: graph: a URL that begins with \"redis\"",
        "foaf.toml:5: zzz: no setting has this name; `foaf config` lists them",
        "foaf.toml:6: not TOML: ",
        "FOAF_LOG: \"file:x\" is not the URL of a log",
        "--log-format: \"xml\" is not a format",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(run(folder.path(), &[], &["config"]).status.success());
    let output = run(folder.path(), &[], &["config", "--config", "none.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("--config: none.toml cannot be read"),
        "{said}"
    );
}

#[test]
fn the_faults_of_a_file_are_told_beside_a_command_line_that_is_none() {
    let folder = folder("lgo = 1\n");
    let output = run(folder.path(), &[], &["serve", "--lgo", "x"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("foaf.toml:1: lgo") && said.contains("'--lgo'"),
        "{said}"
    );
    // Help is never in the way.
    assert!(
        run(folder.path(), &[], &["serve", "--help"])
            .status
            .success()
    );
}

#[cfg(not(feature = "kafka-tls"))]
#[test]
fn kafka_settings_without_the_feature_name_it() {
    let output = foaf(&["config", "--kafka-security-protocol", "SASL_SSL"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    let expected = "--kafka-security-protocol: this foaf was built without";
    assert!(
        said.contains(expected) && said.contains("kafka-tls"),
        "{said}"
    );
}

#[test]
fn the_readme_has_every_setting() {
    expected::assert_block("README.md", "settings", &foaf::cli::settings_table());
}

#[test]
fn health_asks_whoever_listens_there() {
    let started = ["serve", "--log", "memory:", "--listen", "127.0.0.1:0"];
    let serving = Serving::start(&started);
    let address = serving.address.trim_start_matches("http://").to_owned();
    let output = foaf(&["health", "--listen", &address]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "{\"status\":\"ready\"}\n");
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(0));
    let output = foaf(&["health", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&address), "{output:?}");
}

#[test]
fn the_log_is_structured() {
    let arguments = "serve --log memory: --listen 127.0.0.1:0 --log-format json --log-level debug";
    let serving = Serving::start(&arguments.split(' ').collect::<Vec<_>>());
    let greeting = format!("foaf listens at {}", serving.address);
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> = said
        .lines()
        .filter(|line| !line.starts_with(&greeting))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect();
    let started = lines
        .iter()
        .find(|line| line["fields"]["message"] == "starting");
    let started = started.unwrap_or_else(|| panic!("{said}"));
    assert_eq!(started["fields"]["log"], "memory:");
    for line in &lines {
        let message = line["fields"]["message"].as_str().unwrap_or_default();
        assert_eq!(message.to_lowercase(), message);
    }
}
