//! What is looked at before a database is taken: its settings, and whether it is another program's.
//!
//! Must never define anything in a database that holds what is not ours.

use neo4rs::{BoltType, query};

use super::{
    client::{Client, field, only},
    cypher::schema::{
        AWAIT_SCHEMA, HELD, HELD_CONSTRAINTS, HELD_INDEXES, IS_OURS, OURS, SCHEMA, SETTINGS,
    },
    rows::list,
    settings,
};
use crate::graph::GraphError;

impl Client {
    /// Checks the server's settings and the database, and makes sure of the schema.
    pub(super) async fn prepare(&self) -> Result<(), GraphError> {
        let mut found = Vec::new();
        for row in self.rows(&query(SETTINGS)).await? {
            found.push((field(&row, "name")?, field(&row, "value")?));
        }
        settings::check(&found)?;
        if !self.is_ours().await? {
            let held = self.held().await?;
            // Another node of ours may have begun meanwhile.
            if !held.is_empty() && !self.is_ours().await? {
                return Err(GraphError::Unusable(format!(
                    "the database has no cursor of foaf, and yet holds {}: foaf would take them for its own; name a database of its own, as neo4j://USER:PASSWORD@HOST:PORT/DATABASE, or remove them",
                    held.join(", ")
                )));
            }
        }
        for text in SCHEMA {
            self.define(text).await?;
        }
        self.define(AWAIT_SCHEMA).await
    }

    async fn is_ours(&self) -> Result<bool, GraphError> {
        field(&only(self.rows(&query(IS_OURS)).await?)?, "ours")
    }

    /// What stands under our names.
    async fn held(&self) -> Result<Vec<String>, GraphError> {
        let ours: Vec<BoltType> = OURS.into_iter().map(BoltType::from).collect();
        let mut held = Vec::new();
        for text in [HELD, HELD_CONSTRAINTS, HELD_INDEXES] {
            for row in self
                .rows(&query(text).param("ours", list(ours.clone())))
                .await?
            {
                let (kind, count): (String, u64) = (field(&row, "kind")?, field(&row, "n")?);
                held.push(if count > 1 || kind.ends_with('s') {
                    format!("{count} {kind}")
                } else {
                    kind
                });
            }
        }
        Ok(held)
    }
}
