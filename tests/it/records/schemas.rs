//! The JSON Schemas in `schemas/`: one per type, each fit to be read by people.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::LazyLock};

use foaf::event_log::record;
use jsonschema::Validator;
use serde_json::Value;

/// Each schema, compiled once.
static VALIDATORS: LazyLock<BTreeMap<&'static str, Validator>> = LazyLock::new(|| {
    let compiled = record::types().iter().map(|kind| {
        let options = jsonschema::options().should_validate_formats(true);
        (*kind, options.build(&read(kind)).expect("a schema"))
    });
    compiled.collect()
});

/// The schema of that type.
pub(super) fn of(kind: &str) -> &'static Validator {
    &VALIDATORS[kind]
}

/// Where the schemas are.
pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

fn read(kind: &str) -> Value {
    let path = folder().join(format!("{kind}.schema.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{kind}: {error}"));
    serde_json::from_str(&text).expect("the schema is JSON")
}

#[test]
fn every_schema_is_of_draft_2020_12_and_closed() {
    for kind in record::types() {
        let schema = read(kind);
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{kind}");
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema["additionalProperties"], false, "{kind}");
    }
}

#[test]
fn every_schema_and_every_property_is_described() {
    for kind in record::types() {
        let schema = read(kind);
        assert!(schema["title"].is_string(), "{kind}");
        assert!(schema["description"].is_string(), "{kind}");
        let properties = schema["properties"].as_object().expect("properties");
        assert!(!properties.is_empty(), "{kind}");
        for (name, property) in properties {
            assert!(property["description"].is_string(), "{kind}: {name}");
        }
    }
}
