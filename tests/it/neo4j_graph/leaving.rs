//! Somebody with more friends than one transaction can take is archived.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use foaf::{
    app::{self, Node},
    clock,
    command_handler::Request,
    config::LogUrl,
    domain::{Command, Pair, PairCommand, PairState, StateCommand, UserId},
    graph::{
        Direction, FriendOrder, FriendQuery, Graph, Page, Projected, Score,
        embedded::EmbeddedGraph, neo4j::Neo4jGraph,
    },
    judge::OutcomeResult,
    verify::content_digest,
};

use super::{number, settings, wiped};
use crate::{
    logs::soon,
    story::{Story, id, profile},
};

/// The hub has the id in the middle, for half of its edges to go either way.
const HUB: u128 = 1_000_000;

/// A graph that moves so many edges at once.
pub(super) async fn connect(edges_at_once: usize) -> Neo4jGraph {
    let mut settings = settings();
    settings.edges_at_once = edges_at_once;
    let connected = Neo4jGraph::connect(settings).await;
    connected.expect("the test server answers")
}

/// How many friends the hub has: `FOAF_TEST_HUB` says for a long run.
fn friends() -> u128 {
    let asked = std::env::var("FOAF_TEST_HUB").map(|text| text.parse().expect("a number"));
    asked.unwrap_or(5_000)
}

/// Who is asked about: some friends, the hub, and those who asked or were asked.
fn sample() -> Vec<UserId> {
    [
        1,
        2,
        3,
        50,
        HUB,
        HUB + 1,
        HUB + 2,
        HUB + 3,
        5_000_001,
        5_000_002,
    ]
    .map(id)
    .into()
}

/// Both answer everything alike.
async fn assert_same(one: &dyn Graph, other: &dyn Graph) {
    let of = sample();
    let mut page = Page::first(20);
    page.count = true;
    let friends = FriendQuery {
        handle_prefix: None,
        order: FriendOrder::Since,
        page: page.clone(),
    };
    assert_eq!(
        one.friends(&of, &friends).await,
        other.friends(&of, &friends).await
    );
    for direction in [Direction::Incoming, Direction::Outgoing] {
        let page = Page {
            count: true,
            ..Page::first(20)
        };
        let asked = (
            one.requests(&of, direction, &page),
            other.requests(&of, direction, &page),
        );
        let (found, wanted) = futures::join!(asked.0, asked.1);
        assert_eq!(found, wanted);
    }
    let positions = Page {
        count: true,
        ..Page::first(20)
    };
    assert_eq!(
        one.blocked(&of, &positions).await,
        other.blocked(&of, &positions).await
    );
    assert_eq!(
        one.history(&of, &positions).await,
        other.history(&of, &positions).await
    );
    let distant = Page {
        count: true,
        ..Page::first(20)
    };
    assert_eq!(
        one.friends_of_friends(&of, 3, &distant).await,
        other.friends_of_friends(&of, 3, &distant).await
    );
    assert_eq!(one.rings(&of, 4).await, other.rings(&of, 4).await);
    for score in [Score::CommonFriends, Score::AdamicAdar, Score::Jaccard] {
        let asked = (
            one.recommendations(&of, score, 9),
            other.recommendations(&of, score, 9),
        );
        let (found, wanted) = futures::join!(asked.0, asked.1);
        assert_eq!(found, wanted);
    }
    let pairs: Vec<_> = of
        .iter()
        .flat_map(|a| of.iter().map(move |b| (*a, *b)))
        .collect();
    assert_eq!(one.relations(&pairs).await, other.relations(&pairs).await);
    let ids = Page {
        count: true,
        ..Page::first(20)
    };
    assert_eq!(
        one.mutual_friends(&pairs, &ids).await,
        other.mutual_friends(&pairs, &ids).await
    );
    assert_eq!(one.paths(&pairs, 2).await, other.paths(&pairs, 2).await);
    let ties: Vec<_> = pairs
        .iter()
        .filter_map(|(a, b)| Pair::new(*a, *b))
        .collect();
    assert_eq!(one.ties(&ties).await, other.ties(&ties).await);
}

async fn told(graphs: [&dyn Graph; 2], story: &mut Story) {
    let batch = story.batch();
    for graph in graphs {
        assert_eq!(graph.project(&batch).await, Ok(Projected::Done));
    }
}

