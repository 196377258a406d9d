//! Cutting pages out of lists: out of one that is in order already, and out of one that is not.

use std::cmp::Ordering;

use crate::graph::{Page, Slice};

/// The same page, with its keys in another form.
pub(super) fn with_keys<'a, P, K>(page: &'a Page<P>, key: impl Fn(&'a P) -> K) -> Page<K> {
    Page {
        after: page.after.as_ref().map(&key),
        before: page.before.as_ref().map(&key),
        limit: page.limit,
        backward: page.backward,
        count: page.count,
    }
}

/// The same slice, with its items in another form.
pub(super) fn with_items<T, U>(slice: Slice<T>, item: impl FnMut(T) -> U) -> Slice<U> {
    Slice {
        items: slice.items.into_iter().map(item).collect(),
        more: slice.more,
        total: slice.total,
    }
}

/// Collects a page from items in any order. Holds a small multiple of the page's items, whatever the
/// length of the list; only the page itself is sorted.
pub(super) struct Cut<K, T> {
    page: Page<K>,
    offered: u64,
    kept: Vec<(K, T)>,
    more: bool,
}

impl<K: Ord, T> Cut<K, T> {
    pub(super) fn new(page: Page<K>) -> Self {
        Self {
            page,
            offered: 0,
            kept: Vec::new(),
            more: false,
        }
    }

    /// Offers one item of the list.
    pub(super) fn offer(&mut self, key: K, item: T) {
        self.offered += 1;
        let after = self.page.after.as_ref().is_none_or(|after| key > *after);
        if after && self.page.before.as_ref().is_none_or(|before| key < *before) {
            self.kept.push((key, item));
            if self.kept.len() >= self.page.limit.saturating_mul(2).max(4_096) {
                self.prune();
            }
        }
    }

    /// Whether no item that comes after all those offered can change the page.
    pub(super) fn is_settled(&self) -> bool {
        let full = self.more || self.kept.len() > self.page.limit;
        full && !self.page.backward && !self.page.count
    }

    pub(super) fn finish(mut self) -> Slice<T> {
        self.prune();
        self.kept.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Slice {
            items: self.kept.into_iter().map(|(_, item)| item).collect(),
            more: self.more,
            total: self.page.count.then_some(self.offered),
        }
    }

    /// Drops what the page has no room for.
    fn prune(&mut self) {
        let limit = self.page.limit;
        if self.kept.len() > limit {
            let order: fn(&(K, T), &(K, T)) -> Ordering = if self.page.backward {
                |a, b| b.0.cmp(&a.0)
            } else {
                |a, b| a.0.cmp(&b.0)
            };
            self.kept.select_nth_unstable_by(limit, order);
            self.kept.truncate(limit);
            self.more = true;
        }
    }
}

/// Takes a page from a list in its order, of those items that `belongs` lets pass.
pub(super) fn walk<K, T: Copy>(
    list: &[T],
    page: &Page<K>,
    compare: impl Fn(&T, &K) -> Ordering,
    belongs: impl Fn(T) -> bool,
) -> Slice<T> {
    let start = page.after.as_ref().map_or(0, |after| {
        list.partition_point(|item| compare(item, after) != Ordering::Greater)
    });
    let end = page.before.as_ref().map_or(list.len(), |before| {
        list.partition_point(|item| compare(item, before) == Ordering::Less)
    });
    let window = list[..end].iter().skip(start).copied();
    let belongs = |item: &T| belongs(*item);
    // One more than the page, to see whether there is more.
    let room = page.limit.saturating_add(1);
    let mut items: Vec<T> = if page.backward {
        window.rev().filter(belongs).take(room).collect()
    } else {
        window.filter(belongs).take(room).collect()
    };
    let more = items.len() > page.limit;
    items.truncate(page.limit);
    if page.backward {
        items.reverse();
    }
    let count = || list.iter().copied().filter(belongs).count() as u64;
    Slice {
        items,
        more,
        total: page.count.then(count),
    }
}
