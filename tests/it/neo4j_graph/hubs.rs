//! Somebody with very many friends: what the texts cost, whichever end of an edge the hub is.

use foaf::graph::neo4j::text_of;
use neo4rs::{BoltList, BoltType, query};

use super::{change, driver, wiped};

/// How many friends the hub has, among far more people who have none: so the server does not expect
/// a hub.
const FRIENDS: i64 = 1_000;

async fn people_and_a_hub(hub: i64) {
    change("UNWIND range(0, 9999) AS i CREATE (:User:Active {id: toString(10000 + i), from: i})")
        .await;
    change(&format!(
        "MATCH (h:User {{id: toString({hub})}}) UNWIND range(1, {FRIENDS}) AS i \
         MATCH (x:User {{id: toString(10000 + i)}}) \
         FOREACH (_ IN CASE WHEN h.id < x.id THEN [1] ELSE [] END | CREATE (h)-[:FRIEND {{from: i}}]->(x)) \
         FOREACH (_ IN CASE WHEN h.id > x.id THEN [1] ELSE [] END | CREATE (x)-[:FRIEND {{from: i}}]->(h))"
    ))
    .await;
}

/// How many pages the server looks at to end so many friendships of a hub.
async fn pages_to_close(hub: i64, count: i64) -> i64 {
    let row = |i: i64| {
        let ends = [hub.min(10_000 + i), hub.max(10_000 + i)];
        let mut row: Vec<BoltType> = ends.iter().map(|end| end.to_string().into()).collect();
        row.extend([0, i, 0, 0].map(BoltType::from));
        BoltType::List(BoltList { value: row })
    };
    let rows: Vec<BoltType> = (1..=count).map(row).collect();
    let text = text_of("close").expect("it is there");
    let close = |rows| query(text).param("rows", BoltType::List(BoltList { value: rows }));
    let mut transaction = driver().start_txn().await.expect("a transaction");
    // Planned beforehand.
    transaction
        .run(close(Vec::new()))
        .await
        .expect("it is taken");
    transaction.run(close(rows)).await.expect("it is taken");
    let pages = super::number("SHOW TRANSACTIONS YIELD pageHits RETURN max(pageHits) AS n").await;
    transaction.rollback().await.expect("it is rolled back");
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_close_an_edge_costs_the_same_whichever_end_is_the_hub() {
    for hub in [10_000, 19_999] {
        let _turn = wiped().await;
        people_and_a_hub(hub).await;
        let pages = pages_to_close(hub, 500).await;
        // Some six for each; all of the hub's edges would be a thousand for each.
        assert!((1..15 * 500).contains(&pages), "hub {hub}: {pages} pages");
    }
}
