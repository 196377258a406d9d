//! `foaf serve`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, Node},
    config::{ListenArgs, StoreArgs},
};

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
        let node = Node::start(&stores).await?;
        let greet =
            || println!("foaf listens at http://{address} (GraphQL: POST /graphql, playground: /)");
        app::serve(node, listener, stop, greet).await?;
        Ok(ExitCode::SUCCESS)
    }
}
