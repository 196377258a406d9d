//! Several positions' changes as one batch.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use foaf::{
    domain::{Change, Edge, Moment, User, UserId},
    graph::{Batch, Cursor},
};

/// The net effect of the changes so far.
#[derive(Default)]
pub(super) struct Pending {
    users: BTreeMap<UserId, Arc<User>>,
    past_users: Vec<(Arc<User>, Moment)>,
    opened: BTreeSet<Edge>,
    closed: Vec<(Edge, Moment)>,
    passed: Vec<(Edge, Moment)>,
}

impl Pending {
    pub(super) fn add(&mut self, change: Change, at: Moment) {
        match change {
            Change::User { before, after } => {
                self.past_users.extend(before.map(|before| (before, at)));
                self.users.insert(after.id, after);
            }
            Change::Opened(edge) => {
                self.opened.insert(edge);
            }
            Change::Closed(edge) => {
                if self.opened.remove(&edge) {
                    self.passed.push((edge, at));
                } else {
                    self.closed.push((edge, at));
                }
            }
        }
    }

    pub(super) fn into_batch(self, expect: u64, cursor: Cursor) -> Batch {
        Batch {
            expect,
            cursor,
            users: self.users.into_values().collect(),
            past_users: self.past_users,
            closed: self.closed,
            opened: self.opened.into_iter().collect(),
            passed: self.passed,
        }
    }
}
