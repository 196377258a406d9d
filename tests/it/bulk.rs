//! Commands handled together fare as if each had been handled by itself.

use std::time::Duration;

use foaf::{
    app::Node,
    clock,
    command_handler::{BULK, HandlerError, Request},
    domain::{Command, PairCommand, RejectionCode, UserId},
    event_log::{EventLog, memory::MemoryLog},
    graph::embedded::EmbeddedGraph,
    judge::OutcomeResult,
};
use uuid::Uuid;

use crate::{logs, sample::profile};

async fn node() -> Node {
    let log: std::sync::Arc<dyn EventLog> = std::sync::Arc::new(MemoryLog::new(clock::system()));
    let graph = std::sync::Arc::new(EmbeddedGraph::new());
    let patience = Duration::from_secs(5);
    let node = Node::compose(log, graph, clock::system(), patience);
    let mut node = node.await.expect("the node starts");
    logs::soon(node.ready()).await.expect("it gets ready");
    node
}

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn request(command: Command, key: Option<&str>) -> Request {
    Request {
        command,
        actor: "test".into(),
        idempotency_key: key.map(str::to_owned),
        traceparent: None,
    }
}

fn register(number: u128) -> Request {
    let command = Command::RegisterUser {
        id: Some(user(number)),
        profile: profile(&format!("user-{number}"), "Ann", None),
        pending: false,
    };
    request(command, None)
}

fn befriend(one: u128, other: u128, key: Option<&str>) -> Request {
    let command = Command::ChangePair {
        change: PairCommand::AddFriend,
        user: user(one),
        other: user(other),
    };
    request(command, key)
}

async fn handle_all(node: &Node, requests: &[Request]) -> Vec<String> {
    let answers = logs::soon(node.services().handler.handle_all(requests)).await;
    let told = |answer: Result<OutcomeResult, HandlerError>| match answer {
        Ok(OutcomeResult::Rejected(rejection)) => rejection.code.as_str().to_owned(),
        Ok(_) => "DONE".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    let results = answers
        .into_iter()
        .map(|answer| answer.map(|reply| reply.result));
    results.map(told).collect()
}

#[tokio::test]
async fn those_that_meet_take_their_turns_and_answers_keep_the_order() {
    let node = node().await;
    let users: Vec<_> = (0..4).map(register).chain([register(2)]).collect();
    let taken = RejectionCode::IdTaken.as_str();
    assert_eq!(
        handle_all(&node, &users).await,
        ["DONE", "DONE", "DONE", "DONE", taken]
    );
    let requests = [
        befriend(0, 1, None),
        befriend(1, 0, None),
        befriend(0, 0, None),
        befriend(0, 2, Some("key")),
        befriend(0, 2, Some("key")),
        befriend(0, 3, Some("key")),
        befriend(0, 9, None),
        befriend(0, 3, None),
    ];
    let expected = [
        "DONE",
        RejectionCode::AlreadyFriends.as_str(),
        RejectionCode::SelfReference.as_str(),
        "DONE",
        "DONE",
        "IdempotencyKeyReused",
        RejectionCode::UnknownUser.as_str(),
        "DONE",
    ];
    assert_eq!(handle_all(&node, &requests).await, expected);
    let known = logs::soon(
        node.services()
            .replay
            .read(|model| model.state().pair_count()),
    )
    .await;
    assert_eq!(known, 3);
    node.stop().await.expect("it stops well");
}

#[tokio::test]
async fn more_than_may_be_under_way_are_handled_in_turn() {
    let node = node().await;
    let count = 40 * BULK;
    let users: Vec<_> = (0..count as u128).map(register).collect();
    let answers = handle_all(&node, &users).await;
    assert_eq!(answers.len(), count);
    assert!(answers.iter().all(|answer| answer == "DONE"));
    node.stop().await.expect("it stops well");
}
