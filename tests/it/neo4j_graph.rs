//! The Neo4j graph: its place in the contract, and what only it can get wrong.

mod content;
mod hubs;
mod leaving;
mod sharing;
mod starting;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use foaf::{
    config::GraphUrl,
    domain::{Edge, EdgeKind, Field, Name, PairCommand, UserId},
    graph::{
        Batch, FriendOrder, FriendQuery, Graph, GraphError, Page, Projected, UserOrder, UserQuery,
        neo4j::{Neo4jGraph, Neo4jSettings},
    },
};
use neo4rs::query;
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

use crate::{
    graph_contract::Fresh,
    story::{Story, id, profile},
};

/// The one database that there is, empty, and nobody else's until this is dropped.
pub(crate) struct Database {
    pub(crate) url: GraphUrl,
    _turn: OwnedMutexGuard<()>,
}

impl Database {
    pub(crate) async fn empty() -> Self {
        let turn = wiped().await;
        let settings = settings();
        Self {
            url: GraphUrl::Neo4j {
                host: settings.host,
                port: settings.port,
                user: settings.user,
                password: settings.password,
                database: settings.database,
                tls: settings.tls,
                is_bolt: false,
            },
            _turn: turn,
        }
    }

    /// The URL, as an argument.
    pub(crate) fn text() -> String {
        std::env::var("FOAF_TEST_NEO4J").expect("it is there")
    }
}

/// Changes the database behind foaf's back.
pub(crate) async fn change(text: &str) {
    driver().run(query(text)).await.expect("it is taken");
}

/// The only field, `n`, of the only row.
pub(crate) async fn found(text: &str) -> String {
    let mut rows = driver().execute(query(text)).await.expect("an answer");
    let row = rows.next().await.expect("an answer").expect("a row");
    row.get("n").expect("a text")
}

/// Tests take turns: a server of the free edition has one database.
static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

/// The empty graph of the test server, for the contract.
pub(crate) async fn open() -> Option<Fresh> {
    let turn = wiped().await;
    let graph = connect().await;
    Some(Fresh {
        graph: Arc::new(graph),
        held: Box::new(turn),
    })
}

/// The same, where whoever is archived is leaving until somebody clears up: nobody does.
pub(crate) async fn open_leaving() -> Option<Fresh> {
    let turn = wiped().await;
    let graph = leaving::connect(0).await;
    Some(Fresh {
        graph: Arc::new(graph),
        held: Box::new(turn),
    })
}

/// The server to test with.
fn settings() -> Neo4jSettings {
    let text = std::env::var("FOAF_TEST_NEO4J").expect(
        "FOAF_TEST_NEO4J names the Neo4j to test with: run the tests by scripts/test, which starts one",
    );
    let url = Url::parse(&text).expect("FOAF_TEST_NEO4J is neo4j://user:password@host:port");
    let host = url.host_str().expect("a host");
    let password = url.password().expect("a password");
    Neo4jSettings::new(host, url.port().unwrap_or(7687), url.username(), password)
}

async fn connect() -> Neo4jGraph {
    Neo4jGraph::connect(settings())
        .await
        .expect("the test server answers")
}

/// The driver itself, to look behind the adapter.
fn driver() -> neo4rs::Graph {
    let settings = settings();
    let address = format!("bolt://{}:{}", settings.host, settings.port);
    neo4rs::Graph::new(address, settings.user, settings.password).expect("settings that parse")
}

/// Waits for the turn, then removes everything but the schema.
async fn wiped() -> OwnedMutexGuard<()> {
    let turn = TURN.clone().lock_owned().await;
    // In parts: the server ends what takes longer than its `db.transaction.timeout`.
    while number("MATCH (n) WITH n LIMIT 5000 DETACH DELETE n RETURN count(*) AS n").await > 0 {}
    turn
}

