//! Lists of users: all of them, and those around one.

use std::{cmp::Reverse, sync::Arc};

use super::{
    EmbeddedGraph,
    common::common_friends,
    links::List,
    nothing,
    page::{Cut, walk, with_items, with_keys},
    past::When,
    store::{Slot, Store},
};
use crate::{
    domain::{User, UserId},
    graph::{Answer, FriendOrder, FriendQuery, Linked, Page, Slice, UserKey, UserOrder, UserQuery},
};

/// A place in a list; as [`UserKey`], but borrowed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Id(UserId),
    Name(&'a str, UserId),
    Since(u64),
}

impl<'a> From<&'a UserKey> for Place<'a> {
    fn from(key: &'a UserKey) -> Self {
        match key {
            UserKey::Id(id) => Self::Id(*id),
            UserKey::Name(name, id) => Self::Name(name, *id),
            UserKey::Since(position) => Self::Since(*position),
        }
    }
}

pub(super) fn users(store: &Store, query: &UserQuery) -> Slice<Arc<User>> {
    let users = &store.users;
    let page = with_keys(&query.page, Place::from);
    let belongs = |slot| {
        query.state.is_none_or(|state| users.state(slot) == state)
            && has_prefix(store, slot, query.handle_prefix.as_deref())
    };
    let slice = match query.order {
        UserOrder::Id => {
            let place = |slot: &Slot, key: &Place<'_>| Place::Id(users.id(*slot)).cmp(key);
            walk(users.by_id(), &page, place, belongs)
        }
        UserOrder::Name => {
            let place = |slot: &Slot, key: &Place<'_>| {
                Place::Name(users.name(*slot), users.id(*slot)).cmp(key)
            };
            walk(users.by_name(), &page, place, belongs)
        }
    };
    with_items(slice, |slot| users.get(slot).clone())
}

pub(super) fn friends(store: &Store, of: Slot, query: &FriendQuery) -> Slice<Linked> {
    let mut cut = Cut::new(with_keys(&query.page, Place::from));
    for (slot, since) in store.links(of, List::Friends).iter() {
        if store.users.is_active(slot) && has_prefix(store, slot, query.handle_prefix.as_deref()) {
            let id = store.users.id(slot);
            let place = match query.order {
                FriendOrder::Id => Place::Id(id),
                FriendOrder::Name => Place::Name(store.users.name(slot), id),
                FriendOrder::Since => Place::Since(store.moments.get(since).position),
            };
            cut.offer(place, (slot, since));
        }
    }
    with_items(cut.finish(), |entry| linked(store, entry))
}

pub(super) fn mutual_friends(
    store: &Store,
    a: Slot,
    b: Slot,
    page: &Page<UserId>,
) -> Slice<Arc<User>> {
    let mut cut = Cut::new(page.clone());
    for slot in common_friends(store, a, b) {
        cut.offer(store.users.id(slot), slot);
    }
    with_items(cut.finish(), |slot| store.users.get(slot).clone())
}

impl EmbeddedGraph {
    /// A list of requests or blocks of each, the newest first.
    pub(super) async fn newest_first(
        &self,
        of: &[UserId],
        list: List,
        page: &Page<u64>,
    ) -> Answer<Vec<Slice<Linked>>> {
        let page = page.clone();
        let steps = move |store: &Store, of: &UserId| {
            let slot = store.users.slot(*of);
            slot.map_or(1, |slot| store.links(slot, list).others().len())
        };
        self.each(of, steps, move |store, _, of| match store.users.slot(*of) {
            Some(slot) => newest_first(store, slot, list, &page),
            None => nothing(page.clone()),
        })
        .await
    }

    /// The positions at which something happened to each.
    pub(super) async fn moments(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<u64>>> {
        let page = page.clone();
        let steps = |store: &Store, of: &UserId| {
            let slot = store.users.slot(*of);
            slot.map_or(1, |slot| moments(store, slot).count())
        };
        self.each(of, steps, move |store, _, of| match store.users.slot(*of) {
            Some(slot) => history(store, slot, &page),
            None => nothing(page.clone()),
        })
        .await
    }
}

fn newest_first(store: &Store, of: Slot, list: List, page: &Page<u64>) -> Slice<Linked> {
    let mut cut = Cut::new(with_keys(page, |position| Reverse(*position)));
    for (slot, since) in store.links(of, list).iter() {
        cut.offer(Reverse(store.moments.get(since).position), (slot, since));
    }
    with_items(cut.finish(), |entry| linked(store, entry))
}

/// The positions at which something happened to a user.
fn history(store: &Store, of: Slot, page: &Page<u64>) -> Slice<u64> {
    let mut positions: Vec<u64> = moments(store, of).collect();
    positions.sort_unstable();
    positions.dedup();
    let mut cut = Cut::new(page.clone());
    for position in positions {
        cut.offer(position, position);
    }
    cut.finish()
}

/// The same in any order, some of them more than once.
fn moments(store: &Store, of: Slot) -> impl Iterator<Item = u64> {
    let position = |when: When| store.moments.get(when).position;
    let began = List::ALL
        .into_iter()
        .flat_map(move |list| store.links(of, list).iter())
        .map(move |(_, since)| position(since));
    let past = store.past.edges_from(of).chain(store.past.edges_to(of));
    let past = past.flat_map(move |edge| [edge.opened, edge.closed].map(position));
    let versions = store.past.users_of(of).map(|past| &past.version);
    let versions = versions.chain([store.users.get(of)]);
    began
        .chain(past)
        .chain(versions.map(|version| version.from.position))
}

fn linked(store: &Store, (slot, since): (Slot, When)) -> Linked {
    Linked {
        user: store.users.get(slot).clone(),
        since: store.moments.get(since),
    }
}

fn has_prefix(store: &Store, slot: Slot, prefix: Option<&str>) -> bool {
    prefix.is_none_or(|prefix| {
        let handle = &store.users.get(slot).profile.handle;
        handle.as_str().starts_with(prefix)
    })
}
