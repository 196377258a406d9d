//! Documents that are made to hurt: each is answered soon, and the process stays small.

use std::{fmt::Write as _, time::Instant};

use crate::{
    MAX_HEALTH, MAX_MEGABYTES,
    clients::{beside, forever, health},
    process::Serving,
};

/// Each with what it tries.
fn documents() -> Vec<(&'static str, String)> {
    let nested = |levels: usize| {
        let mut query = "id".to_owned();
        for _ in 0..levels {
            query = format!("friends(first: 500) {{ edges {{ node {{ {query} }} }} }}");
        }
        format!("{{ user(by: {{handle: \"valjean\"}}) {{ {query} }} }}")
    };
    let repeated = |count: usize, part: &str| {
        let mut query = "{".to_owned();
        for number in 0..count {
            write!(query, " a{number}: {part}").expect("memory");
        }
        query + " }"
    };
    let mut documents = vec![
        ("brackets", "{".repeat(60_000)),
        ("lists", format!("{{ users(first: {}1{}) {{ totalCount }} }}", "[".repeat(30_000), "]".repeat(30_000))),
        ("aliases", repeated(3_000, "__typename")),
        ("walks", repeated(190, "user(by: {handle: \"valjean\"}) { network(depth: 6) { reached } }")),
        ("projections", repeated(190, "projection { position lagRecords }")),
        ("fragments that spread each other", {
            let mut text = "{ ...f0 }".to_owned();
            for number in 0..200 {
                let next = number + 1;
                write!(text, " fragment f{number} on Query {{ ...f{next} ...f{next} }}").expect("memory");
            }
            text + " fragment f200 on Query { __typename }"
        }),
        ("directives", format!("{{ __typename {} }}", "@include(if: true) ".repeat(3_000))),
        ("introspection", "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }".to_owned()),
        ("a long string", format!("{{ user(by: {{handle: \"{}\"}}) {{ id }} }}", "x".repeat(60_000))),
    ];
    documents.extend([2, 4, 7, 20].map(|levels| ("nested lists", nested(levels))));
    documents
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_documents_hurt_nobody() {
    let serving = Serving::start(&["demo", "--listen", "127.0.0.1:0"]);
    for (what, document) in documents() {
        let start = Instant::now();
        let answer = serving.ask(&document).await;
        println!(
            "{what}: {:?}, at most {} MB",
            start.elapsed(),
            serving.peak()
        );
        assert!(answer.is_object(), "{what}");
    }
    let all = || async {
        for (_, document) in documents() {
            serving.ask(&document).await;
        }
    };
    let health = beside(health(&serving), forever(4, all)).await;
    println!("health beside all of them: at most {:?}", health.longest());
    assert!(health.longest() < MAX_HEALTH, "{:?}", health.longest());
    assert!(serving.peak() < MAX_MEGABYTES, "{} MB", serving.peak());
    let typename = serving.ask("{ __typename }").await;
    assert_eq!(typename["data"]["__typename"], "Query");
}
