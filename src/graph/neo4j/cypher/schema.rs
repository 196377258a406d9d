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

/// Whether foaf has been here: with its cursor, also where it was emptied.
pub(in crate::graph::neo4j) const IS_OURS: &str = "RETURN EXISTS { MATCH (c:Cursor {name: 'p'}) \
    WHERE c.logId IS NOT NULL } AS ours";

/// What stands under our labels and types, a kind and a number each. Neo4j counts them itself.
pub(in crate::graph::neo4j) const HELD: &str = "\
    CALL () { MATCH (x:User) RETURN '(:User) nodes' AS kind, count(x) AS n \
    UNION MATCH (x:UserPast) RETURN '(:UserPast) nodes' AS kind, count(x) AS n \
    UNION MATCH (x:Cursor) RETURN '(:Cursor) nodes' AS kind, count(x) AS n \
    UNION MATCH (x:Active) RETURN '(:Active) nodes' AS kind, count(x) AS n \
    UNION MATCH (x:Leaving) RETURN '(:Leaving) nodes' AS kind, count(x) AS n \
    UNION MATCH ()-[x:FRIEND]->() RETURN '[:FRIEND] relationships' AS kind, count(x) AS n \
    UNION MATCH ()-[x:REQUESTED]->() RETURN '[:REQUESTED] relationships' AS kind, count(x) AS n \
    UNION MATCH ()-[x:BLOCKED]->() RETURN '[:BLOCKED] relationships' AS kind, count(x) AS n \
    UNION MATCH ()-[x:FRIEND_PAST]->() RETURN '[:FRIEND_PAST] relationships' AS kind, count(x) AS n \
    UNION MATCH ()-[x:REQUESTED_PAST]->() RETURN '[:REQUESTED_PAST] relationships' AS kind, count(x) AS n \
    UNION MATCH ()-[x:BLOCKED_PAST]->() RETURN '[:BLOCKED_PAST] relationships' AS kind, count(x) AS n } \
    WITH kind, n WHERE n > 0 RETURN kind, n";

/// The constraints and indexes of others on what is ours, by name.
pub(in crate::graph::neo4j) const HELD_CONSTRAINTS: &str = "SHOW CONSTRAINTS YIELD name, labelsOrTypes \
    WHERE NOT name STARTS WITH 'foaf_' AND any(x IN labelsOrTypes WHERE x IN $ours) \
    RETURN 'the constraint ' + name AS kind, 1 AS n";

/// Likewise.
pub(in crate::graph::neo4j) const HELD_INDEXES: &str = "SHOW INDEXES YIELD name, labelsOrTypes \
    WHERE NOT name STARTS WITH 'foaf_' AND any(x IN coalesce(labelsOrTypes, []) WHERE x IN $ours) \
    RETURN 'the index ' + name AS kind, 1 AS n";

/// Every label and type that is ours.
pub(in crate::graph::neo4j) const OURS: [&str; 11] = [
    "User",
    "UserPast",
    "Cursor",
    "Active",
    "Leaving",
    "FRIEND",
    "REQUESTED",
    "BLOCKED",
    "FRIEND_PAST",
    "REQUESTED_PAST",
    "BLOCKED_PAST",
];
