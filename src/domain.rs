//! What friends are: users, friendships, commands, decisions and events.
//!
//! Everything here is pure. Must never do I/O, read a clock, draw randomness, or know of logs,
//! graphs, records or GraphQL: times and ids are arguments.

pub mod change;
pub mod command;
pub mod decide;
pub mod event;
pub mod fold;
pub mod friendship;
pub mod rejection;
pub mod state;
pub mod text;
pub mod user;
pub mod view;

pub use change::{Change, Edge, EdgeKind};
pub use command::{Command, PairCommand, StateCommand};
pub use decide::decide;
pub use event::{Event, EventType, PairEvent, StateEvent};
pub use fold::{FoldError, end_some, fold, fold_in_part};
pub use friendship::{Blocks, Pair, PairState, Side};
pub use rejection::{Field, Rejection, RejectionCode};
pub use state::State;
pub use user::{Handle, Name, Profile, User, UserId, UserState};
pub use view::View;

/// Log time in milliseconds since 1970-01-01 UTC: the running maximum of the append times of a
/// log's records, so that order in time is order in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogTime(pub i64);

/// When something happened: the position of the record that did it, and the log time there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The number of records up to and including the one that did it.
    pub position: u64,
    /// The log time at that position.
    pub time: LogTime,
}
