//! Light reads beside writes, beside a dear query, and beside clients that do not read or send.

use std::{env, fmt::Write as _, fs, path::Path, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    MAX_HEALTH,
    clients::{beside, forever, health, light, ratio_within},
    number,
    process::{Serving, import},
};

const LIGHT: &str =
    "{ user(by: {handle: \"u-7\"}) { name friends(first: 3) { edges { node { name } } } } }";

/// A graph of so many people, each with ten random friends, and the place of its log.
pub(crate) fn random_graph(folder: &Path, people: u64, stores: &[String]) {
    let mut dice = fastrand::Rng::with_seed(1);
    let mut text = String::new();
    for one in 0..people {
        for _ in 0..5 {
            let other = (one + dice.u64(1..people)) % people;
            writeln!(text, "{one} {other}").expect("memory");
        }
    }
    let edges = folder.join("edges.txt");
    fs::write(&edges, text).expect("a file");
    import(&edges, stores);
}

/// The four combinations, with names of their own each time.
fn combinations(folder: &Path) -> Vec<(&'static str, Vec<String>)> {
    let kafka = env::var("FOAF_TEST_KAFKA").expect("run scripts/test, which starts the servers");
    let neo4j = env::var("FOAF_TEST_NEO4J").expect("run scripts/test, which starts the servers");
    let flag = |name: &str, value: String| [name.to_owned(), value];
    let sqlite = |name: &str| flag("--log", format!("sqlite:{}", folder.join(name).display()));
    let topic = || {
        let kafka = kafka.trim_end_matches('/');
        flag(
            "--log",
            format!("{kafka}/foaf-load-{:016x}", fastrand::u64(..)),
        )
    };
    let embedded = flag("--graph", "embedded:".to_owned());
    let neo4j = flag("--graph", neo4j);
    vec![
        (
            "SQLite and embedded",
            [sqlite("a"), embedded.clone()].concat(),
        ),
        ("Kafka and embedded", [topic(), embedded].concat()),
        ("SQLite and Neo4j", [sqlite("b"), neo4j.clone()].concat()),
        ("Kafka and Neo4j", [topic(), neo4j].concat()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn light_reads_go_on_beside_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, stores) in combinations(folder.path()) {
        if name.ends_with("Neo4j") {
            empty_neo4j(&stores[3]).await;
        }
        random_graph(folder.path(), 2_000, &stores);
        let serving = Serving::over(&stores);
        let write = || async {
            let handle = format!("w{:016x}", fastrand::u64(..));
            let query = format!(
                "mutation {{ registerUser(input: {{handle: \"{handle}\", firstName: \"W\"}}) {{ position }} }}"
            );
            let answer = serving.ask(&query).await;
            assert!(
                answer["data"]["registerUser"]["position"].is_string(),
                "{answer}"
            );
        };
        let loaded = || beside(light(&serving, LIGHT), forever(4, write));
        let what = format!("light reads beside writes, {name}");
        ratio_within(&what, || light(&serving, LIGHT), loaded).await;
    }
}

async fn empty_neo4j(url: &str) {
    let url = url.strip_prefix("neo4j://").expect("a plain URL");
    let (user, at) = url.rsplit_once('@').expect("a password");
    let (user, password) = user.split_once(':').expect("a password");
    let graph = neo4rs::Graph::new(format!("bolt://{at}"), user, password);
    let graph = graph.expect("Neo4j answers");
    let all = "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS";
    graph
        .run(neo4rs::query(all))
        .await
        .expect("it can be emptied");
}

#[tokio::test(flavor = "multi_thread")]
async fn light_reads_and_health_go_on_beside_dear_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = format!("sqlite:{}", folder.path().join("log").display());
    let stores = ["--log".to_owned(), log];
    random_graph(folder.path(), number("FOAF_LOAD_PEOPLE", 50_000), &stores);
    let serving = Serving::over(&stores);
    let mut dear = String::from("{ user(by: {handle: \"u-1\"}) {");
    for alias in 0..40 {
        write!(dear, " a{alias}: network(depth: 6) {{ reached }}").expect("memory");
    }
    dear += " } }";
    let ask_dear = || async {
        let answer = serving.ask(&dear).await;
        // Answered, or told that it is too much: both within its time.
        assert!(answer.is_object());
    };
    let loaded = || beside(light(&serving, LIGHT), forever(4, ask_dear));
    ratio_within(
        "light reads beside dear ones",
        || light(&serving, LIGHT),
        loaded,
    )
    .await;
    let health = beside(health(&serving), forever(4, ask_dear)).await;
    println!("health beside dear reads: at most {:?}", health.longest());
    assert!(health.longest() < MAX_HEALTH, "{:?}", health.longest());
}

/// Sixty that ask for much and never read, and as many that never send the rest.
#[tokio::test(flavor = "multi_thread")]
async fn light_reads_go_on_beside_clients_that_neither_read_nor_send() {
    let serving = Serving::start(&["demo", "--listen", "127.0.0.1:0"]);
    let address = serving.address.trim_start_matches("http://").to_owned();
    let query = "{ users(first: 77) { edges { node { friends(first: 50) { edges { node { name handle friends(first: 20) { edges { node { name } } } } } } } } } }";
    let body = serde_json::json!({ "query": query }).to_string();
    let head = |length| {
        format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let light_query = "{ user(by: {handle: \"valjean\"}) { name } }";
    let loaded = || async {
        let mut open = Vec::new();
        for number in 0..120 {
            let mut stream = TcpStream::connect(&address).await.expect("it listens");
            let (length, sent) = match number % 2 {
                0 => (body.len(), &*body),
                _ => (body.len(), &body[..10]),
            };
            let text = head(length) + sent;
            stream.write_all(text.as_bytes()).await.expect("sent");
            open.push(stream);
        }
        // They have been taken up when the first has begun to answer.
        let mut byte = [0];
        let read = tokio::time::timeout(Duration::from_secs(30), open[0].read_exact(&mut byte));
        read.await.expect("in time").expect("an answer");
        let times = light(&serving, light_query).await;
        drop(open);
        times
    };
    ratio_within(
        "light reads beside clients that neither read nor send",
        || light(&serving, light_query),
        loaded,
    )
    .await;
    println!("at most {} MB", serving.peak());
    assert!(
        serving.peak() < crate::MAX_MEGABYTES,
        "{} MB",
        serving.peak()
    );
}
