//! Every Cypher text. Constant but for the parts that an order, a direction or a depth chooses; what
//! a caller says is always a parameter.
//!
//! Must never be given text from outside. A text is planned once and then found by its letters, so
//! each variant here costs some 50 ms on its first use: have few.
//!
//! Habits, measured on a dense and a sparse graph: a label is cheaper to check than a property
//! (`:Active`); `nodes(p)` in an `all(…)` keeps the pruning breadth-first search; candidates are
//! counted first and compared with a list of friends afterwards; ids are read only of those that may
//! come onto the page.

pub(super) mod content;
mod history;
mod mutual;
pub(super) mod schema;
mod writes;

use std::sync::LazyLock;

pub(super) use writes::{ADVANCE, CLEAR_UP, IS_LEFT, LOCK, WRITES};

/// The texts that ask.
pub(super) static READS: LazyLock<Reads> = LazyLock::new(Reads::new);

/// The texts that ask. Each takes `$of`, the users, handles or pairs asked about, and gives one row:
/// `rows`, and where the cursor was `before` and `after`: its position, and how often was cleared up.
pub(super) struct Reads {
    /// Takes no `$of`.
    pub(super) cursor: String,
    pub(super) users: String,
    pub(super) users_by_handle: String,
    /// By whether there is a state, a prefix, by order, and whether backward. Takes no `$of`.
    pub(super) list_users: [[[[String; 2]; 2]; 2]; 2],
    /// By order, and whether backward.
    pub(super) friends: [[String; 2]; 3],
    /// By depth from 2, and whether backward.
    pub(super) friends_of_friends: Vec<[String; 2]>,
    /// By whether backward.
    pub(super) mutual_friends: [String; 2],
    /// By score.
    pub(super) recommendations: [String; 3],
    /// `$of`: users, each with a list of others.
    pub(super) relations: String,
    /// By length from 1.
    pub(super) paths: Vec<String>,
    /// By depth from 1.
    pub(super) rings: Vec<String>,
    /// By direction, and whether backward.
    pub(super) requests: [[String; 2]; 2],
    /// By whether backward.
    pub(super) blocked: [String; 2],
    pub(super) ties: String,
    /// By whether backward.
    pub(super) history: [String; 2],
}

impl Reads {
    fn new() -> Self {
        let both = |make: &dyn Fn(bool) -> String| [make(false), make(true)];
        Self {
            cursor: read(
                "MATCH (c:Cursor {name: 'p'}) WHERE c.pos >= 0 RETURN collect([c.logId, c.pos, c.digest, c.last]) AS rows",
            ),
            users: read(&format!(
                "{EACH} RETURN collect([i, {}]) AS rows",
                user("u")
            )),
            users_by_handle: read(&format!(
                "UNWIND range(0, size($of) - 1) AS i MATCH (u:User {{handle: $of[i]}}) \
                 WHERE u.state <> 'ARCHIVED' RETURN collect([i, {}]) AS rows",
                user("u")
            )),
            list_users: FILTERS.map(|filters| {
                filters.map(|filter| {
                    [false, true].map(|named| both(&|backward| list_users(filter, named, backward)))
                })
            }),
            friends: [
                ("x.id", WINDOW),
                ("x.sortName", NAME_WINDOW),
                ("r.from", WINDOW),
            ]
            .map(|(key, window)| both(&|backward| friends(key, window, backward))),
            friends_of_friends: (2..=6)
                .map(|depth| both(&|backward| friends_of_friends(depth, backward)))
                .collect(),
            mutual_friends: both(&mutual::mutual_friends),
            recommendations: [COMMON_FRIENDS, ADAMIC_ADAR, JACCARD].map(recommendations),
            relations: relations(),
            paths: (1..=20).map(paths).collect(),
            rings: (1..=6).map(rings).collect(),
            requests: ["<-[r:REQUESTED]-", "-[r:REQUESTED]->"]
                .map(|edge| both(&|backward| newest_first(edge, backward))),
            blocked: both(&|backward| newest_first("-[r:BLOCKED]->", backward)),
            ties: read(&format!(
                "{PAIR} RETURN collect([i, {}]) AS rows",
                ties_between("a", "b")
            )),
            history: both(&history::history),
        }
    }
}

