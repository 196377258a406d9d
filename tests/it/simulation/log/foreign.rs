//! Records that no node of the history sends.

use foaf::{
    event_log::{
        Message,
        record::{self, Envelope},
    },
    judge::{Entry, GraphCreated, HashKey, LogId, RecordId, Windows},
};
use uuid::Uuid;

use super::{SimLog, dice};
use crate::simulation::acts;

impl SimLog {
    pub(super) fn foreign(&self, kind: u8, number: u64) -> Option<Message> {
        let mut dice = self.plan.dice(dice::FOREIGN, number, 0);
        let old = {
            let inner = self.lock();
            Message::clone(&dice.choice(&inner.records)?.message)
        };
        let mut broken = old.clone();
        match kind {
            0 => Some(Message {
                key: b"theirs".to_vec(),
                headers: [("ce_source", "elsewhere")].into_iter().collect(),
                value: b"{}".to_vec(),
            }),
            1 => {
                broken.value.truncate(broken.value.len() / 2);
                Some(broken)
            }
            2 => Some(old),
            4 => {
                let Entry::Attempt(mut attempt) = record::decode(&old) else {
                    return None;
                };
                if dice.bool() {
                    attempt.decided_on = attempt.decided_on.saturating_add(dice.u64(1_000..));
                } else {
                    attempt.decided_at.0 += dice.i64(1_000..1 << 40);
                }
                let traceparent = acts::traceparent(&old);
                let envelope = Envelope {
                    time: self.time(),
                    traceparent: traceparent.as_deref(),
                };
                Some(record::encode(&attempt, envelope))
            }
            _ => {
                let second = GraphCreated {
                    id: RecordId(Uuid::from_u128(dice.u128(..))),
                    log_id: LogId(Uuid::from_u128(dice.u128(..))),
                    hash_key: HashKey([7; 32]),
                    windows: Windows::DEFAULT,
                };
                let envelope = Envelope {
                    time: self.time(),
                    traceparent: None,
                };
                Some(record::encode_created(&second, envelope))
            }
        }
    }
}
