//! Registrations that leave the choice of the id to the node, all for one handle: they wait for each
//! other without turning in circles.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use foaf::{
    app::Node,
    clock,
    command_handler::{HandlerError, Reply, Request},
    domain::{Command, RejectionCode},
    event_log::{AppendError, Appended, EventLog, LogError, LogReader, Message, memory::MemoryLog},
    graph::embedded::EmbeddedGraph,
    judge::OutcomeResult,
};
use tokio::sync::Notify;

use crate::{logs, sample::profile};

/// Keeps the next record back until it is told to refuse it.
struct Refusing {
    inner: MemoryLog,
    refuses: AtomicBool,
    now: Notify,
}

#[async_trait]
impl EventLog for Refusing {
    async fn append(&self, message: Message) -> Result<Appended, AppendError> {
        if self.refuses.swap(false, Ordering::Relaxed) {
            self.now.notified().await;
            return Err(AppendError::Refused("not this one".to_owned()));
        }
        self.inner.append(message).await
    }

    async fn end(&self) -> Result<u64, LogError> {
        self.inner.end().await
    }

    async fn read(&self, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        self.inner.read(from).await
    }

    fn is_exclusive(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    async fn close(&self) {}
}

#[tokio::test]
async fn of_two_that_waited_for_a_third_one_has_it_and_one_is_refused() {
    let log = Arc::new(Refusing {
        inner: MemoryLog::new(clock::system()),
        refuses: AtomicBool::new(false),
        now: Notify::new(),
    });
    let graph = Arc::new(EmbeddedGraph::new());
    let patience = Duration::from_secs(5);
    let mut node = Node::compose(log.clone(), graph, clock::system(), patience)
        .await
        .expect("the node starts");
    logs::soon(node.ready()).await.expect("it gets ready");
    log.refuses.store(true, Ordering::Relaxed);
    let register = |key: &str| {
        let request = Request {
            command: Command::RegisterUser {
                id: None,
                profile: profile("ann", "Ann", None),
                pending: false,
            },
            actor: "test".into(),
            idempotency_key: Some(key.to_owned()),
            traceparent: None,
        };
        node.services().handler.handle(request)
    };
    // Polled in this order: the first has its turn, and the others queue, before it is refused.
    let refuse = async { log.now.notify_one() };
    let (first, second, third, ()) =
        tokio::join!(register("1"), register("2"), register("3"), refuse);
    assert!(
        matches!(first, Err(HandlerError::Unavailable(_))),
        "{first:?}"
    );
    let mut results = [second, third].map(outcome);
    results.sort_unstable();
    assert_eq!(results, ["HANDLE_TAKEN", "REGISTERED"]);
    node.stop().await.expect("it stops well");
}

fn outcome(answer: Result<Reply, HandlerError>) -> &'static str {
    match answer.expect("an answer").result {
        OutcomeResult::Registered(_) => "REGISTERED",
        OutcomeResult::Rejected(rejection) => {
            assert_eq!(rejection.code, RejectionCode::HandleTaken);
            "HANDLE_TAKEN"
        }
        OutcomeResult::Done => "DONE",
    }
}
