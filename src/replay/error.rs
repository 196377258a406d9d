//! Why a replay stops. Must never be something that reading on could cure.

use crate::{
    event_log::{AppendError, LogError},
    judge::Unsupported,
};

/// Why replay stopped for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record of another build.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// An effective event does not fit the state.
    #[error("the log is damaged at position {position}: {what}; restore it from a backup")]
    Damaged {
        /// Where.
        position: u64,
        /// What is wrong.
        what: String,
    },
    /// Records of ours, and no identity before them.
    #[error(
        "the log holds records of foaf, but not the first one, which is its identity: restore it from a backup, or name another log"
    )]
    Headless,
    /// The log's identity could not be written.
    #[error("a new log could not be given its identity: {0}")]
    NotCreated(AppendError),
}
