//! Callers that register users at one node and read each at the next, through all faults: a command
//! is repeated with its idempotency key, at another node, until it has an answer, and a read until it
//! has one.
//!
//! Must never take an answer that lacks what was written.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{callers::code, logs::soon, program::Serving};

/// How many call at once.
pub(super) const CALLERS: usize = 32;
/// How long a caller waits for an answer before it tries again.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a node may wait for the position that is asked for.
const WAIT_MS: u32 = 700;
/// The least time between two tries.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Load {
    callers: Arc<Callers>,
    tasks: JoinSet<Vec<String>>,
}

struct Callers {
    prefix: String,
    /// Where the nodes are.
    nodes: Mutex<Vec<String>>,
    stops: AtomicBool,
    acknowledged: watch::Sender<usize>,
    pairs: watch::Sender<usize>,
    vain: watch::Sender<usize>,
}

impl Load {
    /// Starts callers of these nodes, whose handles begin so.
    pub(super) fn start(prefix: &str, nodes: &[Serving]) -> Self {
        let callers = Arc::new(Callers {
            prefix: prefix.to_owned(),
            nodes: Mutex::new(nodes.iter().map(|node| node.address.clone()).collect()),
            stops: AtomicBool::new(false),
            acknowledged: watch::Sender::new(0),
            pairs: watch::Sender::new(0),
            vain: watch::Sender::new(0),
        });
        let mut tasks = JoinSet::new();
        for caller in 0..CALLERS {
            tasks.spawn(callers.clone().call(caller));
        }
        Self { callers, tasks }
    }

    /// A node was started anew.
    pub(super) fn moved(&self, node: usize, to: &Serving) {
        self.callers.nodes.lock().expect("no panic")[node].clone_from(&to.address);
    }

    /// Waits for so many more pairs of a write and a read.
    pub(super) async fn pairs(&self, more: usize) {
        wait_for(&self.callers.pairs, more).await;
    }

    /// Waits until so many more tries were in vain: what is wrong is felt.
    pub(super) async fn in_vain(&self, more: usize) {
        wait_for(&self.callers.vain, more).await;
    }

    /// How many writes have their answer by now, and how many tries were in vain.
    pub(super) fn counts(&self) -> (usize, usize) {
        let Callers {
            acknowledged, vain, ..
        } = &*self.callers;
        (*acknowledged.borrow(), *vain.borrow())
    }

    /// Lets every caller bring its pair to an end; all handles, each written and read.
    pub(super) async fn stop(self) -> Vec<String> {
        self.callers.stops.store(true, Ordering::Relaxed);
        soon(self.tasks.join_all()).await.concat()
    }
}

async fn wait_for(count: &watch::Sender<usize>, more: usize) {
    let mut seen = count.subscribe();
    let wanted = *seen.borrow() + more;
    let reached = soon(seen.wait_for(|count| *count >= wanted)).await;
    reached.expect("it is counted");
}

impl Callers {
    async fn call(self: Arc<Self>, caller: usize) -> Vec<String> {
        let client = Client::builder().timeout(PATIENCE).build();
        let client = client.expect("a client");
        let mut handles = Vec::new();
        while !self.stops.load(Ordering::Relaxed) {
            let handle = format!("{}{caller}-{}", self.prefix, handles.len());
            let (node, position) = self.write(&client, caller, &handle).await;
            self.acknowledged.send_modify(|count| *count += 1);
            let by_header = handles.len().is_multiple_of(2);
            self.read(&client, node + 1, &handle, &position, by_header)
                .await;
            self.pairs.send_modify(|count| *count += 1);
            handles.push(handle);
        }
        handles
    }

    /// Registers a user, at another node each time there is no answer; which node gave it, and the
    /// position.
    async fn write(&self, client: &Client, first: usize, handle: &str) -> (usize, String) {
        let query = format!(
            "mutation {{ registerUser(input: {{handle: \"{handle}\", firstName: \"X\", idempotencyKey: \"{handle}\"}}) {{ position rejection {{ code }} }} }}"
        );
        let mut pause = pause();
        for node in first.. {
            pause.tick().await;
            if let Some(data) = self.ask(client, node, &query, None).await {
                let registered = &data["registerUser"];
                assert!(registered["rejection"].is_null(), "{handle}: {data}");
                let position = registered["position"].as_str();
                return (node, position.expect("a position").to_owned());
            }
        }
        unreachable!("it is tried until there is an answer")
    }

    /// Reads a user no older than that, at that node, until there is an answer.
    async fn read(&self, client: &Client, node: usize, handle: &str, at: &str, by_header: bool) {
        let user = format!("user(by: {{handle: \"{handle}\"}}) {{ handle }}");
        let (query, header) = if by_header {
            (format!("{{ {user} }}"), Some(at))
        } else {
            let wanted = format!("position: \"{at}\", waitMs: {WAIT_MS}");
            (format!("{{ atLeast({wanted}) {{ {user} }} }}"), None)
        };
        let mut pause = pause();
        let data = loop {
            pause.tick().await;
            if let Some(data) = self.ask(client, node, &query, header).await {
                break data;
            }
        };
        let found = if by_header {
            &data["user"]
        } else {
            &data["atLeast"]["user"]
        };
        assert_eq!(found["handle"], handle, "stale at {at}: {data}");
    }

    /// The data of an answer; none if there was no answer, or one that asks to try again.
    async fn ask(
        &self,
        client: &Client,
        node: usize,
        query: &str,
        at_least: Option<&str>,
    ) -> Option<Value> {
        let address = {
            let nodes = self.nodes.lock().expect("no panic");
            nodes[node % nodes.len()].clone()
        };
        let mut request = client.post(format!("{address}/graphql"));
        if let Some(position) = at_least {
            request = request.header("foaf-at-least", position);
        }
        let answered = async {
            request
                .json(&json!({ "query": query }))
                .send()
                .await?
                .json()
                .await
        };
        match answered.await {
            Ok::<Value, _>(answer) if answer["errors"].is_null() => {
                return Some(answer["data"].clone());
            }
            Ok(answer) => {
                let again = [
                    "CONFLICT",
                    "OUTCOME_UNKNOWN",
                    "POSITION_NOT_REACHED",
                    "UNAVAILABLE",
                ];
                assert!(again.contains(&code(&answer)), "{query}: {answer}");
            }
            Err(_) => {}
        }
        self.vain.send_modify(|count| *count += 1);
        None
    }
}

fn pause() -> tokio::time::Interval {
    let mut pause = interval(PAUSE);
    pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pause
}
