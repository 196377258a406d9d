//! Own attempts on their way to the log: when their records arrive they are known already, and need
//! not be decoded.
//!
//! Must never hold what nobody sees through any more, and never stand for a record of somebody else:
//! a record is known by its id, as everywhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;

use crate::judge::{Attempt, Entry, RecordId};

type Attempts = Arc<Mutex<HashMap<RecordId, Attempt>>>;

/// Attempts by the ids of their records.
#[derive(Debug, Default)]
pub(super) struct Own(Attempts);

/// Keeps attempts known until it is dropped.
pub struct Announced {
    known: Attempts,
    ids: Vec<RecordId>,
}

impl Own {
    pub(super) fn add(&self, attempts: Vec<Attempt>) -> Announced {
        let ids = attempts.iter().map(|attempt| attempt.id).collect();
        let by_id = attempts.into_iter().map(|attempt| (attempt.id, attempt));
        locked(&self.0).extend(by_id);
        Announced {
            known: self.0.clone(),
            ids,
        }
    }

    /// The attempt of a record, once.
    pub(super) fn take(&self, record: Option<RecordId>) -> Option<Entry> {
        locked(&self.0).remove(&record?).map(Entry::Attempt)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let mut known = locked(&self.known);
        for id in &self.ids {
            known.remove(id);
        }
    }
}

fn locked(known: &Attempts) -> MutexGuard<'_, HashMap<RecordId, Attempt>> {
    // Nothing panics while it is locked.
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
