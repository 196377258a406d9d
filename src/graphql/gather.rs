//! The batches of one request. A request goes on as far as it can, and only then are the questions
//! asked that came together on the way: nothing waits for a time to pass, and what can be asked
//! together is, however busy the machine.
//!
//! Must never leave a batch running when its request has ended.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use async_graphql::dataloader::DataLoader;
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::mpsc;

/// A batch of questions, ready to be asked.
type Batch = BoxFuture<'static, ()>;

/// Makes the loaders of one request.
#[derive(Clone)]
pub(super) struct Gather(mpsc::UnboundedSender<Batch>);

/// The batches that wait until their request can go no further. They are fewer than its fields.
pub(super) struct Gathered(mpsc::UnboundedReceiver<Batch>);

/// For one request.
pub(super) fn gather() -> (Gather, Gathered) {
    let (batches, gathered) = mpsc::unbounded_channel();
    (Gather(batches), Gathered(gathered))
}

impl Gather {
    /// A loader whose batches are those of this request.
    pub(super) fn loader<T>(&self, asker: T) -> DataLoader<T> {
        let batches = self.0.clone();
        // Nobody receives only where the request has ended, and nobody waits for an answer.
        let spawn = move |batch| batches.send(batch).is_ok();
        DataLoader::new(asker, spawn).delay(Duration::ZERO)
    }
}

impl Gathered {
    /// Runs the request, and whenever it waits, the batches that came together.
    pub(super) async fn run<T>(mut self, request: impl Future<Output = T>) -> T {
        let mut request = pin!(request);
        let mut asked = FuturesUnordered::new();
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(answer) = request.as_mut().poll(cx) {
                    return Poll::Ready(answer);
                }
                while let Poll::Ready(Some(batch)) = self.0.poll_recv(cx) {
                    asked.push(batch);
                }
                let mut is_any_answered = false;
                while let Poll::Ready(Some(())) = asked.poll_next_unpin(cx) {
                    is_any_answered = true;
                }
                if !is_any_answered {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}
