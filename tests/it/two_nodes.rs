//! Two nodes with different settings on one log: they judge alike, whoever was first.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use fastrand::Rng;
use foaf::{
    app::{self, Node},
    clock,
    command_handler::Request,
    config::{KafkaSecurity, LogUrl},
    domain::{Command, Handle, Name, PairCommand, Profile, StateCommand, UserId},
    graph::{Graph, digest::Digest, embedded::EmbeddedGraph},
    judge::OutcomeResult,
    replay::Replay,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{logs, observer::Observer};

const PEOPLE: u128 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn they_come_to_the_same_state_at_each_position() {
    let topic = logs::fresh_topic();
    let url = LogUrl::Kafka {
        brokers: topic.brokers.clone(),
        topic: topic.topic.clone(),
        security: KafkaSecurity::default(),
    };
    let mut nodes = Vec::new();
    let mut seen = Vec::new();
    for write_timeout in [Duration::from_secs(20), Duration::from_secs(30)] {
        let log = app::open_log(&url, clock::system())
            .await
            .expect("the broker answers");
        let digests = Arc::new(Mutex::new(Vec::new()));
        let inner: Arc<dyn Graph> = Arc::new(EmbeddedGraph::new());
        let graph = Arc::new(Observer::new(inner, digests.clone()));
        let mut node = Node::compose(log, graph, clock::system(), write_timeout)
            .await
            .expect("the node starts");
        logs::soon(node.ready()).await.expect("it gets ready");
        nodes.push(node);
        seen.push(digests);
    }
    for person in 0..PEOPLE {
        let profile = Profile {
            handle: Handle::parse(&format!("p{person}")).expect("a handle"),
            first_name: Name::parse("P", foaf::domain::Field::FirstName).expect("a name"),
            last_name: None,
        };
        let command = Command::RegisterUser {
            id: Some(id(person)),
            profile,
            pending: false,
        };
        run(&nodes[0], command).await;
    }
    // Both at once: befriending, ending, suspending and archiving the same few people.
    let mut done = [0, 0];
    for round in 0..60_u64 {
        let mut rng = Rng::with_seed(round);
        let commands: Vec<Command> = (0..8).map(|_| random(&mut rng, round)).collect();
        let (first, second) = commands.split_at(4);
        let one = futures::future::join_all(first.iter().map(|c| run(&nodes[0], c.clone())));
        let two = futures::future::join_all(second.iter().map(|c| run(&nodes[1], c.clone())));
        let (one, two) = logs::soon(futures::future::join(one, two)).await;
        done[0] += one.into_iter().filter(|done| *done).count();
        done[1] += two.into_iter().filter(|done| *done).count();
    }
    assert!(done[0] > 20 && done[1] > 20, "both were heard: {done:?}");
    let end = nodes[0]
        .services()
        .log
        .end()
        .await
        .expect("the broker answers");
    for node in &nodes {
        let mut status = node.services().projection.clone();
        logs::soon(status.wait_for(|status| status.position >= end))
            .await
            .expect("it follows");
    }
    for node in nodes {
        node.stop().await.expect("it stops well");
    }
    let every = digest_at_every_position(&url, end).await;
    for seen in seen {
        let seen = seen.lock().expect("no panic").clone();
        assert!(!seen.is_empty());
        for (position, digest) in seen {
            assert_eq!(every.get(&position), Some(&digest), "at {position}");
        }
    }
    logs::delete_topic(&topic).await;
}

/// What a third reader of the log comes to, position by position.
async fn digest_at_every_position(url: &LogUrl, end: u64) -> BTreeMap<u64, Digest> {
    let log = app::open_log(url, clock::system())
        .await
        .expect("the broker answers");
    let (replay, mut feed) = Replay::new(log.clone());
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let token = stop.clone();
    tasks.spawn(async move {
        let fresh = || unreachable!("the log has its identity");
        replay.run(token, fresh).await
    });
    let mut digests = BTreeMap::new();
    while !digests.contains_key(&end) {
        let applied = logs::soon(feed.recv()).await.expect("replay goes on");
        digests.insert(applied.position, applied.digest);
    }
    stop.cancel();
    for ended in tasks.join_all().await {
        ended.expect("it stops well");
    }
    log.close().await;
    digests
}

fn random(rng: &mut Rng, round: u64) -> Command {
    let user = id(rng.u128(..PEOPLE));
    let other = id(rng.u128(..PEOPLE));
    let change = match rng.u8(..10) {
        0..=5 => PairCommand::AddFriend,
        6..=7 => PairCommand::RemoveFriend,
        8 => {
            let change = *rng
                .choice(&[StateCommand::SuspendUser, StateCommand::ReactivateUser])
                .expect("one of two");
            return Command::ChangeState { change, user };
        }
        // Late, or nobody would be left.
        _ if round > 45 => {
            let change = StateCommand::ArchiveUser;
            return Command::ChangeState { change, user };
        }
        _ => PairCommand::BlockUser,
    };
    Command::ChangePair {
        change,
        user,
        other,
    }
}

/// Whether it took effect; it must have an outcome.
async fn run(node: &Node, command: Command) -> bool {
    let request = Request {
        command,
        actor: "test".into(),
        idempotency_key: None,
        traceparent: None,
    };
    match node.services().handler.handle(request).await {
        Ok(reply) => !matches!(reply.result, OutcomeResult::Rejected(_)),
        Err(foaf::command_handler::HandlerError::Conflict) => false,
        Err(error) => panic!("{error}"),
    }
}

fn id(person: u128) -> UserId {
    UserId(Uuid::from_u128(person + 1))
}
