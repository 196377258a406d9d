//! `foaf demo`: an example graph with no server and nothing to set up.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, Node},
    config::{GraphUrl, ListenArgs, LogUrl, Stores},
    import::{self, Source},
};

/// The characters of Les Misérables and who meets whom, after Knuth's Stanford `GraphBase`.
const USERS: &str = include_str!("demo/les-miserables-users.csv");
const FRIENDSHIPS: &str = include_str!("demo/les-miserables-friendships.csv");

#[derive(Debug, Args)]
pub(super) struct Demo {
    #[command(flatten)]
    listen: ListenArgs,
}

impl Demo {
    pub(super) async fn run(self, stop: CancellationToken) -> Result<ExitCode> {
        let (place, hosts) = self.listen.parse()?;
        let (listener, address) = app::bind(place).await?;
        let folder = tempfile::tempdir().context("no temporary folder could be made")?;
        let mut node = Node::start(&Stores {
            log: LogUrl::Sqlite(folder.path().to_owned()),
            graph: GraphUrl::Embedded,
            snapshots: None,
            writing: std::time::Duration::from_secs(10).into(),
            start_timeout: std::time::Duration::ZERO,
        })
        .await?;
        node.call(hosts);
        node.ready().await?;
        let source = Source::csv_text("les-miserables", USERS, FRIENDSHIPS);
        let summary = import::run(&node.import_target(), &source, |_| {}, &stop).await?;
        if !summary.refused.is_empty() {
            bail!("the example graph could not be loaded: {summary}");
        }
        let greet = || greet(&address.to_string(), &summary);
        app::serve(node, listener, stop, greet).await?;
        Ok(ExitCode::SUCCESS)
    }
}

fn greet(address: &str, summary: &import::Summary) {
    let ask = |query: &str| {
        let body = serde_json::json!({ "query": query });
        format!(
            "curl -s http://{address}/graphql -H 'content-type: application/json' \\\n         -d '{body}'"
        )
    };
    let friends = ask(
        "{ user(by: {handle: \"valjean\"}) { name friendsOfFriends(first: 5) { totalCount edges { distance mutualFriendCount node { name } } } } }",
    );
    let register = ask(
        "mutation { registerUser(input: {handle: \"you\", firstName: \"You\"}) { user { id name } position rejection { code message } } }",
    );
    println!(
        "\
foaf demo: {} people and {} friendships of Les Misérables, gone when you press ctrl-C

  http://{address}

Three things to try:
  1. Open http://{address} in a browser: a playground with example queries.
  2. Who do the friends of Jean Valjean know?
       {friends}
  3. Join in (the answer reads its own write):
       {register}
",
        summary.users.new, summary.friendships.new,
    );
}
