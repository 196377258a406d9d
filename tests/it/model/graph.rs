//! A model of the graph: a list of edges, searched from end to end for every question.
//!
//! Lists are whole lists of (key, item), in order; [`slice`] cuts a page out of one.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use foaf::{
    domain::{Change, Edge, EdgeKind, Pair, PairState, User, UserId, UserState, text::fold_text},
    graph::{
        Direction, Distant, FriendOrder, Linked, Page, Recommendation, Relation, Score, Slice,
        UserKey, UserOrder,
    },
};

/// Everybody and everything between them.
#[derive(Default)]
pub(crate) struct Model {
    users: BTreeMap<UserId, Arc<User>>,
    edges: Vec<Edge>,
    /// At which positions something happened to each.
    histories: BTreeMap<UserId, BTreeSet<u64>>,
}

/// A whole list in its order: keys and items.
pub(crate) type List<K, T> = Vec<(K, T)>;

impl Model {
    pub(crate) fn apply(&mut self, change: &Change, position: u64) {
        let whose = match change {
            Change::User { after, .. } => vec![after.id],
            Change::Opened(edge) | Change::Closed(edge) => vec![edge.from, edge.to],
        };
        for id in whose {
            self.histories.entry(id).or_default().insert(position);
        }
        match change {
            Change::User { after, .. } => {
                self.users.insert(after.id, after.clone());
            }
            Change::Opened(edge) => self.edges.push(*edge),
            Change::Closed(edge) => self.edges.retain(|open| open != edge),
        }
    }

    pub(crate) fn user(&self, id: UserId) -> Option<&Arc<User>> {
        self.users.get(&id)
    }

    pub(crate) fn ids(&self) -> Vec<UserId> {
        self.users.keys().copied().collect()
    }

    pub(crate) fn holder(&self, handle: &str) -> Option<&Arc<User>> {
        self.users.values().find(|user| {
            user.profile.handle.as_str() == handle && user.state != UserState::Archived
        })
    }

    pub(crate) fn list_users(
        &self,
        state: Option<UserState>,
        prefix: &str,
        order: UserOrder,
    ) -> List<UserKey, Arc<User>> {
        let mut list: List<_, _> = self
            .users
            .values()
            .filter(|user| state.is_none_or(|state| user.state == state))
            .filter(|user| user.profile.handle.as_str().starts_with(prefix))
            .map(|user| match order {
                UserOrder::Id => (UserKey::Id(user.id), user.clone()),
                UserOrder::Name => (name_key(user), user.clone()),
            })
            .collect();
        list.sort_by_key(|(key, _)| key.clone());
        list
    }

    pub(crate) fn friends(
        &self,
        of: UserId,
        prefix: &str,
        order: FriendOrder,
    ) -> List<UserKey, Linked> {
        let mut list: List<_, _> = self
            .edges
            .iter()
            .filter(|edge| edge.kind == EdgeKind::Friend && (edge.from == of || edge.to == of))
            .map(|edge| {
                let other = if edge.from == of { edge.to } else { edge.from };
                self.linked(other, edge)
            })
            .filter(|friend| friend.user.state == UserState::Active)
            .filter(|friend| friend.user.profile.handle.as_str().starts_with(prefix))
            .map(|friend| match order {
                FriendOrder::Id => (UserKey::Id(friend.user.id), friend),
                FriendOrder::Name => (name_key(&friend.user), friend),
                FriendOrder::Since => (UserKey::Since(friend.since.position), friend),
            })
            .collect();
        list.sort_by_key(|(key, _)| key.clone());
        list
    }

    pub(crate) fn friends_of_friends(
        &self,
        of: UserId,
        depth: u32,
    ) -> List<(u32, Reverse<u64>, UserId), Distant> {
        let mut list: List<_, _> = self
            .distances(of, depth)
            .into_iter()
            .filter(|(_, distance)| *distance >= 2)
            .map(|(id, distance)| {
                let mutual = if distance == 2 {
                    self.common(of, id)
                } else {
                    0
                };
                let user = self.users[&id].clone();
                let distant = Distant {
                    user,
                    distance,
                    mutual,
                };
                ((distance, Reverse(mutual), id), distant)
            })
            .collect();
        list.sort_by_key(|(key, _)| *key);
        list
    }

