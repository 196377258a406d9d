//! What the process that serves does when it is asked to.

use std::sync::Arc;

use anyhow::{Result, bail};
use tokio::sync::{Mutex, watch};
use tracing::info;

use super::{Answer, Request};
use crate::{
    event_log::EventLog,
    graph::{Graph, swap::Swappable},
    rebuild,
    verify::{self, Show},
};

/// Who checks and rebuilds the graph of one node, one thing at a time.
pub struct Desk {
    log: Arc<dyn EventLog>,
    graph: Arc<Swappable>,
    empty: fn() -> Arc<dyn Graph>,
    differences: watch::Sender<u64>,
    busy: Mutex<()>,
}

impl Desk {
    /// For the graph of a node; `empty` gives one to project into, `differences` is told how many
    /// there are.
    #[must_use]
    pub fn new(
        log: Arc<dyn EventLog>,
        graph: Arc<Swappable>,
        empty: fn() -> Arc<dyn Graph>,
        differences: watch::Sender<u64>,
    ) -> Self {
        Self {
            log,
            graph,
            empty,
            differences,
            busy: Mutex::new(()),
        }
    }

    /// Does what is asked for.
    ///
    /// # Errors
    /// If it cannot be done, or something else is being done.
    pub async fn answer(&self, request: Request, show: Show<'_>) -> Result<Answer> {
        let Ok(_busy) = self.busy.try_lock() else {
            bail!("another check or rebuild is under way: try again when it is done");
        };
        let (log, empty) = (self.log.clone(), (self.empty)());
        match request {
            Request::Verify { repair } => {
                let report = verify::run(log, &*self.graph, empty, repair, show).await?;
                info!(
                    differences = report.count,
                    mended = report.mended,
                    "verified"
                );
                let left = if report.mended > 0 {
                    report.left
                } else {
                    report.count
                };
                self.differences.send_replace(left);
                Ok(Answer {
                    text: report.to_string(),
                    is_equal: report.is_equal(),
                })
            }
            Request::Rebuild => {
                let rebuilt = rebuild::replace(log, &self.graph, empty, show).await?;
                info!(position = rebuilt.cursor.position, "the graph was rebuilt");
                self.differences.send_replace(0);
                Ok(Answer {
                    text: rebuilt.to_string(),
                    is_equal: true,
                })
            }
        }
    }
}
