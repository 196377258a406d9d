//! What is no record of ours by its headers, and what is one of a later build.

use foaf::{
    domain::LogTime,
    event_log::{Headers, Message, record::decode},
    judge::{Entry, Judge, Unknown},
};

use super::samples::{self, Sample, header, with_header};

const FORMED: &str = "foaf.friendship.formed.v1";

fn is_malformed(message: &Message) -> bool {
    matches!(decode(message), Entry::Malformed(_) | Entry::Foreign)
}

/// What is unknown about the message; also checks that a replay halts there.
#[track_caller]
fn unknown(message: &Message) -> Unknown {
    let entry = decode(message);
    let Entry::Unknown(what) = &entry else {
        panic!("expected an unknown entry, got {entry:?}");
    };
    let halt = Judge::default().judge(41, LogTime(0), &entry);
    let halt = halt.expect_err("a replay halts");
    assert_eq!((halt.position, &halt.what), (42, what));
    what.clone()
}

#[test]
fn messages_of_others_are_malformed() {
    assert!(is_malformed(&Message::default()));
    for sample in samples::all() {
        let bare = Message {
            headers: Headers::default(),
            ..sample.message.clone()
        };
        assert!(is_malformed(&bare));
        for source in ["", "FOAF", "foaf ", "//other"] {
            let other = with_header(&sample.message, "ce_source", Some(source.as_bytes()));
            assert!(is_malformed(&other), "{source:?}");
        }
    }
}

#[test]
fn others_may_use_types_and_rules_that_we_do_not_know() {
    let ours = samples::of(FORMED).message;
    let other = with_header(&ours, "ce_source", Some(b"other"));
    for (name, value) in [("ce_type", "other.thing.v1"), ("ce_rule", "3")] {
        let other = with_header(&other, name, Some(value.as_bytes()));
        assert!(is_malformed(&other), "{name}");
    }
}

#[test]
fn a_record_needs_every_header_but_two() {
    let free = ["content-type", "traceparent"];
    for Sample {
        kind,
        entry,
        message,
    } in samples::all()
    {
        for (name, _) in message.headers.iter() {
            let without = with_header(&message, name, None);
            if free.contains(&name) {
                assert_eq!(decode(&without), entry, "{kind} without {name}");
            } else {
                assert!(is_malformed(&without), "{kind} without {name}");
            }
        }
    }
}

#[test]
fn a_header_that_is_no_text_is_malformed() {
    for Sample { kind, message, .. } in samples::all() {
        for (name, _) in message.headers.iter() {
            let binary = with_header(&message, name, Some(&[0xff, 0xfe, 0x00]));
            if name.starts_with("ce_") {
                assert!(is_malformed(&binary), "{kind} with binary {name}");
            }
        }
    }
}

#[test]
fn a_header_that_is_not_what_it_should_be_is_malformed() {
    let message = samples::of(FORMED).message;
    let id = header(&message, "ce_id");
    let (capitals, bare) = (id.to_uppercase(), id.replace('-', ""));
    let cases = [
        ("ce_specversion", vec!["", "1", "0.3", "2.0"]),
        ("ce_id", vec!["", "7", &id[1..], &capitals, &bare]),
        ("ce_time", vec!["", "now", "1767323045678", "2026-01-02"]),
        (
            "ce_decidedat",
            vec!["", "now", "1767323045678", "2026-13-02T03:04:05Z"],
        ),
        ("ce_subject", vec!["", "somebody"]),
        (
            "ce_decidedon",
            vec!["", "-1", "+1", "01", "1.0", "18446744073709551616"],
        ),
        ("ce_keyed", vec!["", "True", "1", "yes"]),
    ];
    for (name, values) in cases {
        for value in values {
            let message = with_header(&message, name, Some(value.as_bytes()));
            assert!(is_malformed(&message), "{name}: {value:?}");
        }
    }
}

#[test]
fn hashes_are_16_bytes_of_unpadded_base64url() {
    let message = samples::of(FORMED).message;
    for name in ["ce_command", "ce_contenthash", "ce_writes"] {
        let good = header(&message, name).to_owned();
        assert_eq!(good.len(), 22, "{name} is one hash");
        let bad = [
            String::new(),
            "!".repeat(22),
            "+".repeat(21) + "A", // of the other alphabet
            good[1..].to_owned(),
            good.clone() + "A",
            good.clone() + "==",
            good[..21].to_owned() + "B", // bits beyond the 128th
            format!(" {good}"),
        ];
        for value in bad {
            let message = with_header(&message, name, Some(value.as_bytes()));
            assert!(is_malformed(&message), "{name}: {value:?}");
        }
    }
}

