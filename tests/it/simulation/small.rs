//! A model so small that all of it can be seen: two nodes, two clients, three commands, of which one is
//! repeated on another node, one crash, and one record that reaches the log twice. Every order of all
//! steps is gone through.
//!
//! The shipped handler waits for timers and channels, whose orders cannot be enumerated; a synchronous
//! one of a few lines stands in for it, over the shipped `decide`, `fold`, `judge` and conflict keys.

mod scenario;

use std::{collections::VecDeque, rc::Rc};

use foaf::{
    domain::{LogTime, Moment, Rejection, State, UserId, decide, fold},
    judge::{
        Attempt, CommandId, ContentHash, Entry, GraphCreated, Guard, HashKey, Judge, LogId,
        RecordId, RecordingView, Verdict, Void, Windows, written_keys,
    },
};
use hashbrown::{HashMap, HashSet};
use uuid::Uuid;

pub(super) use scenario::{Scenario, SmallFault, scenarios};

use super::acts;
use crate::model::{Act, World};

/// How many attempts a try makes. With 2 in place of 1 there are five times as many states.
const ATTEMPTS: u8 = 1;
/// Tries from this one on have happened before.
const BEFORE: u8 = 10;
const NOW: LogTime = LogTime(1_700_000_000_000);

/// An attempt: by which try, and on how long a log it was decided. With the log before it, that says
/// all there is in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Sent {
    by: u8,
    number: u8,
    decided_on: u8,
}

/// A try is a call at a node: 0 and 1 of the first client, 2 of the second, 3 its repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Try {
    Unmade,
    Waits { node: usize, number: u8 },
    Decided(u8),
    Refused(Rejection),
    Conflict,
    Lost,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Whole {
    log: Vec<Sent>,
    /// What is on its way to the log, sorted.
    sent: Vec<Sent>,
    /// How much of the log each node has read, and from when on it decides.
    nodes: [(u8, u8); 2],
    tries: [Try; 4],
    has_crashed: bool,
    has_doubled: bool,
}

/// What the shipped code makes of a log.
struct Model {
    judge: Judge,
    state: State,
    verdicts: Vec<Verdict>,
    world: World,
}

struct Search<'a> {
    scenario: &'a Scenario,
    models: HashMap<Vec<Sent>, Rc<Model>>,
}

/// Goes through every state, and says how many there are.
///
/// # Errors
/// What is wrong in the first bad one.
pub(super) fn search(scenario: &Scenario) -> Result<u64, String> {
    let mut search = Search {
        scenario,
        models: HashMap::new(),
    };
    let before = u8::try_from(scenario.before.len()).expect("few");
    let log = (0..before).map(|number| Sent {
        by: BEFORE + number,
        number: 0,
        decided_on: number,
    });
    let start = Whole {
        log: log.collect(),
        sent: Vec::new(),
        nodes: [(before, before); 2],
        tries: [Try::Unmade; 4],
        has_crashed: false,
        has_doubled: false,
    };
    let mut seen: HashSet<Whole> = HashSet::new();
    seen.insert(start.clone());
    let mut open = VecDeque::from([start]);
    while let Some(whole) = open.pop_front() {
        search.check(&whole)?;
        for next in search.steps(&whole)? {
            if seen.insert(next.clone()) {
                open.push_back(next);
            }
        }
    }
    Ok(seen.len() as u64)
}

