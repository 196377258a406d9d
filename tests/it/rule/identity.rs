//! The log's identity, positions and log time; what this build cannot judge.

use foaf::{
    domain::LogTime,
    judge::{Entry, Unknown, Unsupported, Verdict, Void},
};

use super::harness::{Log, attempt, command, created};

#[test]
fn the_first_identity_counts_and_a_second_changes_nothing() {
    let mut log = Log::default();
    assert_eq!(log.judge.created(), None);
    assert_eq!(log.append(5, created(1)), Verdict::Created);
    assert_eq!(log.void(6, created(2)), Void::CreatedBefore);
    assert_eq!(log.void(7, created(1)), Void::CreatedBefore);
    assert_eq!(log.judge.created(), Some(&created(1)));
}

#[test]
fn nothing_counts_before_the_identity() {
    let mut log = Log::default();
    assert_eq!(log.void(1, attempt(1)), Void::NotCreated);
    assert_eq!(log.judge.outcome(command(1)), None);
    assert_eq!(log.append(2, created(1)), Verdict::Created);
    log.effective(3, attempt(1));
}

#[test]
fn a_malformed_record_is_void_with_or_without_an_identity() {
    let mut log = Log::default();
    let malformed = || Entry::Malformed("by hand".to_owned());
    assert_eq!(log.void(1, malformed()), Void::Malformed);
    log.append(2, created(1));
    assert_eq!(log.void(3, malformed()), Void::Malformed);
    assert_eq!(log.judge.position(), 3);
}

#[test]
fn an_unknown_record_halts_with_its_position_and_name_and_changes_nothing() {
    let mut log = Log::created_at(1);
    log.void(2, Entry::Malformed(String::new()));
    let what = Unknown::Type("foaf.user.knighted.v1".to_owned());
    let unknown = Entry::Unknown(what.clone());
    let halt = log.try_append(9, unknown).expect_err("it halts");
    assert_eq!(halt, Unsupported { position: 3, what });
    let text = halt.to_string();
    assert!(text.contains("position 3") && text.contains("foaf.user.knighted.v1"));
    assert_eq!(log.judge.position(), 2, "it was not passed");
    assert_eq!(log.judge.log_time(), LogTime(2));
}

#[test]
fn an_unknown_record_halts_before_the_identity_too() {
    for (rule, way_out) in [
        ("1", "export --users"),
        ("3", "or a later one"),
        ("x", "later"),
    ] {
        let unknown = Entry::Unknown(Unknown::Rule(rule.to_owned()));
        let halt = Log::default().try_append(1, unknown).expect_err("it halts");
        assert_eq!(halt.position, 1);
        let text = halt.to_string();
        assert!(text.contains("rule 2") && text.contains(way_out), "{text}");
    }
}

#[test]
fn records_of_ours_without_an_identity_before_them_are_seen() {
    let mut log = Log::default();
    log.void(1, Entry::Foreign);
    assert!(!log.judge.is_headless(), "others may write what they like");
    for ours in [Entry::Malformed(String::new()), Entry::Attempt(attempt(1))] {
        let mut log = Log::default();
        log.void(1, ours);
        assert!(log.judge.is_headless());
    }
    log.append(2, created(1));
    log.void(3, Entry::Malformed(String::new()));
    assert!(!log.judge.is_headless());
}

#[test]
fn positions_follow_offsets_with_gaps() {
    let mut log = Log::created_at(1);
    let entry = Entry::Attempt(attempt(1));
    // Kafka leaves out offsets where it keeps its own control records.
    let verdict = log.judge.judge(7, LogTime(2), &entry).expect("known");
    let Verdict::Decided(outcome) = verdict else {
        panic!("expected an effective record, got {verdict:?}");
    };
    assert_eq!((outcome.position, log.judge.position()), (8, 8));
}

#[test]
fn log_time_is_the_running_maximum_over_every_record() {
    let mut log = Log::created_at(100);
    let void = || Entry::Malformed(String::new());
    for (append_time, log_time) in [
        (50, 100),
        (200, 200),
        (199, 200),
        (i64::MIN, 200),
        (201, 201),
    ] {
        log.void(append_time, void());
        assert_eq!(log.judge.log_time(), LogTime(log_time));
    }
    let outcome = log.effective(7, attempt(1));
    assert_eq!(outcome.time, LogTime(201), "not the record's own time");
    assert_eq!(outcome.position, 7);
}
