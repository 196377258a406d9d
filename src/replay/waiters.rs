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

/// What one waiter has yet to hear, each with the number of its command.
///
/// It has no bound of its own: each request makes a bounded number of attempts, and each attempt is
/// told of once.
#[derive(Debug, Default)]
struct Mailbox {
    unheard: Mutex<SmallVec<[(usize, Passed); 1]>>,
    wake: Notify,
}

/// Who is to be told, and the number that the command has there.
type Registered = HashMap<CommandId, SmallVec<[(Arc<Mailbox>, usize); 1]>, KeyHasher>;

/// The requests that wait, by command.
#[derive(Debug, Default)]
pub(super) struct Waiters(Arc<Mutex<Registered>>);

impl Waiters {
    pub(super) fn add(&self, commands: impl Iterator<Item = CommandId>) -> Waiter {
        let mailbox = Arc::new(Mailbox::default());
        let commands: SmallVec<_> = commands.collect();
        let mut registered = locked(&self.0);
        for (number, command) in commands.iter().enumerate() {
            let told = registered.entry(*command).or_default();
            told.push((mailbox.clone(), number));
        }
        Waiter {
            registered: self.0.clone(),
            commands,
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
        for (mailbox, number) in locked(&self.0).get(&attempt.command).into_iter().flatten() {
            locked(&mailbox.unheard).push((*number, passed));
            mailbox.wake.notify_one();
        }
    }
}

/// Waits for commands; deregisters when dropped.
pub struct Waiter {
    registered: Arc<Mutex<Registered>>,
    commands: SmallVec<[CommandId; 1]>,
    mailbox: Arc<Mailbox>,
}

impl Waiter {
    /// What replay says next of the command, where there is one.
    pub async fn next(&mut self) -> Passed {
        let first = |unheard: &mut SmallVec<[_; 1]>| unheard.remove(0);
        self.hear(first).await.1
    }

    /// All that replay has said since of any command, each with the number of the command.
    pub async fn all(&mut self) -> SmallVec<[(usize, Passed); 1]> {
        self.hear(std::mem::take).await
    }

    /// What the command of that number came to, if it was told and not heard.
    #[must_use]
    pub fn told(&self, number: usize) -> Option<Outcome> {
        let unheard = locked(&self.mailbox.unheard);
        unheard.iter().find_map(|(of, passed)| match passed {
            Passed::Decided(outcome) if *of == number => Some(*outcome),
            _ => None,
        })
    }

    async fn hear<T>(&mut self, take: impl Fn(&mut SmallVec<[(usize, Passed); 1]>) -> T) -> T {
        loop {
            {
                let mut unheard = locked(&self.mailbox.unheard);
                if !unheard.is_empty() {
                    return take(&mut unheard);
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
        for command in &self.commands {
            if let Some(told) = registered.get_mut(command) {
                told.retain(|(mailbox, _)| !Arc::ptr_eq(mailbox, &self.mailbox));
                if told.is_empty() {
                    registered.remove(command);
                }
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics with one of these locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
