//! Where the process that serves can be asked, and asking it.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::{
    config::LogUrl,
    control::{self, Answer, Request},
};

use super::progress::Progress;

#[derive(Debug, Clone, Args)]
pub(super) struct ControlArgs {
    /// The control socket of the process that serves, by which `verify` and `rebuild` reach it;
    /// `control.sock` in the folder of a `sqlite:` log if left out.
    #[arg(long, env = "FOAF_CONTROL", value_name = "PATH")]
    control: Option<PathBuf>,
}

impl ControlArgs {
    /// The place of the socket, if there is one for that log.
    pub(super) fn path(&self, log: &LogUrl) -> Option<PathBuf> {
        self.control.clone().or_else(|| match log {
            LogUrl::Sqlite(folder) => Some(folder.join("control.sock")),
            LogUrl::Kafka { .. } | LogUrl::Memory => None,
        })
    }

    /// Asks the process that serves that log; `None` if nobody does.
    pub(super) async fn ask(
        &self,
        log: &LogUrl,
        request: Request,
        stop: &CancellationToken,
    ) -> Result<Option<Answer>> {
        let Some(path) = self.path(log) else {
            return Ok(None);
        };
        let bar = Progress::new();
        unless_stopped(stop, control::ask(&path, request, &|step| bar.show(step))).await
    }
}

/// Does something until it is done or `stop` comes.
pub(super) async fn unless_stopped<T>(
    stop: &CancellationToken,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::select! {
        () = stop.cancelled() => bail!("stopped before it was done"),
        result = work => result,
    }
}

/// Refuses to make a log where one is only to be read.
pub(super) fn must_exist(log: &LogUrl) -> Result<()> {
    match log {
        LogUrl::Sqlite(folder) if !folder.join("foaf.db").exists() => {
            bail!("--log: there is no log in {}", folder.display())
        }
        LogUrl::Memory => {
            bail!("--log: a log in memory is its own process's: nobody else can read it")
        }
        _ => Ok(()),
    }
}
