//! What is asked of the command handler, and what it answers.
//!
//! Must never leave open what a caller may conclude from an error.

use std::sync::Arc;

use super::ATTEMPTS;
use crate::{domain::Command, judge::OutcomeResult};

/// The longest idempotency key, in bytes.
pub const MAX_IDEMPOTENCY_KEY: usize = 255;

/// A command and the circumstances of its call.
#[derive(Debug, Clone)]
pub struct Request {
    /// What to do.
    pub command: Command,
    /// Who asks.
    pub actor: Arc<str>,
    /// Names the command, so that a repetition is recognised.
    pub idempotency_key: Option<String>,
    /// The W3C trace context of the call.
    pub traceparent: Option<String>,
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The position that shows it: of the deciding record, or where it was refused.
    pub position: u64,
    /// What happened.
    pub result: OutcomeResult,
}

/// Why a command has no answer, by what the caller may conclude.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// Others were first each time; nothing took effect.
    #[error(
        "others changed the same things {ATTEMPTS} times in a row; nothing took effect, try again"
    )]
    Conflict,
    /// It may take effect, now or later.
    #[error("it is unknown whether this took effect")]
    OutcomeUnknown,
    /// The key named another command before.
    #[error("this idempotencyKey was used for another command in the last 24 hours; use a new one")]
    IdempotencyKeyReused,
    /// The service cannot take commands now; nothing took effect.
    #[error("the service cannot take this now, nothing took effect: {0}")]
    Unavailable(&'static str),
}
