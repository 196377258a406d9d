//! Small values for tests: users by number, handles and names by text, commands and events in a line.

pub(crate) mod random;
pub(crate) mod texts;

use foaf::domain::{
    Command, Event, Field, Handle, LogTime, Moment, Name, PairCommand, PairEvent, Profile,
    StateCommand, StateEvent, UserId,
};
use uuid::Uuid;

/// The user of that number; a lower number is a lower id.
pub(crate) fn user(number: u8) -> UserId {
    UserId(Uuid::from_u128(
        0x0000_0000_0000_4000_8000_0000_0000_0000 + u128::from(number),
    ))
}

/// The moment of the record at that position, with log time going on by one second per record.
pub(crate) fn moment(position: u64) -> Moment {
    let time = LogTime(i64::try_from(position).expect("a small position") * 1000);
    Moment { position, time }
}

pub(crate) fn handle(text: &str) -> Handle {
    Handle::parse(text).expect("a handle")
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text, Field::FirstName).expect("a name")
}

pub(crate) fn profile(handle_text: &str, first: &str, last: Option<&str>) -> Profile {
    Profile {
        handle: handle(handle_text),
        first_name: name(first),
        last_name: last.map(name),
    }
}

/// The profile with which that user is registered: a handle of their own.
pub(crate) fn own_profile(user: UserId) -> Profile {
    profile(&format!("user-{}", user.0.as_bytes()[15]), "Ann", None)
}

/// An ACTIVE user with a handle of their own.
pub(crate) fn registered(user: UserId) -> Event {
    Event::UserRegistered {
        user,
        profile: own_profile(user),
        pending: false,
    }
}

/// A PENDING user with a handle of their own.
pub(crate) fn registered_pending(user: UserId) -> Event {
    Event::UserRegistered {
        user,
        profile: own_profile(user),
        pending: true,
    }
}

pub(crate) fn state_event(change: StateEvent, user: UserId) -> Event {
    Event::StateChanged { change, user }
}

pub(crate) fn pair_event(change: PairEvent, user: UserId, other: UserId) -> Event {
    Event::PairChanged {
        change,
        user,
        other,
    }
}

pub(crate) fn change_state(change: StateCommand, user: UserId) -> Command {
    Command::ChangeState { change, user }
}

pub(crate) fn change_pair(change: PairCommand, user: UserId, other: UserId) -> Command {
    Command::ChangePair {
        change,
        user,
        other,
    }
}
