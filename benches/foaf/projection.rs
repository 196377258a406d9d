//! Projection into Neo4j: edges a second by the port, as a ratio to the driver alone. Batches of
//! 1,000 new friendships between the same people, which is first changing from round to round.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use foaf::{
    app,
    config::GraphUrl,
    domain::{Edge, Field, Handle, LogTime, Moment, Name, Pair, Profile, User, UserId, UserState},
    graph::{Batch, Cursor, Graph, Projected, digest::Digest},
    judge::LogId,
};
use neo4rs::{BoltList, BoltType, query};
use uuid::Uuid;

use crate::{
    places, raw,
    table::{grouped, row},
};

const USERS: u64 = 2_000;
const BATCH: u64 = 1_000;
/// How many rounds are measured at a time.
const ROUNDS: u64 = 40;
/// Until a server that has just started has compiled its code.
const WARM_UP: u64 = 100;

/// The fastest text that is known for a batch of friendships.
const WRITE: &str = "MATCH (c:Cursor {name: 'driver'}) WHERE c.pos = $expect SET c.pos = $next \
    WITH c UNWIND $rows AS r MATCH (a:User {id: r[0]}) MATCH (b:User {id: r[1]}) \
    CREATE (a)-[:FRIEND {since: r[2], from: r[3]}]->(b) RETURN count(*) AS n";

pub(crate) async fn against_the_driver(neo4j: &GraphUrl) -> Result<()> {
    let graph = app::open_graph(neo4j).await?;
    ensure!(graph.cursor().await?.is_none(), "the database is not empty");
    let driver = raw::neo4j(neo4j, 1)?;
    let log_id = LogId(Uuid::new_v4());
    let ids: Vec<_> = (0..USERS).map(|_| UserId(Uuid::new_v4())).collect();
    let mut cursor = register(&*graph, log_id, &ids).await?;
    let start = "CREATE (:Cursor {name: 'driver', pos: 0})";
    driver.run(query(start)).await?;
    let mut times = Vec::new();
    for round in 0..WARM_UP + ROUNDS {
        let [ours, theirs] = [2 * round, 2 * round + 1].map(|batch| friendships(&ids, batch));
        let (foaf, alone);
        if round % 2 == 0 {
            foaf = project(&*graph, &mut cursor, ours).await?;
            alone = write(&driver, round, &theirs).await?;
        } else {
            alone = write(&driver, round, &theirs).await?;
            foaf = project(&*graph, &mut cursor, ours).await?;
        }
        times.push((foaf, alone));
    }
    let [first, last] = [0, WARM_UP as usize].map(|from| &times[from..][..ROUNDS as usize]);
    compare(&format!("the first {ROUNDS} batches"), first);
    compare(&format!("after {WARM_UP}"), last);
    places::empty(neo4j).await
}

fn compare(which: &str, rounds: &[(Duration, Duration)]) {
    let rate = |times: &mut dyn Iterator<Item = Duration>| {
        (ROUNDS * BATCH) as f64 / times.sum::<Duration>().as_secs_f64()
    };
    let ours = rate(&mut rounds.iter().map(|(foaf, _)| *foaf));
    let theirs = rate(&mut rounds.iter().map(|(_, alone)| *alone));
    row(
        &format!("Neo4j: projection, 1,000 friendships a batch, {which}"),
        &format!(
            "{} edges/s, the driver alone {}: {:.2}",
            grouped(ours),
            grouped(theirs),
            ours / theirs
        ),
    );
}

/// Projects everybody.
async fn register(graph: &dyn Graph, log_id: LogId, ids: &[UserId]) -> Result<Cursor> {
    let mut cursor = Cursor {
        log_id,
        position: 0,
        digest: Digest::default(),
        last: None,
    };
    let moment = Moment {
        position: 1,
        time: LogTime(1),
    };
    let users = ids
        .iter()
        .map(|id| user(*id, moment))
        .collect::<Result<_>>()?;
    let batch = Batch {
        users,
        ..batch(&mut cursor)
    };
    ensure!(graph.project(&batch).await? == Projected::Done);
    Ok(cursor)
}

fn user(id: UserId, from: Moment) -> Result<Arc<User>> {
    let fault = |refusal: foaf::domain::Rejection| anyhow::anyhow!(refusal.message());
    Ok(Arc::new(User {
        id,
        profile: Profile {
            handle: Handle::parse(&id.to_string()).map_err(fault)?,
            first_name: Name::parse("Ada", Field::FirstName).map_err(fault)?,
            last_name: None,
        },
        state: UserState::Active,
        created_at: from.time,
        from,
    }))
}

/// A batch of nothing that moves the cursor on.
fn batch(cursor: &mut Cursor) -> Batch {
    let expect = cursor.position;
    cursor.position += 1;
    Batch {
        expect,
        cursor: *cursor,
        users: Vec::new(),
        past_users: Vec::new(),
        closed: Vec::new(),
        opened: Vec::new(),
        passed: Vec::new(),
    }
}

/// The friendships of a batch: no two batches have one in common.
fn friendships(ids: &[UserId], batch: u64) -> Vec<Edge> {
    let numbers = batch * BATCH..(batch + 1) * BATCH;
    let edge = |number: u64| {
        let (one, far) = (number % USERS, 1 + number / USERS);
        let other = (one + far) % USERS;
        let pair = Pair::new(ids[one as usize], ids[other as usize])?;
        let opened = Moment {
            position: number,
            time: LogTime(1_700_000_000_000 + number.cast_signed()),
        };
        Some(Edge::friend(pair, opened))
    };
    numbers.filter_map(edge).collect()
}

async fn project(graph: &dyn Graph, cursor: &mut Cursor, opened: Vec<Edge>) -> Result<Duration> {
    let batch = Batch {
        opened,
        ..batch(cursor)
    };
    let start = Instant::now();
    ensure!(graph.project(&batch).await? == Projected::Done);
    Ok(start.elapsed())
}

async fn write(driver: &neo4rs::Graph, expect: u64, edges: &[Edge]) -> Result<Duration> {
    let start = Instant::now();
    let list = |value| BoltType::List(BoltList { value });
    let row = |edge: &Edge| {
        list(vec![
            edge.from.to_string().into(),
            edge.to.to_string().into(),
            edge.opened.time.0.into(),
            edge.opened.position.cast_signed().into(),
        ])
    };
    let statement = query(WRITE)
        .param("expect", expect.cast_signed())
        .param("next", expect.cast_signed() + 1)
        .param("rows", list(edges.iter().map(row).collect()));
    let mut transaction = driver.start_txn().await?;
    let mut rows = transaction.execute(statement).await?;
    let written = rows.next(transaction.handle()).await?;
    while rows.next(transaction.handle()).await?.is_some() {}
    transaction.commit().await?;
    let written = written.map(|row| row.get::<usize>("n")).transpose()?;
    ensure!(written == Some(edges.len()), "{written:?} were written");
    Ok(start.elapsed())
}
