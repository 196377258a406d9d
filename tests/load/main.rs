//! The release build under load: light requests beside heavy ones, hubs, hostile documents, clients that do
//! not read. `scripts/test` runs it: `cargo test --release --test load -- --test-threads=1`.
//!
//! Machines are shared, so what is asserted is a ratio within one run, the best of three; what is printed
//! says more (`--nocapture`). Sizes: `FOAF_LOAD_SECONDS` for each measurement, `FOAF_LOAD_HUB` for a hub.

mod clients;
mod hostile;
mod hub;
mod process;
mod reads;

use std::{env, time::Duration};

/// The most that the slowest of a hundred light requests may take beside heavy ones, times what it takes
/// alone. The goal is 5.
const MAX_RATIO: f64 = 15.0;
/// The most that `/health/ready` may take, whatever else runs. The goal is 100 ms.
const MAX_HEALTH: Duration = Duration::from_secs(1);
/// The most memory that a process over the demo graph may have held.
const MAX_MEGABYTES: u64 = 500;

fn number(name: &str, default: u64) -> u64 {
    let text = env::var(name).ok();
    text.map_or(default, |text| text.parse().expect("a number"))
}

/// How long is measured.
fn seconds() -> Duration {
    Duration::from_secs(number("FOAF_LOAD_SECONDS", 2))
}
