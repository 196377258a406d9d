//! The composition root: the only place that names an adapter. What main runs and tests start.
//!
//! Must never leave a task untracked: one that dies ends the node, and the process with it.

mod patience;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    clock::{self, Clock},
    command_handler::CommandHandler,
    config::{GraphUrl, LogUrl, Stores},
    event_log::{
        EventLog,
        kafka::{KafkaLog, KafkaSettings},
        memory::MemoryLog,
        sqlite::SqliteLog,
    },
    graph::{
        Graph,
        embedded::EmbeddedGraph,
        neo4j::{Neo4jGraph, Neo4jSettings},
    },
    graphql::{Api, Services},
    http::{self, Health, Site},
    import,
    judge::{GraphCreated, HashKey, LogId, RecordId, Windows},
    projector::Projector,
    replay::Replay,
    telemetry,
};

use patience::patiently;

/// How long a stop waits for what is under way.
const DRAIN: Duration = Duration::from_secs(15);

/// Who calls, as long as nobody says who they are.
const ANONYMOUS: &str = "anonymous";

/// A log, a graph, and all that works between them.
pub struct Node {
    services: Services,
    tasks: JoinSet<Result<()>>,
    stop: CancellationToken,
}

impl Node {
    /// Opens the log and the graph, waiting for servers that are not there yet, and starts to replay.
    /// May be dropped: nothing has begun then.
    ///
    /// # Errors
    /// If either cannot be used, or is not there in time; or the graph has seen more than the log holds.
    pub async fn start(stores: &Stores) -> Result<Self> {
        let clock = clock::system();
        let deadline = tokio::time::Instant::now() + stores.start_timeout;
        let open = || open_log(&stores.log, clock.clone());
        let log = match &stores.log {
            LogUrl::Kafka { .. } => patiently(&log_at(&stores.log), deadline, open).await?,
            LogUrl::Memory | LogUrl::Sqlite(_) => open().await?,
        };
        let open = || open_graph(&stores.graph);
        let graph = patiently(&graph_at(&stores.graph), deadline, open).await?;
        Self::compose(log, graph, clock, stores.write_timeout).await
    }

    /// Starts a node on a log and a graph that are open already.
    ///
    /// # Errors
    /// If the graph has seen more than the log holds.
    pub async fn compose(
        log: Arc<dyn EventLog>,
        graph: Arc<dyn Graph>,
        clock: Clock,
        write_timeout: Duration,
    ) -> Result<Self> {
        let end = log.end().await?;
        if let Some(cursor) = graph.cursor().await?
            && cursor.position > end
        {
            bail!(
                "the graph {} shows position {}, but the log {} ends at {end}: records are lost; restore the log, or empty the graph to go on with what is left",
                graph.describe(),
                cursor.position,
                log.describe(),
            );
        }
        info!(
            log = log.describe(),
            graph = graph.describe(),
            end,
            "starting"
        );
        let stop = CancellationToken::new();
        let (replay, feed) = Replay::new(log.clone());
        let handler = Arc::new(CommandHandler::new(
            log.clone(),
            replay.clone(),
            clock.clone(),
            write_timeout,
        ));
        let projector = Projector::new(graph.clone(), feed, replay.progress());
        let services = Services {
            projection: projector.status(),
            log,
            replay: replay.clone(),
            handler: handler.clone(),
            graph,
            clock: clock.clone(),
            commands: TaskTracker::new(),
            actor: ANONYMOUS.into(),
        };
        let mut tasks = JoinSet::new();
        let token = stop.clone();
        tasks.spawn(async move { Ok(projector.run(token).await?) });
        let token = stop.clone();
        tasks.spawn(async move {
            let fresh = || (fresh_identity(), clock());
            Ok(replay.run(token, fresh).await?)
        });
        let token = stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = token.cancelled() => Ok(()),
                error = handler.failed() => Err(error.into()),
            }
        });
        Ok(Self {
            services,
            tasks,
            stop,
        })
    }

    /// The parts that callers work with.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The node as the target of an import.
    #[must_use]
    pub fn import_target(&self) -> import::Target {
        import::Target {
            replay: self.services.replay.clone(),
            handler: self.services.handler.clone(),
            projection: self.services.projection.clone(),
        }
    }

    /// How the node is.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            replay: self.services.replay.progress(),
            projection: self.services.projection.clone(),
        }
    }

    /// Waits until the node is ready for callers.
    ///
    /// # Errors
    /// If it dies, or its projection halts, before.
    pub async fn ready(&mut self) -> Result<()> {
        let mut replay = self.services.replay.progress();
        let mut projection = self.services.projection.clone();
        let health = self.health();
        while let Some(obstacle) = health.obstacle() {
            if projection.borrow().is_halted {
                bail!(obstacle);
            }
            tokio::select! {
                error = self.died() => return Err(error),
                _ = replay.changed() => {}
                _ = projection.changed() => {}
            }
        }
        Ok(())
    }

    /// Resolves with the reason when a task has died. Cancel safe.
    pub async fn died(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Ok(Ok(()))) => anyhow!("a task ended before its time"),
            Some(Ok(Err(error))) => error,
            Some(Err(panic)) => anyhow!(panic).context("a task died"),
            None => anyhow!("no task is left"),
        }
    }

    /// Finishes the commands under way, stops every task, and closes the log.
    ///
    /// # Errors
    /// If a task fails on the way.
    pub async fn stop(mut self) -> Result<()> {
        self.services.commands.close();
        if tokio::time::timeout(DRAIN, self.services.commands.wait())
            .await
            .is_err()
        {
            warn!(
                "commands were still under way when the node stopped; their callers know no outcome"
            );
        }
        self.stop.cancel();
        let mut result = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            result = result.and(ended.map_err(anyhow::Error::from).and_then(|ended| ended));
        }
        self.services.log.close().await;
        info!("stopped");
        result
    }
}

