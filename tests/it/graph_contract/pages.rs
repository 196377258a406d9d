//! Pages at the edges: keys, windows and totals.

use std::sync::Arc;

use foaf::{
    domain::{PairCommand, UserId},
    graph::{
        Direction, DistantKey, FriendOrder, FriendQuery, Graph, Page, Slice, UserKey, UserOrder,
        UserQuery,
    },
};

use super::{only, value};
use crate::story::{Story, id, profile};

pub(super) async fn a_key_need_not_be_in_the_list(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(5);
    story.friendships(&[(1, 2), (1, 4), (1, 5)]);
    story.project(graph).await;
    // Nobody of that id, or somebody who is no friend.
    for (after, expected) in [(0, &[2, 4, 5][..]), (3, &[4, 5]), (9, &[])] {
        let page = Page {
            after: Some(UserKey::Id(id(after))),
            ..Page::first(9)
        };
        assert_eq!(
            friends(graph, FriendOrder::Id, page).await,
            numbers(expected)
        );
    }
    let name = UserKey::Name("user!".to_owned(), id(0));
    let page = Page {
        before: Some(name),
        ..Page::first(9)
    };
    assert_eq!(
        friends(graph, FriendOrder::Name, page).await,
        numbers(&[2, 4, 5])
    );
    // The key of a friend who has gone since.
    let gone = story.model.friends(id(1), "", FriendOrder::Since)[1]
        .0
        .clone();
    story.pair(PairCommand::RemoveFriend, id(1), id(4));
    story.project(graph).await;
    let page = Page {
        after: Some(gone),
        ..Page::first(9)
    };
    assert_eq!(
        friends(graph, FriendOrder::Since, page).await,
        numbers(&[5])
    );
    let page = Page {
        after: Some(DistantKey {
            distance: 1,
            mutual: 0,
            id: id(7),
        }),
        ..Page::first(9)
    };
    let distant = only(graph.friends_of_friends(&[id(4)], 3, &page).await);
    assert_eq!(distant.items, []);
}

pub(super) async fn a_window_may_be_empty_or_upside_down(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(5);
    story.friendships(&[(1, 2), (1, 3), (1, 4), (1, 5)]);
    story.pair(PairCommand::SendFriendRequest, id(2), id(3));
    story.project(graph).await;
    for (after, before) in [(3, 4), (3, 3), (4, 2), (5, 9), (0, 2)] {
        for backward in [false, true] {
            let page = Page {
                after: Some(UserKey::Id(id(after))),
                before: Some(UserKey::Id(id(before))),
                limit: 3,
                backward,
                count: true,
            };
            let slice = friends_slice(graph, FriendOrder::Id, page.clone()).await;
            assert_eq!(slice, (vec![], false, Some(4)), "{page:?}");
            if (after, before) != (0, 2) && (after, before) != (5, 9) {
                let query = UserQuery {
                    state: None,
                    handle_prefix: None,
                    order: UserOrder::Id,
                    page,
                };
                let slice = value(graph.list_users(&query).await);
                assert_eq!((slice.items, slice.total), (vec![], Some(5)));
            }
        }
    }
    let page = Page {
        after: Some(1),
        before: Some(u64::MAX >> 1),
        ..Page::first(3)
    };
    let upside_down = only(graph.requests(&[id(3)], Direction::Incoming, &page).await);
    assert_eq!(upside_down.items, []);
}

pub(super) async fn the_total_ignores_the_window(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    for number in 1..=6 {
        let text = format!("{}{number}", if number < 4 { "a" } else { "b" });
        story.register(number, profile(&text, "User", None), false);
    }
    story.friendships(&[(1, 2), (1, 3), (1, 4), (1, 5)]);
    story.suspend(id(5));
    story.project(graph).await;
    let page = Page {
        after: Some(UserKey::Id(id(3))),
        count: true,
        ..Page::first(1)
    };
    let slice = friends_slice(graph, FriendOrder::Id, page.clone()).await;
    assert_eq!(slice, (numbers(&[4]), false, Some(3)));
    let query = UserQuery {
        state: None,
        handle_prefix: Some("b".to_owned()),
        order: UserOrder::Id,
        page,
    };
    let slice = value(graph.list_users(&query).await);
    assert_eq!(
        (slice.items.len(), slice.more, slice.total),
        (1, true, Some(3))
    );
}

pub(super) async fn an_empty_list_has_an_empty_page(graph: &Arc<dyn Graph>) {
    fn check<T>(slice: &Slice<T>) {
        assert!(slice.items.is_empty() && !slice.more);
        assert_eq!(slice.total, Some(0));
    }
    let mut story = Story::new();
    story.users(2);
    story.project(graph).await;
    let two = [(id(1), id(2))];
    for backward in [false, true] {
        let page = counted(backward);
        check(&only(
            graph.requests(&[id(1)], Direction::Incoming, &page).await,
        ));
        check(&only(graph.blocked(&[id(1)], &page).await));
        let mutual = only(graph.mutual_friends(&two, &counted(backward)).await);
        check(&mutual.expect("both are known"));
        let page = counted(backward);
        check(&only(graph.friends_of_friends(&[id(1)], 6, &page).await));
        let slice = friends_slice(graph, FriendOrder::Name, counted(backward)).await;
        assert_eq!(slice, (vec![], false, Some(0)));
    }
}

fn counted<K>(backward: bool) -> Page<K> {
    Page {
        backward,
        count: true,
        ..Page::first(3)
    }
}

fn numbers(of: &[u128]) -> Vec<UserId> {
    of.iter().map(|number| id(*number)).collect()
}

async fn friends(graph: &Arc<dyn Graph>, order: FriendOrder, page: Page<UserKey>) -> Vec<UserId> {
    friends_slice(graph, order, page).await.0
}

/// Items, `more` and total of the friends of user 1.
async fn friends_slice(
    graph: &Arc<dyn Graph>,
    order: FriendOrder,
    page: Page<UserKey>,
) -> (Vec<UserId>, bool, Option<u64>) {
    let query = FriendQuery {
        handle_prefix: None,
        order,
        page,
    };
    let slice = only(graph.friends(&[id(1)], &query).await);
    let ids = slice.items.iter().map(|friend| friend.user.id).collect();
    (ids, slice.more, slice.total)
}
