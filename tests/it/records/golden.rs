//! One file per type in `tests/data/records`: what was once written is read for ever, and is still
//! written byte for byte. `UPDATE_EXPECTED=1` writes the files anew, which after a release is only
//! right for a type that is new.

use std::{env, fs, path::PathBuf};

use foaf::event_log::{Message, record};
use serde::Deserialize;

use super::samples;

/// Where the file of that type is.
pub(super) fn path(kind: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/records/{kind}.json"))
}

/// The message in a file.
pub(super) fn parse(text: &str) -> Message {
    #[derive(Deserialize)]
    struct File {
        key: String,
        headers: Vec<(String, String)>,
    }
    let file: File = serde_json::from_str(text).expect("the file is JSON");
    // The value is taken as it stands, for a parser would lose its order.
    let value = text.split_once("\n  \"value\": ").expect("a value").1;
    let value = value.strip_suffix("\n}\n").expect("the value comes last");
    let bytes = |(name, value): (String, String)| (name, value.into_bytes());
    Message {
        key: file.key.into_bytes(),
        headers: file.headers.into_iter().map(bytes).collect(),
        value: value.as_bytes().to_vec(),
    }
}

/// The file of a message.
fn render(message: &Message) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let quoted = |bytes: &[u8]| serde_json::to_string(&text(bytes)).expect("text is JSON");
    let headers = message.headers.iter();
    let headers = headers.map(|(name, value)| format!("    [\"{name}\", {}]", quoted(value)));
    let headers = headers.collect::<Vec<_>>().join(",\n");
    let (key, value) = (quoted(&message.key), text(&message.value));
    format!("{{\n  \"key\": {key},\n  \"headers\": [\n{headers}\n  ],\n  \"value\": {value}\n}}\n")
}

#[test]
fn every_record_is_written_and_read_as_its_file_says() {
    for sample in samples::all() {
        let path = path(&sample.kind);
        let written = render(&sample.message);
        if env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&path, &written).expect("the file can be written");
        }
        let expected = fs::read_to_string(&path).expect("the file can be read");
        assert_eq!(written, expected, "{}", sample.kind);
        let message = parse(&expected);
        assert_eq!(message, sample.message, "{}", sample.kind);
        assert_eq!(record::decode(&message), sample.entry, "{}", sample.kind);
    }
}

#[test]
fn a_record_without_a_trace_context_is_the_same_record() {
    for sample in samples::all() {
        let message = samples::with_header(&sample.message, "traceparent", None);
        assert_eq!(record::decode(&message), sample.entry, "{}", sample.kind);
    }
}
