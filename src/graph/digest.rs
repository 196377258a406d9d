//! The digest of a graph: a sum of hashes that does not depend on order, kept up change by change.
//!
//! Every present user version, open edge, former version and closed edge adds the first 128 bits of
//! its BLAKE3 hash, wrapping; what goes away is subtracted. Two graphs with the same content have the
//! same digest, however they came to it.

use crate::domain::{Change, Edge, EdgeKind, Moment, Name, User};

/// A wrapping 128-bit sum of hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Digest(pub u128);

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl std::ops::AddAssign for Digest {
    fn add_assign(&mut self, other: Self) {
        self.add(other.0);
    }
}

impl Digest {
    /// The digest of that text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        u128::from_str_radix(text, 16).ok().map(Self)
    }

    /// Takes up a change that happened at `at`.
    pub fn change(&mut self, change: &Change, at: Moment) {
        match change {
            Change::User { before, after } => {
                if let Some(before) = before {
                    self.subtract(user(before, None));
                    self.add(user(before, Some(at)));
                }
                self.add(user(after, None));
            }
            Change::Opened(opened) => self.add(edge(opened, None)),
            Change::Closed(closed) => {
                self.subtract(edge(closed, None));
                self.add(edge(closed, Some(at)));
            }
        }
    }

    /// Adds a user version, present or former.
    pub fn add_user(&mut self, version: &User, ended: Option<Moment>) {
        self.add(user(version, ended));
    }

    /// Adds an edge, open or closed.
    pub fn add_edge(&mut self, of: &Edge, closed: Option<Moment>) {
        self.add(edge(of, closed));
    }

    fn add(&mut self, hash: u128) {
        self.0 = self.0.wrapping_add(hash);
    }

    fn subtract(&mut self, hash: u128) {
        self.0 = self.0.wrapping_sub(hash);
    }
}

/// A hash over tagged fields, each text with its length.
struct Fields(blake3::Hasher);

impl Fields {
    fn new(tag: u8, ended: Option<Moment>) -> Self {
        let mut fields = Self(blake3::Hasher::new());
        fields.0.update(&[tag, u8::from(ended.is_some())]);
        if let Some(ended) = ended {
            fields.moment(ended);
        }
        fields
    }

    fn text(&mut self, text: Option<&str>) {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        self.0.update(&length.to_le_bytes());
        self.0.update(text.unwrap_or_default().as_bytes());
    }

    fn moment(&mut self, moment: Moment) {
        self.0.update(&moment.position.to_le_bytes());
        self.0.update(&moment.time.0.to_le_bytes());
    }

    fn finish(&self) -> u128 {
        let mut short = [0; 16];
        short.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        u128::from_le_bytes(short)
    }
}

fn user(user: &User, ended: Option<Moment>) -> u128 {
    let mut fields = Fields::new(b'u', ended);
    fields.0.update(user.id.0.as_bytes());
    fields.text(Some(user.profile.handle.as_str()));
    fields.text(Some(user.profile.first_name.as_str()));
    fields.text(user.profile.last_name.as_ref().map(Name::as_str));
    fields.text(Some(user.state.as_str()));
    fields.0.update(&user.created_at.0.to_le_bytes());
    fields.moment(user.from);
    fields.finish()
}

fn edge(edge: &Edge, closed: Option<Moment>) -> u128 {
    let tag = match edge.kind {
        EdgeKind::Friend => b'f',
        EdgeKind::Requested => b'r',
        EdgeKind::Blocked => b'b',
    };
    let mut fields = Fields::new(tag, closed);
    fields.0.update(edge.from.0.as_bytes());
    fields.0.update(edge.to.0.as_bytes());
    fields.moment(edge.opened);
    fields.finish()
}
