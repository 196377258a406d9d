//! updateProfile.

use foaf::domain::{Command, Event, Field, Profile, RejectionCode as Code, StateEvent, UserState};

use super::harness::{Given, given};
use crate::sample::{handle, name, profile, registered, registered_pending, state_event, user};

/// What to change; tests name the parts.
struct Update {
    handle: Option<&'static str>,
    first: Option<&'static str>,
    #[expect(
        clippy::option_option,
        reason = "absent, taken away, and set are three things, as in the command"
    )]
    last: Option<Option<&'static str>>,
}

const NOTHING: Update = Update {
    handle: None,
    first: None,
    last: None,
};

fn update(update: &Update) -> Command {
    Command::UpdateProfile {
        user: user(1),
        handle: update.handle.map(handle),
        first_name: update.first.map(name),
        last_name: update.last.map(|last| last.map(name)),
    }
}

fn ann() -> Given {
    given([Event::UserRegistered {
        user: user(1),
        profile: profile("ann", "Ann", Some("Lee")),
        pending: false,
    }])
}

fn updated(profile: Profile, former_handle: Option<&str>) -> Event {
    Event::ProfileUpdated {
        user: user(1),
        profile,
        former_handle: former_handle.map(handle),
    }
}

#[test]
fn what_changes_nothing_is_no_event() {
    for same in [
        NOTHING,
        Update {
            handle: Some("ann"),
            first: Some("Ann"),
            last: Some(Some("Lee")),
        },
    ] {
        ann()
            .when(update(&same))
            .refused(Code::Unchanged, Field::User);
    }
}

#[test]
fn the_parts_that_are_absent_stay() {
    ann()
        .when(update(&Update {
            first: Some("Anna"),
            ..NOTHING
        }))
        .then(updated(profile("ann", "Anna", Some("Lee")), None));
    ann()
        .when(update(&Update {
            last: Some(Some("Li")),
            ..NOTHING
        }))
        .then(updated(profile("ann", "Ann", Some("Li")), None));
    ann()
        .when(update(&Update {
            last: Some(None),
            ..NOTHING
        }))
        .then(updated(profile("ann", "Ann", None), None));
    ann()
        .when(update(&Update {
            handle: Some("anna"),
            ..NOTHING
        }))
        .then(updated(profile("anna", "Ann", Some("Lee")), Some("ann")));
}

#[test]
fn all_parts_can_change_at_once_and_the_version_is_a_new_one() {
    let given = ann()
        .when(update(&Update {
            handle: Some("bea"),
            first: Some("Bea"),
            last: Some(None),
        }))
        .then(updated(profile("bea", "Bea", None), Some("ann")));
    let bea = given.state.user(user(1)).expect("the user exists");
    assert_eq!(bea.profile, profile("bea", "Bea", None));
    assert_eq!((bea.from.position, bea.created_at.0), (2, 1000));
}

#[test]
fn the_own_handle_is_not_taken() {
    ann()
        .when(update(&Update {
            handle: Some("ANN"),
            first: Some("Anna"),
            ..NOTHING
        }))
        .then(updated(profile("ann", "Anna", Some("Lee")), None));
}

#[test]
fn a_handle_given_up_is_free_and_the_new_one_is_taken() {
    let rename = |handle| {
        update(&Update {
            handle: Some(handle),
            ..NOTHING
        })
    };
    let given = ann()
        .and([registered(user(2))])
        .when(rename("user-2"))
        .refused(Code::HandleTaken, Field::Handle)
        .when(rename("anna"))
        .then(updated(profile("anna", "Ann", Some("Lee")), Some("ann")));
    assert_eq!(given.state.handle_owner(&handle("ann")), None);
    assert_eq!(given.state.handle_owner(&handle("anna")), Some(user(1)));
    given
        .when(Command::UpdateProfile {
            user: user(2),
            handle: Some(handle("ann")),
            first_name: None,
            last_name: None,
        })
        .then(Event::ProfileUpdated {
            user: user(2),
            profile: profile("ann", "Ann", None),
            former_handle: Some(handle("user-2")),
        })
        .when(rename("ann"))
        .refused(Code::HandleTaken, Field::Handle);
}

#[test]
fn the_handle_of_an_archived_user_can_be_taken_over() {
    ann()
        .and([
            registered(user(2)),
            state_event(StateEvent::UserArchived, user(2)),
        ])
        .when(update(&Update {
            handle: Some("user-2"),
            ..NOTHING
        }))
        .then(updated(profile("user-2", "Ann", Some("Lee")), Some("ann")));
}

#[test]
fn an_unknown_or_archived_user_is_refused_before_a_taken_handle() {
    let taken = || {
        update(&Update {
            handle: Some("user-2"),
            ..NOTHING
        })
    };
    given([registered(user(2))])
        .when(taken())
        .refused(Code::UnknownUser, Field::User);
    ann()
        .and([
            registered(user(2)),
            state_event(StateEvent::UserArchived, user(1)),
        ])
        .when(taken())
        .refused(Code::UserArchived, Field::User);
}

#[test]
fn a_suspended_or_pending_user_may_change_the_profile() {
    let suspended = ann()
        .and([state_event(StateEvent::UserSuspended, user(1))])
        .when(update(&Update {
            first: Some("Anna"),
            ..NOTHING
        }))
        .then(updated(profile("ann", "Anna", Some("Lee")), None));
    let anna = suspended.state.user(user(1)).expect("the user exists");
    assert_eq!(anna.state, UserState::Suspended);

    given([registered_pending(user(1))])
        .when(update(&Update {
            first: Some("Anna"),
            ..NOTHING
        }))
        .then(updated(profile("user-1", "Anna", None), None));
}
