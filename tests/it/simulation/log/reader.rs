//! Reads the log for one life of a node: late, and in pieces of any size.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use fastrand::Rng;
use foaf::event_log::{Fetched, LogError, LogReader, Record};

use super::{LONGEST_LAG_MS, SimLog, pass};
use crate::simulation::{
    mutants::{LogFault, Mutant},
    scribe::own_identity,
};

/// See the module.
pub(super) struct NodeReader {
    pub(super) log: Arc<SimLog>,
    pub(super) dice: Rng,
    pub(super) node: u8,
    pub(super) from: u64,
    pub(super) read_to: Arc<AtomicU64>,
}

#[async_trait]
impl LogReader for NodeReader {
    async fn next(&mut self, max: usize) -> Result<Fetched, LogError> {
        loop {
            let grown = self.log.grown.notified();
            if self.log.length() > self.from {
                break;
            }
            grown.await;
        }
        let weather = self.log.weather();
        let lag = match self.dice.u8(..100) {
            rare if rare < weather.lag / 3 => self.dice.u64(50..LONGEST_LAG_MS),
            often if often < 50 => self.dice.u64(..40),
            _ => 0,
        };
        if lag > 0 {
            pass(lag).await;
        }
        let most = self.dice.usize(1..=max.min(20));
        let inner = self.log.lock();
        let skip = usize::try_from(self.from).expect("a short log");
        let fresh = inner.records.iter().skip(skip).take(most);
        let records: Vec<Record> = fresh.map(|record| self.see(record)).collect();
        self.from += records.len() as u64;
        self.read_to.store(self.from, Ordering::Relaxed);
        Ok(Fetched::of(records))
    }
}

impl NodeReader {
    /// The record as the node takes it.
    fn see(&self, record: &Record) -> Record {
        let mut record = record.clone();
        match self.log.mutant {
            Some(Mutant::Log(LogFault::OwnHashKey)) => {
                record.message = Arc::new(own_identity(&record.message, self.node, true));
            }
            Some(Mutant::Log(LogFault::OwnWindows)) => {
                record.message = Arc::new(own_identity(&record.message, self.node, false));
            }
            _ => {}
        }
        record
    }
}
