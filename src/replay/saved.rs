//! The write model in a snapshot: everything that the rule reads, and the state.
//!
//! Must leave nothing out that a verdict or a decision can rest on: a node that starts from here goes
//! on exactly as one that has read the whole log.

use std::{io, path::Path, sync::Arc};

use crate::{
    domain::{Blocks, Field, LogTime, PairState, Rejection, RejectionCode, Side, State, UserId},
    graph::{
        digest::Digest,
        saved::{BAD, moment, read_moment, read_recorded, read_user, recorded, user},
    },
    judge::{
        CommandId, ContentHash, Etag, GraphCreated, HashKey, Judge, LogId, Outcome, OutcomeResult,
        RecordId, Windows,
    },
    snapshot::{Reader, SnapshotError, Writer},
};

use super::{index::EventIndex, model::WriteModel};

/// The kind of these snapshots.
pub const KIND: &str = "model";

/// Saves a model whose log has an identity; does nothing before.
///
/// # Errors
/// If the folder cannot be written.
pub fn write(folder: &Path, model: &WriteModel) -> io::Result<()> {
    let Some(created) = model.judge().created() else {
        return Ok(());
    };
    crate::snapshot::write(folder, KIND, model.position(), |to| {
        judge(to, model.judge(), created)?;
        state(to, model.state())?;
        to.bytes(&model.digest().0.to_le_bytes())?;
        model.events().write(to)
    })
}

/// Reads a model back.
///
/// # Errors
/// If the file cannot be read, or is not what was written.
pub fn read(path: &Path) -> Result<WriteModel, SnapshotError> {
    let mut from = crate::snapshot::open(path, KIND)?;
    let judge = read_judge(&mut from)?;
    let state = read_state(&mut from)?;
    let digest = Digest(u128::from_le_bytes(from.bytes()?));
    let events = EventIndex::read(&mut from)?;
    from.end()?;
    Ok(WriteModel::restore(judge, state, digest, events))
}

fn judge(to: &mut Writer, judge: &Judge, created: &GraphCreated) -> io::Result<()> {
    to.uuid(created.id.0)?;
    to.uuid(created.log_id.0)?;
    to.bytes(&created.hash_key.0)?;
    to.i64(created.windows.attempt_ms)?;
    to.u64(created.windows.attempt_positions)?;
    to.i64(created.windows.outcome_ms)?;
    to.u64(created.windows.outcome_count)?;
    to.u64(judge.position())?;
    to.i64(judge.log_time().0)?;
    recorded(to, judge.last())?;
    to.count(judge.etags().len())?;
    for (key, etag) in judge.etags() {
        to.u64(key)?;
        to.bytes(&etag.0)?;
    }
    for keyed in [true, false] {
        to.count(judge.outcome_count(keyed))?;
        for (command, outcome) in judge.outcomes(keyed) {
            write_outcome(to, command, &outcome)?;
        }
    }
    Ok(())
}

fn write_outcome(to: &mut Writer, command: CommandId, outcome: &Outcome) -> io::Result<()> {
    to.bytes(&command.0)?;
    to.u64(outcome.position)?;
    to.i64(outcome.time.0)?;
    to.bytes(&outcome.content.0)?;
    match outcome.result {
        OutcomeResult::Done => to.u8(0),
        OutcomeResult::Registered(user) => {
            to.u8(1)?;
            to.uuid(user.0)
        }
        OutcomeResult::Rejected(rejection) => {
            to.u8(2)?;
            to.text(rejection.code.as_str())?;
            to.text(rejection.field.as_str())
        }
    }
}

