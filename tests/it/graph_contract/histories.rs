//! Random histories: every method of the port gives the model's answer.

mod compare;
pub(crate) mod random;

use std::sync::Arc;

use foaf::graph::Graph;

use crate::story::Story;
use random::{Tempo, step};

pub(super) async fn sparse_histories_are_answered_as_by_the_model(graph: &Arc<dyn Graph>) {
    history(graph, 11, 60, 260, Tempo::Sparse).await;
}

pub(super) async fn ordinary_histories_are_answered_as_by_the_model(graph: &Arc<dyn Graph>) {
    history(graph, 12, 45, 700, Tempo::Ordinary).await;
}

pub(super) async fn dense_histories_are_answered_as_by_the_model(graph: &Arc<dyn Graph>) {
    history(graph, 13, 30, 1_500, Tempo::Dense).await;
}

/// Random commands in batches of random size, compared at four points.
async fn history(graph: &Arc<dyn Graph>, seed: u64, users: u128, steps: usize, tempo: Tempo) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut story = Story::new();
    for number in 1..=steps {
        step(&mut story, users, tempo, &mut rng);
        let compares = number % (steps / 4) == 0;
        if compares || rng.usize(..20) == 0 {
            story.project(graph).await;
        }
        if compares {
            assert_eq!(graph.cursor().await, Ok(Some(story.cursor())));
            compare::everything(graph, &story.model, &mut rng).await;
        }
    }
}
