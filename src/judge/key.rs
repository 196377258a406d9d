//! Conflict keys: the things that decisions rest on and events change.

use std::hash::{BuildHasherDefault, Hasher};

use crate::domain::{Event, Handle, Pair, StateEvent, UserId};

use super::HashKey;

/// One thing that a decision can rest on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictKey {
    /// Whether a user exists, and in which state.
    User(UserId),
    /// What a user says of themselves.
    Profile(UserId),
    /// Who holds a handle.
    Handle(Handle),
    /// What stands between two users.
    Pair(Pair),
}

impl ConflictKey {
    /// The pseudonymous form in which records carry it.
    #[must_use]
    pub fn hash(&self, key: &HashKey) -> KeyHash {
        KeyHash(match self {
            Self::User(id) => key.hash(&[b"user", id.0.as_bytes()]),
            Self::Profile(id) => key.hash(&[b"profile", id.0.as_bytes()]),
            Self::Handle(handle) => key.hash(&[b"handle", handle.as_str().as_bytes()]),
            Self::Pair(pair) => {
                let (low, high) = (pair.low(), pair.high());
                key.hash(&[b"pair", low.0.as_bytes(), high.0.as_bytes()])
            }
        })
    }
}

/// The keyed hash of a [`ConflictKey`]. Records hold all of it, the judge compares the first 64 bits:
/// where two keys agree in them, one command in a while is decided once more for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub [u8; 16]);

impl KeyHash {
    /// What the judge compares.
    pub(super) fn compared(self) -> u64 {
        u64::from_be_bytes(*self.0.first_chunk().expect("it has 16 bytes"))
    }
}

/// The keys that an event writes.
///
/// An archive changes pairs and a handle that it does not name: every answer about those notes the
/// `User` key as well, which covers them.
#[must_use]
pub fn written_keys(event: &Event) -> Vec<ConflictKey> {
    match event {
        Event::UserRegistered { user, profile, .. } => vec![
            ConflictKey::User(*user),
            ConflictKey::Profile(*user),
            ConflictKey::Handle(profile.handle.clone()),
        ],
        Event::ProfileUpdated {
            user,
            profile,
            former_handle,
        } => {
            let mut keys = vec![ConflictKey::Profile(*user)];
            if let Some(former) = former_handle {
                keys.push(ConflictKey::Handle(former.clone()));
                keys.push(ConflictKey::Handle(profile.handle.clone()));
            }
            keys
        }
        Event::StateChanged { change, user } => match change {
            StateEvent::UserActivated
            | StateEvent::UserSuspended
            | StateEvent::UserReactivated
            | StateEvent::UserArchived => vec![ConflictKey::User(*user)],
        },
        Event::PairChanged { user, other, .. } => Pair::new(*user, *other)
            .map(ConflictKey::Pair)
            .into_iter()
            .collect(),
    }
}

/// Hashes what is a keyed hash already, or the part of one that is compared: takes its first eight bytes.
pub type KeyHasher = BuildHasherDefault<FirstBytes>;

/// See [`KeyHasher`].
#[derive(Debug, Default, Clone, Copy)]
pub struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some((first, _)) = bytes.split_first_chunk::<8>() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    /// The length prefix of an array says nothing.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
