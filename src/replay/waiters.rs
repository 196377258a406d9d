//! Who waits for what becomes of a command.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::judge::{Attempt, CommandId, Outcome, RecordId, Verdict, Void};

use super::Replay;

/// What replay has to say of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// The command is decided.
    Decided(Outcome),
    /// This attempt had no effect, and the command is still open.
    Void(RecordId),
}

/// The requests that wait, by command.
///
/// The channels have no bound of their own: each request makes a bounded number of attempts, and
/// each attempt is told of once.
#[derive(Debug, Default)]
pub(super) struct Waiters(HashMap<CommandId, Vec<UnboundedSender<Passed>>>);

impl Waiters {
    pub(super) fn add(&mut self, command: CommandId) -> UnboundedReceiver<Passed> {
        let (sender, receiver) = unbounded_channel();
        self.0.entry(command).or_default().push(sender);
        receiver
    }

    pub(super) fn remove_closed(&mut self, command: CommandId) {
        if let Some(senders) = self.0.get_mut(&command) {
            senders.retain(|sender| !sender.is_closed());
            if senders.is_empty() {
                self.0.remove(&command);
            }
        }
    }

    pub(super) fn tell(&self, attempt: &Attempt, verdict: &Verdict) {
        let passed = match verdict {
            Verdict::Created => return,
            Verdict::Decided(outcome) | Verdict::Void(Void::Duplicate(outcome)) => {
                Passed::Decided(*outcome)
            }
            Verdict::Void(_) => Passed::Void(attempt.id),
        };
        for sender in self.0.get(&attempt.command).into_iter().flatten() {
            // A closed one belongs to a request that is being dropped.
            let _ = sender.send(passed);
        }
    }
}

/// Waits for one command; deregisters when dropped.
pub struct Waiter {
    replay: Arc<Replay>,
    command: CommandId,
    receiver: UnboundedReceiver<Passed>,
}

impl Waiter {
    pub(super) fn new(
        replay: Arc<Replay>,
        command: CommandId,
        receiver: UnboundedReceiver<Passed>,
    ) -> Self {
        Self {
            replay,
            command,
            receiver,
        }
    }

    /// What replay says next of the command.
    pub async fn next(&mut self) -> Passed {
        match self.receiver.recv().await {
            Some(passed) => passed,
            // The sender lives in the replay, which this holds.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.receiver.close();
        self.replay.forget_waiter(self.command);
    }
}
