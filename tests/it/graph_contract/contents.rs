//! Everything that a graph holds: listed, mended, emptied.

use std::sync::Arc;

use foaf::{
    domain::{PairCommand, StateCommand},
    graph::{
        Batch, Cursor, Graph, GraphError, Projected,
        content::{Content, Held, Item, Mend, Part},
        digest::Digest,
        embedded::EmbeddedGraph,
    },
    judge::LogId,
    verify::{compare, content_digest},
};
use uuid::Uuid;

use super::value;
use crate::story::{Story, id, profile};

/// Users and edges of every kind, present and past, in two batches.
fn tell(story: &mut Story) -> [Batch; 2] {
    story.users(6);
    story.pending_user(7);
    story.register(8, profile("eight", "Åsa \"the\" 😀", Some("Öst")), false);
    story.friendships(&[(1, 2), (3, 2), (1, 6), (5, 4)]);
    story.pair(PairCommand::SendFriendRequest, id(4), id(1));
    story.pair(PairCommand::BlockUser, id(5), id(1));
    story.rename(id(6), "six");
    let first = story.batch();
    story.pair(PairCommand::RemoveFriend, id(1), id(2));
    story.befriend(id(1), id(2));
    story.pair(PairCommand::RemoveFriend, id(1), id(2));
    story.pair(PairCommand::UnblockUser, id(5), id(1));
    story.pair(PairCommand::BlockUser, id(5), id(6));
    story.rename(id(6), "6");
    story.suspend(id(3));
    story.change_state(StateCommand::ActivateUser, id(7));
    story.archive(id(4));
    [first, story.batch()]
}

async fn put(graph: &dyn Graph, batches: &[Batch]) {
    for batch in batches {
        assert_eq!(graph.project(batch).await, Ok(Projected::Done));
    }
}

async fn list(graph: &dyn Graph, part: Part, limit: usize) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    loop {
        let after = items.last().map(|item| &item.key);
        let page = value(graph.content(part, after, limit).await);
        assert!(page.items.len() <= limit);
        assert!(!page.items.is_empty() || !page.more);
        items.extend(page.items);
        if !page.more {
            return items;
        }
    }
}

/// What is held, without the adapter's own places.
async fn held(graph: &dyn Graph) -> Vec<Held> {
    let mut all = Vec::new();
    for part in Part::ALL {
        all.extend(
            list(graph, part, 1_000)
                .await
                .into_iter()
                .map(|item| item.held),
        );
    }
    all
}

pub(super) async fn an_empty_graph_holds_nothing(graph: &Arc<dyn Graph>) {
    for part in Part::ALL {
        let page = graph.content(part, None, 10).await.expect("an answer");
        assert_eq!((page.position, page.value.items.len()), (0, 0));
        assert!(!page.value.more);
    }
}

pub(super) async fn everything_is_listed_in_the_order_of_keys(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    let batches = tell(&mut story);
    put(&**graph, &batches).await;
    let mut digest = Digest::default();
    let mut counts = Vec::new();
    for part in Part::ALL {
        let items = list(&**graph, part, 1_000).await;
        assert!(items.is_sorted_by(|a, b| a.key < b.key));
        for item in &items {
            let Held::Sound(content) = &item.held else {
                panic!("no hand was laid on {item:?}");
            };
            assert_eq!(content.key(), item.key);
            content.add_to(&mut digest);
        }
        counts.push(items.len());
    }
    assert_eq!(digest, story.cursor().digest);
    // Open: 2-3, 1-6, 5-6 blocked. Past: 1-2 twice, 4-5, a request, a block.
    assert_eq!(counts, [8, 5, 3 + 5]);
    let read = content_digest(&**graph).await.expect("an answer");
    let read = read.expect("nobody else is there");
    assert_eq!(
        (read.position, read.value),
        (story.cursor().position, digest)
    );
}

pub(super) async fn pages_of_every_size_make_the_same_list(graph: &Arc<dyn Graph>) {
    put(&**graph, &tell(&mut Story::new())).await;
    for part in Part::ALL {
        let whole = list(&**graph, part, 1_000).await;
        for limit in 1..=whole.len() {
            assert_eq!(
                list(&**graph, part, limit).await,
                whole,
                "{part:?} by {limit}"
            );
        }
    }
}

/// The story as it was, and as somebody has changed it behind the log's back.
fn tampered(story: &mut Story) -> ([Batch; 2], [Batch; 2]) {
    let batches = tell(story);
    let [first, mut second] = batches.clone();
    let mut first = first;
    // An edge is gone, another is there too, a third has another time.
    first
        .opened
        .retain(|edge| (edge.from, edge.to) != (id(1), id(6)));
    let mut strange = first.opened[0];
    (strange.from, strange.to) = (id(6), id(8));
    first.opened.push(strange);
    let changed = first
        .opened
        .iter_mut()
        .find(|edge| edge.from == id(2))
        .expect("2-3");
    changed.opened.time.0 += 7;
    // A user has another name, another was never there before.
    let user = Arc::make_mut(&mut first.users[7]);
    user.profile = profile("eight", "Somebody", None);
    let mut stranger = (*first.users[0]).clone();
    stranger.id = id(99);
    stranger.profile = profile("ninety-nine", "Stranger", None);
    first.users.push(stranger.into());
    // The past has changed too.
    first.past_users.remove(0);
    second.passed.remove(0);
    (batches, [first, second])
}