/// A question between two looks at the cursor. Neo4j shows a statement what others commit while it
/// runs, so an answer counts only where the two agree. A commit changes the stored property first
/// and the index last: the first look is at the index, the second at the property, and nothing was
/// under way where they are equal.
fn read(question: &str) -> String {
    format!(
        "OPTIONAL MATCH (c:Cursor) USING INDEX c:Cursor(pos) WHERE c.pos >= 0 AND c.name = 'p' \
         WITH coalesce(max(c.pos), 0) AS pos \
         OPTIONAL MATCH (c:Cursor) USING INDEX c:Cursor(swept) WHERE c.swept >= 0 AND c.name = 'p' \
         WITH pos, coalesce(max(c.swept), 0) AS swept WITH [pos, swept] AS before \
         CALL (before) {{ {question} }} \
         OPTIONAL MATCH (c:Cursor {{name: 'p'}}) \
         RETURN rows, before, [coalesce(c.pos, 0), coalesce(c.swept, 0)] AS after"
    )
}

/// What [`crate::graph::neo4j::rows::UserRow`] reads.
fn user(x: &str) -> String {
    let parts = ["id", "handle", "firstName", "lastName", "state"].into_iter();
    let parts = parts.chain(["createdAt", "from", "since"]);
    let parts: Vec<String> = parts.map(|part| format!("{x}.{part}")).collect();
    format!("[{}]", parts.join(", "))
}

/// Each user asked about; the unknown have no row.
const EACH: &str = "UNWIND range(0, size($of) - 1) AS i MATCH (u:User {id: $of[i]})";

/// Each user asked about who may have friends and requests. Whoever is leaving has none, whatever
/// edges are still there.
const EACH_STAYING: &str = "UNWIND range(0, size($of) - 1) AS i MATCH (u:User {id: $of[i]}) \
    WHERE NOT u:Leaving";

/// Each two users asked about.
const PAIR: &str = "UNWIND range(0, size($of) - 1) AS i \
    MATCH (a:User {id: $of[i][0]}) MATCH (b:User {id: $of[i][1]})";

/// The condition that `x` is ACTIVE, as are those on the way from `u` to it.
const ACTIVE_WAY: &str = "x <> u AND all(n IN nodes(p) WHERE n:Active OR n = u)";

/// The order of reading and its opposite, by whether backward.
const WAYS: [(&str, &str); 2] = [("ASC", "DESC"), ("DESC", "ASC")];

/// The types of edges that stand.
const TIES: &str = "FRIEND|REQUESTED|BLOCKED";

/// The window over a single key: `k`. The ends are in lists, for a plan is made anew for each length
/// that a text may have (0, 1, to 10, to 100) but not for those of texts in a list; an open end is a
/// value beyond all keys, for another plan is made for null, and `IS NULL OR` takes long to plan.
const WINDOW: &str = "k > $after[0] AND k < $before[0]";

/// The window over `k`, then the id `d`.
const NAME_WINDOW: &str = "(k > $after[0] OR (k = $after[0] AND d > $after[1])) \
    AND (k < $before[0] OR (k = $before[0] AND d < $before[1]))";

/// By whether there is a state, and a prefix.
const FILTERS: [[&str; 2]; 2] = [
    ["", " AND u.handle STARTS WITH $prefix[0]"],
    [
        " AND u.state = $state",
        " AND u.handle STARTS WITH $prefix[0] AND u.state = $state",
    ],
];

fn list_users(filter: &str, named: bool, backward: bool) -> String {
    let (way, _) = WAYS[usize::from(backward)];
    let part = if named {
        // The key is the beginning of the name, as much as an index can hold.
        format!(
            "MATCH (u:User) WHERE u.sortKey >= $after[2] AND u.sortKey <= $before[2]{filter} \
             WITH u, u.sortKey AS s, u.sortName AS k, u.id AS d WHERE {NAME_WINDOW} \
             ORDER BY s {way}, k {way}, d {way}"
        )
    } else {
        format!(
            // What another program has put there has no such name.
            "MATCH (u:User) WHERE u.id > $after[0] AND u.id < $before[0] \
             AND u.sortName IS NOT NULL{filter} \
             WITH u, u.id AS d ORDER BY d {way}"
        )
    };
    let all = match filter.strip_prefix(" AND ") {
        Some(filter) => format!("COUNT {{ MATCH (u:User) WHERE {filter} }}"),
        None => "COUNT { MATCH (:User) }".to_owned(),
    };
    read(&format!(
        "CALL () {{ {part} LIMIT $limit RETURN collect({}) AS items }} \
         RETURN [[0, items, CASE WHEN $count THEN {all} END]] AS rows",
        user("u")
    ))
}

