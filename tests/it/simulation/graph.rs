//! A graph on a server of its own, step by step: a transaction behind the lock of the cursor, whose
//! steps take time, whose client may die between any two, and whose commit may be answered by nobody,
//! or come late. Plain lists, so that what is written twice stands there twice.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use foaf::{
    domain::{Edge, Handle, Moment, Pair, PairState, User, UserId},
    graph::{
        Answer, Batch, Cursor, Direction, Distant, DistantKey, FriendQuery, Graph, GraphError,
        Linked, Page, Projected, Recommendation, Relation, Score, Slice, UserQuery,
        content::{Item, Key, Mend, Part},
        digest::Digest,
    },
    judge::LogId,
};
use tokio::time::timeout;

use super::{
    log::{SimLog, happens, pass},
    mutants::GraphFault,
};

/// How long a transaction waits for the lock.
const LOCK_TIMEOUT: Duration = Duration::from_millis(400);

/// What the dice are thrown for.
const DICE: u64 = 4;

/// What a transaction writes, step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Cursor,
    Users,
    PastUsers,
    Closed,
    Passed,
    Opened,
}

impl Step {
    pub(super) const ALL: [Self; 6] = [
        Self::Cursor,
        Self::Users,
        Self::PastUsers,
        Self::Closed,
        Self::Passed,
        Self::Opened,
    ];
}

#[derive(Debug, Clone, Default)]
struct Content {
    cursor: Option<Cursor>,
    users: Vec<Arc<User>>,
    past_users: Vec<(Arc<User>, Moment)>,
    edges: Vec<Edge>,
    past_edges: Vec<(Edge, Moment)>,
}

/// See the module.
pub(super) struct StepGraph {
    log: Arc<SimLog>,
    fault: Option<GraphFault>,
    shown: Arc<Mutex<Shown>>,
    lock: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Shown {
    content: Content,
    /// What the graph held after each commit.
    commits: Vec<Commit>,
    asked: u64,
}

/// What a graph showed at a position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Commit {
    pub(super) position: u64,
    /// The digest that the cursor holds.
    pub(super) told: Digest,
    /// The digest of what is there.
    pub(super) held: Digest,
}

impl StepGraph {
    pub(super) fn new(log: Arc<SimLog>, fault: Option<GraphFault>) -> Arc<Self> {
        Arc::new(Self {
            log,
            fault,
            shown: Arc::default(),
            lock: Arc::default(),
        })
    }

    pub(super) fn commits(&self) -> Vec<Commit> {
        self.lock_shown().commits.clone()
    }

    fn lock_shown(&self) -> MutexGuard<'_, Shown> {
        lock(&self.shown)
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Step::ALL.to_vec();
        match self.fault {
            Some(GraphFault::LeftOut(left_out)) => steps.retain(|step| *step != left_out),
            Some(GraphFault::Swapped(one, other)) => {
                let place = |step| steps.iter().position(|found| *found == step);
                if let (Some(one), Some(other)) = (place(one), place(other)) {
                    steps.swap(one, other);
                }
            }
            Some(GraphFault::CursorApartAfter) => steps.rotate_left(1),
            _ => {}
        }
        steps
    }

    /// Whether what was written so far is there for good after this step.
    fn commits_after(&self, step: Step) -> bool {
        match self.fault {
            Some(GraphFault::NoTransaction) => true,
            Some(GraphFault::CursorApartBefore) => step == Step::Cursor,
            Some(GraphFault::CursorApartAfter) => step == Step::Opened,
            _ => false,
        }
    }
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shown {
    fn commit(&mut self, content: Content) {
        self.content = content;
        if let Some(cursor) = self.content.cursor {
            self.commits.push(Commit {
                position: cursor.position,
                told: cursor.digest,
                held: self.content.digest(),
            });
        }
    }
}

impl Content {
    fn expects(&self, batch: &Batch) -> bool {
        match self.cursor {
            Some(at) => at.log_id == batch.cursor.log_id && at.position == batch.expect,
            None => batch.expect == 0,
        }
    }

    fn take(&mut self, step: Step, batch: &Batch) -> Result<(), GraphError> {
        match step {
            Step::Cursor => self.cursor = Some(batch.cursor),
            Step::Users => {
                for user in &batch.users {
                    self.users.retain(|known| known.id != user.id);
                    self.users.push(user.clone());
                }
            }
            Step::PastUsers => self.past_users.extend(batch.past_users.iter().cloned()),
            Step::Closed => {
                for (edge, ended) in &batch.closed {
                    let place = self.edges.iter().position(|open| open == edge);
                    let place = place.ok_or_else(|| misfit("an edge is not there"))?;
                    self.past_edges.push((self.edges.remove(place), *ended));
                }
            }
            Step::Passed => {
                for (edge, ended) in &batch.passed {
                    self.check_ends(edge)?;
                    self.past_edges.push((*edge, *ended));
                }
            }
            Step::Opened => {
                for edge in &batch.opened {
                    self.check_ends(edge)?;
                    self.edges.push(*edge);
                }
            }
        }
        Ok(())
    }

    fn check_ends(&self, edge: &Edge) -> Result<(), GraphError> {
        let known = |id| self.users.iter().any(|user| user.id == id);
        if known(edge.from) && known(edge.to) {
            Ok(())
        } else {
            Err(misfit("a user is not there"))
        }
    }

    fn digest(&self) -> Digest {
        let mut digest = Digest::default();
        for user in &self.users {
            digest.add_user(user, None);
        }
        for (user, ended) in &self.past_users {
            digest.add_user(user, Some(*ended));
        }
        for edge in &self.edges {
            digest.add_edge(edge, None);
        }
        for (edge, ended) in &self.past_edges {
            digest.add_edge(edge, Some(*ended));
        }
        digest
    }
}

