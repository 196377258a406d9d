//! Random histories of several nodes in a simulated world, driven through the shipped program and
//! judged by a plain model. `docs/reliability.md` says what is simulated and what came of it.
//!
//! `FOAF_SIM_SEED` names one history, `FOAF_SIM_HISTORIES` says how many.

mod acts;
mod check;
mod facts;
mod graph;
mod log;
mod mutants;
mod plan;
mod rule;
mod run;
mod scribe;
mod variant;

use std::sync::Arc;

use plan::Plan;

#[test]
fn a_first_try() {
    let start = std::time::Instant::now();
    let from: u64 = std::env::var("FOAF_SIM_SEED").map_or(0, |s| s.parse().unwrap());
    let n: u64 = std::env::var("FOAF_SIM_HISTORIES").map_or(200, |s| s.parse().unwrap());
    let mut bad = 0;
    for seed in from..from + n {
        let plan = Arc::new(Plan::of(seed));
        if std::env::var("FOAF_SIM_V").is_ok() { println!("{seed}"); }
        let history = run::run(&plan, None);
        match check::check(&history) {
            Ok(stats) if seed % 50 == 0 => println!("{seed}: {stats:?}"),
            Ok(_) => {}
            Err(e) => {
                bad += 1;
                if bad < 10 { println!("{seed}: {:.1500}", e); }
            }
        }
    }
    println!("{bad} bad of {n} in {:?}", start.elapsed());
}
