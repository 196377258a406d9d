//! What a graph holds, item by item in an order that is the same on every adapter: for those who
//! compare two graphs, and mend one.
//!
//! Must never leave out what does not make sense: a graph that was changed by hand is listed as it is.

use std::{fmt, sync::Arc};

use super::digest::Digest;
use crate::domain::{Edge, EdgeKind, Moment, Name, User};

/// One of the lists that a graph's content is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The users' present versions.
    Users,
    /// Versions of users that ended.
    PastUsers,
    /// Edges, open and closed.
    Edges,
}

impl Part {
    /// Every part, in the order in which they are mended: an edge needs its users.
    pub const ALL: [Self; 3] = [Self::Users, Self::PastUsers, Self::Edges];
}

/// What an item is told by within its part, and the order of the part. It is text, for an item that
/// was put in by hand may have any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key {
    /// The user's id, or that of the user where the edge starts; empty where there is none.
    pub id: String,
    /// The id of the user where the edge ends.
    pub other: String,
    /// What the edge means, as [`Content::kind`] names it.
    pub kind: String,
    /// The position at which what has ended began; -1 where there is none. 0 for what stands.
    pub position: i64,
}

/// An item that makes sense, and when it ended, if it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A version of a user.
    User(Arc<User>, Option<Moment>),
    /// An edge.
    Edge(Edge, Option<Moment>),
}

/// Properties by name, in an order that depends on the part only. Texts are in quotes.
pub type Properties = Vec<(&'static str, String)>;

/// What an item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// What a projection may have written.
    Sound(Content),
    /// What none can have written, with every property.
    Odd(Properties),
}

/// One item of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is told by; in a graph that was changed by hand several may have the same.
    pub key: Key,
    /// Where the adapter finds it again as long as the graph does not change; of no meaning to others.
    pub place: String,
    /// What it holds.
    pub held: Held,
}

/// What stands under one key, and what must stand there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// The part.
    pub part: Part,
    /// The items, as the graph listed them.
    pub found: Vec<Item>,
    /// What must be there; nothing, if absent.
    pub wanted: Option<Content>,
}

impl Content {
    /// What the item is told by.
    #[must_use]
    pub fn key(&self) -> Key {
        let began = |ended: &Option<Moment>, from: Moment| {
            ended.map_or(0, |_| i64::try_from(from.position).unwrap_or(i64::MAX))
        };
        match self {
            Self::User(user, ended) => Key {
                id: user.id.to_string(),
                position: began(ended, user.from),
                ..Key::default()
            },
            Self::Edge(edge, ended) => Key {
                id: edge.from.to_string(),
                other: edge.to.to_string(),
                kind: Self::kind(edge.kind, ended.is_some()).to_owned(),
                position: began(ended, edge.opened),
            },
        }
    }

    /// The name of an edge's kind in a key.
    #[must_use]
    pub fn kind(kind: EdgeKind, is_past: bool) -> &'static str {
        match (kind, is_past) {
            (EdgeKind::Friend, false) => "FRIEND",
            (EdgeKind::Friend, true) => "FRIEND_PAST",
            (EdgeKind::Requested, false) => "REQUESTED",
            (EdgeKind::Requested, true) => "REQUESTED_PAST",
            (EdgeKind::Blocked, false) => "BLOCKED",
            (EdgeKind::Blocked, true) => "BLOCKED_PAST",
        }
    }

    /// Every property.
    #[must_use]
    pub fn properties(&self) -> Properties {
        let text = |text: &str| format!("{text:?}");
        let (mut properties, from, ended) = match self {
            Self::User(user, ended) => {
                let last_name = user.profile.last_name.as_ref().map(Name::as_str);
                let properties = vec![
                    ("handle", text(user.profile.handle.as_str())),
                    ("firstName", text(user.profile.first_name.as_str())),
                    ("lastName", last_name.map_or("null".to_owned(), text)),
                    ("state", text(user.state.as_str())),
                    ("createdAt", user.created_at.0.to_string()),
                ];
                (properties, user.from, ended)
            }
            Self::Edge(edge, ended) => (Vec::new(), edge.opened, ended),
        };
        properties.push(("from", from.position.to_string()));
        properties.push(("since", from.time.0.to_string()));
        if let Some(ended) = ended {
            properties.push(("to", ended.position.to_string()));
            properties.push(("until", ended.time.0.to_string()));
        }
        properties
    }

    /// Adds the item to a digest.
    pub fn add_to(&self, digest: &mut Digest) {
        match self {
            Self::User(user, ended) => digest.add_user(user, *ended),
            Self::Edge(edge, ended) => digest.add_edge(edge, *ended),
        }
    }
}

impl Item {
    /// An item that makes sense.
    #[must_use]
    pub fn sound(content: Content) -> Self {
        Self {
            key: content.key(),
            place: String::new(),
            held: Held::Sound(content),
        }
    }

    /// Every property.
    #[must_use]
    pub fn properties(&self) -> Properties {
        match &self.held {
            Held::Sound(content) => content.properties(),
            Held::Odd(properties) => properties.clone(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = |id: &str| if id.is_empty() { "?" } else { id }.to_owned();
        if self.kind.is_empty() {
            write!(f, "user {}", id(&self.id))?;
        } else {
            write!(f, "{} {} -> {}", self.kind, id(&self.id), id(&self.other))?;
        }
        match self.position {
            0 => Ok(()),
            -1 => f.write_str(" (began at no position)"),
            position => write!(f, " (began at position {position})"),
        }
    }
}
