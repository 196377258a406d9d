//! What a history is about that is to show one thing often.

use fastrand::Rng;
use foaf::judge::Windows;

use super::PEOPLE;
use crate::model::Act;

/// What a plan is about, where it is drawn to show one thing often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulation) enum Theme {
    Anything,
    /// Mostly this command, and what stands against it.
    Command(&'static str),
    /// Jumps of the log's clock by about so many minutes, with many late attempts.
    Jumps(i64),
    /// Windows that end after few records, with many late attempts.
    Counts,
    /// Windows that end soon, and records that say they were decided in the future.
    Future,
    /// One graph for all, which is slow.
    Graph,
    /// One graph for all, and many starts from snapshots.
    Snapshots,
}

/// The windows of a log: each so long that a history sees nothing of it, or so short that it ends within.
pub(super) fn windows(rng: &mut Rng, theme: Theme) -> Windows {
    let is_short = |rng: &mut Rng, always| match theme {
        Theme::Jumps(_) => false,
        _ => always || rng.u8(..10) < 4,
    };
    let mut windows = Windows::DEFAULT;
    if is_short(rng, theme == Theme::Future) {
        windows.attempt_ms = rng.i64(300..4_000);
        windows.outcome_ms = windows.attempt_ms + rng.i64(0..8_000);
    }
    if is_short(rng, matches!(theme, Theme::Counts | Theme::Future)) {
        windows.attempt_positions = rng.u64(4..30);
        windows.outcome_count = windows.attempt_positions + rng.u64(..20);
    }
    windows
}

impl Theme {
    /// Half of the acts of a history about a command: the command, and what it needs and meets.
    pub(super) fn act(self, rng: &mut Rng) -> Option<Act> {
        let Self::Command(command) = self else {
            return None;
        };
        let who = rng.usize(..2);
        let pair = |command, who: usize| Act::Pair {
            who,
            other: 1 - who,
            command,
        };
        let handle = |rng: &mut Rng| format!("h{}", rng.u8(..2));
        Some(match (rng.u8(..8), command) {
            (0..=1, "registerUser") => Act::Register {
                who: rng.usize(..PEOPLE),
                handle: handle(rng),
                pending: false,
            },
            (0..=1, "updateProfile") => Act::Update {
                who: rng.usize(..3),
                handle: rng.bool().then(|| handle(rng)),
                last_name: rng.bool().then(|| rng.bool().then(|| "M".to_owned())),
            },
            (0..=1, "activateUser" | "suspendUser" | "reactivateUser" | "archiveUser") => {
                Act::State { who, command }
            }
            (0..=1, _) => pair(command, who),
            // An owner goes, and the handle is free.
            (2, "registerUser" | "updateProfile") if rng.u8(..3) == 0 => Act::State {
                who: rng.usize(..PEOPLE),
                command: "archiveUser",
            },
            (2, "acceptFriendRequest" | "declineFriendRequest") => {
                pair("sendFriendRequest", 1 - who)
            }
            (2..=3, "cancelFriendRequest" | "acceptFriendRequest") => {
                pair("sendFriendRequest", who)
            }
            (2, "unblockUser") => pair("blockUser", who),
            (2, "removeFriend") => pair("addFriend", who),
            _ => return None,
        })
    }
}
