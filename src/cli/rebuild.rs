//! `foaf rebuild`.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, Result, bail};
use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::{
    app, clock,
    config::{GraphUrl, LogUrl, StoreArgs},
    control::Request,
    event_log::EventLog,
    rebuild::{self, Rebuilt},
};

use super::{
    control::{ControlArgs, must_exist, unless_stopped},
    progress::Progress,
};

/// Make the graph anew from the log.
///
/// An embedded graph is made anew beside the live one, within the process that serves it, compared by
/// digest, and put in its place without a read that fails. For Neo4j, `--into` fills another database
/// beside the live service, and `--in-place` empties the one of `--graph` while no service is running.
/// Both can be repeated to go on where they were stopped.
#[derive(Debug, Args)]
pub(super) struct Rebuild {
    /// Fill this graph, which is empty or has a part of the same log: `neo4j://USER:PASSWORD@HOST:PORT[/DATABASE]`.
    #[arg(
        long,
        env = "FOAF_REBUILD_INTO",
        value_name = "GRAPH_URL",
        hide_env_values = true
    )]
    into: Option<String>,

    /// Empty the graph of `--graph` and fill it anew. Stop every service that uses it first.
    #[arg(long, env = "FOAF_REBUILD_IN_PLACE", conflicts_with = "into")]
    in_place: bool,

    #[command(flatten)]
    control: ControlArgs,
    #[command(flatten)]
    stores: StoreArgs,
}

impl Rebuild {
    pub(super) async fn run(self, stop: CancellationToken) -> Result<ExitCode> {
        let stores = self.stores.parse()?;
        let said = match (&self.into, self.in_place, &stores.graph) {
            (Some(into), _, _) => {
                let into =
                    GraphUrl::parse(into).map_err(|fault| anyhow::anyhow!("--into: {fault}"))?;
                if into == GraphUrl::Embedded {
                    bail!(
                        "--into: an embedded graph ends with this process; name a Neo4j database"
                    );
                }
                if into == stores.graph {
                    bail!("--into: this is the graph of --graph; use --in-place for it");
                }
                let rebuilt = self.make(&stores.log, &into, &stop).await?;
                format!(
                    "{rebuilt}\nto switch: set FOAF_GRAPH (or --graph) of each service to {into:?} with its password, and restart it; the graph that was used until now stays as it is"
                )
            }
            (None, true, GraphUrl::Embedded) => {
                bail!(
                    "--in-place: an embedded graph is made anew by every start, or by `foaf rebuild` while it is served"
                )
            }
            (None, true, graph) => self.make(&stores.log, graph, &stop).await?.to_string(),
            (None, false, GraphUrl::Embedded) => {
                let answer = self
                    .control
                    .ask(&stores.log, Request::Rebuild, &stop)
                    .await?;
                answer
                    .context("nobody serves this log, or not with a control socket that is known (--control PATH): there is nothing to rebuild, for an embedded graph is made anew at every start")?
                    .text
            }
            (None, false, _) => bail!(
                "how? `--into GRAPH_URL` fills another database beside the live service, `--in-place` empties this one first while no service is running"
            ),
        };
        println!("{said}");
        Ok(ExitCode::SUCCESS)
    }

    async fn make(
        &self,
        log: &LogUrl,
        graph: &GraphUrl,
        stop: &CancellationToken,
    ) -> Result<Rebuilt> {
        must_exist(log)?;
        let opened = app::open_log(log, clock::system()).await;
        let log = opened.context("the log must be free: stop the service that has it")?;
        let made = unless_stopped(stop, Box::pin(self.made(log.clone(), graph))).await;
        log.close().await;
        made.context("the graph is not whole; repeat the command to go on")
    }

    async fn made(&self, log: Arc<dyn EventLog>, graph: &GraphUrl) -> Result<Rebuilt> {
        let graph = app::open_graph(graph).await?;
        let bar = Progress::new();
        let show = |step| bar.show(step);
        if self.in_place {
            rebuild::in_place(log, graph, &show).await
        } else {
            rebuild::fill(log, graph, &show).await
        }
    }
}
