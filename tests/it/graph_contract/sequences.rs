//! What follows upon what: within one batch, and across batches.

use std::sync::Arc;

use foaf::{
    domain::{Pair, PairCommand, PairState, User, UserId},
    graph::{Direction, FriendOrder, FriendQuery, Graph, Page},
};

use super::{only, value};
use crate::story::{Story, handle, id};

pub(super) async fn what_begins_and_ends_in_one_batch_is_not_shown(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(4);
    story.pair(PairCommand::SendFriendRequest, id(1), id(2));
    story.pair(PairCommand::AcceptFriendRequest, id(2), id(1));
    story.pair(PairCommand::RemoveFriend, id(1), id(2));
    story.pair(PairCommand::SendFriendRequest, id(1), id(3));
    story.pair(PairCommand::CancelFriendRequest, id(1), id(3));
    story.pair(PairCommand::BlockUser, id(1), id(4));
    story.pair(PairCommand::UnblockUser, id(1), id(4));
    story.suspend(id(4));
    story.archive(id(4));
    story.project(graph).await;
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
    for other in 2..=4 {
        assert_eq!(tie(graph, 1, other).await, PairState::None);
    }
    assert_eq!(friends(graph, id(1)).await, []);
    let found = value(graph.users(&[id(4)]).await);
    assert_eq!(found, [Some(story.version(id(4)))]);
}

pub(super) async fn what_ends_and_begins_anew_in_one_batch_is_shown_as_new(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(3);
    story.befriend(id(1), id(2));
    story.befriend(id(1), id(3));
    story.pair(PairCommand::BlockUser, id(2), id(3));
    story.project(graph).await;
    story.pair(PairCommand::RemoveFriend, id(1), id(2));
    story.befriend(id(2), id(1));
    let since = story.now();
    story.pair(PairCommand::UnblockUser, id(2), id(3));
    story.pair(PairCommand::BlockUser, id(2), id(3));
    let blocked = story.now();
    story.project(graph).await;
    assert_eq!(tie(graph, 1, 2).await, PairState::Friends { since });
    let mut whom = only(graph.blocked(&[id(2)], &Page::first(5)).await);
    assert_eq!(whom.items.len(), 1);
    assert_eq!(whom.items.remove(0).since, blocked);
    assert_eq!(friends(graph, id(1)).await, [id(2), id(3)]);
}

pub(super) async fn an_archive_ends_friendships_and_requests_but_no_blocks(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(7);
    story.friendships(&[(1, 2), (1, 3), (2, 3)]);
    story.pair(PairCommand::SendFriendRequest, id(1), id(4));
    story.pair(PairCommand::SendFriendRequest, id(5), id(1));
    story.pair(PairCommand::BlockUser, id(1), id(6));
    story.pair(PairCommand::BlockUser, id(7), id(1));
    story.project(graph).await;
    assert_eq!(friends(graph, id(2)).await, [id(1), id(3)]);
    story.archive(id(1));
    story.project(graph).await;
    assert_eq!(friends(graph, id(1)).await, []);
    assert_eq!(friends(graph, id(2)).await, [id(3)]);
    for other in 2..=5 {
        assert_eq!(tie(graph, 1, other).await, PairState::None);
    }
    for (user, direction) in [(4, Direction::Incoming), (5, Direction::Outgoing)] {
        let open = only(
            graph
                .requests(&[id(user)], direction, &Page::first(5))
                .await,
        );
        assert_eq!(open.items, []);
    }
    assert!(matches!(tie(graph, 1, 6).await, PairState::Blocked(_)));
    assert!(matches!(tie(graph, 1, 7).await, PairState::Blocked(_)));
}

