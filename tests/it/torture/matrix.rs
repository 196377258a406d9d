//! What many processes share goes wrong, or one of them does, while pairs of a write on one node and a
//! read on the other go on: two nodes answer callers, two project, on a Kafka and a Neo4j of their own.

use std::time::{Duration, Instant};

use fastrand::Rng;

use super::{
    Rounds, check,
    load::{CALLERS, Load},
    row, seconds,
    servers::{KAFKA, NEO4J, Servers},
};
use crate::{
    program::Serving,
    roles::{Place, stop_all},
};

/// Within which time others go on where a projector has stopped with the cursor's lock.
const RESUMED_WITHIN: Duration = Duration::from_secs(15);
const MINUTE: Duration = Duration::from_mins(1);

/// Whether there is time for all of it.
fn is_long() -> bool {
    Duration::from_secs(seconds()) >= MINUTE
}

struct Matrix {
    servers: Servers,
    place: Place,
    nodes: [Serving; 2],
    projectors: [Serving; 2],
    rng: Rng,
    acknowledged: Vec<String>,
    /// The longest time in which nobody read what was written after a projector had stopped.
    longest: Duration,
}

impl Matrix {
    fn start() -> Self {
        let (servers, place) = Servers::start();
        // First: an API is ready when somebody has projected.
        let projectors = [place.serve("projector"), place.serve("projector")];
        let nodes = [place.serve("api"), place.serve("api")];
        Self {
            servers,
            place,
            nodes,
            projectors,
            rng: Rng::with_seed(12),
            acknowledged: Vec::new(),
            longest: Duration::ZERO,
        }
    }

    /// Repeats a fault under load, which must go on after each; then looks at all that there is.
    async fn suffer(&mut self, fault: &str, mut hurt: impl AsyncFnMut(&mut Self, &Load)) {
        let before = self.acknowledged.len();
        let load = Load::start(&format!("m{before}-"), &self.nodes);
        let mut rounds = Rounds::at_least(if is_long() { 3 } else { 1 });
        self.longest = Duration::ZERO;
        while rounds.next() {
            // The longer it all takes, the more of it without a fault.
            let quiet = CALLERS * usize::try_from(seconds().clamp(2, 30)).expect("small");
            load.pairs(self.rng.usize(1..quiet)).await;
            hurt(self, &load).await;
            load.pairs(self.rng.usize(1..quiet)).await;
        }
        let (_, vain) = load.counts();
        self.acknowledged.extend(load.stop().await);
        check(&self.place, &mut self.acknowledged);
        assert!(
            self.longest < RESUMED_WITHIN || !is_long(),
            "others went on after {:?}",
            self.longest
        );
        let pairs = self.acknowledged.len() - before;
        let longest = match self.longest {
            Duration::ZERO => String::new(),
            longest => format!("; resumed within {:.1} s", longest.as_secs_f32()),
        };
        row(
            fault,
            rounds.done,
            &format!(
                "{pairs} pairs, 0 stale, {vain} tries in vain; all there, nothing twice, graph as the log{longest}"
            ),
        );
    }

    /// Stops a projector until another goes on, and lets it go; whether that one had to wait for the
    /// cursor's lock, and if so, the first stays stopped for so long at least.
    async fn stop_projector(&mut self, load: &Load, hold: Duration) -> bool {
        self.projectors[0].signal("-STOP");
        let start = Instant::now();
        // Then one caller has both written and read since.
        load.pairs(CALLERS + 1).await;
        let resumed = start.elapsed();
        let is_held = resumed > Duration::from_secs(1);
        while is_held && start.elapsed() < hold {
            load.pairs(CALLERS).await;
        }
        self.projectors[0].signal("-CONT");
        self.longest = self.longest.max(resumed);
        is_held
    }

    /// The first of two projectors has to go on alone for a while.
    async fn without_the_second(&mut self, load: &Load) {
        self.projectors[1].signal("-KILL");
        load.pairs(CALLERS + 1).await;
        self.projectors[1] = self.place.serve("projector");
    }

    /// Stops a server until that is felt.
    async fn stop_server(&mut self, load: &Load, server: &str) {
        self.servers.signal(server, "STOP");
        load.in_vain(self.rng.usize(1..3 * CALLERS)).await;
        self.servers.signal(server, "CONT");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_are_written_and_read_through_all_faults() {
    let mut all = Matrix::start();
    all.suffer("a projector of two killed", async |all, load| {
        all.without_the_second(load).await;
        all.projectors.swap(0, 1);
    })
    .await;
    all.suffer(
        "a projector of two stopped and let go, then alone",
        async |all, load| {
            all.stop_projector(load, Duration::ZERO).await;
            all.without_the_second(load).await;
            all.projectors.swap(0, 1);
        },
    )
    .await;
    if is_long() {
        all.suffer(
            "a projector of two stopped for a minute with the cursor's lock, let go, then alone",
            async |all, load| {
                while !all.stop_projector(load, MINUTE).await {
                    all.projectors.swap(0, 1);
                }
                all.without_the_second(load).await;
            },
        )
        .await;
    }
    all.suffer("a node that answers callers killed", async |all, load| {
        all.nodes[0].signal("-KILL");
        load.in_vain(1).await;
        all.nodes[0] = all.place.serve("api");
        load.moved(0, &all.nodes[0]);
    })
    .await;
    all.suffer(
        "a node that answers callers stopped and let go",
        async |all, load| {
            all.nodes[1].signal("-STOP");
            load.in_vain(all.rng.usize(1..2 * CALLERS)).await;
            all.nodes[1].signal("-CONT");
        },
    )
    .await;
    all.suffer("Kafka stopped and let go", async |all, load| {
        all.stop_server(load, KAFKA).await;
    })
    .await;
    all.suffer("Neo4j stopped and let go", async |all, load| {
        all.stop_server(load, NEO4J).await;
    })
    .await;
    all.suffer("Kafka restarted", async |all, load| {
        all.servers.stop(KAFKA);
        load.in_vain(1).await;
        all.servers.up();
    })
    .await;
    all.suffer(
        "Neo4j killed in the middle of batches, and started",
        async |all, load| {
            all.servers.signal(NEO4J, "KILL");
            load.in_vain(1).await;
            all.servers.up();
        },
    )
    .await;
    row(
        "all of these with pairs",
        1,
        &format!("{} pairs on two nodes, 0 stale", all.acknowledged.len()),
    );
    let Matrix {
        nodes, projectors, ..
    } = all;
    stop_all(nodes.into_iter().chain(projectors));
}
