//! `foaf serve`.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, Node, Upkeep},
    config::{LimitArgs, ListenArgs, Roles, StoreArgs},
};

use super::control::ControlArgs;

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    stores: StoreArgs,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    control: ControlArgs,

    /// Compare the graph with the log in the background, each time so many seconds after the last;
    /// never if left out.
    #[arg(
        long,
        env = "FOAF_VERIFY_EVERY",
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    verify_every: Option<u64>,

    /// What this node does: `api` answers callers, `projector` keeps the graph. Several nodes may
    /// project into one Neo4j; one of them has to.
    #[arg(
        long,
        env = "FOAF_ROLES",
        value_name = "ROLES",
        default_value = "api,projector"
    )]
    roles: Roles,
}

impl Serve {
    pub(super) async fn run(self, stop: CancellationToken) -> Result<ExitCode> {
        let stores = self.stores.parse()?;
        let (place, hosts) = self.listen.parse()?;
        let control = self.control.place(&stores.log)?;
        let (listener, address) = app::bind(place).await?;
        let mut node = tokio::select! {
            node = Node::start_as(&stores, self.roles) => node?,
            () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
        };
        node.limit(self.limits.parse()?);
        node.call(hosts);
        let attended = node
            .attend(Upkeep {
                control,
                verify_every: self.verify_every.map(Duration::from_secs),
            })
            .await;
        if let Err(error) = attended {
            node.stop().await?;
            return Err(error);
        }
        let offers = if self.roles.api {
            "GraphQL: POST /graphql, playground: /"
        } else {
            "health and metrics only"
        };
        let greet = || println!("foaf listens at http://{address} ({offers})");
        app::serve(node, listener, stop, greet).await?;
        Ok(ExitCode::SUCCESS)
    }
}
