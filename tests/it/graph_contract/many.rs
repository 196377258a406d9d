//! Many questions at once.

use std::sync::Arc;

use foaf::{
    domain::{Pair, PairCommand},
    graph::{Direction, FriendOrder, FriendQuery, Graph, Page, Score},
};

use super::value;
use crate::story::{Story, id};

fn by_id() -> FriendQuery {
    FriendQuery {
        handle_prefix: None,
        order: FriendOrder::Id,
        page: Page {
            count: true,
            ..Page::first(2)
        },
    }
}

pub(super) async fn answers_come_in_the_order_of_the_questions_repeats_allowed(
    graph: &Arc<dyn Graph>,
) {
    let mut story = Story::new();
    story.users(9);
    story.friendships(&[
        (1, 2),
        (2, 3),
        (3, 4),
        (4, 5),
        (5, 6),
        (1, 7),
        (7, 3),
        (3, 1),
    ]);
    story.pair(PairCommand::SendFriendRequest, id(8), id(1));
    story.pair(PairCommand::BlockUser, id(1), id(9));
    story.project(graph).await;
    let of = [3, 1, 99, 1, 6, 3, 8].map(id);
    let two = [(1, 3), (99, 1), (4, 4), (1, 3), (6, 1), (3, 99)].map(|(a, b)| (id(a), id(b)));
    let pairs = [(1, 3), (8, 1), (99, 1), (1, 9), (3, 1)]
        .map(|(a, b)| Pair::new(id(a), id(b)).expect("two users"));

    // Each answer in a list is the answer to that question alone.
    macro_rules! same {
        ($questions:expr, |$asked:ident| $read:expr) => {{
            let $asked = &$questions[..];
            let together = value($read.await);
            assert_eq!(together.len(), $questions.len());
            for (question, answer) in $questions.into_iter().zip(together) {
                let $asked = &[question][..];
                assert_eq!(value($read.await), [answer]);
            }
        }};
    }
    same!(of, |asked| graph.users(asked));
    same!(of, |asked| graph.friends(asked, &by_id()));
    same!(of, |asked| graph.friends_of_friends(
        asked,
        3,
        &Page::first(2)
    ));
    same!(of, |asked| graph.recommendations(
        asked,
        Score::AdamicAdar,
        2
    ));
    same!(of, |asked| graph.rings(asked, 4));
    same!(of, |asked| graph.requests(
        asked,
        Direction::Incoming,
        &Page::first(2)
    ));
    same!(of, |asked| graph.requests(
        asked,
        Direction::Outgoing,
        &Page::first(2)
    ));
    same!(of, |asked| graph.blocked(asked, &Page::first(2)));
    same!(of, |asked| graph.history(asked, &Page::first(2)));
    same!(two, |asked| graph.mutual_friends(asked, &Page::first(2)));
    same!(two, |asked| graph.relations(asked));
    same!(pairs, |asked| graph.ties(asked));
    let lengths = value(graph.paths(&two, 6).await);
    let lengths: Vec<Option<usize>> = lengths
        .iter()
        .map(|path| path.as_ref().map(|path| path.len() - 1))
        .collect();
    assert_eq!(lengths, [Some(1), None, Some(0), Some(1), Some(4), None]);
}

pub(super) async fn unknown_users_have_nothing(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(2);
    story.befriend(id(1), id(2));
    story.project(graph).await;
    let nobody = [id(8)];
    let pages = [
        value(graph.friends(&nobody, &by_id()).await)[0].total,
        value(
            graph
                .requests(&nobody, Direction::Incoming, &counted())
                .await,
        )[0]
        .total,
        value(
            graph
                .requests(&nobody, Direction::Outgoing, &counted())
                .await,
        )[0]
        .total,
        value(graph.blocked(&nobody, &counted()).await)[0].total,
        value(graph.friends_of_friends(&nobody, 3, &counted()).await)[0].total,
        value(graph.history(&nobody, &counted()).await)[0].total,
    ];
    assert_eq!(pages, [Some(0); 6]);
    assert_eq!(value(graph.users(&nobody).await), [None]);
    assert_eq!(value(graph.rings(&nobody, 3).await), [[0, 0, 0]]);
    let recommended = value(graph.recommendations(&nobody, Score::Jaccard, 3).await);
    assert_eq!(recommended, [[]]);
    for two in [
        (id(8), id(1)),
        (id(1), id(8)),
        (id(8), id(9)),
        (id(8), id(8)),
    ] {
        assert_eq!(value(graph.relations(&[two]).await), [None]);
        assert_eq!(
            value(graph.mutual_friends(&[two], &counted()).await),
            [None]
        );
        assert_eq!(value(graph.paths(&[two], 6).await), [None]);
        if let Some(pair) = Pair::new(two.0, two.1) {
            assert_eq!(value(graph.ties(&[pair]).await), [None]);
        }
    }
}

pub(super) async fn nothing_asked_nothing_answered(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(2);
    story.project(graph).await;
    assert!(value(graph.users(&[]).await).is_empty());
    assert!(value(graph.users_by_handle(&[]).await).is_empty());
    assert!(value(graph.friends(&[], &by_id()).await).is_empty());
    assert!(value(graph.friends_of_friends(&[], 2, &Page::first(1)).await).is_empty());
    assert!(value(graph.mutual_friends(&[], &Page::first(1)).await).is_empty());
    assert!(value(graph.recommendations(&[], Score::Jaccard, 1).await).is_empty());
    assert!(value(graph.relations(&[]).await).is_empty());
    assert!(value(graph.paths(&[], 3).await).is_empty());
    assert!(value(graph.rings(&[], 3).await).is_empty());
    let incoming = Direction::Incoming;
    assert!(value(graph.requests(&[], incoming, &Page::first(1)).await).is_empty());
    assert!(value(graph.blocked(&[], &Page::first(1)).await).is_empty());
    assert!(value(graph.ties(&[]).await).is_empty());
}

fn counted<K>() -> Page<K> {
    Page {
        count: true,
        ..Page::first(2)
    }
}
