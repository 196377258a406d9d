//! The image and the compose file: safe by default, and the same servers as `scripts/stack` starts.

use std::collections::BTreeMap;

use foaf::{
    config::{GraphUrl, Hosts, LogUrl},
    graph::neo4j::settings,
};
use serde_json::Value;

use crate::expected::text;

fn compose() -> Value {
    serde_saphyr::from_str(&text("docker-compose.yml")).expect("YAML")
}

/// A setting of a service, as the container gets it.
fn environment(service: &str, name: &str) -> Option<String> {
    let value = compose()["services"][service]["environment"][name].take();
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// The lines `name=value` of a file of `scripts/stack-files`.
fn properties(file: &str) -> BTreeMap<String, String> {
    let text = text(&format!("scripts/stack-files/{file}"));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn every_service_is_watched_and_reachable_from_this_machine_only() {
    let compose = compose();
    let services = compose["services"].as_object().expect("services");
    assert_eq!(services.len(), 3);
    for (name, service) in services {
        assert!(service["healthcheck"]["test"].is_array(), "{name}");
        for port in service["ports"].as_array().expect("ports") {
            let port = port.as_str().expect("text");
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
    }
    let waits = services["foaf"]["depends_on"].as_object().expect("waits");
    assert_eq!(waits.len(), 2);
    for (name, wait) in waits {
        assert_eq!(wait["condition"], "service_healthy", "{name}");
    }
}

#[test]
fn foaf_is_told_where_its_servers_are() {
    let log = environment("foaf", "FOAF_LOG").expect("FOAF_LOG");
    assert!(matches!(LogUrl::parse(&log), Ok(LogUrl::Kafka { .. })));
    let graph = environment("foaf", "FOAF_GRAPH").expect("FOAF_GRAPH");
    let start = graph.find("${").expect("the password is not in the file");
    let end = graph.find('}').expect("a closing brace");
    let graph = format!("{}secret{}", &graph[..start], &graph[end + 1..]);
    assert!(matches!(
        GraphUrl::parse(&graph),
        Ok(GraphUrl::Neo4j { .. })
    ));
}

/// What comes in through the published port does not come to a loopback address of the container.
#[test]
fn foaf_is_called_by_the_names_that_the_port_is_published_under() {
    let hosts = environment("foaf", "FOAF_HOSTS").expect("FOAF_HOSTS");
    let default = hosts.strip_prefix("${FOAF_HOSTS:-").expect("a default");
    let hosts = Hosts::parse(default.trim_end_matches('}')).expect("names");
    assert!(hosts.has("localhost") && hosts.has("127.0.0.1") && !hosts.is_any());
}

#[test]
fn the_servers_are_those_of_the_stack() {
    for (service, tag, pom) in [
        ("kafka", "apache/kafka:{}", "kafka-pom.xml"),
        ("neo4j", "neo4j:{}-community", "neo4j-pom.xml"),
    ] {
        let pom = text(&format!("scripts/stack-files/{pom}"));
        // The first is that of the pom itself.
        let version = pom.split("<version>").nth(2).expect("a dependency");
        let version = version.split('<').next().unwrap_or_default();
        let image = compose()["services"][service]["image"].take();
        assert_eq!(image, tag.replace("{}", version));
    }
}

#[test]
fn kafka_is_set_as_in_the_stack() {
    let names = |name: &str| format!("KAFKA_{}", name.to_uppercase().replace('.', "_"));
    let mut same = 0;
    for (name, value) in properties("kafka.properties") {
        if name == "listener.security.protocol.map" {
            // The compose file has one listener more.
            continue;
        }
        if let Some(found) = environment("kafka", &names(&name)) {
            assert_eq!(found, value, "{name}");
            same += 1;
        }
    }
    assert!(same >= 8, "{same}");
    let auto_create = environment("kafka", "KAFKA_AUTO_CREATE_TOPICS_ENABLE");
    assert_eq!(auto_create.as_deref(), Some("false"));
}

#[test]
fn neo4j_is_set_as_in_the_stack_and_as_foaf_wants_it() {
    let names = |name: &str| format!("NEO4J_{}", name.replace('_', "__").replace('.', "_"));
    let own = properties("neo4j.conf");
    let mut found = Vec::new();
    for (name, value) in &own {
        if name.starts_with("server.default") || name.starts_with("server.https") {
            continue;
        }
        let set = environment("neo4j", &names(name));
        assert_eq!(set.as_ref(), Some(value), "{name}");
        found.push((name.clone(), value.clone()));
    }
    assert_eq!(settings::check(&found), Ok(()));
}

#[test]
fn the_image_runs_as_nobody_in_particular_and_says_how_it_is() {
    let dockerfile = text("Dockerfile");
    let last_stage = dockerfile.rsplit("\nFROM ").next().unwrap_or_default();
    let user = last_stage
        .lines()
        .find_map(|line| line.strip_prefix("USER "));
    assert!(user.is_some_and(|user| user != "root" && user != "0"));
    let health = last_stage.lines().any(|line| {
        line.starts_with("HEALTHCHECK ") && line.ends_with("CMD [\"foaf\", \"health\"]")
    });
    assert!(health, "{last_stage}");
    let build = dockerfile.lines().find(|line| line.contains("cargo build"));
    let build = build.expect("it is built there");
    assert!(build.contains("cargo build --profile dist "), "{build}");
    assert!(build.contains(" target/dist/foaf "), "{build}");
    let manifest: toml::Table = text("Cargo.toml").parse().expect("TOML");
    let dist = &manifest["profile"]["dist"];
    assert_eq!(dist["strip"].as_bool(), Some(true), "{dist}");
    let toolchain: toml::Table = text("rust-toolchain.toml").parse().expect("TOML");
    let version = toolchain["toolchain"]["channel"].as_str().expect("text");
    assert!(
        dockerfile.contains(&format!("rust:{version}-")),
        "{version}"
    );
}
