//! Connections to the server: bounded waiting, and retries of what may be retried.
//!
//! Must never retry a write by itself, but for what may be done twice: only `project` knows when that is safe. neo4rs's own `run`
//! does, so it is used for nothing but the schema.

use std::{future::Future, sync::atomic::AtomicBool, time::Duration};

use neo4rs::{ConfigBuilder, Error, Graph, Query, Row, Txn};

use super::{
    Neo4jSettings,
    connections::Connections,
    cypher,
    faults::{fault, is_passing},
};
use crate::{
    config::Neo4jTls,
    graph::{Answer, GraphError, Read, budget::Budget},
};

/// How often a question is asked again before it gives up.
const TRIES: u32 = 4;

/// The wait before the first of them; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// How often an answer may be torn by a commit before the next is asked under the cursor's lock.
const TORN: u32 = 2;

/// The cursor's position, and how often was cleared up: as long as both stay, nothing has changed.
type Stand = (u64, u64);

/// Connections to one database.
pub(super) struct Client {
    readers: Connections,
    /// How many of them one request may use at once.
    share: usize,
    /// One connection of its own: the projector waits for no reader, and a transaction that was left
    /// open (its future dropped) is rolled back by the next use, which resets the connection.
    writer: Graph,
    answer_within: Duration,
    /// How many edges of one user are moved in one transaction.
    pub(super) edges_at_once: usize,
    /// Whether somebody may be leaving.
    pub(super) has_left: AtomicBool,
}

impl Client {
    /// Does not connect yet.
    pub(super) fn new(settings: &Neo4jSettings) -> Result<Self, GraphError> {
        if settings.tls != Neo4jTls::None {
            // An error means that there is a provider already.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let mut config = ConfigBuilder::new()
            .uri(settings.address())
            .user(&settings.user)
            .password(&settings.password)
            .max_connections(1)
            // Also the longest wait for each part of an answer.
            .connection_timeout(settings.answer_within)
            // The longest wait for a connection, whatever its name says.
            .max_lifetime(settings.wait_within)
            // Every text gives one row or a few; the driver makes room for this many.
            .fetch_size(16);
        if let Neo4jTls::Checked {
            ca_file: Some(file),
        } = &settings.tls
        {
            config = config.with_client_certificate(file);
        }
        if let Some(database) = &settings.database {
            config = config.db(database.as_str());
        }
        let config = config.build().map_err(fault)?;
        let count = settings.connections.max(1);
        Ok(Self {
            writer: Graph::connect(config.clone()).map_err(fault)?,
            readers: Connections::new(config, count, settings.wait_within),
            share: (count / 4).max(1),
            answer_within: settings.answer_within,
            edges_at_once: settings.edges_at_once,
            has_left: AtomicBool::new(true),
        })
    }

    /// Runs a statement that may be run twice, and gives its rows.
    pub(super) async fn rows(&self, question: &Query) -> Result<Vec<Row>, GraphError> {
        self.patiently(|| async {
            let connection = self.readers.take().await?;
            let rows = read(&connection, within_budget(question.clone())).await;
            connection.after(rows)
        })
        .await
    }

    /// Makes sure of a part of the schema.
    pub(super) async fn define(&self, text: &str) -> Result<(), GraphError> {
        self.patiently(|| self.writer.run(text)).await
    }

    /// Writes what may be written twice, and gives the only row.
    pub(super) async fn write_one(&self, statement: Query) -> Result<Row, GraphError> {
        only(self.write_some(statement).await?.into_iter().collect())
    }

    /// Writes what may be written twice, and gives the first row.
    pub(super) async fn write_some(&self, statement: Query) -> Result<Option<Row>, GraphError> {
        let attempt = || async {
            let mut transaction = self.begin().await?;
            match single(&mut transaction, statement.clone()).await {
                Ok(row) => transaction.commit().await.map(|()| row),
                Err(error) => {
                    self.abandon(transaction).await;
                    Err(error)
                }
            }
        };
        self.patiently(attempt).await
    }

    /// Asks, on the budget of the task that does, and reads the answer as of one position.
    pub(super) async fn ask<T>(
        &self,
        question: Query,
        read: impl Fn(&Row) -> Result<T, GraphError>,
    ) -> Answer<T> {
        let answer = Box::pin(self.ask_untorn(question, read));
        match Budget::current() {
            // Whoever asks for much at once leaves connections to others.
            Some(budget) => {
                let in_turn = async {
                    let _turn = budget.turn(self.share).await;
                    answer.await
                };
                budget.wait(in_turn).await?
            }
            None => answer.await,
        }
    }

    async fn ask_untorn<T>(
        &self,
        question: Query,
        read: impl Fn(&Row) -> Result<T, GraphError>,
    ) -> Answer<T> {
        let answer = |row: &Row, at: Stand| {
            Ok(Read {
                position: at.0,
                value: read(row)?,
            })
        };
        for _ in 0..TORN {
            let row = only(self.rows(&question).await?)?;
            let before: Stand = field(&row, "before")?;
            if before == field(&row, "after")? {
                return answer(&row, before);
            }
        }
        // A long question in the middle of many batches: they wait.
        let row = self.patiently(|| self.ask_locked(question.clone())).await?;
        answer(&row, field(&row, "after")?)
    }

    /// Whoever writes waits meanwhile.
    async fn ask_locked(&self, question: Query) -> Result<Row, Error> {
        let connection = self.readers.take().await?;
        let mut transaction = connection.start_txn().await?;
        let row = match transaction.run(cypher::LOCK).await {
            Ok(()) => single(&mut transaction, question).await,
            Err(error) => Err(error),
        };
        // The locks of one that failed go with the connection.
        if transaction.rollback().await.is_ok() {
            connection.give_back();
        }
        row?.ok_or(Error::NoMoreRows)
    }

    /// Rolls a transaction back. One that failed cannot be, and keeps its locks until its connection
    /// is used again: so it is.
    pub(super) async fn abandon(&self, transaction: Txn) {
        if transaction.rollback().await.is_err()
            && let Ok(next) = self.begin().await
        {
            // Nothing happened in it.
            let _ = next.rollback().await;
        }
    }

    /// Starts a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Txn, Error> {
        self.writer.start_txn().await
    }