fn numbers() -> RangeInclusive<u128> {
    HUB - friends() / 2..=HUB + friends() / 2
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_is_archived_in_parts_that_nobody_sees() {
    let _turn = wiped().await;
    let bound = 500;
    let (neo4j, embedded) = (connect(bound).await, EmbeddedGraph::new());
    let mut story = Story::new();
    for number in [1, 2, 3, 50, 5_000_001, 5_000_002]
        .into_iter()
        .chain(numbers())
    {
        story.user(number);
        if number.is_multiple_of(2_000) {
            told([&neo4j, &embedded], &mut story).await;
        }
    }
    for number in numbers().filter(|number| *number != HUB) {
        story.befriend(id(HUB), id(number));
        if number.is_multiple_of(2_000) {
            told([&neo4j, &embedded], &mut story).await;
        }
    }
    story.friendships(&[
        (1, 2),
        (2, 3),
        (1, HUB),
        (HUB + 1, HUB + 2),
        (HUB + 2, HUB + 3),
    ]);
    story.pair(PairCommand::SendFriendRequest, id(5_000_001), id(HUB));
    story.pair(PairCommand::SendFriendRequest, id(HUB), id(5_000_002));
    story.pair(PairCommand::SendFriendRequest, id(5_000_001), id(5_000_002));
    story.pair(PairCommand::BlockUser, id(HUB), id(50));
    told([&neo4j, &embedded], &mut story).await;
    let edges = number(FRIENDS).await;

    story.archive(id(HUB));
    told([&neo4j, &embedded], &mut story).await;
    assert_eq!(number(FRIENDS).await, edges, "nothing is cleared up yet");
    in_between(&neo4j, &embedded, &story).await;
    assert_eq!(neo4j.clear_up(usize::MAX).await, Ok(true));
    let left = number(FRIENDS).await;
    assert_eq!(edges - left, i64::try_from(bound).expect("a number"));
    in_between(&neo4j, &embedded, &story).await;

    // It dies; another one goes on, beside other events.
    drop(neo4j);
    let neo4j = connect(bound).await;
    let mut parts = 0;
    while neo4j.clear_up(usize::MAX).await.expect("it goes on") {
        parts += 1;
        if parts == 3 {
            story.befriend(id(1), id(50));
            story.archive(id(HUB + 2));
            told([&neo4j, &embedded], &mut story).await;
            in_between(&neo4j, &embedded, &story).await;
        }
    }
    assert!(parts >= 8, "{parts} parts");
    assert_eq!(number(FRIENDS).await, 3);
    assert_eq!(number("MATCH (u:Leaving) RETURN count(*) AS n").await, 0);
    in_between(&neo4j, &embedded, &story).await;
    assert_eq!(neo4j.clear_up(usize::MAX).await, Ok(false));
}

const FRIENDS: &str = "MATCH ()-[e:FRIEND]->() RETURN count(*) AS n";

/// Whatever is cleared up, the graph is what the log comes to.
async fn in_between(neo4j: &Neo4jGraph, embedded: &EmbeddedGraph, story: &Story) {
    assert_same(neo4j, embedded).await;
    let content = content_digest(neo4j)
        .await
        .expect("an answer")
        .expect("it stands still");
    assert_eq!(content.value, story.cursor().digest);
    assert_eq!(neo4j.cursor().await, Ok(Some(story.cursor())));
    let tie = neo4j
        .ties(
            &Pair::new(id(HUB), id(HUB + 1))
                .into_iter()
                .collect::<Vec<_>>(),
        )
        .await;
    assert_eq!(tie.expect("an answer").value, [Some(PairState::None)]);
}

/// Two leave one after the other, and have been friends: nothing ends twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hubs_the_first_is_done_with_before_the_second_leaves() {
    let _turn = wiped().await;
    let (neo4j, embedded) = (Arc::new(connect(3).await), EmbeddedGraph::new());
    let mut story = Story::new();
    story.users(20);
    for number in 3..=20 {
        story.friendships(&[(1, number), (2, number)]);
    }
    story.befriend(id(1), id(2));
    told([&*neo4j, &embedded], &mut story).await;
    for hub in [1, 2] {
        story.archive(id(hub));
        told([&*neo4j, &embedded], &mut story).await;
        let content = content_digest(&*neo4j)
            .await
            .expect("an answer")
            .expect("it stands still");
        assert_eq!(content.value, story.cursor().digest);
    }
    let edges = number(FRIENDS).await;
    assert_eq!(edges, 18, "the first one's are gone");
}

/// The projector clears up by itself, while it waits for more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_clears_up_what_is_left() {
    let _turn = wiped().await;
    let log = app::open_log(&LogUrl::Memory, clock::system());
    let (log, graph) = (log.await.expect("a log"), Arc::new(connect(3).await));
    let node = Node::compose(log, graph, clock::system(), Duration::from_secs(20));
    let mut node = node.await.expect("the node starts");
    soon(node.ready()).await.expect("it gets ready");
    let people = 1..=20;
    for number in people.clone() {
        run(
            &node,
            Command::RegisterUser {
                id: Some(id(number)),
                profile: profile(&format!("u{number}"), "User", None),
                pending: false,
            },
        )
        .await;
    }
    for other in people.skip(1) {
        let (change, user) = (PairCommand::AddFriend, id(1));
        run(
            &node,
            Command::ChangePair {
                change,
                user,
                other: id(other),
            },
        )
        .await;
    }
    let (change, user) = (StateCommand::ArchiveUser, id(1));
    run(&node, Command::ChangeState { change, user }).await;
    let cleared = async { while number(LEFT).await != 19 {} };
    soon(Box::pin(cleared)).await;
    assert_eq!(number(FRIENDS).await, 0);
    node.stop().await.expect("it stops");
}

const LEFT: &str = "OPTIONAL MATCH ()-[e:FRIEND_PAST]->() WHERE NOT EXISTS { MATCH (:Leaving) } \
    RETURN count(e) AS n";

async fn run(node: &Node, command: Command) {
    let request = Request {
        command,
        actor: "test".into(),
        idempotency_key: None,
        traceparent: None,
    };
    let reply = node.services().handler.handle(request).await;
    assert!(!matches!(
        reply.expect("an outcome").result,
        OutcomeResult::Rejected(_)
    ));
}
