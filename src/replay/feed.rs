//! The feed: what was judged, on its way to who follows, with a bound.
//!
//! Who waits for room must never take any of it: what is left when the follower falls behind is for
//! the commands under way.

use std::sync::Arc;

use tokio::sync::{
    Notify,
    mpsc::{self, Permit, PermitIterator, error::SendError, error::TrySendError},
};

use super::Applied;

/// The end that replay fills.
#[derive(Debug)]
pub(super) struct Source {
    applied: mpsc::Sender<Applied>,
    taken: Arc<Notify>,
}

/// What was judged, position by position, for the one who follows.
#[derive(Debug)]
pub struct Feed {
    applied: mpsc::Receiver<Applied>,
    /// Rung whenever there is more room than before.
    taken: Arc<Notify>,
}

/// A feed of so many positions at most.
pub(super) fn feed(capacity: usize) -> (Source, Feed) {
    let (sender, receiver) = mpsc::channel(capacity);
    let taken = Arc::new(Notify::new());
    let source = Source {
        applied: sender,
        taken: taken.clone(),
    };
    let feed = Feed {
        applied: receiver,
        taken,
    };
    (source, feed)
}

impl Source {
    /// Waits until so many more positions fit, or nobody follows any more. Only looks: the places stay
    /// free for whoever comes.
    pub(super) async fn room(&self, positions: usize) {
        loop {
            let mut taken = std::pin::pin!(self.taken.notified());
            // Before the look, so that no ring falls in between.
            taken.as_mut().enable();
            if self.applied.is_closed() || self.applied.capacity() >= positions {
                return;
            }
            taken.await;
        }
    }

    pub(super) fn try_reserve(&self) -> Result<Permit<'_, Applied>, TrySendError<()>> {
        self.applied.try_reserve()
    }

    pub(super) async fn reserve_many(
        &self,
        positions: usize,
    ) -> Result<PermitIterator<'_, Applied>, SendError<()>> {
        self.applied.reserve_many(positions).await
    }
}

impl Feed {
    /// A feed that brings nothing.
    #[must_use]
    pub fn ended() -> Self {
        feed(1).1
    }

    /// A feed of somebody's own, and where to put what is to come by it.
    #[must_use]
    pub fn of_own(capacity: usize) -> (mpsc::Sender<Applied>, Self) {
        let (source, feed) = feed(capacity);
        (source.applied, feed)
    }

    /// The next position; `None` when replay has ended.
    pub async fn recv(&mut self) -> Option<Applied> {
        let next = self.applied.recv().await;
        self.taken.notify_waiters();
        next
    }

    /// The next positions, at least one and at most so many; says how many. 0 when replay has ended.
    pub async fn recv_many(&mut self, into: &mut Vec<Applied>, most: usize) -> usize {
        let taken = self.applied.recv_many(into, most).await;
        self.taken.notify_waiters();
        taken
    }

    /// Takes no more: replay goes on without.
    pub(crate) fn close(&mut self) {
        self.applied.close();
        self.taken.notify_waiters();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.close();
    }
}
