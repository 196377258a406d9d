//! The sequential judge of a history: walks along the log with a plain model of the rules, and finds
//! the first thing that must not be. Shares with the program only the format of records and the sum
//! of a digest.

mod stats;

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use foaf::{
    command_handler::{HandlerError, Reply},
    domain::{Event, LogTime, Moment},
    event_log::{Record, record},
    graph::digest::Digest,
    judge::{Attempt, Entry, Judge, OutcomeResult, Verdict, Void},
};

pub(super) use stats::Stats;

use super::{
    acts,
    plan::Call,
    rule::{Fate, Rule},
    run::{Answer, Called, History},
};
use crate::model::{Act, World};

/// The refusal that is no invariant: those who decide at once may exceed the bound.
const TOO_MANY: &str = "TOO_MANY_FRIENDS";
/// Ids that nodes chose are numbered from here on, by position.
const FRESH: usize = 1_000;

/// A command as callers know it: by its actor and key, or without a key each try for itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Operation {
    Keyed(&'static str, String),
    Once(u64),
}

/// A record that decided an operation.
struct Decision<'a> {
    position: u64,
    /// The log time after it.
    time: i64,
    tag: u64,
    call: &'a Call,
    operation: Operation,
    result: OutcomeResult,
}

struct Walk<'a> {
    history: &'a History,
    shipped: Judge,
    rule: Rule,
    world: Rc<World>,
    facts: super::facts::Facts,
    decisions: BTreeMap<u64, Decision<'a>>,
    latest: HashMap<Operation, u64>,
    /// For each position: the model, the digest, and the log time.
    moments: Vec<(Rc<World>, Digest, i64)>,
    stats: Stats,
}

/// Judges a history.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(history: &History) -> Result<Stats, String> {
    if !history.faults.is_empty() {
        return Err(history.faults.join("\n"));
    }
    let mut walk = Walk {
        history,
        shipped: Judge::default().comparing(history.plan.key_bits),
        rule: Rule::comparing(history.plan.key_bits),
        world: Rc::default(),
        facts: super::facts::Facts::default(),
        decisions: BTreeMap::new(),
        latest: HashMap::new(),
        moments: vec![(Rc::default(), Digest::default(), 0)],
        stats: Stats {
            crashes: history.crashes,
            resumed: history.resumed,
            commits: history.commits.len() as u64,
            ..Stats::default()
        },
    };
    for record in &history.records {
        walk.pass(record)?;
    }
    walk.check_projections()?;
    for called in &history.calls {
        walk.stats.calls += 1;
        if let Some(answer) = &called.answer {
            walk.stats.answers += 1;
            let what = walk.wrong(called, answer);
            if let Some(what) = what {
                return Err(format!("{what}: {called:?}"));
            }
        }
    }
    Ok(walk.stats)
}

impl<'a> Walk<'a> {
    fn pass(&mut self, record: &'a Record) -> Result<(), String> {
        let entry = record::decode(&record.message);
        let before = self.rule.log_time;
        let verdict = self
            .shipped
            .judge(record.offset, record.append_time, &entry)
            .map_err(|error| error.to_string())?;
        let fate = self.rule.judge(record.append_time.0, &entry, &[]);
        let position = record.offset + 1;
        if fate != fate_of(&verdict) {
            return Err(format!(
                "at {position} the judge says {verdict:?}, not {fate:?}"
            ));
        }
        self.stats.records += 1;
        match fate {
            Fate::Malformed => self.stats.malformed += 1,
            Fate::Expired => self.stats.expired += 1,
            Fate::Duplicate(_) => self.stats.duplicates += 1,
            Fate::Conflict => self.stats.conflicts += 1,
            _ => {}
        }
        if let (Fate::Effective, Entry::Attempt(attempt)) = (fate, &entry) {
            self.decide(record, attempt, before)?;
        }
        let now = (self.world.clone(), self.facts.digest, self.rule.log_time);
        self.moments.push(now);
        Ok(())
    }

