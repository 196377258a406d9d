//! The texts that make sure of the schema and look at the settings.

/// What must be there before anything else, each harmless when it is.
pub(in crate::graph::neo4j) const SCHEMA: [&str; 7] = [
    "CREATE CONSTRAINT foaf_user_id IF NOT EXISTS FOR (u:User) REQUIRE u.id IS UNIQUE",
    "CREATE CONSTRAINT foaf_cursor_name IF NOT EXISTS FOR (c:Cursor) REQUIRE c.name IS UNIQUE",
    "CREATE INDEX foaf_cursor_position IF NOT EXISTS FOR (c:Cursor) ON (c.pos)",
    "CREATE INDEX foaf_cursor_swept IF NOT EXISTS FOR (c:Cursor) ON (c.swept)",
    "CREATE INDEX foaf_user_handle IF NOT EXISTS FOR (u:User) ON (u.handle)",
    "CREATE INDEX foaf_user_sort_key IF NOT EXISTS FOR (u:User) ON (u.sortKey)",
    "CREATE INDEX foaf_user_past_id IF NOT EXISTS FOR (u:UserPast) ON (u.id)",
];

/// Waits until the indexes are filled.
pub(in crate::graph::neo4j) const AWAIT_SCHEMA: &str = "CALL db.awaitIndexes(300)";

/// The settings that a frozen projector's lock depends on.
pub(in crate::graph::neo4j) const SETTINGS: &str = "SHOW SETTINGS 'db.transaction.timeout', \
    'db.lock.acquisition.timeout' YIELD name, value RETURN name, value";
