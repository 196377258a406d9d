//! Reading the log once more, judged from its beginning, for whoever asks what happened.
//!
//! Must never write, and never tell of a record that did not count.

use crate::{
    domain::{Change, Event},
    event_log::{EventLog, record},
    judge::{Attempt, Entry, Verdict},
};

use super::{CHUNK, ReplayError, model::WriteModel};

/// An event that took effect, with the model as it left it.
#[derive(Clone, Copy)]
pub struct Effective<'a> {
    /// The event.
    pub event: &'a Event,
    /// What decided it.
    pub attempt: &'a Attempt,
    /// What followed.
    pub changes: &'a [Change],
    /// The model at this position.
    pub model: &'a WriteModel,
}

/// Tells of each event that took effect, in order, up to the end that the log has now; gives the
/// model there. Needs the memory of a write model and no more.
///
/// # Errors
/// If the log cannot be read or judged.
pub async fn tell_again(
    log: &dyn EventLog,
    mut tell: impl FnMut(Effective<'_>),
) -> Result<WriteModel, ReplayError> {
    let end = log.end().await?;
    let mut model = WriteModel::default();
    let mut reader = log.read(0).await?;
    while model.position() < end {
        let fetched = reader.next(CHUNK).await?;
        let records = fetched.records.iter();
        for record in records.take_while(|record| record.offset < end) {
            let entry = record::decode(&record.message);
            let (verdict, changes) = model.apply(record.offset, record.append_time, &entry)?;
            let (Verdict::Decided(_), Entry::Attempt(attempt)) = (verdict, &entry) else {
                continue;
            };
            if let Ok(event) = &attempt.decision {
                tell(Effective {
                    event,
                    attempt,
                    changes: &changes,
                    model: &model,
                });
            }
        }
        model.pass_over(fetched.next.min(end));
    }
    Ok(model)
}
