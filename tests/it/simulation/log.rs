//! A log that many nodes reach through a bad network: appends and acknowledgements are delayed,
//! reordered, doubled, lost, or held back past their sender's death; readers lag; append times come
//! from a clock that jumps. One seed, one history.

mod foreign;
mod reader;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fastrand::Rng;
use foaf::{
    domain::LogTime,
    event_log::{
        AppendError, Appended, EventLog, LogError, LogReader, Message, Record,
        record::{self, Envelope},
    },
    judge::Entry,
};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::task::TaskTracker;

use reader::NodeReader;

use super::{
    acts,
    mutants::{LogFault, Mutant},
    plan::{Plan, Stores, Weather, What},
    scribe::Scribe,
};

/// What the log's clock shows at the start of a history.
const START: i64 = 1_700_000_000_000;
/// After how long an append without an acknowledgement is given up.
const APPEND_TIMEOUT_MS: u64 = 3_000;

/// The most that a reader lags behind.
pub(super) const LONGEST_LAG_MS: u64 = 2_500;

/// What the dice are thrown for.
mod dice {
    pub(super) const APPEND: u64 = 1;
    pub(super) const READ: u64 = 2;
    pub(super) const FOREIGN: u64 = 3;
}

/// The log and the network around it.
pub(super) struct SimLog {
    plan: Arc<Plan>,
    mutant: Option<Mutant>,
    start: Instant,
    inner: Mutex<Inner>,
    grown: Notify,
    /// Appends under way: they outlive their senders.
    pub(super) network: TaskTracker,
}

struct Inner {
    records: Vec<Record>,
    /// When each record came, in milliseconds since the start.
    came: Vec<u64>,
    clock_ms: i64,
    calm: bool,
    /// How often each try has sent.
    sent: HashMap<u64, u64>,
    scribe: Option<Scribe>,
}

impl SimLog {
    pub(super) fn new(plan: Arc<Plan>, mutant: Option<Mutant>) -> Arc<Self> {
        let inner = Inner {
            records: Vec::new(),
            came: Vec::new(),
            clock_ms: 0,
            calm: false,
            sent: HashMap::new(),
            scribe: Scribe::of(mutant),
        };
        Arc::new(Self {
            plan,
            mutant,
            start: Instant::now(),
            inner: Mutex::new(inner),
            grown: Notify::new(),
            network: TaskTracker::new(),
        })
    }

