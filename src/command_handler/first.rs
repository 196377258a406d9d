//! After a time without records, one command goes first.
//!
//! An attempt lives for a window of log time, and log time stands still while nothing is written. Of many
//! commands that are decided on an old log time, the first record to arrive would make the others too old.
//! So where the own clock is far ahead of log time, one command moves log time on, and the others are
//! decided after it. Must never hold up the commands of a node whose clock is simply wrong: there, one
//! goes first only now and then.

use std::time::Duration;

use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, timeout_at},
};

use super::{BUSY, CommandHandler, HandlerError};
use crate::domain::LogTime;

/// When a command that went first last came into the log. Locked by the one that goes first.
pub(super) type LastMoved = Mutex<Option<Instant>>;

/// The turn of the command that goes first.
pub(super) struct Turn<'a> {
    handler: &'a CommandHandler,
    last: MutexGuard<'a, Option<Instant>>,
    /// The position at which it began.
    began: u64,
}

impl CommandHandler {
    /// Waits for the command that goes first, if there has to be one; a turn if it is the caller's own.
    pub(super) async fn go_first(
        &self,
        deadline: Instant,
    ) -> Result<Option<Turn<'_>>, HandlerError> {
        if !self.has_one_to_go_first() {
            return Ok(None);
        }
        let last = timeout_at(deadline, self.last_moved.lock()).await;
        let last = last.map_err(|_| BUSY)?;
        let began = self.replay.progress().borrow().position;
        Ok(self.is_old(self.log_time(), *last).then_some(Turn {
            handler: self,
            last,
            began,
        }))
    }

    /// Whether a command goes first now, or has to.
    pub(super) fn has_one_to_go_first(&self) -> bool {
        let last = self.last_moved.try_lock().map_or(None, |last| *last);
        self.is_old(self.log_time(), last)
    }

    /// Whether log time is behind the own clock by more than half of an attempt's life, and the clocks do
    /// not simply differ: by those, it would be as old so soon after it was moved.
    fn is_old(&self, log_time: LogTime, last_moved: Option<Instant>) -> bool {
        let Some(identity) = self.identity.get() else {
            return false;
        };
        let life = identity.windows.attempt_ms;
        let soon = Duration::from_millis(u64::try_from(life / 4).unwrap_or_default());
        (self.clock)().0.saturating_sub(log_time.0) > life / 2
            && last_moved.is_none_or(|at| at.elapsed() > soon)
    }

    fn log_time(&self) -> LogTime {
        self.replay.progress().borrow().log_time
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Also where log time stands still, for the log's clock has gone back.
        if self.handler.replay.progress().borrow().position > self.began {
            *self.last = Some(Instant::now());
        }
    }
}
