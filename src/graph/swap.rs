//! A graph in whose place another can be put while it is asked and projected into.
//!
//! Must never let a batch fall between the two: who replaces it holds projection up first.

use std::{
    io,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use tokio::sync::{Mutex, MutexGuard};

use super::{
    Answer, Batch, Cursor, Direction, Distant, DistantKey, FriendQuery, Graph, GraphError, Item,
    Key, Linked, Mend, Page, Part, Projected, Recommendation, Relation, Score, Slice, UserQuery,
};
use crate::{
    domain::{Handle, Pair, PairState, User, UserId},
    judge::LogId,
};

/// A graph that can be replaced.
pub struct Swappable {
    now: RwLock<Arc<dyn Graph>>,
    writing: Mutex<()>,
}

/// While this is there, nobody writes to the graph.
pub struct Held<'a> {
    graph: &'a Swappable,
    _writing: MutexGuard<'a, ()>,
}

impl Swappable {
    /// As long as nobody replaces it, the same as `graph`.
    #[must_use]
    pub fn new(graph: Arc<dyn Graph>) -> Self {
        Self {
            now: RwLock::new(graph),
            writing: Mutex::new(()),
        }
    }

    /// The graph that answers now.
    #[must_use]
    pub fn now(&self) -> Arc<dyn Graph> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.clone()
    }

    /// Holds up whoever writes. Reads go on.
    pub async fn hold(&self) -> Held<'_> {
        Held {
            graph: self,
            _writing: self.writing.lock().await,
        }
    }
}

impl Held<'_> {
    /// Puts another graph in place, and gives the one before, from which is read what is being read. To
    /// let go of it may take long.
    #[must_use]
    pub fn replace(self, graph: Arc<dyn Graph>) -> Arc<dyn Graph> {
        let mut now = self
            .graph
            .now
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *now, graph)
    }
}

#[async_trait]
impl Graph for Swappable {
    async fn cursor(&self) -> Result<Option<Cursor>, GraphError> {
        self.now().cursor().await
    }

    async fn project(&self, batch: &Batch) -> Result<Projected, GraphError> {
        let _writing = self.writing.lock().await;
        self.now().project(batch).await
    }

    async fn clear_up(&self, limit: usize) -> Result<bool, GraphError> {
        let _writing = self.writing.lock().await;
        self.now().clear_up(limit).await
    }

    async fn users(&self, ids: &[UserId]) -> Answer<Vec<Option<Arc<User>>>> {
        self.now().users(ids).await
    }

    async fn users_by_handle(&self, handles: &[Handle]) -> Answer<Vec<Option<Arc<User>>>> {
        self.now().users_by_handle(handles).await
    }

    async fn list_users(&self, query: &UserQuery) -> Answer<Slice<Arc<User>>> {
        self.now().list_users(query).await
    }

    async fn friends(&self, of: &[UserId], query: &FriendQuery) -> Answer<Vec<Slice<Linked>>> {
        self.now().friends(of, query).await
    }

    async fn friends_of_friends(
        &self,
        of: &[UserId],
        depth: u32,
        page: &Page<DistantKey>,
    ) -> Answer<Vec<Slice<Distant>>> {
        self.now().friends_of_friends(of, depth, page).await
    }

    async fn mutual_friends(
        &self,
        of: &[(UserId, UserId)],
        page: &Page<UserId>,
    ) -> Answer<Vec<Option<Slice<Arc<User>>>>> {
        self.now().mutual_friends(of, page).await
    }

    async fn recommendations(
        &self,
        of: &[UserId],
        by: Score,
        limit: usize,
    ) -> Answer<Vec<Vec<Recommendation>>> {
        self.now().recommendations(of, by, limit).await
    }

    async fn relations(&self, of: &[(UserId, UserId)]) -> Answer<Vec<Option<Relation>>> {
        self.now().relations(of).await
    }

    async fn paths(
        &self,
        of: &[(UserId, UserId)],
        max_length: u32,
    ) -> Answer<Vec<Option<Vec<Arc<User>>>>> {
        self.now().paths(of, max_length).await
    }

    async fn rings(&self, of: &[UserId], depth: u32) -> Answer<Vec<Vec<u64>>> {
        self.now().rings(of, depth).await
    }

    async fn requests(
        &self,
        of: &[UserId],
        direction: Direction,
        page: &Page<u64>,
    ) -> Answer<Vec<Slice<Linked>>> {
        self.now().requests(of, direction, page).await
    }

    async fn blocked(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<Linked>>> {
        self.now().blocked(of, page).await
    }

    async fn ties(&self, of: &[Pair]) -> Answer<Vec<Option<PairState>>> {
        self.now().ties(of).await
    }

    async fn history(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<u64>>> {
        self.now().history(of, page).await
    }

    async fn content(&self, part: Part, after: Option<&Key>, limit: usize) -> Answer<Slice<Item>> {
        self.now().content(part, after, limit).await
    }

    async fn mend(&self, at: &Cursor, mends: &[Mend]) -> Result<Projected, GraphError> {
        let _writing = self.writing.lock().await;
        self.now().mend(at, mends).await
    }

    async fn clear(&self, of: LogId, limit: usize) -> Result<u64, GraphError> {
        let _writing = self.writing.lock().await;
        self.now().clear(of, limit).await
    }

    async fn save(&self, folder: &Path) -> io::Result<()> {
        self.now().save(folder).await
    }

    fn is_local(&self) -> bool {
        self.now().is_local()
    }

    fn describe(&self) -> String {
        self.now().describe()
    }
}
