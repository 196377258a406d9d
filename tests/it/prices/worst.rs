//! The dearest documents that are let through, asked of a whole process: they end soon, and the
//! process stays small.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    program::{Serving, foaf, sqlite},
    service::edges,
};

/// How long such an answer may take.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// How much memory the process may hold at its worst.
const MAX_MEGABYTES: u64 = 500;

struct Process {
    serving: Serving,
    client: reqwest::Client,
}

impl Process {
    fn over(edges: &std::path::Path, folder: &std::path::Path) -> Self {
        let log = sqlite(folder);
        let imported = foaf(&["import", "--log", &log, &edges.display().to_string()]);
        assert!(imported.status.success(), "{imported:?}");
        let serving = Serving::start(&["serve", "--log", &log, "--listen", "127.0.0.1:0"]);
        Self {
            serving,
            client: reqwest::Client::new(),
        }
    }

    async fn ask(&self, query: &str, variables: &Value) -> Value {
        let url = format!("{}/graphql", self.serving.address);
        let request = self.client.post(url).timeout(Duration::from_mins(2));
        let body = json!({ "query": query, "variables": variables });
        let answer = request.json(&body).send().await.expect("it answers");
        answer.json().await.expect("JSON")
    }

    /// The most memory that it has held, in megabytes.
    fn peak(&self) -> u64 {
        let status = format!("/proc/{}/status", self.serving.process.id());
        let status = fs::read_to_string(status).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        kilobytes.expect("a size").parse::<u64>().expect("a number") / 1_024
    }
}

fn aliases(count: u64, field: &str) -> String {
    let fields: Vec<_> = (0..count).map(|n| format!("a{n}: {field}")).collect();
    fields.join(" ")
}

/// Makes a document that asks so often for something.
type Family = Box<dyn Fn(u64) -> String>;

/// Documents by how often they ask for something.
fn families(hub: &str) -> Vec<(&'static str, Family)> {
    let of_hub = |field: &'static str| {
        let hub = format!("user(by: {{handle: {hub:?}}})");
        let family = move |count| {
            format!(
                "query($ids: [ID!]!) {{ {hub} {{ {} }} nodes(ids: $ids) {{ id }} }}",
                aliases(count, field)
            )
        };
        Box::new(family) as Family
    };
    let of_all = |field: &'static str| {
        let family = move |count| {
            format!(
                "query($ids: [ID!]!) {{ {} nodes(ids: $ids) {{ id }} }}",
                aliases(count, field)
            )
        };
        Box::new(family) as Family
    };
    vec![
        (
            "all leaves",
            of_all(
                "users(first: 500) { edges { cursor node { id uuid handle firstName lastName name state createdAt updatedAt } } }",
            ),
        ),
        (
            "friends of friends of a hub's friends",
            of_hub(
                "friends(first: 500) { edges { node { friendsOfFriends(first: 1) { totalCount } } } }",
            ),
        ),
        (
            "scores of a hub's friends",
            of_hub(
                "friends(first: 500) { edges { node { recommendations(first: 1, by: JACCARD) { edges { score } } } } }",
            ),
        ),
        (
            "far walks with long pages",
            of_hub(
                "friendsOfFriends(depth: 6, first: 500) { totalCount edges { cursor distance mutualFriendCount node { id name } } }",
            ),
        ),
        ("far walks", of_hub("network(depth: 6) { reached }")),
        (
            "relationships",
            of_all("relationships(from: \"FIRST\", to: $ids) { distance mutualFriendCount }"),
        ),
        (
            "walks from many",
            of_all("nodes(ids: $ids) { ... on User { network(depth: 2) { reached } } }"),
        ),
        (
            "events",
            of_all(
                "events(first: 50) { edges { node { position time type actor command record subject { name } } } }",
            ),
        ),
        (
            "filtered histories",
            of_hub("history(first: 1, types: [USER_UNBLOCKED]) { totalCount }"),
        ),
        (
            "filtered friends",
            of_all(
                "users(first: 500) { edges { node { friends(first: 1, orderBy: NAME, filter: {handlePrefix: \"zz\"}) { totalCount } } } }",
            ),
        ),
        (
            "common friends",
            of_all(
                "users(first: 20) { edges { node { recommendations(first: 50) { edges { because(first: 1) { id } } } } } }",
            ),
        ),
        (
            "the schema",
            of_all(
                "__schema { types { name description fields { name description args { name type { name } } type { name ofType { name } } } } }",
            ),
        ),
    ]
}

async fn none_hurts(process: &Process, hub: &str) {
    let page = "{ users(first: 500) { edges { node { id } } } }";
    let page = process.ask(page, &Value::Null).await;
    let ids = page["data"]["users"]["edges"]
        .as_array()
        .expect("users")
        .iter();
    let ids: Vec<_> = ids.map(|edge| edge["node"]["id"].clone()).collect();
    let first = ids[0].as_str().expect("an id").to_owned();
    let ids: Vec<_> = ids.iter().cycle().take(200).cloned().collect();
    let variables = json!({ "ids": ids });
    for (name, family) in families(hub) {
        let document = |count| family(count).replace("FIRST", &first);
        let price = async |count| {
            let answer = process.ask(&document(count), &variables).await;
            let estimated = answer["extensions"]["foaf"]["cost"]["estimated"].as_u64();
            estimated.unwrap_or_else(|| panic!("{name}: {answer}"))
        };
        let (one, two) = (price(1).await, price(2).await);
        let most = 1 + (250_000 - one) / (two - one).max(1);
        let most = most.min(195);
        let start = Instant::now();
        let answer = process.ask(&document(most), &variables).await;
        let took = start.elapsed();
        assert!(answer["data"].is_object(), "{name}, {most} times: {answer}");
        assert!(took < MAX_WAIT, "{name}, {most} times: {took:?}");
        let peak = process.peak();
        println!("{name}: {most} times, {took:?}, {peak} MB");
        assert!(peak < MAX_MEGABYTES, "{name}, {most} times: {peak} MB");
        if most < 195 {
            let refused = process.ask(&document(most + 1), &variables).await;
            assert_eq!(
                refused["errors"][0]["extensions"]["limit"], "price",
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_let_through_on_a_real_graph_does_not_hurt() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::over(&edges("ego-facebook"), folder.path());
    none_hurts(&process, "ego-facebook-107").await;
}

#[tokio::test]
async fn what_is_let_through_on_a_clique_does_not_hurt() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clique.txt");
    let pairs = (0..200).flat_map(|one| (0..one).map(move |other| format!("{other} {one}\n")));
    fs::write(&file, pairs.collect::<String>()).expect("written");
    let process = Process::over(&file, &folder.path().join("data"));
    none_hurts(&process, "clique-7").await;
}
