//! The connections for reading. Each question has one of its own for as long as it is asked.
//!
//! Must never give back a connection on which something may still be going on: it is closed, and the
//! server ends what it does for it at once. So nothing goes on for whom nobody waits, and nobody after
//! waits for it.

use std::{
    ops::Deref,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use neo4rs::{Config, Error, Graph};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// So many connections.
pub(super) struct Connections {
    config: Config,
    /// Those that nobody uses, each a pool of one: the driver closes a connection only with its pool.
    idle: Mutex<Vec<Graph>>,
    free: Semaphore,
    wait_within: Duration,
}

/// A connection that somebody uses. It is closed when this is dropped, unless it is given back.
pub(super) struct Taken<'a> {
    connection: Graph,
    from: &'a Connections,
    _turn: SemaphorePermit<'a>,
}

impl Connections {
    /// Up to `count` connections, each made (of `config`, for one) when it is needed.
    pub(super) fn new(config: Config, count: usize, wait_within: Duration) -> Self {
        Self {
            config,
            idle: Mutex::default(),
            free: Semaphore::new(count),
            wait_within,
        }
    }

    /// Takes one, as soon as one is free.
    pub(super) async fn take(&self) -> Result<Taken<'_>, Error> {
        let turn = timeout(self.wait_within, self.free.acquire()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Error::ConnectionError);
        };
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => Graph::connect(self.config.clone())?,
        };
        Ok(Taken {
            connection,
            from: self,
            _turn: turn,
        })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Graph>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken<'_> {
    /// Gives it back where the server has said that it is done.
    pub(super) fn after<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        if matches!(result, Ok(_) | Err(Error::Neo4j(_))) {
            self.give_back();
        }
        result
    }

    /// Nothing goes on: others may use the connection.
    pub(super) fn give_back(self) {
        self.from.idle().push(self.connection);
    }
}

impl Deref for Taken<'_> {
    type Target = Graph;

    fn deref(&self) -> &Graph {
        &self.connection
    }
}
