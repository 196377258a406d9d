//! Every method of the port against the model.

use std::{cmp::Reverse, sync::Arc};

use fastrand::Rng;
use foaf::{
    domain::{Pair, UserId, UserState},
    graph::{
        Direction, DistantKey, FriendOrder, FriendQuery, Graph, Page, Score, UserKey, UserOrder,
        UserQuery,
    },
};

use super::super::value;
use crate::{
    model::{Model, slice},
    story::{handle, id},
};

/// How many random pages of each list.
const PAGES: usize = 6;

const PREFIXES: [&str; 6] = ["", "a", ".", "_a", "a-", "b."];

pub(super) async fn everything(graph: &Arc<dyn Graph>, model: &Model, rng: &mut Rng) {
    let mut ids = model.ids();
    ids.push(id(9_999));
    rng.shuffle(&mut ids);
    let pairs: Vec<(UserId, UserId)> = ids
        .iter()
        .flat_map(|a| ids.iter().map(|b| (*a, *b)))
        .filter(|(a, b)| a == b || rng.u8(..3) == 0)
        .collect();
    by_key(graph, model, &ids).await;
    listed(graph, model, rng).await;
    friends(graph, model, &ids, rng).await;
    friends_of_friends(graph, model, &ids, rng).await;
    mutual(graph, model, &pairs, rng).await;
    linked(graph, model, &ids, rng).await;
    histories(graph, model, &ids, rng).await;
    scores_and_rings(graph, model, &ids).await;
    between(graph, model, &pairs).await;
}

async fn by_key(graph: &Arc<dyn Graph>, model: &Model, ids: &[UserId]) {
    let expected: Vec<_> = ids.iter().map(|id| model.user(*id).cloned()).collect();
    assert_eq!(value(graph.users(ids).await), expected);
    let texts: Vec<String> = ids
        .iter()
        .filter_map(|id| model.user(*id))
        .map(|user| user.profile.handle.as_str().to_owned())
        .collect();
    let handles: Vec<_> = texts.iter().map(|text| handle(text)).collect();
    let expected: Vec<_> = texts
        .iter()
        .map(|text| model.holder(text).cloned())
        .collect();
    assert_eq!(value(graph.users_by_handle(&handles).await), expected);
}

async fn listed(graph: &Arc<dyn Graph>, model: &Model, rng: &mut Rng) {
    for order in [UserOrder::Id, UserOrder::Name] {
        let keys = keys(&model.list_users(None, "", order));
        for _ in 0..PAGES * 3 {
            let state = rng.choice(UserState::ALL).filter(|_| rng.bool());
            let prefix = rng.choice(PREFIXES).filter(|_| rng.bool());
            let whole = model.list_users(state, prefix.unwrap_or_default(), order);
            let query = UserQuery {
                state,
                handle_prefix: prefix.map(str::to_owned),
                order,
                page: page(&keys, rng),
            };
            let expected = slice(&whole, &query.page, UserKey::clone);
            assert_eq!(value(graph.list_users(&query).await), expected, "{query:?}");
        }
    }
}

async fn friends(graph: &Arc<dyn Graph>, model: &Model, ids: &[UserId], rng: &mut Rng) {
    for order in [FriendOrder::Id, FriendOrder::Name, FriendOrder::Since] {
        let key_lists = ids.iter().map(|id| keys(&model.friends(*id, "", order)));
        let keys: Vec<UserKey> = key_lists.flatten().collect();
        for _ in 0..PAGES {
            let prefix = rng.choice(PREFIXES).filter(|_| rng.bool());
            let query = FriendQuery {
                handle_prefix: prefix.map(str::to_owned),
                order,
                page: page(&keys, rng),
            };
            let answers = value(graph.friends(ids, &query).await);
            for (id, answer) in ids.iter().zip(answers) {
                let whole = model.friends(*id, prefix.unwrap_or_default(), order);
                let expected = slice(&whole, &query.page, UserKey::clone);
                assert_eq!(answer, expected, "{id} {query:?}");
            }
        }
    }
}

async fn friends_of_friends(graph: &Arc<dyn Graph>, model: &Model, ids: &[UserId], rng: &mut Rng) {
    for depth in 2..=6 {
        let lists: Vec<_> = ids
            .iter()
            .map(|id| model.friends_of_friends(*id, depth))
            .collect();
        let keys: Vec<DistantKey> = lists
            .iter()
            .flat_map(|list| keys(list))
            .map(|(distance, Reverse(mutual), id)| DistantKey {
                distance,
                mutual,
                id,
            })
            .collect();
        for _ in 0..PAGES {
            let page = page(&keys, rng);
            let answers = value(graph.friends_of_friends(ids, depth, &page).await);
            for ((id, whole), answer) in ids.iter().zip(&lists).zip(answers) {
                let expected = slice(whole, &page, |k| (k.distance, Reverse(k.mutual), k.id));
                assert_eq!(answer, expected, "{id} {depth} {page:?}");
            }
        }
    }
}

