//! Where the measured nodes keep their logs and graphs, and how they are started, served and emptied.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, anyhow};
use foaf::{
    app::{self, Node},
    config::{GraphUrl, LogUrl, Stores},
    graphql::Services,
    import::{self, Source, Summary},
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::raw;

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
        writing: Duration::from_secs(30).into(),
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

/// Serves a node while `ask` asks it, and stops it.
pub(crate) async fn serve<F: Future<Output = Result<()>>>(
    node: Node,
    ask: impl FnOnce(String, Services) -> F,
) -> Result<()> {
    let services = node.services().clone();
    let (listener, address) = app::bind("127.0.0.1:0").await?;
    let stop = CancellationToken::new();
    let serving = app::serve(node, listener, stop.clone(), || {});
    let asking = async {
        let asked = ask(format!("http://{address}"), services).await;
        stop.cancel();
        asked
    };
    let (served, asked) = tokio::join!(serving, asking);
    asked.and(served)
}

/// Empties the database. A graph's own `clear` keeps it for the log that it was projected from.
pub(crate) async fn empty(graph: &GraphUrl) -> Result<()> {
    if *graph == GraphUrl::Embedded {
        return Ok(());
    }
    let all = "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 100 ROWS";
    Ok(raw::neo4j(graph, 1)?.run(neo4rs::query(all)).await?)
}
