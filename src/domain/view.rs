//! What `decide` may ask of the state. The judge's view answers and notes each question.

use super::{Handle, Pair, PairState, Profile, UserId, UserState};

/// The state as a decision sees it.
pub trait View {
    /// The state of a user, `None` if unknown.
    fn status(&self, user: UserId) -> Option<UserState>;
    /// The profile of a user, `None` if unknown.
    fn profile(&self, user: UserId) -> Option<Profile>;
    /// Who holds a handle; archived users hold none.
    fn handle_owner(&self, handle: &Handle) -> Option<UserId>;
    /// What stands between two users.
    fn pair(&self, pair: Pair) -> PairState;
    /// Whether a user may have one more friend. It bounds what a hub takes, and is no invariant: no key
    /// stands for the answer, so those who decide at once may exceed the bound.
    fn has_room(&self, user: UserId) -> bool;
}
