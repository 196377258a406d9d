//! What mutations take.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};

/// How a new user starts.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graphql) enum InitialState {
    /// Takes part at once.
    Active,
    /// Waits for `activateUser`.
    Pending,
}

/// Whom to register.
#[derive(InputObject)]
pub(in crate::graphql) struct RegisterUserInput {
    /// Unique: 1 to 64 of a-z, 0-9, dot, underscore and hyphen; capitals are folded.
    pub(super) handle: String,
    /// 1 to 100 characters of any script.
    pub(super) first_name: String,
    /// 1 to 100 characters of any script, or none.
    pub(super) last_name: Option<String>,
    /// How the user starts.
    #[graphql(default_with = "InitialState::Active")]
    pub(super) state: InitialState,
    /// The UUID to take; a fresh one if left out.
    pub(super) uuid: Option<String>,
    /// Names this command, so that a repetition within 24 hours (and 16 million such
    /// commands) gives the first outcome. Use a random
    /// text.
    pub(super) idempotency_key: Option<String>,
}

/// What to change of a profile. What is left out stays.
#[derive(InputObject)]
pub(in crate::graphql) struct UpdateProfileInput {
    /// Whose profile.
    pub(super) user: ID,
    /// The new handle; there must be one.
    pub(super) handle: MaybeUndefined<String>,
    /// The new first name; there must be one.
    pub(super) first_name: MaybeUndefined<String>,
    /// The new last name; null takes it away.
    pub(super) last_name: MaybeUndefined<String>,
    /// Names this command, so that a repetition within 24 hours (and 16 million such
    /// commands) gives the first outcome.
    pub(super) idempotency_key: Option<String>,
}

/// Whom to move to another state.
#[derive(InputObject)]
pub(in crate::graphql) struct ChangeStateInput {
    /// The user.
    pub(super) user: ID,
    /// Names this command, so that a repetition within 24 hours (and 16 million such
    /// commands) gives the first outcome.
    pub(super) idempotency_key: Option<String>,
}

/// Between whom to change something.
#[derive(InputObject)]
pub(in crate::graphql) struct ChangePairInput {
    /// Who acts.
    pub(super) user: ID,
    /// Towards whom.
    pub(super) other: ID,
    /// Names this command, so that a repetition within 24 hours (and 16 million such
    /// commands) gives the first outcome.
    pub(super) idempotency_key: Option<String>,
}
