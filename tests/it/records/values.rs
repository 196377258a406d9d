//! The values of records: the JSON Schema of a type and `decode` accept the same ones.

use foaf::{
    domain::{Field, RejectionCode},
    event_log::{Message, record::decode},
    judge::Entry,
};
use serde_json::{Value, json};

use super::{
    samples::{self, Sample, header, with_header},
    schemas,
};
use crate::sample::{texts, user};

const CREATED: &str = "foaf.graph.created.v2";
const REJECTED: &str = "foaf.command.rejected.v1";
const REGISTERED: &str = "foaf.user.registered.v1";
const UPDATED: &str = "foaf.user.profile-updated.v1";
const FORMED: &str = "foaf.friendship.formed.v1";

/// Whether a record of that sample's headers may have the value. An event that changes less writes
/// fewer keys, so the header that names them may be cut to fit.
fn decodes(sample: &Sample, value: &[u8]) -> bool {
    let message = Message {
        value: value.to_vec(),
        ..sample.message.clone()
    };
    let known =
        |message: &Message| matches!(decode(message), Entry::Attempt(_) | Entry::GraphCreated(_));
    if sample.kind != UPDATED {
        return known(&message);
    }
    let writes = header(&message, "ce_writes");
    let first = writes.split(',').next().expect("a key").as_bytes();
    known(&message) || known(&with_header(&message, "ce_writes", Some(first)))
}

/// Checks that the schema and `decode` agree, and gives their verdict.
#[track_caller]
fn accepted(sample: &Sample, value: &Value) -> bool {
    let bytes = serde_json::to_vec(value).expect("JSON");
    let decodes = decodes(sample, &bytes);
    let valid = schemas::of(&sample.kind).is_valid(value);
    assert_eq!(
        decodes, valid,
        "decode: {decodes}, schema: {valid} for {}: {value}",
        sample.kind
    );
    valid
}

fn value_of(sample: &Sample) -> Value {
    serde_json::from_slice(&sample.message.value).expect("the value is JSON")
}

fn object(sample: &Sample) -> serde_json::Map<String, Value> {
    let value = value_of(sample);
    value.as_object().expect("an object").clone()
}

/// The value with one property set.
fn with(sample: &Sample, name: &str, property: impl Into<Value>) -> Value {
    let mut value = value_of(sample);
    value[name] = property.into();
    value
}

#[test]
fn every_sample_fits_its_schema() {
    for sample in samples::all() {
        assert!(accepted(&sample, &value_of(&sample)), "{}", sample.kind);
    }
}

#[test]
fn a_property_too_many_is_refused() {
    for sample in samples::all() {
        for name in ["extra", "", "User", "state2"] {
            assert!(!accepted(&sample, &with(&sample, name, "x")), "{name}");
        }
    }
}

#[test]
fn a_missing_property_is_refused_unless_it_may_be_absent() {
    for sample in samples::all() {
        let names: Vec<String> = object(&sample).keys().cloned().collect();
        for name in names {
            let mut value = object(&sample);
            value.remove(&name);
            let optional = matches!(name.as_str(), "lastName" | "formerHandle");
            let accepted = accepted(&sample, &Value::Object(value));
            assert_eq!(accepted, optional, "{} without {name}", sample.kind);
        }
    }
}

#[test]
fn a_property_of_another_type_is_refused() {
    let others = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(""),
        json!("x\u{0}"),
        json!([]),
        json!({}),
    ];
    for sample in samples::all() {
        for name in object(&sample).keys() {
            for other in &others {
                assert!(!accepted(&sample, &with(&sample, name, other.clone())));
            }
        }
    }
}

#[test]
fn a_value_that_is_no_object_is_refused() {
    for sample in samples::all() {
        // Serde would read a struct from a list of its fields as well.
        let list: Value = object(&sample)
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        for value in [list, json!(null), json!("x"), json!(1), json!([])] {
            assert!(!accepted(&sample, &value));
        }
        for garbage in [&b""[..], b"{", b"\xff\xfe", b"{}{}", b"not json"] {
            assert!(!decodes(&sample, garbage), "{}", sample.kind);
        }
    }
}

#[test]
fn a_property_that_stands_twice_is_refused() {
    for sample in samples::all() {
        let text = std::str::from_utf8(&sample.message.value).expect("text");
        let twice = format!("{},{}", &text[..text.len() - 1], &text[1..]);
        assert!(!decodes(&sample, twice.as_bytes()), "{twice}");
    }
}

#[test]
fn white_space_and_order_are_free() {
    let sample = samples::of(FORMED);
    let text = format!(
        " {{ \"other\" : \"{}\",\n\"user\":\"{}\" }}\n",
        user(1),
        user(2)
    );
    assert!(decodes(&sample, text.as_bytes()));
}

#[test]
fn ids_have_one_spelling() {
    for kind in [CREATED, REGISTERED, FORMED] {
        let sample = samples::of(kind);
        let name = if kind == CREATED { "logId" } else { "user" };
        let id = value_of(&sample)[name].as_str().expect("an id").to_owned();
        for spelling in [
            id.replace('-', ""),
            format!("{{{id}}}"),
            format!("urn:uuid:{id}"),
            format!("{id} "),
            id.replace("0000-4", "0000-g"),
        ] {
            assert_ne!(spelling, id);
            assert!(!accepted(&sample, &with(&sample, name, spelling)));
        }
    }
    let sample = samples::of(CREATED);
    let capitals = "00000000-0000-4000-8000-0000000000FF";
    assert!(!accepted(&sample, &with(&sample, "logId", capitals)));
    assert!(accepted(
        &sample,
        &with(&sample, "logId", capitals.to_lowercase())
    ));
}

