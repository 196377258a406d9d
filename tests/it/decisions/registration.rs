//! registerUser.

use foaf::domain::{Command, Event, Field, Profile, RejectionCode as Code, StateEvent, UserState};

use super::harness::{FRESH, given};
use crate::sample::{own_profile, profile, registered, state_event, user};

fn register(id: Option<u8>, profile: Profile) -> Command {
    Command::RegisterUser {
        id: id.map(user),
        profile,
        pending: false,
    }
}

#[test]
fn a_registration_makes_an_active_user_with_the_id_asked_for() {
    let given = given([])
        .when(register(Some(1), own_profile(user(1))))
        .then(registered(user(1)));
    let made = given.state.user(user(1)).expect("the user exists");
    assert_eq!(made.state, UserState::Active);
    assert_eq!(made.profile, own_profile(user(1)));
    assert_eq!((made.created_at, made.from.position), (made.from.time, 1));
}

#[test]
fn a_registration_that_names_no_id_takes_the_fresh_one() {
    let given = given([])
        .when(register(None, profile("ann", "Ann", Some("Lee"))))
        .then(Event::UserRegistered {
            user: user(FRESH),
            profile: profile("ann", "Ann", Some("Lee")),
            pending: false,
        });
    assert!(given.state.user(user(FRESH)).is_some());
}

#[test]
fn a_registration_can_ask_for_pending() {
    let given = given([])
        .when(Command::RegisterUser {
            id: Some(user(1)),
            profile: own_profile(user(1)),
            pending: true,
        })
        .then(Event::UserRegistered {
            user: user(1),
            profile: own_profile(user(1)),
            pending: true,
        });
    let made = given.state.user(user(1)).expect("the user exists");
    assert_eq!(made.state, UserState::Pending);
}

#[test]
fn a_taken_id_is_refused_before_a_taken_handle() {
    given([registered(user(1))])
        .when(register(Some(1), profile("free", "Ann", None)))
        .refused(Code::IdTaken, Field::Uuid)
        .when(register(Some(1), own_profile(user(1))))
        .refused(Code::IdTaken, Field::Uuid)
        .when(register(Some(2), own_profile(user(1))))
        .refused(Code::HandleTaken, Field::Handle)
        .when(register(None, own_profile(user(1))))
        .refused(Code::HandleTaken, Field::Handle);
}

#[test]
fn a_handle_is_taken_in_whatever_case_it_is_written() {
    given([registered(user(1))])
        .when(register(Some(2), profile("USER-1", "Bob", None)))
        .refused(Code::HandleTaken, Field::Handle);
}

#[test]
fn an_archive_frees_the_handle_but_not_the_id() {
    let takes_over = Event::UserRegistered {
        user: user(2),
        profile: own_profile(user(1)),
        pending: false,
    };
    let given = given([
        registered(user(1)),
        state_event(StateEvent::UserArchived, user(1)),
    ])
    .when(register(Some(1), profile("free", "Ann", None)))
    .refused(Code::IdTaken, Field::Uuid)
    .when(register(Some(2), own_profile(user(1))))
    .then(takes_over);
    let owner = given.state.handle_owner(&own_profile(user(1)).handle);
    assert_eq!(owner, Some(user(2)));
    given
        .when(register(Some(3), own_profile(user(1))))
        .refused(Code::HandleTaken, Field::Handle);
}

#[test]
fn a_suspension_frees_no_handle() {
    given([
        registered(user(1)),
        state_event(StateEvent::UserSuspended, user(1)),
    ])
    .when(register(Some(2), own_profile(user(1))))
    .refused(Code::HandleTaken, Field::Handle);
}
