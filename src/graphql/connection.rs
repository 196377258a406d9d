//! Relay connections: pages, cursors that name a key (not an offset), and the bounds of both.

use async_graphql::{OutputType, Result, SimpleObject};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    domain::UserId,
    graph::{DistantKey, Page, Slice, UserKey},
};

use super::{
    error::bad_input,
    event::EventEdge,
    friendship::LinkEdge,
    user::{DistantEdge, FriendEdge, UserEdge},
};

/// The largest page.
pub(super) const MAX_PAGE: i32 = 500;
/// The page that nobody asked otherwise for.
pub(super) const DEFAULT_PAGE: i32 = 50;

/// A part of an ordered list. Ask for the next part with `after: pageInfo.endCursor`.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "UserConnection", params(UserEdge)),
    concrete(name = "FriendConnection", params(FriendEdge)),
    concrete(name = "FriendOfFriendConnection", params(DistantEdge)),
    concrete(name = "LinkConnection", params(LinkEdge)),
    concrete(name = "EventConnection", params(EventEdge))
)]
pub(super) struct Connection<E: OutputType> {
    /// The entries of this part, in the list's order.
    edges: Vec<E>,
    /// Where this part lies in the list.
    page_info: PageInfo,
    /// The length of the whole list. Costs time only when asked for.
    total_count: i32,
}

/// Where a part lies in its list.
#[derive(SimpleObject)]
pub(super) struct PageInfo {
    /// Whether more follow after this part. Where `before` is given, something does: the entry that it
    /// is the cursor of, which is taken to be there still.
    has_next_page: bool,
    /// Whether there is something before this part. Where `after` is given, something is: the entry that
    /// it is the cursor of, which is taken to be there still.
    has_previous_page: bool,
    /// The cursor of the first entry.
    start_cursor: Option<String>,
    /// The cursor of the last entry.
    end_cursor: Option<String>,
}

/// The four arguments of every list.
pub(super) struct PageArgs {
    /// The list's name: a cursor is of one list.
    pub(super) list: &'static str,
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
}

/// A key that stands in a cursor.
pub(super) trait CursorKey: Sized {
    fn to_text(&self) -> String;
    fn parse(text: &str) -> Option<Self>;
}

impl PageArgs {
    pub(super) fn new(
        name: &'static str,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Self {
        Self {
            list: name,
            first,
            after,
            last,
            before,
        }
    }

    /// The page asked for; `accepts` says whether a cursor is of this list's order.
    pub(super) fn page<K: CursorKey>(
        &self,
        count: bool,
        accepts: impl Fn(&K) -> bool,
    ) -> Result<Page<K>> {
        let cursor = |argument: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => match decode::<K>(self.list, text).filter(&accepts) {
                Some(key) => Ok(Some(key)),
                None => Err(bad_input(
                    argument,
                    "not a cursor of this list: pass on a `cursor`, `startCursor` or `endCursor` that this field gave in the same order",
                )),
            },
        };
        let (limit, backward) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(bad_input("last", "give first or last, not both")),
            (None, Some(last)) => (size("last", last)?, true),
            (first, None) => (size("first", first.unwrap_or(DEFAULT_PAGE))?, false),
        };
        Ok(Page {
            after: cursor("after", &self.after)?,
            before: cursor("before", &self.before)?,
            limit,
            backward,
            count,
        })
    }
}

impl<E: OutputType> Connection<E> {
    /// The answer to `page` of a list, with `edge` made of each item and its cursor.
    pub(super) fn new<K: CursorKey, T>(
        list: &str,
        page: &Page<K>,
        slice: Slice<T>,
        key: impl Fn(&T) -> K,
        edge: impl Fn(String, T) -> E,
    ) -> Self {
        let items = slice.items.iter();
        let cursors: Vec<String> = items.map(|item| encode(list, &key(item))).collect();
        let page_info = PageInfo {
            has_next_page: page.before.is_some() || (slice.more && !page.backward),
            has_previous_page: page.after.is_some() || (slice.more && page.backward),
            start_cursor: cursors.first().cloned(),
            end_cursor: cursors.last().cloned(),
        };
        Self {
            edges: cursors
                .into_iter()
                .zip(slice.items)
                .map(|(cursor, item)| edge(cursor, item))
                .collect(),
            page_info,
            total_count: int(slice.total.unwrap_or_default()),
        }
    }
}

/// A count as a GraphQL `Int`.
pub(super) fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A number of entries within the bounds of pages.
pub(super) fn size(argument: &str, size: i32) -> Result<usize> {
    in_range(argument, size, 1..=MAX_PAGE)
}

/// A whole number within bounds.
pub(super) fn in_range<N: TryFrom<i32>>(
    argument: &str,
    number: i32,
    range: std::ops::RangeInclusive<i32>,
) -> Result<N> {
    match N::try_from(number) {
        Ok(checked) if range.contains(&number) => Ok(checked),
        _ => Err(bad_input(
            argument,
            format!("must be {} to {}, not {number}", range.start(), range.end()),
        )),
    }
}

fn encode(list: &str, key: &impl CursorKey) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}/{}", key.to_text()))
}

fn decode<K: CursorKey>(list: &str, cursor: &str) -> Option<K> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (of, key) = std::str::from_utf8(&bytes).ok()?.split_once('/')?;
    (of == list).then(|| K::parse(key)).flatten()
}

impl CursorKey for UserKey {
    fn to_text(&self) -> String {
        match self {
            Self::Id(id) => format!("id:{id}"),
            Self::Name(name, id) => format!("name:{id}:{name}"),
            Self::Since(position) => format!("since:{position}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("id", id) => id.parse().ok().map(Self::Id),
            ("name", rest) => {
                let (id, name) = rest.split_once(':')?;
                Some(Self::Name(name.to_owned(), id.parse().ok()?))
            }
            ("since", position) => position.parse().ok().map(Self::Since),
            _ => None,
        }
    }
}

impl CursorKey for UserId {
    fn to_text(&self) -> String {
        UserKey::Id(*self).to_text()
    }

    fn parse(text: &str) -> Option<Self> {
        match UserKey::parse(text)? {
            UserKey::Id(id) => Some(id),
            _ => None,
        }
    }
}

impl CursorKey for u64 {
    fn to_text(&self) -> String {
        UserKey::Since(*self).to_text()
    }

    fn parse(text: &str) -> Option<Self> {
        match UserKey::parse(text)? {
            UserKey::Since(position) => Some(position),
            _ => None,
        }
    }
}

impl CursorKey for DistantKey {
    fn to_text(&self) -> String {
        format!("distant:{}:{}:{}", self.distance, self.mutual, self.id)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("distant:")?.splitn(3, ':');
        Some(Self {
            distance: parts.next()?.parse().ok()?,
            mutual: parts.next()?.parse().ok()?,
            id: parts.next()?.parse().ok()?,
        })
    }
}
