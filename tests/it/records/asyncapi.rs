//! Nothing is forgotten: every type has a schema, a sample and a place in `asyncapi.yaml`, and
//! nothing else has.

use std::{collections::BTreeSet, fs, path::Path};

use foaf::event_log::record;

use super::{golden, samples, schemas};

fn types() -> BTreeSet<String> {
    record::types()
        .iter()
        .map(|kind| (*kind).to_owned())
        .collect()
}

fn asyncapi() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("asyncapi.yaml");
    fs::read_to_string(path).expect("the document is there")
}

/// The names of the files in a folder, without the ending.
fn files(folder: &Path, ending: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("text"));
    names
        .map(|name| match name.strip_suffix(ending) {
            Some(kind) => kind.to_owned(),
            None => panic!("{name} does not end in {ending}"),
        })
        .collect()
}

/// What follows each `before` in the text, up to the end of the line or a quote.
fn all_after(text: &str, before: &str) -> BTreeSet<String> {
    let places = text.split(before).skip(1);
    places
        .map(|rest| {
            rest.split(['\n', '\'', '"'])
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

#[test]
fn every_type_has_a_schema_and_nothing_else_has() {
    assert_eq!(files(&schemas::folder(), ".schema.json"), types());
}

#[test]
fn every_type_has_a_sample_and_nothing_else_has() {
    let folder = golden::path("any");
    let folder = folder.parent().expect("a folder");
    assert_eq!(files(folder, ".json"), types());
    let samples: BTreeSet<_> = samples::all().into_iter().map(|s| s.kind).collect();
    assert_eq!(samples, types());
}

#[test]
fn every_type_is_a_message_of_the_document_and_nothing_else_is() {
    let text = asyncapi();
    assert_eq!(all_after(&text, "\n      name: "), types());
    let schemas = types().into_iter().map(|kind| kind + ".schema.json");
    assert_eq!(all_after(&text, "./schemas/"), schemas.collect());
}

#[test]
fn the_examples_of_the_document_are_the_samples() {
    let samples = samples::all().into_iter();
    let values = samples.map(|sample| String::from_utf8(sample.message.value).expect("text"));
    let text = asyncapi();
    let examples = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("payload: {"));
    let examples: BTreeSet<_> = examples.map(|rest| format!("{{{rest}")).collect();
    assert_eq!(examples, values.collect());
}

#[test]
fn the_document_explains_every_header() {
    let text = asyncapi();
    for sample in samples::all() {
        for (name, _) in sample.message.headers.iter() {
            assert!(text.contains(&format!("        {name}:\n")), "{name}");
        }
    }
}
