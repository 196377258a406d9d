//! A row of the table: how a message stands in it, and the checksum that ties it to the row before.
//!
//! The key, `ce_id` and `ce_type` have columns of their own, so that people can ask for them in SQL.
//! The headers of a record of ours are a JSON list of those values that no column has and that are
//! not the same in every record ([`USUAL`]). Any others are a JSON object in their order. There,
//! `null` says that the value stands in the header's column, and a list of numbers is a value that
//! is not UTF-8.
//! Must never lose a byte: what is read is what was appended, or it is damaged.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::writer::Row;
use crate::domain::LogTime;
use crate::event_log::{Headers, Message, Record};

/// Where the value of a header of ours stands.
#[derive(PartialEq, Eq)]
enum Stands {
    /// Nowhere: it is always this.
    Always(&'static str),
    InColumn,
    InList,
    /// In the list, and the header may be missing.
    Maybe,
}

/// The headers of an attempt's record in their order. Never to be changed, for old rows rely on it:
/// what comes to differ from it is stored as an object.
const USUAL: [(&str, Stands); 15] = [
    ("ce_specversion", Stands::Always("1.0")),
    ("ce_id", Stands::InColumn),
    ("ce_type", Stands::InColumn),
    ("ce_source", Stands::Always("foaf")),
    ("ce_subject", Stands::InColumn),
    ("ce_time", Stands::InList),
    ("content-type", Stands::Always("application/json")),
    ("traceparent", Stands::Maybe),
    ("ce_rule", Stands::Always("1")),
    ("ce_command", Stands::InList),
    ("ce_contenthash", Stands::InList),
    ("ce_actor", Stands::InList),
    ("ce_decidedat", Stands::InList),
    ("ce_guards", Stands::InList),
    ("ce_writes", Stands::InList),
];

/// The most values of a list: those of [`USUAL`] with `traceparent`.
const MOST: usize = 8;

/// The columns of a row but for its position, time and checksum.
pub(super) struct Columns<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) kind: Option<&'a str>,
    pub(super) subject: &'a [u8],
    pub(super) headers: &'a str,
    pub(super) data: &'a [u8],
}

/// A message ready to be inserted.
pub(super) fn of(message: Message) -> Row {
    let headers = headers_of(&message);
    Row { message, headers }
}

/// The JSON text for the column `headers`.
pub(super) fn headers_of(message: &Message) -> String {
    let columns = Columns::of(message, "");
    let mut json = Vec::with_capacity(512);
    let written = match columns.usual(&message.headers) {
        Some(values) => serde_json::to_writer(&mut json, &values),
        None => columns.write_all(&message.headers, &mut json),
    };
    written.expect("texts, written to memory");
    String::from_utf8(json).expect("JSON is UTF-8")
}

impl<'a> Columns<'a> {
    /// The columns of a message whose `headers` are encoded already.
    pub(super) fn of(message: &'a Message, headers: &'a str) -> Self {
        Self {
            id: message.headers.text("ce_id"),
            kind: message.headers.text("ce_type"),
            subject: &message.key,
            headers,
            data: &message.value,
        }
    }

    /// The checksum of everything up to and including this row.
    pub(super) fn checksum(&self, before: u32, position: u64, time: LogTime) -> u32 {
        let mut crc = crc32c::crc32c_append(before, &position.to_le_bytes());
        crc = crc32c::crc32c_append(crc, &time.0.to_le_bytes());
        let columns = [
            self.id.map(str::as_bytes),
            self.kind.map(str::as_bytes),
            Some(self.subject),
            Some(self.headers.as_bytes()),
            Some(self.data),
        ];
        for column in columns {
            // The length goes first, so that no byte can move over to the neighbour unseen.
            let length = column.map_or(u64::MAX, |bytes| bytes.len() as u64);
            crc = crc32c::crc32c_append(crc, &length.to_le_bytes());
            crc = crc32c::crc32c_append(crc, column.unwrap_or_default());
        }
        crc
    }

    /// The value that a header has a column for.
    fn header(&self, name: &str) -> Option<&[u8]> {
        match name {
            "ce_id" => self.id.map(str::as_bytes),
            "ce_type" => self.kind.map(str::as_bytes),
            "ce_subject" => Some(self.subject),
            _ => None,
        }
    }

