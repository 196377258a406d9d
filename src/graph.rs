//! PORT: the graph, a projection of the log that answers traversals. Its adapters are the folder of
//! the same name.
//!
//! The contract, tested for every adapter in `tests/it/graph_contract.rs`:
//!
//! * **One answer.** Order, ties and bounds are part of each method's contract: every adapter gives
//!   the same answer to the bit.
//! * **Exactly once in effect.** `project` MUST apply a batch whole or not at all, and only if the
//!   cursor is of the batch's log and stands where the batch starts; else it changes nothing and says
//!   where the cursor is.
//! * **One moment.** A read MUST see the graph as of one position, which it returns: the cursor's, 0
//!   with an empty graph.
//! * **Who counts.** A traversal may start at any user; others that are not ACTIVE are neither
//!   results nor stepping stones. Requests, blocks and ties are shown whatever the users' states.
//! * **Unknown users** have no friends, requests, rings or relations: an empty answer.
//! * **Within the budget.** A read stops soon after the `budget` of the task that asks has run out.
//! * **Nothing hidden.** `content` shows what is there, also what no projection has written; with
//!   `mend` it becomes what the log says.
//! * **Many at once.** A method that takes a list answers in its order, in ONE graph query.
//!
//! Must never know of records, commands or GraphQL.

pub mod budget;
pub mod content;
pub mod digest;
pub mod embedded;
mod error;
pub mod neo4j;
pub mod saved;
pub mod swap;

use std::{io, path::Path, sync::Arc};

use async_trait::async_trait;

use crate::{
    domain::{Edge, Handle, Moment, Pair, PairState, User, UserId, UserState},
    judge::{LogId, Recorded},
};
use content::{Item, Key, Mend, Part};
use digest::Digest;
pub use error::GraphError;

/// How far a graph has been projected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The log that it was projected from.
    pub log_id: LogId,
    /// The log position that it shows.
    pub position: u64,
    /// The digest of everything in it.
    pub digest: Digest,
    /// The last record of ours up to there, where it is known.
    pub last: Option<Recorded>,
}

/// The coalesced changes of a run of positions. It moves the cursor on, also where nothing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The position at which the cursor must stand; 0 with a graph that has no cursor yet.
    pub expect: u64,
    /// Where the cursor stands afterwards.
    pub cursor: Cursor,
    /// The present version of each user that is new or changed (each user once).
    pub users: Vec<Arc<User>>,
    /// Versions of users that ended, and when. A version that also began within the batch is among
    /// them.
    pub past_users: Vec<(Arc<User>, Moment)>,
    /// Edges that the graph holds and that ended, and when.
    pub closed: Vec<(Edge, Moment)>,
    /// Edges that began and still stand.
    pub opened: Vec<Edge>,
    /// Edges that began and ended within the batch, and when they ended.
    pub passed: Vec<(Edge, Moment)>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projected {
    /// It is in the graph.
    Done,
    /// Nothing was changed: the cursor stands elsewhere (`None`: there is none).
    Elsewhere(Option<Cursor>),
}

/// An answer and the position that it is true at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<T> {
    /// The position.
    pub position: u64,
    /// The answer.
    pub value: T,
}

/// Which part of an ordered list: those after `after` and before `before` in the list's order, the
/// first `limit` of them, or with `backward` the last `limit` (given in the list's order too). What a
/// key names need not be in the list (any more); where `before` is not after `after`, nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Page<K> {
    /// Exclusive lower end.
    pub after: Option<K>,
    /// Exclusive upper end.
    pub before: Option<K>,
    /// The most items, at least 1.
    pub limit: usize,
    /// Take from the end.
    pub backward: bool,
    /// Whether to count the whole list, without regard to `after`, `before` and `limit`.
    pub count: bool,
}

impl<K> Page<K> {
    /// The first `limit`, uncounted.
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self {
            after: None,
            before: None,
            limit,
            backward: false,
            count: false,
        }
    }
}

/// A part of an ordered list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Whether `limit` cut items off: further ones follow in the direction of reading, within
    /// `after` and `before`.
    pub more: bool,
    /// The length of the whole (filtered) list, if asked for.
    pub total: Option<u64>,
}

