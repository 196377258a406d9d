//! Mutations over HTTP on each combination of log and graph: `addFriend` of pairs that have nothing in
//! common, each client one after the other. With Kafka and one client each takes turns with the bare
//! acknowledgement of the same record.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};
use foaf::{
    config::{GraphUrl, LogUrl, Stores},
    domain::UserId,
    generate::SocialGraph,
    graphql::{Position, Services},
    import::Source,
    metrics,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    http::{Caller, global_id},
    places::{self, Places},
    raw::Producer,
    table::{grouped, ms, percentile, percentiles, row},
};

const CLIENTS: [usize; 3] = [1, 16, 64];
const USERS: usize = 1_000;
const WARM_UP: Duration = Duration::from_millis(700);
const MEASURED: Duration = Duration::from_millis(2_500);

/// The steps of a mutation, and the metrics that tell of them.
const STEPS: [(&str, &str); 3] = [
    ("decide", metrics::DECIDE_SECONDS),
    ("append", metrics::APPEND_SECONDS),
    ("replay", metrics::REPLAY_SECONDS),
];

const MUTATION: &str = "mutation($input: ChangePairInput!) \
    { addFriend(input: $input) { position rejection { code } } }";

pub(crate) async fn on_every_combination(places: &Places) -> Result<()> {
    let embedded = || GraphUrl::Embedded;
    measure("SQLite + embedded", places, places.sqlite(), embedded()).await?;
    let Some(neo4j) = places.neo4j() else {
        return Ok(());
    };
    let topic = || places.kafka().ok_or_else(|| anyhow!("no topic"));
    measure("SQLite + Neo4j", places, places.sqlite(), neo4j.clone()).await?;
    measure("Kafka + embedded", places, topic()?, embedded()).await?;
    measure("Kafka + Neo4j", places, topic()?, neo4j.clone()).await
}

/// What the clients of one combination share.
struct Shared {
    address: String,
    people: Vec<UserId>,
    /// The next pair that is nobody's yet.
    next: AtomicUsize,
    /// The bare log.
    producer: Option<Producer>,
}

/// A mutation that was answered.
struct Done {
    position: u64,
    answered: Instant,
    took: Duration,
    /// How long the log alone took for such a record, just before.
    bare: Option<Duration>,
}

async fn measure(name: &str, places: &Places, log: LogUrl, graph: GraphUrl) -> Result<()> {
    let producer = match (&log, places.kafka()) {
        (LogUrl::Kafka { .. }, Some(other)) => Some(Producer::new(&other).await?),
        _ => None,
    };
    let stores: Stores = places::stores(log, graph);
    let node = places::start(&stores).await?;
    let people = SocialGraph::grow(USERS as u64, 0, 1)?;
    places::import(&node, &Source::generated(people)).await?;
    places::serve(node, async |address, services| {
        let ids = |model: &foaf::replay::model::WriteModel| {
            model.state().users().map(|user| user.id).collect()
        };
        let shared = Arc::new(Shared {
            address,
            people: services.replay.read(ids).await,
            next: AtomicUsize::new(0),
            producer,
        });
        for clients in CLIENTS {
            run(&shared, clients, WARM_UP).await?;
            level(name, &shared, &services, clients).await?;
        }
        Ok(())
    })
    .await?;
    places::empty(&stores.graph).await
}

/// Measures so many clients.
async fn level(
    name: &str,
    shared: &Arc<Shared>,
    services: &Services,
    clients: usize,
) -> Result<()> {
    let before = steps(&shared.address).await?;
    let watching = watch(services);
    let start = Instant::now();
    let done = run(shared, clients, MEASURED).await?;
    let rate = done.len() as f64 / start.elapsed().as_secs_f64();
    let after = steps(&shared.address).await?;
    let last = done
        .iter()
        .map(|done| done.position)
        .max()
        .unwrap_or_default();
    let shown = watching.until(last).await?;
    let mut took: Vec<_> = done.iter().map(|done| done.took).collect();
    let mut figure = format!("{}/s, {}", grouped(rate), percentiles(&mut took));
    for (step, (before, after)) in STEPS.iter().zip(before.iter().zip(&after)) {
        let mean = 1_000.0 * (after.0 - before.0) / (after.1 - before.1).max(1.0);
        write!(figure, "; {} {mean:.2}", step.0)?;
    }
    let mut later: Vec<_> = done.iter().map(|done| projected(&shown, done)).collect();
    let later = ms(percentile(&mut later, 0.5));
    write!(figure, "; projected {later:.2} later")?;
    let plural = if clients == 1 { "" } else { "s" };
    row(
        &format!("{name}: addFriend, HTTP, {clients} client{plural}"),
        &figure,
    );
    let mut bare: Vec<_> = done.iter().filter_map(|done| done.bare).collect();
    if !bare.is_empty() {
        let limit = 1.5 * ms(percentile(&mut bare, 0.5)) + 0.2;
        let at = ms(percentile(&mut took, 0.5));
        row(
            &format!("{name}: the same against the bare acknowledgement, taking turns"),
            &format!(
                "{} bare; {at:.2} of at most 1.5 × + 0.2 = {limit:.2} ms",
                percentiles(&mut bare)
            ),
        );
    }
    Ok(())
}

