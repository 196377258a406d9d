//! `foaf verify`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::{
    app, clock,
    config::{GraphUrl, StoreArgs, Stores},
    control::{Answer, Request},
    verify::{self, Repair},
};

use super::{
    control::{ControlArgs, must_exist, unless_stopped},
    progress::Progress,
};

/// Compare the graph with the log, and name each user and edge that differs.
///
/// The log is projected into a second graph in memory, as far as the graph has come, and the two are
/// compared item by item; a service may go on meanwhile. Where a process serves the log and listens at
/// its control socket, that process is asked, and checks its own graph. Exit code 0: the same; 1: they
/// differ; 2: it could not be done.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Mend exactly what differs, and compare again; the exit code is 0 if nothing is left. What foaf
    /// cannot have written and the log does not name is left as it is.
    #[arg(long, env = "FOAF_VERIFY_REPAIR")]
    repair: bool,

    /// With --repair: take out what foaf cannot have written, too, such as nodes of another program
    /// with a label of ours. Their relationships go with them.
    #[arg(long, env = "FOAF_VERIFY_DELETE_FOREIGN", requires = "repair")]
    delete_foreign: bool,

    #[command(flatten)]
    control: ControlArgs,
    #[command(flatten)]
    stores: StoreArgs,
}

impl Verify {
    pub(super) async fn run(self, stop: CancellationToken) -> ExitCode {
        match self.answer(&stop).await {
            Ok(answer) => {
                println!("{}", answer.text);
                if answer.is_equal {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                }
            }
            Err(error) => {
                eprintln!("foaf: {error:#}");
                ExitCode::from(2)
            }
        }
    }

    async fn answer(&self, stop: &CancellationToken) -> Result<Answer> {
        let stores = self.stores.parse()?;
        let request = Request::Verify {
            repair: self.repairs(),
        };
        match self.control.ask(&stores.log, request, stop).await? {
            Some(answer) => Ok(answer),
            None => unless_stopped(stop, Box::pin(self.here(&stores))).await,
        }
    }

    fn repairs(&self) -> Repair {
        match (self.repair, self.delete_foreign) {
            (false, _) => Repair::No,
            (true, false) => Repair::Ours,
            (true, true) => Repair::All,
        }
    }

    async fn here(&self, stores: &Stores) -> Result<Answer> {
        if stores.graph == GraphUrl::Embedded {
            bail!(
                "nobody serves this log, or not with a control socket that is known (--control PATH): an embedded graph is made anew at every start, so there is none to verify"
            );
        }
        must_exist(&stores.log)?;
        let log = app::open_log(&stores.log, clock::system()).await?;
        let graph = app::open_graph(&stores.graph).await?;
        let bar = Progress::new();
        let show = |step| bar.show(step);
        let checked = verify::run(
            log.clone(),
            &*graph,
            app::empty_graph(),
            self.repairs(),
            &show,
        )
        .await;
        log.close().await;
        let report = checked?;
        Ok(Answer {
            text: report.to_string(),
            is_equal: report.is_equal(),
        })
    }
}
