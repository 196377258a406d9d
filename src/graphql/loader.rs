//! Questions to the graph, gathered: whatever stands below a list becomes one graph query.
//!
//! Must never ask the graph once for each entry of a list where that costs a round trip each.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_graphql::{
    Error, Result,
    async_trait::async_trait,
    dataloader::{DataLoader, Loader},
};
use tokio::time::Instant;

use crate::{
    domain::{Handle, Pair, PairState, User, UserId},
    graph::{
        Answer, Direction, Distant, DistantKey, FriendQuery, Graph, GraphError, Linked, Page,
        Recommendation, Relation, Score, Slice,
    },
    metrics as names,
};

use super::{
    Services,
    error::{Code, beyond, graph_fault},
    gather::Gather,
    price::{self, Reach, Start},
};

/// A question about one thing, with what it has in common with others of its kind.
#[async_trait]
pub(super) trait Question: Clone + Eq + Hash + Send + Sync + 'static {
    /// The name in metrics.
    const NAME: &'static str;
    /// What it is about.
    type Of: Clone + Send + Sync;
    /// What questions that are asked together have in common.
    type Terms: Clone + Eq + Hash + Send + Sync;
    /// The answer.
    type Value: Clone + Send + Sync + 'static;

    fn split(&self) -> (Self::Of, Self::Terms);

    /// How many friendships it may look at, if it is a walk.
    fn walk(&self, _reach: &Reach) -> Option<u64> {
        None
    }

    async fn ask(
        graph: &dyn Graph,
        of: &[Self::Of],
        terms: &Self::Terms,
    ) -> Answer<Vec<Self::Value>>;
}

/// The least position that a request has read at.
#[derive(Debug)]
pub(super) struct ReadPosition(AtomicU64);

impl Default for ReadPosition {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl ReadPosition {
    fn note(&self, position: u64) {
        self.0.fetch_min(position, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Option<u64> {
        let position = self.0.load(Ordering::Relaxed);
        (position != u64::MAX).then_some(position)
    }
}

/// Asks the graph on behalf of one request.
pub(super) struct Questions {
    asker: Asker,
    gathered: DataLoader<Asker>,
    walks: Walks,
    /// One fault is as a rule that of many fields.
    has_logged: AtomicBool,
}

#[derive(Clone)]
struct Asker {
    graph: Arc<dyn Graph>,
    read: Arc<ReadPosition>,
    /// Whether the graph is still being made from the log and would leave people out.
    is_partial: bool,
}

impl Questions {
    pub(super) fn new(services: &Services, read: Arc<ReadPosition>, gather: &Gather) -> Self {
        let graph = services.graph.clone();
        let is_partial = graph.is_local() && !services.has_caught_up();
        let asker = Asker {
            graph,
            read,
            is_partial,
        };
        Self {
            gathered: gather.loader(asker.clone()),
            asker,
            walks: Walks {
                reach: services.reach.clone(),
                limit: services.limits.price,
                spent: AtomicU64::new(0),
            },
            has_logged: AtomicBool::new(false),
        }
    }

    /// The graph, and where to note the position of an answer: for questions about no list.
    pub(super) async fn direct<T>(
        &self,
        name: &'static str,
        answer: impl Future<Output = Answer<T>>,
    ) -> Result<T> {
        let answer = self.asker.time(name, answer).await;
        answer.map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &GraphError) -> Error {
        if !self.has_logged.swap(true, Ordering::Relaxed) {
            tracing::error!(error = %error, "the graph did not answer");
        }
        graph_fault(error)
    }

    /// Notes that an answer shows the log up to there.
    pub(super) fn read_at(&self, position: u64) {
        self.asker.read.note(position);
    }

    pub(super) fn graph(&self) -> &dyn Graph {
        &*self.asker.graph
    }

    /// Asks one question, together with others like it that are asked at the same time.
    pub(super) async fn ask<Q: Question>(&self, question: Q) -> Result<Q::Value> {
        self.walks.charge(&question)?;
        let answer = if self.asker.graph.is_local() {
            let (of, terms) = question.split();
            let one = self.asker.many::<Q>(&[of], &terms).await;
            one.map(|mut values| values.pop())
        } else {
            self.gathered.load_one(question).await
        };
        match answer {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.fault(&GraphError::Unusable(format!(
                "it gave fewer answers to {} than it was asked for",
                Q::NAME
            )))),
            Err(error) => Err(self.fault(&error)),
        }
    }
}

/// What the walks of one request may look at in all. Whom a list below a list holds is not known before
/// it is read: the price assumes usual people, and here the walk from each is charged as it begins.
struct Walks {
    reach: Arc<Reach>,
    limit: u64,
    spent: AtomicU64,
}

impl Walks {
    fn charge<Q: Question>(&self, question: &Q) -> Result<()> {
        let Some(friendships) = question.walk(&self.reach) else {
            return Ok(());
        };
        let price = price::of_walk(friendships);
        let reached = self
            .spent
            .fetch_add(price, Ordering::Relaxed)
            .saturating_add(price);
        if reached <= self.limit {
            return Ok(());
        }
        let limit = self.limit;
        let message = format!(
            "the walks of this request cost {reached}, at most {limit} are allowed (--max-price): ask for fewer or shallower ones"
        );
        Err(beyond(
            Code::QueryTooComplex,
            message,
            "price",
            limit,
            reached,
        ))
    }
}

impl Asker {
    async fn many<Q: Question>(
        &self,
        of: &[Q::Of],
        terms: &Q::Terms,
    ) -> Result<Vec<Q::Value>, GraphError> {
        self.time(Q::NAME, Q::ask(&*self.graph, of, terms)).await
    }

