//! A node that does not project: it watches how far others have brought the graph.
//!
//! Must never write to the graph, nor let the graph hold up the replay.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Failure, Mismatch, Projector, pace::Retry};
use crate::{graph::Cursor, replay::Feed};

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
        let feed = std::mem::replace(&mut self.feed, Feed::ended());
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            mismatch = self.watch() => Err(mismatch),
            () = pass_over(feed) => Ok(()),
        }
    }

    async fn watch(&mut self) -> Mismatch {
        let mut seen: Option<Cursor> = None;
        let mut retry = Retry::default();
        let mut pause = LOOK;
        let mut pending_since = None;
        loop {
            let found = match self.graph.cursor().await {
                Ok(found) => found,
                Err(error) => {
                    self.wait(&error, &mut retry).await;
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
            // The first moment at which it was seen to lack something.
            pending_since = lacks.then(|| pending_since.unwrap_or(known.log_time));
            self.show(shown, pending_since);
            if lacks {
                tokio::time::sleep(pause).await;
            } else {
                if self.progress.changed().await.is_err() {
                    // Replay has ended, and the node with it.
                    std::future::pending::<()>().await;
                }
                pause = LOOK;
            }
        }
    }
}

/// Nobody here needs the changes, and what is not taken would hold up the replay: also while the graph
/// is asked, and while it is out of reach.
async fn pass_over(mut feed: Feed) {
    const AT_ONCE: usize = 1_024;
    let mut passed = Vec::with_capacity(AT_ONCE);
    while feed.recv_many(&mut passed, AT_ONCE).await > 0 {
        passed.clear();
    }
    // Replay has ended, and the node with it.
    std::future::pending::<()>().await;
}
