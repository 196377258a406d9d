//! What one history is made of: who calls what, where and when, and what goes wrong meanwhile. Drawn
//! from a seed; every part can be left out, which is how a failing plan is shortened.

mod theme;

use fastrand::Rng;
use foaf::judge::Windows;

pub(super) use theme::Theme;

use crate::model::Act;

/// How many people have ids that callers know beforehand.
pub(super) const PEOPLE: usize = 5;
/// How many handles there are.
const HANDLES: usize = 4;
/// The name of the caller of everything, most of the time.
const ACTORS: [&str; 2] = ["anne", "bert"];

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const YEAR: i64 = 365 * 24 * HOUR;

/// A history before it has happened.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) nodes: usize,
    pub(super) stores: Stores,
    /// After how long a node gives a command up.
    pub(super) deadline_ms: u64,
    /// How many friends the nodes let a person have; 0 for no bound.
    pub(super) max_friends: usize,
    /// What the log's identity says.
    pub(super) windows: Windows,
    /// How many bits of keys are compared.
    pub(super) key_bits: u32,
    /// Whether archives end piece by piece, as those of hubs do.
    pub(super) ends_later: bool,
    pub(super) weather: Weather,
    pub(super) calls: Vec<Call>,
    pub(super) faults: Vec<Fault>,
}

/// What the nodes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stores {
    /// A log that many nodes use, and one graph.
    SharedGraph,
    /// A log that many nodes use, and an embedded graph each, lost with the node.
    OwnGraphs,
    /// A log that admits one node, and its embedded graph.
    OneNode,
}

/// How often things go wrong, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    /// An append never reaches the log.
    pub(super) lost: u8,
    /// An append is held back, maybe past its sender's death.
    pub(super) late: u8,
    /// An append reaches the log twice.
    pub(super) twice: u8,
    /// The log refuses an append.
    pub(super) refused: u8,
    /// An acknowledgement is lost.
    pub(super) mute: u8,
    /// An acknowledgement does not tell the append time.
    pub(super) timeless: u8,
    /// A reader lags behind for long.
    pub(super) lag: u8,
    /// A step of the graph fails, or its commit is answered by nobody.
    pub(super) graph: u8,
}

/// One command of a client, with what the client does when no answer comes.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Unique in the history.
    pub(super) number: u64,
    pub(super) client: usize,
    /// How long the client waits before it calls.
    pub(super) pause_ms: u64,
    pub(super) act: Act,
    /// A registration that leaves the choice of the id to the node.
    pub(super) fresh_id: bool,
    pub(super) actor: &'static str,
    pub(super) key: Option<String>,
    pub(super) node: usize,
    /// How long the client waits for an answer before it tries another node.
    pub(super) patience_ms: u64,
    /// How often it tries again.
    pub(super) retries: u64,
}

/// Something that happens to everybody.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) at_ms: u64,
    pub(super) what: What,
}

/// See [`Fault`].
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// A node loses its memory, and starts again after a while.
    Crash { node: usize, down_ms: u64 },
    /// A node writes a snapshot.
    Save { node: usize },
    /// The log's clock jumps.
    Jump { ms: i64 },
    /// Somebody else writes to the log: a record not ours, one broken, an old one again, a second
    /// identity, or an old one that says it was decided in the future.
    Foreign { kind: u8 },
}

impl Plan {
    /// The plan of that seed.
    pub(super) fn of(seed: u64) -> Self {
        Self::about(Theme::Anything, seed)
    }