    fn decide(&mut self, record: &Record, attempt: &Attempt, before: i64) -> Result<(), String> {
        let position = record.offset + 1;
        let known =
            acts::tag_of(&record.message).zip(acts::call_of(&self.history.plan, &record.message));
        let (tag, call) = known.ok_or_else(|| format!("nobody sent what counts at {position}"))?;
        let operation = operation(call, tag);
        if let Some(first) = self.latest.get(&operation) {
            let first = &self.decisions[first];
            let heard = self.heard(tag);
            let came = self.history.came[usize::try_from(first.position - 1).expect("small")];
            if self.remembers(first, before, position) || heard.is_some_and(|at| at < came) {
                return Err(format!(
                    "{operation:?} is decided at {} and again at {position}",
                    first.position
                ));
            }
        }
        let at = Moment {
            position,
            time: LogTime(self.rule.log_time),
        };
        self.run(call, attempt, at)?;
        let result = match &attempt.decision {
            Ok(Event::UserRegistered { user, .. }) => OutcomeResult::Registered(*user),
            Ok(_) => OutcomeResult::Done,
            Err(rejection) => OutcomeResult::Rejected(*rejection),
        };
        self.latest.insert(operation.clone(), position);
        let decision = Decision {
            position,
            time: at.time.0,
            tag,
            call,
            operation,
            result,
        };
        self.decisions.insert(position, decision);
        Ok(())
    }

    /// Runs the command where its record stands, and compares.
    fn run(&mut self, call: &Call, attempt: &Attempt, at: Moment) -> Result<(), String> {
        let mut act = call.act.clone();
        let fresh = usize::try_from(at.position).expect("small") + FRESH;
        let mut named = None;
        if let Act::Register { who, .. } = &mut act
            && call.fresh_id
        {
            named = Some(format!("N{who}"));
            *who = fresh;
        }
        let mut world = World::clone(&self.world);
        let expected = world.run(&act);
        let found = attempt.decision.as_ref().err().map(|no| no.code.as_str());
        let is_bounded = found == Some(TOO_MANY) && expected.is_none();
        if is_bounded {
            let decided = usize::try_from(attempt.decided_on).expect("small");
            if !self.is_full(&self.moments[decided].0, &act) {
                return Err(format!("at {} {act:?} is bounded for nothing", at.position));
            }
        } else if expected != found {
            return Err(format!(
                "at {} {act:?} comes to {found:?} in place of {expected:?}",
                at.position
            ));
        }
        match found {
            Some(_) => self.stats.refusals += 1,
            None => self.stats.events += 1,
        }
        if found.is_none() {
            if let (Some(named), Ok(Event::UserRegistered { user, .. })) =
                (named, &attempt.decision)
            {
                self.facts.name(fresh, *user);
                let person = world.people.get_mut(&fresh).expect("registered");
                person.first_name = named;
            }
            let touched = match act {
                Act::Register { who, .. } | Act::Update { who, .. } | Act::State { who, .. } => {
                    Some(who)
                }
                Act::Pair { .. } => None,
            };
            self.facts.take(&world, touched, at);
            self.world = Rc::new(world);
        }
        Ok(())
    }

    /// Whether one of the two of an act has as many friends as one may have.
    fn is_full(&self, world: &World, act: &Act) -> bool {
        let most = self.history.plan.max_friends;
        let Act::Pair { who, other, .. } = act else {
            return false;
        };
        let friends = |who: &usize| {
            let ties = world.ties().filter(|(kind, ..)| *kind == "FRIEND");
            ties.filter(|(_, a, b)| a == who || b == who).count()
        };
        most > 0 && [who, other].into_iter().any(|who| friends(who) >= most)
    }

    /// Whether a decision is remembered where a record at that position is judged, with that log time
    /// before it. Nobody can repeat a command without a key: it must never count twice.
    fn remembers(&self, decision: &Decision<'_>, before: i64, position: u64) -> bool {
        let Some(windows) = self.rule.windows else {
            return true;
        };
        let is_keyed = |other: &&Decision<'_>| matches!(other.operation, Operation::Keyed(..));
        let first = decision.position + 1;
        let later = self.decisions.range(first..position.max(first));
        let later = later.map(|(_, other)| other).filter(is_keyed).count() as u64;
        !is_keyed(&decision)
            || (before - decision.time <= windows.outcome_ms && later < windows.outcome_count)
    }

    fn heard(&self, tag: u64) -> Option<u64> {
        let mut calls = self.history.calls.iter();
        calls.find(|call| call.tag == tag)?.heard_ms
    }

