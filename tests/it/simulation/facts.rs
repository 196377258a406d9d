//! What a graph has to hold at each position, from the plain model of the rules: the present and the
//! past of users and ties, found by comparing the model before and after.

use std::{collections::BTreeMap, sync::Arc};

use foaf::{
    domain::{
        Change, Edge, EdgeKind, Field, LogTime, Moment, Name, Pair, Profile, User, UserId,
        UserState,
    },
    graph::digest::Digest,
};

use super::acts;
use crate::model::World;

/// The present, and the digest of present and past.
#[derive(Default)]
pub(super) struct Facts {
    users: BTreeMap<usize, Arc<User>>,
    edges: BTreeMap<(EdgeKind, UserId, UserId), Edge>,
    /// The ids that nodes chose.
    ids: BTreeMap<usize, UserId>,
    pub(super) digest: Digest,
}

impl Facts {
    /// The id of a person.
    pub(super) fn id(&self, who: usize) -> UserId {
        self.ids.get(&who).copied().unwrap_or_else(|| acts::id(who))
    }

    /// Notes the id that a node chose.
    pub(super) fn name(&mut self, who: usize, id: UserId) {
        self.ids.insert(who, id);
    }

    /// Takes up what the model has become at a moment; `touched` has a new version, changed or not.
    pub(super) fn take(&mut self, world: &World, touched: Option<usize>, at: Moment) {
        if let Some(who) = touched {
            self.take_user(world, who, at);
        }
        let mut now = BTreeMap::new();
        for (kind, from, to) in world.ties() {
            let (mut from, mut to) = (self.id(from), self.id(to));
            if kind == "FRIEND"
                && let Some(pair) = Pair::new(from, to)
            {
                (from, to) = (pair.low(), pair.high());
            }
            let kind = match kind {
                "FRIEND" => EdgeKind::Friend,
                "REQUESTED" => EdgeKind::Requested,
                _ => EdgeKind::Blocked,
            };
            let fresh = Edge {
                kind,
                from,
                to,
                opened: at,
            };
            let known = self.edges.remove(&(kind, from, to));
            if known.is_none() {
                self.digest.change(&Change::Opened(fresh), at);
            }
            now.insert((kind, from, to), known.unwrap_or(fresh));
        }
        for ended in self.edges.values() {
            self.digest.change(&Change::Closed(*ended), at);
        }
        self.edges = now;
    }

    fn take_user(&mut self, world: &World, who: usize, at: Moment) {
        let person = &world.people[&who];
        let before = self.users.get(&who).cloned();
        let name = |text: &str| Name::parse(text, Field::FirstName).expect("a name");
        let created_at: LogTime = before.as_ref().map_or(at.time, |user| user.created_at);
        let after = Arc::new(User {
            id: self.id(who),
            profile: Profile {
                handle: acts::handle(&person.handle),
                first_name: name(&person.first_name),
                last_name: person.last_name.as_deref().map(name),
            },
            state: UserState::parse(person.state).expect("a state"),
            created_at,
            from: at,
        });
        self.users.insert(who, after.clone());
        self.digest.change(&Change::User { before, after }, at);
    }
}
