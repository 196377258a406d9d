//! The composition root: the only place that names an adapter. What main runs and tests start.
//!
//! Must never leave a task untracked: one that dies ends the node, and the process with it.

mod clocks;
mod identity;
mod patience;
mod serving;
mod snapshots;
mod stores;
mod upkeep;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use tokio::{runtime::Handle, sync::watch, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::{
    clock::{self, Clock},
    command_handler::CommandHandler,
    config::{GraphUrl, Hosts, Limits, LogUrl, Roles, Stores, Writing},
    event_log::EventLog,
    graph::{Graph, swap::Swappable},
    graphql::{Lane, Reach, Services, Vitals},
    http::Health,
    import,
    projector::Projector,
    replay::{Replay, model::WriteModel},
};

use identity::fresh_identity;
use patience::patiently;
pub use serving::{bind, serve};
use snapshots::Keeper;
pub use stores::{empty_graph, open_graph, open_log, open_log_to_read, restore_log};
use stores::{graph_at, log_at};
pub use upkeep::Upkeep;

/// How long a stop waits for commands under way.
const DRAIN: Duration = Duration::from_secs(15);

/// Who calls, as long as nobody says who they are.
const ANONYMOUS: &str = "anonymous";

/// A log, a graph, and all that works between them.
pub struct Node {
    services: Services,
    keeper: Option<Arc<Keeper>>,
    graph: Arc<Swappable>,
    differences: watch::Sender<u64>,
    hosts: Hosts,
    tasks: JoinSet<Result<()>>,
    roles: Roles,
    stop: CancellationToken,
}

impl Node {
    /// Opens the log and the graph, waiting for servers that are not there yet, and starts to replay.
    /// May be dropped: nothing has begun then.
    ///
    /// # Errors
    /// If either cannot be used, or is not there in time; or the graph has seen more than the log holds.
    pub async fn start(stores: &Stores) -> Result<Self> {
        Self::start_as(stores, Roles::ALL).await
    }

