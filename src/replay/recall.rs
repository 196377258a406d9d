//! Looking back: single events read again from the log, as they were judged when they passed.
//!
//! Must never tell of a record that did not count, nor judge anew.

use std::sync::Arc;

use super::{Replay, ReplayError};
use crate::{
    domain::{Event, Moment},
    event_log::{Record, record},
    judge::{CommandId, Entry, RecordId},
};

/// An event that took effect, read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// When it took effect.
    pub at: Moment,
    /// What happened.
    pub event: Event,
    /// Who asked for it.
    pub actor: Arc<str>,
    /// The command that caused it.
    pub command: CommandId,
    /// Its record.
    pub record: RecordId,
}

impl Replay {
    /// Reads the events at these positions again; the positions ascend, and an event took effect at
    /// each. Few do so at once: each may cost connections and threads.
    ///
    /// # Errors
    /// If the log cannot be read, or a position has no event (any more).
    pub async fn recall(&self, positions: &[u64]) -> Result<Vec<Recalled>, ReplayError> {
        // An error would mean that it was closed, which nobody does.
        let _turn = self.recalls.acquire().await;
        let offsets: Vec<u64> = positions.iter().map(|at| at.saturating_sub(1)).collect();
        let records = self.log.pick(&offsets).await?;
        let inner = self.inner.read().await;
        let index = inner.model.events();
        let recall = |record: &Record| {
            let position = record.offset + 1;
            let damaged = || ReplayError::Damaged {
                position,
                what: "no event stands there that took effect".to_owned(),
            };
            let Entry::Attempt(attempt) = record::decode(&record.message) else {
                return Err(damaged());
            };
            let event = attempt.decision.ok();
            let event = event.filter(|event| index.is_at(position, event.event_type()));
            Ok(Recalled {
                at: Moment {
                    position,
                    time: index.log_time(position, record.append_time),
                },
                event: event.ok_or_else(damaged)?,
                actor: attempt.actor,
                command: attempt.command,
                record: attempt.id,
            })
        };
        records.iter().map(recall).collect()
    }
}
