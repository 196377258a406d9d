//! The questions about lists: users, friends, requests, blocks and ties.
//!
//! Must never ask more than one question for a list.

use std::sync::Arc;

use neo4rs::{Query, Row, query};
use serde::Deserialize;

use super::{
    client::{Client, field},
    cypher::READS,
    rows::{LinkedRow, TieRow, UserRow, id, ids, int, list, nothing, optional, pairs, slice, tie},
    sort::{beyond, sort_key, sort_name},
};
use crate::{
    domain::{Handle, Pair, PairState, User, UserId, UserState},
    graph::{
        Answer, Direction, FriendOrder, FriendQuery, GraphError, Linked, Page, Slice, UserKey,
        UserOrder, UserQuery,
    },
};

impl Client {
    pub(super) async fn users(&self, of: &[UserId]) -> Answer<Vec<Option<Arc<User>>>> {
        self.found(query(&READS.users).param("of", ids(of)), of.len())
            .await
    }

    pub(super) async fn users_by_handle(&self, of: &[Handle]) -> Answer<Vec<Option<Arc<User>>>> {
        let handles = list(of.iter().map(|handle| handle.as_str().into()).collect());
        self.found(query(&READS.users_by_handle).param("of", handles), of.len())
            .await
    }

    async fn found(&self, question: Query, count: usize) -> Answer<Vec<Option<Arc<User>>>> {
        self.ask(question, |row| {
            let rows: Vec<(usize, UserRow<'_>)> = field(row, "rows")?;
            let users = rows.iter().map(|(i, row)| Ok((*i, Some(row.user()?))));
            placed(users, count, || None)
        })
        .await
    }

    pub(super) async fn list_users(&self, asked: &UserQuery) -> Answer<Slice<Arc<User>>> {
        let page = &asked.page;
        let (state, prefix) = (asked.state, asked.handle_prefix.as_deref());
        let texts = &READS.list_users[usize::from(state.is_some())];
        let texts = &texts[usize::from(prefix.is_some())][asked.order as usize];
        let question = keys(
            query(&texts[usize::from(page.backward)]),
            page,
            asked.order.into(),
        )
        .param("prefix", list(vec![prefix.unwrap_or_default().into()]))
        .param("state", state.map_or("", UserState::as_str));
        self.ask(paged(question, page), |row| {
            let found = lists(row, page, 1, UserRow::user)?;
            Ok(found.into_iter().next().unwrap_or_else(|| nothing(page)))
        })
        .await
    }

    pub(super) async fn friends(
        &self,
        of: &[UserId],
        asked: &FriendQuery,
    ) -> Answer<Vec<Slice<Linked>>> {
        let page = &asked.page;
        let prefix = asked.handle_prefix.as_deref();
        let text = &READS.friends[asked.order as usize][usize::from(page.backward)];
        let question = keys(query(text), page, asked.order)
            .param("prefix", list(vec![optional(prefix.map(Into::into))]));
        self.linked(question, of, page).await
    }

    pub(super) async fn requests(
        &self,
        of: &[UserId],
        direction: Direction,
        page: &Page<u64>,
    ) -> Answer<Vec<Slice<Linked>>> {
        let text = &READS.requests[direction as usize][usize::from(page.backward)];
        self.linked(positions(query(text), page), of, page).await
    }

    pub(super) async fn blocked(
        &self,
        of: &[UserId],
        page: &Page<u64>,
    ) -> Answer<Vec<Slice<Linked>>> {
        let text = &READS.blocked[usize::from(page.backward)];
        self.linked(positions(query(text), page), of, page).await
    }

    async fn linked<K: Sync>(
        &self,
        question: Query,
        of: &[UserId],
        page: &Page<K>,
    ) -> Answer<Vec<Slice<Linked>>> {
        let question = paged(question, page).param("of", ids(of));
        self.ask(question, |row| {
            lists(row, page, of.len(), LinkedRow::linked)
        })
        .await
    }

    pub(super) async fn mutual_friends(
        &self,
        of: &[(UserId, UserId)],
        page: &Page<UserId>,
    ) -> Answer<Vec<Option<Slice<Arc<User>>>>> {
        let question = query(&READS.mutual_friends[usize::from(page.backward)])
            .param("of", pairs(of.iter().copied()))
            .param("after", list(vec![page.after.map_or(FIRST_ID.into(), id)]))
            .param("before", list(vec![page.before.map_or(LAST_ID.into(), id)]));
        self.ask(paged(question, page), |row| {
            known_lists(row, page, of.len(), UserRow::user)
        })
        .await
    }

    pub(super) async fn history(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<u64>>> {
        let question = query(&READS.history[usize::from(page.backward)])
            .param("of", ids(of))
            .param("after", list(vec![page.after.map_or((-1).into(), int)]))
            .param(
                "before",
                list(vec![page.before.map_or(i64::MAX.into(), int)]),
            );
        self.ask(paged(question, page), |row| {
            lists(row, page, of.len(), |position: &u64| Ok(*position))
        })
        .await
    }

    pub(super) async fn ties(&self, of: &[Pair]) -> Answer<Vec<Option<PairState>>> {
        let asked = pairs(of.iter().map(|pair| (pair.low(), pair.high())));
        let question = query(&READS.ties).param("of", asked);
        self.ask(question, |row| {
            let rows: Vec<(usize, Vec<TieRow<'_>>)> = field(row, "rows")?;
            let ties = rows.iter().map(|(i, rows)| {
                let pair = of.get(*i).copied();
                let tie = pair.map(|pair| tie(pair.low(), pair.high(), rows));
                Ok((*i, tie.transpose()?))
            });
            placed(ties, of.len(), || None)
        })
        .await
    }
}

/// Before and after every id: its letters are 0 to f.
pub(super) const FIRST_ID: &str = "";
const LAST_ID: &str = "g";

/// Answers in the order of the questions; who is unknown has no row.
pub(super) fn placed<T>(
    answers: impl Iterator<Item = Result<(usize, T), GraphError>>,
    count: usize,
    missing: impl Fn() -> T,
) -> Result<Vec<T>, GraphError> {
    let mut placed: Vec<T> = (0..count).map(|_| missing()).collect();
    for answer in answers {
        let (i, answer) = answer?;
        if let Some(place) = placed.get_mut(i) {
            *place = answer;
        }
    }
    Ok(placed)
}

/// A page of the list of each question; nothing for those about somebody unknown.
pub(super) fn lists<'row, R, K, T>(
    row: &'row Row,
    page: &Page<K>,
    count: usize,
    item: impl Fn(&R) -> Result<T, GraphError>,
) -> Result<Vec<Slice<T>>, GraphError>
where
    R: Deserialize<'row>,
{
    let known = known_lists(row, page, count, item)?.into_iter();
    Ok(known
        .map(|list| list.unwrap_or_else(|| nothing(page)))
        .collect())
}

/// A page of the list of each question; `None` for those about somebody unknown.
fn known_lists<'row, R, K, T>(
    row: &'row Row,
    page: &Page<K>,
    count: usize,
    item: impl Fn(&R) -> Result<T, GraphError>,
) -> Result<Vec<Option<Slice<T>>>, GraphError>
where
    R: Deserialize<'row>,
{
    let rows: Vec<(usize, Vec<R>, Option<u64>)> = field(row, "rows")?;
    let slices = rows.iter();
    let slices = slices.map(|(i, items, total)| Ok((*i, Some(slice(page, items, *total, &item)?))));
    placed(slices, count, || None)
}

/// One more than asked for tells whether there are more.
pub(super) fn paged<K>(question: Query, page: &Page<K>) -> Query {
    question
        .param("limit", int(page.limit.saturating_add(1)))
        .param("count", page.count)
}

/// The window of a page in that order.
fn keys(question: Query, page: &Page<UserKey>, order: FriendOrder) -> Query {
    // A key of another order bounds nothing.
    let (after, before) = (page.after.as_ref(), page.before.as_ref());
    let (after, before) = match order {
        FriendOrder::Id => {
            let bound = |key: Option<&UserKey>, open: &str| match key {
                Some(UserKey::Id(user)) => vec![id(*user)],
                _ => vec![open.into()],
            };
            (bound(after, FIRST_ID), bound(before, LAST_ID))
        }
        FriendOrder::Name => {
            let bound = |key: Option<&UserKey>, open: String| {
                let (name, user) = match key {
                    Some(UserKey::Name(name, user)) => (sort_name(name), user.to_string()),
                    _ => (open, String::new()),
                };
                let key = sort_key(&name);
                vec![name.into(), user.into(), key.into()]
            };
            (bound(after, String::new()), bound(before, beyond()))
        }
        FriendOrder::Since => {
            let bound = |key: Option<&UserKey>, open: i64| match key {
                Some(UserKey::Since(position)) => vec![int(*position)],
                _ => vec![open.into()],
            };
            (bound(after, -1), bound(before, i64::MAX))
        }
    };
    question
        .param("after", list(after))
        .param("before", list(before))
}

/// The window of a page of a list that has the newest first.
fn positions(question: Query, page: &Page<u64>) -> Query {
    let (after, before) = (
        page.after.map_or(i64::MAX.into(), int),
        page.before.map_or((-1).into(), int),
    );
    question
        .param("after", list(vec![after]))
        .param("before", list(vec![before]))
}

impl From<UserOrder> for FriendOrder {
    fn from(order: UserOrder) -> Self {
        match order {
            UserOrder::Id => Self::Id,
            UserOrder::Name => Self::Name,
        }
    }
}
