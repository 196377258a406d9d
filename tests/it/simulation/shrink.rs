//! Shortens a failing plan: leaves out calls, faults and bad weather for as long as it fails.

use std::sync::Arc;

use super::{
    ENDLESS,
    mutants::Mutant,
    plan::{Plan, Weather},
    verdict,
};

/// The shortest failing plan that was found, and what is wrong with it.
pub(super) fn shrink(plan: &Plan, mutant: Option<Mutant>) -> (Plan, String) {
    let fails = |plan: &Plan| verdict(&Arc::new(plan.clone()), mutant).err();
    let mut best = plan.clone();
    let mut why = fails(plan).unwrap_or_else(|| "it does not fail again".to_owned());
    // Each try would take long, and go on beside the next.
    if why == ENDLESS {
        return (best, why);
    }
    loop {
        let before = size(&best);
        for candidate in smaller(&best) {
            if size(&candidate) < size(&best)
                && let Some(found) = fails(&candidate)
            {
                (best, why) = (candidate, found);
            }
        }
        if size(&best) == before {
            return (best, why);
        }
    }
}

/// How much there is in a plan.
fn size(plan: &Plan) -> usize {
    let retries: u64 = plan.calls.iter().map(|call| call.retries).sum();
    let weather: u32 = weather(&mut plan.weather.clone())
        .map(|percent| u32::from(*percent > 0))
        .iter()
        .sum();
    plan.calls.len() * 100
        + plan.faults.len() * 100
        + usize::try_from(retries).expect("small") * 10
        + weather as usize
}

fn weather(of: &mut Weather) -> [&mut u8; 8] {
    [
        &mut of.lost,
        &mut of.late,
        &mut of.twice,
        &mut of.refused,
        &mut of.mute,
        &mut of.timeless,
        &mut of.lag,
        &mut of.graph,
    ]
}

/// The plan with one thing less, the biggest first.
fn smaller(plan: &Plan) -> Vec<Plan> {
    let edit = |edit: &dyn Fn(&mut Plan)| {
        let mut next = plan.clone();
        edit(&mut next);
        next
    };
    let mut all = Vec::new();
    for part in [8, 4, 2] {
        let length = plan.calls.len().div_ceil(part);
        for start in (0..plan.calls.len()).step_by(length.max(1)) {
            let end = plan.calls.len().min(start + length);
            all.push(edit(&|plan| {
                plan.calls.drain(start..end);
            }));
        }
    }
    for index in 0..plan.faults.len() {
        all.push(edit(&|plan| {
            plan.faults.remove(index);
        }));
    }
    for index in 0..plan.calls.len() {
        all.push(edit(&|plan| {
            plan.calls.remove(index);
        }));
        all.push(edit(&|plan| plan.calls[index].retries = 0));
    }
    for index in 0..8 {
        all.push(edit(&|plan| *weather(&mut plan.weather)[index] = 0));
    }
    all
}
