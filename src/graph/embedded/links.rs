//! Sorted lists of the users that one user is linked with, and edits of many entries at once.

use smallvec::SmallVec;

use super::{past::When, store::Slot};
use crate::domain::EdgeKind;

/// Which of a user's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    /// The friends.
    Friends,
    /// Whom this user has asked.
    Asked,
    /// Who has asked this user.
    AskedBy,
    /// Whom this user blocks.
    Blocks,
    /// Who blocks this user.
    BlockedBy,
}

impl List {
    /// Every list.
    pub(super) const ALL: [Self; 5] = [
        Self::Friends,
        Self::Asked,
        Self::AskedBy,
        Self::Blocks,
        Self::BlockedBy,
    ];

    /// The list of the user where an edge starts, and of the one where it ends.
    pub(super) fn of(kind: EdgeKind) -> (Self, Self) {
        match kind {
            EdgeKind::Friend => (Self::Friends, Self::Friends),
            EdgeKind::Requested => (Self::Asked, Self::AskedBy),
            EdgeKind::Blocked => (Self::Blocks, Self::BlockedBy),
        }
    }
}

/// One entry to put into a list or to take out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edit {
    pub(super) slot: Slot,
    pub(super) list: List,
    pub(super) other: Slot,
    pub(super) since: When,
}

impl Edit {
    /// What an edge is at its two ends.
    pub(super) fn both(kind: EdgeKind, from: Slot, to: Slot, since: When) -> [Self; 2] {
        let (at_from, at_to) = List::of(kind);
        let edit = |slot, list, other| Self {
            slot,
            list,
            other,
            since,
        };
        [edit(from, at_from, to), edit(to, at_to, from)]
    }
}

/// Others, sorted by slot, and since when each is linked. Two arrays, so that traversals read nothing
/// but slots.
#[derive(Default)]
pub(super) struct Links {
    others: Vec<Slot>,
    since: Vec<When>,
}

impl Links {
    /// The list of somebody who has none.
    pub(super) fn empty() -> &'static Self {
        static EMPTY: Links = Links {
            others: Vec::new(),
            since: Vec::new(),
        };
        &EMPTY
    }

    /// Nobody yet, and room for some.
    pub(super) fn with_capacity(links: usize) -> Self {
        Self {
            others: Vec::with_capacity(links),
            since: Vec::with_capacity(links),
        }
    }

    pub(super) fn others(&self) -> &[Slot] {
        &self.others
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, When)> {
        self.others.iter().copied().zip(self.since.iter().copied())
    }

    /// Since when `other` is linked, if so.
    pub(super) fn since(&self, other: Slot) -> Option<When> {
        let index = self.others.binary_search(&other).ok()?;
        Some(self.since[index])
    }

    /// Puts an entry at the end: somebody with a higher slot than all before.
    pub(super) fn push(&mut self, other: Slot, since: When) {
        self.others.push(other);
        self.since.push(since);
    }

    /// Puts entries in. `edits` are sorted, and nobody among them is linked yet.
    pub(super) fn insert(&mut self, edits: &[Edit]) {
        let places = places(&self.others, edits.iter().map(|edit| edit.other));
        insert_at(&mut self.others, &places, |index| edits[index].other);
        insert_at(&mut self.since, &places, |index| edits[index].since);
    }

    /// Takes entries out. `edits` are sorted, and everybody among them is linked.
    pub(super) fn remove(&mut self, edits: &[Edit]) {
        let places = places(&self.others, edits.iter().map(|edit| edit.other));
        remove_at(&mut self.others, &places);
        remove_at(&mut self.since, &places);
    }
}

/// Where each of `sorted` stands in a sorted list, or would stand.
fn places(list: &[Slot], sorted: impl Iterator<Item = Slot>) -> SmallVec<[usize; 4]> {
    let mut start = 0;
    let place = |other| {
        start += list[start..].partition_point(|slot| *slot < other);
        start
    };
    sorted.map(place).collect()
}

/// Opens the list at `places` (ascending, as of before) and fills in values. Every entry moves at
/// most once, however many come in: many new friends of one hub cost one pass.
pub(super) fn insert_at<T: Copy>(list: &mut Vec<T>, places: &[usize], value: impl Fn(usize) -> T) {
    let Some(any) = places.first().map(|_| value(0)) else {
        return;
    };
    let mut end = list.len();
    if list.capacity() - end < places.len() {
        // Doubling would waste a third of the memory of a big graph; a quarter more is enough, for
        // an edit costs a pass over the list anyway.
        list.reserve_exact(places.len().max(end / 4).max(2));
    }
    list.resize(end + places.len(), any);
    for (index, place) in places.iter().copied().enumerate().rev() {
        list.copy_within(place..end, place + index + 1);
        list[place + index] = value(index);
        end = place;
    }
}

/// Closes the list over `places` (ascending).
pub(super) fn remove_at<T: Copy>(list: &mut Vec<T>, places: &[usize]) {
    for (index, place) in places.iter().copied().enumerate() {
        let end = places.get(index + 1).copied().unwrap_or(list.len());
        list.copy_within(place + 1..end, place - index);
    }
    list.truncate(list.len() - places.len());
    if list.capacity() > 2 * list.len() + 8 {
        list.shrink_to_fit();
    }
}
