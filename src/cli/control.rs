//! Where the process that serves can be asked, and asking it.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use tokio_util::sync::CancellationToken;
use tracing::warn;

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
    ///
    /// # Errors
    /// If it was named, and the system does not take it.
    pub(super) fn path(&self, log: &LogUrl) -> Result<Option<PathBuf>> {
        if let Some(named) = &self.control {
            control::check_path(named)?;
            return Ok(Some(named.clone()));
        }
        let LogUrl::Sqlite(folder) = log else {
            return Ok(None);
        };
        let own = folder.join("control.sock");
        Ok(control::check_path(&own).is_ok().then_some(own))
    }

    /// As [`Self::path`], for the process that serves: says so where a data folder goes without.
    pub(super) fn place(&self, log: &LogUrl) -> Result<Option<PathBuf>> {
        let path = self.path(log)?;
        if let (None, LogUrl::Sqlite(folder)) = (&path, log)
            && let Err(reason) = control::check_path(&folder.join("control.sock"))
        {
            warn!(%reason, "there is no control socket: verify and rebuild do not reach this process");
        }
        Ok(path)
    }

    /// Asks the process that serves that log; `None` if nobody does.
    pub(super) async fn ask(
        &self,
        log: &LogUrl,
        request: Request,
        stop: &CancellationToken,
    ) -> Result<Option<Answer>> {
        let Some(path) = self.path(log)? else {
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