pub(super) async fn a_request_becomes_a_friendship_becomes_a_block(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(2);
    let pair = Pair::new(id(1), id(2)).expect("two users");
    let steps = [
        (PairCommand::SendFriendRequest, 2, 1),
        (PairCommand::AcceptFriendRequest, 1, 2),
        (PairCommand::BlockUser, 2, 1),
        (PairCommand::BlockUser, 1, 2),
        (PairCommand::UnblockUser, 2, 1),
        (PairCommand::UnblockUser, 1, 2),
        (PairCommand::SendFriendRequest, 1, 2),
        (PairCommand::DeclineFriendRequest, 2, 1),
        (PairCommand::SendFriendRequest, 1, 2),
        (PairCommand::SendFriendRequest, 2, 1),
        (PairCommand::RemoveFriend, 2, 1),
        (PairCommand::SendFriendRequest, 1, 2),
        (PairCommand::BlockUser, 2, 1),
    ];
    for (command, user, other) in steps {
        story.pair(command, id(user), id(other));
        story.project(graph).await;
        assert_eq!(only(graph.ties(&[pair]).await), story.model.tie(pair));
        for user in [id(1), id(2)] {
            for direction in [Direction::Incoming, Direction::Outgoing] {
                let open = only(graph.requests(&[user], direction, &Page::first(5)).await);
                let expected = story.model.requests(user, direction);
                assert_eq!(open.items.len(), expected.len());
            }
            let blocks = only(graph.blocked(&[user], &Page::first(5)).await);
            assert_eq!(blocks.items.len(), story.model.blocked(user).len());
            let rings = only(graph.rings(&[user], 1).await);
            assert_eq!(rings, story.model.rings(user, 1));
        }
    }
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
}

pub(super) async fn a_freed_handle_finds_its_next_holder(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(2);
    story.project(graph).await;
    assert_eq!(holder(graph, "u1").await, Some(story.version(id(1))));
    story.archive(id(1));
    story.project(graph).await;
    assert_eq!(holder(graph, "u1").await, None);
    story.rename(id(2), "u1");
    story.project(graph).await;
    assert_eq!(holder(graph, "u1").await, Some(story.version(id(2))));
    assert_eq!(holder(graph, "u2").await, None);
}

pub(super) async fn handles_change_hands_within_one_batch(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(4);
    story.project(graph).await;
    // 1 and 2 swap; 3 is archived and 4 takes the handle; 4's old one goes to somebody new.
    story.rename(id(1), "between");
    story.rename(id(2), "u1");
    story.rename(id(1), "u2");
    story.archive(id(3));
    story.rename(id(4), "u3");
    story.register(5, crate::story::profile("u4", "Fifth", None), false);
    story.project(graph).await;
    for (text, number) in [("u1", 2), ("u2", 1), ("u3", 4), ("u4", 5)] {
        assert_eq!(holder(graph, text).await, Some(story.version(id(number))));
    }
    assert_eq!(holder(graph, "between").await, None);
}

pub(super) async fn a_hub_gains_and_loses_many_at_once(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    let ids = story.users(301);
    let (hub, others) = (ids[150], [&ids[..150], &ids[151..]].concat());
    let part = |step: usize| others.iter().copied().step_by(step);
    for other in part(2) {
        story.befriend(hub, other);
    }
    story.project(graph).await;
    assert_eq!(friends(graph, hub).await, part(2).collect::<Vec<_>>());
    for other in part(4) {
        story.pair(PairCommand::RemoveFriend, hub, other);
    }
    for other in part(2) {
        story.befriend(
            hub,
            others[others.iter().position(|o| *o == other).expect("there") + 1],
        );
    }
    story.project(graph).await;
    let expected: Vec<UserId> = others
        .iter()
        .enumerate()
        .filter(|(index, _)| index % 4 != 0)
        .map(|(_, other)| *other)
        .collect();
    assert_eq!(friends(graph, hub).await, expected);
    story.archive(hub);
    story.project(graph).await;
    assert_eq!(friends(graph, hub).await, []);
    let rings = value(graph.rings(&others, 1).await);
    assert!(rings.iter().all(|ring| *ring == [0]));
}

async fn tie(graph: &Arc<dyn Graph>, a: u128, b: u128) -> PairState {
    let pair = Pair::new(id(a), id(b)).expect("two users");
    only(graph.ties(&[pair]).await).expect("both are known")
}

async fn friends(graph: &Arc<dyn Graph>, of: UserId) -> Vec<UserId> {
    let query = FriendQuery {
        handle_prefix: None,
        order: FriendOrder::Id,
        page: Page::first(500),
    };
    let slice = only(graph.friends(&[of], &query).await);
    slice.items.iter().map(|friend| friend.user.id).collect()
}

async fn holder(graph: &Arc<dyn Graph>, text: &str) -> Option<Arc<User>> {
    only(graph.users_by_handle(&[handle(text)]).await)
}
