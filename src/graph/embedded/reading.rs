//! How a read goes: on the budget of who asks, from one moment, here if it is quick and else aside.
//!
//! Must never hold the store's lock while it waits for a turn.

use tokio::sync::OwnedRwLockReadGuard;

use super::{EmbeddedGraph, scratch::Scratch, store::Store, work};
use crate::graph::{Answer, GraphError, Read, budget::Budget};

impl EmbeddedGraph {
    /// Answers from one moment. `steps` says how long it may take.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        steps: impl FnOnce(&Store) -> usize + Send,
        answer: impl FnOnce(&Store, &mut Scratch) -> T + Send + 'static,
    ) -> Answer<T> {
        let budget = Budget::current();
        let store = self.lock(budget.as_deref()).await?;
        let (pool, own) = (self.scratch.clone(), budget.clone());
        let read = move |store: &Store| {
            let read = pool.with(|scratch| {
                scratch.patience.begin(own);
                let value = answer(store, scratch);
                scratch.patience.end().map(|()| value)
            });
            read.map(|value| Read {
                position: store.position(),
                value,
            })
        };
        if work::is_quick(steps(&store)) {
            return read(&store);
        }
        // Who waits for a turn holds up no batch.
        drop(store);
        let turn = match &budget {
            Some(budget) => budget.wait(self.heavy.turn()).await?,
            None => self.heavy.turn().await,
        };
        let store = self.lock(budget.as_deref()).await?;
        work::run_aside(move || {
            let answer = read(&store);
            drop(turn);
            answer
        })
        .await?
    }

    /// The store, as soon as no batch is being put in.
    async fn lock(
        &self,
        budget: Option<&Budget>,
    ) -> Result<OwnedRwLockReadGuard<Store>, GraphError> {
        let store = self.store.clone().read_owned();
        let store = match budget {
            Some(budget) => budget.wait(store).await?,
            None => store.await,
        };
        check_whole(&store)?;
        Ok(store)
    }

    /// Answers one question for each of a list.
    pub(super) async fn each<Q, T>(
        &self,
        of: &[Q],
        steps: impl Fn(&Store, &Q) -> usize + Send,
        answer: impl Fn(&Store, &mut Scratch, &Q) -> T + Send + 'static,
    ) -> Answer<Vec<T>>
    where
        Q: Clone + Send + Sync + 'static,
        T: Send + 'static,
    {
        let asked = of.to_vec();
        self.read(
            move |store| work::sum(of.iter().map(|of| steps(store, of))),
            move |store, scratch| {
                let mut answers = Vec::with_capacity(asked.len());
                for of in &asked {
                    if scratch.patience.is_over_after(1) {
                        break;
                    }
                    answers.push(answer(store, scratch, of));
                }
                answers
            },
        )
        .await
    }
}

/// Refuses a store that a batch has left half done.
pub(super) fn check_whole(store: &Store) -> Result<(), GraphError> {
    if store.torn {
        let torn = "a batch was put in by half; start again to rebuild the embedded graph";
        return Err(GraphError::Unusable(torn.to_owned()));
    }
    Ok(())
}