/// A place in a list of users: after or before this one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserKey {
    /// In a list by id.
    Id(UserId),
    /// In a list by folded full name (`fold_text(full_name)`, compared by code point), then id.
    Name(String, UserId),
    /// In a list of friends by the position at which the friendship began.
    Since(u64),
}

/// How a list of users is ordered; each ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserOrder {
    /// By id.
    Id,
    /// By folded full name, then id.
    Name,
}

/// Which users.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserQuery {
    /// Only those in this state.
    pub state: Option<UserState>,
    /// Only those whose handle begins so, character for character (already folded; archived users
    /// count by the handle that they had).
    pub handle_prefix: Option<String>,
    /// The order.
    pub order: UserOrder,
    /// The part; its keys are of the kind of `order`.
    pub page: Page<UserKey>,
}

/// How a list of friends is ordered; each ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FriendOrder {
    /// By id.
    Id,
    /// By folded full name, then id.
    Name,
    /// By the beginning of the friendship, the oldest first.
    Since,
}

/// Which friends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FriendQuery {
    /// Only those whose handle begins so, character for character (already folded).
    pub handle_prefix: Option<String>,
    /// The order.
    pub order: FriendOrder,
    /// The part; its keys are of the kind of `order`.
    pub page: Page<UserKey>,
}

/// A user and since when something stands: a friendship, an open request, a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The other user.
    pub user: Arc<User>,
    /// When it began.
    pub since: Moment,
}

/// Somebody at a distance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distant {
    /// Who.
    pub user: Arc<User>,
    /// How many friendships away, at least 2.
    pub distance: u32,
    /// How many common friends; 0 beyond distance 2.
    pub mutual: u64,
}

/// A place in a list ordered by distance, then common friends down, then id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DistantKey {
    /// The distance.
    pub distance: u32,
    /// The number of common friends.
    pub mutual: u64,
    /// The id.
    pub id: UserId,
}

/// How recommendations are scored, in integers so that every adapter agrees to the bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Score {
    /// The number of common friends.
    CommonFriends,
    /// The sum over the common friends of `round(10^9 / ln degree)`, a friend's degree being the
    /// number of that friend's ACTIVE friends (Adamic & Adar 2003). The two ends count in that
    /// degree only if they are ACTIVE; a friend of degree below 2 (possible when the start is not
    /// ACTIVE) adds nothing. `f64`, rounded half away from zero.
    AdamicAdar,
    /// `round(10^9 · common / union)` over the two sets of ACTIVE friends (Jaccard 1901), rounded
    /// half up.
    Jaccard,
}

/// Somebody worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// Who.
    pub user: Arc<User>,
    /// The score.
    pub score: u64,
    /// How many common friends.
    pub mutual: u64,
}

/// How two users stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The other user, in whatever state.
    pub user: Arc<User>,
    /// 0 to oneself in whatever state, else 1 to 3; `None` further away, or if the other is not
    /// ACTIVE.
    pub distance: Option<u32>,
    /// How many ACTIVE common friends, also of friends; 0 to oneself.
    pub mutual: u64,
    /// What stands between the two; `None` to oneself.
    pub tie: PairState,
}

/// Which side of open requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Others have asked this user.
    Incoming,
    /// This user has asked others.
    Outgoing,
}

/// The answer of a graph.
pub type Answer<T> = Result<Read<T>, GraphError>;

