//! The identity of a new log. Must never be made from anything but chance.

use uuid::Uuid;

use crate::judge::{GraphCreated, HashKey, LogId, RecordId, Windows};

/// What the first record of a new log says.
#[expect(clippy::disallowed_methods, reason = "a log's identity is made here")]
pub(super) fn fresh_identity() -> GraphCreated {
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("the system gives random bytes");
    GraphCreated {
        id: RecordId(Uuid::now_v7()),
        log_id: LogId(Uuid::new_v4()),
        hash_key: HashKey(key),
        windows: Windows::DEFAULT,
    }
}
