//! Somebody with very many friends: what the texts cost, whichever end of an edge the hub is.

use foaf::graph::neo4j::text_of;
use neo4rs::{BoltList, BoltType, Query, query};

use super::{change, driver, number, wiped};

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

/// How many pages the server looks at for a statement.
async fn pages(statement: Query) -> i64 {
    let mut transaction = driver().start_txn().await.expect("a transaction");
    let mut rows = transaction.execute(statement).await.expect("it is taken");
    while let Some(_row) = rows.next(transaction.handle()).await.expect("an answer") {}
    let pages = number("SHOW TRANSACTIONS YIELD pageHits RETURN max(pageHits) AS n").await;
    transaction.rollback().await.expect("it is rolled back");
    pages
}

fn list(items: impl IntoIterator<Item = BoltType>) -> BoltType {
    BoltType::List(BoltList {
        value: items.into_iter().collect(),
    })
}

/// Ends so many friendships of a hub.
fn close(hub: i64, count: i64) -> Query {
    let row = |i: i64| {
        let ends = [hub.min(10_000 + i), hub.max(10_000 + i)];
        let ends = ends.map(|end| end.to_string().into());
        list(ends.into_iter().chain([0, i, 0, 0].map(BoltType::from)))
    };
    query(text_of("close").expect("it is there")).param("rows", list((1..=count).map(row)))
}

/// Asks for the common friends of so many and a hub, who have none.
fn mutual(hub: i64, count: i64, is_first: bool) -> Query {
    let pair = |i: i64| {
        let mut ends = [hub.to_string(), (10_000 + i).to_string()];
        if !is_first {
            ends.reverse();
        }
        list(ends.map(BoltType::from))
    };
    query(text_of("mutual_friends").expect("it is there"))
        .param("of", list((1..=count).map(pair)))
        .param("after", list(["".into()]))
        .param("before", list(["g".into()]))
        .param("limit", 10)
        .param("count", true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_close_an_edge_costs_the_same_whichever_end_is_the_hub() {
    for hub in [10_000, 19_999] {
        let _turn = wiped().await;
        people_and_a_hub(hub).await;
        // Planned beforehand.
        pages(close(hub, 0)).await;
        let pages = pages(close(hub, 500)).await;
        // Some six for each; all of the hub's edges would be a thousand for each.
        assert!((1..15 * 500).contains(&pages), "hub {hub}: {pages} pages");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn common_friends_with_a_hub_cost_what_the_others_friends_do() {
    let _turn = wiped().await;
    people_and_a_hub(10_000).await;
    for is_first in [true, false] {
        pages(mutual(10_000, 0, is_first)).await;
        let pages = pages(mutual(10_000, 300, is_first)).await;
        // Some four for each.
        assert!((1..15 * 300).contains(&pages), "{pages} pages");
    }
}
