//! The order of every list around a user, walked page by page.

use std::{cmp::Reverse, sync::Arc};

use foaf::{
    domain::{PairCommand, UserId},
    graph::{Direction, DistantKey, FriendOrder, FriendQuery, Graph, Linked, Page, UserKey},
};

use super::{only, walk::walk};
use crate::{
    model::slice,
    story::{Story, id, profile},
};

pub(super) async fn friends_are_listed_in_each_order(graph: &Arc<dyn Graph>) {
    let story = named_friends(graph).await;
    let by_id = [2, 3, 4, 5, 6, 7];
    let by_name = [4, 7, 2, 6, 3, 5];
    let by_since = [6, 3, 7, 2, 5, 4];
    for (order, numbers) in [
        (FriendOrder::Id, by_id),
        (FriendOrder::Name, by_name),
        (FriendOrder::Since, by_since),
    ] {
        let whole = story.model.friends(id(1), "", order);
        let listed: Vec<UserId> = whole.iter().map(|(_, friend)| friend.user.id).collect();
        assert_eq!(listed, numbers.map(id));
        check_friends(graph, &whole, None, order).await;
    }
}

pub(super) async fn friends_are_filtered_by_handle_prefix(graph: &Arc<dyn Graph>) {
    let story = named_friends(graph).await;
    for prefix in ["", "h_", "h_a", "h.", "h", "x"] {
        for order in [FriendOrder::Id, FriendOrder::Name, FriendOrder::Since] {
            let whole = story.model.friends(id(1), prefix, order);
            check_friends(graph, &whole, Some(prefix), order).await;
        }
    }
    assert_eq!(story.model.friends(id(1), "h_", FriendOrder::Id).len(), 3);
}

pub(super) async fn mutual_friends_are_listed_by_id(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(12);
    for number in [11, 4, 8, 6, 3, 10] {
        story.befriend(id(1), id(number));
        story.befriend(id(number), id(2));
    }
    story.friendships(&[(1, 5), (2, 7), (1, 2), (1, 12)]);
    story.project(graph).await;
    let whole = story.model.mutual_friends(id(1), id(2));
    let listed: Vec<UserId> = whole.iter().map(|(id, _)| *id).collect();
    assert_eq!(listed, [3, 4, 6, 8, 10, 11].map(id));
    let read = async |page: Page<UserId>| {
        only(graph.mutual_friends(&[(id(1), id(2))], &page).await).expect("both are known")
    };
    walk(&whole, read).await;
    let read = async |page: Page<UserId>| {
        only(graph.mutual_friends(&[(id(2), id(1))], &page).await).expect("both are known")
    };
    walk(&whole, read).await;
}

pub(super) async fn friends_of_friends_are_listed_by_distance_mutual_count_and_id(
    graph: &Arc<dyn Graph>,
) {
    let mut story = Story::new();
    story.users(20);
    story.friendships(&[(1, 2), (1, 3), (1, 4), (2, 3)]);
    // At distance 2 by 3, 2, 2, 1 and 1 common friends.
    story.friendships(&[(2, 10), (3, 10), (4, 10), (2, 9), (4, 9), (3, 12), (4, 12)]);
    story.friendships(&[(2, 5), (4, 11)]);
    // At distance 3 and 4; the count of common friends is 0 whatever the number of ways.
    story.friendships(&[(10, 8), (9, 8), (12, 8), (5, 7), (9, 6), (10, 6)]);
    story.friendships(&[(8, 20), (7, 13)]);
    story.project(graph).await;
    let orders: [&[u128]; 3] = [
        &[10, 9, 12, 5, 11],
        &[10, 9, 12, 5, 11, 6, 7, 8],
        &[10, 9, 12, 5, 11, 6, 7, 8, 13, 20],
    ];
    for (depth, numbers) in (2..).zip(orders) {
        let whole: Vec<_> = story
            .model
            .friends_of_friends(id(1), depth)
            .into_iter()
            .map(|((distance, Reverse(mutual), id), item)| {
                let key = DistantKey {
                    distance,
                    mutual,
                    id,
                };
                (key, item)
            })
            .collect();
        let listed: Vec<UserId> = whole.iter().map(|(key, _)| key.id).collect();
        assert_eq!(listed, numbers.iter().map(|n| id(*n)).collect::<Vec<_>>());
        let read = async |page: Page<DistantKey>| {
            only(graph.friends_of_friends(&[id(1)], depth, &page).await)
        };
        walk(&whole, read).await;
    }
}

pub(super) async fn requests_are_listed_newest_first(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(13);
    for number in [5, 2, 7, 4, 3, 6] {
        story.pair(PairCommand::SendFriendRequest, id(1), id(number));
    }
    story.project(graph).await;
    for number in [13, 8, 10, 9, 12, 11] {
        story.pair(PairCommand::SendFriendRequest, id(number), id(1));
    }
    story.pair(PairCommand::DeclineFriendRequest, id(1), id(10));
    story.project(graph).await;
    for (direction, numbers) in [
        (Direction::Outgoing, &[6, 3, 4, 7, 2, 5][..]),
        (Direction::Incoming, &[11, 12, 9, 8, 13][..]),
    ] {
        let whole = newest_first(story.model.requests(id(1), direction));
        let listed: Vec<UserId> = whole.iter().map(|(_, other)| other.user.id).collect();
        assert_eq!(listed, numbers.iter().map(|n| id(*n)).collect::<Vec<_>>());
        let read = async |page: Page<u64>| only(graph.requests(&[id(1)], direction, &page).await);
        walk(&whole, read).await;
    }
}