#[test]
fn guards_are_pairs_of_a_key_and_an_etag() {
    let message = samples::of(FORMED).message;
    let good = header(&message, "ce_guards").to_owned();
    let first = good.split(',').next().expect("a guard").to_owned();
    let key = first.split('=').next().expect("a key").to_owned();
    for value in [
        format!("{good},"),
        format!(",{good}"),
        good.replace(',', ";"),
        good.replace(',', ", "),
        format!("{key},{good}"),
        format!("{key}=,{good}"),
        format!("{key}=x,{good}"),
        format!("{key}=-=,{good}"),
        format!("=-,{good}"),
        format!("{},{good}", &first[1..]),
        String::new(),
    ] {
        let message = with_header(&message, "ce_guards", Some(value.as_bytes()));
        assert!(is_malformed(&message), "{value:?}");
    }
}

#[test]
fn a_key_is_written_only_under_a_guard() {
    for Sample { kind, message, .. } in samples::all() {
        // A refusal writes nothing, the log's identity has no such header.
        let Some((first, rest)) = message
            .headers
            .get("ce_writes")
            .and_then(<[u8]>::split_first)
        else {
            continue;
        };
        let other = if *first == b'A' { b'B' } else { b'A' };
        let other = with_header(&message, "ce_writes", Some(&[&[other], rest].concat()));
        assert!(is_malformed(&other), "{kind}");
    }
}

#[test]
fn as_many_keys_are_written_as_the_event_writes() {
    for Sample { kind, message, .. } in samples::all() {
        if message.headers.get("ce_writes").is_none() {
            continue; // the log's identity
        }
        let writes = header(&message, "ce_writes");
        let guards = header(&message, "ce_guards");
        let guarded = guards.split('=').next().expect("a key");
        let fewer = writes.rsplit_once(',').map_or("", |(rest, _)| rest);
        let more = format!("{writes},{guarded}");
        let more = more.trim_start_matches(',');
        for value in [fewer, more].iter().filter(|value| **value != writes) {
            let message = with_header(&message, "ce_writes", Some(value.as_bytes()));
            assert!(is_malformed(&message), "{kind}: {value:?}");
        }
    }
}

#[test]
fn the_subject_is_what_the_data_is_about() {
    let samples = samples::all();
    for sample in &samples {
        let own = header(&sample.message, "ce_subject");
        let others = samples
            .iter()
            .map(|other| header(&other.message, "ce_subject"));
        for subject in others.filter(|other| *other != own) {
            let message = with_header(&sample.message, "ce_subject", Some(subject.as_bytes()));
            assert!(is_malformed(&message), "{}: {subject}", sample.kind);
        }
    }
    let formed = samples::of(FORMED).message;
    let (low, high) = header(&formed, "ce_subject")
        .split_once(':')
        .expect("a pair");
    let swapped = format!("{high}:{low}");
    let formed = with_header(&formed, "ce_subject", Some(swapped.as_bytes()));
    assert!(is_malformed(&formed), "the lower id stands first");
}

#[test]
fn records_of_other_builds_halt_with_their_name() {
    for Sample { kind, message, .. } in samples::all() {
        for other in ["1", "3", ""] {
            let rule = with_header(&message, "ce_rule", Some(other.as_bytes()));
            assert_eq!(unknown(&rule), Unknown::Rule(other.to_owned()));
        }
        let version_3 = kind.replace(".v1", ".v3").replace(".v2", ".v3");
        for name in [
            "foaf.user.knighted.v1",
            "foaf.graph.created.v1",
            &version_3,
            "",
        ] {
            let other = with_header(&message, "ce_type", Some(name.as_bytes()));
            assert_eq!(unknown(&other), Unknown::Type(name.to_owned()));
        }
    }
}

#[test]
fn a_later_build_may_have_changed_everything_but_source_type_and_rule() {
    let message = samples::of(FORMED).message;
    let mut message = with_header(&message, "ce_rule", Some(b"3"));
    let headers = message.headers.iter();
    message.headers = headers
        .filter(|(name, _)| ["ce_source", "ce_rule", "ce_type"].contains(name))
        .collect();
    message.value = vec![0xff];
    assert_eq!(unknown(&message), Unknown::Rule("3".to_owned()));
}

#[test]
fn a_refusal_with_the_code_or_field_of_a_later_build_halts() {
    let message = samples::of("foaf.command.rejected.v1").message;
    for value in [
        r#"{"code":"TOO_MANY_SHOES","field":"user"}"#,
        r#"{"code":"HANDLE_TAKEN","field":"shoeSize"}"#,
    ] {
        let later = Message {
            value: value.into(),
            ..message.clone()
        };
        assert_eq!(unknown(&later), Unknown::Refusal);
    }
}
