//! The text that finds at which positions something happened to a user.
//!
//! Must never sort but what belongs to one user.

use super::{EACH, TIES, WAYS, WINDOW, read};

/// The types of edges that ended.
const PAST_TIES: &str = "FRIEND_PAST|REQUESTED_PAST|BLOCKED_PAST";

/// Every position is found, for one and the same may be that of several ties. A tie to somebody who is
/// leaving ended when they left.
pub(super) fn history(backward: bool) -> String {
    let (way, _) = WAYS[usize::from(backward)];
    read(&format!(
        "{EACH} CALL (u) {{ CALL (u) {{ RETURN u.from AS k \
         UNION MATCH (v:UserPast {{id: u.id}}) RETURN v.from AS k \
         UNION MATCH (u)-[r:{TIES}]-() RETURN r.from AS k \
         UNION MATCH (x:User:Leaving) USING SCAN x:Leaving \
         CALL (u, x) {{ MATCH (u)-[r:FRIEND|REQUESTED]-(x) RETURN r LIMIT 1 }} \
         RETURN x.from AS k \
         UNION MATCH (u)-[r:{PAST_TIES}]-() UNWIND [r.from, r.to] AS k RETURN k }} \
         WITH k ORDER BY k {way} RETURN collect(k) AS ks }} \
         RETURN collect([i, [k IN ks WHERE {WINDOW}][..$limit], size(ks)]) AS rows",
    ))
}