    /// Tries a few times, all in bounded time.
    async fn patiently<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, GraphError>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let tries = async {
            let mut wait = FIRST_WAIT;
            for _ in 1..TRIES {
                match attempt().await {
                    Err(error) if is_passing(&error) => tokio::time::sleep(wait).await,
                    result => return result.map_err(fault),
                }
                wait *= 2;
            }
            attempt().await.map_err(fault)
        };
        let late =
            |_| GraphError::Unavailable(format!("no answer within {:?}", self.answer_within));
        tokio::time::timeout(self.answer_within, tries)
            .await
            .map_err(late)?
    }
}

/// The server gives a question up with the request that it is for.
fn within_budget(question: Query) -> Query {
    match Budget::current() {
        Some(budget) => {
            let left = budget.time_left().as_millis();
            // None at all would be no limit.
            question.extra("tx_timeout", i64::try_from(left).unwrap_or(i64::MAX).max(1))
        }
        None => question,
    }
}

async fn read(connection: &Graph, question: Query) -> Result<Vec<Row>, Error> {
    let mut stream = connection.execute_read(question).await?;
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await? {
        rows.push(row);
    }
    Ok(rows)
}

/// Runs a statement in a transaction and gives its first row.
pub(super) async fn single(transaction: &mut Txn, statement: Query) -> Result<Option<Row>, Error> {
    let mut stream = transaction.execute(statement).await?;
    let row = stream.next(transaction.handle()).await?;
    while stream.next(transaction.handle()).await?.is_some() {}
    Ok(row)
}

/// The only row.
pub(super) fn only(rows: Vec<Row>) -> Result<Row, GraphError> {
    let missing = || GraphError::Unusable("an answer has no row".to_owned());
    rows.into_iter().next().ok_or_else(missing)
}

/// A field of a row.
pub(super) fn field<'row, T: serde::Deserialize<'row>>(
    row: &'row Row,
    name: &str,
) -> Result<T, GraphError> {
    row.get(name)
        .map_err(|error| GraphError::Unusable(format!("the answer's {name:?}: {error}")))
}
