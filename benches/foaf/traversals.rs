//! The traversals on Neo4j: through HTTP, as a ratio to the driver alone with the same texts and
//! parameters, both with 8 connections, taking turns.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use foaf::{config::Stores, domain::UserId, graph::neo4j::text_of};
use neo4rs::{BoltList, BoltNull, BoltType, query};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    ego,
    http::{Caller, global_id},
    places, raw,
    table::{percentiles, row},
};

const CONNECTIONS: usize = 8;
const TURN: Duration = Duration::from_millis(700);
const WARM_UP: Duration = Duration::from_millis(1_500);
const TURNS: u64 = 4;

/// A kind of question.
#[derive(Clone, Copy)]
struct Kind {
    what: &'static str,
    /// Below the user, or at the root where `is_root`.
    field: &'static str,
    is_root: bool,
    /// The name of the text in the metrics.
    text: &'static str,
    /// The parameters of the text beside `of`.
    terms: fn() -> Vec<(&'static str, BoltType)>,
    about: About,
}

/// Whom a question is about.
#[derive(Clone, Copy)]
enum About {
    One,
    Two,
    /// One, and a hundred others.
    Many,
}

const KINDS: [Kind; 8] = [
    Kind {
        what: "friends, first 50",
        field: "friends { edges { since node { id name } } }",
        is_root: false,
        text: "friends",
        terms: || {
            let prefix = ("prefix", list(vec![BoltType::Null(BoltNull)]));
            [
                page(51, false, vec!["".into()], vec!["g".into()]),
                vec![prefix],
            ]
            .concat()
        },
        about: About::One,
    },
    Kind {
        what: "friends of friends, first 50",
        field: "friendsOfFriends { edges { distance mutualFriendCount node { id name } } }",
        is_root: false,
        text: "friends_of_friends",
        terms: || distant(51, false),
        about: About::One,
    },
    Kind {
        what: "friends of friends, count",
        field: "friendsOfFriends(first: 1) { totalCount }",
        is_root: false,
        text: "friends_of_friends",
        terms: || distant(2, true),
        about: About::One,
    },
    Kind {
        what: "recommendations, top 10",
        field: "recommendations { edges { score node { id name } } }",
        is_root: false,
        text: "recommendations",
        terms: || vec![("limit", 10.into())],
        about: About::One,
    },
    Kind {
        what: "mutual friends, first 50",
        field: "mutualFriends(with: $other) { edges { node { id name } } }",
        is_root: false,
        text: "mutual_friends",
        terms: || page(51, false, vec!["".into()], vec!["g".into()]),
        about: About::Two,
    },
    Kind {
        what: "path of at most 6",
        field: "path(from: $user, to: $other) { length users { id name } }",
        is_root: true,
        text: "path",
        terms: Vec::new,
        about: About::Two,
    },
    Kind {
        what: "network within 3",
        field: "network { reached rings { distance count } }",
        is_root: false,
        text: "network",
        terms: Vec::new,
        about: About::One,
    },
    Kind {
        what: "relationships to 100 people",
        field: "relationships(from: $user, to: $others) { distance mutualFriendCount user { id name } }",
        is_root: true,
        text: "relations",
        terms: Vec::new,
        about: About::Many,
    },
];

fn list(value: Vec<BoltType>) -> BoltType {
    BoltType::List(BoltList { value })
}

fn page(
    limit: i64,
    count: bool,
    after: Vec<BoltType>,
    before: Vec<BoltType>,
) -> Vec<(&'static str, BoltType)> {
    vec![
        ("limit", limit.into()),
        ("count", count.into()),
        ("after", list(after)),
        ("before", list(before)),
    ]
}

fn distant(limit: i64, count: bool) -> Vec<(&'static str, BoltType)> {
    let bound = |open: i64| vec![open.into(), 0.into(), "".into()];
    page(limit, count, bound(0), bound(u32::MAX.into()))
}

/// Who asks, and how they are asked: what a turn's clients share.
struct Turns {
    address: String,
    driver: neo4rs::Graph,
    people: Vec<UserId>,
}

pub(crate) async fn against_the_driver(stores: Stores) -> Result<()> {
    let node = ego::imported("Kafka + Neo4j", &stores).await?;
    let driver = raw::neo4j(&stores.graph, CONNECTIONS)?;
    places::serve(node, async |address, services| {
        let ids = |model: &foaf::replay::model::WriteModel| {
            model.state().users().map(|user| user.id).collect()
        };
        let turns = Arc::new(Turns {
            address,
            driver,
            people: services.replay.read(ids).await,
        });
        for kind in KINDS {
            compare(&turns, kind).await?;
        }
        Ok(())
    })
    .await?;
    places::empty(&stores.graph).await
}

async fn compare(turns: &Arc<Turns>, kind: Kind) -> Result<()> {
    for is_http in [true, false] {
        turn(turns, kind, is_http, 0, WARM_UP).await?;
    }
    let [mut through_http, mut by_driver] = [Vec::new(), Vec::new()];
    for seed in 1..=TURNS {
        // Who is first changes.
        for is_http in [seed % 2 == 0, seed % 2 == 1] {
            let times = turn(turns, kind, is_http, seed, TURN).await?;
            let all = if is_http {
                &mut through_http
            } else {
                &mut by_driver
            };
            all.extend(times);
        }
    }
    row(
        &format!("Kafka + Neo4j: {}, HTTP, {CONNECTIONS} clients", kind.what),
        &format!(
            "{}; throughput to the driver alone: {:.2}",
            percentiles(&mut through_http),
            through_http.len() as f64 / by_driver.len() as f64,
        ),
    );
    Ok(())
}

/// Each connection asks one question after the other for that long.
async fn turn(
    turns: &Arc<Turns>,
    kind: Kind,
    is_http: bool,
    seed: u64,
    length: Duration,
) -> Result<Vec<Duration>> {
    let end = Instant::now() + length;
    let mut clients = JoinSet::new();
    for client in 0..CONNECTIONS as u64 {
        let turns = turns.clone();
        clients.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(100 * seed + client);
            let caller = Caller::new(&turns.address)?;
            let mut times = Vec::new();
            while Instant::now() < end {
                let of = kind.about.whom(&turns.people, &mut rng);
                let start = Instant::now();
                if is_http {
                    caller.ask(&kind.request(&of)).await?;
                } else {
                    kind.ask(&turns.driver, &of).await?;
                }
                times.push(start.elapsed());
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

impl About {
    fn whom(self, people: &[UserId], rng: &mut fastrand::Rng) -> Vec<UserId> {
        let count = match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Many => 101,
        };
        rng.choose_multiple(people.iter().copied(), count)
    }
}

impl Kind {
    /// The request to the API.
    fn request(&self, of: &[UserId]) -> Value {
        let ids: Vec<_> = of.iter().map(|id| global_id(*id)).collect();
        let declared = match self.about {
            About::One => "$user: ID!",
            About::Two => "$user: ID!, $other: ID!",
            About::Many => "$user: ID!, $others: [ID!]!",
        };
        let field = if self.is_root {
            self.field.to_owned()
        } else {
            format!("user(by: {{id: $user}}) {{ {} }}", self.field)
        };
        let mut variables = json!({ "user": ids[0] });
        match self.about {
            About::One => {}
            About::Two => variables["other"] = json!(ids[1]),
            About::Many => variables["others"] = json!(ids[1..]),
        }
        json!({ "query": format!("query({declared}) {{ {field} }}"), "variables": variables })
    }

    /// The same, as foaf asks Neo4j.
    async fn ask(&self, driver: &neo4rs::Graph, of: &[UserId]) -> Result<()> {
        let ids: Vec<BoltType> = of.iter().map(|id| id.to_string().into()).collect();
        let of = match self.about {
            About::One => ids[0].clone(),
            About::Two => list(ids),
            About::Many => list(vec![ids[0].clone(), list(ids[1..].to_vec())]),
        };
        let text = text_of(self.text).ok_or_else(|| anyhow!("no question {}", self.text))?;
        let question = query(text).param("of", list(vec![of]));
        let mut rows = driver.execute_read(question.params((self.terms)())).await?;
        while rows.next().await?.is_some() {}
        Ok(())
    }
}