impl Search<'_> {
    fn act(&self, by: u8) -> &Act {
        match by {
            0 | 1 => &self.scenario.first[usize::from(by)],
            2 | 3 => &self.scenario.second,
            before => &self.scenario.before[usize::from(before - BEFORE)],
        }
    }

    /// The shipped judge and fold, and the plain model, at the end of a log.
    fn model(&mut self, log: &[Sent]) -> Result<Rc<Model>, String> {
        if let Some(model) = self.models.get(log) {
            return Ok(model.clone());
        }
        let mut model = Model {
            judge: Judge::default(),
            state: State::default(),
            verdicts: Vec::new(),
            world: World::default(),
        };
        let identity = Entry::GraphCreated(GraphCreated {
            id: RecordId(Uuid::nil()),
            log_id: LogId(Uuid::nil()),
            hash_key: key(),
            windows: Windows::DEFAULT,
        });
        model
            .judge
            .judge(0, NOW, &identity)
            .map_err(|e| e.to_string())?;
        for (offset, sent) in (1..).zip(log) {
            let attempt = self.attempt(&log[..usize::from(sent.decided_on)], *sent)?;
            let entry = Entry::Attempt(attempt.clone());
            let verdict = model
                .judge
                .judge(offset, NOW, &entry)
                .map_err(|e| e.to_string())?;
            if matches!(verdict, Verdict::Decided(_)) {
                let act = self.act(sent.by);
                let expected = model.world.run(act);
                let found = attempt.decision.as_ref().err().map(|no| no.code.as_str());
                if expected != found {
                    return Err(format!(
                        "{log:?}: {act:?} comes to {found:?}, not {expected:?}"
                    ));
                }
                if let Ok(event) = &attempt.decision {
                    let at = Moment {
                        position: offset + 1,
                        time: NOW,
                    };
                    fold(&mut model.state, event, at).map_err(|e| e.to_string())?;
                }
                let decides = |(other, verdict): (&Sent, &Verdict)| {
                    command_id(other.by) == command_id(sent.by)
                        && matches!(verdict, Verdict::Decided(_))
                };
                if log.iter().zip(&model.verdicts).any(decides) {
                    return Err(format!("{log:?}: {act:?} is decided twice"));
                }
            }
            model.verdicts.push(verdict);
        }
        let model = Rc::new(model);
        self.models.insert(log.to_vec(), model.clone());
        Ok(model)
    }

    fn attempt(&mut self, log: &[Sent], sent: Sent) -> Result<Attempt, String> {
        let model = self.model(log)?;
        let view = RecordingView::new(&model.state);
        let decision = decide(
            &view,
            &acts::command(self.act(sent.by), false),
            UserId(Uuid::nil()),
        );
        let written = decision.as_ref().map(written_keys).unwrap_or_default();
        let writes: Vec<_> = written.iter().map(|key_| key_.hash(&key())).collect();
        let mut guards: Vec<Guard> = (view.into_noted().iter())
            .map(|noted| noted.hash(&key()))
            .map(|key| Guard {
                key,
                etag: model.judge.etag(key),
            })
            .collect();
        if self.scenario.fault == Some(SmallFault::GuardsOnlyWritten) {
            guards.retain(|guard| writes.contains(&guard.key));
        }
        Ok(Attempt {
            id: RecordId(Uuid::from_u128(
                1 + u128::from(sent.by) * 16 + u128::from(sent.number),
            )),
            command: command_id(sent.by),
            content: ContentHash([0; 16]),
            actor: "anne".into(),
            decided_at: NOW,
            decided_on: u64::from(sent.decided_on) + 1,
            is_keyed: true,
            guards,
            writes,
            decision,
        })
    }

    /// A try at a node looks its command up and decides it.
    fn decide(&mut self, whole: &mut Whole, by: u8, node: usize, number: u8) -> Result<(), String> {
        let read = whole.nodes[node].0;
        let model = self.model(&whole.log[..usize::from(read)])?;
        let sent = Sent {
            by,
            number,
            decided_on: read,
        };
        let outcome = model.judge.outcome(command_id(by));
        let attempt = self.attempt(&whole.log[..usize::from(read)], sent)?;
        whole.tries[usize::from(by)] = match (outcome, attempt.decision) {
            (Some(outcome), _) => Try::Decided(u8::try_from(outcome.position).expect("small")),
            (None, Err(no)) if self.needs_no_record(no) => Try::Refused(no),
            (None, _) if number == ATTEMPTS => Try::Conflict,
            (None, _) => {
                whole.sent.push(sent);
                whole.sent.sort_unstable();
                Try::Waits { node, number }
            }
        };
        Ok(())
    }

    fn needs_no_record(&self, rejection: Rejection) -> bool {
        self.scenario.fault == Some(SmallFault::RefusalsWithoutRecord)
            || ["SELF", "USER_ARCHIVED"].contains(&rejection.code.as_str())
    }

    /// Every state that can come next.
    fn steps(&mut self, whole: &Whole) -> Result<Vec<Whole>, String> {
        let mut all = Vec::new();
        let is_unmade = |try_: &Try| *try_ == Try::Unmade;
        let more_to_come = whole.tries.iter().any(is_unmade);
        // The nodes are alike: the first try is made at the first.
        let is_first = whole.tries.iter().all(is_unmade);
        for by in 0..4_u8 {
            let is_turn = match by {
                1 => !matches!(whole.tries[0], Try::Unmade | Try::Waits { .. }),
                3 => matches!(whole.tries[2], Try::Waits { .. } | Try::Lost),
                _ => true,
            };
            for node in 0..if is_first { 1 } else { 2 } {
                let (read, live_at) = whole.nodes[node];
                let elsewhere =
                    by != 3 || !matches!(whole.tries[2], Try::Waits { node: at, .. } if at == node);
                if whole.tries[usize::from(by)] == Try::Unmade
                    && is_turn
                    && elsewhere
                    && read >= live_at
                {
                    let mut next = whole.clone();
                    self.decide(&mut next, by, node, 0)?;
                    all.push(next);
                }
            }
        }
        for index in 0..whole.sent.len() {
            let mut next = whole.clone();
            next.log.push(whole.sent[index]);
            if !whole.has_doubled {
                let mut doubled = next.clone();
                doubled.has_doubled = true;
                all.push(doubled);
            }
            next.sent.remove(index);
            all.push(next);
        }
        for node in 0..2 {
            // Where nobody waits, and nobody will come, nothing that a node does is seen.
            let waits = |try_: &Try| matches!(try_, Try::Waits { node: at, .. } if *at == node);
            let matters = more_to_come || whole.tries.iter().any(waits);
            if matters && usize::from(whole.nodes[node].0) < whole.log.len() {
                all.push(self.read(whole, node)?);
            }
            if more_to_come && !is_first && !whole.has_crashed {
                let mut next = whole.clone();
                next.has_crashed = true;
                let before = u8::try_from(self.scenario.before.len()).expect("few");
                next.nodes[node] = (before, u8::try_from(whole.log.len()).expect("short"));
                for try_ in &mut next.tries {
                    if matches!(try_, Try::Waits { node: at, .. } if *at == node) {
                        *try_ = Try::Lost;
                    }
                }
                all.push(next);
            }
        }
        Ok(all)
    }

    /// A node reads the next record, and tells who waits for it.
    fn read(&mut self, whole: &Whole, node: usize) -> Result<Whole, String> {
        let mut next = whole.clone();
        let offset = whole.nodes[node].0;
        next.nodes[node].0 += 1;
        let record = whole.log[usize::from(offset)];
        let model = self.model(&whole.log[..=usize::from(offset)])?;
        for by in 0..4_u8 {
            let Try::Waits { node: at, number } = whole.tries[usize::from(by)] else {
                continue;
            };
            if at != node || command_id(by) != command_id(record.by) {
                continue;
            }
            match model.verdicts[usize::from(offset)] {
                Verdict::Decided(outcome) | Verdict::Void(Void::Duplicate(outcome)) => {
                    let position = u8::try_from(outcome.position).expect("small");
                    next.tries[usize::from(by)] = Try::Decided(position);
                }
                _ if (record.by, record.number) == (by, number) => {
                    self.decide(&mut next, by, node, number + 1)?;
                }
                _ => {}
            }
        }
        Ok(next)
    }

    /// Every answer is true.
    fn check(&mut self, whole: &Whole) -> Result<(), String> {
        let model = self.model(&whole.log)?;
        let decided = |sent: &Sent, verdict: &Verdict| match verdict {
            Verdict::Decided(outcome) => Some((*sent, outcome.position)),
            _ => None,
        };
        let verdicts = whole.log.iter().zip(&model.verdicts);
        let decided: Vec<_> = verdicts.filter_map(|(s, v)| decided(s, v)).collect();
        for (by, try_) in (0..4_u8).zip(whole.tries) {
            let of_command = |(sent, _): &&(Sent, u64)| command_id(sent.by) == command_id(by);
            let is_wrong = match try_ {
                Try::Decided(position) => !decided
                    .iter()
                    .filter(of_command)
                    .any(|(_, at)| *at == u64::from(position)),
                Try::Refused(_) => decided.iter().any(|found| of_command(&found)),
                Try::Conflict => decided.iter().any(|(sent, _)| sent.by == by),
                Try::Unmade | Try::Waits { .. } | Try::Lost => false,
            };
            if is_wrong {
                return Err(format!("try {by} is answered {try_:?}: {whole:?}"));
            }
        }
        Ok(())
    }
}

fn key() -> HashKey {
    HashKey([1; 32])
}

fn command_id(by: u8) -> CommandId {
    CommandId([if by == 3 { 2 } else { by }; 16])
}