async fn mutual(graph: &Arc<dyn Graph>, model: &Model, pairs: &[(UserId, UserId)], rng: &mut Rng) {
    let lists: Vec<_> = pairs
        .iter()
        .map(|(a, b)| model.mutual_friends(*a, *b))
        .collect();
    let ids = model.ids();
    for _ in 0..PAGES {
        let page = page(&ids, rng);
        let answers = value(graph.mutual_friends(pairs, &page).await);
        for ((pair, whole), answer) in pairs.iter().zip(&lists).zip(answers) {
            let is_known = ids.contains(&pair.0) && ids.contains(&pair.1);
            let expected = is_known.then(|| slice(whole, &page, |id| *id));
            assert_eq!(answer, expected, "{pair:?} {page:?}");
        }
    }
}

async fn linked(graph: &Arc<dyn Graph>, model: &Model, ids: &[UserId], rng: &mut Rng) {
    for direction in [Direction::Incoming, Direction::Outgoing] {
        let lists: Vec<_> = ids
            .iter()
            .map(|id| model.requests(*id, direction))
            .collect();
        let keys: Vec<u64> = lists.iter().flat_map(|l| keys(l)).map(|k| k.0).collect();
        for _ in 0..PAGES {
            let page = page(&keys, rng);
            let answers = value(graph.requests(ids, direction, &page).await);
            for (whole, answer) in lists.iter().zip(answers) {
                assert_eq!(answer, slice(whole, &page, |key| Reverse(*key)), "{page:?}");
            }
        }
    }
    let lists: Vec<_> = ids.iter().map(|id| model.blocked(*id)).collect();
    let keys: Vec<u64> = lists.iter().flat_map(|l| keys(l)).map(|k| k.0).collect();
    for _ in 0..PAGES {
        let page = page(&keys, rng);
        let answers = value(graph.blocked(ids, &page).await);
        for (whole, answer) in lists.iter().zip(answers) {
            assert_eq!(answer, slice(whole, &page, |key| Reverse(*key)), "{page:?}");
        }
    }
}

async fn histories(graph: &Arc<dyn Graph>, model: &Model, ids: &[UserId], rng: &mut Rng) {
    let lists: Vec<_> = ids.iter().map(|id| model.history(*id)).collect();
    let keys: Vec<u64> = lists.iter().flat_map(|l| keys(l)).collect();
    for _ in 0..PAGES {
        let page = page(&keys, rng);
        let answers = value(graph.history(ids, &page).await);
        for (whole, answer) in lists.iter().zip(answers) {
            assert_eq!(answer, slice(whole, &page, |key| *key), "{page:?}");
        }
    }
}

async fn scores_and_rings(graph: &Arc<dyn Graph>, model: &Model, ids: &[UserId]) {
    for by in [Score::CommonFriends, Score::AdamicAdar, Score::Jaccard] {
        for limit in [1, 3, 100] {
            let answers = value(graph.recommendations(ids, by, limit).await);
            for (id, answer) in ids.iter().zip(answers) {
                assert_eq!(answer, model.recommendations(*id, by, limit), "{id} {by:?}");
            }
        }
    }
    for depth in 1..=6 {
        let answers = value(graph.rings(ids, depth).await);
        let expected: Vec<_> = ids.iter().map(|id| model.rings(*id, depth)).collect();
        assert_eq!(answers, expected);
    }
}

async fn between(graph: &Arc<dyn Graph>, model: &Model, pairs: &[(UserId, UserId)]) {
    let answers = value(graph.relations(pairs).await);
    for ((a, b), answer) in pairs.iter().zip(answers) {
        assert_eq!(answer, model.relation(*a, *b), "{a} {b}");
    }
    let different: Vec<Pair> = pairs
        .iter()
        .filter_map(|(a, b)| Pair::new(*a, *b))
        .collect();
    let expected: Vec<_> = different.iter().map(|pair| model.tie(*pair)).collect();
    assert_eq!(value(graph.ties(&different).await), expected);
    for most in [1, 2, 3, 6, 20] {
        let answers = value(graph.paths(pairs, most).await);
        for ((a, b), path) in pairs.iter().zip(answers) {
            let length = path.as_ref().map(|path| path.len() - 1);
            let expected = model
                .path_length(*a, *b, most)
                .map(|length| length as usize);
            assert_eq!(length, expected, "{a} {b} {most}");
            let Some(path) = path else { continue };
            assert_eq!((path[0].id, path[path.len() - 1].id), (*a, *b));
            for (index, user) in path.iter().enumerate() {
                assert_eq!(Some(user), model.user(user.id));
                assert!(index == 0 || user.state == UserState::Active);
                assert!(index == 0 || model.are_friends(path[index - 1].id, user.id));
            }
        }
    }
}

fn keys<K: Clone, T>(list: &[(K, T)]) -> Vec<K> {
    list.iter().map(|(key, _)| key.clone()).collect()
}

/// A random page between random keys.
fn page<K: Clone>(keys: &[K], rng: &mut Rng) -> Page<K> {
    let mut end = || rng.choice(keys).filter(|_| rng.bool()).cloned();
    Page {
        after: end(),
        before: end(),
        limit: rng.usize(1..8),
        backward: rng.bool(),
        count: rng.bool(),
    }
}
