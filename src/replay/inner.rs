//! What is under the lock of a replay: the model, what the reader has yet to meet, and what waits for an
//! archive.
//!
//! Must never be locked for longer than a piece of work takes: whoever decides waits for it.

use std::collections::VecDeque;

use super::{Applied, CHUNK, Replay, ReplayError, held::Held, model::WriteModel};
use crate::{
    event_log::{Record, record},
    judge::RecordId,
};

/// How many friendships of an archived user end under one lock: about 2 ms.
const TIES: usize = 2_048;
/// How many changes and held positions are touched under one lock where many archives end.
const TOUCHED: usize = 65_536;
/// How many held positions are handed on under one lock: more than come in meanwhile.
const HANDED_ON: usize = 8 * CHUNK;

#[derive(Default)]
pub(super) struct Inner {
    pub(super) model: WriteModel,
    /// Records applied on their acknowledgement, that the reader has yet to meet.
    pub(super) ahead: VecDeque<(u64, RecordId)>,
    /// What waits for an archive to be whole before it is handed on.
    pub(super) held: Held,
}

impl Inner {
    /// What can be handed on now; what cannot is held.
    pub(super) fn hand_on(&mut self, applied: Applied) -> Option<Applied> {
        if self.held.is_empty() && self.model.first_to_end().is_none() {
            return Some(applied);
        }
        self.held.push(applied);
        None
    }

    /// Ends a piece of what an archive left over; says whether nothing is left.
    pub(super) fn end_some(&mut self) -> bool {
        let mut touched = 0;
        while touched < TOUCHED
            && let Some(ended) = self.model.end_some(TIES)
        {
            touched += ended.changes.len() + self.held.len();
            self.held.take_up(ended);
        }
        // Also what came to be held since the last of it ended.
        let next = self.model.first_to_end();
        self.held.release(next);
        next.is_none()
    }

    /// Checks that a record which was applied on its acknowledgement is the one that stands there.
    pub(super) fn meet(&mut self, record: &Record) -> Result<(), ReplayError> {
        let met = record::record_id(&record.message).map(|id| (record.offset, id));
        if met.is_some() && self.ahead.pop_front() == met {
            return Ok(());
        }
        Err(ReplayError::Damaged {
            position: record.offset + 1,
            what: "an acknowledged record is gone and another stands in its place: the log was cut off"
                .to_owned(),
        })
    }
}

impl Replay {
    pub(super) async fn is_holding(&self) -> bool {
        !self.inner.read().await.held.is_empty()
    }

    /// Waits until something is held, and does as [`Self::end_some`].
    pub(super) async fn end_next(&self) {
        if !self.is_holding().await {
            self.holds.notified().await;
        }
        self.end_some().await;
    }

    /// Ends a piece of what an archive left over, and hands on what waited for it. To drop it loses nothing.
    pub(super) async fn end_some(&self) {
        let whole = {
            let _turn = self.turn.lock().await;
            let mut inner = self.inner.write().await;
            inner.end_some();
            inner.held.whole().min(HANDED_ON)
        };
        if whole > 0 {
            let permits = self.feed.reserve_many(whole).await;
            let _turn = self.turn.lock().await;
            let mut inner = self.inner.write().await;
            match permits {
                Ok(permits) => {
                    for permit in permits {
                        if let Some(applied) = inner.held.pop() {
                            permit.send(applied);
                        }
                    }
                }
                // No follower.
                Err(_) => inner.held.clear(),
            }
        }
        // Others wait for the lock.
        tokio::task::yield_now().await;
    }
}
