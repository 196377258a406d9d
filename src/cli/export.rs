//! `foaf export`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::{app, export, output::Output, replay::again::tell_again};

use super::ReadArgs;

/// Export the log, or the people and friendships of now, to files.
///
/// --events writes every record of the log as a line of JSON, a CloudEvent with what it takes to
/// restore the record; `foaf import --events` makes a log of them again, with the same ids, times and positions.
/// That is a whole backup. It holds the key of the log's hashes: keep it as safe as the log.
///
/// --users and --friendships write CSV files that `foaf import` reads: people with their ids, states and
/// handles, and who is friends with whom, as of now. They hold no history, requests, blocks or archived users.
///
/// Names that end in `.gz` are packed; `-` is the standard output. A file comes whole or not at all, and only the user
/// who makes it can read it. It works beside a running service.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// Where to write the log, as JSON lines.
    #[arg(long, value_name = "FILE", env = "FOAF_EXPORT_EVENTS")]
    events: Option<PathBuf>,

    /// Where to write the users, as CSV.
    #[arg(long, value_name = "CSV", env = "FOAF_EXPORT_USERS")]
    users: Option<PathBuf>,

    /// Where to write the friendships, as CSV.
    #[arg(long, value_name = "CSV", env = "FOAF_EXPORT_FRIENDSHIPS")]
    friendships: Option<PathBuf>,

    /// Overwrite files that are there.
    #[arg(long, env = "FOAF_EXPORT_FORCE")]
    force: bool,

    #[command(flatten)]
    log: ReadArgs,
}

impl Export {
    pub(super) async fn run(self, stop: CancellationToken) -> Result<ExitCode> {
        tokio::select! {
            () = stop.cancelled() => bail!("stopped; what is not complete was not written"),
            exported = self.export() => exported,
        }
    }

    async fn export(&self) -> Result<ExitCode> {
        let url = self.log.parse()?;
        let create = |path: &Option<PathBuf>| {
            let path = path.as_ref();
            path.map(|path| Output::create(path, self.force))
                .transpose()
        };
        let events = create(&self.events)?;
        let (users, friendships) = (create(&self.users)?, create(&self.friendships)?);
        if events.is_none() && users.is_none() && friendships.is_none() {
            bail!("nothing to export: name a file with --events, --users or --friendships");
        }
        let log = app::open_log_to_read(&url).await?;
        if let Some(mut output) = events {
            let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
                "{msg:>12} [{bar:40}] {human_pos}/{human_len}  {per_sec}, {eta} left",
            )?);
            let show = |done, of| {
                bar.set_length(of);
                bar.set_position(done);
            };
            let count = export::events(&*log, &mut output, show).await?;
            output.finish()?;
            bar.finish_and_clear();
            eprintln!("records: {count} exported");
        }
        if users.is_some() || friendships.is_some() {
            let model = tell_again(&*log, |_| {}).await?;
            if let Some(mut output) = users {
                let count = export::users(model.state(), &mut output)?;
                output.finish()?;
                eprintln!("users: {count} exported");
            }
            if let Some(mut output) = friendships {
                let count = export::friendships(model.state(), &mut output)?;
                output.finish()?;
                eprintln!("friendships: {count} exported");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