    /// The values for the list, if the headers are those of [`USUAL`].
    fn usual<'h>(&self, headers: &'h Headers) -> Option<Vec<&'h str>> {
        let mut values = Vec::with_capacity(MOST);
        let mut headers = headers.iter().peekable();
        for (name, stands) in &USUAL {
            let Some((_, value)) = headers.next_if(|(found, _)| found == name) else {
                if *stands == Stands::Maybe {
                    continue;
                }
                return None;
            };
            match stands {
                Stands::Always(same) if value == same.as_bytes() => {}
                Stands::InColumn if self.header(name) == Some(value) => {}
                Stands::InList | Stands::Maybe => values.push(std::str::from_utf8(value).ok()?),
                Stands::Always(_) | Stands::InColumn => return None,
            }
        }
        headers.next().is_none().then_some(values)
    }

    /// Writes all headers as an object.
    fn write_all(&self, headers: &Headers, json: &mut Vec<u8>) -> serde_json::Result<()> {
        let stored = headers.iter().map(|(name, value)| {
            let stands_in_column = self.header(name) == Some(value);
            let value = match std::str::from_utf8(value) {
                _ if stands_in_column => Value::InColumn,
                Ok(text) => Value::Text(text),
                Err(_) => Value::Bytes(value),
            };
            (name, value)
        });
        serde_json::Serializer::new(json).collect_map(stored)
    }

    fn message(&self) -> Result<Message, String> {
        let stored = serde_json::from_str(self.headers)
            .map_err(|e| format!("its headers are not what was written ({e})"))?;
        let headers = match stored {
            Stored::List(values) => self.list_to_headers(&values),
            Stored::All(headers) => self.all_to_headers(headers),
        };
        Ok(Message {
            key: self.subject.to_vec(),
            headers: headers?,
            value: self.data.to_vec(),
        })
    }

    fn list_to_headers(&self, values: &[Text<'_>]) -> Result<Headers, String> {
        let mut headers = Headers::with_capacity(USUAL.len(), self.headers.len() + 384);
        let has_all = values.len() == MOST;
        let mut values = values.iter();
        for (name, stands) in &USUAL {
            let value = match stands {
                Stands::Always(same) => Some(same.as_bytes()),
                Stands::InColumn => self.header(name),
                Stands::Maybe if !has_all => continue,
                Stands::InList | Stands::Maybe => values.next().map(|text| text.0.as_bytes()),
            };
            headers.push(name, value.ok_or_else(|| no_value(name))?);
        }
        match values.next() {
            None => Ok(headers),
            Some(_) => Err("it has more headers than it was written with".to_owned()),
        }
    }

    fn all_to_headers(&self, stored: Vec<(String, Option<Vec<u8>>)>) -> Result<Headers, String> {
        let mut headers = Headers::default();
        for (name, value) in stored {
            let value = value.as_deref().or_else(|| self.header(&name));
            headers.push(&name, value.ok_or_else(|| no_value(&name))?);
        }
        Ok(headers)
    }
}

fn no_value(name: &str) -> String {
    format!("its header {name} has no value")
}

/// Text where it is text, so that people can read it; bytes where it is not.
pub(super) fn text_or_blob(bytes: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match std::str::from_utf8(bytes) {
        Ok(_) => ValueRef::Text(bytes),
        Err(_) => ValueRef::Blob(bytes),
    })
}

/// The columns that [`decode`] reads, in its order.
pub(super) const COLUMNS: &str = "position, time, id, type, subject, headers, data, crc";

/// The record at `position` and its checksum, if the row is exactly what was written there.
pub(super) fn decode(
    row: &rusqlite::Row<'_>,
    position: u64,
    before: u32,
) -> Result<(Record, u32), String> {
    let integer = |i: usize| match row.get_ref(i) {
        Ok(ValueRef::Integer(value)) => Ok(value),
        _ => Err("a number is not what was written".to_owned()),
    };
    let text = |i: usize| match row.get_ref(i) {
        Ok(ValueRef::Null) => Ok(None),
        Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes)
            .map(Some)
            .map_err(|_| "a text is not UTF-8".to_owned()),
        _ => Err("a text is not what was written".to_owned()),
    };
    let bytes = |i: usize| match row.get_ref(i) {
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => Ok(bytes),
        _ => Err("a value is not what was written".to_owned()),
    };
    if u64::try_from(integer(0)?) != Ok(position) {
        return Err("the record is missing".into());
    }
    let append_time = LogTime(integer(1)?);
    let columns = Columns {
        id: text(2)?,
        kind: text(3)?,
        subject: bytes(4)?,
        headers: text(5)?.unwrap_or_default(),
        data: bytes(6)?,
    };
    let checksum = columns.checksum(before, position, append_time);
    if integer(7)? != i64::from(checksum) {
        return Err("the checksum does not fit the record and the one before it".into());
    }
    let record = Record {
        offset: position - 1,
        append_time,
        message: Arc::new(columns.message()?),
    };
    Ok((record, checksum))
}

enum Value<'a> {
    InColumn,
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::InColumn => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.collect_seq(*bytes),
        }
    }
}

#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What the column `headers` says.
enum Stored<'a> {
    List(Vec<Text<'a>>),
    /// In their order, also where a name comes twice; `None` stands in a column.
    All(Vec<(String, Option<Vec<u8>>)>),
}

impl<'de> Deserialize<'de> for Stored<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Stored<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of values or an object of headers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::with_capacity(MOST);
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Stored::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut headers = Vec::with_capacity(16);
                while let Some((name, OwnedValue(value))) = map.next_entry()? {
                    headers.push((name, value));
                }
                Ok(Stored::All(headers))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

struct OwnedValue(Option<Vec<u8>>);

impl<'de> Deserialize<'de> for OwnedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = OwnedValue;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, a list of bytes, or null")
            }

            fn visit_unit<E>(self) -> Result<OwnedValue, E> {
                Ok(OwnedValue(None))
            }

            fn visit_str<E>(self, text: &str) -> Result<OwnedValue, E> {
                Ok(OwnedValue(Some(text.as_bytes().to_vec())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OwnedValue, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = list.next_element()? {
                    bytes.push(byte);
                }
                Ok(OwnedValue(Some(bytes)))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