/// The only field, `n`, of the only row.
pub(crate) async fn number(text: &str) -> i64 {
    let mut rows = driver().execute(query(text)).await.expect("an answer");
    let row = rows.next().await.expect("an answer").expect("a row");
    row.get("n").expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_racing_projectors_one_wins() {
    let _turn = wiped().await;
    let (one, other) = (connect().await, connect().await);
    let mut story = Story::new();
    story.users(10);
    // The first batch makes the cursor: that race is another one.
    for round in 0..9 {
        if round > 0 {
            story.befriend(id(round), id(10));
        }
        let batch = story.batch();
        let (a, b) = tokio::join!(one.project(&batch), other.project(&batch));
        let elsewhere = Ok(Projected::Elsewhere(Some(story.cursor())));
        let one_won = a == Ok(Projected::Done) && b == elsewhere;
        let other_won = b == Ok(Projected::Done) && a == elsewhere;
        assert!(one_won || other_won, "round {round}: {a:?} and {b:?}");
    }
    assert_eq!(number("MATCH (c:Cursor) RETURN count(*) AS n").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_names_an_unknown_user_changes_nothing() {
    let _turn = wiped().await;
    let (graph, other) = (connect().await, connect().await);
    let mut story = Story::new();
    story.users(3);
    let first = story.batch();
    let cursor = story.cursor();
    story.befriend(id(1), id(2));
    story.user(4);
    let good = story.batch();

    let stranger = |kind| Edge {
        kind,
        from: id(1),
        to: id(77),
        opened: story.now(),
    };
    for kind in [EdgeKind::Friend, EdgeKind::Requested, EdgeKind::Blocked] {
        let mut opens = first.clone();
        opens.opened.push(stranger(kind));
        let mut passes = first.clone();
        passes.passed.push((stranger(kind), story.now()));
        for bad in [opens, passes] {
            refused(&graph, &bad).await;
            assert_eq!(graph.cursor().await, Ok(None));
        }
    }
    assert_eq!(number("MATCH (n) RETURN count(*) AS n").await, 0);

    assert_eq!(graph.project(&first).await, Ok(Projected::Done));
    let mut closes = good.clone();
    // An edge that is not there, or not since then.
    let edge = Edge {
        to: id(3),
        ..stranger(EdgeKind::Friend)
    };
    closes.closed.push((edge, story.now()));
    let mut again = good.clone();
    again.users.push(story.version(id(1)));
    for bad in [closes, again] {
        refused(&graph, &bad).await;
        assert_eq!(graph.cursor().await, Ok(Some(cursor)));
        // A refused transaction keeps no lock.
        assert_eq!(other.cursor().await, Ok(Some(cursor)));
    }
    assert_eq!(other.project(&good).await, Ok(Projected::Done));
}

async fn refused(graph: &Neo4jGraph, batch: &Batch) {
    let result = graph.project(batch).await;
    assert!(matches!(result, Err(GraphError::Unusable(_))), "{result:?}");
}

/// A question that takes longer than a batch, in the middle of many: asked again, then under lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_question_among_many_batches_sees_one_moment() {
    let _turn = wiped().await;
    let (graph, writer) = (connect().await, connect().await);
    let mut story = Story::new();
    let ids = story.users(150);
    let hub = ids[0];
    let mut friend_at: HashMap<u64, UserId> = HashMap::new();
    let mut batches = Vec::new();
    for index in 1..ids.len() {
        if index > 1 {
            story.pair(PairCommand::RemoveFriend, hub, ids[index - 1]);
        }
        story.befriend(hub, ids[index]);
        batches.push(story.batch());
        friend_at.insert(story.cursor().position, ids[index]);
    }
    assert_eq!(writer.project(&batches[0]).await, Ok(Projected::Done));
    let last = story.cursor().position;
    let mut writers = tokio::task::JoinSet::new();
    writers.spawn(async move {
        for batch in &batches[1..] {
            assert_eq!(writer.project(batch).await, Ok(Projected::Done));
        }
    });
    let query = FriendQuery {
        handle_prefix: None,
        order: FriendOrder::Id,
        page: Page::first(5),
    };
    loop {
        let asked = vec![hub; 1_500];
        let read = graph.friends(&asked, &query).await.expect("an answer");
        for slice in &read.value {
            let friends: Vec<UserId> = slice.items.iter().map(|f| f.user.id).collect();
            assert_eq!(friends, [friend_at[&read.position]]);
        }
        if read.position == last {
            break;
        }
    }
    writers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_friendship_is_one_relationship() {
    let _turn = wiped().await;
    let graph = connect().await;
    let mut story = Story::new();
    story.users(9);
    story.friendships(&[(1, 2), (3, 2), (9, 1), (4, 5), (5, 6)]);
    assert_eq!(graph.project(&story.batch()).await, Ok(Projected::Done));
    story.pair(PairCommand::RemoveFriend, id(2), id(1));
    story.archive(id(5));
    story.befriend(id(7), id(3));
    story.suspend(id(9));
    assert_eq!(graph.project(&story.batch()).await, Ok(Projected::Done));
    let count = "MATCH ()-[:FRIEND]->() RETURN count(*) AS n";
    assert_eq!(number(count).await, 3);
    let wrong = "MATCH (a)-[:FRIEND]->(b) WHERE a.id > b.id RETURN count(*) AS n";
    assert_eq!(number(wrong).await, 0);
    assert_eq!(
        number("MATCH ()-[:FRIEND_PAST]->() RETURN count(*) AS n").await,
        3
    );
    let active = "MATCH (u:User) WHERE (u:Active) <> (u.state = 'ACTIVE') RETURN count(*) AS n";
    assert_eq!(number(active).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_longer_than_an_index_entry_is_taken() {
    let _turn = wiped().await;
    let graph = connect().await;
    let mut story = Story::new();
    // One letter that folds to eighteen.
    let long = "\u{fdfa}".repeat(100);
    for (number, last) in [(1, "b"), (2, "a"), (3, "c")] {
        let mut profile = profile(&format!("h{number}"), &long, None);
        profile.last_name = Some(Name::parse(last, Field::LastName).expect("a name"));
        story.register(number, profile, false);
    }
    assert_eq!(graph.project(&story.batch()).await, Ok(Projected::Done));
    let query = UserQuery {
        state: None,
        handle_prefix: None,
        order: UserOrder::Name,
        page: Page::first(5),
    };
    let listed = graph.list_users(&query).await.expect("an answer").value;
    let order: Vec<UserId> = listed.items.iter().map(|user| user.id).collect();
    assert_eq!(order, [2, 1, 3].map(id));
}

/// Adamic–Adar weights are computed by the server: its logarithm must round as ours does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logarithms_are_those_of_the_server() {
    let text = "UNWIND range(2, 200000) AS d \
        RETURN collect(round(1000000000 / log(d))) AS weights";
    let mut rows = driver().execute(query(text)).await.expect("an answer");
    let row = rows.next().await.expect("an answer").expect("a row");
    let weights: Vec<f64> = row.get("weights").expect("numbers");
    for (degree, weight) in (2_u32..).zip(weights) {
        let ours = (1e9 / f64::from(degree).ln()).round();
        assert!((ours - weight).abs() < 0.5, "{degree}");
    }
}
