//! What the embedded graph holds: users, their lists, and the past.

use super::{
    links::{Edit, Links, List},
    past::{Moments, Past, When},
    plan::Plan,
    users::Users,
};
use crate::{
    domain::{Blocks, PairState, Side, UserState},
    graph::{Batch, Cursor},
};

/// The number of a user, in the order of projection.
pub(super) type Slot = u32;

/// The slot of that index.
pub(super) fn slot(index: usize) -> Slot {
    // Moments are numbered likewise. The docs name the limit; a graph this large belongs into Neo4j.
    Slot::try_from(index).expect("an embedded graph has fewer than 2^32 users and changes")
}

/// The lists that most users have nothing in: requests and blocks.
type Rare = [Links; 4];

/// The graph as of its cursor.
#[derive(Default)]
pub(super) struct Store {
    pub(super) cursor: Option<Cursor>,
    pub(super) users: Users,
    pub(super) moments: Moments,
    pub(super) past: Past,
    friends: Vec<Links>,
    /// How many ACTIVE friends each user has.
    degrees: Vec<u32>,
    rare: Vec<Option<Box<Rare>>>,
    /// Both ends of each friendship.
    friend_ends: usize,
    /// Set while a batch is put in; stays so if that panics halfway.
    pub(super) torn: bool,
}

impl Store {
    pub(super) fn position(&self) -> u64 {
        self.cursor.map_or(0, |cursor| cursor.position)
    }

    /// Whether a batch goes on where the cursor stands.
    pub(super) fn expects(&self, batch: &Batch) -> bool {
        match self.cursor {
            Some(at) => at.log_id == batch.cursor.log_id && at.position == batch.expect,
            None => batch.expect == 0,
        }
    }

    pub(super) fn friends(&self, slot: Slot) -> &[Slot] {
        self.friends[slot as usize].others()
    }

    /// How many ACTIVE friends a user has.
    pub(super) fn degree(&self, slot: Slot) -> u32 {
        self.degrees[slot as usize]
    }

    pub(super) fn friendships(&self) -> usize {
        self.friend_ends / 2
    }

    pub(super) fn links(&self, slot: Slot, list: List) -> &Links {
        if list == List::Friends {
            return &self.friends[slot as usize];
        }
        let rare = self.rare[slot as usize].as_ref();
        rare.map_or(Links::empty(), |rare| &rare[rare_index(list)])
    }

    /// Since when two users are friends, if they are.
    pub(super) fn befriended(&self, a: Slot, b: Slot) -> Option<When> {
        // In the shorter list: a hub's is long.
        let a_is_shorter = self.friends(a).len() <= self.friends(b).len();
        let (of, other) = if a_is_shorter { (a, b) } else { (b, a) };
        self.friends[of as usize].since(other)
    }

    /// What stands between two users.
    pub(super) fn tie(&self, a: Slot, b: Slot) -> PairState {
        if a == b {
            return PairState::None;
        }
        if let Some(when) = self.befriended(a, b) {
            let since = self.moments.get(when);
            return PairState::Friends { since };
        }
        let a_is_low = self.users.id(a) < self.users.id(b);
        let (low, high) = if a_is_low { (a, b) } else { (b, a) };
        let since = |list| {
            let when = self.links(low, list).since(high)?;
            Some(self.moments.get(when))
        };
        for (list, by) in [(List::Asked, Side::Low), (List::AskedBy, Side::High)] {
            if let Some(asked) = since(list) {
                return PairState::Requested { by, asked };
            }
        }
        let mut blocks = Blocks::default();
        blocks.set(Side::Low, since(List::Blocks));
        blocks.set(Side::High, since(List::BlockedBy));
        if blocks.is_empty() {
            PairState::None
        } else {
            PairState::Blocked(Box::new(blocks))
        }
    }

    /// Puts a batch in. Cannot fail: all that could be wrong with it was found when it was planned.
    pub(super) fn commit(&mut self, plan: Plan) {
        self.torn = true;
        self.moments.extend(&plan.moments);
        self.take_states(&plan);
        self.users.update(plan.users);
        self.grow();
        self.remove(&plan.removed);
        self.add(&plan.added);
        for past in plan.past_users {
            if let Some(slot) = self.users.slot(past.version.id) {
                self.past.push_user(slot, past);
            }
        }
        for past in plan.past_edges {
            self.past.push_edge(past);
        }
        self.cursor = Some(plan.cursor);
        self.torn = false;
    }

    /// Lets the friends of users who become ACTIVE, or cease to be, count anew.
    fn take_states(&mut self, plan: &Plan) {
        for version in &plan.users {
            let slot = version.slot;
            if slot as usize >= self.users.len() {
                continue;
            }
            let was = self.users.is_active(slot);
            let is = version.user.state == UserState::Active;
            if was != is {
                for friend in self.friends[slot as usize].others() {
                    let degree = &mut self.degrees[*friend as usize];
                    *degree = if is { *degree + 1 } else { *degree - 1 };
                }
            }
        }
    }

    /// Gives a user one of the lists, which were empty.
    pub(super) fn put_links(&mut self, slot: Slot, list: List, links: Links) {
        *self.links_mut(slot, list) = links;
    }

    /// Counts friendships and ACTIVE friends anew.
    pub(super) fn count(&mut self) {
        let active = |links: &Links| {
            let active = links
                .others()
                .iter()
                .filter(|of| self.users.is_active(**of));
            slot(active.count())
        };
        let degrees = self.friends.iter().map(active).collect();
        self.degrees = degrees;
        let ends = self.friends.iter().map(|links| links.others().len());
        self.friend_ends = ends.sum();
    }

    pub(super) fn grow(&mut self) {
        let users = self.users.len();
        self.friends.resize_with(users, Links::default);
        self.rare.resize_with(users, || None);
        self.degrees.resize(users, 0);
    }

    fn remove(&mut self, edits: &[Edit]) {
        for group in groups(edits) {
            let Edit { slot, list, .. } = group[0];
            self.links_mut(slot, list).remove(group);
            if list == List::Friends {
                self.degrees[slot as usize] -= self.active(group);
                self.friend_ends -= group.len();
            } else if self.rare[slot as usize]
                .as_ref()
                .is_some_and(|rare| rare.iter().all(|links| links.others().is_empty()))
            {
                self.rare[slot as usize] = None;
            }
        }
    }

    fn add(&mut self, edits: &[Edit]) {
        for group in groups(edits) {
            let Edit { slot, list, .. } = group[0];
            self.links_mut(slot, list).insert(group);
            if list == List::Friends {
                self.degrees[slot as usize] += self.active(group);
                self.friend_ends += group.len();
            }
        }
    }

    /// How many of the others are ACTIVE.
    fn active(&self, group: &[Edit]) -> u32 {
        let active = |edit: &&Edit| self.users.is_active(edit.other);
        slot(group.iter().filter(active).count())
    }

    fn links_mut(&mut self, slot: Slot, list: List) -> &mut Links {
        if list == List::Friends {
            return &mut self.friends[slot as usize];
        }
        let rare = self.rare[slot as usize].get_or_insert_default();
        &mut rare[rare_index(list)]
    }
}

fn rare_index(list: List) -> usize {
    list as usize - List::Asked as usize
}

/// The edits of each list; they are sorted by list.
fn groups(edits: &[Edit]) -> impl Iterator<Item = &[Edit]> {
    edits.chunk_by(|a, b| (a.slot, a.list) == (b.slot, b.list))
}
