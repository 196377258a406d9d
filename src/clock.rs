//! Where the time comes from.
//!
//! A clock is an argument of whatever needs one, so that tests set the time. Must never be read by
//! the domain or the judge: what they need stands in the log.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::LogTime;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> LogTime + Send + Sync>;

/// The clock of this machine.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the time comes from"
)]
pub fn system() -> Clock {
    Arc::new(|| {
        // A clock that was never set shows a time before 1970; the log time's running maximum
        // deals with that as with any other clock that goes back.
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        LogTime(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
    })
}
