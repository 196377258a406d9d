//! Everything that the graph holds, in the order of keys; and a graph made anew of such items.

use std::collections::HashSet;

use super::{
    links::List,
    past::{PastEdge, When},
    plan::Plan,
    store::{Slot, Store},
};
use crate::{
    domain::{Edge, EdgeKind, UserId},
    graph::{
        Batch, Cursor, GraphError, Slice,
        content::{Content, Item, Key, Mend, Part},
    },
};

/// A page of a part.
pub(super) fn page(store: &Store, part: Part, after: &Key, limit: usize) -> Slice<Item> {
    let mut items = Vec::new();
    let order = store.users.by_id();
    // Of the user in `after` there may be more.
    let start = order.partition_point(|slot| store.users.id(*slot).to_string() < after.id);
    for slot in &order[start..] {
        if items.len() > limit {
            break;
        }
        let mut owned: Vec<Item> = owned(store, part, *slot).map(Item::sound).collect();
        owned.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        // No two items have the same key here, so that a page may end anywhere.
        items.extend(owned.into_iter().filter(|item| item.key > *after));
    }
    let more = items.len() > limit;
    items.truncate(limit);
    Slice {
        items,
        more,
        total: None,
    }
}

/// What of a part is told by a user's id.
fn owned(store: &Store, part: Part, of: Slot) -> Box<dyn Iterator<Item = Content> + '_> {
    match part {
        Part::Users => Box::new(std::iter::once(Content::User(
            store.users.get(of).clone(),
            None,
        ))),
        Part::PastUsers => {
            Box::new(store.past.users_of(of).map(|past| {
                Content::User(past.version.clone(), Some(store.moments.get(past.ended)))
            }))
        }
        Part::Edges => {
            let kinds = [EdgeKind::Friend, EdgeKind::Requested, EdgeKind::Blocked];
            let open = kinds.into_iter().flat_map(move |kind| {
                let links = store.links(of, List::of(kind).0).iter();
                // A friendship stands in both lists; it starts at the lower id.
                let starts = move |(to, _): &(Slot, When)| {
                    kind != EdgeKind::Friend || store.users.id(of) < store.users.id(*to)
                };
                let edge = move |(to, when)| Content::Edge(edge(store, kind, of, to, when), None);
                links.filter(starts).map(edge)
            });
            let ended = store.past.edges_from(of).map(move |past: &PastEdge| {
                let edge = edge(store, past.kind, past.from, past.to, past.opened);
                Content::Edge(edge, Some(store.moments.get(past.closed)))
            });
            Box::new(open.chain(ended))
        }
    }
}

fn edge(store: &Store, kind: EdgeKind, from: Slot, to: Slot, opened: When) -> Edge {
    Edge {
        kind,
        from: store.users.id(from),
        to: store.users.id(to),
        opened: store.moments.get(opened),
    }
}

/// The store as it is after mends: made anew, for a user's number is in too many lists to be taken
/// out. Whoever has much to mend rebuilds.
///
/// # Errors
/// [`GraphError::Unusable`] if what is left does not fit together.
pub(super) fn mended(store: &Store, at: Cursor, mends: &[Mend]) -> Result<Store, GraphError> {
    let mut batch = Batch {
        expect: 0,
        cursor: at,
        users: Vec::new(),
        past_users: Vec::new(),
        closed: Vec::new(),
        opened: Vec::new(),
        passed: Vec::new(),
    };
    for part in Part::ALL {
        let mends = mends.iter().filter(|mend| mend.part == part);
        let found = mends.flat_map(|mend| &mend.found);
        let replaced: HashSet<&Key> = found.map(|item| &item.key).collect();
        for slot in store.users.by_id() {
            let kept = owned(store, part, *slot);
            for content in kept.filter(|content| !replaced.contains(&content.key())) {
                put(&mut batch, content);
            }
        }
    }
    let wanted = mends.iter().filter_map(|mend| mend.wanted.clone());
    let (changed, others): (Vec<_>, Vec<_>) =
        wanted.partition(|content| matches!(content, Content::User(..)));
    for content in changed {
        put(&mut batch, content);
    }
    let users: HashSet<UserId> = batch.users.iter().map(|user| user.id).collect();
    let is_tied = |edge: &Edge| users.contains(&edge.from) && users.contains(&edge.to);
    // Who is taken out takes the edges along.
    batch.opened.retain(&is_tied);
    batch.passed.retain(|(edge, _)| is_tied(edge));
    for content in others {
        put(&mut batch, content);
    }
    let mut mended = Store::default();
    mended.commit(Plan::new(&mended, &batch)?);
    Ok(mended)
}

fn put(batch: &mut Batch, content: Content) {
    match content {
        Content::User(user, None) => batch.users.push(user),
        Content::User(user, Some(ended)) => batch.past_users.push((user, ended)),
        Content::Edge(edge, None) => batch.opened.push(edge),
        Content::Edge(edge, Some(ended)) => batch.passed.push((edge, ended)),
    }
}
