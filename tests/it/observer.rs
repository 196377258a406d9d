//! A graph that passes everything on, counts the questions, and notes the digest at each position.
//! Says that it is far away, so that questions are gathered.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use foaf::{
    domain::{Handle, Pair, PairState, User, UserId},
    graph::{
        Answer, Batch, Cursor, Direction, Distant, DistantKey, FriendQuery, Graph, GraphError,
        Linked, Page, Projected, Recommendation, Relation, Score, Slice, UserQuery,
        content::{Item, Key, Mend, Part},
        digest::Digest,
    },
    judge::LogId,
};

/// The digest at each position that a batch ended at.
pub(crate) type Digests = Arc<Mutex<Vec<(u64, Digest)>>>;

pub(crate) struct Observer {
    inner: Arc<dyn Graph>,
    digests: Digests,
    pub(crate) questions: AtomicUsize,
    /// Whether the cursor cannot be read.
    pub(crate) is_down: AtomicBool,
    /// The most positions that it takes in one batch.
    pub(crate) most: AtomicU64,
}

impl Observer {
    pub(crate) fn new(inner: Arc<dyn Graph>, digests: Digests) -> Self {
        let questions = AtomicUsize::new(0);
        Self {
            inner,
            digests,
            questions,
            is_down: AtomicBool::new(false),
            most: AtomicU64::new(u64::MAX),
        }
    }

    fn asked(&self) -> &dyn Graph {
        self.questions.fetch_add(1, Ordering::Relaxed);
        &*self.inner
    }
}

#[async_trait]
impl Graph for Observer {
    async fn cursor(&self) -> Result<Option<Cursor>, GraphError> {
        if self.is_down.load(Ordering::Relaxed) {
            return Err(GraphError::Unavailable("it is down".to_owned()));
        }
        self.inner.cursor().await
    }

    async fn project(&self, batch: &Batch) -> Result<Projected, GraphError> {
        if batch.cursor.position - batch.expect > self.most.load(Ordering::Relaxed) {
            return Err(GraphError::TooMuch("it is small".to_owned()));
        }
        let projected = self.inner.project(batch).await?;
        if projected == Projected::Done {
            let at = (batch.cursor.position, batch.cursor.digest);
            self.digests.lock().expect("no panic").push(at);
        }
        Ok(projected)
    }

    async fn clear_up(&self, limit: usize) -> Result<bool, GraphError> {
        self.inner.clear_up(limit).await
    }

    async fn users(&self, ids: &[UserId]) -> Answer<Vec<Option<Arc<User>>>> {
        self.asked().users(ids).await
    }

    async fn users_by_handle(&self, handles: &[Handle]) -> Answer<Vec<Option<Arc<User>>>> {
        self.asked().users_by_handle(handles).await
    }

    async fn list_users(&self, query: &UserQuery) -> Answer<Slice<Arc<User>>> {
        self.asked().list_users(query).await
    }

    async fn friends(&self, of: &[UserId], query: &FriendQuery) -> Answer<Vec<Slice<Linked>>> {
        self.asked().friends(of, query).await
    }

    async fn friends_of_friends(
        &self,
        of: &[UserId],
        depth: u32,
        page: &Page<DistantKey>,
    ) -> Answer<Vec<Slice<Distant>>> {
        self.asked().friends_of_friends(of, depth, page).await
    }

    async fn mutual_friends(
        &self,
        of: &[(UserId, UserId)],
        page: &Page<UserId>,
    ) -> Answer<Vec<Option<Slice<Arc<User>>>>> {
        self.asked().mutual_friends(of, page).await
    }

    async fn recommendations(
        &self,
        of: &[UserId],
        by: Score,
        limit: usize,
    ) -> Answer<Vec<Vec<Recommendation>>> {
        self.asked().recommendations(of, by, limit).await
    }

    async fn relations(&self, of: &[(UserId, UserId)]) -> Answer<Vec<Option<Relation>>> {
        self.asked().relations(of).await
    }

    async fn paths(
        &self,
        of: &[(UserId, UserId)],
        max_length: u32,
    ) -> Answer<Vec<Option<Vec<Arc<User>>>>> {
        self.asked().paths(of, max_length).await
    }

    async fn rings(&self, of: &[UserId], depth: u32) -> Answer<Vec<Vec<u64>>> {
        self.asked().rings(of, depth).await
    }

    async fn requests(
        &self,
        of: &[UserId],
        direction: Direction,
        page: &Page<u64>,
    ) -> Answer<Vec<Slice<Linked>>> {
        self.asked().requests(of, direction, page).await
    }

    async fn blocked(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<Linked>>> {
        self.asked().blocked(of, page).await
    }

    async fn ties(&self, of: &[Pair]) -> Answer<Vec<Option<PairState>>> {
        self.asked().ties(of).await
    }

    async fn history(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<u64>>> {
        self.asked().history(of, page).await
    }

    async fn content(&self, part: Part, after: Option<&Key>, limit: usize) -> Answer<Slice<Item>> {
        self.inner.content(part, after, limit).await
    }

    async fn mend(&self, at: &Cursor, mends: &[Mend]) -> Result<Projected, GraphError> {
        self.inner.mend(at, mends).await
    }

    async fn clear(&self, of: LogId, limit: usize) -> Result<u64, GraphError> {
        self.inner.clear(of, limit).await
    }

    fn is_local(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}
