//! A record as the rule sees it, free of its wire format.

use std::{fmt, sync::Arc};

use crate::domain::{Event, LogTime, Rejection};

use super::{CommandId, ContentHash, Etag, HashKey, KeyHash, LogId, RULE, RecordId};

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The identity of a log.
    GraphCreated(GraphCreated),
    /// A decided command on its way to take effect.
    Attempt(Attempt),
    /// Not ours.
    Foreign,
    /// Ours, but it breaks its own schema; with the reason.
    Malformed(String),
    /// Ours, but this build cannot judge it.
    Unknown(Unknown),
}

/// What this build does not know of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// The rule, with its number as the record has it.
    Rule(String),
    /// The type or its version.
    Type(String),
    /// The code or field of a refusal.
    Refusal,
}

impl Unknown {
    /// What an operator can do about it.
    pub(super) fn way_out(&self) -> &'static str {
        match self {
            Self::Rule(rule) if rule.parse::<u32>().is_ok_and(|rule| rule < RULE) => {
                "run the build that wrote it; or export --users and --friendships with that build, and import them into a new log"
            }
            _ => "run the build that wrote it, or a later one",
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "rule {rule:?}"),
            Self::Type(kind) => write!(f, "record type {kind:?}"),
            Self::Refusal => f.write_str("code of a refusal"),
        }
    }
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

/// How long attempts live and outcomes are remembered: until the first of two ends, of which one is
/// counted in milliseconds of log time. The other bounds the memory that it takes, whatever the clocks
/// show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// An attempt that reaches the log later than this after its decision is void.
    pub attempt_ms: i64,
    /// So is one that comes more positions after that on which it was decided.
    pub attempt_positions: u64,
    /// How long the outcome of a command with an idempotency key is remembered.
    pub outcome_ms: i64,
    /// How many such outcomes are remembered.
    pub outcome_count: u64,
}

impl Windows {
    /// One hour or 8 million positions, and 24 hours or 16 million commands.
    pub const DEFAULT: Self = Self {
        attempt_ms: 3_600_000,
        attempt_positions: 8_000_000,
        outcome_ms: 86_400_000,
        outcome_count: 16_000_000,
    };

    /// Whether they are in order, each pair by itself: where an attempt outlives an outcome, a late
    /// attempt of a decided command could take effect.
    #[must_use]
    pub fn is_sound(self) -> bool {
        0 < self.attempt_ms
            && self.attempt_ms <= self.outcome_ms
            && 0 < self.attempt_positions
            && self.attempt_positions <= self.outcome_count
    }
}

/// A key that a decision rests on, with the etag of the record that had last written it (`None`: never).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The key.
    pub key: KeyHash,
    /// Its etag when it was read.
    pub etag: Option<Etag>,
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
    /// The position on which it was decided.
    pub decided_on: u64,
    /// Whether the command has an idempotency key, by which it can be repeated.
    pub is_keyed: bool,
    /// Each key read or written.
    pub guards: Vec<Guard>,
    /// The keys written: a subset of the guards' keys.
    pub writes: Vec<KeyHash>,
    /// The event, or the refusal.
    pub decision: Result<Event, Rejection>,
}
