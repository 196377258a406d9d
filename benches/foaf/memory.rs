//! Bytes of memory: of a remembered command, of a user and of a friendship. And what is in memory is
//! asked in the process: friends of friends.

use std::{fmt::Write as _, io::Write as _, ops::Range, time::Instant};

use anyhow::{Result, anyhow};
use foaf::{
    config::GraphUrl,
    domain::LogTime,
    graph::{Graph, Page},
    import::Source,
    judge::{
        CommandId, ContentHash, GraphCreated, HashKey, Judge, LogId, Outcome, OutcomeResult,
        RecordId, Windows,
    },
};
use uuid::Uuid;

use crate::{
    places::{Places, import, start, stores},
    table::{grouped, percentiles, row},
};

const COMMANDS: u64 = 2_000_000;
const USERS: u64 = 100_000;
const MORE_USERS: u64 = 400_000;
const FRIENDSHIPS: u64 = 1_000_000;
const QUESTIONS: usize = 1_000;

/// How much a judge grows by the outcomes that it remembers. It is to be kept for as long as memory is
/// measured: what it let go of would be used again.
pub(crate) fn remembered_command() -> Result<Judge> {
    let mut rng = fastrand::Rng::with_seed(1);
    let created = GraphCreated {
        id: RecordId(Uuid::nil()),
        log_id: LogId(Uuid::nil()),
        hash_key: HashKey([0; 32]),
        windows: Windows::DEFAULT,
    };
    let mut judge = Judge::resume(created, COMMANDS, LogTime(0), None);
    let before = resident()?;
    for position in 1..=COMMANDS {
        let outcome = Outcome {
            position,
            time: LogTime(0),
            content: ContentHash(rng.u128(..).to_le_bytes()),
            result: OutcomeResult::Done,
        };
        judge.restore_outcome(true, CommandId(rng.u128(..).to_le_bytes()), outcome);
    }
    let each = (resident()? - before) / judge.remembered() as f64;
    row("memory per remembered command", &format!("{each:.0} bytes"));
    Ok(judge)
}

/// Bytes per user and friendship: log, write model and embedded graph together.
pub(crate) async fn people(places: &Places) -> Result<()> {
    let mut rng = fastrand::Rng::with_seed(1);
    let edges = places.folder().join("synthetic.txt");
    let node = start(&stores(places.sqlite(), GraphUrl::Embedded)).await?;
    // Everybody is there, then random friendships.
    std::fs::write(&edges, ring(0..USERS))?;
    import(&node, &Source::edge_list(edges.clone(), None)?).await?;
    let before = resident()?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(&edges)?);
    for _ in 0..FRIENDSHIPS {
        writeln!(file, "{} {}", rng.u64(..USERS), rng.u64(..USERS))?;
    }
    file.flush()?;
    let summary = import(&node, &Source::edge_list(edges.clone(), None)?).await?;
    let after = resident()?;
    let each = (after - before) / summary.friendships.new as f64;
    row(
        "memory per friendship, with its command remembered for 24 h",
        &format!("{each:.0} bytes"),
    );
    let rate = summary.friendships.new as f64 / (summary.duration_ms as f64 / 1_000.0);
    row(
        "embedded: import of 1,000,000 random friendships",
        &format!("{} friendships/s", grouped(rate)),
    );
    friends_of_friends(&*node.services().graph, &mut rng).await?;
    // So many more that what everything else takes is little beside.
    std::fs::write(&edges, ring(USERS..USERS + MORE_USERS))?;
    let before = resident()?;
    import(&node, &Source::edge_list(edges, None)?).await?;
    let user = (resident()? - before) / MORE_USERS as f64 - each;
    row("memory per user, likewise", &format!("{user:.0} bytes"));
    node.stop().await
}

/// A friendship of each with the next, as an edge list.
fn ring(numbers: Range<u64>) -> String {
    let first = numbers.start;
    numbers.clone().fold(String::new(), |mut text, n| {
        let next = if n + 1 == numbers.end { first } else { n + 1 };
        let _ = writeln!(text, "{n} {next}");
        text
    })
}

/// Asked in the process, one after the other, of random people of those above.
async fn friends_of_friends(graph: &dyn Graph, rng: &mut fastrand::Rng) -> Result<()> {
    let handle = |n| foaf::domain::Handle::parse(&format!("synthetic-{n}"));
    let handles: Vec<_> = (0..QUESTIONS + 50)
        .filter_map(|_| handle(rng.u64(..USERS)).ok())
        .collect();
    let users = graph.users_by_handle(&handles).await?.value;
    let page = Page {
        count: true,
        ..Page::first(50)
    };
    let mut times = Vec::with_capacity(users.len());
    for user in users {
        let user = user.ok_or_else(|| anyhow!("somebody is missing"))?;
        let start = Instant::now();
        graph.friends_of_friends(&[user.id], 2, &page).await?;
        times.push(start.elapsed());
    }
    row(
        "embedded, in the process: friends of friends, count and first 50, of 100,000 people with 1,100,000 friendships",
        // The first ones warm caches.
        &percentiles(&mut times[50..]),
    );
    Ok(())
}

/// Resident memory in bytes.
fn resident() -> Result<f64> {
    let memory = memory_stats::memory_stats().ok_or_else(|| anyhow!("no figure of memory"))?;
    Ok(memory.physical_mem as f64)
}
