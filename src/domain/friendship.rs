//! What stands between two users: nothing, a request, a friendship, or a block.

use super::{Moment, UserId};

/// Two different users, the lower id first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    low: UserId,
    high: UserId,
}

/// One of the two of a [`Pair`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one with the lower id.
    Low,
    /// The one with the higher id.
    High,
}

impl Pair {
    /// The pair of `a` and `b`, in either order; `None` if they are one.
    #[must_use]
    pub fn new(a: UserId, b: UserId) -> Option<Self> {
        (a != b).then(|| Self {
            low: a.min(b),
            high: a.max(b),
        })
    }

    /// The one with the lower id.
    #[must_use]
    pub fn low(self) -> UserId {
        self.low
    }

    /// The one with the higher id.
    #[must_use]
    pub fn high(self) -> UserId {
        self.high
    }

    /// The side on which `user` (one of the two) stands.
    #[must_use]
    pub fn side(self, user: UserId) -> Side {
        if user == self.low {
            Side::Low
        } else {
            Side::High
        }
    }

    /// The user of that side, then the other.
    #[must_use]
    pub fn from_side(self, side: Side) -> (UserId, UserId) {
        match side {
            Side::Low => (self.low, self.high),
            Side::High => (self.high, self.low),
        }
    }
}

/// What stands between the two of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PairState {
    /// Nothing.
    #[default]
    None,
    /// One has asked the other.
    Requested {
        /// Who asked.
        by: Side,
        /// When.
        asked: Moment,
    },
    /// They are friends.
    Friends {
        /// Since when.
        since: Moment,
    },
    /// At least one has blocked the other. Boxed, for blocks are rare and pairs are many.
    Blocked(Box<Blocks>),
}

/// Who of a pair has blocked the other, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Blocks {
    low: Option<Moment>,
    high: Option<Moment>,
}

impl Blocks {
    /// Since when that side blocks the other, if it does.
    #[must_use]
    pub fn by(&self, side: Side) -> Option<Moment> {
        match side {
            Side::Low => self.low,
            Side::High => self.high,
        }
    }

    /// Sets or lifts that side's block.
    pub fn set(&mut self, side: Side, since: Option<Moment>) {
        match side {
            Side::Low => self.low = since,
            Side::High => self.high = since,
        }
    }

    /// Whether neither blocks the other.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.low.is_none() && self.high.is_none()
    }
}
