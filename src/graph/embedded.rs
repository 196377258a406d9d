//! ADAPTER: the graph in the memory of this process, rebuilt from the log at every start.
//!
//! Users are numbered; what traversals read lies in arrays by that number (`store`), and what has
//! ended lies apart (`past`). A read holds the lock for as long as it computes, and so sees one
//! moment; a batch is planned beside the readers (`plan`) and put in behind them.
//!
//! Must never await while it holds the lock, nor compute for long on a thread that serves requests.

mod common;
mod content;
mod links;
mod lists;
mod page;
mod past;
mod path;
mod plan;
mod reading;
mod relation;
pub mod saved;
mod score;
mod scratch;
mod store;
mod traversal;
mod users;
mod work;

use std::{io, path::Path, sync::Arc};

use async_trait::async_trait;
use tokio::sync::{Mutex, RwLock};

use super::{
    Answer, Batch, Cursor, Direction, Distant, DistantKey, FriendQuery, Graph, GraphError, Item,
    Key, Linked, Mend, Page, Part, Projected, Recommendation, Relation, Score, Slice, UserQuery,
};
use crate::{
    domain::{Handle, Pair, PairState, User, UserId},
    judge::LogId,
    snapshot::SnapshotError,
};
use links::List;
use page::{Cut, with_items};
use plan::Plan;
use reading::check_whole;
use scratch::{Pool, Scratch};
use store::{Slot, Store};
use work::{Heavy, reach, reach_between, run};

/// A graph in memory.
#[derive(Default)]
pub struct EmbeddedGraph {
    /// An async lock: while a long traversal keeps a batch waiting, other reads wait for their turn
    /// without holding on to threads.
    store: Arc<RwLock<Store>>,
    /// Held by who projects, and by who saves: while a snapshot is written, reads go on, which a
    /// waiting writer of `store` would stop.
    turn: Mutex<()>,
    scratch: Arc<Pool>,
    heavy: Heavy,
}

impl EmbeddedGraph {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The graph of a snapshot.
    ///
    /// # Errors
    /// If it cannot be read, or is not what was written.
    pub fn load(path: &Path) -> Result<Self, SnapshotError> {
        Ok(Self {
            store: Arc::new(RwLock::new(saved::read(path)?)),
            ..Self::default()
        })
    }
}

fn both(store: &Store, a: UserId, b: UserId) -> Option<(Slot, Slot)> {
    Some((store.users.slot(a)?, store.users.slot(b)?))
}

/// The page of a user whom nobody knows.
fn nothing<K: Ord, T>(page: Page<K>) -> Slice<T> {
    Cut::new(page).finish()
}

#[async_trait]
impl Graph for EmbeddedGraph {
    async fn cursor(&self) -> Result<Option<Cursor>, GraphError> {
        let store = self.store.read().await;
        check_whole(&store)?;
        Ok(store.cursor)
    }

    async fn project(&self, batch: &Batch) -> Result<Projected, GraphError> {
        let _turn = self.turn.lock().await;
        let store = self.store.clone().read_owned().await;
        check_whole(&store)?;
        if !store.expects(batch) {
            return Ok(Projected::Elsewhere(store.cursor));
        }
        let size = batch.users.len() + batch.opened.len() + batch.closed.len();
        // A step of a batch takes longer than one of a traversal.
        let steps = size * 100;
        let copy = batch.clone();
        let plan = run(steps, move || Plan::new(&store, &copy)).await??;

        let mut store = self.store.clone().write_owned().await;
        if !store.expects(batch) {
            return Ok(Projected::Elsewhere(store.cursor));
        }
        run(steps, move || store.commit(plan)).await?;
        Ok(Projected::Done)
    }

    async fn users(&self, ids: &[UserId]) -> Answer<Vec<Option<Arc<User>>>> {
        let answer = |store: &Store, _: &mut Scratch, id: &UserId| {
            let slot = store.users.slot(*id)?;
            Some(store.users.get(slot).clone())
        };
        self.each(ids, |_, _| 1, answer).await
    }

    async fn users_by_handle(&self, handles: &[Handle]) -> Answer<Vec<Option<Arc<User>>>> {
        let answer = |store: &Store, _: &mut Scratch, handle: &Handle| {
            let slot = store.users.holder(handle)?;
            Some(store.users.get(slot).clone())
        };
        self.each(handles, |_, _| 1, answer).await
    }

    async fn list_users(&self, query: &UserQuery) -> Answer<Slice<Arc<User>>> {
        let filtered = query.state.is_some() || query.handle_prefix.is_some() || query.page.count;
        let (limit, query) = (query.page.limit, query.clone());
        let steps = move |store: &Store| if filtered { store.users.len() } else { limit };
        self.read(steps, move |store, _| lists::users(store, &query))
            .await
    }

    async fn friends(&self, of: &[UserId], query: &FriendQuery) -> Answer<Vec<Slice<Linked>>> {
        let query = query.clone();
        let steps = |store: &Store, of: &UserId| reach(store, *of, 1);
        self.each(of, steps, move |store, _, of| match store.users.slot(*of) {
            Some(slot) => lists::friends(store, slot, &query),
            None => nothing(query.page.clone()),
        })
        .await
    }

    async fn friends_of_friends(
        &self,
        of: &[UserId],
        depth: u32,
        page: &Page<DistantKey>,
    ) -> Answer<Vec<Slice<Distant>>> {
        let page = page.clone();
        let steps = move |store: &Store, of: &UserId| reach(store, *of, depth);
        self.each(of, steps, move |store, scratch, of| {
            let Some(start) = store.users.slot(*of) else {
                return nothing(page::with_keys(&page, |_| ()));
            };
            let found = traversal::friends_of_friends(store, scratch, start, depth, &page);
            with_items(found, |found| Distant {
                user: store.users.get(found.slot).clone(),
                distance: found.distance,
                mutual: u64::from(found.mutual),
            })
        })
        .await
    }

