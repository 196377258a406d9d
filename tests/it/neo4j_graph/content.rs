//! What the database holds: enough to make the digest from.

use std::sync::Arc;

use foaf::{
    domain::{
        Edge, EdgeKind, Field, Handle, LogTime, Moment, Name, PairCommand, Profile, StateCommand,
        User, UserId, UserState,
    },
    graph::{Graph, Projected, digest::Digest},
};
use neo4rs::{Row, query};

use crate::story::{Story, id, profile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_digest_can_be_made_from_the_database() {
    let _turn = super::wiped().await;
    let graph = super::connect().await;
    let mut story = Story::new();
    tell(&graph, &mut story).await;
    let mut digest = Digest::default();
    for row in rows("MATCH (u:User) RETURN properties(u) AS p, null AS a").await {
        digest.add_user(&user(&row), None);
    }
    for row in rows("MATCH (u:UserPast) RETURN properties(u) AS p, null AS a").await {
        digest.add_user(&user(&row), Some(ended(&row)));
    }
    for (kind, name) in [
        (EdgeKind::Friend, "FRIEND"),
        (EdgeKind::Requested, "REQUESTED"),
        (EdgeKind::Blocked, "BLOCKED"),
    ] {
        for row in rows(&edges(name)).await {
            digest.add_edge(&edge(kind, &row), None);
        }
        for row in rows(&edges(&format!("{name}_PAST"))).await {
            digest.add_edge(&edge(kind, &row), Some(ended(&row)));
        }
    }
    assert_eq!(digest, story.cursor().digest);
}

/// Every kind of version and edge, over several batches.
async fn tell(graph: &impl Graph, story: &mut Story) {
    story.users(6);
    story.pending_user(7);
    story.register(8, profile("eight", "Åsa", Some("😀")), false);
    story.befriend(id(1), id(2));
    story.befriend(id(2), id(3));
    story.pair(PairCommand::SendFriendRequest, id(4), id(1));
    story.pair(PairCommand::BlockUser, id(5), id(1));
    assert_eq!(graph.project(&story.batch()).await, Ok(Projected::Done));
    story.pair(PairCommand::AcceptFriendRequest, id(1), id(4));
    story.pair(PairCommand::RemoveFriend, id(1), id(2));
    story.befriend(id(1), id(2));
    story.pair(PairCommand::UnblockUser, id(5), id(1));
    story.pair(PairCommand::BlockUser, id(5), id(6));
    story.rename(id(6), "six");
    story.rename(id(6), "6");
    story.suspend(id(3));
    assert_eq!(graph.project(&story.batch()).await, Ok(Projected::Done));
    story.change_state(StateCommand::ActivateUser, id(7));
    story.archive(id(2));
    story.archive(id(3));
    story.pair(PairCommand::SendFriendRequest, id(7), id(8));
    story.pair(PairCommand::CancelFriendRequest, id(7), id(8));
    assert_eq!(graph.project(&story.batch()).await, Ok(Projected::Done));
}

fn edges(name: &str) -> String {
    format!("MATCH (a)-[r:{name}]->(b) RETURN properties(r) AS p, [a.id, b.id] AS a")
}

async fn rows(text: &str) -> Vec<Row> {
    let mut stream = super::driver()
        .execute(query(text))
        .await
        .expect("an answer");
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await.expect("an answer") {
        rows.push(row);
    }
    rows
}

fn property<T: serde::de::DeserializeOwned>(row: &Row, name: &str) -> Option<T> {
    let properties: neo4rs::BoltMap = row.get("p").expect("properties");
    properties.get(name).ok()
}

fn moment(row: &Row, position: &str, time: &str) -> Moment {
    Moment {
        position: property(row, position).expect("a position"),
        time: LogTime(property(row, time).expect("a time")),
    }
}

fn ended(row: &Row) -> Moment {
    moment(row, "to", "until")
}

fn user_id(text: &str) -> UserId {
    text.parse().expect("an id")
}

fn user(row: &Row) -> Arc<User> {
    let text = |name| property::<String>(row, name);
    let name = |text: String| Name::parse(&text, Field::FirstName).expect("a name");
    Arc::new(User {
        id: user_id(&text("id").expect("an id")),
        profile: Profile {
            handle: Handle::parse(&text("handle").expect("a handle")).expect("a handle"),
            first_name: name(text("firstName").expect("a name")),
            last_name: text("lastName").map(name),
        },
        state: UserState::parse(&text("state").expect("a state")).expect("a state"),
        created_at: LogTime(property(row, "createdAt").expect("a time")),
        from: moment(row, "from", "since"),
    })
}

fn edge(kind: EdgeKind, row: &Row) -> Edge {
    let ends: Vec<String> = row.get("a").expect("two ids");
    Edge {
        kind,
        from: user_id(&ends[0]),
        to: user_id(&ends[1]),
        opened: moment(row, "from", "since"),
    }
}
