//! Commands that were decided before: for 24 hours of log time their outcome is final.

use foaf::{
    domain::LogTime,
    judge::{Attempt, ContentHash, Entry, GraphCreated, OutcomeResult, Verdict, Void, Windows},
};

use super::harness::{
    DAY, HOUR, Log, attempt, command, created, guard, key, refusal, registration, rejected,
};
use crate::sample::{state_event, user};

/// A record that only carries log time on to then.
fn tick(log: &mut Log, time: i64) {
    log.void(time, Entry::Malformed(String::new()));
}

/// A later attempt at the command of attempt 1, decided at that time.
fn again(number: u8, decided_at: i64) -> Attempt {
    Attempt {
        command: command(1),
        decided_at: LogTime(decided_at),
        ..attempt(number)
    }
}

#[test]
fn a_duplicate_is_void_and_tells_the_outcome_that_the_judge_found() {
    let mut log = Log::created_at(0);
    let outcome = log.effective(10, attempt(1));
    assert_eq!(outcome.position, 2);
    assert_eq!(outcome.time, LogTime(10));
    assert_eq!(outcome.content, ContentHash([1; 16]));
    assert_eq!(outcome.result, OutcomeResult::Registered(user(1)));
    assert_eq!(log.void(20, again(2, 10)), Void::Duplicate(outcome));
    assert_eq!(log.judge.outcome(command(1)), Some(outcome));
}

#[test]
fn an_outcome_says_what_the_command_came_to() {
    use foaf::domain::StateEvent::UserArchived;
    for (decision, result) in [
        (Ok(registration(7)), OutcomeResult::Registered(user(7))),
        (Ok(state_event(UserArchived, user(7))), OutcomeResult::Done),
        (Err(refusal()), rejected()),
    ] {
        let mut log = Log::created_at(0);
        let attempt = Attempt {
            decision,
            ..attempt(1)
        };
        assert_eq!(log.effective(1, attempt).result, result);
    }
}

#[test]
fn a_refusal_is_final_for_an_attempt_that_is_still_on_its_way() {
    let mut log = Log::created_at(0);
    let refused = Attempt {
        decision: Err(refusal()),
        ..again(2, 0)
    };
    let outcome = log.effective(10, refused);
    let still_on_its_way = Attempt {
        guards: vec![guard(1, None)],
        writes: vec![key(1)],
        ..attempt(1)
    };
    assert_eq!(log.void(20, still_on_its_way), Void::Duplicate(outcome));
    assert_eq!(log.judge.etag(key(1)), None);
}

#[test]
fn a_duplicate_is_found_before_a_conflict() {
    let mut log = Log::created_at(0);
    let outcome = log.effective(1, attempt(1));
    let conflicting = Attempt {
        guards: vec![guard(1, Some(9))],
        ..again(2, 1)
    };
    assert_eq!(log.void(2, conflicting), Void::Duplicate(outcome));
}

#[test]
fn a_void_attempt_has_no_outcome_so_its_command_can_be_decided_anew() {
    let mut log = Log::created_at(0);
    let conflicting = Attempt {
        guards: vec![guard(1, Some(9))],
        ..attempt(1)
    };
    assert_eq!(log.void(1, conflicting), Void::Conflict);
    assert_eq!(log.judge.outcome(command(1)), None);
    log.effective(2, again(2, 1));
}

#[test]
fn an_outcome_is_remembered_for_24_hours_to_the_millisecond() {
    const AT: i64 = 1_000;
    for (later, remembered) in [(DAY, true), (DAY + 1, false)] {
        let mut log = Log::created_at(0);
        let outcome = log.effective(AT, attempt(1));
        tick(&mut log, AT + later);
        let found = log.judge.outcome(command(1));
        assert_eq!(found, remembered.then_some(outcome));
        if remembered {
            let void = log.void(AT + later, again(2, AT + later));
            assert_eq!(void, Void::Duplicate(outcome));
        } else {
            log.effective(AT + later, again(2, AT + later));
        }
    }
}

#[test]
fn what_counts_is_the_log_time_before_the_record_not_its_own() {
    let mut log = Log::created_at(0);
    let outcome = log.effective(0, attempt(1));
    // Its own append time is far beyond the window, but the log time before it is not.
    let void = log.void(2 * DAY, again(2, 0));
    assert_eq!(void, Void::Duplicate(outcome));
    // Its own append time is back within the window, but log time does not go back.
    log.effective(1, again(3, 2 * DAY));
}