fn misfit(what: &str) -> GraphError {
    GraphError::Unusable(what.to_owned())
}

fn busy() -> GraphError {
    GraphError::Unavailable("busy".to_owned())
}

#[async_trait]
impl Graph for StepGraph {
    async fn cursor(&self) -> Result<Option<Cursor>, GraphError> {
        Ok(self.lock_shown().content.cursor)
    }

    async fn project(&self, batch: &Batch) -> Result<Projected, GraphError> {
        let bad = self.log.weather().graph;
        let mut dice = {
            let mut shown = self.lock_shown();
            shown.asked += 1;
            self.log.dice(DICE, shown.asked)
        };
        if happens(&mut dice, bad / 2) {
            return Err(busy());
        }
        let turn = timeout(LOCK_TIMEOUT, self.lock.clone().lock_owned()).await;
        let turn = turn.map_err(|_| busy())?;
        let mut content = self.lock_shown().content.clone();
        if !content.expects(batch) && self.fault != Some(GraphFault::NoCursorCheck) {
            return Ok(Projected::Elsewhere(content.cursor));
        }
        for step in self.steps() {
            content.take(step, batch)?;
            if self.commits_after(step) {
                self.lock_shown().content = content.clone();
            }
            if happens(&mut dice, 20) {
                pass(dice.u64(1..25)).await;
            }
            if happens(&mut dice, bad / 5) {
                pass(dice.u64(100..600)).await;
            }
            if happens(&mut dice, bad / 6) {
                return Err(busy());
            }
        }
        if happens(&mut dice, bad) {
            // Nobody answers: it took effect, or it did not, or it will.
            match dice.u8(..3) {
                0 => lock(&self.shown).commit(content),
                1 => {}
                _ => {
                    let (shown, late) = (self.shown.clone(), dice.u64(1..300));
                    self.log.network.spawn(async move {
                        pass(late).await;
                        lock(&shown).commit(content);
                        drop(turn);
                    });
                }
            }
            return match self.fault {
                Some(GraphFault::UnknownTakenForDone) => Ok(Projected::Done),
                Some(GraphFault::UnknownAppliedAgain) => {
                    let mut content = self.lock_shown().content.clone();
                    for step in self.steps() {
                        content.take(step, batch)?;
                    }
                    self.lock_shown().commit(content);
                    Ok(Projected::Done)
                }
                _ => Err(GraphError::Unknown("nobody answered".to_owned())),
            };
        }
        self.lock_shown().commit(content);
        if happens(&mut dice, 10) {
            pass(dice.u64(1..30)).await;
        }
        Ok(Projected::Done)
    }

    async fn users(&self, _: &[UserId]) -> Answer<Vec<Option<Arc<User>>>> {
        nobody_asks()
    }

    async fn users_by_handle(&self, _: &[Handle]) -> Answer<Vec<Option<Arc<User>>>> {
        nobody_asks()
    }

    async fn list_users(&self, _: &UserQuery) -> Answer<Slice<Arc<User>>> {
        nobody_asks()
    }

    async fn friends(&self, _: &[UserId], _: &FriendQuery) -> Answer<Vec<Slice<Linked>>> {
        nobody_asks()
    }

    async fn friends_of_friends(
        &self,
        _: &[UserId],
        _: u32,
        _: &Page<DistantKey>,
    ) -> Answer<Vec<Slice<Distant>>> {
        nobody_asks()
    }

    async fn mutual_friends(
        &self,
        _: &[(UserId, UserId)],
        _: &Page<UserId>,
    ) -> Answer<Vec<Option<Slice<Arc<User>>>>> {
        nobody_asks()
    }

    async fn recommendations(
        &self,
        _: &[UserId],
        _: Score,
        _: usize,
    ) -> Answer<Vec<Vec<Recommendation>>> {
        nobody_asks()
    }

    async fn relations(&self, _: &[(UserId, UserId)]) -> Answer<Vec<Option<Relation>>> {
        nobody_asks()
    }

    async fn paths(&self, _: &[(UserId, UserId)], _: u32) -> Answer<Vec<Option<Vec<Arc<User>>>>> {
        nobody_asks()
    }

    async fn rings(&self, _: &[UserId], _: u32) -> Answer<Vec<Vec<u64>>> {
        nobody_asks()
    }

    async fn requests(
        &self,
        _: &[UserId],
        _: Direction,
        _: &Page<u64>,
    ) -> Answer<Vec<Slice<Linked>>> {
        nobody_asks()
    }

    async fn blocked(&self, _: &[UserId], _: &Page<u64>) -> Answer<Vec<Slice<Linked>>> {
        nobody_asks()
    }

    async fn ties(&self, _: &[Pair]) -> Answer<Vec<Option<PairState>>> {
        nobody_asks()
    }

    async fn history(&self, _: &[UserId], _: &Page<u64>) -> Answer<Vec<Slice<u64>>> {
        nobody_asks()
    }

    async fn content(&self, _: Part, _: Option<&Key>, _: usize) -> Answer<Slice<Item>> {
        nobody_asks()
    }

    async fn mend(&self, _: &Cursor, _: &[Mend]) -> Result<Projected, GraphError> {
        unreachable!("nobody mends a simulated graph")
    }

    async fn clear(&self, _: LogId, _: usize) -> Result<u64, GraphError> {
        unreachable!("nobody empties a simulated graph")
    }

    fn is_local(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        "simulated:".to_owned()
    }
}

/// What the graph holds is compared after each commit, with all that the log comes to.
fn nobody_asks<T>() -> Answer<T> {
    let why = "the simulated graph is not asked";
    Err(GraphError::Unusable(why.to_owned()))
}
