//! Batches and the cursor: exactly once in effect, one moment.

use std::{collections::HashMap, sync::Arc};

use foaf::{
    domain::{Pair, PairCommand, UserId},
    graph::{
        Direction, FriendOrder, FriendQuery, Graph, Page, Projected, Score, UserOrder, UserQuery,
    },
    judge::LogId,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::value;
use crate::story::{Story, handle, id};

pub(super) async fn an_empty_graph_has_no_cursor_and_answers_at_position_0(graph: &Arc<dyn Graph>) {
    assert_eq!(graph.cursor().await, Ok(None));
    let read = graph.users(&[id(1)]).await.expect("an answer");
    assert_eq!((read.position, read.value), (0, vec![None]));
    let everybody = all_users();
    let listed = graph.list_users(&everybody).await.expect("an answer");
    assert_eq!(listed.position, 0);
    assert_eq!(listed.value.items, []);
    assert_eq!(listed.value.total, Some(0));
}

pub(super) async fn the_cursor_is_read_back_whole(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(2);
    story.project(graph).await;
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
    story.befriend(id(1), id(2));
    story.project(graph).await;
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
}

pub(super) async fn a_batch_that_starts_elsewhere_changes_nothing(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(2);
    let first = story.batch();
    let after_first = story.cursor();
    story.befriend(id(1), id(2));
    let second = story.batch();

    // Ahead of an empty graph.
    assert_eq!(graph.project(&second).await, Ok(Projected::Elsewhere(None)));
    assert_eq!(graph.cursor().await, Ok(None));
    assert_eq!(value(graph.users(&[id(1)]).await), [None]);

    assert_eq!(graph.project(&first).await, Ok(Projected::Done));
    for expect in [0, after_first.position - 1, after_first.position + 1] {
        let mut batch = second.clone();
        batch.expect = expect;
        let elsewhere = Projected::Elsewhere(Some(after_first));
        assert_eq!(graph.project(&batch).await, Ok(elsewhere));
        assert_eq!(graph.cursor().await, Ok(Some(after_first)));
        assert_eq!(value(graph.rings(&[id(1)], 1).await), [[0]]);
    }
    assert_eq!(graph.project(&second).await, Ok(Projected::Done));
    assert_eq!(value(graph.rings(&[id(1)], 1).await), [[1]]);
}

pub(super) async fn a_batch_of_another_log_changes_nothing(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(2);
    story.project(graph).await;
    let cursor = story.cursor();
    story.befriend(id(1), id(2));
    let mut batch = story.batch();
    batch.cursor.log_id = LogId(Uuid::new_v4());
    let elsewhere = Projected::Elsewhere(Some(cursor));
    assert_eq!(graph.project(&batch).await, Ok(elsewhere));
    assert_eq!(graph.cursor().await, Ok(Some(cursor)));
    assert_eq!(value(graph.rings(&[id(1)], 1).await), [[0]]);
}

pub(super) async fn the_same_batch_twice_takes_effect_once(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(3);
    story.befriend(id(1), id(2));
    let batch = story.batch();
    assert_eq!(graph.project(&batch).await, Ok(Projected::Done));
    let elsewhere = Projected::Elsewhere(Some(story.cursor()));
    assert_eq!(graph.project(&batch).await, Ok(elsewhere));
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
    assert_eq!(value(graph.rings(&[id(1)], 1).await), [[1]]);
    let listed = value(graph.list_users(&all_users()).await);
    assert_eq!(listed.total, Some(3));
}

pub(super) async fn a_batch_without_changes_moves_the_cursor(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.void();
    story.project(graph).await;
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
    story.user(1);
    story.void();
    story.void();
    story.project(graph).await;
    story.void();
    story.project(graph).await;
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
}

pub(super) async fn every_read_names_the_position(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    let ids = story.users(2);
    story.befriend(id(1), id(2));
    story.void();
    story.project(graph).await;
    let two = [(id(1), id(2))];
    let pair = Pair::new(id(1), id(2)).expect("two users");
    let friends = FriendQuery {
        handle_prefix: None,
        order: FriendOrder::Id,
        page: Page::first(5),
    };
    let positions = [
        graph.users(&ids).await.map(|read| read.position),
        graph
            .users_by_handle(&[handle("u1")])
            .await
            .map(|read| read.position),
        graph
            .list_users(&all_users())
            .await
            .map(|read| read.position),
        graph
            .friends(&ids, &friends)
            .await
            .map(|read| read.position),
        graph
            .friends_of_friends(&ids, 2, &Page::first(5))
            .await
            .map(|read| read.position),
        graph
            .mutual_friends(&two, &Page::first(5))
            .await
            .map(|read| read.position),
        graph
            .recommendations(&ids, Score::Jaccard, 5)
            .await
            .map(|read| read.position),
        graph.relations(&two).await.map(|read| read.position),
        graph.paths(&two, 6).await.map(|read| read.position),
        graph.rings(&ids, 3).await.map(|read| read.position),
        graph
            .requests(&ids, Direction::Incoming, &Page::first(5))
            .await
            .map(|read| read.position),
        graph
            .blocked(&ids, &Page::first(5))
            .await
            .map(|read| read.position),
        graph.ties(&[pair]).await.map(|read| read.position),
    ];
    for position in positions {
        assert_eq!(position, Ok(story.cursor().position));
    }
}

/// Every batch ends a friendship and begins another, so that every moment has exactly one, and the
/// position says which.
pub(super) async fn a_read_sees_one_moment(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    let ids = story.users(40);
    let hub = ids[0];
    let mut friend_at: HashMap<u64, UserId> = HashMap::new();
    let mut batches = Vec::new();
    for (index, friend) in ids.iter().enumerate().skip(1) {
        if index > 1 {
            story.pair(PairCommand::RemoveFriend, hub, ids[index - 1]);
        }
        story.befriend(hub, *friend);
        batches.push(story.batch());
        friend_at.insert(story.cursor().position, *friend);
    }
    assert_eq!(graph.project(&batches[0]).await, Ok(Projected::Done));
    let last = story.cursor().position;
    let mut readers = JoinSet::new();
    readers.spawn({
        let graph = graph.clone();
        async move {
            loop {
                let query = FriendQuery {
                    handle_prefix: None,
                    order: FriendOrder::Id,
                    page: Page::first(5),
                };
                let read = graph.friends(&[hub], &query).await.expect("an answer");
                let friends: Vec<UserId> = read.value[0].items.iter().map(|f| f.user.id).collect();
                assert_eq!(friends, [friend_at[&read.position]]);
                if read.position == last {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    for batch in &batches[1..] {
        assert_eq!(graph.project(batch).await, Ok(Projected::Done));
        tokio::task::yield_now().await;
    }
    let read = readers.join_next().await.expect("a reader");
    read.expect("every read saw one moment");
}

pub(super) async fn a_big_batch_is_taken_whole(graph: &Arc<dyn Graph>) {
    let (users, friendships) = (5_000, 20_000);
    let mut story = Story::new();
    let ids = story.users(users);
    let mut rng = fastrand::Rng::with_seed(7);
    let mut degrees: HashMap<UserId, u64> = HashMap::new();
    let mut made = 0;
    while made < friendships {
        let (user, other) = (rng.u128(1..=users), rng.u128(1..=users));
        if user != other && !story.model.are_friends(id(user), id(other)) {
            story.befriend(id(user), id(other));
            *degrees.entry(id(user)).or_default() += 1;
            *degrees.entry(id(other)).or_default() += 1;
            made += 1;
        }
    }
    story.project(graph).await;
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
    let rings = value(graph.rings(&ids, 1).await);
    for (id, ring) in ids.iter().zip(rings) {
        assert_eq!(ring, [degrees.get(id).copied().unwrap_or(0)]);
    }
    let listed = value(graph.list_users(&all_users()).await);
    assert_eq!(listed.total, Some(5_000));
    // Many and deep: more than an adapter may compute while others wait for it.
    let many = &ids[..20];
    let expected: Vec<_> = many.iter().map(|id| story.model.rings(*id, 6)).collect();
    assert_eq!(value(graph.rings(many, 6).await), expected);
}

fn all_users() -> UserQuery {
    UserQuery {
        state: None,
        handle_prefix: None,
        order: UserOrder::Id,
        page: Page {
            count: true,
            ..Page::first(10)
        },
    }
}
