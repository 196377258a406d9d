//! Ids of logs, records and commands, and the keyed hashes behind them.
//!
//! Must never change once released: a retry is recognised by comparing with hashes of old records.

use uuid::Uuid;

use crate::domain::{Command, Handle, Name, UserId};

/// Identifies a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub Uuid);

/// Identifies a record; a UUIDv7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordId(pub Uuid);

/// A record and its position. Two pasts of one log that have it in common are the same up to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Recorded {
    /// The position after it.
    pub position: u64,
    /// Its id.
    pub id: RecordId,
}

impl std::fmt::Display for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.position, self.id.0)
    }
}

impl Recorded {
    /// What was displayed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (position, id) = text.split_once(':')?;
        Some(Self {
            position: position.parse().ok()?,
            id: RecordId(Uuid::try_parse(id).ok()?),
        })
    }
}

/// What the judge compares of a record's id, where a key was written by it: the last 64 bits. 62 of them
/// are random, drawn anew for each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Etag(pub [u8; 8]);

impl RecordId {
    /// The etag of the keys that the record writes.
    #[must_use]
    pub fn etag(self) -> Etag {
        Etag(self.0.as_u64_pair().1.to_be_bytes())
    }
}

/// Identifies a command: the keyed hash of its actor and idempotency key, or random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandId(pub [u8; 16]);

/// A keyed hash of a command's name and input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 16]);

/// The key of a log's keyed hashes (BLAKE3, cut to 128 bits).
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey(pub [u8; 32]);

impl std::fmt::Debug for HashKey {
    /// Kept out of logs: with it, guesses of handles could be checked against the records.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(..)")
    }
}

impl HashKey {
    /// The keyed hash of `parts`, each with its length, so that no two lists of parts meet.
    #[must_use]
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        short
    }

    /// The id of the command that `actor` names by `idempotency_key`.
    #[must_use]
    pub fn command_id(&self, actor: &str, idempotency_key: &str) -> CommandId {
        CommandId(self.hash(&[b"command", actor.as_bytes(), idempotency_key.as_bytes()]))
    }

    /// The hash of a command's name and input.
    #[must_use]
    pub fn content_hash(&self, command: &Command) -> ContentHash {
        let mut parts = Parts(Vec::with_capacity(8));
        parts.push(Some(b"content"));
        parts.push(Some(command.name().as_bytes()));
        match command {
            Command::RegisterUser {
                id,
                profile,
                pending,
            } => {
                parts.push(id.as_ref().map(bytes));
                parts.handle(Some(&profile.handle));
                parts.name(Some(&profile.first_name));
                parts.name(profile.last_name.as_ref());
                parts.push(Some(if *pending { b"pending" } else { b"active" }));
            }
            Command::UpdateProfile {
                user,
                handle,
                first_name,
                last_name,
            } => {
                parts.push(Some(bytes(user)));
                parts.handle(handle.as_ref());
                parts.name(first_name.as_ref());
                parts.push(last_name.as_ref().map(|_| &b"set"[..]));
                parts.name(last_name.as_ref().and_then(Option::as_ref));
            }
            Command::ChangeState { user, .. } => parts.push(Some(bytes(user))),
            Command::ChangePair { user, other, .. } => {
                parts.push(Some(bytes(user)));
                parts.push(Some(bytes(other)));
            }
        }
        ContentHash(self.hash(&parts.0))
    }
}

fn bytes(user: &UserId) -> &[u8] {
    user.0.as_bytes()
}

/// Parts to be hashed; an absent one is told apart from an empty one.
struct Parts<'a>(Vec<&'a [u8]>);

impl<'a> Parts<'a> {
    fn push(&mut self, part: Option<&'a [u8]>) {
        match part {
            Some(part) => self.0.extend([&b"+"[..], part]),
            None => self.0.push(b"-"),
        }
    }

    fn handle(&mut self, handle: Option<&'a Handle>) {
        self.push(handle.map(|handle| handle.as_str().as_bytes()));
    }

    fn name(&mut self, name: Option<&'a Name>) {
        self.push(name.map(|name| name.as_str().as_bytes()));
    }
}
