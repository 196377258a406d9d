//! Attempts that were on their way for too long.

use foaf::{
    domain::LogTime,
    judge::{Attempt, Entry, Verdict, Void, Windows},
};

use super::harness::{HOUR, Log, attempt, command, guard, key};

#[test]
fn an_attempt_lives_for_one_hour_of_log_time_to_the_millisecond() {
    const DECIDED: i64 = 5_000;
    for (late, expired) in [(HOUR, false), (HOUR + 1, true)] {
        let mut log = Log::created_at(DECIDED);
        log.void(DECIDED + late, Entry::Malformed(String::new()));
        let attempt = Attempt {
            decided_at: LogTime(DECIDED),
            guards: vec![guard(1, None)],
            writes: vec![key(1)],
            ..attempt(1)
        };
        if expired {
            assert_eq!(log.void(DECIDED + late, attempt), Void::Expired);
            assert_eq!(log.judge.etag(key(1)), None);
            assert_eq!(log.judge.outcome(command(1)), None);
        } else {
            log.effective(DECIDED + late, attempt);
        }
    }
}

#[test]
fn what_counts_is_the_log_time_before_the_record_not_its_own_append_time() {
    let mut log = Log::created_at(0);
    // Appended two days later, but nothing was appended in between: nobody can have decided anew.
    log.effective(48 * HOUR, attempt(1));
    // Appended early by its own clock, but the log time has gone on.
    assert_eq!(log.void(1, attempt(2)), Void::Expired);
}

#[test]
fn an_attempt_decided_in_the_future_is_malformed() {
    for (decided_at, decided_on, is_sound) in [
        (50, 1, true),
        (51, 1, false),
        (50, 2, false),
        (i64::MAX, u64::MAX, false),
    ] {
        let mut log = Log::created_at(50);
        let decided = Attempt {
            decided_at: LogTime(decided_at),
            decided_on,
            ..attempt(1)
        };
        // Its own append time says nothing: nobody had seen it.
        if is_sound {
            log.effective(60, decided);
        } else {
            assert_eq!(log.void(60, decided), Void::Malformed);
            assert_eq!(log.judge.outcome(command(1)), None);
        }
    }
}

#[test]
fn an_attempt_lives_for_so_many_positions() {
    let most = Windows::DEFAULT.attempt_positions;
    for (late, expired) in [(most, false), (most + 1, true)] {
        let mut log = Log::created_at(0);
        // Decided on position 1; offsets may have gaps, and the record's own position counts.
        let entry = Entry::Attempt(Attempt {
            decided_on: 1,
            ..attempt(1)
        });
        let verdict = log.judge.judge(late, LogTime(0), &entry).expect("known");
        let is_expired = verdict == Verdict::Void(Void::Expired);
        assert_eq!(is_expired, expired, "{verdict:?}");
    }
}

#[test]
fn expiry_is_found_before_a_duplicate_and_before_a_conflict() {
    let mut log = Log::created_at(0);
    log.effective(HOUR + 1, attempt(1));
    let late = Attempt {
        guards: vec![guard(1, Some(9))],
        ..attempt(1)
    };
    assert_eq!(log.void(HOUR + 1, late), Void::Expired);
}

/// Times that no clock shows, as a crafted export may hold them: the rule holds for them, too.
#[test]
fn times_of_any_distance_are_compared() {
    for (created, now) in [(i64::MIN, i64::MAX), (-1, i64::MAX)] {
        let mut log = Log::created_at(created);
        let decided = |at| Attempt {
            decided_at: LogTime(at),
            ..attempt(1)
        };
        // Log time begins at 0.
        log.effective(created, decided(0));
        log.void(now, Entry::Malformed(String::new()));
        assert_eq!(log.void(now, decided(i64::MIN)), Void::Expired);
        assert_eq!(log.judge.outcome(command(1)), None, "it is forgotten");
        log.effective(i64::MIN, decided(i64::MAX));
    }
}