    /// As [`Self::start`], for a node that does only so much.
    ///
    /// # Errors
    /// Likewise; and if nobody would project into an embedded graph.
    pub async fn start_as(stores: &Stores, roles: Roles) -> Result<Self> {
        if stores.graph == GraphUrl::Embedded && !roles.projector {
            bail!(
                "--roles: an embedded graph has no projector but its own node's; add `projector`, or name a Neo4j with --graph"
            );
        }
        let clock = clock::system();
        let deadline = tokio::time::Instant::now() + stores.start_timeout;
        let open = || open_log(&stores.log, clock.clone());
        let log = match &stores.log {
            LogUrl::Kafka { .. } => patiently(&log_at(&stores.log), deadline, open).await?,
            LogUrl::Memory | LogUrl::Sqlite(_) => open().await?,
        };
        let open = || open_graph(&stores.graph);
        let mut graph = patiently(&graph_at(&stores.graph), deadline, open).await?;
        let Some(folder) = stores.snapshots() else {
            let model = WriteModel::default();
            return Self::assemble(log, graph, clock, stores.writing, model, roles).await;
        };
        crate::folder::make(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let is_embedded = stores.graph == GraphUrl::Embedded;
        let start = snapshots::find(folder, &*log, graph.cursor().await?, is_embedded).await?;
        if let Some(loaded) = start.graph {
            graph = Arc::new(loaded);
        }
        let position = start.model.position();
        let (writing, model) = (stores.writing, start.model);
        let mut node = Self::assemble(log, graph, clock, writing, model, roles).await?;
        let keeper = Arc::new(Keeper {
            folder: folder.to_owned(),
            replay: node.services.replay.clone(),
            graph: node.services.graph.clone(),
            projection: node.services.projection.clone(),
            last: position.into(),
        });
        node.keeper = Some(keeper.clone());
        let (token, log) = (node.stop.clone(), node.services.log.clone());
        node.tasks.spawn(async move {
            tokio::select! {
                damaged = snapshots::check_passed_over(&*log, position) => Err(damaged),
                () = token.cancelled() => Ok(()),
            }
        });
        let token = node.stop.clone();
        node.tasks.spawn(async move {
            keeper.run(token).await;
            Ok(())
        });
        Ok(node)
    }

    /// Starts a node on a log and a graph that are open already.
    ///
    /// # Errors
    /// If the graph has seen more than the log holds.
    pub async fn compose(
        log: Arc<dyn EventLog>,
        graph: Arc<dyn Graph>,
        clock: Clock,
        writing: impl Into<Writing>,
    ) -> Result<Self> {
        Self::resume(log, graph, clock, writing, WriteModel::default()).await
    }

    /// As [`Self::compose`], from a write model that is not ahead of the graph.
    ///
    /// # Errors
    /// If the graph has seen more than the log holds.
    pub async fn resume(
        log: Arc<dyn EventLog>,
        graph: Arc<dyn Graph>,
        clock: Clock,
        writing: impl Into<Writing>,
        model: WriteModel,
    ) -> Result<Self> {
        Self::assemble(log, graph, clock, writing.into(), model, Roles::ALL).await
    }

    async fn assemble(
        log: Arc<dyn EventLog>,
        graph: Arc<dyn Graph>,
        clock: Clock,
        writing: Writing,
        model: WriteModel,
        roles: Roles,
    ) -> Result<Self> {
        // The graph first: other nodes may write and project meanwhile.
        let cursor = graph.cursor().await?;
        let end = log.end().await?;
        if let Some(cursor) = cursor
            && cursor.position > end
        {
            bail!(
                "the graph {} shows position {}, but the log {} ends at {end}: records are lost; restore the log, or empty the graph to go on with what is left",
                graph.describe(),
                cursor.position,
                log.describe(),
            );
        }
        if let Some(cursor) = cursor
            && snapshots::log_id(&*log).await? == Some(cursor.log_id)
            && !snapshots::is_of_this_past(&*log, cursor.last).await?
        {
            bail!(
                "the graph {} shows another past of the log {}, which was restored or cut off since: restore the log that it was projected from, or empty the graph",
                graph.describe(),
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
        let swappable = Arc::new(Swappable::new(graph));
        let graph: Arc<dyn Graph> = swappable.clone();
        let (replay, feed) = Replay::resume(log.clone(), model);
        let handler = Arc::new(CommandHandler::new(
            log.clone(),
            replay.clone(),
            clock.clone(),
            writing,
        ));
        let projector = Projector::new(graph.clone(), feed, replay.progress());
        let services = Services {
            projection: projector.status(),
            vitals: Arc::new(Vitals::new(log.clone(), graph.clone())),
            log,
            replay: replay.clone(),
            handler: handler.clone(),
            graph,
            clock: clock.clone(),
            commands: TaskTracker::new(),
            actor: ANONYMOUS.into(),
            limits: Limits::default(),
            reach: Arc::new(Reach::new(replay.clone())),
            lane: Lane::on(Handle::current()),
        };
        let mut tasks = JoinSet::new();
        let token = stop.clone();
        tasks.spawn(async move {
            let ended = if roles.projector {
                projector.run(token).await
            } else {
                projector.follow(token).await
            };
            Ok(ended?)
        });
        let (token, watched) = (
            stop.clone(),
            clocks::watch(replay.progress(), clock.clone()),
        );
        tasks.spawn(async move {
            token.run_until_cancelled(watched).await;
            Ok(())
        });
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
            keeper: None,
            graph: swappable,
            differences: watch::Sender::new(0),
            hosts: Hosts::default(),
            tasks,
            roles,
            stop,
        })
    }

    /// The parts that callers work with.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Sets by which names it may be called.
    pub fn call(&mut self, hosts: Hosts) {
        self.hosts = hosts;
    }

    /// Sets what one request may ask for.
    pub fn limit(&mut self, limits: Limits) {
        self.services.limits = limits;
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
            differences: self.differences.subscribe(),
            vitals: self.services.vitals.clone(),
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
        if let Some(keeper) = &self.keeper
            && tokio::time::timeout(DRAIN, keeper.write()).await.is_err()
        {
            warn!("no snapshot was written at the stop, the next start takes longer");
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
