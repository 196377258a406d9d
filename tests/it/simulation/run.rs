//! Lets a plan happen: nodes as the program composes them, clients, faults, and in the end quiet, in
//! which everything has to settle.

mod history;
mod node;

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use foaf::{
    command_handler::{HandlerError, Reply},
    graphql::Services,
};
use futures::FutureExt;
use tokio::{
    runtime::Builder,
    sync::{
        Semaphore,
        mpsc::{UnboundedSender, unbounded_channel},
        oneshot,
    },
    task::JoinSet,
    time::timeout,
};

pub(super) use history::{Answer, Called, History};
use node::{Order, keep};

use super::{
    acts,
    graph::{Commit, StepGraph},
    log::{LONGEST_LAG_MS, SimLog, pass},
    mutants::Mutant,
    plan::{Call, Plan, What},
    variant,
};
use crate::observer::Digests;

/// How long everything may take to settle once nothing goes wrong any more.
const SETTLE_MS: u64 = 40_000;
const LOOK_EVERY_MS: u64 = 50;

/// What the dice are thrown for.
const WAIT: u64 = 5;
/// Says whether a call goes by itself or as one of many.
const WAY: u64 = 6;

/// Everything that the tasks of a history share.
pub(super) struct World {
    plan: Arc<Plan>,
    mutant: Option<Mutant>,
    log: Arc<SimLog>,
    graph: Arc<StepGraph>,
    digests: Digests,
    slots: Vec<Mutex<Option<Slot>>>,
    ledger: Mutex<Ledger>,
}

#[derive(Default)]
struct Ledger {
    calls: Vec<Called>,
    faults: Vec<String>,
    crashes: u64,
    resumed: u64,
}

/// A node that is up.
struct Slot {
    services: Services,
    calls: JoinSet<()>,
    /// Closed, and so open to all, once the node decides.
    gate: Arc<Semaphore>,
}

/// Lets a plan happen.
pub(super) fn run(plan: &Arc<Plan>, mutant: Option<Mutant>) -> History {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(World::happen(plan.clone(), mutant))
}

impl World {
    async fn happen(plan: Arc<Plan>, mutant: Option<Mutant>) -> History {
        let log = SimLog::new(plan.clone(), mutant);
        let fault = match mutant {
            Some(Mutant::Graph(fault)) => Some(fault),
            _ => None,
        };
        let world = Arc::new(Self {
            graph: StepGraph::new(log.clone(), fault),
            slots: (0..plan.nodes).map(|_| Mutex::new(None)).collect(),
            plan: plan.clone(),
            mutant,
            log,
            digests: Digests::default(),
            ledger: Mutex::default(),
        });
        let mut nodes = JoinSet::new();
        let mut orders = Vec::new();
        for node in 0..plan.nodes {
            let (order, told) = unbounded_channel();
            orders.push(order);
            nodes.spawn(keep(world.clone(), node, told));
        }
        let mut clients = JoinSet::new();
        let last = plan.calls.iter().map(|call| call.client).max();
        for client in 0..=last.unwrap_or_default() {
            clients.spawn(call_all(world.clone(), client));
        }
        world.suffer(&orders).await;
        while clients.join_next().await.is_some() {}
        world.log.calm_down();
        world.log.network.close();
        world.log.network.wait().await;
        pass(LONGEST_LAG_MS).await;
        world.settle().await;
        world.ask_what_is_open().await;
        world.settle().await;
        let history = world.close().await;
        nodes.shutdown().await;
        history
    }

    async fn suffer(&self, orders: &[UnboundedSender<Order>]) {
        for (number, fault) in (0..).zip(&self.plan.faults) {
            pass(fault.at_ms.saturating_sub(self.log.now_ms())).await;
            let order = match fault.what {
                What::Crash { node, down_ms } => Some((node, Order::Die { down_ms })),
                What::Save { node } => Some((node, Order::Save)),
                What::Jump { .. } | What::Foreign { .. } => None,
            };
            if let Some((node, order)) = order {
                // A node that has failed for good takes no orders.
                let _ = orders[node].send(order);
            }
            self.log.suffer(fault.what, number);
        }
    }

    /// Waits until every node has read all, and every graph shows all.
    async fn settle(&self) {
        for _ in 0..SETTLE_MS / LOOK_EVERY_MS {
            // First of all, for an order to die may still be on its way.
            pass(LOOK_EVERY_MS).await;
            let end = self.log.length();
            let settled = |slot: &Mutex<Option<Slot>>| {
                lock(slot).as_ref().is_some_and(|slot| {
                    let replay = *slot.services.replay.progress().borrow();
                    let shown = slot.services.projection.borrow().position;
                    slot.gate.is_closed() && replay.position == end && shown == end
                })
            };
            if self.slots.iter().all(settled) {
                return;
            }
        }
        let stands = |slot: &Mutex<Option<Slot>>| {
            lock(slot).as_ref().map(|slot| {
                let replay = slot.services.replay.progress().borrow().position;
                (replay, slot.services.projection.borrow().clone())
            })
        };
        let stand: Vec<_> = self.slots.iter().map(stands).collect();
        let end = self.log.length();
        self.fault(format!("it does not settle at {end}: {stand:?}"));
    }