    pub(crate) fn mutual_friends(&self, a: UserId, b: UserId) -> List<UserId, Arc<User>> {
        if a == b {
            return Vec::new();
        }
        let (of_a, of_b) = (self.active_friends(a), self.active_friends(b));
        let mut list: List<_, _> = of_a
            .intersection(&of_b)
            .map(|id| (*id, self.users[id].clone()))
            .collect();
        list.sort_by_key(|(id, _)| *id);
        list
    }

    pub(crate) fn recommendations(
        &self,
        of: UserId,
        by: Score,
        limit: usize,
    ) -> Vec<Recommendation> {
        let mut list: Vec<_> = self
            .distances(of, 2)
            .into_iter()
            .filter(|(id, distance)| *distance == 2 && !self.asked_or_blocked(of, *id))
            .map(|(id, _)| Recommendation {
                user: self.users[&id].clone(),
                score: self.score(of, id, by),
                mutual: self.common(of, id),
            })
            .collect();
        list.sort_by_key(|item| (Reverse(item.score), item.user.id));
        list.truncate(limit);
        list
    }

    pub(crate) fn relation(&self, from: UserId, to: UserId) -> Option<Relation> {
        let (_, user) = (self.users.get(&from)?, self.users.get(&to)?.clone());
        Some(Relation {
            user,
            distance: self.distances(from, 3).get(&to).copied(),
            mutual: self.common(from, to),
            tie: Pair::new(from, to).map_or(PairState::None, |pair| {
                self.tie(pair).expect("both are known")
            }),
        })
    }

    /// The length of every shortest chain.
    pub(crate) fn path_length(&self, from: UserId, to: UserId, most: u32) -> Option<u32> {
        self.distances(from, most).get(&to).copied()
    }

    pub(crate) fn are_friends(&self, a: UserId, b: UserId) -> bool {
        Pair::new(a, b)
            .is_some_and(|pair| matches!(self.tie(pair), Some(PairState::Friends { .. })))
    }

    pub(crate) fn rings(&self, of: UserId, depth: u32) -> Vec<u64> {
        let distances = self.distances(of, depth);
        let count = |ring| distances.values().filter(|d| **d == ring).count() as u64;
        (1..=depth).map(count).collect()
    }

    pub(crate) fn requests(&self, of: UserId, direction: Direction) -> List<Reverse<u64>, Linked> {
        self.directed(EdgeKind::Requested, |edge| match direction {
            Direction::Incoming => (edge.to == of).then_some(edge.from),
            Direction::Outgoing => (edge.from == of).then_some(edge.to),
        })
    }

    pub(crate) fn blocked(&self, of: UserId) -> List<Reverse<u64>, Linked> {
        self.directed(EdgeKind::Blocked, |edge| {
            (edge.from == of).then_some(edge.to)
        })
    }

    pub(crate) fn history(&self, of: UserId) -> List<u64, u64> {
        let positions = self.histories.get(&of).into_iter().flatten();
        positions.map(|position| (*position, *position)).collect()
    }

    pub(crate) fn tie(&self, pair: Pair) -> Option<PairState> {
        let (low, high) = (pair.low(), pair.high());
        if !self.users.contains_key(&low) || !self.users.contains_key(&high) {
            return None;
        }
        let mut blocks = foaf::domain::Blocks::default();
        for edge in self.between(low, high) {
            let by = pair.side(edge.from);
            match edge.kind {
                EdgeKind::Friend => return Some(PairState::Friends { since: edge.opened }),
                EdgeKind::Requested => {
                    let asked = edge.opened;
                    return Some(PairState::Requested { by, asked });
                }
                EdgeKind::Blocked => blocks.set(by, Some(edge.opened)),
            }
        }
        Some(if blocks.is_empty() {
            PairState::None
        } else {
            PairState::Blocked(Box::new(blocks))
        })
    }