pub(super) async fn blocks_are_listed_newest_first(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(8);
    for number in [5, 2, 7, 4, 3] {
        story.pair(PairCommand::BlockUser, id(1), id(number));
    }
    story.pair(PairCommand::BlockUser, id(8), id(1));
    story.pair(PairCommand::UnblockUser, id(1), id(2));
    story.pair(PairCommand::BlockUser, id(1), id(2));
    story.project(graph).await;
    let whole = newest_first(story.model.blocked(id(1)));
    let listed: Vec<UserId> = whole.iter().map(|(_, other)| other.user.id).collect();
    assert_eq!(listed, [2, 3, 4, 7, 5].map(id));
    let read = async |page: Page<u64>| only(graph.blocked(&[id(1)], &page).await);
    walk(&whole, read).await;
}

pub(super) async fn a_history_has_each_position_once_the_oldest_first(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(6);
    for number in [2, 3, 4] {
        story.befriend(id(1), id(number));
    }
    story.pair(PairCommand::SendFriendRequest, id(5), id(1));
    story.project(graph).await;
    // The request ends and the friendship begins at one position.
    story.pair(PairCommand::AcceptFriendRequest, id(1), id(5));
    story.rename(id(1), "another");
    story.void();
    story.pair(PairCommand::BlockUser, id(6), id(1));
    story.pair(PairCommand::UnblockUser, id(6), id(1));
    story.suspend(id(1));
    story.archive(id(2));
    story.rename(id(3), "no-matter-of-1");
    story.archive(id(1));
    story.project(graph).await;
    let whole = story.model.history(id(1));
    let listed: Vec<u64> = whole.iter().map(|(key, _)| *key).collect();
    assert_eq!(listed, [1, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 19]);
    let read = async |page: Page<u64>| only(graph.history(&[id(1)], &page).await);
    walk(&whole, read).await;
    let theirs = only(graph.history(&[id(3)], &Page::first(9)).await).items;
    assert_eq!(theirs, [3, 8, 18, 19]);
}

pub(super) async fn a_long_list_is_cut_like_a_short_one(graph: &Arc<dyn Graph>) {
    let others = 5_000;
    let mut story = Story::new();
    story.user(1);
    let mut numbers: Vec<u128> = (2..others + 2).collect();
    fastrand::Rng::with_seed(5).shuffle(&mut numbers);
    for number in &numbers {
        story.user(*number);
    }
    fastrand::Rng::with_seed(6).shuffle(&mut numbers);
    for (index, number) in numbers.iter().enumerate() {
        story.befriend(id(*number), id(1));
        if index == 2_000 {
            story.project(graph).await;
        }
    }
    story.project(graph).await;
    for order in [FriendOrder::Id, FriendOrder::Name, FriendOrder::Since] {
        let whole = story.model.friends(id(1), "", order);
        let (early, late) = (whole[10].0.clone(), whole[4_900].0.clone());
        for (after, before) in [
            (None, None),
            (Some(early.clone()), Some(late.clone())),
            (None, Some(early)),
            (Some(late), None),
        ] {
            for backward in [false, true] {
                let query = FriendQuery {
                    handle_prefix: None,
                    order,
                    page: Page {
                        after: after.clone(),
                        before: before.clone(),
                        limit: 50,
                        backward,
                        count: true,
                    },
                };
                let expected = slice(&whole, &query.page, UserKey::clone);
                assert_eq!(only(graph.friends(&[id(1)], &query).await), expected);
            }
        }
    }
}

/// User 1 with friends whose ids, names and friendships are in different orders.
async fn named_friends(graph: &Arc<dyn Graph>) -> Story {
    let mut story = Story::new();
    story.user(1);
    for (number, handle, first, last) in [
        (2, "h_ab", "Émile", None),
        (3, "h.ab", "😀", None),
        (4, "h-ab", "Anna", Some("Z")),
        (5, "h_b", "😀", None),
        (6, "hab", "\u{ff26}red", None),
        (7, "h_a", "anna", Some("Z")),
        (8, "h_c", "Suspended", None),
    ] {
        story.register(number, profile(handle, first, last), false);
    }
    for number in [8, 6, 3] {
        story.befriend(id(number), id(1));
    }
    story.project(graph).await;
    for number in [7, 2, 5, 4] {
        story.befriend(id(1), id(number));
    }
    story.suspend(id(8));
    story.project(graph).await;
    story
}

fn newest_first(list: Vec<(Reverse<u64>, Linked)>) -> Vec<(u64, Linked)> {
    list.into_iter()
        .map(|(Reverse(position), item)| (position, item))
        .collect()
}

async fn check_friends(
    graph: &Arc<dyn Graph>,
    whole: &[(UserKey, Linked)],
    prefix: Option<&str>,
    order: FriendOrder,
) {
    let read = async |page: Page<UserKey>| {
        let query = FriendQuery {
            handle_prefix: prefix.map(str::to_owned),
            order,
            page,
        };
        only(graph.friends(&[id(1)], &query).await)
    };
    walk(whole, read).await;
}