pub(super) async fn what_differs_is_mended(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    let (right, wrong) = tampered(&mut story);
    let log = EmbeddedGraph::new();
    put(&log, &right).await;
    put(&**graph, &wrong).await;
    let mut said = Vec::new();
    for part in Part::ALL {
        let (found, wanted) = (
            list(&**graph, part, 1_000).await,
            list(&log, part, 1_000).await,
        );
        let differences = compare(part, &found, &wanted);
        said.extend(differences.iter().map(ToString::to_string));
        let mends: Vec<Mend> = differences
            .iter()
            .filter_map(|difference| difference.mend(true))
            .collect();
        assert_eq!(
            graph.mend(&story.cursor(), &mends).await,
            Ok(Projected::Done)
        );
    }
    let ends = [
        "firstName",
        "not in the log",
        "missing in the graph",
        "missing in the graph",
        "missing in the graph",
        "since: ",
        "not in the log",
    ];
    assert_eq!(said.len(), ends.len(), "{said:#?}");
    for (line, part) in said.iter().zip(ends) {
        assert!(line.contains(part), "{part} in {said:#?}");
    }
    assert_eq!(held(&**graph).await, held(&log).await);
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
    // What is mended can be projected into.
    story.befriend(id(1), id(2));
    story.archive(id(8));
    let next = story.batch();
    put(&log, std::slice::from_ref(&next)).await;
    put(&**graph, &[next]).await;
    assert_eq!(held(&**graph).await, held(&log).await);
}

pub(super) async fn a_mend_at_another_position_changes_nothing(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    let mend = |story: &Story| Mend {
        part: Part::Users,
        found: Vec::new(),
        wanted: Some(Content::User(story.version(id(1)), None)),
    };
    story.users(2);
    let mends = [mend(&story)];
    assert_eq!(
        graph.mend(&story.cursor(), &mends).await,
        Ok(Projected::Elsewhere(None))
    );
    assert_eq!(graph.cursor().await, Ok(None));
    story.project(graph).await;
    let before = held(&**graph).await;
    let cursor = story.cursor();
    let early = Cursor {
        position: cursor.position - 1,
        ..cursor
    };
    let foreign = Cursor {
        log_id: LogId(Uuid::new_v4()),
        ..cursor
    };
    for at in [early, foreign] {
        let elsewhere = Projected::Elsewhere(Some(cursor));
        assert_eq!(graph.mend(&at, &mends).await, Ok(elsewhere));
        assert_eq!(held(&**graph).await, before);
    }
}

pub(super) async fn a_user_who_is_taken_out_takes_the_edges_along(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    story.users(3);
    story.friendships(&[(1, 2), (2, 3), (1, 3)]);
    story.project(graph).await;
    let users = list(&**graph, Part::Users, 10).await;
    let mend = Mend {
        part: Part::Users,
        found: vec![users[1].clone()],
        wanted: None,
    };
    assert_eq!(
        graph.mend(&story.cursor(), &[mend]).await,
        Ok(Projected::Done)
    );
    assert_eq!(list(&**graph, Part::Users, 10).await.len(), 2);
    assert_eq!(list(&**graph, Part::Edges, 10).await.len(), 1);
    assert_eq!(value(graph.rings(&[id(1)], 2).await), [[1, 0]]);
}

pub(super) async fn a_graph_that_is_being_emptied_stands_nowhere(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    let batches = tell(&mut story);
    // Nothing is there to be emptied.
    assert_eq!(graph.clear(story.log_id, 3).await, Ok(0));
    put(&**graph, &batches).await;
    let mut calls = 0;
    loop {
        let taken = graph.clear(story.log_id, 3).await.expect("it is ours");
        assert_eq!(graph.cursor().await, Ok(None));
        if taken == 0 {
            break;
        }
        calls += 1;
        if !held(&**graph).await.is_empty() {
            let projected = graph.project(&batches[0]).await;
            assert!(
                matches!(projected, Err(GraphError::Unusable(_))),
                "{projected:?}"
            );
            let of_another = of_another_log(&batches[0]);
            match graph.project(&of_another).await {
                Err(GraphError::Unusable(_)) => {}
                Ok(Projected::Elsewhere(Some(at))) => assert_eq!(at.log_id, story.log_id),
                taken => panic!("a batch of another log: {taken:?}"),
            }
        }
    }
    assert!(calls > 0);
    assert_eq!(held(&**graph).await, []);
    put(&**graph, &batches).await;
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
}

/// The batch, as if of another log.
fn of_another_log(batch: &Batch) -> Batch {
    let cursor = Cursor {
        log_id: LogId(Uuid::new_v4()),
        ..batch.cursor
    };
    Batch {
        cursor,
        ..batch.clone()
    }
}

pub(super) async fn a_graph_of_another_log_is_not_emptied(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    put(&**graph, &tell(&mut story)).await;
    let before = held(&**graph).await;
    let refused = graph.clear(LogId(Uuid::new_v4()), 10).await;
    assert!(
        matches!(refused, Err(GraphError::Unusable(_))),
        "{refused:?}"
    );
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
    assert_eq!(held(&**graph).await, before);
}
