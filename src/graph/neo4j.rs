//! The Neo4j graph: users are nodes, friendships relationships, the cursor a node of its own.
//!
//! * `(:User {id, handle, firstName, lastName, sortName, sortKey, state, createdAt, from, since})`:
//!   the version that stands; `from` is the position and `since` the time at which it began. ACTIVE
//!   users have the label `:Active` too, which is cheaper to check in a traversal than a property.
//!   `:Leaving` is the archived one whose edges are still being made past: see `leaving`.
//! * `(:User)-[:FRIEND {from, since}]->(:User)`, stored once, lower id → higher id; `REQUESTED` and
//!   `BLOCKED` from who asked or blocked.
//! * `FRIEND_PAST`, `REQUESTED_PAST`, `BLOCKED_PAST` and `(:UserPast)` hold what ended, with the
//!   position `to` and the time `until`.
//! * `(:Cursor {name: 'p', logId, pos, digest, swept})`: where the projection stands, and how often
//!   edges were made past since.
//!
//! Must never write outside a transaction that has moved or locked the cursor (but for the schema).

mod ask;
mod client;
mod connections;
mod content;
mod cypher;
mod faults;
mod leaving;
mod project;
mod rows;
pub mod settings;
mod sort;
mod start;
mod traverse;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    Answer, Batch, Cursor, Direction, Distant, DistantKey, FriendQuery, Graph, GraphError, Item,
    Key, Linked, Mend, Page, Part, Projected, Recommendation, Relation, Score, Slice, UserQuery,
};
use crate::{
    config::Neo4jTls,
    domain::{Handle, Pair, PairState, User, UserId},
    judge::LogId,
};
use client::Client;
use project::Work;

/// How to reach a Neo4j server.
#[derive(Clone)]
pub struct Neo4jSettings {
    /// The host's name or address.
    pub host: String,
    /// The Bolt port.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
    /// The database; the server's default if absent.
    pub database: Option<String>,
    /// Whether through TLS.
    pub tls: Neo4jTls,
    /// The most connections for reading; one more writes.
    pub connections: usize,
    /// The longest wait for an answer, and for a connection to be made. Longer than the server's
    /// `db.transaction.timeout`, it lets the server be the one that gives up.
    pub answer_within: Duration,
    /// The longest wait for a connection to become free.
    pub wait_within: Duration,
    /// How many edges of one user are moved in one transaction: whoever is archived with more stays
    /// `:Leaving` for a while.
    pub edges_at_once: usize,
}

impl Neo4jSettings {
    /// Settings that fit a server nearby.
    #[must_use]
    pub fn new(host: &str, port: u16, user: &str, password: &str) -> Self {
        Self {
            host: host.to_owned(),
            port,
            user: user.to_owned(),
            password: password.to_owned(),
            database: None,
            tls: Neo4jTls::None,
            connections: 16,
            answer_within: Duration::from_secs(15),
            wait_within: Duration::from_secs(5),
            edges_at_once: 2_000,
        }
    }

    fn address(&self) -> String {
        // `bolt`: to this server and no other. An IPv6 address goes in brackets.
        let scheme = match self.tls {
            Neo4jTls::None => "bolt",
            Neo4jTls::Checked { .. } => "bolt+s",
            Neo4jTls::Unchecked => "bolt+ssc",
        };
        if self.host.contains(':') {
            format!("{scheme}://[{}]:{}", self.host, self.port)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Neo4jSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Neo4jSettings({} at {})", self.user, self.address())
    }
}

/// The Cypher text of a question in its usual form (its default order and depth, forwards), by the
/// question's name in the metrics: to `PROFILE` it, or to ask it by the driver alone. Of those that
/// write, `close` ends friendships.
#[must_use]
pub fn text_of(question: &str) -> Option<&'static str> {
    let texts = &*cypher::READS;
    let text = match question {
        "friends" => &texts.friends[0][0],
        "friends_of_friends" => &texts.friends_of_friends[0][0],
        "mutual_friends" => &texts.mutual_friends[0],
        "recommendations" => &texts.recommendations[0],
        "relations" => &texts.relations,
        "path" => &texts.paths[5],
        "network" => &texts.rings[2],
        "close" => &cypher::WRITES.edges[0][1],
        _ => return None,
    };
    Some(text)
}