/// Serves a node over HTTP until `stop`, then finishes what is under way; calls `greet` once the node
/// is ready for callers.
///
/// # Errors
/// If the node dies, or its projection or server fails while stopping.
pub async fn serve(
    mut node: Node,
    listener: TcpListener,
    stop: CancellationToken,
    greet: impl FnOnce() + Send,
) -> Result<()> {
    let site = Site {
        api: Arc::new(Api::new(node.services.clone())),
        health: node.health(),
        metrics: telemetry::metrics().context("metrics could not be set up")?,
    };
    let closing = CancellationToken::new();
    let token = closing.clone();
    let server = axum::serve(listener, http::router(site))
        .with_graceful_shutdown(async move { token.cancelled().await });
    let mut server = std::pin::pin!(server.into_future());
    let died = tokio::select! {
        () = stop.cancelled() => None,
        error = greet_and_watch(&mut node, greet) => Some(error),
        ended = &mut server => Some(anyhow!("the HTTP server ended before its time: {ended:?}")),
    };
    if let Some(error) = died {
        // Nothing more can be answered rightly: end at once, whatever waits.
        node.stop.cancel();
        node.services.log.close().await;
        return Err(error);
    }
    info!("stopping");
    closing.cancel();
    if tokio::time::timeout(DRAIN, server).await.is_err() {
        warn!("connections were still open when the server stopped");
    }
    node.stop().await
}

/// Resolves with the reason when the node dies.
async fn greet_and_watch(node: &mut Node, greet: impl FnOnce()) -> anyhow::Error {
    match node.ready().await {
        Ok(()) => {
            greet();
            node.died().await
        }
        // Halted, not dead: what was projected can be read, and readiness says so.
        Err(_) if node.services.projection.borrow().is_halted => node.died().await,
        Err(error) => error,
    }
}

/// Binds the address to listen at.
///
/// # Errors
/// If it is not an address, or is in use; says which and what to do.
pub async fn bind(address: &str) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen at {address}; choose another address with --listen HOST:PORT")
    })?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Opens the log that a URL names.
///
/// # Errors
/// If it cannot be used.
pub async fn open_log(url: &LogUrl, clock: Clock) -> Result<Arc<dyn EventLog>> {
    Ok(match url {
        LogUrl::Memory => Arc::new(MemoryLog::new(clock)),
        LogUrl::Sqlite(folder) => {
            let folder = folder.clone();
            let open = move || SqliteLog::open(&folder, clock);
            let opened = tokio::task::spawn_blocking(open).await?;
            Arc::new(opened.with_context(|| log_at(url))?)
        }
        LogUrl::Kafka { brokers, topic } => {
            let settings = KafkaSettings::new(brokers.clone(), topic.clone());
            let opened = KafkaLog::connect(settings).await;
            Arc::new(opened.with_context(|| log_at(url))?)
        }
    })
}

/// Opens the graph that a URL names.
///
/// # Errors
/// If it cannot be used.
pub async fn open_graph(url: &GraphUrl) -> Result<Arc<dyn Graph>> {
    Ok(match url {
        GraphUrl::Embedded => Arc::new(EmbeddedGraph::new()),
        GraphUrl::Neo4j {
            host,
            port,
            user,
            password,
            database,
        } => {
            let mut settings = Neo4jSettings::new(host, *port, user, password);
            settings.database.clone_from(database);
            let opened = Neo4jGraph::connect(settings).await;
            Arc::new(opened.with_context(|| graph_at(url))?)
        }
    })
}

/// The place of a log, and its setting.
fn log_at(url: &LogUrl) -> String {
    let place = match url {
        LogUrl::Memory => "memory:".to_owned(),
        LogUrl::Sqlite(folder) => format!("sqlite:{}", folder.display()),
        LogUrl::Kafka { brokers, topic, .. } => format!("kafka://{brokers}/{topic}"),
    };
    format!("{place} (--log, FOAF_LOG)")
}

/// The place of a graph, without the password, and its setting.
fn graph_at(url: &GraphUrl) -> String {
    format!("{url:?} (--graph, FOAF_GRAPH)")
}

#[expect(clippy::disallowed_methods, reason = "a log's identity is made here")]
fn fresh_identity() -> GraphCreated {
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("the system gives random bytes");
    GraphCreated {
        id: RecordId(Uuid::now_v7()),
        log_id: LogId(Uuid::new_v4()),
        hash_key: HashKey(key),
        windows: Windows::DEFAULT,
    }
}
