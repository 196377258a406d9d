//! A record as Rule 1 sees it, free of its wire format.

use std::sync::Arc;

use crate::domain::{Event, LogTime, Rejection};

use super::{CommandId, ContentHash, HashKey, KeyHash, LogId, RecordId};

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The identity of a log.
    GraphCreated(GraphCreated),
    /// A decided command on its way to take effect.
    Attempt(Attempt),
    /// Not ours, or it breaks its own schema; with the reason.
    Malformed(String),
    /// Ours, but of a rule, type or version that this build does not know; with its name.
    Unknown(String),
}

/// The identity of a log and what its judging depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphCreated {
    /// The record's id.
    pub id: RecordId,
    /// Identifies the log for ever.
    pub log_id: LogId,
    /// The key of all keyed hashes in the log.
    pub hash_key: HashKey,
    /// How long attempts live and outcomes are remembered.
    pub windows: Windows,
}

/// How long attempts live and outcomes are remembered, in milliseconds of log time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// An attempt that reaches the log later than this after its decision is void.
    pub attempt_ms: i64,
    /// How long the outcome of a command is remembered.
    pub outcome_ms: i64,
}

impl Windows {
    /// One hour and 24 hours.
    pub const DEFAULT: Self = Self {
        attempt_ms: 3_600_000,
        outcome_ms: 86_400_000,
    };

    /// Whether they are in order: where an attempt outlives an outcome, a late attempt of a
    /// decided command could take effect.
    #[must_use]
    pub fn is_sound(self) -> bool {
        0 < self.attempt_ms && self.attempt_ms <= self.outcome_ms
    }
}

/// A key that a decision rests on, with the record that had last written it (`None`: never).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The key.
    pub key: KeyHash,
    /// Its etag when it was read.
    pub etag: Option<RecordId>,
}

/// A decided command, with everything that decides whether it takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The record's id: the etag of the keys that it writes.
    pub id: RecordId,
    /// The command.
    pub command: CommandId,
    /// The hash of the command's content.
    pub content: ContentHash,
    /// Who asked.
    pub actor: Arc<str>,
    /// The log time on which it was decided.
    pub decided_at: LogTime,
    /// Each key read or written.
    pub guards: Vec<Guard>,
    /// The keys written: a subset of the guards' keys.
    pub writes: Vec<KeyHash>,
    /// The event, or the refusal.
    pub decision: Result<Event, Rejection>,
}
