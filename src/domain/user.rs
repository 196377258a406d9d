//! A user and its parts. A `Handle` or `Name` that exists is valid: inner code never checks again.

use std::{fmt, str::FromStr, sync::Arc};

use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

use super::{Field, LogTime, Moment, Rejection, RejectionCode};

/// Identifies a user for ever. Ordered as its UUID, bytewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub Uuid);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for UserId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::parse_str(text).map(Self)
    }
}

/// A unique, case-folded handle: 1–64 of `a–z 0–9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(Arc<str>);

impl Handle {
    /// The most characters of a handle.
    pub const MAX: usize = 64;

    /// Folds case, then checks.
    ///
    /// # Errors
    /// `INVALID_HANDLE` on an empty or too long text, or a character outside the set.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-');
        let folded: String = text
            .chars()
            .take(Self::MAX + 1)
            .flat_map(char::to_lowercase)
            .collect();
        if (1..=Self::MAX).contains(&folded.len()) && folded.chars().all(allowed) {
            Ok(Self(folded.into()))
        } else {
            Err(Rejection::new(RejectionCode::InvalidHandle, Field::Handle))
        }
    }

    /// The handle as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A first or last name: 1–100 characters of any script, not blank, without control characters.
/// (One that was recorded by another build may look blank: see [`Name::recorded`].)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The most characters (Unicode scalar values) of a name.
    pub const MAX: usize = 100;

    /// Checks a name that somebody gives; `field` is what an error will point at.
    ///
    /// # Errors
    /// `INVALID_NAME` on a text that is too long, looks blank, or has a control character, a line
    /// separator or an override of the writing direction (these disguise other people's names).
    pub fn parse(text: &str, field: Field) -> Result<Self, Rejection> {
        if text.chars().take(Self::MAX).any(is_visible) {
            Self::recorded(text, field)
        } else {
            Err(Rejection::new(RejectionCode::InvalidName, field))
        }
    }

    /// Checks a name that stands in a record or in the graph. Once released this refuses nothing
    /// more than it does, or logs could not be read any longer.
    ///
    /// # Errors
    /// `INVALID_NAME`, as [`Name::parse`] gives it, except on a text that only looks blank.
    pub fn recorded(text: &str, field: Field) -> Result<Self, Rejection> {
        let harmful = |c: char| {
            c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let length = text.chars().take(Self::MAX + 1).count();
        if length > Self::MAX || text.trim().is_empty() || text.chars().any(harmful) {
            return Err(Rejection::new(RejectionCode::InvalidName, field));
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character alone shows something: no white space, no accent without a letter, nothing
/// that Unicode wants ignored where it cannot be displayed, and no place without a character.
fn is_visible(c: char) -> bool {
    let is_ignorable = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    let is_no_character = matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    !(c.is_whitespace()
        || c.is_control()
        || is_ignorable
        || is_no_character
        || is_combining_mark(c))
}

/// Where a user stands: `PENDING → ACTIVE ⇄ SUSPENDED`, any of them `→ ARCHIVED` (final).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserState {
    /// Registered, not yet activated.
    Pending,
    /// Takes part in everything.
    Active,
    /// Keeps the friendships, but traversals pass over the user.
    Suspended,
    /// Gone for good; the handle is free again.
    Archived,
}

impl UserState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Active, Self::Suspended, Self::Archived];

    /// The name used in records, graphs and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Archived => "ARCHIVED",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What a user says of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Profile {
    /// The unique handle.
    pub handle: Handle,
    /// The first name.
    pub first_name: Name,
    /// The last name, if there is one.
    pub last_name: Option<Name>,
}

impl Profile {
    /// First and last name with a space between.
    #[must_use]
    pub fn full_name(&self) -> String {
        let first = self.first_name.as_str();
        match &self.last_name {
            Some(last) => format!("{first} {}", last.as_str()),
            None => first.to_owned(),
        }
    }
}

/// One version of a user, from the moment that it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The profile.
    pub profile: Profile,
    /// The state.
    pub state: UserState,
    /// When the user was registered.
    pub created_at: LogTime,
    /// When this version began.
    pub from: Moment,
}
