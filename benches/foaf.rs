//! What foaf costs, as a table: `cargo bench`. With `FOAF_TEST_KAFKA` and `FOAF_TEST_NEO4J` set (as
//! `scripts/stack up` prints them) also on Kafka and Neo4j, whose database must be empty.
//!
//! Figures of one machine in one run: compare rows of one table, not tables.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people to read"
)]

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use foaf::{
    app::{self, Node},
    config::{GraphUrl, LogUrl, Stores},
    import::{self, Source, Summary},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLIENTS: usize = 8;
const QUESTIONS: usize = 1_000;
const PEOPLE: u64 = 4_039;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test --all-targets` runs benches too, with this argument: nothing to measure then.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    println!("| what | figure |\n|---|---|");
    let folder = tempfile::tempdir()?;
    let embedded = Stores {
        log: LogUrl::Sqlite(folder.path().join("ego")),
        graph: GraphUrl::Embedded,
        snapshots: None,
        write_timeout: Duration::from_secs(30),
        start_timeout: Duration::from_secs(10),
    };
    ego_facebook("embedded", &embedded).await?;
    if let (Ok(kafka), Ok(neo4j)) = (
        std::env::var("FOAF_TEST_KAFKA"),
        std::env::var("FOAF_TEST_NEO4J"),
    ) {
        let topic = format!("{kafka}/foaf-bench-{}", uuid::Uuid::new_v4());
        let parse = |fault: String| anyhow::anyhow!(fault);
        let servers = Stores {
            log: LogUrl::parse(&topic).map_err(parse)?,
            graph: GraphUrl::parse(&neo4j).map_err(parse)?,
            snapshots: None,
            write_timeout: Duration::from_secs(30),
            start_timeout: Duration::from_secs(10),
        };
        ego_facebook("Kafka + Neo4j", &servers).await?;
    }
    memory(folder.path()).await
}

fn row(what: &str, figure: &str) {
    println!("| {what} | {figure} |");
}

async fn start(stores: &Stores) -> anyhow::Result<Node> {
    let mut node = Box::pin(Node::start(stores)).await?;
    node.ready().await?;
    Ok(node)
}

async fn import(node: &Node, file: PathBuf) -> anyhow::Result<Summary> {
    let source = Source::edge_list(file, None)?;
    import::run(
        &node.import_target(),
        &source,
        |_| {},
        &CancellationToken::new(),
    )
    .await
}

/// Import until readable, then the traversals over HTTP.
async fn ego_facebook(name: &str, stores: &Stores) -> anyhow::Result<()> {
    let node = start(stores).await?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/edges/ego-facebook.txt.gz");
    let summary = import(&node, file).await?;
    let seconds = summary.duration_ms as f64 / 1000.0;
    let rate = summary.friendships.new as f64 / seconds;
    row(
        &format!("{name}: import of ego-facebook until readable"),
        &format!("{seconds:.2} s, {rate:.0} friendships/s"),
    );
    let (listener, address) = app::bind("127.0.0.1:0").await?;
    let stop = CancellationToken::new();
    let serving = app::serve(node, listener, stop.clone(), || {});
    let asking = async {
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
            let times = ask(&format!("http://{address}/graphql"), field).await?;
            row(
                &format!("{name}: {what}, HTTP, {CLIENTS} clients"),
                &percentiles(times),
            );
        }
        stop.cancel();
        anyhow::Ok(())
    };
    let (served, asked) = tokio::join!(serving, asking);
    asked.and(served)
}

/// How long each of many questions about random people took.
async fn ask(url: &str, field: &str) -> anyhow::Result<Vec<Duration>> {
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (url, field) = (url.to_owned(), field.to_owned());
        clients.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(client as u64);
            let http = reqwest::Client::new();
            let mut times = Vec::with_capacity(QUESTIONS);
            for round in 0..QUESTIONS + 50 {
                let handle = format!("ego-facebook-{}", rng.u64(..PEOPLE));
                let query = format!("{{ user(by: {{handle: \"{handle}\"}}) {{ {field} }} }}");
                let start = Instant::now();
                let answer = http
                    .post(&url)
                    .json(&json!({ "query": query }))
                    .send()
                    .await?;
                let answer: Value = answer.json().await?;
                anyhow::ensure!(answer["data"]["user"].is_object(), "{answer}");
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

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
    format!("p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99))
}

/// Bytes of memory per user and friendship: log, write model and embedded graph together.
async fn memory(folder: &Path) -> anyhow::Result<()> {
    const USERS: u64 = 100_000;
    const FRIENDSHIPS: u64 = 1_000_000;
    let mut rng = fastrand::Rng::with_seed(1);
    // A ring, so that everybody is there, then random friendships.
    let circle: String = (0..USERS).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "{n} {}", (n + 1) % USERS);
        text
    });
    let edges = folder.join("synthetic.txt");
    std::fs::write(&edges, &circle)?;
    let node = start(&Stores {
        log: LogUrl::Sqlite(folder.join("memory")),
        graph: GraphUrl::Embedded,
        snapshots: None,
        write_timeout: Duration::from_secs(30),
        start_timeout: Duration::from_secs(10),
    })
    .await?;
    let before = resident()?;
    import(&node, edges.clone()).await?;
    let with_users = resident()?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(&edges)?);
    for _ in 0..FRIENDSHIPS {
        writeln!(file, "{} {}", rng.u64(..USERS), rng.u64(..USERS))?;
    }
    file.flush()?;
    let summary = import(&node, edges).await?;
    let after = resident()?;
    let each = (after - with_users) / summary.friendships.new as f64;
    row(
        "memory per friendship, with its command remembered for 24 h",
        &format!("{each:.0} bytes"),
    );
    let user = (with_users - before) / USERS as f64 - each;
    row("memory per user, likewise", &format!("{user:.0} bytes"));
    let rate = summary.friendships.new as f64 / (summary.duration_ms as f64 / 1000.0);
    row(
        "embedded: import of 1,000,000 random friendships",
        &format!("{rate:.0} friendships/s"),
    );
    node.stop().await
}

/// Resident memory in bytes.
fn resident() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: f64 = kib.ok_or_else(|| anyhow::anyhow!("no VmRSS"))?.parse()?;
    Ok(kib * 1024.0)
}