    /// The plan of that seed about that theme.
    pub(super) fn about(theme: Theme, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x9e37_79b9_7f4a_7c15);
        let stores = match rng.u8(..10) {
            0..=4 => Stores::SharedGraph,
            _ if matches!(theme, Theme::Graph | Theme::Snapshots) => Stores::SharedGraph,
            9 if theme != Theme::Anything => Stores::OwnGraphs,
            5..=8 => Stores::OwnGraphs,
            _ => Stores::OneNode,
        };
        let nodes = match stores {
            Stores::OneNode => 1,
            _ => rng.usize(2..=4),
        };
        let mut weather = Weather::any(&mut rng);
        if matches!(theme, Theme::Jumps(_) | Theme::Counts) {
            weather.late = 40;
            weather.twice = weather.twice.max(10);
        }
        // Dice of their own: what else is in a history does not hang on them.
        let mut bounds = Rng::with_seed(!seed);
        let mut plan = Self {
            seed,
            nodes,
            stores,
            deadline_ms: rng.u64(400..4000),
            max_friends: if bounds.u8(..3) == 0 {
                bounds.usize(1..3)
            } else {
                0
            },
            windows: theme::windows(&mut bounds, theme),
            key_bits: 64,
            ends_later: bounds.bool(),
            weather,
            calls: Vec::new(),
            faults: Vec::new(),
        };
        plan.draw_calls(&mut rng, theme);
        plan.draw_faults(&mut rng, theme);
        plan
    }

    fn draw_calls(&mut self, rng: &mut Rng, theme: Theme) {
        let clients = rng.usize(2..=5);
        let count = rng.usize(12..40);
        let keyed = rng.u8(30..=100);
        for number in 0..count {
            // Somebody has to be there before anything can happen between people.
            let opening = number < 3;
            let act = if opening {
                register(rng, number)
            } else {
                theme
                    .act(rng)
                    .unwrap_or_else(|| any_act(rng, number, count))
            };
            let mut call = Call {
                number: number as u64,
                client: if opening { 0 } else { rng.usize(..clients) },
                pause_ms: pause(rng, opening),
                fresh_id: matches!(act, Act::Register { .. }) && rng.u8(..6) == 0 && !opening,
                act,
                actor: ACTORS[usize::from(rng.u8(..8) == 0)],
                key: (rng.u8(..100) < keyed).then(|| format!("k{number}")),
                node: rng.usize(..self.nodes),
                patience_ms: rng.u64(20..2500),
                retries: rng.u64(..3),
            };
            if call.fresh_id
                && let Act::Register { who, .. } = &mut call.act
            {
                // Nobody's, and so none that is known to others.
                *who = 100 + number;
            }
            if number > 3 && rng.u8(..6) == 0 {
                self.repeat_former(rng, &mut call);
            }
            self.calls.push(call);
        }
    }

    /// The same key once more: with the same content, with other content, or of another actor.
    fn repeat_former(&self, rng: &mut Rng, call: &mut Call) {
        let former = &self.calls[rng.usize(..self.calls.len())];
        call.key.clone_from(&former.key);
        if call.key.is_none() || rng.u8(..5) == 0 {
            return;
        }
        call.act = former.act.clone();
        call.fresh_id = former.fresh_id;
        if rng.u8(..8) != 0 {
            call.actor = former.actor;
        }
    }

    fn draw_faults(&mut self, rng: &mut Rng, theme: Theme) {
        for _ in 0..rng.usize(..4) {
            let node = rng.usize(..self.nodes);
            let down_ms = rng.u64(1..1500);
            self.fault(rng, What::Crash { node, down_ms });
        }
        if let Theme::Jumps(minutes) = theme {
            let ms = rng.i64(minutes * MINUTE / 2..minutes * MINUTE * 3 / 2);
            for back in [1, -1] {
                self.fault(rng, What::Jump { ms: ms * back });
            }
        } else if rng.bool() {
            for _ in 0..rng.usize(1..4) {
                let ms = match rng.u8(..10) {
                    0..=2 => rng.i64(1..HOUR + 5 * MINUTE),
                    3..=5 => rng.i64(HOUR..2 * HOUR),
                    6 => rng.i64(23 * HOUR..26 * HOUR),
                    7 => rng.i64(1..80) * YEAR,
                    _ => -rng.i64(1..26 * HOUR),
                };
                self.fault(rng, What::Jump { ms });
                // And sometimes all the way back.
                if rng.u8(..3) == 0 {
                    self.fault(rng, What::Jump { ms: -ms });
                }
            }
        }
        for _ in 0..rng.usize(..3) + 6 * usize::from(theme == Theme::Future) {
            let kind = if theme == Theme::Future {
                4
            } else {
                rng.u8(..5)
            };
            self.fault(rng, What::Foreign { kind });
        }
        for _ in 0..rng.usize(..3) {
            let node = rng.usize(..self.nodes);
            self.fault(rng, What::Save { node });
        }
        if theme == Theme::Snapshots {
            for node in 0..self.nodes {
                self.fault(rng, What::Save { node });
                self.fault(rng, What::Crash { node, down_ms: 1 });
            }
        }
        self.faults.sort_by_key(|fault| fault.at_ms);
    }

    fn fault(&mut self, rng: &mut Rng, what: What) {
        let at_ms = rng.u64(5..2500);
        self.faults.push(Fault { at_ms, what });
    }

    /// Dice that depend on the seed and on what they are thrown for, and on nothing that happened
    /// before: so a part can be left out and the rest happens as it did.
    pub(super) fn dice(&self, what: u64, number: u64, again: u64) -> Rng {
        let mut mixed = self.seed;
        for part in [what, number, again] {
            mixed = (mixed ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed ^= mixed >> 29;
        }
        Rng::with_seed(mixed)
    }
}

