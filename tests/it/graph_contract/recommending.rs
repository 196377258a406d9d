//! Recommendations: scores to the bit, order, and who is left out.

use std::sync::Arc;

use foaf::{
    domain::{PairCommand, UserId},
    graph::{Graph, Score},
};

use super::only;
use crate::story::{Story, id};

/// 1 knows 2 and 3; by them 10 (both), 11 (2), 12 and 13 (3). 2 has three friends, 3 has four.
fn small() -> Story {
    let mut story = Story::new();
    story.users(13);
    story.friendships(&[(1, 2), (1, 3), (2, 10), (3, 10), (2, 11), (3, 12), (3, 13)]);
    story
}

pub(super) async fn scores_agree_to_the_bit(graph: &Arc<dyn Graph>) {
    let mut story = small();
    story.project(graph).await;
    // round(10^9 / ln 3) = 910239227 and round(10^9 / ln 4) = 721347520.
    let adamic_adar = [
        (10, 1_631_586_747),
        (11, 910_239_227),
        (12, 721_347_520),
        (13, 721_347_520),
    ];
    let jaccard = [
        (10, 1_000_000_000),
        (11, 500_000_000),
        (12, 500_000_000),
        (13, 500_000_000),
    ];
    let common = [(10, 2), (11, 1), (12, 1), (13, 1)];
    for (by, expected) in [
        (Score::AdamicAdar, adamic_adar),
        (Score::Jaccard, jaccard),
        (Score::CommonFriends, common),
    ] {
        let list = only(graph.recommendations(&[id(1)], by, 10).await);
        let scores: Vec<_> = list.iter().map(|item| (item.user.id, item.score)).collect();
        assert_eq!(scores, expected.map(|(number, score)| (id(number), score)));
        let mutual: Vec<u64> = list.iter().map(|item| item.mutual).collect();
        assert_eq!(mutual, [2, 1, 1, 1]);
    }
    // Thirds: 3 in common with, of 2 + 3 − 2.
    story.friendships(&[(10, 4), (11, 4)]);
    story.project(graph).await;
    let list = only(graph.recommendations(&[id(1)], Score::Jaccard, 2).await);
    let scores: Vec<u64> = list.iter().map(|item| item.score).collect();
    assert_eq!(scores, [666_666_667, 500_000_000]);
    let list = only(graph.recommendations(&[id(1)], Score::Jaccard, 9).await);
    let eleven = list.iter().find(|item| item.user.id == id(11));
    assert_eq!(eleven.map(|item| item.score), Some(333_333_333));
}

pub(super) async fn jaccard_is_rounded_half_up(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(1026);
    for number in 2..=1025 {
        story.befriend(id(1), id(number));
    }
    story.befriend(id(1025), id(1026));
    story.project(graph).await;
    // 10^9 · 1 / 1024 = 976562.5
    let list = only(graph.recommendations(&[id(1)], Score::Jaccard, 2).await);
    let scores: Vec<_> = list.iter().map(|item| (item.user.id, item.score)).collect();
    assert_eq!(scores, [(id(1026), 976_563)]);
    // A hub in between: round(10^9 / ln 1024) = 144269504.
    let list = only(graph.recommendations(&[id(2)], Score::AdamicAdar, 1).await);
    assert_eq!((list[0].user.id, list[0].score), (id(3), 144_269_504));
}

pub(super) async fn equal_scores_are_ordered_by_id(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(12);
    story.befriend(id(6), id(7));
    for number in [9, 3, 12, 1, 8, 2] {
        story.befriend(id(7), id(number));
    }
    story.project(graph).await;
    for by in [Score::CommonFriends, Score::AdamicAdar, Score::Jaccard] {
        assert_eq!(
            recommended(graph, 6, by, 9).await,
            [1, 2, 3, 8, 9, 12].map(id)
        );
        assert_eq!(recommended(graph, 6, by, 4).await, [1, 2, 3, 8].map(id));
    }
}

pub(super) async fn no_one_is_recommended_with_whom_a_request_or_block_stands(
    graph: &Arc<dyn Graph>,
) {
    let mut story = Story::new();
    story.users(8);
    for number in [1, 3, 4, 5, 6, 7] {
        story.befriend(id(2), id(number));
    }
    story.pair(PairCommand::SendFriendRequest, id(1), id(3));
    story.pair(PairCommand::SendFriendRequest, id(4), id(1));
    story.pair(PairCommand::BlockUser, id(1), id(5));
    story.pair(PairCommand::BlockUser, id(6), id(1));
    story.project(graph).await;
    for by in [Score::CommonFriends, Score::AdamicAdar, Score::Jaccard] {
        assert_eq!(recommended(graph, 1, by, 9).await, [id(7)]);
        assert_eq!(recommended(graph, 1, by, 1).await, [id(7)]);
    }
    story.pair(PairCommand::CancelFriendRequest, id(1), id(3));
    story.pair(PairCommand::DeclineFriendRequest, id(1), id(4));
    story.pair(PairCommand::UnblockUser, id(1), id(5));
    story.pair(PairCommand::UnblockUser, id(6), id(1));
    story.project(graph).await;
    let everybody = recommended(graph, 1, Score::CommonFriends, 9).await;
    assert_eq!(everybody, [3, 4, 5, 6, 7].map(id));
}

pub(super) async fn only_active_friends_make_a_degree(graph: &Arc<dyn Graph>) {
    let mut story = small();
    story.suspend(id(12));
    story.suspend(id(13));
    story.project(graph).await;
    // 3 has two ACTIVE friends now: round(10^9 / ln 2) = 1442695041.
    let list = only(graph.recommendations(&[id(1)], Score::AdamicAdar, 10).await);
    let scores: Vec<_> = list.iter().map(|item| (item.user.id, item.score)).collect();
    assert_eq!(scores, [(id(10), 2_352_934_268), (id(11), 910_239_227)]);
    story.suspend(id(3));
    story.project(graph).await;
    let list = only(graph.recommendations(&[id(1)], Score::Jaccard, 10).await);
    let scores: Vec<_> = list.iter().map(|item| (item.user.id, item.score)).collect();
    assert_eq!(scores, [(id(10), 1_000_000_000), (id(11), 1_000_000_000)]);
}

pub(super) async fn a_friend_of_degree_below_2_adds_nothing(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(3);
    story.friendships(&[(1, 2), (2, 3)]);
    story.suspend(id(1));
    story.project(graph).await;
    let list = only(graph.recommendations(&[id(1)], Score::AdamicAdar, 10).await);
    let scores: Vec<_> = list
        .iter()
        .map(|item| (item.user.id, item.score, item.mutual))
        .collect();
    assert_eq!(scores, [(id(3), 0, 1)]);
}

pub(super) async fn no_more_than_asked_for(graph: &Arc<dyn Graph>) {
    let mut story = small();
    story.project(graph).await;
    for by in [Score::CommonFriends, Score::AdamicAdar, Score::Jaccard] {
        let all = recommended(graph, 1, by, 100).await;
        assert_eq!(all.len(), 4);
        for limit in 1..=5 {
            let first = &all[..limit.min(4)];
            assert_eq!(recommended(graph, 1, by, limit).await, first);
        }
    }
}

async fn recommended(graph: &Arc<dyn Graph>, of: u128, by: Score, limit: usize) -> Vec<UserId> {
    let list = only(graph.recommendations(&[id(of)], by, limit).await);
    list.iter().map(|item| item.user.id).collect()
}