/// A graph in a Neo4j database.
pub struct Neo4jGraph {
    client: Client,
    name: String,
}

impl fmt::Debug for Neo4jGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Neo4jGraph({})", self.name)
    }
}

impl Neo4jGraph {
    /// Connects, checks the server's settings and makes sure of the schema.
    ///
    /// # Errors
    /// `Unavailable` if the server does not answer; `Unusable` if it refuses the user, one of its
    /// settings would let a frozen projector block the others, or the database is another program's.
    pub async fn connect(settings: Neo4jSettings) -> Result<Self, GraphError> {
        let client = Client::new(&settings)?;
        client.prepare().await?;
        Ok(Self {
            client,
            name: settings.address(),
        })
    }
}

#[async_trait]
impl Graph for Neo4jGraph {
    async fn cursor(&self) -> Result<Option<Cursor>, GraphError> {
        self.client.cursor().await
    }

    async fn project(&self, batch: &Batch) -> Result<Projected, GraphError> {
        self.client.project(batch).await
    }

    async fn clear_up(&self, limit: usize) -> Result<bool, GraphError> {
        self.client.clear_up(limit).await
    }

    async fn users(&self, ids: &[UserId]) -> Answer<Vec<Option<Arc<User>>>> {
        self.client.users(ids).await
    }

    async fn users_by_handle(&self, handles: &[Handle]) -> Answer<Vec<Option<Arc<User>>>> {
        self.client.users_by_handle(handles).await
    }

    async fn list_users(&self, query: &UserQuery) -> Answer<Slice<Arc<User>>> {
        self.client.list_users(query).await
    }

    async fn friends(&self, of: &[UserId], query: &FriendQuery) -> Answer<Vec<Slice<Linked>>> {
        self.client.friends(of, query).await
    }

    async fn friends_of_friends(
        &self,
        of: &[UserId],
        depth: u32,
        page: &Page<DistantKey>,
    ) -> Answer<Vec<Slice<Distant>>> {
        self.client.friends_of_friends(of, depth, page).await
    }

    async fn mutual_friends(
        &self,
        of: &[(UserId, UserId)],
        page: &Page<UserId>,
    ) -> Answer<Vec<Option<Slice<Arc<User>>>>> {
        self.client.mutual_friends(of, page).await
    }

    async fn recommendations(
        &self,
        of: &[UserId],
        by: Score,
        limit: usize,
    ) -> Answer<Vec<Vec<Recommendation>>> {
        self.client.recommendations(of, by, limit).await
    }

    async fn relations(&self, of: &[(UserId, UserId)]) -> Answer<Vec<Option<Relation>>> {
        self.client.relations(of).await
    }

    async fn paths(
        &self,
        of: &[(UserId, UserId)],
        max_length: u32,
    ) -> Answer<Vec<Option<Vec<Arc<User>>>>> {
        self.client.paths(of, max_length).await
    }

    async fn rings(&self, of: &[UserId], depth: u32) -> Answer<Vec<Vec<u64>>> {
        self.client.rings(of, depth).await
    }

    async fn requests(
        &self,
        of: &[UserId],
        direction: Direction,
        page: &Page<u64>,
    ) -> Answer<Vec<Slice<Linked>>> {
        self.client.requests(of, direction, page).await
    }

    async fn blocked(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<Linked>>> {
        self.client.blocked(of, page).await
    }

    async fn ties(&self, of: &[Pair]) -> Answer<Vec<Option<PairState>>> {
        self.client.ties(of).await
    }

    async fn history(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<u64>>> {
        self.client.history(of, page).await
    }

    async fn content(&self, part: Part, after: Option<&Key>, limit: usize) -> Answer<Slice<Item>> {
        self.client.content(part, after, limit).await
    }

    async fn mend(&self, at: &Cursor, mends: &[Mend]) -> Result<Projected, GraphError> {
        self.client.write(Work::Mend(at, mends)).await
    }

    async fn clear(&self, of: LogId, limit: usize) -> Result<u64, GraphError> {
        self.client.clear(of, limit).await
    }

    fn is_local(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        self.name.clone()
    }
}
