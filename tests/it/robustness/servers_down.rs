//! A log or a graph that does not answer: the node says so, and soon.

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
    event_log::{AppendError, Appended, EventLog, LogError, LogReader, Message, memory::MemoryLog},
    graph::embedded::EmbeddedGraph,
};
use serde_json::{Value, json};

use crate::{observer::Observer, service::Service};

/// A log whose end can become a secret: then the question hangs.
struct Secretive {
    inner: MemoryLog,
    is_hanging: AtomicBool,
}

#[async_trait]
impl EventLog for Secretive {
    async fn append(&self, message: Message) -> Result<Appended, AppendError> {
        self.inner.append(message).await
    }

    async fn end(&self) -> Result<u64, LogError> {
        if self.is_hanging.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.inner.end().await
    }

    async fn read(&self, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        self.inner.read(from).await
    }

    fn is_exclusive(&self) -> bool {
        self.inner.is_exclusive()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

const QUERY: &str = "{ projection { state error position logEnd lagRecords lagMs } }";

#[tokio::test]
async fn readiness_and_status_tell_which_server_does_not_answer() {
    let log = Arc::new(Secretive {
        inner: MemoryLog::new(clock::system()),
        is_hanging: AtomicBool::new(false),
    });
    let graph = Arc::new(Observer::new(
        Arc::new(EmbeddedGraph::new()),
        Arc::default(),
    ));
    let node = Node::compose(
        log.clone(),
        graph.clone(),
        clock::system(),
        Duration::from_secs(10),
    )
    .await
    .expect("it starts");
    let service = Service::of(node).await;
    service.register("ada", "Ada").await;
    assert_eq!(service.get("/health/ready").await.0, 200);
    let status = async || service.ask(QUERY, json!({})).await["projection"].take();
    let well = status().await;
    assert_eq!(
        (&well["state"], &well["lagRecords"]),
        (&json!("LIVE"), &json!(0))
    );

    graph.is_down.store(true, Ordering::Relaxed);
    let (code, reason) = service.get("/health/ready").await;
    assert_eq!(
        (code, reason.contains("the graph")),
        (503, true),
        "{reason}"
    );
    let down = status().await;
    assert_eq!(down["state"], "CATCHING_UP");
    assert_eq!(down["error"], "the graph: it is out of reach for now");
    assert_eq!(down["logEnd"], well["logEnd"]);

    graph.is_down.store(false, Ordering::Relaxed);
    assert_eq!(service.get("/health/ready").await.0, 200);
    log.is_hanging.store(true, Ordering::Relaxed);
    let (code, reason) = service.get("/health/ready").await;
    assert_eq!(
        (code, reason.contains("the event log")),
        (503, true),
        "{reason}"
    );
    let down = status().await;
    assert_eq!(down["error"], "the event log: it is out of reach for now");
    assert_eq!(down["position"], well["position"]);
    for field in ["logEnd", "lagRecords", "lagMs"] {
        assert_eq!(down[field], Value::Null, "{field}");
    }
    assert_eq!(service.get("/health/live").await.0, 200);
    service.stop().await;
}
