//! The ACTIVE rule: a traversal may start at any user; others that are not ACTIVE are neither results
//! nor stepping stones.

use std::sync::Arc;

use foaf::{
    domain::{PairState, StateCommand, UserId},
    graph::{FriendOrder, FriendQuery, Graph, Page, Score},
};

use super::only;
use crate::story::{Story, id};

/// 1 – 2 – 3 – 4, and 1 – 5 – 3.
async fn two_ways(graph: &Arc<dyn Graph>) -> Story {
    let mut story = Story::new();
    story.users(5);
    story.friendships(&[(1, 2), (2, 3), (3, 4), (1, 5), (5, 3)]);
    story.project(graph).await;
    story
}

pub(super) async fn others_that_are_not_active_are_no_results(graph: &Arc<dyn Graph>) {
    let mut story = two_ways(graph).await;
    story.suspend(id(2));
    story.suspend(id(4));
    story.pending_user(6);
    story.project(graph).await;
    assert_eq!(friends(graph, 1).await, [id(5)]);
    assert_eq!(friends(graph, 3).await, [id(5)]);
    assert_eq!(rings(graph, 1, 3).await, [1, 1, 0]);
    assert_eq!(distant(graph, 1, 3).await, [(id(3), 2, 1)]);
    assert_eq!(mutual(graph, 1, 3).await, [id(5)]);
    assert_eq!(recommended(graph, 5).await, []);
    let relation = only(graph.relations(&[(id(1), id(2))]).await).expect("both are known");
    assert_eq!(relation.distance, None);
    assert!(matches!(relation.tie, PairState::Friends { .. }));
    let relation = only(graph.relations(&[(id(1), id(4))]).await).expect("both are known");
    assert_eq!((relation.distance, relation.mutual), (None, 0));
    assert_eq!(only(graph.paths(&[(id(1), id(2))], 5).await), None);
    assert_eq!(only(graph.paths(&[(id(1), id(6))], 5).await), None);
}

pub(super) async fn others_that_are_not_active_are_no_stepping_stones(graph: &Arc<dyn Graph>) {
    let mut story = two_ways(graph).await;
    story.suspend(id(2));
    story.suspend(id(5));
    story.project(graph).await;
    assert_eq!(rings(graph, 1, 6).await, [0; 6]);
    assert_eq!(distant(graph, 1, 6).await, []);
    assert_eq!(mutual(graph, 1, 3).await, []);
    assert_eq!(recommended(graph, 1).await, []);
    assert_eq!(only(graph.paths(&[(id(1), id(3))], 6).await), None);
    assert_eq!(only(graph.paths(&[(id(4), id(1))], 6).await), None);
    let relation = only(graph.relations(&[(id(1), id(3))]).await).expect("both are known");
    assert_eq!((relation.distance, relation.mutual), (None, 0));
}

pub(super) async fn a_traversal_may_start_at_any_user(graph: &Arc<dyn Graph>) {
    let mut story = two_ways(graph).await;
    story.suspend(id(1));
    story.project(graph).await;
    assert_eq!(friends(graph, 1).await, [id(2), id(5)]);
    assert_eq!(rings(graph, 1, 3).await, [2, 1, 1]);
    assert_eq!(distant(graph, 1, 3).await, [(id(3), 2, 2), (id(4), 3, 0)]);
    assert_eq!(mutual(graph, 1, 3).await, [id(2), id(5)]);
    assert_eq!(mutual(graph, 3, 1).await, [id(2), id(5)]);
    assert_eq!(recommended(graph, 1).await, [id(3)]);
    let path = only(graph.paths(&[(id(1), id(4))], 3).await).expect("a path");
    assert_eq!(path.len(), 4);
    let relation = only(graph.relations(&[(id(1), id(4))]).await).expect("both are known");
    assert_eq!(relation.distance, Some(3));
    let relation = only(graph.relations(&[(id(1), id(2))]).await).expect("both are known");
    assert_eq!(relation.distance, Some(1));
    // Seen from the others, this user does not count.
    assert_eq!(only(graph.paths(&[(id(2), id(5))], 1).await), None);
    assert_eq!(rings(graph, 2, 3).await, [1, 2, 0]);
    let relation = only(graph.relations(&[(id(2), id(1))]).await).expect("both are known");
    assert_eq!(relation.distance, None);
    // An archived user has no friends left, but may be asked about.
    story.archive(id(1));
    story.project(graph).await;
    assert_eq!(rings(graph, 1, 3).await, [0, 0, 0]);
}

pub(super) async fn a_reactivated_user_counts_again(graph: &Arc<dyn Graph>) {
    let mut story = two_ways(graph).await;
    story.suspend(id(2));
    story.suspend(id(3));
    story.project(graph).await;
    assert_eq!(rings(graph, 1, 3).await, [1, 0, 0]);
    story.change_state(StateCommand::ReactivateUser, id(2));
    story.change_state(StateCommand::ReactivateUser, id(3));
    story.suspend(id(5));
    story.project(graph).await;
    assert_eq!(rings(graph, 1, 3).await, [1, 1, 1]);
    assert_eq!(friends(graph, 3).await, [id(2), id(4)]);
    assert_eq!(mutual(graph, 1, 3).await, [id(2)]);
}

async fn friends(graph: &Arc<dyn Graph>, of: u128) -> Vec<UserId> {
    let query = FriendQuery {
        handle_prefix: None,
        order: FriendOrder::Id,
        page: Page {
            count: true,
            ..Page::first(9)
        },
    };
    let slice = only(graph.friends(&[id(of)], &query).await);
    assert_eq!(slice.total, Some(slice.items.len() as u64));
    slice.items.iter().map(|friend| friend.user.id).collect()
}

async fn rings(graph: &Arc<dyn Graph>, of: u128, depth: u32) -> Vec<u64> {
    only(graph.rings(&[id(of)], depth).await)
}

async fn distant(graph: &Arc<dyn Graph>, of: u128, depth: u32) -> Vec<(UserId, u32, u64)> {
    let slice = only(
        graph
            .friends_of_friends(&[id(of)], depth, &Page::first(9))
            .await,
    );
    let part = |item: &foaf::graph::Distant| (item.user.id, item.distance, item.mutual);
    slice.items.iter().map(part).collect()
}

async fn mutual(graph: &Arc<dyn Graph>, a: u128, b: u128) -> Vec<UserId> {
    let two = [(id(a), id(b))];
    let slice = only(graph.mutual_friends(&two, &Page::first(9)).await).expect("both are known");
    slice.items.iter().map(|user| user.id).collect()
}

async fn recommended(graph: &Arc<dyn Graph>, of: u128) -> Vec<UserId> {
    let list = only(
        graph
            .recommendations(&[id(of)], Score::CommonFriends, 9)
            .await,
    );
    list.iter().map(|item| item.user.id).collect()
}
