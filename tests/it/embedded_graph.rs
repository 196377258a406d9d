//! What the embedded graph promises beyond the port's contract.

use std::sync::Arc;

use foaf::{
    domain::{Edge, LogTime, Moment, Pair, PairCommand},
    graph::{Batch, Graph, GraphError, Projected, Read, embedded::EmbeddedGraph},
    verify::content_digest,
};

use crate::{
    graph_contract::histories::random::{Tempo, step},
    story::{Story, id},
};

#[tokio::test]
async fn it_holds_what_its_digest_says_the_past_included() {
    for (seed, tempo) in [
        (1, Tempo::Sparse),
        (2, Tempo::Ordinary),
        (3, Tempo::Dense),
        (4, Tempo::Ordinary),
    ] {
        let graph = EmbeddedGraph::new();
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut story = Story::new();
        for number in 1..=2_000 {
            step(&mut story, 50, tempo, &mut rng);
            if rng.usize(..30) == 0 || number == 2_000 {
                let projected = graph.project(&story.batch()).await;
                assert_eq!(projected, Ok(Projected::Done));
                let cursor = story.cursor();
                let computed = content_digest(&graph).await;
                let expected = Read {
                    position: cursor.position,
                    value: cursor.digest,
                };
                assert_eq!(computed, Ok(Some(expected)));
            }
        }
    }
}

#[tokio::test]
async fn a_batch_that_does_not_fit_is_refused_whole() {
    let graph = EmbeddedGraph::new();
    let mut story = Story::new();
    story.users(3);
    story.friendships(&[(1, 2)]);
    assert_eq!(graph.project(&story.batch()).await, Ok(Projected::Done));
    let before = content_digest(&graph).await;
    story.user(4);
    story.pair(PairCommand::RemoveFriend, id(1), id(2));
    let good = story.batch();

    let now = story.now();
    let pair = |a, b| Pair::new(id(a), id(b)).expect("two users");
    let spoil = |spoil: &dyn Fn(&mut Batch)| {
        let mut batch = good.clone();
        spoil(&mut batch);
        batch
    };
    let early = Moment {
        position: 1,
        time: LogTime(0),
    };
    let bad = [
        spoil(&|batch| batch.opened.push(Edge::friend(pair(1, 9), now))),
        spoil(&|batch| batch.opened.push(Edge::friend(pair(1, 3), early))),
        spoil(&|batch| batch.closed.push((Edge::friend(pair(2, 3), early), now))),
        spoil(&|batch| batch.closed.push((Edge::friend(pair(2, 9), early), now))),
        spoil(&|batch| batch.closed[0].0.opened = early),
        spoil(&|batch| batch.passed.push((Edge::friend(pair(1, 9), now), now))),
        spoil(&|batch| batch.past_users.push((story.version(id(1)), early))),
        spoil(&|batch| batch.users.push(story.version(id(4)))),
    ];
    for batch in &bad {
        let refused = graph.project(batch).await;
        assert!(
            matches!(refused, Err(GraphError::Unusable(_))),
            "{refused:?}"
        );
        assert_eq!(content_digest(&graph).await, before);
    }
    assert_eq!(graph.project(&good).await, Ok(Projected::Done));
    assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
}

/// A thread that serves requests must not compute for long: on a runtime with one thread, others are
/// served while a long traversal runs.
#[tokio::test(flavor = "current_thread")]
async fn a_long_traversal_lets_others_run() {
    let graph: Arc<dyn Graph> = Arc::new(EmbeddedGraph::new());
    let mut story = Story::new();
    let ids = story.users(400);
    let mut rng = fastrand::Rng::with_seed(9);
    for user in 1..=400 {
        for _ in 0..20 {
            let other = rng.u128(1..=400);
            if user != other && !story.model.are_friends(id(user), id(other)) {
                story.befriend(id(user), id(other));
            }
        }
    }
    story.project(&graph).await;
    let long = graph.rings(&ids, 6);
    let mut others_ran = 0;
    tokio::pin!(long);
    let rings = loop {
        tokio::select! {
            biased;
            rings = &mut long => break rings.expect("an answer"),
            () = tokio::task::yield_now() => others_ran += 1,
        }
    };
    assert_eq!(rings.value.len(), 400);
    assert!(others_ran > 0);
}