#[test]
fn handles_are_those_of_the_domain_in_their_folded_form() {
    for (kind, name) in [
        (REGISTERED, "handle"),
        (UPDATED, "handle"),
        (UPDATED, "formerHandle"),
    ] {
        let sample = samples::of(kind);
        for handle in texts::handles() {
            assert!(accepted(&sample, &with(&sample, name, handle)));
        }
        let unfolded = ["Ann", "\u{212a}elvin"].map(str::to_owned);
        for text in texts::not_handles().into_iter().chain(unfolded) {
            assert!(!accepted(&sample, &with(&sample, name, text)));
        }
    }
}

#[test]
fn names_are_those_of_the_domain() {
    for kind in [REGISTERED, UPDATED] {
        let sample = samples::of(kind);
        for field in ["firstName", "lastName"] {
            for name in texts::names().into_iter().chain(texts::blanks()) {
                assert!(accepted(&sample, &with(&sample, field, name)));
            }
            for text in texts::not_names() {
                assert!(!accepted(&sample, &with(&sample, field, text)));
            }
        }
    }
}

#[test]
fn a_user_starts_pending_or_active() {
    let sample = samples::of(REGISTERED);
    for state in ["PENDING", "ACTIVE"] {
        assert!(accepted(&sample, &with(&sample, "state", state)));
    }
    for state in ["SUSPENDED", "ARCHIVED", "ERASED", "active", "x"] {
        assert!(!accepted(&sample, &with(&sample, "state", state)));
    }
}

#[test]
fn every_refusal_is_known() {
    let sample = samples::of(REJECTED);
    for code in RejectionCode::ALL {
        for field in Field::ALL {
            let value = json!({"code": code.as_str(), "field": field.as_str()});
            assert!(accepted(&sample, &value));
        }
    }
    assert!(!accepted(&sample, &with(&sample, "code", "handle_taken")));
}

#[test]
fn the_hash_key_is_32_bytes_of_unpadded_base64url() {
    let sample = samples::of(CREATED);
    let good = value_of(&sample)["hashKey"]
        .as_str()
        .expect("text")
        .to_owned();
    assert_eq!(good.len(), 43);
    for bad in [
        good[1..].to_owned(),
        good.clone() + "A",
        good.clone() + "=",
        good[..42].to_owned() + "_", // bits beyond the 256th
        good[..42].to_owned() + "!",
        format!("+{}", &good[1..]),
    ] {
        assert!(!accepted(&sample, &with(&sample, "hashKey", bad)));
    }
    for last in "AEIMQUYcgkosw048".chars() {
        let key = format!("{}{last}", &good[..42]);
        assert!(accepted(&sample, &with(&sample, "hashKey", key)));
    }
}

#[test]
fn the_identity_says_rule_1() {
    let sample = samples::of(CREATED);
    assert!(!accepted(&sample, &with(&sample, "rule", 3)));
}

/// What a JSON Schema cannot say of two properties, `decode` checks all the same.
mod beyond_the_schema {
    use super::*;

    #[track_caller]
    fn only_decode_refuses(sample: &Sample, value: &Value) {
        assert!(schemas::of(&sample.kind).is_valid(value), "{value}");
        let bytes = serde_json::to_vec(value).expect("JSON");
        assert!(!decodes(sample, &bytes), "{value}");
    }

    #[test]
    fn windows_in_which_an_attempt_outlives_an_outcome_are_malformed() {
        let sample = samples::of(CREATED);
        for [attempt, outcome] in [
            ["attemptWindowMs", "outcomeWindowMs"],
            ["attemptWindowPositions", "outcomeWindowCount"],
        ] {
            let windows = |most: i64, least: i64| {
                let mut value = with(&sample, attempt, most);
                value[outcome] = least.into();
                value
            };
            only_decode_refuses(&sample, &windows(2, 1));
            only_decode_refuses(&sample, &windows(i64::MAX, i64::MAX - 1));
            assert!(accepted(&sample, &windows(1, 1)));
            assert!(accepted(&sample, &windows(i64::MAX, i64::MAX)));
            assert!(!accepted(&sample, &windows(0, 1)));
            assert!(!accepted(&sample, &windows(-1, 1)));
        }
    }

    #[test]
    fn a_user_has_nothing_to_do_with_themselves() {
        for mut sample in samples::all() {
            let Some(other) = value_of(&sample).get("other").cloned() else {
                continue;
            };
            let alone = with(&sample, "user", other.clone());
            // Nothing else is wrong with it: it is about that user, and writes no pair.
            let subject = other.as_str().expect("an id").as_bytes();
            sample.message = with_header(&sample.message, "ce_subject", Some(subject));
            sample.message = with_header(&sample.message, "ce_writes", Some(b""));
            only_decode_refuses(&sample, &alone);
        }
    }
}
