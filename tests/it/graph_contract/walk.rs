//! Walks lists page by page, both ways, and compares with the whole list.

use std::fmt::Debug;

use foaf::graph::{Page, Slice};

/// Checks every way of reading the list `whole` (each item with its key) through `read`.
pub(super) async fn walk<K: Clone + Debug, T: Clone + PartialEq + Debug>(
    whole: &[(K, T)],
    read: impl AsyncFn(Page<K>) -> Slice<T>,
) {
    for limit in [1, 2, 3, whole.len().max(1), whole.len() + 1] {
        for count in [false, true] {
            forward(whole, limit, count, &read).await;
            backward(whole, limit, count, &read).await;
        }
    }
    windows(whole, &read).await;
}

async fn forward<K: Clone + Debug, T: Clone + PartialEq + Debug>(
    whole: &[(K, T)],
    limit: usize,
    count: bool,
    read: &impl AsyncFn(Page<K>) -> Slice<T>,
) {
    let mut start = 0;
    loop {
        let page = Page {
            after: (start > 0).then(|| whole[start - 1].0.clone()),
            count,
            ..Page::first(limit)
        };
        let end = whole.len().min(start + limit);
        let expected = part(whole, start, end, end < whole.len(), count);
        assert_eq!(read(page.clone()).await, expected, "{page:?}");
        if end == whole.len() {
            return;
        }
        start = end;
    }
}

async fn backward<K: Clone + Debug, T: Clone + PartialEq + Debug>(
    whole: &[(K, T)],
    limit: usize,
    count: bool,
    read: &impl AsyncFn(Page<K>) -> Slice<T>,
) {
    let mut end = whole.len();
    loop {
        let page = Page {
            before: whole.get(end).map(|(key, _)| key.clone()),
            backward: true,
            count,
            ..Page::first(limit)
        };
        let start = end.saturating_sub(limit);
        let expected = part(whole, start, end, start > 0, count);
        assert_eq!(read(page.clone()).await, expected, "{page:?}");
        if start == 0 {
            return;
        }
        end = start;
    }
}

/// Parts between two keys.
async fn windows<K: Clone + Debug, T: Clone + PartialEq + Debug>(
    whole: &[(K, T)],
    read: &impl AsyncFn(Page<K>) -> Slice<T>,
) {
    let step = (whole.len() / 5).max(1);
    for from in (0..whole.len()).step_by(step) {
        for to in (from + 1..whole.len()).step_by(step) {
            for (limit, backward) in [(2, false), (2, true), (whole.len(), false)] {
                let page = Page {
                    after: Some(whole[from].0.clone()),
                    before: Some(whole[to].0.clone()),
                    backward,
                    ..Page::first(limit)
                };
                let (mut start, mut end) = (from + 1, to);
                let more = end - start > limit;
                if more && backward {
                    start = end - limit;
                } else if more {
                    end = start + limit;
                }
                let expected = part(whole, start, end, more, false);
                assert_eq!(read(page.clone()).await, expected, "{page:?}");
            }
        }
    }
}

fn part<K, T: Clone>(
    whole: &[(K, T)],
    start: usize,
    end: usize,
    more: bool,
    count: bool,
) -> Slice<T> {
    Slice {
        items: whole[start..end]
            .iter()
            .map(|(_, item)| item.clone())
            .collect(),
        more,
        total: count.then_some(whole.len() as u64),
    }
}
