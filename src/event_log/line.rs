//! A record as one line of text: a CloudEvents 1.0 JSON object, with what it takes to restore the
//! record to the byte.
//!
//! The members are the record's `ce_` headers in their order, its value as `data`, and extension
//! attributes of ours:
//!
//! * `foafoffset`, `foafappendedms`: its place, and when the log took it;
//! * `partitionkey` (or `foafkey`, in base64): its key, where that is not the subject;
//! * `foafheaders`: all its headers, where a CloudEvent cannot carry them (a foreign program's);
//! * `foafcrc`: the CRC32C of everything up to and including this record, so that no line can be
//!   changed, lost or moved unseen.
//!
//! A value that is not JSON in one line is `data_base64`. The last line is the event
//! `foaf.export.ended.v1`: without it the file was cut off.

use std::sync::Arc;

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::{Headers, Message, Record};
use crate::domain::LogTime;

/// The most bytes that the line of a record has: twice a record in base64, with room.
pub const MAX_LINE_BYTES: usize = 4_000_000;

const ENDED: &str = "foaf.export.ended.v1";

/// Attributes that a header cannot have, for they say something else.
const TAKEN: [&str; 11] = [
    "data",
    "datacontenttype",
    "partitionkey",
    "traceparent",
    "foafoffset",
    "foafappendedms",
    "foafcrc",
    "foafkey",
    "foafheaders",
    "foafrecords",
    "foafend",
];

/// What every CloudEvent has.
const REQUIRED: [&str; 4] = ["ce_specversion", "ce_id", "ce_source", "ce_type"];

/// Writes the records of a log as lines, one after the other.
#[derive(Debug, Default)]
pub struct Encoder {
    checksum: u32,
    records: u64,
}

/// Reads the lines that an [`Encoder`] wrote.
#[derive(Debug, Default)]
pub struct Decoder {
    checksum: u32,
    records: u64,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// One record.
    Record(Record),
    /// There are no more.
    End {
        /// The end of the log: its last offsets may have no record. Early exports do not tell.
        end: Option<u64>,
    },
}

impl Encoder {
    /// The line of the next record, with its end.
    pub fn record(&mut self, record: &Record) -> Vec<u8> {
        self.checksum = checksum(self.checksum, record);
        self.records += 1;
        let message = &record.message;
        let mut members = Members::default();
        let mut subject = None;
        if let Some(attributes) = attributes(message) {
            for (name, value) in attributes {
                members.text(name, value);
                subject = subject.or((name == "subject").then_some(value));
            }
        } else {
            members.text("specversion", "1.0");
            members.text("id", record.offset.to_string());
            members.text("source", "foaf/export");
            members.text("type", "foreign");
            members.text("foafheaders", headers_text(message));
        }
        members.text("foafoffset", record.offset.to_string());
        members.text("foafappendedms", record.append_time.0.to_string());
        match std::str::from_utf8(&message.key) {
            Ok(key) if subject == Some(key) => {}
            Ok(key) => members.text("partitionkey", key),
            Err(_) => members.text("foafkey", BASE64.encode(&message.key)),
        }
        members.text("foafcrc", format!("{:08x}", self.checksum));
        match in_one_line(&message.value) {
            Some(json) => members.0.push(("data", Value::Json(json))),
            None => members.text("data_base64", BASE64.encode(&message.value)),
        }
        members.line()
    }

    /// The last line, with its end.
    #[must_use]
    pub fn end(&self, end: u64) -> Vec<u8> {
        let mut members = Members::default();
        members.text("specversion", "1.0");
        members.text("id", "end");
        members.text("source", "foaf/export");
        members.text("type", ENDED);
        members.text("foafrecords", self.records.to_string());
        members.text("foafend", end.to_string());
        members.text("foafcrc", format!("{:08x}", self.checksum));
        members.line()
    }
}

