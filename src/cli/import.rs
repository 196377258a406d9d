//! `foaf import`.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, Node},
    config::{StoreArgs, Stores},
    import::{self, Events, Layout, Source, Stage, Step},
};

/// Import people and friendships from files
///
/// An edge list, as SNAP publishes them, has two ids a line with any white space between, and `#`
/// before comments; person N of the data set NAME gets the handle NAME-N. --columns, --separator and
/// --comment read other layouts; a file that looks like something else (Pajek, METIS, Matrix Market, a
/// first line with counts) is refused as a whole.
///
/// CSV files have a header: `handle,firstName` (and, if you like, `lastName`, `uuid` and `state`) for
/// users, `from,to` (handles) for friendships. With a column `uuid` spaces around a text belong to
/// it. Who is SUSPENDED in the file is suspended at the end.
///
/// Files may be gzipped; what is packed otherwise is named with what unpacks it. What is there already is skipped, so an import can be repeated; it changes
/// no profile. The exit code is 1 if any line was refused.
///
/// With --events an exported log becomes a log again, with its ids and times: in a data folder that
/// has none, or in a Kafka topic that is not there.
///
/// --dry-run shows first what an import would take the files for.
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

    /// In which two columns of an edge list the ids are, from 1 on, such as `1,2`; other columns may
    /// hold what they like. If left out, a line with more than two columns is refused.
    #[arg(
        long,
        value_name = "A,B",
        env = "FOAF_IMPORT_COLUMNS",
        value_parser = columns,
        conflicts_with_all = ["users", "friendships", "events"]
    )]
    columns: Option<[usize; 2]>,

    /// What is between two columns of an edge list: one character, or `tab`; any white space if left
    /// out.
    #[arg(
        long,
        value_name = "CHARACTER",
        env = "FOAF_IMPORT_SEPARATOR",
        value_parser = separator,
        conflicts_with_all = ["users", "friendships", "events"]
    )]
    separator: Option<char>,

    /// What a comment in an edge list begins with; `#` if left out.
    #[arg(
        long,
        value_name = "TEXT",
        env = "FOAF_IMPORT_COMMENT",
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        conflicts_with_all = ["users", "friendships", "events"]
    )]
    comment: Option<String>,

    /// Say what the files are taken for, how many users and friendships they have, and how many lines
    /// are refused; write nothing, and open no log. The exit code is 1 if any line is refused. Who is
    /// in the log already, or is a friend of somebody unknown, is not looked up.
    #[arg(long, env = "FOAF_IMPORT_DRY_RUN")]
    dry_run: bool,

    #[command(flatten)]
    stores: StoreArgs,
}

impl Import {
    pub(super) async fn run(self, stop: CancellationToken) -> Result<ExitCode> {
        let stores = self.stores.parse()?;
        if let Some(events) = &self.events {
            let bar = Bar::new();
            let mut records = bar.0.wrap_iter(Events::open(events)?).map(move |record| {
                if stop.is_cancelled() {
                    bail!("stopped; nothing was restored");
                }
                record
            });
            if self.dry_run {
                let count = records.try_fold(0, |count, record| record.map(|_| count + 1))?;
                bar.0.finish_and_clear();
                println!("format: exported log\nrecords: {count}\n{NOTHING_WRITTEN}");
                return Ok(ExitCode::SUCCESS);
            }
            bar.0.set_style(ProgressStyle::with_template(
                "{human_pos} records, {per_sec}",
            )?);
            let restored = app::restore_log(&stores.log, records).await;
            bar.0.finish_and_clear();
            println!("records: {} restored", restored?);
            return Ok(ExitCode::SUCCESS);
        }
        let source = match self.file {
            Some(file) => {
                let default = Layout::default();
                let layout = Layout {
                    columns: self.columns,
                    separator: self.separator,
                    comment: self.comment.unwrap_or(default.comment),
                };
                Source::edge_list_laid_out(file, self.name, layout)?
            }
            None => Source::csv_files(self.users, self.friendships, self.name)?,
        };
        // Read before anything is opened: a file that is no such file changes nothing.
        let understood = source.check()?;
        if self.dry_run {
            println!("{understood}\n{NOTHING_WRITTEN}");
            return Ok(exit_code(understood.refused == 0));
        }
        import_into(&stores, &source, stop).await
    }
}

const NOTHING_WRITTEN: &str = "nothing was written: this was a dry run";

fn exit_code(is_whole: bool) -> ExitCode {
    if is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn columns(text: &str) -> Result<[usize; 2], String> {
    let columns = text.split_once(',').and_then(|(from, to)| {
        let [from, to] = [from, to].map(|column| column.trim().parse().ok());
        Some([from?, to?])
    });
    match columns {
        Some([from, to]) if from > 0 && to > 0 && from != to => Ok([from, to]),
        _ => Err("two different columns are wanted, from 1 on, such as 1,2".to_owned()),
    }
}

fn separator(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(separator), None) => Ok(separator),
        _ => Err("one character is wanted, or tab".to_owned()),
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
    Ok(exit_code(summary.refused.is_empty()))
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