impl Weather {
    fn any(rng: &mut Rng) -> Self {
        let mut up_to = |most: u8| if rng.bool() { rng.u8(..=most) } else { 0 };
        Self {
            lost: up_to(15),
            late: up_to(30),
            twice: up_to(20),
            refused: up_to(5),
            mute: up_to(30),
            timeless: up_to(60),
            lag: up_to(30),
            graph: up_to(25),
        }
    }
}

fn pause(rng: &mut Rng, opening: bool) -> u64 {
    match rng.u8(..10) {
        _ if opening => rng.u64(..10),
        0..=5 => rng.u64(..30),
        6..=8 => rng.u64(..200),
        _ => rng.u64(..1500),
    }
}

fn register(rng: &mut Rng, who: usize) -> Act {
    Act::Register {
        who,
        handle: handle(rng),
        pending: rng.u8(..6) == 0,
    }
}

fn handle(rng: &mut Rng) -> String {
    format!("h{}", rng.usize(..HANDLES))
}

fn any_act(rng: &mut Rng, number: usize, count: usize) -> Act {
    let who = rng.usize(..PEOPLE);
    // Few pairs, so that many meet at one.
    let near = rng.usize(..3);
    match rng.u8(..100) {
        0..=17 => register(rng, who),
        18..=27 => Act::Update {
            who,
            handle: (rng.u8(..3) > 0).then(|| handle(rng)),
            last_name: rng.bool().then(|| rng.bool().then(|| "L".to_owned())),
        },
        28..=37 => Act::State {
            who: near,
            command: any(
                rng,
                &[
                    "activateUser",
                    "suspendUser",
                    "reactivateUser",
                    "reactivateUser",
                ],
            ),
        },
        // Rare in the beginning, for nothing comes after it.
        38..=45 if number * 3 > count => Act::State {
            who: near,
            command: "archiveUser",
        },
        _ => Act::Pair {
            who: near,
            other: if rng.u8(..20) == 0 {
                who
            } else {
                (near + 1 + rng.usize(..2)) % 3
            },
            command: any(
                rng,
                &[
                    "addFriend",
                    "addFriend",
                    "sendFriendRequest",
                    "sendFriendRequest",
                    "acceptFriendRequest",
                    "declineFriendRequest",
                    "cancelFriendRequest",
                    "removeFriend",
                    "removeFriend",
                    "blockUser",
                    "unblockUser",
                    "unblockUser",
                ],
            ),
        },
    }
}

fn any(rng: &mut Rng, of: &[&'static str]) -> &'static str {
    of[rng.usize(..of.len())]
}
