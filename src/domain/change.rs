//! What follows from an event: the rows and edges that a graph has to open, close or replace.

use std::sync::Arc;

use super::{Moment, Pair, User, UserId};

/// One consequence of an event. Carries what it replaces, so that who follows needs no state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A user is new, or has a new version.
    User {
        /// The version that ended.
        before: Option<Arc<User>>,
        /// The version that began.
        after: Arc<User>,
    },
    /// An edge came to be.
    Opened(Edge),
    /// An edge ended.
    Closed(Edge),
}

/// What an edge between two users means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// They are friends; kept once, lower id → higher id.
    Friend,
    /// `from` has asked `to`.
    Requested,
    /// `from` has blocked `to`.
    Blocked,
}

/// An edge between two users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// What it means.
    pub kind: EdgeKind,
    /// Where it starts.
    pub from: UserId,
    /// Where it ends.
    pub to: UserId,
    /// When it came to be.
    pub opened: Moment,
}

impl Edge {
    /// The friendship of a pair.
    #[must_use]
    pub fn friend(pair: Pair, opened: Moment) -> Self {
        Self {
            kind: EdgeKind::Friend,
            from: pair.low(),
            to: pair.high(),
            opened,
        }
    }
}
