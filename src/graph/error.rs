//! What can go wrong with a graph.
//!
//! Must never tell what cannot go well another time from what can by its text: there is a variant for each.

use super::budget::Over;

/// Why the graph did not answer, by what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Out of reach or busy for now: try again.
    #[error("the graph is out of reach: {0}")]
    Unavailable(String),
    /// It answers, but this needs more time or memory than it may: ask for less.
    #[error("the graph was asked for too much: {0}")]
    TooMuch(String),
    /// Whether a batch took effect is unknown: read the cursor again.
    #[error("it is unknown whether the batch took effect: {0}")]
    Unknown(String),
    /// The request has used what it may.
    #[error("the graph stopped: {0}")]
    OverBudget(Over),
    /// Trying again will not cure it.
    #[error("the graph cannot be used: {0}")]
    Unusable(String),
}
