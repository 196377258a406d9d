//! Commands of one process queue where one writes a key that another reads or writes.
//!
//! A multi-key read-write lock, first come first served: all keys of a ticket are queued in one step,
//! so tickets cannot wait for each other in a circle. Only saves attempts that would conflict; the rule
//! is what keeps the log right. Must never be held without a deadline.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::{
    judge::{CommandId, key::KeyHasher},
    replay::model::Decision,
};

/// A thing to queue for: a conflict key or a command id.
pub(super) type Key = [u8; 16];

#[derive(Debug, Default)]
pub(super) struct KeyQueue {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last_ticket: u64,
    /// Keys are hashes already.
    lanes: HashMap<Key, Lane, KeyHasher>,
    /// Tickets that do not hold all their keys yet: how many are missing, and whom to wake.
    waiting: HashMap<u64, (usize, oneshot::Sender<()>)>,
}

/// Who holds a key, and who waits for it in order.
#[derive(Debug, Default)]
struct Lane {
    readers: usize,
    writer: bool,
    queue: VecDeque<(u64, bool)>,
}

/// A place in the queue of each key. Dropping it makes way.
#[derive(Debug)]
pub(super) struct Ticket {
    queue: Arc<KeyQueue>,
    number: u64,
    /// Each key once, with whether it is written.
    keys: Vec<(Key, bool)>,
    turn: Option<oneshot::Receiver<()>>,
}

/// What to queue for: the keys of the decision, and the command itself.
pub(super) fn keys_of(decision: &Decision, id: CommandId) -> Vec<(Key, bool)> {
    let guarded = decision
        .guards
        .iter()
        .map(|guard| (guard.key.0, decision.writes.contains(&guard.key)));
    guarded.chain([(id.0, true)]).collect()
}

impl KeyQueue {
    /// Queues for all of `keys`; names no key twice.
    pub(super) fn enter(self: &Arc<Self>, keys: Vec<(Key, bool)>) -> Ticket {
        let mut inner = self.lock();
        inner.last_ticket += 1;
        let number = inner.last_ticket;
        let mut missing = 0;
        for (key, write) in &keys {
            let lane = inner.lanes.entry(*key).or_default();
            if lane.queue.is_empty() && lane.admits(*write) {
                lane.hold(*write);
            } else {
                lane.queue.push_back((number, *write));
                missing += 1;
            }
        }
        let turn = (missing > 0).then(|| {
            let (wake, turn) = oneshot::channel();
            inner.waiting.insert(number, (missing, wake));
            turn
        });
        Ticket {
            queue: self.clone(),
            number,
            keys,
            turn,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Whether every key is held already.
    pub(super) fn is_held(&self) -> bool {
        self.turn.is_none()
    }

    /// Waits until every key is held.
    pub(super) async fn held(&mut self) {
        if let Some(turn) = &mut self.turn {
            // The sender lives in the queue until it has sent.
            let _ = turn.await;
            self.turn = None;
        }
    }

    /// Whether it queued for all of `keys`, and for writing where they are written.
    pub(super) fn covers(&self, keys: &[(Key, bool)]) -> bool {
        let covered = |(key, write): &(Key, bool)| {
            let held = self.keys.iter().find(|(held, _)| held == key);
            held.is_some_and(|(_, writes)| *writes || !write)
        };
        keys.iter().all(covered)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inner = self.queue.lock();
        let waits = inner.waiting.remove(&self.number).is_some();
        for (key, write) in &self.keys {
            inner.leave(*key, self.number, *write, waits);
        }
    }
}

impl Inner {
    fn leave(&mut self, key: Key, number: u64, write: bool, waits: bool) {
        let Some(lane) = self.lanes.get_mut(&key) else {
            return;
        };
        let place = if waits {
            lane.queue.iter().position(|(ticket, _)| *ticket == number)
        } else {
            None
        };
        match place {
            Some(place) => {
                lane.queue.remove(place);
            }
            None if write => lane.writer = false,
            None => lane.readers -= 1,
        }
        while let Some((next, write)) = lane.queue.front().copied() {
            if !lane.admits(write) {
                break;
            }
            lane.queue.pop_front();
            lane.hold(write);
            if let Some((missing, _)) = self.waiting.get_mut(&next) {
                *missing -= 1;
                if *missing == 0
                    && let Some((_, wake)) = self.waiting.remove(&next)
                {
                    // Dropped meanwhile: its own drop makes way.
                    let _ = wake.send(());
                }
            }
        }
        if lane.is_idle() {
            self.lanes.remove(&key);
        }
    }
}

impl Lane {
    fn admits(&self, write: bool) -> bool {
        !self.writer && (!write || self.readers == 0)
    }

    fn hold(&mut self, write: bool) {
        if write {
            self.writer = true;
        } else {
            self.readers += 1;
        }
    }

    fn is_idle(&self) -> bool {
        self.readers == 0 && !self.writer && self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Key {
        [n; 16]
    }

    #[tokio::test]
    async fn readers_share_and_writers_wait_their_turn() {
        let queue = Arc::new(KeyQueue::default());
        let first = queue.enter(vec![(key(1), false), (key(2), true)]);
        let second = queue.enter(vec![(key(1), false), (key(3), true)]);
        assert!(first.is_held() && second.is_held());
        let mut writer = queue.enter(vec![(key(1), true)]);
        let mut late_reader = queue.enter(vec![(key(1), false)]);
        assert!(!writer.is_held());
        assert!(!late_reader.is_held(), "a reader does not overtake");
        drop(first);
        assert!(
            writer.turn.as_mut().is_none_or(|t| t.try_recv().is_err()),
            "the other reader is still there"
        );
        drop(second);
        writer.held().await;
        drop(writer);
        late_reader.held().await;
        drop(late_reader);
        assert!(queue.lock().lanes.is_empty() && queue.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn who_gives_up_makes_way() {
        let queue = Arc::new(KeyQueue::default());
        let holder = queue.enter(vec![(key(1), true)]);
        let gives_up = queue.enter(vec![(key(1), true), (key(2), true)]);
        let mut waits = queue.enter(vec![(key(2), true)]);
        drop(gives_up);
        waits.held().await;
        drop(holder);
        drop(waits);
        assert!(queue.lock().lanes.is_empty() && queue.lock().waiting.is_empty());
    }
}