    /// Repeats each command whose outcome nobody was told: now there is one.
    async fn ask_what_is_open(self: &Arc<Self>) {
        let mut node = 0;
        for call in self.plan.calls.iter().filter(|call| call.key.is_some()) {
            let is_open = {
                let ledger = self.ledger();
                let mut tries = ledger.calls.iter().filter(|c| c.call.number == call.number);
                !tries.any(|called| called.answer.as_ref().is_some_and(is_definite))
            };
            if !is_open {
                continue;
            }
            node = (node + 1) % self.plan.nodes;
            let patient = Call {
                patience_ms: SETTLE_MS,
                ..call.clone()
            };
            if !self.call(&patient, acts::TRIES - 1, node).await {
                let last = self.ledger().calls.last().cloned();
                self.fault(format!("in quiet, nobody answers {call:?}: {last:?}"));
            }
        }
    }

    async fn close(&self) -> History {
        let mut ends = Vec::new();
        for slot in &self.slots {
            let taken = lock(slot).take();
            let Some(slot) = taken else {
                continue;
            };
            let end = |model: &foaf::replay::model::WriteModel| {
                let time = model.judge().log_time().0;
                (model.position(), model.digest(), time)
            };
            ends.push(slot.services.replay.read(end).await);
        }
        let mut commits = self.graph.commits();
        let digests = self.digests.lock().expect("no panic");
        commits.extend(digests.iter().map(|(position, digest)| Commit {
            position: *position,
            told: *digest,
            held: *digest,
        }));
        let (records, came) = self.log.content();
        let mut ledger = self.ledger();
        History {
            plan: self.plan.clone(),
            records,
            came,
            calls: std::mem::take(&mut ledger.calls),
            commits,
            ends,
            faults: std::mem::take(&mut ledger.faults),
            crashes: ledger.crashes,
            resumed: ledger.resumed,
        }
    }

    fn fault(&self, what: String) {
        self.ledger().faults.push(what);
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    /// Calls a node once; whether it gave an answer that settles the matter.
    async fn call(self: &Arc<Self>, call: &Call, again: u64, node: usize) -> bool {
        let request = acts::request(call, again);
        let tag = acts::tag(call, again);
        let (tell, told) = oneshot::channel();
        {
            let mut slot = lock(&self.slots[node]);
            let Some(slot) = slot.as_mut() else {
                return false;
            };
            let index = self.begin(call, tag, node);
            let (world, services, gate) = (self.clone(), slot.services.clone(), slot.gate.clone());
            slot.calls.spawn(async move {
                // An error: the gate is open.
                let _ = gate.acquire().await;
                world.ledger().calls[index].heard_ms = Some(world.log.now_ms());
                let answer = AssertUnwindSafe(world.handle(&services, request, tag)).catch_unwind();
                match answer.await {
                    Ok(result) => {
                        let answer = Answer {
                            length: world.log.length(),
                            result,
                        };
                        let is_definite = is_definite(&answer);
                        world.ledger().calls[index].answer = Some(answer);
                        // Nobody listens any more where the client has lost patience.
                        let _ = tell.send(is_definite);
                    }
                    Err(_) => world.fault(format!("call {tag} panicked")),
                }
            });
        }
        let answer = timeout(Duration::from_millis(call.patience_ms), told).await;
        self.check_shown().await;
        matches!(answer, Ok(Ok(true)))
    }

    async fn handle(
        &self,
        services: &Services,
        request: foaf::command_handler::Request,
        tag: u64,
    ) -> Result<Reply, HandlerError> {
        match self.mutant {
            Some(Mutant::Call(fault)) => {
                let (deadline, dice) = (self.plan.deadline_ms, self.log.dice(WAIT, tag));
                variant::handle(fault, services, request, deadline, dice).await
            }
            // Both ways must keep every promise. (Not where a mutant rewrites records: those of many
            // are known by their ids, and not read again.)
            None if self.log.dice(WAY, tag).bool() => {
                let mut answers = services.handler.handle_all(&[request]).await;
                answers.pop().expect("an answer to each request")
            }
            _ => services.handler.handle(request).await,
        }
    }

    fn begin(&self, call: &Call, tag: u64, node: usize) -> usize {
        let mut ledger = self.ledger();
        let answers = ledger.calls.iter().filter_map(|call| call.answer.as_ref());
        let position = |answer: &Answer| answer.result.as_ref().map_or(0, |reply| reply.position);
        let floor = answers.map(position).max().unwrap_or(0);
        ledger.calls.push(Called {
            call: call.clone(),
            tag,
            node,
            started_ms: self.log.now_ms(),
            heard_ms: None,
            floor,
            answer: None,
        });
        ledger.calls.len() - 1
    }

    /// A position that a node says it shows is in its graph: who waits for it reads it.
    async fn check_shown(&self) {
        for slot in &self.slots {
            let shown = lock(slot).as_ref().map(|slot| {
                let position = slot.services.projection.borrow().position;
                (position, slot.services.graph.clone())
            });
            if let Some((position, graph)) = shown
                && let Ok(cursor) = graph.cursor().await
                && cursor.map_or(0, |cursor| cursor.position) < position
            {
                self.fault(format!("{position} is said to be shown, and is not"));
            }
        }
    }
}

fn lock<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether an answer leaves nothing open.
fn is_definite(answer: &Answer) -> bool {
    matches!(
        answer.result,
        Ok(_) | Err(HandlerError::IdempotencyKeyReused)
    )
}

/// Makes all calls of a client, one after the other.
async fn call_all(world: Arc<World>, client: usize) {
    let plan = world.plan.clone();
    for call in plan.calls.iter().filter(|call| call.client == client) {
        pass(call.pause_ms).await;
        for again in 0..=call.retries {
            let node = call.node + usize::try_from(again).expect("few retries");
            if world.call(call, again, node % plan.nodes).await {
                break;
            }
            pass(10).await;
        }
    }
}
