//! The view that `decide` reads through: answers from the state and notes what each answer rests on.
//!
//! Soundness, tested for every event: whenever folding it changes what this view answers, the event
//! writes a key which that answer noted.

use std::{cell::RefCell, num::NonZeroUsize};

use crate::domain::{Handle, Pair, PairState, Profile, State, UserId, UserState, View};

use super::ConflictKey;

/// A [`View`] of a state that keeps the conflict keys of every answer.
pub struct RecordingView<'a> {
    state: &'a State,
    max_friends: Option<NonZeroUsize>,
    noted: RefCell<Vec<ConflictKey>>,
}

impl<'a> RecordingView<'a> {
    /// A view with nothing noted yet.
    #[must_use]
    pub fn new(state: &'a State) -> Self {
        // As many as most commands note.
        let noted = RefCell::new(Vec::with_capacity(4));
        Self {
            state,
            max_friends: None,
            noted,
        }
    }

    /// The view, where a user may have so many friends.
    #[must_use]
    pub fn bounded(self, max_friends: Option<NonZeroUsize>) -> Self {
        Self {
            max_friends,
            ..self
        }
    }

    /// Each key noted, once.
    #[must_use]
    pub fn into_noted(self) -> Vec<ConflictKey> {
        self.noted.into_inner()
    }

    fn note(&self, key: ConflictKey) {
        let mut noted = self.noted.borrow_mut();
        if !noted.contains(&key) {
            noted.push(key);
        }
    }
}

impl View for RecordingView<'_> {
    fn status(&self, user: UserId) -> Option<UserState> {
        self.note(ConflictKey::User(user));
        self.state.status(user)
    }

    fn profile(&self, user: UserId) -> Option<Profile> {
        self.note(ConflictKey::Profile(user));
        self.note(ConflictKey::User(user));
        self.state.user(user).map(|user| user.profile.clone())
    }

    fn handle_owner(&self, handle: &Handle) -> Option<UserId> {
        self.note(ConflictKey::Handle(handle.clone()));
        let owner = self.state.handle_owner(handle);
        if let Some(owner) = owner {
            self.note(ConflictKey::User(owner));
        }
        owner
    }

    fn pair(&self, pair: Pair) -> PairState {
        self.note(ConflictKey::Pair(pair));
        self.note(ConflictKey::User(pair.low()));
        self.note(ConflictKey::User(pair.high()));
        self.state.pair(pair)
    }

    fn has_room(&self, user: UserId) -> bool {
        let has_fewer = |most: NonZeroUsize| self.state.has_fewer_friends(user, most.get());
        self.max_friends.is_none_or(has_fewer)
    }
}
