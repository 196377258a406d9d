//! What connecting refuses, and how it says so.

use std::time::{Duration, Instant};

use foaf::graph::{
    GraphError,
    neo4j::{Neo4jGraph, settings::check},
};
use tokio::net::TcpListener;

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
