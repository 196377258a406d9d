//! The server's settings that exactly-once rests on: checked at start.
//!
//! A projector that freezes with its transaction open holds the cursor's lock. Without a limit to
//! both, every other projector would wait for it for ever.
//!
//! Must never change a setting: that is its owner's business.

use std::time::Duration;

use crate::graph::GraphError;

const TRANSACTION: &str = "db.transaction.timeout";
const LOCK: &str = "db.lock.acquisition.timeout";

/// The longest that a transaction may be allowed.
const LONGEST: Duration = Duration::from_mins(1);

/// Checks the settings, as `SHOW SETTINGS` names and shows them.
///
/// # Errors
/// `Unusable`, with each setting that is wrong, its value, and the line for `neo4j.conf`.
pub fn check(found: &[(String, String)]) -> Result<(), GraphError> {
    let value = |name| {
        let setting = found.iter().find(|setting| setting.0 == name);
        setting.map(|setting| setting.1.as_str())
    };
    let limits = |text: Option<&str>, longest: Duration| {
        let time = text.and_then(duration);
        time.is_some_and(|time| !time.is_zero() && time <= longest)
    };
    let mut faults = Vec::new();
    if !limits(value(TRANSACTION), LONGEST) {
        faults.push(fault(
            TRANSACTION,
            value(TRANSACTION),
            "more than 0 and at most 60s",
            "10s",
        ));
    }
    if !limits(value(LOCK), Duration::MAX) {
        faults.push(fault(LOCK, value(LOCK), "more than 0", "5s"));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(GraphError::Unusable(faults.join("; ")))
}

fn fault(name: &str, found: Option<&str>, wanted: &str, good: &str) -> String {
    let found = found.unwrap_or("not shown to this user");
    format!(
        "Neo4j's setting {name} is {found}, it must be {wanted}: put `{name}={good}` into neo4j.conf"
    )
}

/// Reads a duration as Neo4j writes it: `10s`, `1m30s`, `500ms`. A number alone counts seconds.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let number: u32 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ns" => Duration::from_nanos(1),
            "μs" | "us" => Duration::from_micros(1),
            "ms" => Duration::from_millis(1),
            "" | "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            "d" => Duration::from_hours(24),
            _ => return None,
        };
        sum += unit.checked_mul(number)?;
        rest = &rest[letters..];
    }
    (!text.trim().is_empty()).then_some(sum)
}