fn friends(key: &str, window: &str, backward: bool) -> String {
    let (way, _) = WAYS[usize::from(backward)];
    let filter = "($prefix[0] IS NULL OR x.handle STARTS WITH $prefix[0])";
    read(&format!(
        "{EACH_STAYING} CALL (u) {{ \
         MATCH (u)-[r:FRIEND]-(x:Active) WHERE {filter} WITH x, r, {key} AS k, x.id AS d WHERE {window} \
         ORDER BY k {way}, d {way} LIMIT $limit \
         RETURN collect([{}, r.from, r.since]) AS items }} \
         RETURN collect([i, items, CASE WHEN $count \
         THEN COUNT {{ MATCH (u)-[:FRIEND]-(x:Active) WHERE {filter} }} END]) AS rows",
        user("x")
    ))
}

/// Requests and blocks, whatever the other's state; requests not of who is leaving.
fn newest_first(edge: &str, backward: bool) -> String {
    let (_, way) = WAYS[usize::from(backward)];
    let (each, stays) = if edge.contains("BLOCKED") {
        (EACH, "true")
    } else {
        (EACH_STAYING, "NOT x:Leaving")
    };
    read(&format!(
        "{each} CALL (u) {{ MATCH (u){edge}(x) WHERE {stays} WITH x, r, r.from AS k \
         WHERE k < $after[0] AND k > $before[0] \
         ORDER BY k {way} LIMIT $limit RETURN collect([{}, r.from, r.since]) AS items }} \
         RETURN collect([i, items, CASE WHEN $count \
         THEN COUNT {{ MATCH (u){edge}(x) WHERE {stays} }} END]) AS rows",
        user("x")
    ))
}

/// Those at distance 2 and those beyond are found apart: the first are counted by the ways that lead
/// to them; the others are looked for only if the first do not fill the page.
fn friends_of_friends(depth: u32, backward: bool) -> String {
    let (way, down) = WAYS[usize::from(backward)];
    let near = format!(
        "MATCH (u)-[:FRIEND]-(:Active)-[:FRIEND]-(x) WHERE ENOUGH WITH x, count(*) AS n \
         WHERE x:Active AND x <> u AND NOT x IN friends \
         AND ($after[0] < 2 OR ($after[0] = 2 \
         AND (n < $after[1] OR (n = $after[1] AND x.id > $after[2])))) \
         AND ($before[0] > 2 OR ($before[0] = 2 \
         AND (n > $before[1] OR (n = $before[1] AND x.id < $before[2])))) \
         WITH n, collect(x) AS xs ORDER BY n {down} LIMIT $limit \
         UNWIND xs AS x WITH x, n, x.id AS d ORDER BY n {down}, d {way} LIMIT $limit \
         RETURN collect([{}, 2, n])",
        user("x")
    );
    let far = format!(
        "MATCH p = (u)-[:FRIEND*1..{depth}]-(x) WHERE ENOUGH AND {ACTIVE_WAY} \
         WITH x, min(length(p)) AS far WHERE far > 2 \
         AND (far > $after[0] OR (far = $after[0] \
         AND ($after[1] > 0 OR x.id > $after[2]))) \
         AND (far < $before[0] OR (far = $before[0] \
         AND $before[1] = 0 AND x.id < $before[2])) \
         WITH x, far, x.id AS d ORDER BY far {way}, d {way} LIMIT $limit \
         RETURN collect([{}, far, 0])",
        user("x")
    );
    let (first, second) = if depth == 2 {
        (near, "RETURN []".to_owned())
    } else if backward {
        (far, near)
    } else {
        (near, far)
    };
    let first = first.replace("ENOUGH", "true");
    let second = second.replace("ENOUGH", "size(one) < $limit");
    read(&format!(
        "{EACH_STAYING} WITH i, u, COLLECT {{ MATCH (u)-[:FRIEND]-(x) RETURN x }} AS friends \
         CALL (u, friends) {{ {first} AS one }} CALL (u, friends, one) {{ {second} AS other }} \
         CALL (u) {{ MATCH p = (u)-[:FRIEND*1..{depth}]-(x) WHERE $count AND {ACTIVE_WAY} \
         RETURN count(DISTINCT x) AS reached }} \
         RETURN collect([i, (one + other)[..$limit], CASE WHEN $count \
         THEN reached - COUNT {{ (u)-[:FRIEND]-(:Active) }} END]) AS rows"
    ))
}

const COMMON_FRIENDS: &str = "MATCH (u)-[:FRIEND]-(:Active)-[:FRIEND]-(x) \
    WITH x, count(*) AS n WHERE x:Active AND x <> u AND NOT x IN tied WITH x, n, n AS score";

