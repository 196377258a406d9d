//! `foaf import`.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, Node},
    config::{StoreArgs, Stores},
    import::{self, Events, Source, Stage, Step},
};

/// Import people and friendships from files
///
/// An edge list, as SNAP publishes them, has two ids a line with any white space between, and `#`
/// before comments; person N of the data set NAME gets the handle NAME-N.
///
/// CSV files have a header: `handle,firstName` (and, if you like, `lastName`, `uuid` and `state`) for
/// users, `from,to` (handles) for friendships. With a column `uuid` spaces around a text belong to
/// it. Who is SUSPENDED in the file is suspended at the end.
///
/// Files may be gzipped. What is there already is skipped, so an import can be repeated; it changes
/// no profile. The exit code is 1 if any line was refused.
///
/// With --events an exported log becomes a log again, with its ids and times: in a data folder that
/// has none, or in a Kafka topic that is not there.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// An edge list.
    #[arg(
        value_name = "FILE",
        env = "FOAF_IMPORT_FILE",
        conflicts_with_all = ["users", "friendships", "events"]
    )]
    file: Option<PathBuf>,

    /// A CSV file of users.
    #[arg(long, value_name = "CSV", env = "FOAF_IMPORT_USERS")]
    users: Option<PathBuf>,

    /// A CSV file of friendships.
    #[arg(long, value_name = "CSV", env = "FOAF_IMPORT_FRIENDSHIPS")]
    friendships: Option<PathBuf>,

    /// An exported log, to be restored in a data folder that has none or a topic that is not there.
    #[arg(
        long,
        value_name = "FILE",
        env = "FOAF_IMPORT_EVENTS",
        conflicts_with_all = ["users", "friendships", "name"]
    )]
    events: Option<PathBuf>,

    /// The name of the data set, from which ids are made; the first file's name without its endings
    /// if left out.
    #[arg(long, value_name = "NAME", env = "FOAF_IMPORT_NAME")]
    name: Option<String>,

    #[command(flatten)]
    stores: StoreArgs,
}

impl Import {
    pub(super) async fn run(self, stop: CancellationToken) -> Result<ExitCode> {
        let stores = self.stores.parse()?;
        if let Some(events) = &self.events {
            let bar = Bar::new();
            let records = bar.0.wrap_iter(Events::open(events)?).map(move |record| {
                if stop.is_cancelled() {
                    bail!("stopped; nothing was restored");
                }
                record
            });
            bar.0.set_style(ProgressStyle::with_template(
                "{human_pos} records, {per_sec}",
            )?);
            let restored = app::restore_log(&stores.log, records).await;
            bar.0.finish_and_clear();
            println!("records: {} restored", restored?);
            return Ok(ExitCode::SUCCESS);
        }
        let source = match self.file {
            Some(file) => Source::edge_list(file, self.name)?,
            None => Source::csv_files(self.users, self.friendships, self.name)?,
        };
        // Read before anything is opened: a file that is no such file changes nothing.
        source.check()?;
        import_into(&stores, &source, stop).await
    }
}

/// Imports a source into a node of its own, and says what it did.
pub(super) async fn import_into(
    stores: &Stores,
    source: &Source,
    stop: CancellationToken,
) -> Result<ExitCode> {
    let stopped_early = || anyhow!("stopped before anything was imported");
    let mut node = tokio::select! {
        node = Node::start(stores) => node?,
        () = stop.cancelled() => return Err(stopped_early()),
    };
    let imported = async {
        tokio::select! {
            ready = node.ready() => ready?,
            () = stop.cancelled() => return Err(stopped_early()),
        }
        let bar = Bar::new();
        let target = node.import_target();
        tokio::select! {
            error = node.died() => Err(error),
            summary = import::run(&target, source, |step| bar.show(step), &stop) => {
                bar.0.finish_and_clear();
                summary
            }
        }
    }
    .await;
    let stopped = node.stop().await.context("the import did not end well");
    let summary = imported?;
    stopped?;
    println!("{summary}");
    Ok(if summary.refused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template(
            "{msg:>12} [{bar:40}] {human_pos}/{human_len}  {per_sec}, {eta} left",
        );
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    fn show(&self, step: Step) {
        let stage = match step.stage {
            Stage::Users => "users",
            Stage::Friendships => "friendships",
            Stage::Suspensions => "suspensions",
            Stage::Projection => "projection",
        };
        if self.0.message() != stage {
            self.0.reset();
            self.0.set_message(stage);
        }
        self.0.set_length(step.of);
        self.0.set_position(step.done);
    }
}