    /// Milliseconds since the start.
    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).expect("a short history")
    }

    /// What the log's clock shows.
    pub(super) fn time(&self) -> LogTime {
        let elapsed = i64::try_from(self.now_ms()).expect("a short history");
        LogTime(START + elapsed + self.lock().clock_ms)
    }

    pub(super) fn length(&self) -> u64 {
        self.lock().records.len() as u64
    }

    /// The records, and when each came.
    pub(super) fn content(&self) -> (Vec<Record>, Vec<u64>) {
        let inner = self.lock();
        (inner.records.clone(), inner.came.clone())
    }

    /// From now on nothing goes wrong.
    pub(super) fn calm_down(&self) {
        self.lock().calm = true;
    }

    pub(super) fn weather(&self) -> Weather {
        if self.lock().calm {
            Weather::default()
        } else {
            self.plan.weather
        }
    }

    pub(super) fn dice(&self, what: u64, number: u64) -> Rng {
        self.plan.dice(what, number, 0)
    }

    /// Something that happens to the log.
    pub(super) fn suffer(&self, what: What, number: u64) {
        match what {
            What::Jump { ms } => self.lock().clock_ms += ms,
            What::Foreign { kind } => {
                if let Some(message) = self.foreign(kind, number) {
                    self.put(message);
                }
            }
            What::Crash { .. } | What::Save { .. } => {}
        }
    }

    fn put(&self, message: Message) -> Appended {
        let append_time = self.time();
        let came = self.now_ms();
        let mut inner = self.lock();
        let message = self.with_windows(message);
        let message = match &mut inner.scribe {
            Some(scribe) => scribe.write_down(&self.plan, append_time.0, message),
            None => message,
        };
        let offset = inner.records.len() as u64;
        inner.records.push(Record {
            offset,
            append_time,
            message: Arc::new(message),
        });
        inner.came.push(came);
        drop(inner);
        self.grown.notify_waiters();
        Appended {
            offset,
            append_time: Some(append_time),
        }
    }

    /// The message, with the plan's windows if it is an identity of the log.
    fn with_windows(&self, message: Message) -> Message {
        match record::decode(&message) {
            Entry::GraphCreated(mut created) => {
                created.windows = self.plan.windows;
                let envelope = Envelope {
                    time: LogTime(START),
                    traceparent: None,
                };
                record::encode_created(&created, envelope)
            }
            _ => message,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a message is known to the dice.
    fn throw(&self, node: usize, message: &Message) -> Rng {
        let tag = acts::tag_of(message).unwrap_or(1_000_000 + node as u64);
        let mut inner = self.lock();
        let sent = inner.sent.entry(tag).or_default();
        *sent += 1;
        self.plan.dice(dice::APPEND, tag, *sent)
    }
}

pub(super) async fn pass(ms: u64) {
    sleep_until(Instant::now() + Duration::from_millis(ms)).await;
}

/// Whether something that happens in so many of a hundred cases happens now.
pub(super) fn happens(dice: &mut Rng, percent: u8) -> bool {
    dice.u8(..100) < percent
}

/// The log as one life of a node reaches it.
pub(super) struct NodeLog {
    log: Arc<SimLog>,
    node: usize,
    life: u64,
    alive: Arc<AtomicBool>,
    /// The position after the last record that was handed out.
    read_to: Arc<AtomicU64>,
}

impl NodeLog {
    pub(super) fn new(log: Arc<SimLog>, node: usize, life: u64) -> Self {
        Self {
            log,
            node,
            life,
            alive: Arc::new(AtomicBool::new(true)),
            read_to: Arc::default(),
        }
    }

    /// The process is dead.
    pub(super) fn die(&self) {
        self.alive.store(false, Ordering::Relaxed);
    }

    fn deliver(&self, message: Message, delay_ms: u64, tell: Option<oneshot::Sender<Appended>>) {
        let log = self.log.clone();
        // On a log of one process nothing is under way any more when the process has died.
        let alive = (self.log.plan.stores == Stores::OneNode).then(|| self.alive.clone());
        self.log.network.spawn(async move {
            pass(delay_ms).await;
            if alive.is_some_and(|alive| !alive.load(Ordering::Relaxed)) {
                return;
            }
            let appended = log.put(message);
            if let Some(tell) = tell {
                // Nobody listens where the sender has died.
                let _ = tell.send(appended);
            }
        });
    }

    /// What the node is told of an append.
    fn report(&self, appended: Appended, timeless: bool) -> Appended {
        let time = (!timeless).then_some(appended.append_time).flatten();
        let (offset, append_time) = match self.log.mutant {
            // The records in the log are not the ones that the node sent.
            Some(Mutant::Rule(_) | Mutant::Guard(_)) => (appended.offset, None),
            Some(Mutant::Log(LogFault::AnyAcknowledgedOffset)) => {
                (self.read_to.load(Ordering::Relaxed), time)
            }
            Some(Mutant::Log(LogFault::OwnClock)) => {
                let own = self.log.time().0 + 1 + 90_000 * i64::from(self.number());
                (appended.offset, time.map(|_| LogTime(own)))
            }
            _ => (appended.offset, time),
        };
        Appended {
            offset,
            append_time,
        }
    }

    fn number(&self) -> u8 {
        u8::try_from(self.node).expect("few nodes")
    }
}

#[async_trait]
impl EventLog for NodeLog {
    async fn append(&self, message: Message) -> Result<Appended, AppendError> {
        let weather = self.log.weather();
        let mut dice = self.log.throw(self.node, &message);
        let unknown = || AppendError::Unknown("nobody answered".to_owned());
        let give_up = Instant::now() + Duration::from_millis(APPEND_TIMEOUT_MS);
        if happens(&mut dice, weather.refused) {
            pass(dice.u64(..5)).await;
            return Err(AppendError::Refused(
                "the log is not in the mood".to_owned(),
            ));
        }
        let delay = |dice: &mut Rng| match dice.u8(..100) {
            rare if rare < weather.late => dice.u64(100..6_000),
            _ => dice.u64(..25),
        };
        let (tell, told) = oneshot::channel();
        if happens(&mut dice, weather.lost) {
            drop(tell);
        } else {
            let first = delay(&mut dice);
            if happens(&mut dice, weather.twice) {
                self.deliver(message.clone(), delay(&mut dice), None);
            }
            self.deliver(message.clone(), first, Some(tell));
        }
        let told = timeout_at(give_up, told).await;
        let (mute, timeless) = (
            happens(&mut dice, weather.mute),
            happens(&mut dice, weather.timeless),
        );
        match told {
            Ok(Ok(appended)) if !mute => {
                let delay = if dice.bool() { 0 } else { dice.u64(..40) };
                pass(delay).await;
                Ok(self.report(appended, timeless))
            }
            _ => {
                sleep_until(give_up).await;
                Err(unknown())
            }
        }
    }

    async fn end(&self) -> Result<u64, LogError> {
        Ok(self.log.length())
    }

    async fn read(&self, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        self.read_to.store(from, Ordering::Relaxed);
        let life = (self.node as u64) << 32 | self.life;
        Ok(Box::new(NodeReader {
            log: self.log.clone(),
            dice: self.log.plan.dice(dice::READ, life, 0),
            node: self.number(),
            from,
            read_to: self.read_to.clone(),
        }))
    }

    fn is_exclusive(&self) -> bool {
        self.log.plan.stores == Stores::OneNode
            || self.log.mutant == Some(Mutant::Log(LogFault::TakenForExclusive))
    }

    fn describe(&self) -> String {
        "simulated:".to_owned()
    }

    async fn close(&self) {}
}
