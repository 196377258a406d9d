//! Rings, friends of friends, paths and relations.

use std::sync::Arc;

use foaf::{
    domain::{Pair, PairCommand, PairState, User, UserId},
    graph::{Graph, Page, Relation},
};

use super::only;
use crate::story::{Story, id};

pub(super) async fn rings_count_each_person_once(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(9);
    // A triangle, a square on it, and a tail; 9 stands apart.
    story.friendships(&[(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 2)]);
    story.friendships(&[(5, 6), (6, 7), (7, 8)]);
    story.project(graph).await;
    assert_eq!(only(graph.rings(&[id(1)], 1).await), [2]);
    assert_eq!(only(graph.rings(&[id(1)], 6).await), [2, 2, 1, 1, 1, 0]);
    assert_eq!(only(graph.rings(&[id(8)], 6).await), [1, 1, 1, 2, 2, 0]);
    assert_eq!(only(graph.rings(&[id(9)], 3).await), [0, 0, 0]);
}

pub(super) async fn friends_of_friends_are_never_self_or_friends(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(5);
    story.friendships(&[(1, 2), (2, 3), (3, 1), (3, 4), (4, 1), (4, 5)]);
    story.project(graph).await;
    for depth in 2..=6 {
        let slice = only(
            graph
                .friends_of_friends(&[id(1)], depth, &Page::first(9))
                .await,
        );
        let ids: Vec<UserId> = slice.items.iter().map(|item| item.user.id).collect();
        assert_eq!(ids, [id(5)]);
    }
}

/// 1 – 2 – … – 22 in a row.
async fn chain(graph: &Arc<dyn Graph>) -> Story {
    let mut story = Story::new();
    story.users(22);
    for number in 1..22 {
        story.befriend(id(number), id(number + 1));
    }
    story.project(graph).await;
    story
}

pub(super) async fn a_path_is_a_shortest_chain(graph: &Arc<dyn Graph>) {
    let mut story = chain(graph).await;
    for (from, to) in [(1, 2), (1, 3), (5, 2), (4, 20), (22, 3)] {
        let path = only(graph.paths(&[(id(from), id(to))], 20).await);
        let row: Vec<UserId> = if from < to {
            (from..=to).map(id).collect()
        } else {
            (to..=from).rev().map(id).collect()
        };
        assert_eq!(ids(path.as_deref()), Some(row));
    }
    story.befriend(id(2), id(8));
    story.project(graph).await;
    let path = only(graph.paths(&[(id(1), id(10))], 20).await);
    assert_eq!(ids(path.as_deref()), Some([1, 2, 8, 9, 10].map(id).into()));
    story.user(30);
    story.project(graph).await;
    assert_eq!(only(graph.paths(&[(id(1), id(30))], 20).await), None);
    assert_eq!(only(graph.paths(&[(id(30), id(1))], 20).await), None);
}

pub(super) async fn a_path_is_no_longer_than_asked_for(graph: &Arc<dyn Graph>) {
    chain(graph).await;
    for most in 1..=20 {
        let long = id(1 + u128::from(most));
        let path = only(graph.paths(&[(id(1), long)], most).await);
        assert_eq!(path.map(|path| path.len()), Some(most as usize + 1));
        let longer = id(2 + u128::from(most));
        assert_eq!(only(graph.paths(&[(id(1), longer)], most).await), None);
        assert_eq!(only(graph.paths(&[(longer, id(1))], most).await), None);
    }
}

pub(super) async fn a_path_to_oneself_is_that_one_user(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(3);
    story.pending_user(4);
    story.befriend(id(1), id(2));
    story.suspend(id(2));
    story.archive(id(3));
    story.project(graph).await;
    for number in 1..=4 {
        for most in [1, 20] {
            let path = only(graph.paths(&[(id(number), id(number))], most).await);
            assert_eq!(path, Some(vec![story.version(id(number))]));
        }
    }
}

pub(super) async fn a_path_ends_at_no_one_who_is_not_active(graph: &Arc<dyn Graph>) {
    let mut story = chain(graph).await;
    story.suspend(id(4));
    story.project(graph).await;
    assert_eq!(only(graph.paths(&[(id(1), id(4))], 9).await), None);
    assert_eq!(only(graph.paths(&[(id(3), id(4))], 9).await), None);
    assert_eq!(only(graph.paths(&[(id(1), id(5))], 9).await), None);
    let path = only(graph.paths(&[(id(4), id(1))], 3).await);
    assert_eq!(ids(path.as_deref()), Some([4, 3, 2, 1].map(id).into()));
}

pub(super) async fn a_relation_says_distance_mutual_count_and_tie(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(6);
    story.friendships(&[(1, 2), (1, 3), (2, 3), (2, 4), (3, 4), (4, 5)]);
    story.pair(PairCommand::SendFriendRequest, id(4), id(1));
    story.pair(PairCommand::BlockUser, id(1), id(5));
    story.project(graph).await;
    for (from, to, distance, mutual) in [
        (1, 2, Some(1), 1),
        (1, 4, Some(2), 2),
        (4, 1, Some(2), 2),
        (1, 5, Some(3), 0),
        (2, 5, Some(2), 1),
        (1, 6, None, 0),
    ] {
        let tie = story
            .model
            .tie(Pair::new(id(from), id(to)).expect("two users"));
        let relation = only(graph.relations(&[(id(from), id(to))]).await);
        let expected = Relation {
            user: story.version(id(to)),
            distance,
            mutual,
            tie: tie.expect("both are known"),
        };
        assert_eq!(relation, Some(expected));
    }
}

pub(super) async fn relations_reach_to_distance_3(graph: &Arc<dyn Graph>) {
    chain(graph).await;
    for (to, distance) in [
        (11, Some(1)),
        (12, Some(2)),
        (13, Some(3)),
        (14, None),
        (7, Some(3)),
        (6, None),
    ] {
        let relation = only(graph.relations(&[(id(10), id(to))]).await).expect("both are known");
        assert_eq!(relation.distance, distance);
    }
}

pub(super) async fn a_relation_to_oneself(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(3);
    story.friendships(&[(1, 2), (2, 3)]);
    story.suspend(id(2));
    story.project(graph).await;
    for number in 1..=2 {
        let relation = only(graph.relations(&[(id(number), id(number))]).await);
        let expected = Relation {
            user: story.version(id(number)),
            distance: Some(0),
            mutual: 0,
            tie: PairState::None,
        };
        assert_eq!(relation, Some(expected));
    }
}

fn ids(path: Option<&[Arc<User>]>) -> Option<Vec<UserId>> {
    path.map(|users| users.iter().map(|user| user.id).collect())
}
