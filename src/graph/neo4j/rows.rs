//! Users, edges and pages as Neo4j holds them: rows in and out.
//!
//! Must never repair what it reads: a value that no release has written means a damaged graph.

use std::sync::Arc;

use neo4rs::{BoltList, BoltNull, BoltType};
use serde::Deserialize;

use super::sort::{sort_key, sort_name};
use crate::{
    domain::{
        Blocks, Edge, Field, Handle, LogTime, Moment, Name, PairState, Profile, Side, User, UserId,
        UserState, text::fold_text,
    },
    graph::{GraphError, Linked, Page, Slice},
};

/// A number as Neo4j knows it. Positions and times stay far below its largest.
pub(super) fn int(number: impl TryInto<i64>) -> BoltType {
    BoltType::from(number.try_into().unwrap_or(i64::MAX))
}

/// A list of whatever.
pub(super) fn list(items: Vec<BoltType>) -> BoltType {
    BoltType::List(BoltList { value: items })
}

/// A value or nothing.
pub(super) fn optional(value: Option<BoltType>) -> BoltType {
    value.unwrap_or(BoltType::Null(BoltNull))
}

/// An id.
pub(super) fn id(id: UserId) -> BoltType {
    id.to_string().into()
}

/// Ids.
pub(super) fn ids(of: &[UserId]) -> BoltType {
    list(of.iter().map(|user| id(*user)).collect())
}

/// Pairs of ids.
pub(super) fn pairs(of: impl IntoIterator<Item = (UserId, UserId)>) -> BoltType {
    list(of.into_iter().map(|(a, b)| ids(&[a, b])).collect())
}

/// The row of a version of a user that stands.
pub(super) fn user_row(user: &User) -> Vec<BoltType> {
    let name = sort_name(&fold_text(&user.profile.full_name()));
    let key = sort_key(&name);
    let mut row = version(user);
    row.extend([name.into(), key.into()]);
    row
}

/// The row of a version of a user that ended.
pub(super) fn past_user_row(user: &User, ended: Moment) -> Vec<BoltType> {
    let mut row = version(user);
    row.extend([int(ended.position), int(ended.time.0)]);
    row
}

fn version(user: &User) -> Vec<BoltType> {
    let profile = &user.profile;
    let last_name = profile.last_name.as_ref();
    vec![
        id(user.id),
        profile.handle.as_str().into(),
        profile.first_name.as_str().into(),
        optional(last_name.map(|name| name.as_str().into())),
        user.state.as_str().into(),
        int(user.created_at.0),
        int(user.from.position),
        int(user.from.time.0),
    ]
}

/// The row of an edge.
pub(super) fn edge_row(edge: &Edge, ended: Option<Moment>) -> Vec<BoltType> {
    let mut row = vec![
        id(edge.from),
        id(edge.to),
        int(edge.opened.time.0),
        int(edge.opened.position),
    ];
    row.extend(
        ended
            .into_iter()
            .flat_map(|ended| [int(ended.time.0), int(ended.position)]),
    );
    row
}

/// A user as an answer shows it: id, handle, first name, last name, state, time of registration,
/// position and time of this version.
#[derive(Deserialize)]
pub(super) struct UserRow<'a>(
    pub(super) &'a str,
    pub(super) Option<&'a str>,
    pub(super) Option<&'a str>,
    pub(super) Option<&'a str>,
    pub(super) Option<&'a str>,
    pub(super) Option<i64>,
    pub(super) Option<u64>,
    pub(super) Option<i64>,
);

impl UserRow<'_> {
    /// The user.
    pub(super) fn user(&self) -> Result<Arc<User>, GraphError> {
        let parsed = self.parse().ok_or_else(|| {
            GraphError::Unusable(format!("the node of user {:?} is damaged", self.0))
        })?;
        Ok(Arc::new(parsed))
    }

    pub(super) fn parse(&self) -> Option<User> {
        let last_name = match self.3 {
            Some(name) => Some(Name::recorded(name, Field::LastName).ok()?),
            None => None,
        };
        Some(User {
            id: self.0.parse().ok()?,
            profile: Profile {
                handle: Handle::parse(self.1?).ok()?,
                first_name: Name::recorded(self.2?, Field::FirstName).ok()?,
                last_name,
            },
            state: UserState::parse(self.4?)?,
            created_at: LogTime(self.5?),
            from: moment(self.6?, self.7?),
        })
    }
}

/// A user, and the position and time at which what ties the two began.
#[derive(Deserialize)]
pub(super) struct LinkedRow<'a>(#[serde(borrow)] UserRow<'a>, u64, i64);

impl LinkedRow<'_> {
    /// The user and since when.
    pub(super) fn linked(&self) -> Result<Linked, GraphError> {
        Ok(Linked {
            user: self.0.user()?,
            since: moment(self.1, self.2),
        })
    }
}

/// What stands between two: its type, whether it goes from the first, its position and time.
#[derive(Deserialize)]
pub(super) struct TieRow<'a>(&'a str, bool, u64, i64);

/// What stands between `first` and `second`.
pub(super) fn tie(
    first: UserId,
    second: UserId,
    rows: &[TieRow<'_>],
) -> Result<PairState, GraphError> {
    let mut blocks = Blocks::default();
    let mut state = PairState::None;
    for TieRow(kind, from_first, position, time) in rows {
        let began = moment(*position, *time);
        let from_low = *from_first == (first < second);
        let by = if from_low { Side::Low } else { Side::High };
        match *kind {
            "FRIEND" => state = PairState::Friends { since: began },
            "REQUESTED" => state = PairState::Requested { by, asked: began },
            "BLOCKED" => blocks.set(by, Some(began)),
            other => {
                let message = format!("between {first} and {second} stands an edge {other:?}");
                return Err(GraphError::Unusable(message));
            }
        }
    }
    Ok(if blocks.is_empty() {
        state
    } else {
        PairState::Blocked(Box::new(blocks))
    })
}

fn moment(position: u64, time: i64) -> Moment {
    Moment {
        position,
        time: LogTime(time),
    }
}

/// A page's items as they were read, one more than asked for if there are more.
pub(super) fn slice<K, R, T>(
    page: &Page<K>,
    rows: &[R],
    total: Option<u64>,
    item: impl Fn(&R) -> Result<T, GraphError>,
) -> Result<Slice<T>, GraphError> {
    let shown = &rows[..rows.len().min(page.limit)];
    let mut items = shown.iter().map(item).collect::<Result<Vec<T>, _>>()?;
    if page.backward {
        items.reverse();
    }
    Ok(Slice {
        items,
        more: rows.len() > page.limit,
        total: if page.count {
            Some(total.unwrap_or(0))
        } else {
            None
        },
    })
}

/// The page of a list that has nothing.
pub(super) fn nothing<K, T>(page: &Page<K>) -> Slice<T> {
    Slice {
        items: Vec::new(),
        more: false,
        total: page.count.then_some(0),
    }
}
