//! `docs/events.md`: the catalogue of the records, made from their schemas.

use std::fmt::Write as _;

use foaf::event_log::record;
use serde_json::Value;

use super::schemas;
use crate::expected;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A text that may stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// What a field holds, in a few words.
fn kind(field: &Value) -> String {
    if let Some(values) = field["enum"].as_array() {
        let values: Vec<_> = values.iter().map(|v| format!("`{}`", text(v))).collect();
        return values.join(", ");
    }
    match field["format"].as_str() {
        Some(format) => format.to_owned(),
        None => text(&field["type"]).to_owned(),
    }
}

fn section(name: &str, schema: &Value) -> String {
    let mut section = format!(
        "## `{name}`\n\n**{}.** {}\n\n",
        text(&schema["title"]),
        text(&schema["description"])
    );
    let fields = schema["properties"].as_object().expect("properties");
    if fields.is_empty() {
        section.push_str("No data.\n\n");
        return section;
    }
    section.push_str("| field | always there | value | meaning |\n|---|---|---|---|\n");
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (field, of) in fields {
        let always = if required.iter().any(|name| name == field) {
            "yes"
        } else {
            "no"
        };
        let (kind, meaning) = (cell(&kind(of)), cell(text(&of["description"])));
        let _ = writeln!(section, "| `{field}` | {always} | {kind} | {meaning} |");
    }
    let _ = writeln!(
        section,
        "\nSchema: [`{name}`](../schemas/{name}.schema.json).\n"
    );
    section
}

#[test]
fn the_catalogue_tells_every_record_as_its_schema_does() {
    let mut catalogue = "\
# The events

<!-- Generated from schemas/ by tests/it/records/catalogue.rs: UPDATE_EXPECTED=1 cargo test catalogue -->

Every record that can stand in the log, by its type (the header `ce_type`), and the fields of its value. The
other headers, and which records count, are told in [`asyncapi.yaml`](../asyncapi.yaml); a sample of each is in
[`tests/data/records/`](../tests/data/records).

"
    .to_owned();
    for name in record::types() {
        let path = schemas::folder().join(format!("{name}.schema.json"));
        let schema = std::fs::read_to_string(path).expect("a schema");
        let schema = serde_json::from_str(&schema).expect("JSON");
        catalogue.push_str(&section(name, &schema));
    }
    expected::assert_file("docs/events.md", &format!("{}\n", catalogue.trim_end()));
}
