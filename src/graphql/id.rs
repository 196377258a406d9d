//! Global ids: base64url of the type's name, a colon, and what identifies it there.

use async_graphql::{ID, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::domain::{Pair, UserId};

use super::error::bad_input;

/// What a global id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GlobalId {
    User(UserId),
    Friendship(Pair),
}

impl GlobalId {
    pub(super) fn parse(id: &ID, argument: &str) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(id.as_bytes()).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let parsed = text.as_deref().and_then(|text| {
            let (kind, rest) = text.split_once(':')?;
            match kind {
                "User" => rest.parse().ok().map(Self::User),
                "Friendship" => {
                    let (low, high) = rest.split_once(':')?;
                    let pair = Pair::new(low.parse().ok()?, high.parse().ok()?)?;
                    Some(Self::Friendship(pair))
                }
                _ => None,
            }
        });
        // One id, one text: other spellings of the same UUID would defeat client caches.
        parsed.filter(|parsed| parsed.to_id() == *id).ok_or_else(|| {
            bad_input(
                argument,
                "not an id of this service: pass on what a field `id` gave, or look up by uuid or handle",
            )
        })
    }

    pub(super) fn to_id(self) -> ID {
        let text = match self {
            Self::User(id) => format!("User:{id}"),
            Self::Friendship(pair) => format!("Friendship:{}:{}", pair.low(), pair.high()),
        };
        URL_SAFE_NO_PAD.encode(text).into()
    }
}

/// The user that a global id names.
pub(super) fn user_id(id: &ID, argument: &str) -> Result<UserId> {
    match GlobalId::parse(id, argument)? {
        GlobalId::User(id) => Ok(id),
        GlobalId::Friendship(_) => Err(bad_input(
            argument,
            "this is the id of a Friendship; the id of a User is wanted",
        )),
    }
}