fn read_judge(from: &mut Reader) -> Result<Judge, SnapshotError> {
    let created = GraphCreated {
        id: RecordId(from.uuid()?),
        log_id: LogId(from.uuid()?),
        hash_key: HashKey(from.bytes()?),
        windows: Windows {
            attempt_ms: from.i64()?,
            attempt_positions: from.u64()?,
            outcome_ms: from.i64()?,
            outcome_count: from.u64()?,
        },
    };
    let (position, log_time) = (from.u64()?, LogTime(from.i64()?));
    let last = read_recorded(from)?;
    let mut judge = Judge::resume(created, position, log_time, last);
    let etags = from.count()?;
    judge.reserve_etags(etags);
    for _ in 0..etags {
        judge.restore_etag(from.u64()?, Etag(from.bytes()?));
    }
    for keyed in [true, false] {
        let outcomes = from.count()?;
        judge.reserve_outcomes(keyed, outcomes);
        for _ in 0..outcomes {
            let (command, outcome) = read_outcome(from)?;
            judge.restore_outcome(keyed, command, outcome);
        }
    }
    Ok(judge)
}

fn read_outcome(from: &mut Reader) -> Result<(CommandId, Outcome), SnapshotError> {
    let command = CommandId(from.bytes()?);
    let (position, time) = (from.u64()?, LogTime(from.i64()?));
    let content = ContentHash(from.bytes()?);
    let result = match from.u8()? {
        0 => OutcomeResult::Done,
        1 => OutcomeResult::Registered(UserId(from.uuid()?)),
        2 => {
            let code = RejectionCode::parse(&from.text()?).ok_or(BAD)?;
            let field = Field::parse(&from.text()?).ok_or(BAD)?;
            OutcomeResult::Rejected(Rejection::new(code, field))
        }
        _ => return Err(BAD),
    };
    let outcome = Outcome {
        position,
        time,
        content,
        result,
    };
    Ok((command, outcome))
}

fn state(to: &mut Writer, state: &State) -> io::Result<()> {
    to.count(state.users().len())?;
    for (one, ties) in state.users().zip(state.pairs_of_each()) {
        user(to, one)?;
        to.count(ties)?;
    }
    to.count(state.pair_count())?;
    for (low, high, pair) in state.pairs() {
        to.u32(low)?;
        to.u32(high)?;
        match pair {
            PairState::None => to.u8(0)?,
            PairState::Requested { by, asked } => {
                to.u8(1)?;
                to.u8(u8::from(*by == Side::High))?;
                moment(to, *asked)?;
            }
            PairState::Friends { since } => {
                to.u8(2)?;
                moment(to, *since)?;
            }
            PairState::Blocked(blocks) => {
                to.u8(3)?;
                for side in [Side::Low, Side::High] {
                    let since = blocks.by(side);
                    to.u8(u8::from(since.is_some()))?;
                    since.map_or(Ok(()), |since| moment(to, since))?;
                }
            }
        }
    }
    Ok(())
}

fn read_state(from: &mut Reader) -> Result<State, SnapshotError> {
    let mut state = State::default();
    let users = from.count()?;
    state.reserve_users(users);
    for _ in 0..users {
        let (user, ties) = (read_user(from)?, from.count()?);
        state.restore_user(Arc::new(user), ties).ok_or(BAD)?;
    }
    let pairs = from.count()?;
    state.reserve_pairs(pairs);
    for _ in 0..pairs {
        let (low, high) = (from.u32()?, from.u32()?);
        let pair = match from.u8()? {
            1 => PairState::Requested {
                by: if from.u8()? == 0 {
                    Side::Low
                } else {
                    Side::High
                },
                asked: read_moment(from)?,
            },
            2 => PairState::Friends {
                since: read_moment(from)?,
            },
            3 => {
                let mut blocks = Blocks::default();
                for side in [Side::Low, Side::High] {
                    if from.u8()? == 1 {
                        blocks.set(side, Some(read_moment(from)?));
                    }
                }
                PairState::Blocked(Box::new(blocks))
            }
            _ => return Err(BAD),
        };
        state.restore_pair(low, high, pair).ok_or(BAD)?;
    }
    Ok(state)
}
