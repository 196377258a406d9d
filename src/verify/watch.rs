//! The check in the background: the digest of the graph's content against that of the own replay, where
//! both stand at one position. Cheap; only where the two differ is the log projected anew, to count.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::{Repair, content_digest};
use crate::{event_log::EventLog, graph::Graph, metrics as names, replay::Replay};

/// How often the content is read anew because the graph moved on meanwhile.
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

/// What a check came to.
enum Verdict {
    Differences(u64),
    /// The graph never stood still.
    Open,
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

    async fn check(&self) -> Result<Verdict> {
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
                return Ok(Verdict::Differences(0));
            }
            let empty = (self.empty)();
            let report =
                super::run(self.log.clone(), &*self.graph, empty, Repair::No, &|_| {}).await?;
            return Ok(Verdict::Differences(report.count));
        }
        Ok(Verdict::Open)
    }

    fn tell(&self, verdict: Result<Verdict>) -> &'static str {
        match verdict {
            Ok(Verdict::Differences(count)) => {
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
            Ok(Verdict::Open) => {
                info!("the graph never stood still long enough to be verified");
                "open"
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
