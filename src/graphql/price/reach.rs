//! How much there is to look at in this graph, known before a walk starts: from the write model, which
//! every node holds in memory, whatever its graph.
//!
//! Must never wait: where the write model is being written, what was known last counts.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    domain::{Handle, UserId},
    replay::{Replay, model::WriteModel},
};

/// Where a walk starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graphql) enum Start {
    /// At a user of whom nothing is known beforehand: one in a list.
    Anyone,
    /// At this user.
    User(UserId),
}

/// The most friends of whom each is looked at to estimate a walk.
const MAX_FRIENDS: usize = 4_096;

/// The sizes of the graph.
pub struct Reach {
    replay: Arc<Replay>,
    users: AtomicU64,
    friendships: AtomicU64,
    positions: AtomicU64,
}

impl Reach {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(replay: Arc<Replay>) -> Self {
        Self {
            replay,
            users: AtomicU64::new(0),
            friendships: AtomicU64::new(0),
            positions: AtomicU64::new(0),
        }
    }

    /// How many friendships a walk of that depth may look at, each from either end. At most, for a
    /// user who is known; about, for anyone. The one place for it: what the caller may see will count
    /// here.
    pub(in crate::graphql) fn friendships(&self, start: Start, depth: u32) -> u64 {
        self.refresh();
        let all = self.friendships.load(Ordering::Relaxed).saturating_mul(2);
        let users = self.users.load(Ordering::Relaxed).max(1);
        let usual = all.div_ceil(users);
        // Friends have more friends than people have (Feld, 1991).
        let wider = |sum: u64| {
            sum.saturating_mul(usual)
                .saturating_mul(4)
                .max(sum)
                .min(all)
        };
        let known = match start {
            Start::User(user) => self.look(|model| around(model, user, depth)).flatten(),
            Start::Anyone => None,
        };
        let near = known.unwrap_or(match depth {
            0 => 0,
            1 => usual,
            _ => wider(usual),
        });
        (2..depth).fold(near, |sum, _| wider(sum))
    }

    /// How many friendships a search between two may look at: it begins at both ends, goes on where
    /// there is less to look at, and is over where one of them is exhausted.
    pub(in crate::graphql) fn between(&self, from: Start, to: Start, length: u32) -> u64 {
        let depth = length.div_ceil(2);
        let (from, to) = (self.friendships(from, depth), self.friendships(to, depth));
        from.min(to).saturating_mul(2)
    }

    /// How many users there are.
    pub(in crate::graphql) fn users(&self) -> u64 {
        self.refresh();
        self.users.load(Ordering::Relaxed)
    }

    /// How many positions the log has.
    pub(in crate::graphql) fn positions(&self) -> u64 {
        self.refresh();
        self.positions.load(Ordering::Relaxed)
    }

    /// Whom a handle names.
    pub(in crate::graphql) fn handle(&self, handle: &str) -> Start {
        let Ok(handle) = Handle::parse(handle) else {
            return Start::Anyone;
        };
        let owner = self.look(|model| model.state().handle_owner(&handle));
        owner.flatten().map_or(Start::Anyone, Start::User)
    }

    fn look<T>(&self, look: impl FnOnce(&WriteModel) -> T) -> Option<T> {
        self.replay.peek(look)
    }

    fn refresh(&self) {
        let sizes = self.look(|model| {
            let state = model.state();
            [state.users().len(), state.pair_count()].map(|size| size as u64)
        });
        if let Some([users, friendships]) = sizes {
            self.users.store(users, Ordering::Relaxed);
            self.friendships.store(friendships, Ordering::Relaxed);
        }
        let position = self.replay.progress().borrow().position;
        self.positions.store(position, Ordering::Relaxed);
    }
}

/// The friendships around a user, up to two steps away; `None` if nobody has this id.
fn around(model: &WriteModel, user: UserId, depth: u32) -> Option<u64> {
    let state = model.state();
    state.user(user)?;
    let all = 2 * state.pair_count() as u64;
    match depth {
        0 => Some(0),
        1 => Some(state.pair_count_of(user) as u64),
        _ if state.pair_count_of(user) <= MAX_FRIENDS => Some(state.pair_count_around(user) as u64),
        // To look at each of a hub's friends would be a walk itself.
        _ => Some(all),
    }
}