    /// Every graph showed at each position what the log comes to there, and so did every node.
    fn check_projections(&self) -> Result<(), String> {
        let moment = |position: u64| {
            let moment = self.moments.get(usize::try_from(position).expect("small"));
            moment.ok_or_else(|| format!("a graph shows {position}, which is beyond the log"))
        };
        for commit in &self.history.commits {
            let (_, expected, _) = moment(commit.position)?;
            if commit.told != *expected || commit.held != *expected {
                return Err(format!("a graph at {} is wrong", commit.position));
            }
        }
        for (position, digest, time) in &self.history.ends {
            let (_, expected, log_time) = moment(*position)?;
            if digest != expected || time != log_time {
                return Err(format!("a node ends at {position} with another state"));
            }
        }
        Ok(())
    }

    /// What is wrong with an answer.
    fn wrong(&self, called: &Called, answer: &Answer) -> Option<String> {
        let operation = operation(&called.call, called.tag);
        match &answer.result {
            Ok(reply) if reply.position > answer.length => {
                Some("the answer is of a position beyond the log".to_owned())
            }
            Ok(reply) => self.wrong_reply(called, &operation, reply, answer.length),
            Err(HandlerError::Conflict | HandlerError::Unavailable(_)) => {
                let mut decisions = self.decisions.values();
                let effective = decisions.find(|decision| decision.tag == called.tag)?;
                let position = effective.position;
                Some(format!(
                    "what is said to have no effect has one at {position}"
                ))
            }
            Err(HandlerError::IdempotencyKeyReused) => {
                let other = |decision: &&Decision<'_>| {
                    decision.operation == operation
                        && decision.position <= answer.length
                        && !same_content(decision.call, &called.call)
                };
                let other = self.decisions.values().find(other);
                other.is_none().then(|| "nobody used this key".to_owned())
            }
            Err(HandlerError::OutcomeUnknown) => None,
        }
    }

    fn wrong_reply(
        &self,
        called: &Called,
        operation: &Operation,
        reply: &Reply,
        length: u64,
    ) -> Option<String> {
        if let Some(decision) = self.decisions.get(&reply.position)
            && decision.operation == *operation
            && decision.result == reply.result
        {
            return (!same_content(decision.call, &called.call))
                .then(|| "the answer is of another content".to_owned());
        }
        let OutcomeResult::Rejected(rejection) = reply.result else {
            return Some("nothing took effect where the answer says so".to_owned());
        };
        // A refusal without a record: true while the call lasted, and nothing came of it ever.
        let range =
            usize::try_from(called.floor).expect("small")..=usize::try_from(length).expect("small");
        let code = rejection.code.as_str();
        let is_true = |(world, _, _): &(Rc<World>, Digest, i64)| {
            let found = World::clone(world).run(&called.call.act);
            found == Some(code)
                || (code == TOO_MANY && found.is_none() && self.is_full(world, &called.call.act))
        };
        if !self.moments[range].iter().any(is_true) {
            return Some(format!("{code} was not true while the call lasted"));
        }
        let refused_at = self.moments[usize::try_from(reply.position).expect("small")].2;
        let counts = |decision: &&Decision<'_>| {
            decision.operation == *operation
                && self.remembers(decision, refused_at, reply.position + 1)
                && same_content(decision.call, &called.call)
        };
        let decision = self.decisions.values().find(counts)?;
        Some(format!(
            "it is refused without a record, and decided at {}",
            decision.position
        ))
    }
}

fn operation(call: &Call, tag: u64) -> Operation {
    match &call.key {
        Some(key) => Operation::Keyed(call.actor, key.clone()),
        None => Operation::Once(tag),
    }
}

fn same_content(one: &Call, other: &Call) -> bool {
    acts::request(one, 0).command == acts::request(other, 0).command
}

fn fate_of(verdict: &Verdict) -> Fate {
    match verdict {
        Verdict::Created => Fate::Created,
        Verdict::Decided(_) => Fate::Effective,
        Verdict::Void(Void::Malformed) => Fate::Malformed,
        Verdict::Void(Void::CreatedBefore) => Fate::CreatedBefore,
        Verdict::Void(Void::NotCreated) => Fate::NotCreated,
        Verdict::Void(Void::Expired) => Fate::Expired,
        Verdict::Void(Void::Duplicate(outcome)) => Fate::Duplicate(outcome.position),
        Verdict::Void(Void::Conflict) => Fate::Conflict,
    }
}
