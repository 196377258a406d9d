//! Guards and etags: an attempt takes effect only on the state that it was decided on.

use foaf::{
    domain::LogTime,
    judge::{Attempt, Entry, Guard, RecordId, Void},
};
use uuid::Uuid;

use super::harness::{Log, attempt, command, created, guard, key, record, refusal};

/// Attempt `number` that writes key 1, on the etag given.
fn writes_key_1(number: u8, etag: Option<u8>) -> Attempt {
    Attempt {
        guards: vec![guard(1, etag)],
        writes: vec![key(1)],
        ..attempt(number)
    }
}

/// Attempt `number` that reads with these guards, and writes nothing.
fn reads(number: u8, guards: Vec<Guard>) -> Attempt {
    Attempt {
        guards,
        ..attempt(number)
    }
}

#[test]
fn an_effective_record_becomes_the_etag_of_the_keys_that_it_writes() {
    let mut log = Log::created_at(0);
    let wrote_one_of_two = Attempt {
        guards: vec![guard(1, None), guard(2, None)],
        writes: vec![key(1)],
        ..attempt(1)
    };
    log.effective(1, wrote_one_of_two);
    assert_eq!(log.judge.etag(key(1)), Some(record(1).etag()));
    assert_eq!(log.judge.etag(key(2)), None, "it was only read");
    log.effective(2, writes_key_1(2, Some(1)));
    assert_eq!(log.judge.etag(key(1)), Some(record(2).etag()));
}

#[test]
fn a_guard_that_is_not_current_is_a_conflict() {
    for (etag, conflict) in [
        (Some(2), false), // the last record that wrote it
        (Some(1), true),  // stale: the one before
        (None, true),     // never written, when it was read
        (Some(9), true),  // a record that never took effect
    ] {
        let mut log = Log::created_at(0);
        log.effective(1, writes_key_1(1, None));
        log.effective(2, writes_key_1(2, Some(1)));
        if conflict {
            assert_eq!(
                log.void(3, writes_key_1(3, etag)),
                Void::Conflict,
                "{etag:?}"
            );
            assert_eq!(log.judge.etag(key(1)), Some(record(2).etag()));
            assert_eq!(log.judge.outcome(command(3)), None);
        } else {
            log.effective(3, writes_key_1(3, etag));
        }
    }
}

#[test]
fn an_etag_for_a_key_that_was_never_written_is_a_conflict() {
    let mut log = Log::created_at(0);
    assert_eq!(log.void(1, writes_key_1(1, Some(9))), Void::Conflict);
    log.effective(2, writes_key_1(2, None));
}

#[test]
fn a_key_that_was_only_read_conflicts_too() {
    let mut log = Log::created_at(0);
    log.effective(1, writes_key_1(1, None));
    assert_eq!(log.void(2, reads(2, vec![guard(1, None)])), Void::Conflict);
    log.effective(3, reads(3, vec![guard(1, Some(1))]));
    log.effective(4, reads(4, vec![guard(1, Some(1))]));
}

#[test]
fn every_guard_must_be_current() {
    for stale in 0..3 {
        let mut log = Log::created_at(0);
        log.effective(1, writes_key_1(1, None));
        let mut guards = vec![guard(1, Some(1)), guard(2, None), guard(3, None)];
        guards[stale].etag = Some(record(8).etag());
        assert_eq!(log.void(2, reads(2, guards)), Void::Conflict);
    }
}

#[test]
fn of_two_attempts_on_one_state_the_first_in_the_log_wins() {
    let mut log = Log::created_at(0);
    log.effective(1, writes_key_1(1, None));
    assert_eq!(log.void(2, writes_key_1(2, None)), Void::Conflict);
    // Decided again on the new state.
    let again = Attempt {
        command: command(2),
        ..writes_key_1(3, Some(1))
    };
    log.effective(3, again);
}

#[test]
fn a_refusal_has_guards_and_writes_nothing() {
    let mut log = Log::created_at(0);
    log.effective(1, writes_key_1(1, None));
    let refused = |number, etag| Attempt {
        decision: Err(refusal()),
        ..reads(number, vec![guard(1, etag)])
    };
    assert_eq!(log.void(2, refused(2, None)), Void::Conflict);
    assert_eq!(
        log.judge.outcome(command(2)),
        None,
        "it can be decided anew"
    );
    log.effective(3, refused(3, Some(1)));
    assert_eq!(log.judge.etag(key(1)), Some(record(1).etag()));
}

#[test]
fn a_void_record_moves_position_and_log_time_and_nothing_else() {
    let conflicting = || Attempt {
        writes: vec![key(1), key(2)],
        ..reads(7, vec![guard(1, Some(9)), guard(2, None)])
    };
    let voids = [
        Entry::Malformed(String::new()),
        Entry::GraphCreated(created(2)),
        Entry::Attempt(conflicting()),
        Entry::Attempt(Attempt {
            decided_at: LogTime(-super::harness::HOUR),
            ..conflicting()
        }),
    ];
    for entry in voids {
        let mut log = Log::created_at(0);
        log.effective(5, writes_key_1(1, None));
        log.void(10, entry);
        assert_eq!(log.judge.position(), 3);
        assert_eq!(log.judge.log_time(), LogTime(10));
        assert_eq!(log.judge.etag(key(1)), Some(record(1).etag()));
        assert_eq!(log.judge.etag(key(2)), None);
        assert_eq!(log.judge.outcome(command(7)), None);
        assert_eq!(log.judge.remembered(), 1);
        assert_eq!(log.judge.created(), Some(&created(1)));
    }
}

/// What is compared is a part of the hash and of the id: the rest of either says nothing.
#[test]
fn keys_and_etags_are_compared_by_64_bits() {
    let mut near = key(1);
    near.0[8..].fill(9);
    let mut log = Log::created_at(0);
    log.effective(1, writes_key_1(1, None));
    assert_eq!(log.judge.etag(near), Some(record(1).etag()));
    let mut far = key(1);
    far.0[7] += 1;
    assert_eq!(log.judge.etag(far), None);
    let other = RecordId(Uuid::from_u128(record(1).0.as_u128() | 1 << 127));
    assert_eq!(other.etag(), record(1).etag());
    let guard = Guard {
        key: near,
        etag: Some(other.etag()),
    };
    log.effective(2, reads(2, vec![guard]));
}
