//! The check in the background: the digest of the graph's content against that of the own replay, where
//! both stand at one position. Cheap; only where the two differ, or the graph never stands still, is the
//! log projected anew, to compare and count.
//!
//! Must never take the node out of service: what it finds is for operators, and for an alert.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use super::{Repair, content_digest};
use crate::{event_log::EventLog, graph::Graph, metrics as names, replay::Replay};

/// How often the content is read because the graph moved on meanwhile, before it is compared page by page.
const TRIES: u32 = 5;

/// Checks one node's graph now and then.
pub struct Watch {
    /// The log, for when there is something to count.
    pub log: Arc<dyn EventLog>,
    /// What the graph must come to.
    pub replay: Arc<Replay>,
    /// The graph.
    pub graph: Arc<dyn Graph>,
    /// Gives an empty graph to project the log into.
    pub empty: fn() -> Arc<dyn Graph>,
    /// How many differences there are.
    pub differences: watch::Sender<u64>,
}

impl Watch {
    /// Checks at intervals until `stop`.
    pub async fn run(self, every: Duration, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            let start = Instant::now();
            let verdict = tokio::select! {
                () = stop.cancelled() => return,
                verdict = self.check() => verdict,
            };
            metrics::gauge!(names::VERIFY_SECONDS).set(start.elapsed().as_secs_f64());
            metrics::counter!(names::VERIFY_CHECKS, "result" => self.tell(verdict)).increment(1);
        }
    }

    /// How many differences there are.
    async fn check(&self) -> Result<u64> {
        for _ in 0..TRIES {
            let Some(content) = content_digest(&*self.graph).await? else {
                continue;
            };
            let cursor = self.graph.cursor().await?;
            let replayed = self
                .replay
                .read(|model| (model.position(), model.digest()))
                .await;
            let stands = cursor.map(|cursor| cursor.position);
            if stands != Some(content.position) || replayed.0 != content.position {
                continue;
            }
            if content.value == replayed.1 && cursor.map(|cursor| cursor.digest) == Some(replayed.1)
            {
                return Ok(0);
            }
            break;
        }
        let empty = (self.empty)();
        let (log, graph) = (self.log.clone(), &*self.graph);
        let report = super::run(log, graph, empty, Repair::No, &|_| {}).await?;
        Ok(report.count)
    }

    fn tell(&self, verdict: Result<u64>) -> &'static str {
        match verdict {
            Ok(count) => {
                self.differences.send_replace(count);
                if count == 0 {
                    debug!("the graph is what the log comes to");
                    return "equal";
                }
                error!(
                    differences = count,
                    "the graph differs from the log; `foaf verify` names the differences"
                );
                "different"
            }
            Err(fault) => {
                warn!(
                    error = format!("{fault:#}"),
                    "the graph could not be verified"
                );
                "failed"
            }
        }
    }
}
