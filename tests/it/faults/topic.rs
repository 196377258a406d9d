//! Records in the topic that are not ours, or not of our time.

use foaf::{
    event_log::{EventLog, Message, kafka::KafkaLog, record},
    judge::RULE,
    metrics,
};

use crate::{
    callers::register,
    logs::{self, fresh_topic, odd_messages, soon},
    program::{Running, Serving, foaf, sqlite, text},
};

/// A record that claims to be ours.
fn ours(kind: &str, value: &[u8]) -> Message {
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", "0190a8b0-0000-7000-8000-000000000001"),
        ("ce_type", kind),
        ("ce_source", record::SOURCE),
        ("ce_subject", "key"),
        ("ce_time", "2026-01-02T03:04:05Z"),
        ("ce_rule", &RULE.to_string()),
    ];
    Message {
        key: b"key".to_vec(),
        headers: headers.into_iter().collect(),
        value: value.to_vec(),
    }
}

async fn append(log: &KafkaLog, messages: &[Message]) {
    for message in messages {
        soon(log.append(message.clone()))
            .await
            .expect("the topic takes it");
    }
}

/// How many records were void because they are malformed.
async fn malformed(address: &str) -> usize {
    let page = reqwest::get(format!("{address}/metrics"))
        .await
        .expect("it answers");
    let page = page.text().await.expect("text");
    let name = format!("{}{{reason=\"malformed\"}} ", metrics::VOIDS);
    let count = page.lines().find_map(|line| line.strip_prefix(&name));
    count.map_or(0, |count| count.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_malformed_records_are_counted_and_passed_over() {
    let settings = fresh_topic();
    let log = KafkaLog::connect(settings.clone())
        .await
        .expect("the broker answers");
    let foreign = odd_messages();
    let mut strange = foreign.clone();
    for kind in record::types() {
        strange.extend(
            [&b""[..], b"{", b"[]", b"{}", b"{\"user\":1}", b"\xff"].map(|value| ours(kind, value)),
        );
    }
    append(&log, &foreign).await;
    let url = format!("kafka://{}/{}", settings.brokers, settings.topic);
    let serving = Serving::start(&["serve", "--listen", "127.0.0.1:0", "--log", &url]);
    assert_eq!(malformed(&serving.address).await, foreign.len());
    append(&log, &strange).await;
    // Its record stands behind theirs: when it is answered, they have been passed.
    let client = reqwest::Client::new();
    let taken = register(&client, &serving.address, "ann")
        .await
        .expect("an answer");
    assert!(
        taken["data"]["registerUser"]["user"]["id"].is_string(),
        "{taken}"
    );
    let expected = foreign.len() + strange.len();
    assert_eq!(malformed(&serving.address).await, expected);
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(0), "{said}");
    logs::delete_topic(&settings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_an_unknown_version_halts_and_is_named() {
    let settings = fresh_topic();
    let log = KafkaLog::connect(settings.clone())
        .await
        .expect("the broker answers");
    let url = format!("kafka://{}/{}", settings.brokers, settings.topic);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--log", &url];
    let serving = Serving::start(&arguments);
    append(&log, &[ours("foaf.user.registered.v99", b"{}")]).await;
    // While it serves, and at the next start.
    for running in [serving.process, Running::start(&arguments)] {
        let (code, said) = running.end();
        assert_eq!(code, Some(1), "{said}");
        for part in [
            "foaf.user.registered.v99",
            "at position 2",
            "run the build that wrote it, or a later one",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
    logs::delete_topic(&settings).await;
}

/// Nothing is founded on what is left of another log.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_without_its_first_record_is_refused() {
    let settings = fresh_topic();
    let log = KafkaLog::connect(settings.clone())
        .await
        .expect("the broker answers");
    append(&log, &[ours("foaf.user.registered.v1", b"{}")]).await;
    let url = format!("kafka://{}/{}", settings.brokers, settings.topic);
    let running = Running::start(&["serve", "--listen", "127.0.0.1:0", "--log", &url]);
    let (code, said) = running.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("but not the first one"), "{said}");
    assert_eq!(log.end().await, Ok(1), "nothing was written");
    logs::delete_topic(&settings).await;
}

/// A log of the last release that judged by rule 1: it is neither judged nor changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_an_earlier_rule_is_refused_with_the_way_out() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/logs/rule-1.jsonl");
    let folder = tempfile::tempdir().expect("a folder");
    let topic = fresh_topic();
    for url in [
        sqlite(folder.path()),
        format!("kafka://{}/{}", topic.brokers, topic.topic),
    ] {
        let restored = foaf(&["import", "--events", file, "--log", &url]);
        assert_eq!(restored.status.code(), Some(0), "{restored:?}");
        let serve = ["serve", "--listen", "127.0.0.1:0", "--log", &url];
        let (code, said) = Running::start(&serve).end();
        assert_eq!(code, Some(1), "{said}");
        for part in [
            "rule \"1\" at position 1",
            "run the build that wrote it",
            "import them",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
        // What can be read without judging still can.
        let exported = foaf(&["export", "--events", "-", "--log", &url]);
        assert_eq!(exported.status.code(), Some(0), "{exported:?}");
        let lines = |text: &str| {
            text.lines()
                .filter(|line| line.contains("foafoffset"))
                .count()
        };
        let before = std::fs::read_to_string(file).expect("text");
        assert_eq!(lines(&text(&exported.stdout)), lines(&before));
    }
    logs::delete_topic(&topic).await;
}
