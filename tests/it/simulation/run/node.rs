//! Keeps a node up: starts it as the program does, lets it die, and starts it again.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use foaf::{
    app::Node,
    config::Writing,
    graph::{Graph, embedded::EmbeddedGraph},
    replay::{Progress, ReplayError},
};
use tokio::{
    sync::{Semaphore, mpsc::UnboundedReceiver, watch},
    task::JoinSet,
};

use super::{Slot, World, lock};
use crate::{
    observer::Observer,
    simulation::{
        log::{NodeLog, pass},
        plan::Stores,
        snapshots::Snapshots,
    },
};

/// What a supervisor is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Die { down_ms: u64 },
    Save,
}

/// Keeps a node up, as a supervisor of processes does.
pub(super) async fn keep(world: Arc<World>, node: usize, mut orders: UnboundedReceiver<Order>) {
    let mut snapshots = Snapshots::new(world.mutant);
    for life in 0.. {
        let log = Arc::new(NodeLog::new(world.log.clone(), node, life));
        let graph: Arc<dyn Graph> = match world.plan.stores {
            Stores::SharedGraph => world.graph.clone(),
            Stores::OwnGraphs | Stores::OneNode => {
                let graph = Arc::new(EmbeddedGraph::new());
                Arc::new(Observer::new(graph, world.digests.clone()))
            }
        };
        let clock = world.log.clone();
        let clock: foaf::clock::Clock = Arc::new(move || clock.time());
        let writing = Writing {
            timeout: Duration::from_millis(world.plan.deadline_ms),
            max_friends: NonZeroUsize::new(world.plan.max_friends),
        };
        let cursor = graph.cursor().await.ok().flatten();
        let model = snapshots
            .find(cursor.map_or(0, |cursor| cursor.position))
            .comparing(world.plan.key_bits);
        let model = if world.plan.ends_later {
            model.ending_later()
        } else {
            model
        };
        world.ledger().resumed += u64::from(model.position() > 0);
        let mut up = match Node::resume(log.clone(), graph, clock, writing, model).await {
            Ok(up) => up,
            Err(error) => return world.fault(format!("node {node} does not start: {error:#}")),
        };
        let down_ms = live(&world, node, &mut up, &mut orders, &mut snapshots).await;
        lock(&world.slots[node]).take();
        drop(up);
        log.die();
        let Some(down_ms) = down_ms else {
            return;
        };
        world.ledger().crashes += 1;
        pass(down_ms).await;
        // Who is down cannot die.
        while orders.try_recv().is_ok() {}
    }
}

/// Lives until it is ordered to die, and says for how long; nothing if it died by itself.
async fn live(
    world: &Arc<World>,
    node: usize,
    up: &mut Node,
    orders: &mut UnboundedReceiver<Order>,
    snapshots: &mut Snapshots,
) -> Option<u64> {
    let services = up.services().clone();
    let mut progress = services.replay.progress();
    let gate = Arc::new(Semaphore::new(0));
    *lock(&world.slots[node]) = Some(Slot {
        services: services.clone(),
        calls: JoinSet::new(),
        gate: gate.clone(),
    });
    loop {
        tokio::select! {
            biased;
            Some(order) = orders.recv() => match order {
                Order::Die { down_ms } => return Some(down_ms),
                Order::Save => services.replay.read(|model| snapshots.save(model)).await,
            },
            error = up.died() => {
                // A new log that nobody could write to yet: the supervisor tries again.
                if let Some(ReplayError::NotCreated(_)) = error.downcast_ref() {
                    return Some(100);
                }
                world.fault(format!("node {node} died: {error:#}"));
                return None;
            }
            () = decides(&mut progress), if !gate.is_closed() => gate.close(),
        }
    }
}

async fn decides(progress: &mut watch::Receiver<Progress>) {
    // An error: the replay is gone, and so is the node.
    let _ = progress.wait_for(|now| now.live_at.is_some()).await;
}