    async fn mutual_friends(
        &self,
        of: &[(UserId, UserId)],
        page: &Page<UserId>,
    ) -> Answer<Vec<Option<Slice<Arc<User>>>>> {
        let page = page.clone();
        let steps = |store: &Store, of: &(UserId, UserId)| reach_between(store, *of, 1);
        self.each(of, steps, move |store, _, (a, b)| {
            let (a, b) = both(store, *a, *b)?;
            Some(lists::mutual_friends(store, a, b, &page))
        })
        .await
    }

    async fn recommendations(
        &self,
        of: &[UserId],
        by: Score,
        limit: usize,
    ) -> Answer<Vec<Vec<Recommendation>>> {
        let steps = |store: &Store, of: &UserId| reach(store, *of, 2);
        self.each(of, steps, move |store, scratch, of| {
            let Some(start) = store.users.slot(*of) else {
                return Vec::new();
            };
            score::recommend(store, scratch, start, by, limit)
                .into_iter()
                .map(|candidate| Recommendation {
                    user: store.users.get(candidate.slot).clone(),
                    score: candidate.score,
                    mutual: u64::from(candidate.mutual),
                })
                .collect()
        })
        .await
    }

    async fn relations(&self, of: &[(UserId, UserId)]) -> Answer<Vec<Option<Relation>>> {
        let steps = |store: &Store, of: &(UserId, UserId)| reach_between(store, *of, 2);
        self.each(of, steps, |store, scratch, (from, to)| {
            let (from, to) = both(store, *from, *to)?;
            Some(relation::relate(store, scratch, from, to))
        })
        .await
    }

    async fn paths(
        &self,
        of: &[(UserId, UserId)],
        max_length: u32,
    ) -> Answer<Vec<Option<Vec<Arc<User>>>>> {
        let steps = move |store: &Store, of: &(UserId, UserId)| {
            reach_between(store, *of, max_length.div_ceil(2))
        };
        self.each(of, steps, move |store, scratch, (from, to)| {
            let (from, to) = both(store, *from, *to)?;
            let path = path::shortest(store, scratch, from, to, max_length)?;
            let user = |slot: Slot| store.users.get(slot).clone();
            Some(path.into_iter().map(user).collect())
        })
        .await
    }

    async fn rings(&self, of: &[UserId], depth: u32) -> Answer<Vec<Vec<u64>>> {
        let steps = move |store: &Store, of: &UserId| reach(store, *of, depth);
        self.each(of, steps, move |store, scratch, of| {
            let start = store.users.slot(*of);
            traversal::ring_sizes(store, scratch, start, depth)
        })
        .await
    }

    async fn requests(
        &self,
        of: &[UserId],
        direction: Direction,
        page: &Page<u64>,
    ) -> Answer<Vec<Slice<Linked>>> {
        let list = match direction {
            Direction::Incoming => List::AskedBy,
            Direction::Outgoing => List::Asked,
        };
        self.newest_first(of, list, page).await
    }

    async fn blocked(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<Linked>>> {
        self.newest_first(of, List::Blocks, page).await
    }

    async fn ties(&self, of: &[Pair]) -> Answer<Vec<Option<PairState>>> {
        let answer = |store: &Store, _: &mut Scratch, pair: &Pair| {
            let (low, high) = both(store, pair.low(), pair.high())?;
            Some(store.tie(low, high))
        };
        self.each(of, |_, _| 1, answer).await
    }

    async fn history(&self, of: &[UserId], page: &Page<u64>) -> Answer<Vec<Slice<u64>>> {
        self.moments(of, page).await
    }

    async fn save(&self, folder: &Path) -> io::Result<()> {
        let _turn = self.turn.lock().await;
        let store = self.store.clone().read_owned().await;
        if store.torn {
            return Ok(());
        }
        let folder = folder.to_owned();
        tokio::task::spawn_blocking(move || saved::write(&folder, &store))
            .await
            .map_err(io::Error::other)?
    }

    async fn content(&self, part: Part, after: Option<&Key>, limit: usize) -> Answer<Slice<Item>> {
        let after = after.cloned().unwrap_or_default();
        // Who has nothing of the part is passed over.
        let steps = |store: &Store| store.users.len();
        self.read(steps, move |store, _| {
            content::page(store, part, &after, limit)
        })
        .await
    }

    async fn mend(&self, at: &Cursor, mends: &[Mend]) -> Result<Projected, GraphError> {
        let _turn = self.turn.lock().await;
        let mut store = self.store.clone().write_owned().await;
        check_whole(&store)?;
        if store
            .cursor
            .is_none_or(|cursor| (cursor.log_id, cursor.position) != (at.log_id, at.position))
        {
            return Ok(Projected::Elsewhere(store.cursor));
        }
        let (at, mends) = (*at, mends.to_vec());
        run(usize::MAX, move || {
            *store = content::mended(&store, at, &mends)?;
            Ok(Projected::Done)
        })
        .await?
    }

    async fn clear(&self, of: LogId, _limit: usize) -> Result<u64, GraphError> {
        let _turn = self.turn.lock().await;
        let mut store = self.store.write().await;
        if store.cursor.is_some_and(|cursor| cursor.log_id != of) {
            let other = "it shows another log than the one that it is to be emptied for";
            return Err(GraphError::Unusable(other.to_owned()));
        }
        let held = store.users.len() as u64;
        *store = Store::default();
        Ok(held)
    }

    fn is_local(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        "embedded graph".to_owned()
    }
}