    fn between(&self, a: UserId, b: UserId) -> impl Iterator<Item = &Edge> {
        self.edges
            .iter()
            .filter(move |e| (e.from == a && e.to == b) || (e.from == b && e.to == a))
    }

    fn directed(
        &self,
        kind: EdgeKind,
        other: impl Fn(&Edge) -> Option<UserId>,
    ) -> List<Reverse<u64>, Linked> {
        let mut list: List<_, _> = self
            .edges
            .iter()
            .filter(|edge| edge.kind == kind)
            .filter_map(|edge| {
                let linked = self.linked(other(edge)?, edge);
                Some((Reverse(linked.since.position), linked))
            })
            .collect();
        list.sort_by_key(|(key, _)| *key);
        list
    }

    fn linked(&self, other: UserId, edge: &Edge) -> Linked {
        Linked {
            user: self.users[&other].clone(),
            since: edge.opened,
        }
    }

    fn is_active(&self, id: UserId) -> bool {
        self.users[&id].state == UserState::Active
    }

    fn active_friends(&self, of: UserId) -> HashSet<UserId> {
        let mut friends = HashSet::new();
        for edge in self.edges.iter().filter(|e| e.kind == EdgeKind::Friend) {
            for (one, other) in [(edge.from, edge.to), (edge.to, edge.from)] {
                if one == of && self.is_active(other) {
                    friends.insert(other);
                }
            }
        }
        friends
    }

    /// Who is how far away, the start included.
    fn distances(&self, from: UserId, depth: u32) -> BTreeMap<UserId, u32> {
        let mut distances = BTreeMap::new();
        if self.users.contains_key(&from) {
            distances.insert(from, 0);
        }
        for distance in 1..=depth {
            for edge in self.edges.iter().filter(|e| e.kind == EdgeKind::Friend) {
                for (one, other) in [(edge.from, edge.to), (edge.to, edge.from)] {
                    let reached = distances.get(&one) == Some(&(distance - 1));
                    if reached && self.is_active(other) {
                        distances.entry(other).or_insert(distance);
                    }
                }
            }
        }
        distances
    }

    fn common(&self, a: UserId, b: UserId) -> u64 {
        self.mutual_friends(a, b).len() as u64
    }

    fn asked_or_blocked(&self, a: UserId, b: UserId) -> bool {
        self.between(a, b).any(|edge| edge.kind != EdgeKind::Friend)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the contract defines this score in f64"
    )]
    fn score(&self, a: UserId, b: UserId, by: Score) -> u64 {
        let common = self.common(a, b);
        match by {
            Score::CommonFriends => common,
            Score::AdamicAdar => self
                .mutual_friends(a, b)
                .iter()
                .map(|(friend, _)| self.active_friends(*friend).len())
                .filter(|degree| *degree >= 2)
                .map(|degree| (1e9 / (degree as f64).ln()).round() as u64)
                .sum(),
            Score::Jaccard => {
                let mut union = self.active_friends(a);
                union.extend(self.active_friends(b));
                let union = union.len() as u64;
                // Half up: the floor of (x + 1/2), in integers.
                (2 * 1_000_000_000 * common + union) / (2 * union)
            }
        }
    }
}

fn name_key(user: &User) -> UserKey {
    UserKey::Name(fold_text(&user.profile.full_name()), user.id)
}

/// The page of a whole list. `place` makes a key of the list's order of a key of the page.
pub(crate) fn slice<K: Ord, T: Clone, P>(
    list: &[(K, T)],
    page: &Page<P>,
    place: impl Fn(&P) -> K,
) -> Slice<T> {
    let after = page.after.as_ref().map(&place);
    let before = page.before.as_ref().map(&place);
    let mut items: Vec<T> = list
        .iter()
        .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after))
        .filter(|(key, _)| before.as_ref().is_none_or(|before| key < before))
        .map(|(_, item)| item.clone())
        .collect();
    let more = items.len() > page.limit;
    if page.backward {
        items.drain(..items.len().saturating_sub(page.limit));
    } else {
        items.truncate(page.limit);
    }
    Slice {
        items,
        more,
        total: page.count.then_some(list.len() as u64),
    }
}
