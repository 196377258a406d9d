//! What goes over the control socket: JSON, one value a line.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::verify::{self, Repair, Step};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Compare the graph with the log.
    Verify {
        /// What is done about what differs.
        repair: Repair,
    },
    /// Make the graph anew and put it in place.
    Rebuild,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// For people to read.
    pub text: String,
    /// Whether graph and log are the same.
    pub is_equal: bool,
}

/// One line of an answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    Step { stage: Stage, done: u64, of: u64 },
    Done(Answer),
    Failed { reason: String },
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Stage {
    Projecting,
    Comparing,
    Clearing,
}

impl Line {
    pub(super) fn step(step: Step) -> Self {
        let stage = match step.stage {
            verify::Stage::Projecting => Stage::Projecting,
            verify::Stage::Comparing => Stage::Comparing,
            verify::Stage::Clearing => Stage::Clearing,
        };
        Self::Step {
            stage,
            done: step.done,
            of: step.of,
        }
    }

    pub(super) fn last(result: Result<Answer>) -> Self {
        match result {
            Ok(answer) => Self::Done(answer),
            Err(fault) => Self::Failed {
                reason: format!("{fault:#}"),
            },
        }
    }
}

impl From<Stage> for verify::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Projecting => Self::Projecting,
            Stage::Comparing => Self::Comparing,
            Stage::Clearing => Self::Clearing,
        }
    }
}

pub(super) fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("texts and numbers are JSON");
    line.push(b'\n');
    line
}

pub(super) fn request(line: &str) -> Result<Request> {
    serde_json::from_str(line).context("the request is not one that this build knows")
}

pub(super) fn answer(line: &str) -> Result<Line> {
    serde_json::from_str(line).context("the process that serves is of another build")
}
