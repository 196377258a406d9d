//! Import until readable, and the traversals over HTTP, on the embedded default.

use std::time::{Duration, Instant};

use anyhow::Result;
use foaf::{
    app::Node,
    config::{GraphUrl, Stores},
    import::Source,
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    http::Caller,
    places::{self, Places, ego_facebook, stores},
    table::{grouped, percentiles, row},
};

const CLIENTS: u64 = 8;
const QUESTIONS: usize = 1_000;
const PEOPLE: u64 = 4_039;

pub(crate) async fn embedded(places: &Places) -> Result<()> {
    let node = imported("embedded", &stores(places.sqlite(), GraphUrl::Embedded)).await?;
    places::serve(node, async |address, _| {
        for (what, field) in [
            (
                "friends of friends, first 50",
                "friendsOfFriends { edges { distance mutualFriendCount node { id name } } }",
            ),
            (
                "friends of friends, count",
                "friendsOfFriends(first: 1) { totalCount }",
            ),
            (
                "recommendations, top 10",
                "recommendations { edges { score node { id name } } }",
            ),
            (
                "friends, first 50",
                "friends { edges { since node { id name } } }",
            ),
        ] {
            let mut times = ask(&address, field).await?;
            row(
                &format!("embedded: {what}, HTTP, {CLIENTS} clients"),
                &percentiles(&mut times),
            );
        }
        Ok(())
    })
    .await
}

/// A node with ego-facebook in it.
pub(crate) async fn imported(name: &str, stores: &Stores) -> Result<Node> {
    let node = places::start(stores).await?;
    let source = Source::edge_list(ego_facebook(), None)?;
    let summary = places::import(&node, &source).await?;
    let seconds = summary.duration_ms as f64 / 1_000.0;
    let rate = grouped(summary.friendships.new as f64 / seconds);
    row(
        &format!("{name}: import of ego-facebook until readable"),
        &format!("{seconds:.2} s, {rate} friendships/s"),
    );
    Ok(node)
}

/// How long each of many questions about random people took.
async fn ask(address: &str, field: &'static str) -> Result<Vec<Duration>> {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let caller = Caller::new(address)?;
        clients.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(client);
            let mut times = Vec::with_capacity(QUESTIONS);
            for round in 0..QUESTIONS + 50 {
                let handle = format!("ego-facebook-{}", rng.u64(..PEOPLE));
                let query = format!("{{ user(by: {{handle: \"{handle}\"}}) {{ {field} }} }}");
                let start = Instant::now();
                caller.ask(&json!({ "query": query })).await?;
                // The first ones warm caches and plans.
                if round >= 50 {
                    times.push(start.elapsed());
                }
            }
            anyhow::Ok(times)
        });
    }
    let mut all = Vec::new();
    while let Some(times) = clients.join_next().await {
        all.extend(times??);
    }
    Ok(all)
}