/// Each client makes pair after pair friends for that long.
async fn run(shared: &Arc<Shared>, clients: usize, length: Duration) -> Result<Vec<Done>> {
    let end = Instant::now() + length;
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let shared = shared.clone();
        running.spawn(async move {
            let caller = Caller::new(&shared.address)?;
            let mut done = Vec::new();
            while Instant::now() < end {
                let bare = match &shared.producer {
                    Some(producer) if clients == 1 => {
                        let start = Instant::now();
                        producer.send().await?;
                        Some(start.elapsed())
                    }
                    _ => None,
                };
                let request = shared.request()?;
                let start = Instant::now();
                let answer = caller.ask(&request).await?;
                let answered = Instant::now();
                done.push(Done {
                    position: position(&answer)?,
                    answered,
                    took: answered - start,
                    bare,
                });
            }
            anyhow::Ok(done)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = running.join_next().await {
        all.extend(done??);
    }
    Ok(all)
}

impl Shared {
    /// The mutation for the next pair.
    fn request(&self) -> Result<Value> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (one, far) = (number % USERS, 1 + number / USERS);
        ensure!(2 * far < USERS, "no pairs are left");
        let id = |place: usize| global_id(self.people[place % USERS]);
        let input = json!({ "user": id(one), "other": id(one + far) });
        Ok(json!({ "query": MUTATION, "variables": { "input": input } }))
    }
}

fn position(answer: &Value) -> Result<u64> {
    let payload = &answer["addFriend"];
    ensure!(payload["rejection"].is_null(), "{answer}");
    let token = payload["position"].as_str().and_then(Position::parse_token);
    Ok(token
        .ok_or_else(|| anyhow!("no position in {answer}"))?
        .position)
}

/// The sum and count of each step's histogram.
async fn steps(address: &str) -> Result<Vec<(f64, f64)>> {
    let metrics = reqwest::get(format!("{address}/metrics"))
        .await?
        .text()
        .await?;
    let sample = |name: &str| {
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(Ok(0.0), str::parse)
    };
    let both = |name: &str| {
        Ok((
            sample(&format!("{name}_sum"))?,
            sample(&format!("{name}_count"))?,
        ))
    };
    STEPS.iter().map(|(_, name)| both(name)).collect()
}

/// What the graph has shown since when.
struct Watching {
    shown: tokio::task::JoinHandle<Vec<(u64, Instant)>>,
    until: tokio::sync::watch::Sender<Option<u64>>,
}

fn watch(services: &Services) -> Watching {
    let mut status = services.projection.clone();
    let (until, mut last) = tokio::sync::watch::channel(None);
    let shown = services.commands.spawn(async move {
        let mut shown = Vec::new();
        loop {
            let position = status.borrow_and_update().position;
            shown.push((position, Instant::now()));
            if last
                .borrow_and_update()
                .is_some_and(|last| position >= last)
            {
                return shown;
            }
            tokio::select! {
                changed = status.changed() => if changed.is_err() { return shown },
                changed = last.changed() => if changed.is_err() { return shown },
            }
        }
    });
    Watching { shown, until }
}

impl Watching {
    /// Waits until that position is shown, and gives each that was seen, and when.
    async fn until(self, position: u64) -> Result<Vec<(u64, Instant)>> {
        self.until.send_replace(Some(position));
        Ok(self.shown.await?)
    }
}

/// How long after its answer a mutation was shown.
fn projected(shown: &[(u64, Instant)], done: &Done) -> Duration {
    let first = shown.partition_point(|(position, _)| *position < done.position);
    let at = shown.get(first).map_or(done.answered, |(_, at)| *at);
    at.saturating_duration_since(done.answered)
}