    async fn time<T>(
        &self,
        name: &'static str,
        answer: impl Future<Output = Answer<T>>,
    ) -> Result<T, GraphError> {
        if self.is_partial {
            return Err(GraphError::Unavailable(
                "it is being made from the log".to_owned(),
            ));
        }
        let start = Instant::now();
        let answer = answer.await?;
        metrics::histogram!(names::GRAPH_QUERY_SECONDS, "question" => name)
            .record(start.elapsed().as_secs_f64());
        self.read.note(answer.position);
        Ok(answer.value)
    }
}

impl<Q: Question> Loader<Q> for Asker {
    type Value = Q::Value;
    type Error = GraphError;

    async fn load(&self, questions: &[Q]) -> Result<HashMap<Q, Q::Value>, GraphError> {
        let mut groups: HashMap<Q::Terms, Vec<&Q>> = HashMap::new();
        for question in questions {
            let (_, terms) = question.split();
            groups.entry(terms).or_default().push(question);
        }
        let mut answers = HashMap::with_capacity(questions.len());
        for (terms, asked) in groups {
            let of: Vec<Q::Of> = asked.iter().map(|question| question.split().0).collect();
            let values = self.many::<Q>(&of, &terms).await?;
            answers.extend(asked.into_iter().cloned().zip(values));
        }
        Ok(answers)
    }
}

/// Defines a question: its fields, which of them it is about, and the port's method.
macro_rules! question {
    ($(#[$doc:meta])* $name:ident ($label:literal) {
        $of:ident: $of_type:ty $(, $term:ident: $term_type:ty)*
    } -> $value:ty { $graph:ident => $ask:expr } $(walks { $self:ident, $reach:ident => $walk:expr })?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub(super) struct $name {
            pub(super) $of: $of_type,
            $(pub(super) $term: $term_type,)*
        }

        #[async_trait]
        impl Question for $name {
            const NAME: &'static str = $label;
            type Of = $of_type;
            type Terms = ($($term_type,)*);
            type Value = $value;

            fn split(&self) -> (Self::Of, Self::Terms) {
                (self.$of.clone(), ($(self.$term.clone(),)*))
            }

            $(fn walk(&$self, $reach: &Reach) -> Option<u64> {
                Some($walk)
            })?

            async fn ask(
                $graph: &dyn Graph,
                $of: &[Self::Of],
                terms: &Self::Terms,
            ) -> Answer<Vec<Self::Value>> {
                let ($($term,)*) = terms;
                $ask.await
            }
        }
    };
}

question!(
    /// A user by id.
    UserById("user") { of: UserId } -> Option<Arc<User>> { graph => graph.users(of) }
);
question!(
    /// A user by handle.
    UserByHandle("user_by_handle") { of: Handle } -> Option<Arc<User>> {
        graph => graph.users_by_handle(of)
    }
);
question!(
    /// The friends of a user.
    Friends("friends") { of: UserId, query: FriendQuery } -> Slice<Linked> {
        graph => graph.friends(of, query)
    }
);
question!(
    /// The friends of friends of a user.
    FriendsOfFriends("friends_of_friends") { of: UserId, depth: u32, page: Page<DistantKey> }
        -> Slice<Distant> { graph => graph.friends_of_friends(of, *depth, page) }
    walks { self, reach => reach.friendships(Start::User(self.of), self.depth) }
);
question!(
    /// The common friends of two.
    MutualFriends("mutual_friends") { of: (UserId, UserId), page: Page<UserId> }
        -> Option<Slice<Arc<User>>> { graph => graph.mutual_friends(of, page) }
);
question!(
    /// Whom a user may want to know.
    Recommendations("recommendations") { of: UserId, by: Score, limit: usize }
        -> Vec<Recommendation> { graph => graph.recommendations(of, *by, *limit) }
    walks { self, reach => reach.friendships(Start::User(self.of), 2) }
);
question!(
    /// How two stand to each other.
    Relations("relations") { of: (UserId, UserId) } -> Option<Relation> {
        graph => graph.relations(of)
    }
    walks { self, reach => reach.between(Start::User(self.of.0), Start::User(self.of.1), 3) }
);
question!(
    /// A chain of friends between two.
    Paths("path") { of: (UserId, UserId), max_length: u32 } -> Option<Vec<Arc<User>>> {
        graph => graph.paths(of, *max_length)
    }
    walks { self, reach =>
        reach.between(Start::User(self.of.0), Start::User(self.of.1), self.max_length)
    }
);
question!(
    /// How many people are how far away.
    Rings("network") { of: UserId, depth: u32 } -> Vec<u64> { graph => graph.rings(of, *depth) }
    walks { self, reach => reach.friendships(Start::User(self.of), self.depth) }
);
question!(
    /// The open requests of a user.
    Requests("friend_requests") { of: UserId, direction: Direction, page: Page<u64> }
        -> Slice<Linked> { graph => graph.requests(of, *direction, page) }
);
question!(
    /// Whom a user blocks.
    Blocked("blocked_users") { of: UserId, page: Page<u64> } -> Slice<Linked> {
        graph => graph.blocked(of, page)
    }
);
question!(
    /// When something happened to a user.
    History("history") { of: UserId, page: Page<u64> } -> Slice<u64> {
        graph => graph.history(of, page)
    }
);
question!(
    /// What stands between two.
    Ties("friendship") { of: Pair } -> Option<PairState> { graph => graph.ties(of) }
);
