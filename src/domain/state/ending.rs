//! What stood between an archived user and others, on its way out.
//!
//! The archived state ends it all at once, for whoever asks; what is stored goes piece by piece, so that a
//! user with a million friends holds nobody up. Must never be seen from outside: [`State::pair`] answers as
//! if nothing were left.

use super::{Pair, PairState, State, UserId};

/// An archived user with friendships or requests left.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) user: u32,
    /// The blocks, which stay, from the last to the first.
    blocks: Vec<(u32, u32)>,
}

impl State {
    /// Whether friendships or requests of archived users are left.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        !self.endings.is_empty()
    }

    /// Whether something of this user is left.
    #[must_use]
    pub fn is_ending_of(&self, user: UserId) -> bool {
        let slot = self.slot(user).filter(|_| self.is_ending());
        slot.is_some_and(|slot| self.endings.iter().any(|ending| ending.user == slot))
    }

    /// Notes that what stands between an archived user and others has ended.
    pub(in crate::domain) fn begin_ending(&mut self, user: UserId) {
        if let Some(user) = self.slot(user) {
            let blocks = Vec::new();
            self.endings.push_back(Ending { user, blocks });
        }
    }

    /// Takes so much at most of what is left of the first user away, the last first, and tells of it. Says
    /// whether nothing is left of that user.
    pub(in crate::domain) fn end_some(
        &mut self,
        most: usize,
        mut tell: impl FnMut(Pair, PairState),
    ) -> bool {
        let Some(ending) = self.endings.front_mut() else {
            return true;
        };
        let user = ending.user;
        for _ in 0..most {
            // From the last on: to take the first out of a hub's list would move all the others.
            let Some((other, slot)) = self.partners[user as usize].pop() else {
                ending.blocks.reverse();
                self.partners[user as usize] = std::mem::take(&mut ending.blocks);
                self.endings.pop_front();
                return true;
            };
            let state = &mut self.pairs[slot as usize];
            if matches!(state, PairState::Blocked(_)) {
                ending.blocks.push((other, slot));
                continue;
            }
            let state = std::mem::take(state);
            self.free_pairs.push(slot);
            let partners = &mut self.partners[other as usize];
            if let Ok(index) = partners.binary_search_by_key(&user, |entry| entry.0) {
                partners.remove(index);
            }
            let [one, other] = [user, other].map(|slot| self.heads[slot as usize].0);
            if let Some(pair) = Pair::new(one, other) {
                tell(pair, state);
            }
        }
        false
    }
}
