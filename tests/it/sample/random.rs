//! Random commands and events over a universe so small that they meet.

use fastrand::Rng;
use foaf::{
    domain::{
        Command, Event, Handle, Name, PairCommand, Profile, State, StateCommand, UserId, decide,
    },
    judge::RecordingView,
};

use super::{change_pair, change_state, handle, name, user};

const HANDLES: [&str; 4] = ["ann", "bob", "cho", "dee"];

/// Every user that a random command can name.
pub(crate) fn users() -> Vec<UserId> {
    (1..=5).map(user).collect()
}

/// Every handle that a random command can name.
pub(crate) fn handles() -> Vec<Handle> {
    HANDLES.map(handle).into()
}

pub(crate) fn command(rng: &mut Rng) -> Command {
    let (one, other) = (any_user(rng), any_user(rng));
    match rng.u8(0..20) {
        0..2 => Command::RegisterUser {
            id: Some(one),
            profile: Profile {
                handle: any_handle(rng),
                first_name: any_name(rng),
                last_name: rng.bool().then(|| any_name(rng)),
            },
            pending: rng.u8(0..4) == 0,
        },
        2..4 => Command::UpdateProfile {
            user: one,
            handle: rng.bool().then(|| any_handle(rng)),
            first_name: rng.bool().then(|| any_name(rng)),
            last_name: rng.bool().then(|| rng.bool().then(|| any_name(rng))),
        },
        4..7 => change_state(any_state_command(rng), one),
        _ => change_pair(any_pair_command(rng), one, other),
    }
}

/// What the next random command that is not refused comes to.
pub(crate) fn event(rng: &mut Rng, state: &State) -> Event {
    loop {
        let view = RecordingView::new(state);
        if let Ok(event) = decide(&view, &command(rng), any_user(rng)) {
            return event;
        }
        // Comes to an end: two users can always block or unblock each other, archived or not.
    }
}

/// Archives are rare, for nothing comes after them.
fn any_state_command(rng: &mut Rng) -> StateCommand {
    match rng.choice(StateCommand::ALL).expect("not empty") {
        StateCommand::ArchiveUser if rng.u8(0..8) > 0 => StateCommand::ActivateUser,
        command => command,
    }
}

/// Blocks are rare, for little can happen behind them.
fn any_pair_command(rng: &mut Rng) -> PairCommand {
    match rng.choice(PairCommand::ALL).expect("not empty") {
        PairCommand::BlockUser if rng.u8(0..4) > 0 => PairCommand::SendFriendRequest,
        command => command,
    }
}

fn any_user(rng: &mut Rng) -> UserId {
    rng.choice(users()).expect("not empty")
}

fn any_handle(rng: &mut Rng) -> Handle {
    rng.choice(handles()).expect("not empty")
}

fn any_name(rng: &mut Rng) -> Name {
    name(rng.choice(["Ann", "Bob"]).expect("not empty"))
}
