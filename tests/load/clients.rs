//! Callers of one kind, and how long they wait.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use futures::future::{Either, join_all, select};

use crate::{MAX_RATIO, process::Serving, seconds};

/// How long each of many requests took, sorted.
#[derive(Debug)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        assert!(!times.is_empty(), "something was measured");
        Self(times)
    }

    /// What so many of a thousand did not exceed.
    pub(crate) fn quantile(&self, per_mille: usize) -> Duration {
        self.0[(self.0.len() - 1) * per_mille / 1_000]
    }

    pub(crate) fn longest(&self) -> Duration {
        self.quantile(1_000)
    }
}

/// Repeats what `callers` do for as long as is measured, and times each.
pub(crate) async fn repeat<F: Future<Output = ()>>(callers: usize, call: impl Fn() -> F) -> Times {
    let end = Instant::now() + seconds();
    let times = join_all((0..callers).map(|_| async {
        let mut times = Vec::new();
        while Instant::now() < end {
            let start = Instant::now();
            call().await;
            times.push(start.elapsed());
        }
        times
    }));
    Times::new(times.await.into_iter().flatten().collect())
}

/// Measures while something else goes on, which never ends by itself.
pub(crate) async fn beside<T>(measured: impl Future<Output = T>, other: impl Future) -> T {
    match select(Box::pin(measured), Box::pin(other)).await {
        Either::Left((measured, _)) => measured,
        Either::Right(_) => panic!("what goes on beside has ended"),
    }
}

/// For ever, by so many callers.
pub(crate) async fn forever<F: Future<Output = ()>>(callers: usize, call: impl Fn() -> F) {
    let all = (0..callers).map(|_| async {
        loop {
            call().await;
        }
    });
    join_all(all).await;
}

/// Four callers with a light question.
pub(crate) async fn light(serving: &Serving, query: &str) -> Times {
    repeat(4, || async {
        let answer = serving.ask(query).await;
        assert!(answer["data"].is_object(), "{answer}");
    })
    .await
}

/// How long health takes, asked all the time by one.
pub(crate) async fn health(serving: &Serving) -> Times {
    repeat(1, || async {
        let url = format!("{}/health/ready", serving.address);
        let answer = serving.client.get(url).send().await.expect("it answers");
        assert_eq!(answer.status().as_u16(), 200);
    })
    .await
}

/// The best of three ratios of the times beside something to those alone.
pub(crate) async fn ratio_within<A, B>(what: &str, alone: impl Fn() -> A, loaded: impl Fn() -> B)
where
    A: Future<Output = Times>,
    B: Future<Output = Times>,
{
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let (alone, loaded) = (alone().await, loaded().await);
        let [alone, loaded] = [alone, loaded].map(|times| times.quantile(990));
        let ratio = loaded.as_secs_f64() / alone.as_secs_f64();
        println!("{what}: p99 {alone:?} alone, {loaded:?} beside: {ratio:.1}");
        best = best.min(ratio);
        if best <= 5.0 {
            break;
        }
    }
    assert!(best <= MAX_RATIO, "{what}: {best}");
}
