//! The users: by slot, by id, by handle, and in the two orders in which all are listed.

use std::{cmp::Ordering, hash::BuildHasher, sync::Arc};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{
    links::{insert_at, remove_at},
    store::Slot,
};
use crate::domain::{Handle, User, UserId, UserState};

/// A user that is new or has changed.
pub(super) struct Version {
    /// Where; new users have the slots after the last, in order.
    pub(super) slot: Slot,
    pub(super) user: Arc<User>,
    /// The folded name, where it is new.
    pub(super) name: Option<Box<str>>,
}

/// Every user. What traversals and sorting need lies in arrays of its own.
#[derive(Default)]
pub(super) struct Users {
    versions: Vec<Arc<User>>,
    ids: Vec<UserId>,
    states: Vec<UserState>,
    /// Folded full names.
    names: Vec<Box<str>>,
    by_id: HashTable<Slot>,
    by_handle: HashTable<Slot>,
    /// Everybody sorted by id. A sorted array costs 4 bytes a user, a tree ten times that; a batch is
    /// merged in one pass.
    id_order: Vec<Slot>,
    /// Everybody sorted by folded name, then id.
    name_order: Vec<Slot>,
    hasher: DefaultHashBuilder,
}

impl Users {
    pub(super) fn len(&self) -> usize {
        self.versions.len()
    }

    pub(super) fn slot(&self, id: UserId) -> Option<Slot> {
        let is_it = |slot: &Slot| self.ids[*slot as usize] == id;
        self.by_id.find(self.hasher.hash_one(id), is_it).copied()
    }

    /// Who holds a handle; archived users hold none.
    pub(super) fn holder(&self, handle: &Handle) -> Option<Slot> {
        let is_it = |slot: &Slot| self.get(*slot).profile.handle == *handle;
        let hash = self.hasher.hash_one(handle);
        self.by_handle.find(hash, is_it).copied()
    }

    pub(super) fn get(&self, slot: Slot) -> &Arc<User> {
        &self.versions[slot as usize]
    }

    pub(super) fn id(&self, slot: Slot) -> UserId {
        self.ids[slot as usize]
    }

    pub(super) fn state(&self, slot: Slot) -> UserState {
        self.states[slot as usize]
    }

    pub(super) fn is_active(&self, slot: Slot) -> bool {
        self.states[slot as usize] == UserState::Active
    }

    pub(super) fn name(&self, slot: Slot) -> &str {
        &self.names[slot as usize]
    }

    pub(super) fn by_id(&self) -> &[Slot] {
        &self.id_order
    }

    pub(super) fn by_name(&self) -> &[Slot] {
        &self.name_order
    }

    /// Takes up the users of a batch, each at most once.
    pub(super) fn update(&mut self, versions: Vec<Version>) {
        let known = self.len();
        let is_known = |version: &&Version| (version.slot as usize) < known;
        for version in versions.iter().filter(is_known) {
            self.release_handle(version.slot);
        }
        let renamed: Vec<Slot> = versions
            .iter()
            .filter(|version| version.name.is_some())
            .map(|version| version.slot)
            .collect();
        self.leave_name_order(renamed.iter().copied().filter(|s| (*s as usize) < known));
        let slots: Vec<Slot> = versions.iter().map(|version| version.slot).collect();
        for version in versions {
            self.put(version);
        }
        // Only now, when every handle that became free is free.
        for slot in slots {
            self.hold_handle(slot);
        }
        self.join_name_order(renamed);
        self.join_id_order(known);
    }

    fn put(&mut self, version: Version) {
        let Version { slot, user, name } = version;
        let index = slot as usize;
        if index < self.versions.len() {
            self.states[index] = user.state;
            self.versions[index] = user;
            if let Some(name) = name {
                self.names[index] = name;
            }
            return;
        }
        let (ids, hasher) = (&mut self.ids, &self.hasher);
        ids.push(user.id);
        self.by_id
            .insert_unique(hasher.hash_one(user.id), slot, |slot| {
                hasher.hash_one(ids[*slot as usize])
            });
        self.states.push(user.state);
        self.versions.push(user);
        self.names.push(name.unwrap_or_default());
    }

    fn release_handle(&mut self, slot: Slot) {
        if self.state(slot) != UserState::Archived {
            let hash = self.hasher.hash_one(&self.get(slot).profile.handle);
            if let Ok(entry) = self.by_handle.find_entry(hash, |s| *s == slot) {
                entry.remove();
            }
        }
    }

    fn hold_handle(&mut self, slot: Slot) {
        if self.state(slot) != UserState::Archived {
            let (versions, hasher) = (&self.versions, &self.hasher);
            let hash_of = |slot: &Slot| hasher.hash_one(&versions[*slot as usize].profile.handle);
            self.by_handle.insert_unique(hash_of(&slot), slot, hash_of);
        }
    }

    fn compare_names(&self, a: Slot, b: Slot) -> Ordering {
        let key = |slot| (self.name(slot), self.id(slot));
        key(a).cmp(&key(b))
    }

    fn leave_name_order(&mut self, slots: impl Iterator<Item = Slot>) {
        let place = |slot| {
            let before = |other: &Slot| self.compare_names(*other, slot) == Ordering::Less;
            self.name_order.partition_point(before)
        };
        let mut places: Vec<usize> = slots.map(place).collect();
        places.sort_unstable();
        remove_at(&mut self.name_order, &places);
    }

    fn join_name_order(&mut self, mut slots: Vec<Slot>) {
        slots.sort_unstable_by(|a, b| self.compare_names(*a, *b));
        let place = |slot: &Slot| {
            let before = |other: &Slot| self.compare_names(*other, *slot) == Ordering::Less;
            self.name_order.partition_point(before)
        };
        let places: Vec<usize> = slots.iter().map(place).collect();
        insert_at(&mut self.name_order, &places, |index| slots[index]);
    }

    /// Sorts in the users from slot `known` on.
    fn join_id_order(&mut self, known: usize) {
        let mut slots: Vec<Slot> = (known..self.len()).map(super::store::slot).collect();
        slots.sort_unstable_by_key(|slot| self.id(*slot));
        let place = |slot: &Slot| {
            let before = |other: &Slot| self.id(*other) < self.id(*slot);
            self.id_order.partition_point(before)
        };
        let places: Vec<usize> = slots.iter().map(place).collect();
        insert_at(&mut self.id_order, &places, |index| slots[index]);
    }
}
