//! Who waits for what becomes of a command.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use smallvec::SmallVec;
use tokio::sync::Notify;

use crate::judge::{Attempt, CommandId, Outcome, RecordId, Verdict, Void, key::KeyHasher};

/// What replay has to say of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// The command is decided.
    Decided(Outcome),
    /// This attempt had no effect, and the command is still open.
    Void(RecordId),
}

/// What one waiter has yet to hear.
///
/// It has no bound of its own: each request makes a bounded number of attempts, and each attempt is
/// told of once.
#[derive(Debug, Default)]
struct Mailbox {
    unheard: Mutex<SmallVec<[Passed; 1]>>,
    wake: Notify,
}

type Registered = HashMap<CommandId, SmallVec<[Arc<Mailbox>; 1]>, KeyHasher>;

/// The requests that wait, by command.
#[derive(Debug, Default)]
pub(super) struct Waiters(Arc<Mutex<Registered>>);

impl Waiters {
    pub(super) fn add(&self, command: CommandId) -> Waiter {
        let mailbox = Arc::new(Mailbox::default());
        let mut registered = locked(&self.0);
        registered.entry(command).or_default().push(mailbox.clone());
        Waiter {
            registered: self.0.clone(),
            command,
            mailbox,
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
        for mailbox in locked(&self.0).get(&attempt.command).into_iter().flatten() {
            locked(&mailbox.unheard).push(passed);
            mailbox.wake.notify_one();
        }
    }
}

/// Waits for one command; deregisters when dropped.
pub struct Waiter {
    registered: Arc<Mutex<Registered>>,
    command: CommandId,
    mailbox: Arc<Mailbox>,
}

impl Waiter {
    /// What replay says next of the command.
    pub async fn next(&mut self) -> Passed {
        loop {
            {
                let mut unheard = locked(&self.mailbox.unheard);
                if !unheard.is_empty() {
                    return unheard.remove(0);
                }
            }
            // Told meanwhile: then it does not wait.
            self.mailbox.wake.notified().await;
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut registered = locked(&self.registered);
        if let Some(mailboxes) = registered.get_mut(&self.command) {
            mailboxes.retain(|mailbox| !Arc::ptr_eq(mailbox, &self.mailbox));
            if mailboxes.is_empty() {
                registered.remove(&self.command);
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics with one of these locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
