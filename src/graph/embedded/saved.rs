//! The embedded graph in a snapshot, present and past.

use std::{io, path::Path, sync::Arc};

use crate::{
    domain::{EdgeKind, User, text::fold_text},
    graph::{
        Cursor,
        digest::Digest,
        saved::{BAD, moment, read_moment, read_recorded, read_user, recorded, user},
    },
    judge::LogId,
    snapshot::{self, Reader, SnapshotError, Writer},
};

use super::{
    links::{Links, List},
    past::{Moments, PastEdge, PastUser, When},
    store::{Slot, Store, slot},
    users::Version,
};

/// The kind of these snapshots.
pub const KIND: &str = "graph";

/// Saves a graph that something was projected into; does nothing before.
pub(super) fn write(folder: &Path, store: &Store) -> io::Result<()> {
    let Some(cursor) = store.cursor else {
        return Ok(());
    };
    snapshot::write(folder, KIND, cursor.position, |to| {
        to.uuid(cursor.log_id.0)?;
        to.u64(cursor.position)?;
        to.bytes(&cursor.digest.0.to_le_bytes())?;
        recorded(to, cursor.last)?;
        to.count(store.moments.len())?;
        for at in store.moments.iter() {
            moment(to, at)?;
        }
        to.count(store.users.len())?;
        for slot in slots(store) {
            user(to, store.users.get(slot))?;
        }
        for slot in slots(store) {
            for list in List::ALL {
                links(to, store.links(slot, list))?;
            }
        }
        to.count(store.past.users().len())?;
        for past in store.past.users() {
            user(to, &past.version)?;
            to.u32(past.ended)?;
        }
        to.count(store.past.edges().len())?;
        for past in store.past.edges() {
            to.u8(match past.kind {
                EdgeKind::Friend => 0,
                EdgeKind::Requested => 1,
                EdgeKind::Blocked => 2,
            })?;
            for number in [past.from, past.to, past.opened, past.closed] {
                to.u32(number)?;
            }
        }
        Ok(())
    })
}

/// Reads a graph back.
pub(super) fn read(path: &Path) -> Result<Store, SnapshotError> {
    let from = &mut snapshot::open(path, KIND)?;
    let cursor = Cursor {
        log_id: LogId(from.uuid()?),
        position: from.u64()?,
        digest: Digest(u128::from_le_bytes(from.bytes()?)),
        last: read_recorded(from)?,
    };
    let mut moments = Moments::default();
    let count = from.count()?;
    moments.reserve(count);
    for _ in 0..count {
        moments.extend(&[read_moment(from)?]);
    }
    let mut versions = Vec::new();
    for number in 0..from.count()? {
        versions.push(version(slot(number), read_user(from)?));
    }
    let mut store = Store::default();
    let users = versions.len();
    let limits = (slot(users), slot(moments.len()));
    store.users.update(versions);
    store.grow();
    for slot in 0..limits.0 {
        for list in List::ALL {
            let links = read_links(from, limits)?;
            if !links.others().is_empty() {
                store.put_links(slot, list, links);
            }
        }
    }
    store.count();
    for _ in 0..from.count()? {
        let past = PastUser {
            version: Arc::new(read_user(from)?),
            ended: below(limits.1, from.u32()?)?,
        };
        let slot = store.users.slot(past.version.id).ok_or(BAD)?;
        store.past.push_user(slot, past);
    }
    for _ in 0..from.count()? {
        let past = PastEdge {
            kind: match from.u8()? {
                0 => EdgeKind::Friend,
                1 => EdgeKind::Requested,
                2 => EdgeKind::Blocked,
                _ => return Err(BAD),
            },
            from: below(limits.0, from.u32()?)?,
            to: below(limits.0, from.u32()?)?,
            opened: below(limits.1, from.u32()?)?,
            closed: below(limits.1, from.u32()?)?,
        };
        store.past.push_edge(past);
    }
    store.moments = moments;
    store.cursor = Some(cursor);
    Ok(store)
}

fn slots(store: &Store) -> impl Iterator<Item = Slot> {
    0..slot(store.users.len())
}

fn version(slot: Slot, user: User) -> Version {
    Version {
        slot,
        name: Some(fold_text(&user.profile.full_name()).into()),
        user: Arc::new(user),
    }
}

fn links(to: &mut Writer, links: &Links) -> io::Result<()> {
    to.u32(slot(links.others().len()))?;
    for (other, since) in links.iter() {
        to.u32(other)?;
        to.u32(since)?;
    }
    Ok(())
}

fn read_links(from: &mut Reader, limits: (Slot, When)) -> Result<Links, SnapshotError> {
    let count = from.u32()?;
    let mut links = Links::with_capacity(count as usize);
    for _ in 0..count {
        let other = below(limits.0, from.u32()?)?;
        if links.others().last().is_some_and(|last| *last >= other) {
            return Err(BAD);
        }
        links.push(other, below(limits.1, from.u32()?)?);
    }
    Ok(links)
}

fn below(limit: u32, number: u32) -> Result<u32, SnapshotError> {
    (number < limit).then_some(number).ok_or(BAD)
}
