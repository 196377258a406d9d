//! What happened. Past tense; an event that is effective in the log is never taken back.

use super::{Handle, Profile, UserId, UserState};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// A user came to be.
    UserRegistered {
        /// Who.
        user: UserId,
        /// The profile at the start.
        profile: Profile,
        /// Whether the user waits for activation.
        pending: bool,
    },
    /// A profile changed; the event holds the whole new profile.
    ProfileUpdated {
        /// Whose.
        user: UserId,
        /// The profile from now on.
        profile: Profile,
        /// The handle given up, where the handle changed.
        former_handle: Option<Handle>,
    },
    /// A user moved through the state machine.
    StateChanged {
        /// How.
        change: StateEvent,
        /// Who.
        user: UserId,
    },
    /// What stands between two users changed.
    PairChanged {
        /// How.
        change: PairEvent,
        /// Who acted.
        user: UserId,
        /// Towards whom.
        other: UserId,
    },
}

impl Event {
    /// Whom it is about: of two, the one who acted.
    #[must_use]
    pub fn user(&self) -> UserId {
        match self {
            Self::UserRegistered { user, .. }
            | Self::ProfileUpdated { user, .. }
            | Self::StateChanged { user, .. }
            | Self::PairChanged { user, .. } => *user,
        }
    }

    /// What kind of thing it is.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        match self {
            Self::UserRegistered { .. } => EventType::UserRegistered,
            Self::ProfileUpdated { .. } => EventType::ProfileUpdated,
            Self::StateChanged { change, .. } => match change {
                StateEvent::UserActivated => EventType::UserActivated,
                StateEvent::UserSuspended => EventType::UserSuspended,
                StateEvent::UserReactivated => EventType::UserReactivated,
                StateEvent::UserArchived => EventType::UserArchived,
            },
            Self::PairChanged { change, .. } => match change {
                PairEvent::FriendRequested => EventType::FriendRequested,
                PairEvent::FriendRequestDeclined => EventType::FriendRequestDeclined,
                PairEvent::FriendRequestCancelled => EventType::FriendRequestCancelled,
                PairEvent::FriendshipFormed => EventType::FriendshipFormed,
                PairEvent::FriendshipRemoved => EventType::FriendshipRemoved,
                PairEvent::UserBlocked => EventType::UserBlocked,
                PairEvent::UserUnblocked => EventType::UserUnblocked,
            },
        }
    }
}

/// What kind of thing happened. The numbers stand in snapshots: they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is the event of that name")]
pub enum EventType {
    UserRegistered = 1,
    ProfileUpdated = 2,
    UserActivated = 3,
    UserSuspended = 4,
    UserReactivated = 5,
    UserArchived = 6,
    FriendRequested = 7,
    FriendRequestDeclined = 8,
    FriendRequestCancelled = 9,
    FriendshipFormed = 10,
    FriendshipRemoved = 11,
    UserBlocked = 12,
    UserUnblocked = 13,
}

/// The events of the state machine of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateEvent {
    /// Became ACTIVE for the first time.
    UserActivated,
    /// Became SUSPENDED.
    UserSuspended,
    /// Became ACTIVE again.
    UserReactivated,
    /// Became ARCHIVED; the user's friendships and requests ended.
    UserArchived,
}

/// The events between two users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairEvent {
    /// The user asked the other.
    FriendRequested,
    /// The user said no to the other's request.
    FriendRequestDeclined,
    /// The user took the own request back.
    FriendRequestCancelled,
    /// The two became friends.
    FriendshipFormed,
    /// The user ended the friendship.
    FriendshipRemoved,
    /// The user blocked the other; a friendship or request of the two ended.
    UserBlocked,
    /// The user lifted the own block.
    UserUnblocked,
}

impl StateEvent {
    /// Every event of this kind.
    pub const ALL: [Self; 4] = [
        Self::UserActivated,
        Self::UserSuspended,
        Self::UserReactivated,
        Self::UserArchived,
    ];

    /// The state that it leads to.
    #[must_use]
    pub fn leads_to(self) -> UserState {
        match self {
            Self::UserActivated | Self::UserReactivated => UserState::Active,
            Self::UserSuspended => UserState::Suspended,
            Self::UserArchived => UserState::Archived,
        }
    }
}

impl PairEvent {
    /// Every event of this kind.
    pub const ALL: [Self; 7] = [
        Self::FriendRequested,
        Self::FriendRequestDeclined,
        Self::FriendRequestCancelled,
        Self::FriendshipFormed,
        Self::FriendshipRemoved,
        Self::UserBlocked,
        Self::UserUnblocked,
    ];
}
