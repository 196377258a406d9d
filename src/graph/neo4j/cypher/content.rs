//! The texts that list everything, mend it and take it out.
//!
//! Must never leave out a node of our labels, or an edge of our types that starts at a user, whatever
//! its properties. Each item is `[id, other, kind, position, place, active, properties]`.
//!
//! A page of 1,000 items costs 7,000 to 12,000 db hits wherever it lies (profiled on ego-facebook): the
//! index gives the users in order from the key on, and only edges of one user are sorted (`PartialTop`).

use std::sync::LazyLock;

use super::read;

/// The types of edges.
const EDGES: &str = "FRIEND|REQUESTED|BLOCKED|FRIEND_PAST|REQUESTED_PAST|BLOCKED_PAST";

/// The properties of [`crate::graph::neo4j::rows::user_row`].
const USER: &str = "[u.id, u.handle, u.firstName, u.lastName, u.state, u.createdAt, u.from, u.since, \
    u.sortName, u.sortKey]";

/// The properties of [`crate::graph::neo4j::rows::past_user_row`].
const PAST_USER: &str = "[u.id, u.handle, u.firstName, u.lastName, u.state, u.createdAt, u.from, \
    u.since, u.to, u.until]";

/// The text that lists a part, and the one that lists its nodes without a proper id, which no order
/// by id has. Both take `$limit`; the first the key `$after` too.
pub(in crate::graph::neo4j) struct List {
    pub(in crate::graph::neo4j) proper: String,
    pub(in crate::graph::neo4j) stray: Option<String>,
}

/// By part.
pub(in crate::graph::neo4j) static LISTS: LazyLock<[List; 3]> = LazyLock::new(|| {
    [
        List {
            proper: list(&format!(
                "MATCH (u:User) WHERE u.id > $after[0] WITH u, u.id AS d ORDER BY d LIMIT $limit \
                 RETURN collect([d, '', '', 0, elementId(u), u:Active, {USER}])"
            )),
            stray: Some(stray("User", 0, &format!("u:Active, {USER}"))),
        },
        List {
            proper: list(&format!(
                "MATCH (u:UserPast) WHERE u.id >= $after[0] WITH u, u.id AS d, {} AS p \
                 WHERE d > $after[0] OR p > $after[3] ORDER BY d, p LIMIT $limit \
                 RETURN collect([d, '', '', p, elementId(u), false, {PAST_USER}])",
                position("u")
            )),
            stray: Some(stray("UserPast", -1, &format!("false, {PAST_USER}"))),
        },
        List {
            // An edge of somebody who is leaving is past, from the moment of leaving.
            proper: list(&format!(
                "MATCH (a:User) WHERE a.id >= $after[0] MATCH (a)-[e:{EDGES}]->(b) \
                 WITH e, a.id AS f, CASE WHEN NOT type(e) IN ['FRIEND', 'REQUESTED'] THEN null \
                 WHEN a:Leaving THEN a WHEN b:Leaving THEN b END AS l, \
                 CASE WHEN b.id IS :: STRING NOT NULL THEN b.id ELSE '' END AS t \
                 WITH e, f, t, l, type(e) + CASE WHEN l IS NULL THEN '' ELSE '_PAST' END AS k \
                 WITH e, f, t, l, k, CASE WHEN k ENDS WITH '_PAST' THEN {} ELSE 0 END AS p \
                 WHERE f > $after[0] OR t > $after[1] OR (t = $after[1] \
                 AND (k > $after[2] OR (k = $after[2] AND p > $after[3]))) \
                 ORDER BY f, t, k, p LIMIT $limit RETURN collect([f, t, k, p, elementId(e), false, \
                 [f, t, e.since, e.from] + CASE WHEN l IS NOT NULL THEN [l.since, l.from] \
                 WHEN k ENDS WITH '_PAST' THEN [e.until, e.to] ELSE [] END])",
                position("e")
            )),
            stray: None,
        },
    ]
});

fn list(part: &str) -> String {
    read(&format!(
        "CALL () {{ {part} AS items }} RETURN items AS rows"
    ))
}

fn stray(label: &str, position: i64, rest: &str) -> String {
    list(&format!(
        "MATCH (u:{label}) WHERE u.id IS NULL OR NOT u.id IS :: STRING WITH u LIMIT $limit \
         RETURN collect(['', '', '', {position}, elementId(u), {rest}])"
    ))
}

fn position(x: &str) -> String {
    format!("coalesce(toIntegerOrNull({x}.from), -1)")
}

/// Takes edges out by their places.
pub(in crate::graph::neo4j) const TAKE_EDGES: &str = "UNWIND $rows AS r MATCH ()-[e]->() \
    WHERE elementId(e) = r[0] DELETE e RETURN count(*) AS n";

/// Takes nodes out by their places, and their edges with them.
pub(in crate::graph::neo4j) const TAKE_NODES: &str = "UNWIND $rows AS r MATCH (u) \
    WHERE elementId(u) = r[0] DETACH DELETE u RETURN count(*) AS n";

/// Takes the cursor's position away if it is of this log. The log's id stays, so that what is half
/// emptied is known as its own.
pub(in crate::graph::neo4j) const UNSET: &str = "OPTIONAL MATCH (c:Cursor {name: 'p'}) \
    FOREACH (_ IN CASE WHEN c.logId = $logId THEN [1] ELSE [] END | REMOVE c.pos, c.digest, c.last) \
    RETURN c.logId AS logId, EXISTS { MATCH (:User) } OR EXISTS { MATCH (:UserPast) } AS filled";

/// Takes out up to `$limit` items of a kind, in this order: as long as a user is left, a batch that
/// begins anew is refused, for it makes users who are there. What foaf cannot have written stays.
pub(in crate::graph::neo4j) static CLEAR: LazyLock<[String; 3]> = LazyLock::new(|| {
    [
        format!(
            "MATCH (a:User)-[e:{EDGES}]->(b) WHERE {} AND {} \
             WITH e LIMIT $limit DELETE e RETURN count(*) AS n",
            ours("a"),
            ours("b")
        ),
        format!(
            "MATCH (u:UserPast) WHERE {} WITH u LIMIT $limit DETACH DELETE u RETURN count(*) AS n",
            ours("u")
        ),
        format!(
            "MATCH (u:User) WHERE {} WITH u LIMIT $limit DETACH DELETE u RETURN count(*) AS n",
            ours("u")
        ),
    ]
});

/// Foaf gives an id of this form to whatever it writes.
fn ours(x: &str) -> String {
    format!(
        "{x}.id =~ '[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}' AND {x}.createdAt IS NOT NULL"
    )
}