impl Decoder {
    /// What the next line says.
    ///
    /// # Errors
    /// What is wrong with it. No line after it can be read then.
    pub fn line(&mut self, line: &[u8]) -> Result<Line, String> {
        let line: ReadLine = serde_json::from_slice(line).map_err(|e| format!("no event: {e}"))?;
        if line.kind.as_deref() == Some(ENDED) && line.offset.is_none() {
            let is_whole = line.records.as_deref() == Some(&*self.records.to_string());
            if !is_whole {
                let of = line.records.unwrap_or_default();
                return Err(format!(
                    "the end after {of} records, but {} were read",
                    self.records
                ));
            }
            let end = line.end.as_deref().map(str::parse).transpose();
            let end = end.map_err(|_| "foafend is no number")?;
            return Ok(Line::End { end });
        }
        let (record, told) = line.record()?;
        self.checksum = checksum(self.checksum, &record);
        self.records += 1;
        if told != format!("{:08x}", self.checksum) {
            return Err(
                "not what was exported, or a line before it is missing (foafcrc does not fit)"
                    .to_owned(),
            );
        }
        Ok(Line::Record(record))
    }
}

/// The checksum of everything up to and including this record; each part goes with its length.
fn checksum(before: u32, record: &Record) -> u32 {
    let message = &record.message;
    let mut crc = crc32c::crc32c_append(before, &record.offset.to_le_bytes());
    crc = crc32c::crc32c_append(crc, &record.append_time.0.to_le_bytes());
    let headers = message.headers.iter();
    let headers = headers.flat_map(|(name, value)| [name.as_bytes(), value]);
    for part in headers.chain([&*message.key, &*message.value]) {
        crc = crc32c::crc32c_append(crc, &(part.len() as u64).to_le_bytes());
        crc = crc32c::crc32c_append(crc, part);
    }
    crc
}

/// The headers as attributes in their order, if they are a CloudEvent from which they can be made
/// again.
fn attributes(message: &Message) -> Option<Vec<(&str, &str)>> {
    let mut attributes: Vec<(&str, &str)> = Vec::with_capacity(message.headers.len());
    for (header, value) in message.headers.iter() {
        let name = match (header, header.strip_prefix("ce_")) {
            ("content-type", _) => "datacontenttype",
            ("traceparent", _) => "traceparent",
            (_, Some(name)) if is_free(name) => name,
            _ => return None,
        };
        if attributes.iter().any(|(other, _)| *other == name) {
            return None;
        }
        attributes.push((name, std::str::from_utf8(value).ok()?));
    }
    let has = |name: &&str| message.headers.get(name).is_some();
    REQUIRED.iter().all(has).then_some(attributes)
}

fn is_free(attribute: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !attribute.is_empty() && attribute.chars().all(allowed) && !TAKEN.contains(&attribute)
}

fn header_of(attribute: &str) -> String {
    match attribute {
        "datacontenttype" => "content-type".to_owned(),
        "traceparent" => attribute.to_owned(),
        _ => format!("ce_{attribute}"),
    }
}

/// Header names and values in base64, as a JSON list in a text: attributes are not nested.
fn headers_text(message: &Message) -> String {
    let headers = message.headers.iter();
    let pairs: Vec<_> = headers.map(|(n, v)| (n, BASE64.encode(v))).collect();
    serde_json::to_string(&pairs).expect("texts are JSON")
}

/// The value as it stands, if that is one line of JSON. `null` would be read as no data.
fn in_one_line(value: &[u8]) -> Option<&RawValue> {
    let json: &RawValue = serde_json::from_slice(value).ok()?;
    let text = json.get();
    let is_whole = text.len() == value.len() && text != "null";
    (is_whole && !text.contains(['\n', '\r'])).then_some(json)
}

enum Value<'a> {
    Text(String),
    Json(&'a RawValue),
}

#[derive(Default)]
struct Members<'a>(Vec<(&'a str, Value<'a>)>);

impl<'a> Members<'a> {
    fn text(&mut self, name: &'a str, value: impl Into<String>) {
        self.0.push((name, Value::Text(value.into())));
    }

    fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).expect("texts as keys, written to memory");
        line.push(b'\n');
        line
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            match value {
                Value::Text(text) => map.serialize_entry(name, text)?,
                Value::Json(json) => map.serialize_entry(name, json)?,
            }
        }
        map.end()
    }
}

/// The members of a line: those of ours, and the others in their order.
#[derive(Default)]
struct ReadLine {
    kind: Option<String>,
    offset: Option<String>,
    appended_ms: Option<String>,
    records: Option<String>,
    end: Option<String>,
    checksum: Option<String>,
    key_text: Option<String>,
    key_base64: Option<String>,
    headers: Option<String>,
    data: Option<Box<RawValue>>,
    data_base64: Option<String>,
    attributes: Vec<(String, String)>,
}

impl ReadLine {
    /// The record, and its checksum as the line tells it.
    fn record(self) -> Result<(Record, String), String> {
        let number = |name: &str, text: Option<String>| {
            let number = text.as_deref().and_then(|text| text.parse::<i64>().ok());
            number.ok_or_else(|| format!("{name} is missing, or no number"))
        };
        let bytes = |name: &str, text: &str| {
            let bytes = BASE64.decode(text);
            bytes.map_err(|_| format!("{name} is not base64"))
        };
        let headers: Headers = match &self.headers {
            None => {
                let attributes = self.attributes.into_iter();
                attributes
                    .map(|(name, value)| (header_of(&name), value.into_bytes()))
                    .collect()
            }
            Some(text) => {
                let pairs: Vec<(String, String)> =
                    serde_json::from_str(text).map_err(|e| format!("foafheaders: {e}"))?;
                let pairs = pairs.into_iter();
                pairs
                    .map(|(name, value)| Ok((name, bytes("foafheaders", &value)?)))
                    .collect::<Result<_, String>>()?
            }
        };
        let subject = headers.get("ce_subject");
        let key = match (self.key_text, self.key_base64, subject) {
            (Some(key), None, _) => key.into_bytes(),
            (None, Some(key), _) => bytes("foafkey", &key)?,
            (None, None, Some(subject)) => subject.to_vec(),
            _ => return Err("it needs a subject, a partitionkey or a foafkey".to_owned()),
        };
        let value = match (self.data, self.data_base64) {
            (Some(json), None) => json.get().as_bytes().to_vec(),
            (None, Some(text)) => bytes("data_base64", &text)?,
            _ => return Err("it needs data or data_base64".to_owned()),
        };
        let offset = number("foafoffset", self.offset)?;
        let record = Record {
            offset: u64::try_from(offset).map_err(|_| "foafoffset is below 0")?,
            append_time: LogTime(number("foafappendedms", self.appended_ms)?),
            message: Arc::new(Message {
                key,
                headers,
                value,
            }),
        };
        Ok((record, self.checksum.unwrap_or_default()))
    }
}

impl<'de> Deserialize<'de> for ReadLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = ReadLine;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a CloudEvent as a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ReadLine, A::Error> {
                let mut line = ReadLine::default();
                while let Some(name) = map.next_key::<String>()? {
                    let slot = match &*name {
                        "data" => {
                            line.data = Some(map.next_value()?);
                            continue;
                        }
                        "foafoffset" => &mut line.offset,
                        "foafappendedms" => &mut line.appended_ms,
                        "foafrecords" => &mut line.records,
                        "foafend" => &mut line.end,
                        "foafcrc" => &mut line.checksum,
                        "partitionkey" => &mut line.key_text,
                        "foafkey" => &mut line.key_base64,
                        "foafheaders" => &mut line.headers,
                        "data_base64" => &mut line.data_base64,
                        _ => {
                            let value: String = map.next_value()?;
                            if name == "type" {
                                line.kind = Some(value.clone());
                            }
                            line.attributes.push((name, value));
                            continue;
                        }
                    };
                    *slot = Some(map.next_value()?);
                }
                Ok(line)
            }
        }
        deserializer.deserialize_map(Object)
    }
}
