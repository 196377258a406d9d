//! Random commands. Many are refused, which is a record without changes.

use foaf::domain::{Command, PairCommand, StateCommand, UserId};

use crate::story::{Story, handle, id, name, profile};

/// How the commands are mixed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tempo {
    /// Few friendships.
    Sparse,
    /// Friendships come and go.
    Ordinary,
    /// Nearly everybody knows everybody.
    Dense,
}

/// Names that sort in ways that engines disagree on.
const NAMES: [&str; 10] = [
    "Ann",
    "ann",
    "Änn",
    "Ａnn",
    "Zoë",
    "李",
    "😀",
    "\u{fffd}",
    "\u{10000}",
    "O'Neil \"x\" \\",
];

pub(crate) fn step(story: &mut Story, users: u128, tempo: Tempo, rng: &mut fastrand::Rng) {
    let known = story.model.ids().len() as u128;
    let user = id(rng.u128(1..=users));
    let command = match rng.u8(..100) {
        0..10 if known < users => register(id(known + 1), rng),
        _ if known < users.min(10) => register(id(known + 1), rng),
        0..5 => Command::UpdateProfile {
            user,
            handle: rng.bool().then(|| handle(&random_handle(rng))),
            first_name: Some(name(NAMES[rng.usize(..NAMES.len())])),
            last_name: rng.bool().then_some(None),
        },
        5..11 => Command::ChangeState {
            change: change_state(rng),
            user,
        },
        _ => Command::ChangePair {
            change: change_pair(tempo, rng),
            user,
            other: id(rng.u128(1..=users)),
        },
    };
    // Refused or not, it is a record.
    let _ = story.attempt(&command);
}

fn register(id: UserId, rng: &mut fastrand::Rng) -> Command {
    let last = rng.bool().then(|| NAMES[rng.usize(..NAMES.len())]);
    let first = NAMES[rng.usize(..NAMES.len())];
    Command::RegisterUser {
        id: Some(id),
        profile: profile(&random_handle(rng), first, last),
        pending: rng.u8(..10) == 0,
    }
}

fn random_handle(rng: &mut fastrand::Rng) -> String {
    let length = rng.usize(2..6);
    (0..length)
        .map(|_| rng.choice(*b"ab._-").map_or('a', char::from))
        .collect()
}

fn change_state(rng: &mut fastrand::Rng) -> StateCommand {
    match rng.u8(..20) {
        0 => StateCommand::ArchiveUser,
        1..9 => StateCommand::SuspendUser,
        9..17 => StateCommand::ReactivateUser,
        _ => StateCommand::ActivateUser,
    }
}

fn change_pair(tempo: Tempo, rng: &mut fastrand::Rng) -> PairCommand {
    let adds = match tempo {
        Tempo::Sparse => 15,
        Tempo::Ordinary => 35,
        Tempo::Dense => 80,
    };
    if rng.u8(..100) < adds {
        return PairCommand::AddFriend;
    }
    match rng.u8(..16) {
        0..7 => PairCommand::SendFriendRequest,
        7 => PairCommand::AcceptFriendRequest,
        8 => PairCommand::DeclineFriendRequest,
        9 => PairCommand::CancelFriendRequest,
        10..12 => PairCommand::RemoveFriend,
        12..14 => PairCommand::BlockUser,
        _ => PairCommand::UnblockUser,
    }
}