/// The friends of a friend are its degree.
const ADAMIC_ADAR: &str = "MATCH (u)-[:FRIEND]-(m:Active) MATCH (m)-[:FRIEND]-(x:Active) \
    WITH m, collect(x) AS xs WITH xs, CASE WHEN size(xs) < 2 THEN 0 \
    ELSE toInteger(round(1000000000 / log(size(xs)))) END AS weight \
    UNWIND xs AS x WITH x, sum(weight) AS score, count(*) AS n WHERE x <> u AND NOT x IN tied";

/// In whole numbers: half up, and no division of floats to disagree about.
const JACCARD: &str = "WITH COUNT { (u)-[:FRIEND]-(:Active) } AS mine \
    MATCH (u)-[:FRIEND]-(:Active)-[:FRIEND]-(x) WITH x, mine, count(*) AS n \
    WHERE x:Active AND x <> u AND NOT x IN tied \
    WITH x, n, mine - n + COUNT { (x)-[:FRIEND]-(:Active) } AS either \
    WITH x, n, (2000000000 * n + either) / (2 * either) AS score";

/// `candidates` gives candidates `x` of `u`, not `tied` to it, with `score` and common friends `n`.
fn recommendations(candidates: &str) -> String {
    read(&format!(
        "{EACH_STAYING} WITH i, u, COLLECT {{ MATCH (u)-[:{TIES}]-(x) RETURN x }} AS tied \
         CALL (u, tied) {{ {candidates} \
         WITH score, collect([x, n]) AS ys ORDER BY score DESC LIMIT $limit \
         UNWIND ys AS y WITH score, y[0] AS x, y[1] AS n WITH x, score, n, x.id AS d \
         ORDER BY score DESC, d LIMIT $limit RETURN collect([{}, score, n]) AS items }} \
         RETURN collect([i, items]) AS rows",
        user("x")
    ))
}

/// `$of`: users, each with a list of others.
fn relations() -> String {
    read(&format!(
        "UNWIND range(0, size($of) - 1) AS i MATCH (u:User {{id: $of[i][0]}}) \
         WITH i, u, COLLECT {{ MATCH (u)-[:FRIEND]-(x:Active) WHERE NOT u:Leaving RETURN x }} AS one, \
         COLLECT {{ MATCH (u)-[:FRIEND]-(:Active)-[:FRIEND]-(x:Active) WHERE NOT u:Leaving \
         RETURN DISTINCT x }} AS two \
         UNWIND range(0, size($of[i][1]) - 1) AS j MATCH (v:User {{id: $of[i][1][j]}}) \
         RETURN collect([i, j, {}, \
         CASE WHEN v = u THEN 0 WHEN NOT v:Active THEN null WHEN v IN one THEN 1 \
         WHEN v IN two THEN 2 WHEN EXISTS {{ MATCH (v)-[:FRIEND]-(m) WHERE m IN two }} THEN 3 END, \
         CASE WHEN v = u OR v:Leaving THEN 0 \
         ELSE COUNT {{ MATCH (v)-[:FRIEND]-(m) WHERE m IN one }} END, \
         {}]) AS rows",
        user("v"),
        ties_between("u", "v")
    ))
}

/// What stands between two, each with whether it goes from the first.
fn ties_between(a: &str, b: &str) -> String {
    format!(
        "COLLECT {{ MATCH ({a})-[r:{TIES}]-({b}) \
         WHERE type(r) = 'BLOCKED' OR NOT ({a}:Leaving OR {b}:Leaving) \
         RETURN [type(r), startNode(r) = {a}, r.from, r.since] }}"
    )
}

/// `shortestPath` fails where its ends are one: those it is not asked.
fn paths(length: u32) -> String {
    read(&format!(
        "{PAIR} CALL (a, b) {{ WITH 1 AS go WHERE a <> b AND b:Active AND NOT a:Leaving \
         MATCH p = shortestPath((a)-[:FRIEND*..{length}]-(b)) \
         WHERE all(n IN nodes(p) WHERE n:Active OR n = a) RETURN collect(nodes(p)) AS found }} \
         WITH i, CASE WHEN a = b THEN [a] ELSE found[0] END AS way WHERE way IS NOT NULL \
         RETURN collect([i, [n IN way | {}]]) AS rows",
        user("n")
    ))
}

fn rings(depth: u32) -> String {
    read(&format!(
        "{EACH_STAYING} CALL (u) {{ MATCH p = (u)-[:FRIEND*1..{depth}]-(x) WHERE {ACTIVE_WAY} \
         WITH x, min(length(p)) AS far WITH far, count(*) AS n RETURN collect([far, n]) AS found }} \
         RETURN collect([i, found]) AS rows"
    ))
}
