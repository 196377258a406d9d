//! A node that does not project: it watches how far others have brought the graph.
//!
//! Must never write to the graph.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Failure, MAX_POSITIONS, Mismatch, Projector, Retry, sort};
use crate::{graph::Cursor, metrics as names};

/// How long to wait between two looks at a graph that lacks something.
const LOOK: Duration = Duration::from_millis(5);
/// The most that this grows to while the graph stands still.
const SELDOM: Duration = Duration::from_millis(100);

impl Projector {
    /// Keeps the status true until `stop`, as the projectors of other nodes move the graph.
    ///
    /// # Errors
    /// [`Mismatch`], if the graph was projected from another log, or went back.
    pub async fn follow(mut self, stop: CancellationToken) -> Result<(), Mismatch> {
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            mismatch = self.watch() => Err(mismatch),
        }
    }

    async fn watch(&mut self) -> Mismatch {
        let mut seen: Option<Cursor> = None;
        let mut retry = Retry::default();
        let mut pause = LOOK;
        let mut unused = Vec::new();
        loop {
            let found = match self.graph.cursor().await.map_err(sort) {
                Ok(found) => found,
                Err(Failure::Refuse(mismatch)) => return mismatch,
                Err(Failure::Halt(reason)) => {
                    self.say(reason);
                    retry.wait().await;
                    continue;
                }
                Err(Failure::Retry(error)) => {
                    self.say(error.to_string());
                    retry.wait().await;
                    continue;
                }
            };
            retry = Retry::default();
            if let Err(Failure::Refuse(mismatch)) = self.check(seen, found) {
                return mismatch;
            }
            pause = if found == seen {
                (pause * 2).min(SELDOM)
            } else {
                LOOK
            };
            seen = found;
            let shown = found.map_or(0, |cursor| cursor.position);
            let known = *self.progress.borrow_and_update();
            let lacks = known.position > shown;
            self.status.send_modify(|status| {
                status.position = shown;
                // The first moment at which it was seen to lack something.
                let since = status.pending_since.or(Some(known.log_time));
                status.pending_since = since.filter(|_| lacks);
                status.error = None;
            });
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            metrics::gauge!(names::PROJECTED_POSITION).set(shown as f64);
            // Nobody here needs the changes; what is not taken would hold up the replay.
            while self.feed.try_recv().is_ok() {}
            if lacks {
                tokio::time::sleep(pause).await;
            } else {
                if self.feed.recv_many(&mut unused, MAX_POSITIONS).await == 0 {
                    // Replay has ended, and the node with it.
                    std::future::pending::<()>().await;
                }
                unused.clear();
                pause = LOOK;
            }
        }
    }

    fn say(&self, error: String) {
        metrics::counter!(names::PROJECT_RETRIES).increment(1);
        self.status.send_modify(|status| status.error = Some(error));
    }
}
