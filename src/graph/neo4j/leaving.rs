//! Somebody with very many friends leaves: what one event changes is more than one transaction can take.
//!
//! The first transaction does all but make past of the edges. It moves the cursor, with the digest of the
//! whole, and gives the user the label `:Leaving`: every text takes the friendships and requests of such a
//! user as ended when the user's last version began, which is true, for nobody has any who is archived, and
//! that is final. Later transactions make past of the edges, some at a time, and then take the label away;
//! who does so, and when, is of no importance to anybody.
//!
//! Must never let two be leaving at once: an edge between them would end twice.

use std::{collections::HashMap, sync::atomic::Ordering};

use neo4rs::query;

use super::{
    client::{Client, field, only},
    cypher,
    project::Work,
    rows::int,
};
use crate::{
    domain::{Edge, EdgeKind, Moment, User, UserId, UserState},
    graph::{Batch, GraphError, Projected},
};

impl Client {
    /// Applies a batch, but for what may be left to [`Self::clear_up`].
    pub(super) async fn project(&self, batch: &Batch) -> Result<Projected, GraphError> {
        let work = match leaving(batch, self.edges_at_once) {
            None => Work::Batch(batch),
            Some(user) => {
                // Whether somebody else has left something, only the database knows.
                self.has_left.store(true, Ordering::Relaxed);
                while self.clear_up(self.edges_at_once).await? {}
                Work::Leaving(batch, user)
            }
        };
        let projected = self.write(work).await;
        if !matches!((&work, &projected), (Work::Batch(_), Ok(Projected::Done))) {
            self.has_left.store(true, Ordering::Relaxed);
        }
        projected
    }

    /// Makes past of some edges that were left; whether there may be more.
    pub(super) async fn clear_up(&self, limit: usize) -> Result<bool, GraphError> {
        if !self.has_left.load(Ordering::Relaxed) {
            return Ok(false);
        }
        // As a rule nobody is: then nothing is locked, and no answer torn.
        let mut more = field(&only(self.rows(&query(cypher::IS_LEFT)).await?)?, "more")?;
        if more {
            let limit = limit.clamp(1, self.edges_at_once.max(1));
            let statement = query(&cypher::CLEAR_UP).param("limit", int(limit));
            // A graph that has just been emptied has no row.
            more = match self.write_some(statement).await? {
                Some(row) => field(&row, "more")?,
                None => false,
            };
        }
        self.has_left.store(more, Ordering::Relaxed);
        Ok(more)
    }
}

/// The archived user of whose edges a batch ends more than so many, if there is one.
fn leaving(batch: &Batch, most: usize) -> Option<&User> {
    if batch.closed.len() <= most {
        return None;
    }
    let archived = batch.users.iter().map(|user| &**user);
    let archived = archived.filter(|user| user.state == UserState::Archived);
    let mut counts: HashMap<UserId, (&User, usize)> =
        archived.map(|user| (user.id, (user, 0))).collect();
    for (edge, ended) in &batch.closed {
        for end in [edge.from, edge.to] {
            if let Some((user, count)) = counts.get_mut(&end) {
                *count += usize::from(is_left(edge, *ended, user));
            }
        }
    }
    let (user, count) = counts.into_values().max_by_key(|(_, count)| *count)?;
    (count > most).then_some(user)
}

/// Whether it is the archiving of that user that ended the edge.
pub(super) fn is_left(edge: &Edge, ended: Moment, user: &User) -> bool {
    (edge.from == user.id || edge.to == user.id)
        && ended == user.from
        && edge.kind != EdgeKind::Blocked
}
