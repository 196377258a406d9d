//! What a batch comes to in slots: everything that can be looked up, folded, sorted or found wrong
//! before the graph is locked.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{
    links::{Edit, List},
    past::{PastEdge, PastUser, When},
    store::{Slot, Store, slot},
    users::Version,
};
use crate::{
    domain::{Edge, Moment, User, UserId, text::fold_text},
    graph::{Batch, Cursor, GraphError},
};

/// A batch, ready to be put in.
pub(super) struct Plan {
    pub(super) cursor: Cursor,
    pub(super) moments: Vec<Moment>,
    pub(super) users: Vec<Version>,
    /// Entries to take out, sorted.
    pub(super) removed: Vec<Edit>,
    /// Entries to put in, sorted.
    pub(super) added: Vec<Edit>,
    pub(super) past_users: Vec<PastUser>,
    pub(super) past_edges: Vec<PastEdge>,
}

impl Plan {
    /// Plans a batch for the store as it is.
    ///
    /// # Errors
    /// [`GraphError::Unusable`] if the batch does not fit what the graph holds.
    pub(super) fn new(store: &Store, batch: &Batch) -> Result<Self, GraphError> {
        let mut planner = Planner {
            store,
            fresh: HashMap::new(),
            moments: moments(batch)?,
        };
        let users = planner.users(&batch.users)?;
        let mut past_edges = Vec::with_capacity(batch.closed.len() + batch.passed.len());
        let mut removed = Vec::with_capacity(batch.closed.len() * 2);
        for (edge, ended) in &batch.closed {
            let past = planner.closed(edge, *ended)?;
            removed.extend(Edit::both(edge.kind, past.from, past.to, past.opened));
            past_edges.push(past);
        }
        for (edge, ended) in &batch.passed {
            past_edges.push(planner.passed(edge, *ended)?);
        }
        let mut added = Vec::with_capacity(batch.opened.len() * 2);
        // Found first and by themselves: so the processor looks up several at a time.
        let ends: Vec<_> = batch.opened.iter().map(|edge| planner.ends(edge)).collect();
        for (edge, ends) in batch.opened.iter().zip(ends) {
            let (from, to) = ends?;
            let since = planner.when(edge.opened)?;
            added.extend(Edit::both(edge.kind, from, to, since));
        }
        removed.sort_unstable();
        added.sort_unstable();
        let mut past_users = Vec::with_capacity(batch.past_users.len());
        for (version, ended) in &batch.past_users {
            past_users.push(PastUser {
                version: version.clone(),
                ended: planner.when(*ended)?,
            });
        }
        Ok(Self {
            cursor: batch.cursor,
            moments: planner.moments,
            users,
            removed,
            added,
            past_users,
            past_edges,
        })
    }
}

/// Every moment at which something of the batch began or ended, once and in order.
fn moments(batch: &Batch) -> Result<Vec<Moment>, GraphError> {
    let edges_ended = batch.closed.iter().chain(&batch.passed);
    let mut moments: Vec<Moment> = edges_ended
        .map(|(_, ended)| *ended)
        .chain(batch.passed.iter().map(|(edge, _)| edge.opened))
        .chain(batch.opened.iter().map(|edge| edge.opened))
        .chain(batch.past_users.iter().map(|(_, ended)| *ended))
        .collect();
    moments.sort_unstable();
    moments.dedup();
    let within = |moment: &Moment| {
        batch.expect < moment.position && moment.position <= batch.cursor.position
    };
    if moments.iter().all(within) {
        Ok(moments)
    } else {
        Err(misfit("something in it happened outside its positions"))
    }
}

struct Planner<'a> {
    store: &'a Store,
    /// The slots that new users will have.
    fresh: HashMap<UserId, Slot>,
    moments: Vec<Moment>,
}

impl Planner<'_> {
    fn users(&mut self, users: &[Arc<User>]) -> Result<Vec<Version>, GraphError> {
        let mut versions = Vec::with_capacity(users.len());
        for user in users {
            versions.push(self.version(user)?);
        }
        Ok(versions)
    }

    fn version(&mut self, user: &Arc<User>) -> Result<Version, GraphError> {
        let known = self.store.users.slot(user.id);
        let slot = known.unwrap_or_else(|| slot(self.store.users.len() + self.fresh.len()));
        if known.is_none() && self.fresh.insert(user.id, slot).is_some() {
            return Err(misfit("it holds a user twice"));
        }
        let keeps_name = known.is_some_and(|slot| {
            let before = &self.store.users.get(slot).profile;
            before.first_name == user.profile.first_name
                && before.last_name == user.profile.last_name
        });
        Ok(Version {
            slot,
            user: user.clone(),
            name: (!keeps_name).then(|| fold_text(&user.profile.full_name()).into()),
        })
    }

    fn slot(&self, id: UserId) -> Result<Slot, GraphError> {
        let known = self.store.users.slot(id);
        known
            .or_else(|| self.fresh.get(&id).copied())
            .ok_or_else(|| misfit("an edge in it ends at an unknown user"))
    }

    fn ends(&self, edge: &Edge) -> Result<(Slot, Slot), GraphError> {
        Ok((self.slot(edge.from)?, self.slot(edge.to)?))
    }

    /// The number that a moment of this batch will have.
    fn when(&self, moment: Moment) -> Result<When, GraphError> {
        match self.moments.binary_search(&moment) {
            Ok(index) => Ok(slot(self.store.moments.len() + index)),
            Err(_) => Err(misfit("a moment in it is missing")),
        }
    }

    /// An edge that the graph holds.
    fn closed(&self, edge: &Edge, ended: Moment) -> Result<PastEdge, GraphError> {
        let held = |from, to| {
            let opened = self.store.links(from, List::of(edge.kind).0).since(to)?;
            (self.store.moments.get(opened) == edge.opened).then_some(opened)
        };
        let (Some(from), Some(to)) = (
            self.store.users.slot(edge.from),
            self.store.users.slot(edge.to),
        ) else {
            return Err(misfit("it ends an edge of an unknown user"));
        };
        Ok(PastEdge {
            kind: edge.kind,
            from,
            to,
            opened: held(from, to).ok_or_else(|| misfit("it ends an edge that is not there"))?,
            closed: self.when(ended)?,
        })
    }

    /// An edge that the graph never held.
    fn passed(&self, edge: &Edge, ended: Moment) -> Result<PastEdge, GraphError> {
        let (from, to) = self.ends(edge)?;
        Ok(PastEdge {
            kind: edge.kind,
            from,
            to,
            opened: self.when(edge.opened)?,
            closed: self.when(ended)?,
        })
    }
}

fn misfit(what: &str) -> GraphError {
    GraphError::Unusable(format!("a batch does not fit the embedded graph: {what}"))
}
