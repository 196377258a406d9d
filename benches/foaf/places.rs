//! Where the measured nodes keep their logs and graphs, and how they are started, served and emptied.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, anyhow};
use foaf::{
    app::{self, Node},
    config::{GraphUrl, LogUrl, Stores},
    graph::Graph,
    graphql::Services,
    import::{self, Source, Summary},
    judge::LogId,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A folder, and the servers, where their addresses are in the environment.
pub(crate) struct Places {
    folder: TempDir,
    servers: Option<(String, GraphUrl)>,
}

impl Places {
    pub(crate) fn new() -> Result<Self> {
        let address = |name| std::env::var(name).ok();
        let servers = address("FOAF_TEST_KAFKA").zip(address("FOAF_TEST_NEO4J"));
        let servers = servers.map(|(kafka, neo4j)| {
            let neo4j = GraphUrl::parse(&neo4j).map_err(|fault| anyhow!(fault))?;
            anyhow::Ok((kafka, neo4j))
        });
        Ok(Self {
            folder: tempfile::tempdir()?,
            servers: servers.transpose()?,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A new log in a file.
    pub(crate) fn sqlite(&self) -> LogUrl {
        LogUrl::Sqlite(self.folder().join(uuid::Uuid::new_v4().to_string()))
    }

    /// A new topic.
    pub(crate) fn kafka(&self) -> Option<LogUrl> {
        let (kafka, _) = self.servers.as_ref()?;
        let topic = format!("{kafka}/foaf-bench-{}", uuid::Uuid::new_v4());
        LogUrl::parse(&topic).ok()
    }

    pub(crate) fn neo4j(&self) -> Option<&GraphUrl> {
        self.servers.as_ref().map(|(_, neo4j)| neo4j)
    }

    /// A new topic and the database.
    pub(crate) fn servers(&self) -> Option<Stores> {
        Some(stores(self.kafka()?, self.neo4j()?.clone()))
    }
}

pub(crate) fn stores(log: LogUrl, graph: GraphUrl) -> Stores {
    Stores {
        log,
        graph,
        snapshots: None,
        write_timeout: Duration::from_secs(30),
        start_timeout: Duration::from_secs(10),
    }
}

pub(crate) async fn start(stores: &Stores) -> Result<Node> {
    let mut node = Box::pin(Node::start(stores)).await?;
    node.ready().await?;
    Ok(node)
}

pub(crate) async fn import(node: &Node, source: &Source) -> Result<Summary> {
    let stop = CancellationToken::new();
    import::run(&node.import_target(), source, |_| {}, &stop).await
}

pub(crate) fn ego_facebook() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/edges/ego-facebook.txt.gz")
}

/// Serves a node while `ask` asks it, stops it, and empties its graph.
pub(crate) async fn serve<F: Future<Output = Result<()>>>(
    node: Node,
    ask: impl FnOnce(String, Services) -> F,
) -> Result<()> {
    let services = node.services().clone();
    let (listener, address) = app::bind("127.0.0.1:0").await?;
    let stop = CancellationToken::new();
    let serving = app::serve(node, listener, stop.clone(), || {});
    let asking = async {
        let asked = ask(format!("http://{address}"), services.clone()).await;
        stop.cancel();
        asked
    };
    let (served, asked) = tokio::join!(serving, asking);
    let log_id = services.replay.progress().borrow().log_id;
    if let Some(log_id) = log_id {
        empty(&*services.graph, log_id).await?;
    }
    asked.and(served)
}

/// Takes out of a graph what was projected from that log.
pub(crate) async fn empty(graph: &dyn Graph, log_id: LogId) -> Result<()> {
    while graph.clear(log_id, 10_000).await? > 0 {}
    Ok(())
}
