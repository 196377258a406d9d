//! The questions that walk: friends of friends, recommendations, relations, paths and rings.
//!
//! Must never ask more than one question for a list.

use std::{collections::HashMap, sync::Arc};

use neo4rs::query;
use serde::Deserialize;

use super::{
    ask::{FIRST_ID, lists, paged, placed},
    client::{Client, field},
    cypher::READS,
    rows::{TieRow, UserRow, id, ids, int, list, pairs, tie},
};
use crate::{
    domain::{User, UserId},
    graph::{
        Answer, Distant, DistantKey, GraphError, Page, Recommendation, Relation, Score, Slice,
    },
};

impl Client {
    pub(super) async fn friends_of_friends(
        &self,
        of: &[UserId],
        depth: u32,
        page: &Page<DistantKey>,
    ) -> Answer<Vec<Slice<Distant>>> {
        let texts = &READS.friends_of_friends[(depth.clamp(2, 6) - 2) as usize];
        let bound = |key: &Option<DistantKey>, open: u32| match key {
            Some(key) => list(vec![int(key.distance), int(key.mutual), id(key.id)]),
            None => list(vec![int(open), int(0), FIRST_ID.into()]),
        };
        let question = paged(query(&texts[usize::from(page.backward)]), page)
            .param("of", ids(of))
            .param("after", bound(&page.after, 0))
            .param("before", bound(&page.before, u32::MAX));
        self.ask(question, |row| {
            lists(row, page, of.len(), DistantRow::distant)
        })
        .await
    }

    pub(super) async fn recommendations(
        &self,
        of: &[UserId],
        by: Score,
        limit: usize,
    ) -> Answer<Vec<Vec<Recommendation>>> {
        let question = query(&READS.recommendations[by as usize])
            .param("of", ids(of))
            .param("limit", int(limit));
        self.ask(question, |row| {
            let rows: Vec<(usize, Vec<ScoredRow<'_>>)> = field(row, "rows")?;
            let lists = rows.iter().map(|(i, items)| {
                let items = items.iter().map(ScoredRow::recommendation);
                Ok((*i, items.collect::<Result<Vec<_>, GraphError>>()?))
            });
            placed(lists, of.len(), Vec::new)
        })
        .await
    }

    pub(super) async fn relations(&self, of: &[(UserId, UserId)]) -> Answer<Vec<Option<Relation>>> {
        let groups = Groups::new(of);
        let asked = groups.0.iter().map(|(first, others)| {
            list(vec![
                id(*first),
                list(others.iter().map(|(other, _)| id(*other)).collect()),
            ])
        });
        let question = query(&READS.relations).param("of", list(asked.collect()));
        self.ask(question, |row| {
            let rows: Vec<RelationRow<'_>> = field(row, "rows")?;
            let relations = rows.iter().map(|row| {
                let (first, place) = groups.place(row.0, row.1);
                Ok((place, Some(row.relation(first)?)))
            });
            placed(relations, of.len(), || None)
        })
        .await
    }

    pub(super) async fn paths(
        &self,
        of: &[(UserId, UserId)],
        max_length: u32,
    ) -> Answer<Vec<Option<Vec<Arc<User>>>>> {
        let question = query(&READS.paths[(max_length.clamp(1, 20) - 1) as usize])
            .param("of", pairs(of.iter().copied()));
        self.ask(question, |row| {
            let rows: Vec<(usize, Vec<UserRow<'_>>)> = field(row, "rows")?;
            let paths = rows.iter().map(|(i, users)| {
                let users = users.iter().map(UserRow::user);
                Ok((*i, Some(users.collect::<Result<Vec<_>, GraphError>>()?)))
            });
            placed(paths, of.len(), || None)
        })
        .await
    }

    pub(super) async fn rings(&self, of: &[UserId], depth: u32) -> Answer<Vec<Vec<u64>>> {
        let depth = depth.clamp(1, 6) as usize;
        let question = query(&READS.rings[depth - 1]).param("of", ids(of));
        self.ask(question, |row| {
            let rows: Vec<(usize, Vec<(usize, u64)>)> = field(row, "rows")?;
            let rings = rows.into_iter().map(|(i, found)| {
                let mut rings = vec![0; depth];
                for (distance, count) in found {
                    if let Some(ring) = rings.get_mut(distance.wrapping_sub(1)) {
                        *ring = count;
                    }
                }
                Ok((i, rings))
            });
            placed(rings, of.len(), || vec![0; depth])
        })
        .await
    }
}

/// Somebody, the distance, and the number of common friends.
#[derive(Deserialize)]
struct DistantRow<'a>(#[serde(borrow)] UserRow<'a>, u32, u64);

impl DistantRow<'_> {
    fn distant(&self) -> Result<Distant, GraphError> {
        Ok(Distant {
            user: self.0.user()?,
            distance: self.1,
            mutual: self.2,
        })
    }
}

/// Somebody, the score, and the number of common friends.
#[derive(Deserialize)]
struct ScoredRow<'a>(#[serde(borrow)] UserRow<'a>, u64, u64);

impl ScoredRow<'_> {
    fn recommendation(&self) -> Result<Recommendation, GraphError> {
        Ok(Recommendation {
            user: self.0.user()?,
            score: self.1,
            mutual: self.2,
        })
    }
}

/// The numbers of the group and of its member, that member, the distance, the number of common
/// friends, and what stands between the two.
#[derive(Deserialize)]
struct RelationRow<'a>(
    usize,
    usize,
    #[serde(borrow)] UserRow<'a>,
    Option<u32>,
    u64,
    #[serde(borrow)] Vec<TieRow<'a>>,
);

impl RelationRow<'_> {
    fn relation(&self, first: UserId) -> Result<Relation, GraphError> {
        let user = self.2.user()?;
        Ok(Relation {
            distance: self.3,
            mutual: self.4,
            tie: tie(first, user.id, &self.5)?,
            user,
        })
    }
}

/// Pairs by their first, each second with its place in the list: what is around the first is looked
/// up once for all of them.
struct Groups(Vec<(UserId, Vec<(UserId, usize)>)>);

impl Groups {
    fn new(of: &[(UserId, UserId)]) -> Self {
        let mut groups = Self(Vec::new());
        let mut known: HashMap<UserId, usize> = HashMap::new();
        for (place, (first, second)) in of.iter().enumerate() {
            let group = *known.entry(*first).or_insert_with(|| {
                groups.0.push((*first, Vec::new()));
                groups.0.len() - 1
            });
            groups.0[group].1.push((*second, place));
        }
        groups
    }

    /// The first of that group, and the place of its member.
    fn place(&self, group: usize, member: usize) -> (UserId, usize) {
        let (first, members) = &self.0[group];
        (*first, members[member].1)
    }
}
