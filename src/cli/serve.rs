//! `foaf serve`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, Node},
    config::StoreArgs,
};

/// Where to listen.
#[derive(Debug, Clone, Args)]
pub(super) struct ListenArgs {
    /// The address to listen at; port 0 takes a free one.
    #[arg(
        long,
        env = "FOAF_LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub(super) listen: String,
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    stores: StoreArgs,
    #[command(flatten)]
    listen: ListenArgs,
}

impl Serve {
    pub(super) async fn run(self, stop: CancellationToken) -> Result<ExitCode> {
        let stores = self.stores.parse()?;
        let (listener, address) = app::bind(&self.listen.listen).await?;
        let node = tokio::select! {
            node = Node::start(&stores) => node?,
            () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
        };
        let greet =
            || println!("foaf listens at http://{address} (GraphQL: POST /graphql, playground: /)");
        app::serve(node, listener, stop, greet).await?;
        Ok(ExitCode::SUCCESS)
    }
}
