//! How commands are bounded: settings.
//!
//! A leaf.

use std::{num::NonZeroUsize, time::Duration};

/// The bounds of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    /// After how long a command is given up.
    pub timeout: Duration,
    /// How many friends a user may have; any number, where there is none.
    pub max_friends: Option<NonZeroUsize>,
}

impl From<Duration> for Writing {
    fn from(timeout: Duration) -> Self {
        Self {
            timeout,
            max_friends: None,
        }
    }
}
