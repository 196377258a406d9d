//! The judge alone, on one core: records that were decoded before, guards checked and set, commands
//! remembered.

use std::time::Instant;

use foaf::{
    domain::LogTime,
    judge::{Judge, Verdict},
};

use crate::{
    author,
    table::{grouped, row},
};

const USERS: usize = 100_000;
const FRIENDSHIPS: usize = 900_000;
const RUNS: usize = 3;

pub(crate) fn alone() {
    let entries = author::records(USERS, FRIENDSHIPS);
    let mut rates: Vec<f64> = (0..RUNS)
        .map(|_| {
            let mut judge = Judge::default();
            let start = Instant::now();
            for (offset, entry) in (0..).zip(&entries) {
                let verdict = judge.judge(offset, LogTime(offset.cast_signed()), entry);
                assert!(
                    !matches!(verdict, Ok(Verdict::Void(_)) | Err(_)),
                    "it was decided on this state"
                );
            }
            entries.len() as f64 / start.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    row(
        "judge alone, one core, 100,000 registrations and 900,000 friendships",
        &format!("{} records/s (median of {RUNS})", grouped(rates[RUNS / 2])),
    );
}
