//! Random histories of several nodes in a simulated world, driven through the shipped program and
//! judged by a plain model. `docs/reliability.md` says what is simulated and what came of it.
//!
//! `FOAF_SIM_HISTORIES` says how many, `FOAF_SIM_SEED` which is the first, and `FOAF_SIM_MUTANT` the
//! name of what is wrong in them.
//! `FOAF_SIM_EVERY_SMALL_WORLD=1` searches all small worlds, not only a few.

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
mod shrink;
mod small;
mod snapshots;
mod variant;

use std::{
    env,
    panic::{UnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use check::Stats;
use foaf::judge::Windows;
use mutants::{HARMLESS, Mutant};
use plan::{Plan, Theme};
use small::SmallFault;
use variant::CallFault;

const SEED: &str = "FOAF_SIM_SEED";
const HISTORIES: &str = "FOAF_SIM_HISTORIES";
const MUTANT: &str = "FOAF_SIM_MUTANT";
const SMALL: &str = "FOAF_SIM_EVERY_SMALL_WORLD";

/// What a run of `scripts/test` asks for.
const DEFAULT_HISTORIES: u64 = 10_000;
/// In how many histories a mutant has to be caught.
const MUTANT_HISTORIES: u64 = 20_000;

/// Histories that showed a fault of the program, and whether the bounds of a history were drawn by then.
const FOUND: [(u64, bool); 2] = [(3_004_073, false), (6_169_360, true)];

/// How long a history may take that mostly takes some milliseconds.
const LONGEST: Duration = Duration::from_mins(1);
/// What is wrong with one that takes longer.
const ENDLESS: &str = "it does not end: something goes on without waiting for anything";

/// Lets a plan happen and judges it.
fn verdict(plan: &Arc<Plan>, mutant: Option<Mutant>) -> Result<Stats, String> {
    let plan = plan.clone();
    within(LONGEST, move || check::check(&run::run(&plan, mutant)))
}

/// What a history comes to. One that does not end is left alone: its time stands still, so that
/// nothing within could end it.
fn within(
    limit: Duration,
    history: impl FnOnce() -> Result<Stats, String> + Send + UnwindSafe + 'static,
) -> Result<Stats, String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let judged = catch_unwind(history);
        // Nobody listens any more where it has taken too long.
        let _ = tell.send(judged.unwrap_or_else(|_| Err("it panicked".to_owned())));
    });
    told.recv_timeout(limit)
        .unwrap_or_else(|_| Err(ENDLESS.to_owned()))
}

fn theme(mutant: Option<Mutant>) -> Theme {
    mutant.map_or(Theme::Anything, Mutant::theme)
}

fn setting(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

/// Runs `work` on each of the machine's processors.
fn on_all(work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(&work);
        }
    });
}

/// The seed of the first bad history of a range, and what all came to.
fn histories(first: u64, count: u64, mutant: Option<Mutant>) -> (Option<u64>, Stats) {
    let (next, bad) = (AtomicU64::new(first), AtomicU64::new(u64::MAX));
    let total = Mutex::new(Stats::default());
    on_all(|| {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count || seed > bad.load(Ordering::Relaxed) {
                return;
            }
            match verdict(&Arc::new(Plan::about(theme(mutant), seed)), mutant) {
                Ok(stats) => total.lock().expect("no panic").add(&stats),
                Err(_) => {
                    bad.fetch_min(seed, Ordering::Relaxed);
                }
            }
        }
    });
    let bad = bad.into_inner();
    (
        (bad != u64::MAX).then_some(bad),
        total.into_inner().expect("no panic"),
    )
}

/// Fails with the shortened history, and how to see it again.
fn report(seed: u64, mutant: Option<Mutant>) -> ! {
    let (plan, why) = shrink::shrink(&Plan::about(theme(mutant), seed), mutant);
    let name = mutant.map_or_else(String::new, |mutant| format!("{MUTANT}='{mutant}' "));
    panic!(
        "\nhistory {seed} is bad: {why}\nshortened: {plan:#?}\nsee it again: \
         {name}{SEED}={seed} {HISTORIES}=1 cargo test --test it simulation::histories_hold -- --nocapture\n"
    );
}

/// The mutant that is asked for by its name.
fn wanted() -> Option<Mutant> {
    let name = env::var(MUTANT).ok()?;
    let found = mutants::every().find(|mutant| mutant.to_string() == name);
    Some(found.unwrap_or_else(|| panic!("{MUTANT} is the name of a mutant")))
}

#[test]
fn histories_hold() {
    let first = setting(SEED).unwrap_or(0);
    let count = setting(HISTORIES).unwrap_or(DEFAULT_HISTORIES);
    let mutant = wanted();
    let (bad, stats) = histories(first, count, mutant);
    if let Some(seed) = bad {
        report(seed, mutant);
    }
    println!("{count} histories from seed {first}, 0 bad: {stats:?}");
    if count >= DEFAULT_HISTORIES && mutant.is_none() {
        // What is simulated happens, and often.
        let few = stats
            .each()
            .into_iter()
            .find(|(_, seen)| *seen < count / 50);
        assert_eq!(few, None, "{stats:?}");
    }
}

