//! What connecting refuses, and how it says so.

use std::time::{Duration, Instant};

use foaf::graph::{
    Graph, GraphError, Page, Projected, UserOrder, UserQuery,
    neo4j::{Neo4jGraph, settings::check},
};
use tokio::net::TcpListener;

use crate::story::Story;

const TRANSACTION: &str = "db.transaction.timeout";
const LOCK: &str = "db.lock.acquisition.timeout";

fn checked(transaction: Option<&str>, lock: Option<&str>) -> Result<(), GraphError> {
    let found = [(TRANSACTION, transaction), (LOCK, lock)];
    let found = found
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let found: Vec<_> = found
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    check(&found)
}

#[test]
fn settings_with_limits_are_taken() {
    for (transaction, lock) in [
        ("10s", "5s"),
        ("60s", "1ms"),
        ("1m", "2h"),
        ("1m0s", "1d"),
        ("500ms", "1m30s"),
    ] {
        assert_eq!(checked(Some(transaction), Some(lock)), Ok(()));
    }
}

#[test]
fn settings_without_limits_are_refused_with_the_line_to_write() {
    for transaction in [
        None,
        Some("0s"),
        Some("0"),
        Some("61s"),
        Some("1m1ms"),
        Some("1h"),
        Some("soon"),
        Some(""),
    ] {
        let Err(GraphError::Unusable(message)) = checked(transaction, Some("5s")) else {
            panic!("{transaction:?} was taken");
        };
        let found = transaction.unwrap_or("not shown");
        for part in [
            TRANSACTION,
            found,
            "at most 60s",
            "`db.transaction.timeout=10s`",
            "neo4j.conf",
        ] {
            assert!(message.contains(part), "{message}");
        }
        assert!(!message.contains(LOCK), "{message}");
    }
    for lock in [None, Some("0s"), Some("0ms")] {
        let Err(GraphError::Unusable(message)) = checked(Some("10s"), lock) else {
            panic!("{lock:?} was taken");
        };
        assert!(
            message.contains("`db.lock.acquisition.timeout=5s`"),
            "{message}"
        );
    }
    let Err(GraphError::Unusable(message)) = checked(Some("0s"), Some("0s")) else {
        panic!("both were taken");
    };
    assert!(message.contains(TRANSACTION) && message.contains(LOCK));
}

#[tokio::test]
async fn a_wrong_password_is_said_to_be_wrong() {
    let mut settings = super::settings();
    "not the password".clone_into(&mut settings.password);
    let error = Neo4jGraph::connect(settings).await.expect_err("a refusal");
    assert!(
        matches!(&error, GraphError::Unusable(message) if message.contains("password")),
        "{error}"
    );
    assert!(!error.to_string().contains("not the password"));
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_out_of_reach() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut settings = super::settings();
    settings.port = listener.local_addr().expect("an address").port();
    drop(listener);
    unreachable(settings).await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_out_of_reach() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut settings = super::settings();
    settings.port = listener.local_addr().expect("an address").port();
    settings.answer_within = Duration::from_millis(200);
    unreachable(settings).await;
}

async fn unreachable(settings: foaf::graph::neo4j::Neo4jSettings) {
    let start = Instant::now();
    let error = Neo4jGraph::connect(settings)
        .await
        .expect_err("nobody there");
    assert!(matches!(error, GraphError::Unavailable(_)), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// Another program's database is not taken, and nothing is defined in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_holds_what_is_not_ours_is_refused() {
    let _turn = super::wiped().await;
    for (theirs, named, undo) in [
        (
            "UNWIND [1, 2] AS i CREATE (:User {name: i})",
            "2 (:User) nodes",
            "MATCH (u:User) DELETE u",
        ),
        (
            "CREATE (:Person)-[:FRIEND]->(:Person)",
            "1 [:FRIEND] relationships",
            "MATCH (p:Person) DETACH DELETE p",
        ),
        (
            "CREATE CONSTRAINT theirs FOR (c:Cursor) REQUIRE c.place IS UNIQUE",
            "the constraint theirs",
            "DROP CONSTRAINT theirs",
        ),
        (
            "CREATE INDEX theirs FOR (u:User) ON (u.name)",
            "the index theirs",
            "DROP INDEX theirs",
        ),
        (
            "CREATE (:Cursor {name: 'p', at: 3})",
            "1 (:Cursor) nodes",
            "MATCH (c:Cursor) DELETE c",
        ),
    ] {
        super::change(theirs).await;
        let refused = Neo4jGraph::connect(super::settings()).await;
        super::change(undo).await;
        let Err(GraphError::Unusable(message)) = refused else {
            panic!("{named} was taken for ours");
        };
        for part in [
            named,
            "no cursor of foaf",
            "neo4j://USER:PASSWORD@HOST:PORT/DATABASE",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }
    // Under other names, everybody may have what they like.
    super::change("CREATE (:Person {id: 1})-[:KNOWS]->(:Person {id: 2})").await;
    super::connect().await;
}

/// What somebody has put there since is no user of ours: not listed, and not taken out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_ours_is_neither_listed_nor_cleared() {
    let _turn = super::wiped().await;
    let graph = super::connect().await;
    let mut story = Story::new();
    story.users(3);
    assert_eq!(graph.project(&story.batch()).await, Ok(Projected::Done));
    super::change(
        "CREATE (:User {id: '00', state: 'ACTIVE'}), (:Person:Leaving), \
         (:Cursor {name: 'q', pos: 99, swept: 9})",
    )
    .await;
    assert_eq!(super::connect().await.clear_up(9).await, Ok(false));
    let query = UserQuery {
        state: None,
        handle_prefix: None,
        order: UserOrder::Id,
        page: Page::first(9),
    };
    let listed = graph.list_users(&query).await.expect("an answer");
    assert_eq!(listed.position, 3);
    assert_eq!(listed.value.items.len(), 3);
    while graph.clear(story.log_id, 10).await.expect("it is emptied") > 0 {}
    assert_eq!(
        super::number("MATCH (u:User) RETURN count(u) AS n").await,
        1
    );
}