#[test]
fn a_command_decided_anew_is_remembered_for_another_24_hours() {
    let mut log = Log::created_at(0);
    log.effective(0, attempt(1));
    let anew = DAY + 1;
    tick(&mut log, anew);
    let second = log.effective(anew, again(2, anew));
    assert_eq!((second.time, second.position), (LogTime(anew), 4));
    for time in [anew + 1, anew + DAY] {
        tick(&mut log, time);
        assert_eq!(log.void(time, again(3, time)), Void::Duplicate(second));
        assert_eq!(log.judge.remembered(), 1);
    }
    let third = anew + DAY + 1;
    tick(&mut log, third);
    log.effective(third, again(4, third));
}

#[test]
fn outcomes_are_forgotten_after_the_window_and_no_sooner() {
    let mut log = Log::created_at(0);
    for number in 1..=10 {
        let time = i64::from(number) * 1_000;
        log.effective(time, attempt(number));
    }
    assert_eq!(log.judge.remembered(), 10);
    tick(&mut log, DAY + 5_000);
    tick(&mut log, DAY + 5_000);
    assert_eq!(log.judge.remembered(), 6, "5 to 10 are in the window");
    assert_eq!(log.judge.outcome(command(4)), None);
    assert!(log.judge.outcome(command(5)).is_some());
    tick(&mut log, 3 * DAY);
    tick(&mut log, 3 * DAY);
    assert_eq!(log.judge.remembered(), 0);
}

#[test]
fn the_windows_are_those_of_the_log() {
    let mut log = Log::default();
    let short = GraphCreated {
        windows: Windows {
            attempt_ms: 10,
            outcome_ms: 20,
            ..Windows::DEFAULT
        },
        ..created(1)
    };
    assert_eq!(log.append(0, short), Verdict::Created);
    let outcome = log.effective(0, attempt(1));
    tick(&mut log, 20);
    assert_eq!(log.void(20, again(2, 10)), Void::Duplicate(outcome));
    assert_eq!(log.void(20, again(2, 9)), Void::Expired);
    tick(&mut log, 21);
    log.effective(21, again(3, 21));
}

/// A log that remembers three commands with a key, and where attempts live for two positions.
fn counting() -> Log {
    let mut log = Log::default();
    let windows = Windows {
        attempt_positions: 2,
        outcome_count: 3,
        ..Windows::DEFAULT
    };
    let counting = GraphCreated {
        windows,
        ..created(1)
    };
    assert_eq!(log.append(0, counting), Verdict::Created);
    log
}

/// The attempt of that number, decided just now.
fn now(log: &Log, number: u8, is_keyed: bool) -> Attempt {
    Attempt {
        decided_on: log.judge.position(),
        is_keyed,
        ..attempt(number)
    }
}

#[test]
fn an_outcome_is_remembered_until_so_many_more_were_decided() {
    let mut log = counting();
    let first = log.effective(0, now(&log, 1, true));
    for number in 2..=3 {
        log.effective(0, now(&log, number, true));
        // What has no key does not count.
        log.effective(0, now(&log, number + 10, false));
    }
    let again = now(&log, 1, true);
    assert_eq!(log.void(0, again), Void::Duplicate(first));
    assert_eq!(log.judge.outcome(command(1)), Some(first));
    log.effective(0, now(&log, 4, true));
    assert_eq!(log.judge.outcome(command(1)), None);
    log.effective(0, now(&log, 1, true));
}

#[test]
fn a_command_without_a_key_is_remembered_as_long_as_an_attempt_lives() {
    // Its record is the second; an attempt decided on the first lives until the third.
    for (gap, outcome) in [(0, true), (1, true), (2, false)] {
        let mut log = counting();
        let once = now(&log, 1, false);
        let found = log.effective(0, once.clone());
        assert_eq!(log.judge.outcome(command(1)), None, "nobody can ask for it");
        for _ in 0..gap {
            tick(&mut log, 0);
        }
        let remembered = log.judge.remembered();
        let void = log.void(0, once);
        let expected = if gap == 0 {
            Void::Duplicate(found)
        } else {
            Void::Expired
        };
        assert_eq!(void, expected);
        assert_eq!(
            (remembered, log.judge.remembered()),
            (1, usize::from(outcome))
        );
    }
}

#[test]
fn a_command_without_a_key_is_forgotten_by_log_time_too() {
    let mut log = Log::created_at(0);
    let once = Attempt {
        is_keyed: false,
        ..attempt(1)
    };
    let outcome = log.effective(0, once.clone());
    tick(&mut log, HOUR);
    assert_eq!(log.void(HOUR + 1, once.clone()), Void::Duplicate(outcome));
    assert_eq!(log.void(HOUR + 1, once), Void::Expired);
    assert_eq!(log.judge.remembered(), 0);
}
