//! What came of a plan.

use std::sync::Arc;

use foaf::{
    command_handler::{HandlerError, Reply},
    event_log::Record,
    graph::digest::Digest,
};

use crate::simulation::{
    acts,
    graph::Commit,
    plan::{Call, Plan},
};

/// What happened.
pub(in crate::simulation) struct History {
    pub(in crate::simulation) plan: Arc<Plan>,
    pub(in crate::simulation) records: Vec<Record>,
    /// When each record came.
    pub(in crate::simulation) came: Vec<u64>,
    pub(in crate::simulation) calls: Vec<Called>,
    pub(in crate::simulation) commits: Vec<Commit>,
    /// Position, digest and log time of each node in the end.
    pub(in crate::simulation) ends: Vec<(u64, Digest, i64)>,
    /// What should not have happened, seen at once.
    pub(in crate::simulation) faults: Vec<String>,
    pub(in crate::simulation) crashes: u64,
    /// Starts from a snapshot.
    pub(in crate::simulation) resumed: u64,
}

impl History {
    /// What two histories of one seed have in common; ids are drawn anew each time.
    pub(in crate::simulation) fn outline(&self) -> Vec<String> {
        let record = |(record, came): (&Record, &u64)| {
            let kind = record.message.headers.text("ce_type");
            let tag = acts::tag_of(&record.message);
            format!("{came} {tag:?} {:?} {kind:?}", record.append_time)
        };
        let records = self.records.iter().zip(&self.came).map(record);
        let call = |called: &Called| {
            let answer = called.answer.as_ref().map(|answer| match &answer.result {
                Ok(reply) => (reply.position, answer.length),
                Err(_) => (0, answer.length),
            });
            format!(
                "{} {} {} {answer:?}",
                called.tag, called.node, called.started_ms
            )
        };
        records.chain(self.calls.iter().map(call)).collect()
    }
}

/// One try of a call.
#[derive(Debug, Clone)]
pub(in crate::simulation) struct Called {
    pub(in crate::simulation) call: Call,
    pub(in crate::simulation) tag: u64,
    pub(in crate::simulation) node: usize,
    pub(in crate::simulation) started_ms: u64,
    /// When its node, which may have been starting, took it up.
    pub(in crate::simulation) heard_ms: Option<u64>,
    /// The highest position that anybody had been answered with by then.
    pub(in crate::simulation) floor: u64,
    pub(in crate::simulation) answer: Option<Answer>,
}

/// What a node answered, whether anybody still listened or not.
#[derive(Debug, Clone)]
pub(in crate::simulation) struct Answer {
    /// How long the log was by then.
    pub(in crate::simulation) length: u64,
    pub(in crate::simulation) result: Result<Reply, HandlerError>,
}