#[test]
fn what_was_bad_once_holds() {
    for (seed, has_bounds) in FOUND {
        let mut plan = Plan::of(seed);
        if !has_bounds {
            plan.max_friends = 0;
            plan.windows = Windows::DEFAULT;
            plan.ends_later = false;
        }
        if verdict(&Arc::new(plan), None).is_err() {
            report(seed, None);
        }
    }
}

/// Keys that agree in what is compared make retries, and never another answer.
#[test]
fn keys_that_agree_cost_retries_only() {
    let count = setting(HISTORIES).unwrap_or(DEFAULT_HISTORIES) / 10;
    let conflicts = |key_bits| {
        let total = Mutex::new(Stats::default());
        let next = AtomicU64::new(0);
        on_all(|| {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= count {
                    return;
                }
                let plan = Plan {
                    key_bits,
                    ..Plan::of(seed)
                };
                match verdict(&Arc::new(plan), None) {
                    Ok(stats) => total.lock().expect("no panic").add(&stats),
                    Err(why) => panic!("history {seed} with keys of {key_bits} bits: {why}"),
                }
            }
        });
        total.into_inner().expect("no panic").conflicts
    };
    let (narrow, wide) = (conflicts(8), conflicts(64));
    println!("{count} histories: {narrow} conflicts with keys of 8 bits, {wide} with 64");
    assert!(narrow > wide, "{narrow} and {wide}");
}

#[test]
fn a_history_that_does_not_end_is_bad() {
    let (never, ends) = mpsc::channel::<()>();
    let endless = within(Duration::ZERO, move || {
        let _ = ends.recv();
        Ok(Stats::default())
    });
    assert_eq!(endless.err().as_deref(), Some(ENDLESS));
    drop(never);
}

#[test]
fn one_seed_makes_one_history() {
    for seed in 0..100 {
        let plan = Arc::new(Plan::of(seed));
        let first = run::run(&plan, None).outline();
        assert_eq!(run::run(&plan, None).outline(), first, "seed {seed}");
    }
}

#[test]
fn the_handler_that_mutants_are_made_of_is_right() {
    let right = Some(Mutant::Call(CallFault::Nothing));
    let (bad, _) = histories(0, 1_000, right);
    if let Some(seed) = bad {
        report(seed, right);
    }
}

#[test]
fn mutants_are_caught() {
    let all = mutants::all();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    on_all(|| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = all.get(index) else {
                return;
            };
            let caught = (0..setting(HISTORIES).unwrap_or(MUTANT_HISTORIES)).find_map(|seed| {
                let plan = Plan::about(mutant.theme(), seed);
                let why = verdict(&Arc::new(plan), Some(*mutant)).err()?;
                Some((seed + 1, why))
            });
            found.lock().expect("no panic").push((index, caught));
        }
    });
    let mut found = found.into_inner().expect("no panic");
    found.sort_by_key(|(index, _)| *index);
    let mut survivors = Vec::new();
    println!("| mutant | histories until it was caught | by |\n|---|---|---|");
    for (index, caught) in found {
        let mutant = all[index];
        match caught {
            Some((histories, why)) => {
                let why: String = why
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .take(90)
                    .collect();
                println!("| {mutant} | {histories} | {why} |");
            }
            None => survivors.push(mutant.to_string()),
        }
    }
    assert!(survivors.is_empty(), "these survive: {survivors:#?}");
}

#[test]
fn mutants_that_are_said_to_be_harmless_are() {
    for (mutant, why) in HARMLESS {
        let (bad, _) = histories(0, 500, Some(mutant));
        if let Some(seed) = bad {
            println!("{mutant} is caught, though {why}");
            report(seed, Some(mutant));
        }
    }
}

#[test]
fn the_whole_of_a_small_world_is_right() {
    let scenarios = small::scenarios(setting(SMALL) == Some(1), None);
    let next = AtomicUsize::new(0);
    let total = AtomicU64::new(0);
    on_all(|| {
        while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            match small::search(scenario) {
                Ok(states) => total.fetch_add(states, Ordering::Relaxed),
                Err(wrong) => panic!("{wrong}"),
            };
        }
    });
    let states = total.into_inner();
    println!("{} small worlds, {states} states, 0 bad", scenarios.len());
    assert!(states > 100_000, "{states}");
}

#[test]
fn what_is_wrong_in_a_small_world_is_found() {
    for fault in [
        SmallFault::GuardsOnlyWritten,
        SmallFault::RefusalsWithoutRecord,
    ] {
        let mut scenarios = small::scenarios(false, Some(fault)).into_iter();
        assert!(
            scenarios.any(|scenario| small::search(&scenario).is_err()),
            "{fault:?}"
        );
    }
}
