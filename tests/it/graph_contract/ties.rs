//! Requests, blocks and ties: shown whatever the users' states.

use std::sync::Arc;

use foaf::{
    domain::{Pair, PairCommand, PairState, Side, UserId},
    graph::{Direction, Graph, Page},
};

use super::{only, value};
use crate::story::{Story, id};

pub(super) async fn a_tie_says_what_stands_between_two(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(6);
    story.befriend(id(2), id(1));
    let since = story.now();
    story.pair(PairCommand::SendFriendRequest, id(1), id(3));
    let asked = story.now();
    story.pair(PairCommand::SendFriendRequest, id(4), id(1));
    let asked_back = story.now();
    story.pair(PairCommand::BlockUser, id(5), id(1));
    let blocked = story.now();
    story.project(graph).await;
    let pairs = [2, 3, 4, 5, 6].map(|other| pair(1, other));
    let ties = value(graph.ties(&pairs).await);
    assert_eq!(ties[0], Some(PairState::Friends { since }));
    let by = Side::Low;
    assert_eq!(ties[1], Some(PairState::Requested { by, asked }));
    let (by, asked) = (Side::High, asked_back);
    assert_eq!(ties[2], Some(PairState::Requested { by, asked }));
    let Some(PairState::Blocked(blocks)) = &ties[3] else {
        panic!("a block stands: {:?}", ties[3]);
    };
    assert_eq!(blocks.by(Side::High), Some(blocked));
    assert_eq!(blocks.by(Side::Low), None);
    assert_eq!(ties[4], Some(PairState::None));
}

pub(super) async fn requests_and_blocks_are_shown_whatever_the_states(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(4);
    story.pending_user(5);
    story.befriend(id(1), id(4));
    story.pair(PairCommand::SendFriendRequest, id(2), id(1));
    story.pair(PairCommand::BlockUser, id(1), id(3));
    story.pair(PairCommand::BlockUser, id(1), id(5));
    story.suspend(id(1));
    story.suspend(id(2));
    story.suspend(id(4));
    story.archive(id(3));
    story.project(graph).await;
    let incoming = only(
        graph
            .requests(&[id(1)], Direction::Incoming, &Page::first(5))
            .await,
    );
    assert_eq!(incoming.items.len(), 1);
    assert_eq!(incoming.items[0].user, story.version(id(2)));
    let outgoing = only(
        graph
            .requests(&[id(2)], Direction::Outgoing, &Page::first(5))
            .await,
    );
    assert_eq!(outgoing.items.len(), 1);
    let blocked = only(graph.blocked(&[id(1)], &Page::first(5)).await);
    let ids: Vec<UserId> = blocked.items.iter().map(|item| item.user.id).collect();
    assert_eq!(ids, [id(5), id(3)]);
    let ties = value(graph.ties(&[2, 3, 4, 5].map(|other| pair(1, other))).await);
    assert!(matches!(ties[0], Some(PairState::Requested { .. })));
    assert!(matches!(ties[1], Some(PairState::Blocked(_))));
    assert!(matches!(ties[2], Some(PairState::Friends { .. })));
    assert!(matches!(ties[3], Some(PairState::Blocked(_))));
}

pub(super) async fn two_can_block_each_other(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(2);
    story.pair(PairCommand::BlockUser, id(2), id(1));
    story.project(graph).await;
    story.pair(PairCommand::BlockUser, id(1), id(2));
    story.project(graph).await;
    let both = pair(1, 2);
    assert_eq!(only(graph.ties(&[both]).await), story.model.tie(both));
    for (user, other) in [(1, 2), (2, 1)] {
        let blocked = only(graph.blocked(&[id(user)], &Page::first(5)).await);
        assert_eq!(blocked.items.len(), 1);
        assert_eq!(blocked.items[0].user.id, id(other));
    }
    story.pair(PairCommand::UnblockUser, id(2), id(1));
    story.project(graph).await;
    assert_eq!(only(graph.ties(&[both]).await), story.model.tie(both));
    let blocked = only(graph.blocked(&[id(2)], &Page::first(5)).await);
    assert_eq!(blocked.items, []);
}

fn pair(a: u128, b: u128) -> Pair {
    Pair::new(id(a), id(b)).expect("two users")
}
