//! The text that finds the common friends of two.
//!
//! Must never look through a hub's friends for those of somebody with few, nor hold them in memory: a
//! request may ask about a hub and hundreds of others.

use super::{PAIR, WAYS, WINDOW, read, user};

/// With so many friends, none are gathered: those of 20,000 take 30 MB of the server's memory.
const MANY: u32 = 1_000;

/// So many friends a usual person has. It is cheaper to look at the friends of each of a few than at a
/// hub's, if the hub has more than so many for each.
const USUAL: u32 = 64;

/// Of the two, `s` has fewer friends. Its friends are gathered, and those of `t` looked through; or, where
/// one of them is a hub (`far`), each friend of `s` is asked for `t`, which begins at the end with fewer.
pub(super) fn mutual_friends(backward: bool) -> String {
    let (way, _) = WAYS[usize::from(backward)];
    let near = "MATCH (t)-[:FRIEND]-(x) WHERE size(friends) > 0 AND x IN friends";
    // Whether a hub is a friend of itself is not asked: it would look through all.
    let far = "MATCH (s)-[:FRIEND]-(x:Active) \
        WHERE far AND CASE WHEN x = t THEN false ELSE EXISTS { (x)-[:FRIEND]-(t) } END";
    read(&format!(
        "{PAIR} WITH i, a, b, a = b OR a:Leaving OR b:Leaving AS none, \
         COUNT {{ (a)-[:FRIEND]-() }} AS m, COUNT {{ (b)-[:FRIEND]-() }} AS n \
         WITH i, none, CASE WHEN m <= n THEN [a, b, m, n] ELSE [b, a, n, m] END AS ends \
         WITH i, none, ends[0] AS s, ends[1] AS t, \
         ends[2] > {MANY} OR ends[3] > {USUAL} * ends[2] AS hub \
         WITH i, s, t, hub AND NOT none AS far, CASE WHEN hub OR none THEN [] ELSE COLLECT {{ \
         MATCH (s)-[:FRIEND]-(f:Active) RETURN f }} END AS friends \
         CALL (s, t, far, friends) {{ CALL (s, t, far, friends) {{ \
         {near} RETURN x UNION ALL {far} RETURN x }} \
         WITH x, x.id AS k WHERE {WINDOW} ORDER BY k {way} LIMIT $limit \
         RETURN collect({}) AS items }} \
         RETURN collect([i, items, CASE WHEN $count \
         THEN COUNT {{ {near} }} + COUNT {{ {far} }} END]) AS rows",
        user("x")
    ))
}