/// A graph that is projected into and asked. See the module for the contract.
#[async_trait]
pub trait Graph: Send + Sync + 'static {
    /// Where the projection stands; `None` with an empty graph.
    async fn cursor(&self) -> Result<Option<Cursor>, GraphError>;

    /// Applies a batch. What of it no reader can tell may be left to `clear_up`.
    async fn project(&self, batch: &Batch) -> Result<Projected, GraphError>;

    /// Does some of what batches have left undone, about `limit` (at least 1) items, and says whether
    /// there may be more. No answer of any method depends on it; it goes on where another left off.
    async fn clear_up(&self, limit: usize) -> Result<bool, GraphError> {
        let _ = limit;
        Ok(false)
    }

    /// Users by id, in whatever state.
    async fn users(&self, ids: &[UserId]) -> Answer<Vec<Option<Arc<User>>>>;

    /// Users by handle; archived users hold none.
    async fn users_by_handle(&self, handles: &[Handle]) -> Answer<Vec<Option<Arc<User>>>>;

    /// All users, in whatever state unless filtered.
    async fn list_users(&self, query: &UserQuery) -> Answer<Slice<Arc<User>>>;

    /// The ACTIVE friends of each.
    async fn friends(&self, of: &[UserId], query: &FriendQuery) -> Answer<Vec<Slice<Linked>>>;

    /// Everybody at distance 2 to `depth` (2..=6) of each, never self or friends. Order: distance,
    /// common friends down, id.
    async fn friends_of_friends(
        &self,
        of: &[UserId],
        depth: u32,
        page: &Page<DistantKey>,
    ) -> Answer<Vec<Slice<Distant>>>;

    /// The ACTIVE common friends of each two, by id; none of one and the same user twice. `None` where
    /// there is no such user.
    async fn mutual_friends(
        &self,
        of: &[(UserId, UserId)],
        page: &Page<UserId>,
    ) -> Answer<Vec<Option<Slice<Arc<User>>>>>;

    /// People at distance 2 of each with whom no request or block stands in either direction, the
    /// first `limit` (at least 1). Order: score down, id.
    async fn recommendations(
        &self,
        of: &[UserId],
        by: Score,
        limit: usize,
    ) -> Answer<Vec<Vec<Recommendation>>>;

    /// How each first stands to each second; `None` if either is unknown.
    async fn relations(&self, of: &[(UserId, UserId)]) -> Answer<Vec<Option<Relation>>>;

    /// A shortest chain of friends from each first to each second, both included, of at most
    /// `max_length` friendships (1..=20). To oneself, in whatever state: that one user. To another who
    /// is not ACTIVE: none. Which of several is not promised.
    async fn paths(
        &self,
        of: &[(UserId, UserId)],
        max_length: u32,
    ) -> Answer<Vec<Option<Vec<Arc<User>>>>>;

    /// How many people are at distance 1, 2, … `depth` (1..=6) of each; always `depth` numbers.
    async fn rings(&self, of: &[UserId], depth: u32) -> Answer<Vec<Vec<u64>>>;

    /// The open requests of each, the newest first; keys are positions.
    async fn requests(
        &self,
        of: &[UserId],
        direction: Direction,
        page: &Page<u64>,
    ) -> Answer<Vec<Slice<Linked>>>;

    /// Whom each blocks, the newest first; keys are positions.
    async fn blocked(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<Linked>>>;

    /// What stands between the two of each pair; `None` if either is unknown.
    async fn ties(&self, of: &[Pair]) -> Answer<Vec<Option<PairState>>>;

    /// The positions at which something happened to each: a version of the user, or a friendship,
    /// request or block of theirs began or ended. The oldest first, each once; keys are positions.
    async fn history(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<u64>>>;

    /// Saves what it holds into a folder, from where it can be loaded at the next start. A graph that
    /// lasts by itself has nothing to do.
    async fn save(&self, folder: &Path) -> io::Result<()> {
        let _ = folder;
        Ok(())
    }

    /// What the graph holds of a part, in the order of keys: the items after `after`, about `limit`
    /// (at least 1) of them. All items of one key MUST come at once, in any order; odd ones too.
    async fn content(&self, part: Part, after: Option<&Key>, limit: usize) -> Answer<Slice<Item>>;

    /// Replaces what was found by what is wanted, and gives the cursor the digest of `at`: all or
    /// nothing, and only if the cursor is of that log and stands at that position. Taking a user out
    /// takes the edges along.
    async fn mend(&self, at: &Cursor, mends: &[Mend]) -> Result<Projected, GraphError>;

    /// Takes out some of what was projected from that log, about `limit` items, and says how many; 0
    /// once nothing is left. From the first call on there is no cursor, and no batch is taken before
    /// the last. A graph of another log, or of something else, is refused (`Unusable`) as it is.
    async fn clear(&self, of: LogId, limit: usize) -> Result<u64, GraphError>;

    /// Whether it answers within the process, so that questions need not be gathered to save round
    /// trips.
    fn is_local(&self) -> bool;

    /// What to call it in messages, without secrets.
    fn describe(&self) -> String;
}
