//! The state that decisions are made on: users, handles, and what stands between pairs.
//!
//! Users are interned to `u32`; a pair costs two entries of 8 bytes and one of 24. Only `fold`
//! changes it.

mod ending;

use std::{collections::VecDeque, hash::BuildHasher, sync::Arc};

use hashbrown::{DefaultHashBuilder, HashTable};

use ending::Ending;

use super::{Handle, Pair, PairState, User, UserId, UserState};

/// Everything that the effective events so far have made.
#[derive(Debug, Default)]
pub struct State {
    users: Vec<Arc<User>>,
    /// What most questions are about, so that they need not look further.
    heads: Vec<(UserId, UserState)>,
    by_id: HashTable<u32>,
    by_handle: HashTable<u32>,
    /// For each user the others with whom something stands, by their slot, and the pair's slot.
    partners: Vec<Vec<(u32, u32)>>,
    pairs: Vec<PairState>,
    free_pairs: Vec<u32>,
    /// Archived users with something left that their state has ended.
    endings: VecDeque<Ending>,
    hasher: DefaultHashBuilder,
}

impl State {
    /// The present version of a user.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&Arc<User>> {
        self.slot(id).map(|slot| &self.users[slot as usize])
    }

    /// Where a user stands.
    #[must_use]
    pub fn status(&self, id: UserId) -> Option<UserState> {
        self.slot(id).map(|slot| self.heads[slot as usize].1)
    }

    /// Every user, in the order of registration.
    #[must_use]
    pub fn users(&self) -> impl ExactSizeIterator<Item = &Arc<User>> {
        self.users.iter()
    }

    /// Who holds a handle; archived users hold none.
    #[must_use]
    pub fn handle_owner(&self, handle: &Handle) -> Option<UserId> {
        self.by_handle
            .find(self.hasher.hash_one(handle), |slot| {
                self.users[*slot as usize].profile.handle == *handle
            })
            .map(|slot| self.heads[*slot as usize].0)
    }

    /// What stands between two users.
    #[must_use]
    pub fn pair(&self, pair: Pair) -> PairState {
        let (Some(low), Some(high)) = (self.slot(pair.low()), self.slot(pair.high())) else {
            return PairState::None;
        };
        let stored = self.pair_slot(low, high);
        let stored = stored.map_or(&PairState::None, |slot| &self.pairs[slot as usize]);
        // What an archive has ended may be stored for a while.
        let is_archived = |slot| self.heads[slot as usize].1 == UserState::Archived;
        match stored {
            PairState::Friends { .. } | PairState::Requested { .. }
                if is_archived(low) || is_archived(high) =>
            {
                PairState::None
            }
            state => state.clone(),
        }
    }

    /// Every pair of this user with which something stands, in the order of the others'
    /// registration.
    #[must_use]
    pub fn pairs_of(&self, user: UserId) -> Vec<Pair> {
        let Some(slot) = self.slot(user) else {
            return Vec::new();
        };
        self.partners[slot as usize]
            .iter()
            .filter_map(|(other, _)| Pair::new(user, self.heads[*other as usize].0))
            .collect()
    }

    /// With how many others something stands for this user.
    #[must_use]
    pub fn pair_count_of(&self, user: UserId) -> usize {
        self.slot(user)
            .map_or(0, |slot| self.partners[slot as usize].len())
    }

    /// Whether a user has fewer friends than so many.
    #[must_use]
    pub fn has_fewer_friends(&self, user: UserId, than: usize) -> bool {
        let partners = self.slot(user).map(|slot| &self.partners[slot as usize]);
        let is_friend = |(other, slot): &&(u32, u32)| {
            matches!(self.pairs[*slot as usize], PairState::Friends { .. })
                && self.heads[*other as usize].1 != UserState::Archived
        };
        partners.is_none_or(|partners| {
            partners.len() < than || partners.iter().filter(is_friend).count() < than
        })
    }

    /// With how many others something stands for all those together with whom something stands for
    /// this user.
    #[must_use]
    pub fn pair_count_around(&self, user: UserId) -> usize {
        let partners = self
            .slot(user)
            .map_or(&[][..], |slot| &self.partners[slot as usize]);
        let counts = partners.iter();
        counts
            .map(|(other, _)| self.partners[*other as usize].len())
            .sum()
    }

    /// With how many others something stands, for each user in the order of registration.
    pub fn pairs_of_each(&self) -> impl Iterator<Item = usize> {
        self.partners.iter().map(Vec::len)
    }

    /// How many pairs something stands between.
    #[must_use]
    pub fn pair_count(&self) -> usize {
        self.pairs.len() - self.free_pairs.len()
    }

    /// Every pair that something stands between, by the numbers of the two in the order of
    /// registration, the lower number first; ascending.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32, &PairState)> {
        (0..).zip(&self.partners).flat_map(move |(one, partners)| {
            let later = partners.iter().filter(move |(other, _)| *other > one);
            later.map(move |(other, slot)| (one, *other, &self.pairs[*slot as usize]))
        })
    }

    /// Makes room for so many users more.
    pub fn reserve_users(&mut self, users: usize) {
        self.users.reserve_exact(users);
        self.heads.reserve_exact(users);
        self.partners.reserve_exact(users);
        let (hasher, all, heads) = (&self.hasher, &self.users, &self.heads);
        self.by_id
            .reserve(users, |slot| hasher.hash_one(heads[*slot as usize].0));
        self.by_handle.reserve(users, |slot| {
            hasher.hash_one(&all[*slot as usize].profile.handle)
        });
    }

    /// Makes room for so many pairs more.
    pub fn reserve_pairs(&mut self, pairs: usize) {
        self.pairs.reserve_exact(pairs);
    }

    /// Takes up the next user of [`Self::users`] of another state, with room for so many pairs;
    /// `None` if the id is taken.
    pub fn restore_user(&mut self, user: Arc<User>, pairs: usize) -> Option<()> {
        if self.slot(user.id).is_some() {
            return None;
        }
        self.insert_user(user);
        self.partners.last_mut()?.reserve_exact(pairs);
        Some(())
    }

    /// Takes up the next pair of [`Self::pairs`] of another state; `None` if it does not come next
    /// or names nobody.
    pub fn restore_pair(&mut self, one: u32, other: u32, state: PairState) -> Option<()> {
        if one >= other || other as usize >= self.users.len() {
            return None;
        }
        let slot = u32::try_from(self.pairs.len()).ok()?;
        for (of, partner) in [(one, other), (other, one)] {
            let list = &mut self.partners[of as usize];
            if list.last().is_some_and(|(last, _)| *last >= partner) {
                return None;
            }
            list.push((partner, slot));
        }
        self.pairs.push(state);
        Some(())
    }

    pub(super) fn insert_user(&mut self, user: Arc<User>) {
        let slot = u32::try_from(self.users.len()).expect("fewer than 2^32 users");
        let (heads, hasher) = (&mut self.heads, &self.hasher);
        heads.push((user.id, user.state));
        self.by_id
            .insert_unique(hasher.hash_one(user.id), slot, |slot| {
                hasher.hash_one(heads[*slot as usize].0)
            });
        self.users.push(user);
        self.partners.push(Vec::new());
        self.hold_handle(slot);
    }

    /// Replaces a user by its next version, and gives back the one before.
    pub(super) fn replace_user(&mut self, user: Arc<User>) -> Option<Arc<User>> {
        let slot = self.slot(user.id)?;
        let before = self.users[slot as usize].clone();
        if before.state != UserState::Archived {
            let hash = self.hasher.hash_one(&before.profile.handle);
            if let Ok(entry) = self.by_handle.find_entry(hash, |s| *s == slot) {
                entry.remove();
            }
        }
        self.heads[slot as usize].1 = user.state;
        self.users[slot as usize] = user;
        self.hold_handle(slot);
        Some(before)
    }

    pub(super) fn set_pair(&mut self, pair: Pair, state: PairState) -> Option<PairState> {
        let (low, high) = (self.slot(pair.low())?, self.slot(pair.high())?);
        let at = |list: &[(u32, u32)], other: u32| list.binary_search_by_key(&other, |e| e.0);
        match at(&self.partners[low as usize], high) {
            Ok(index) => {
                let slot = self.partners[low as usize][index].1;
                let ends = state == PairState::None;
                let before = std::mem::replace(&mut self.pairs[slot as usize], state);
                if ends {
                    self.partners[low as usize].remove(index);
                    if let Ok(index) = at(&self.partners[high as usize], low) {
                        self.partners[high as usize].remove(index);
                    }
                    self.free_pairs.push(slot);
                }
                Some(before)
            }
            Err(_) if state == PairState::None => Some(PairState::None),
            Err(index) => {
                let slot = if let Some(slot) = self.free_pairs.pop() {
                    self.pairs[slot as usize] = state;
                    slot
                } else {
                    self.pairs.push(state);
                    u32::try_from(self.pairs.len() - 1).expect("fewer than 2^32 pairs")
                };
                self.partners[low as usize].insert(index, (high, slot));
                let list = &mut self.partners[high as usize];
                let index = list.partition_point(|e| e.0 < low);
                list.insert(index, (low, slot));
                Some(PairState::None)
            }
        }
    }

    fn slot(&self, id: UserId) -> Option<u32> {
        self.by_id
            .find(self.hasher.hash_one(id), |slot| {
                self.heads[*slot as usize].0 == id
            })
            .copied()
    }

    /// What is stored of a pair.
    fn pair_slot(&self, low: u32, high: u32) -> Option<u32> {
        let length = |slot: u32| self.partners[slot as usize].len();
        let is_first_to_end = |slot| self.endings.front().is_some_and(|it| it.user == slot);
        // The shorter list, for a hub's is long; and a whole one.
        let of_low = length(low) <= length(high);
        let (from, to) = if of_low && !is_first_to_end(low) || is_first_to_end(high) {
            (low, high)
        } else {
            (high, low)
        };
        let list = &self.partners[from as usize];
        let index = list.binary_search_by_key(&to, |entry| entry.0).ok()?;
        Some(list[index].1)
    }

    fn hold_handle(&mut self, slot: u32) {
        let (users, hasher) = (&self.users, &self.hasher);
        let user = &users[slot as usize];
        if user.state != UserState::Archived {
            let hash = hasher.hash_one(&user.profile.handle);
            self.by_handle.insert_unique(hash, slot, |s| {
                hasher.hash_one(&users[*s as usize].profile.handle)
            });
        }
    }
}
