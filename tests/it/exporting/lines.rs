//! Records as lines: every record comes back to the byte, and no damaged line is taken.

use fastrand::Rng;
use foaf::{
    domain::LogTime,
    event_log::{
        Message, Record,
        line::{Decoder, Encoder, Line},
    },
};

use crate::logs::{message, odd_messages};

pub(super) fn record(offset: u64, message: Message) -> Record {
    let append_time = LogTime(1_700_000_000_000 - i64::try_from(offset).expect("small"));
    Record {
        offset,
        append_time,
        message: message.into(),
    }
}

/// Messages that a line cannot carry without help.
fn difficult() -> Vec<Message> {
    let mut all = odd_messages();
    for value in [
        "null",
        " {}",
        "{\n}",
        "{\"a\": 1.0e2, \"a\":2}",
        "nul",
        "\"\u{e9}\\u00e9\"",
    ] {
        let value = value.as_bytes().to_vec();
        all.push(Message {
            value,
            ..message(1)
        });
    }
    for (name, value) in [
        ("ce_foafcrc", "00"),
        ("ce_data", "x"),
        ("ce_datacontenttype", "x"),
        ("ce_traceparent", "x"),
        ("ce_Upper", "x"),
        ("ce_", "x"),
        ("ce_source", "foaf"),
        ("traceparent", "x"),
        ("content-type", "x"),
        ("ce_type", "foaf.export.ended.v1"),
    ] {
        let mut one = message(2);
        one.headers.push("ce_source", b"foaf");
        one.headers.push(name, value.as_bytes());
        all.push(one.clone());
        let mut backwards: Vec<_> = one.headers.iter().collect();
        backwards.reverse();
        one.headers = backwards.into_iter().collect();
        one.key = b"another".to_vec();
        all.push(one);
    }
    all
}

fn end(records: &[Record]) -> u64 {
    records.last().map_or(0, |last| last.offset + 1)
}

pub(super) fn lines(records: &[Record]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::default();
    let mut lines: Vec<_> = records
        .iter()
        .map(|record| encoder.record(record))
        .collect();
    lines.push(encoder.end(end(records)));
    lines
}

fn read(lines: &[Vec<u8>]) -> Result<Vec<Line>, (usize, String)> {
    let mut decoder = Decoder::default();
    let lines = lines.iter().enumerate();
    lines
        .map(|(number, line)| decoder.line(line).map_err(|what| (number, what)))
        .collect()
}

#[test]
fn every_message_is_a_cloud_event_in_one_line_and_comes_back() {
    let records: Vec<_> = (0..).zip(difficult()).map(|(n, m)| record(n, m)).collect();
    let lines = lines(&records);
    for line in &lines {
        assert_eq!(line.split_inclusive(|byte| *byte == b'\n').count(), 1);
        let event: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        assert_eq!(event["specversion"], "1.0");
        for attribute in ["id", "source", "type"] {
            assert!(event[attribute].is_string(), "{attribute}: {event}");
        }
        let names = event.as_object().expect("an object").keys();
        let is_name = |name: &String| {
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            name == "data_base64" || name.chars().all(allowed)
        };
        assert!(names.into_iter().all(is_name), "{event}");
    }
    let end = Some(end(&records));
    let mut expected: Vec<_> = records.into_iter().map(Line::Record).collect();
    expected.push(Line::End { end });
    assert_eq!(read(&lines), Ok(expected));
}

#[test]
fn a_record_of_ours_is_a_cloud_event_that_people_can_read() {
    let mut ours = message(3);
    ours.headers.push("ce_source", b"foaf");
    let line = lines(&[record(0, ours)]).remove(0);
    let event: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
    assert_eq!(event["type"], "foaf.user.registered.v1");
    assert_eq!(event["subject"], "user-3");
    assert_eq!(event["data"]["handle"], "user3");
    assert_eq!(event["foafoffset"], "0");
    assert!(event.get("foafheaders").is_none() && event.get("partitionkey").is_none());
}

#[test]
fn no_changed_lost_doubled_or_moved_line_is_taken() {
    let records: Vec<_> = (0..).zip(difficult()).map(|(n, m)| record(n, m)).collect();
    let sound = lines(&records);
    let mut rng = Rng::with_seed(3);
    for _ in 0..500 {
        let mut lines = sound.clone();
        let at = rng.usize(..lines.len() - 1);
        match rng.u8(..5) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            2 => lines.swap(at, at + 1),
            3 => drop(lines.drain(at..lines.len() - 1)),
            _ => {
                let byte = rng.usize(..lines[at].len() - 1);
                lines[at][byte] ^= 1 << rng.u8(..8);
                // A flipped bit may change only how a text is written.
                if let Ok(read) = read(&lines) {
                    assert_eq!(read, self::read(&sound).expect("sound"));
                    continue;
                }
            }
        }
        let (found, _) = read(&lines).expect_err("it was damaged");
        assert!(found >= at && found <= at + 1, "{at}: found at {found}");
    }
}
