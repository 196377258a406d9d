//! What callers ask for. Imperative; nothing here has happened yet.

use super::{Handle, Name, Profile, UserId};

/// One request to change something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Command {
    /// Make a user.
    RegisterUser {
        /// The id to take; a fresh one if absent.
        id: Option<UserId>,
        /// The profile.
        profile: Profile,
        /// Whether the user waits for activation.
        pending: bool,
    },
    /// Change parts of a profile; an absent part stays as it is.
    UpdateProfile {
        /// Whose profile.
        user: UserId,
        /// The new handle.
        handle: Option<Handle>,
        /// The new first name.
        first_name: Option<Name>,
        /// The new last name; `Some(None)` takes it away.
        last_name: Option<Option<Name>>,
    },
    /// Move a user through the state machine.
    ChangeState {
        /// Where to.
        change: StateCommand,
        /// Whom.
        user: UserId,
    },
    /// Change what stands between two users.
    ChangePair {
        /// What to do.
        change: PairCommand,
        /// Who acts.
        user: UserId,
        /// Towards whom.
        other: UserId,
    },
}

/// The commands of the state machine of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateCommand {
    /// PENDING to ACTIVE.
    ActivateUser,
    /// ACTIVE to SUSPENDED.
    SuspendUser,
    /// SUSPENDED to ACTIVE.
    ReactivateUser,
    /// Any to ARCHIVED; ends the user's friendships and requests.
    ArchiveUser,
}

/// The commands between two users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairCommand {
    /// Ask; befriends at once when the other has asked already.
    SendFriendRequest,
    /// Say yes to the other's request.
    AcceptFriendRequest,
    /// Say no to the other's request.
    DeclineFriendRequest,
    /// Take the own request back.
    CancelFriendRequest,
    /// Befriend at once, without a request.
    AddFriend,
    /// End a friendship.
    RemoveFriend,
    /// Block the other; ends a friendship or request.
    BlockUser,
    /// Lift the own block.
    UnblockUser,
}

impl StateCommand {
    /// Every command of this kind.
    pub const ALL: [Self; 4] = [
        Self::ActivateUser,
        Self::SuspendUser,
        Self::ReactivateUser,
        Self::ArchiveUser,
    ];
}

impl PairCommand {
    /// Every command of this kind.
    pub const ALL: [Self; 8] = [
        Self::SendFriendRequest,
        Self::AcceptFriendRequest,
        Self::DeclineFriendRequest,
        Self::CancelFriendRequest,
        Self::AddFriend,
        Self::RemoveFriend,
        Self::BlockUser,
        Self::UnblockUser,
    ];
}

impl Command {
    /// The name of the command, as in the API.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::RegisterUser { .. } => "registerUser",
            Self::UpdateProfile { .. } => "updateProfile",
            Self::ChangeState { change, .. } => match change {
                StateCommand::ActivateUser => "activateUser",
                StateCommand::SuspendUser => "suspendUser",
                StateCommand::ReactivateUser => "reactivateUser",
                StateCommand::ArchiveUser => "archiveUser",
            },
            Self::ChangePair { change, .. } => match change {
                PairCommand::SendFriendRequest => "sendFriendRequest",
                PairCommand::AcceptFriendRequest => "acceptFriendRequest",
                PairCommand::DeclineFriendRequest => "declineFriendRequest",
                PairCommand::CancelFriendRequest => "cancelFriendRequest",
                PairCommand::AddFriend => "addFriend",
                PairCommand::RemoveFriend => "removeFriend",
                PairCommand::BlockUser => "blockUser",
                PairCommand::UnblockUser => "unblockUser",
            },
        }
    }
}
