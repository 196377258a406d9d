//! The texts that write.
//!
//! Must never begin at one end of an edge where the other may have far fewer.

use std::sync::LazyLock;

/// Keeps the cursor, and so the whole graph, as it is until the transaction ends: setting a property
/// takes the node's lock, also to the value that it has.
pub(in crate::graph::neo4j) const LOCK: &str = "MATCH (c:Cursor {name: 'p'}) SET c.name = 'p'";

/// Locks the cursor, and moves it on if it stands where the batch starts. What it reads after the
/// lock nobody else can change; the constraint makes one of two racing creators wait for the other.
pub(in crate::graph::neo4j) const ADVANCE: &str = "MERGE (c:Cursor {name: 'p'}) SET c.name = 'p' \
    WITH c, c.logId AS logId, c.pos AS pos, c.digest AS digest, c.last AS last \
    WITH *, coalesce(logId, $logId) = $logId AND coalesce(pos, 0) = $expect AS here \
    FOREACH (_ IN CASE WHEN here THEN [1] ELSE [] END | \
    SET c.logId = $logId, c.pos = $next, c.digest = $digest, c.last = $last) \
    RETURN here, logId, pos, digest, last";

/// The parts of a user's row, as [`crate::graph::neo4j::rows::user_row`] writes them.
const SET_USER: &str = "SET u.handle = r[1], u.firstName = r[2], u.lastName = r[3], \
    u.state = r[4], u.createdAt = r[5], u.from = r[6], u.since = r[7], u.sortName = r[8], \
    u.sortKey = r[9] \
    FOREACH (_ IN CASE WHEN r[4] = 'ACTIVE' THEN [1] ELSE [] END | SET u:Active)";

/// The texts that write; each takes `$rows` and returns how many it wrote, as `n`.
pub(in crate::graph::neo4j) struct Writes {
    /// Users that are new.
    pub(in crate::graph::neo4j) register: String,
    /// Users that have another version.
    pub(in crate::graph::neo4j) change: String,
    /// Versions that ended.
    pub(in crate::graph::neo4j) retire: String,
    /// Users whose friendships and requests have all ended, although their edges are still there.
    pub(in crate::graph::neo4j) leave: String,
    /// Edges by kind: that began, that ended, that did both.
    pub(in crate::graph::neo4j) edges: [[String; 3]; 3],
}

/// The texts that write.
pub(in crate::graph::neo4j) static WRITES: LazyLock<Writes> =
    LazyLock::new(|| {
        let write = |text: &str| format!("UNWIND $rows AS r {text} RETURN count(*) AS n");
        Writes {
        register: write(&format!("CREATE (u:User {{id: r[0]}}) {SET_USER}")),
        change: write(&format!("MATCH (u:User {{id: r[0]}}) REMOVE u:Active {SET_USER}")),
        retire: write(
            "CREATE (:UserPast {id: r[0], handle: r[1], firstName: r[2], lastName: r[3], \
             state: r[4], createdAt: r[5], from: r[6], since: r[7], to: r[8], until: r[9]})",
        ),
        leave: write("MATCH (u:User {id: r[0]}) SET u:Leaving"),
        edges: ["FRIEND", "REQUESTED", "BLOCKED"].map(|kind| {
            let open = format!("CREATE (a)-[:{kind} {{since: r[2], from: r[3]}}]->(b)");
            // Both ends are given, so that the planner cannot but begin at the one with fewer edges:
            // it would take all edges of a hub, once for each that is closed.
            let close = format!(
                "CALL (a, b, r) {{ MATCH (a)-[e:{kind} {{from: r[3]}}]->(b) RETURN e }} DELETE e"
            );
            let past = format!(
                "CREATE (a)-[:{kind}_PAST {{since: r[2], from: r[3], until: r[4], to: r[5]}}]->(b)"
            );
            [open, format!("{close} {past}"), past].map(|text| {
                write(&format!("MATCH (a:User {{id: r[0]}}) MATCH (b:User {{id: r[1]}}) {text}"))
            })
        }),
    }
    });

/// Whether somebody is leaving.
pub(in crate::graph::neo4j) const IS_LEFT: &str =
    "RETURN EXISTS { MATCH (u:User:Leaving) USING SCAN u:Leaving } AS more";

/// Makes past of up to `$limit` edges of each kind that users have left behind, and says how many they
/// were. Only where none was found the user is done with: a reader must never see the label go before
/// the edges. The user is given before the edges are looked for: the planner might look through all of a
/// kind for the user's. It counts up, for the cursor does not move and yet what is read meanwhile is torn.
pub(in crate::graph::neo4j) static CLEAR_UP: LazyLock<String> = LazyLock::new(|| {
    let moved = |kind: &str, count: &str| {
        format!(
            "CALL () {{ MATCH (u:User:Leaving) USING SCAN u:Leaving \
             CALL (u) {{ MATCH (u)-[e:{kind}]-() RETURN e LIMIT $limit }} \
             WITH u, e, startNode(e) AS a, endNode(e) AS b CREATE (a)-[:{kind}_PAST \
             {{since: e.since, from: e.from, until: u.since, to: u.from}}]->(b) \
             DELETE e RETURN count(*) AS {count} }}"
        )
    };
    format!(
        "MATCH (c:Cursor {{name: 'p'}}) SET c.swept = coalesce(c.swept, 0) + 1 WITH c {} {} \
         CALL (f, r) {{ MATCH (u:User:Leaving) USING SCAN u:Leaving \
         WHERE f + r = 0 REMOVE u:Leaving RETURN count(*) AS gone }} \
         RETURN f + r AS n, EXISTS {{ MATCH (u:User:Leaving) USING SCAN u:Leaving }} AS more",
        moved("FRIEND", "f"),
        moved("REQUESTED", "r")
    )
});
