//! What a request costs, computed on its merged tree before anything is executed. One leaf of the
//! answer costs 1: about 10 µs of one processor and 500 bytes. A walk costs by what it will look at in
//! this graph.
//!
//! Monotone: to nest deeper or to ask for more never costs less. Sums and products saturate.

mod reach;

use async_graphql::{Value, Variables};

use super::{
    connection::{DEFAULT_PAGE, MAX_PAGE},
    event::MAX_FILTERED,
    id::{GlobalId, user_id},
    plan::{Below, Field, Plan, Set},
    query::parse_uuid,
};

pub use reach::Reach;
pub(super) use reach::Start;

/// Above this nothing is distinguished: far above any limit, and far below an overflow.
const MOST: u64 = 1 << 40;
/// What a question to the graph costs, in leaves.
const QUESTION: u64 = 10;
/// What a command costs, in leaves.
const COMMAND: u64 = 50;
/// What reading a record of the log costs, in leaves.
const RECORD: u64 = 100;
/// How many friendships can be looked at for the price of a leaf.
const FRIENDSHIPS_A_LEAF: u64 = 256;
/// How many users can be looked at for the price of a leaf.
const USERS_A_LEAF: u64 = 64;
/// How many positions of an index can be passed over for the price of a leaf.
const POSITIONS_A_LEAF: u64 = 4_096;
/// How many positions can be asked of the graph for the price of a leaf.
const MOMENTS_A_LEAF: u64 = 16;
/// The lists of the introspection, by about how long they are in this schema.
const INTROSPECTION: [(&str, u64); 9] = [
    ("types", 64),
    ("directives", 8),
    ("locations", 4),
    ("fields", 6),
    ("args", 3),
    ("inputFields", 4),
    ("enumValues", 8),
    ("possibleTypes", 2),
    ("interfaces", 1),
];

/// What an operation costs in this graph.
pub(super) fn price(plan: &Plan, variables: &Variables, reach: &Reach) -> u64 {
    Prices { variables, reach }.set(&plan.root, Start::Anyone)
}

/// What a walk costs that looks at so many friendships, in leaves.
pub(super) fn of_walk(friendships: u64) -> u64 {
    friendships / FRIENDSHIPS_A_LEAF
}

/// The price of a field that depends neither on variables nor on the graph, if it is one.
pub(super) fn fixed(of: &str, field: &Field) -> Option<u64> {
    match &field.below {
        Below::Leaf => Some(1),
        Below::Object(set) if is_plain(of, &field.name) => {
            set.is_fixed().then(|| plus(1, set.fixed))
        }
        _ => None,
    }
}

/// Whether a field is an object that is at hand, and one only.
fn is_plain(of: &str, field: &str) -> bool {
    matches!(
        (of, field),
        (_, "pageInfo" | "node" | "rejection" | "profile") | ("Relationship", "user")
    ) && !matches!(of, "Query" | "Reading")
}

fn plus(one: u64, other: u64) -> u64 {
    one.saturating_add(other).min(MOST)
}

fn times(one: u64, other: u64) -> u64 {
    one.saturating_mul(other).min(MOST)
}

/// How many friendships a request may look at in all that may cost so much.
pub(super) fn friendships(price: u64) -> u64 {
    price.saturating_mul(FRIENDSHIPS_A_LEAF)
}

struct Prices<'a> {
    variables: &'a Variables,
    reach: &'a Reach,
}

impl Prices<'_> {
    /// Everything that is asked of one object. Users are asked as the start that is known, if it is.
    fn set(&self, set: &Set, start: Start) -> u64 {
        let dynamic = set.dynamic();
        let prices = dynamic.map(|field| self.field(&set.of, field, start));
        prices.fold(set.fixed, plus)
    }

    /// Everything that is asked below a field: of several types of objects, the dearest.
    fn below(&self, field: &Field, start: Start) -> u64 {
        let sets = field.sets().iter();
        sets.map(|set| self.set(set, start)).max().unwrap_or(1)
    }

    fn field(&self, of: &str, field: &Field, start: Start) -> u64 {
        let anyone = || self.below(field, Start::Anyone);
        let question = |below| plus(QUESTION, below);
        match (of, &*field.name) {
            ("Query" | "Reading", name) => self.root(name, field),
            ("Mutation", "__typename") => 1,
            ("Mutation", _) => plus(COMMAND, anyone()),
            ("User", name) => self.of_user(name, field, start),
            ("RecommendationEdge", "because") => {
                let looked_at = times(2, self.reach.friendships(Start::Anyone, 1));
                question(plus(
                    looked_at / FRIENDSHIPS_A_LEAF,
                    times(self.first(field, 3), anyone()),
                ))
            }
            ("Relationship", "path") => self.path(field, 6, Start::Anyone, Start::Anyone),
            ("Friendship", "users" | "blockedBy") => question(times(2, anyone())),
            ("Path", "users") => anyone(),
            (_, "rings") => times(6, anyone()),
            (_, "edges" | "nodes") => plus(1, anyone()),
            (of, name) if of.starts_with("__") => {
                let list = INTROSPECTION.iter().find(|(list, _)| *list == name);
                plus(1, times(list.map_or(1, |(_, length)| *length), anyone()))
            }
            (of, name) if is_plain(of, name) => plus(1, anyone()),
            _ => question(anyone()),
        }
    }

    /// A field of the root, or of `atLeast`.
    fn root(&self, name: &str, field: &Field) -> u64 {
        let argument = |name| field.argument(name, self.variables);
        match name {
            "__typename" => 1,
            "user" => plus(QUESTION, self.below(field, self.user(argument("by")))),
            "node" => plus(QUESTION, self.below(field, start(argument("id").as_ref()))),
            "nodes" => match argument("ids") {
                Some(Value::List(ids)) => {
                    let prices = ids.iter().map(|id| self.below(field, start(Some(id))));
                    prices.fold(QUESTION, plus)
                }
                id => plus(QUESTION, self.below(field, start(id.as_ref()))),
            },
            "users" => {
                let is_filtered = argument("filter").is_some_and(|filter| filter != Value::Null);
                let scanned = if is_filtered || asks(field, "totalCount") {
                    self.reach.users() / USERS_A_LEAF
                } else {
                    0
                };
                self.connection(field, scanned, 0)
            }
            "path" => {
                let length = self.number(field, "maxLength", 6, 20);
                let (from, to) = (argument("from"), argument("to"));
                self.path(field, length, start(from.as_ref()), start(to.as_ref()))
            }
            "relationships" => {
                let from = argument("from");
                let one = |to: Option<&Value>| {
                    let looked_at = self.reach.between(start(from.as_ref()), start(to), 3);
                    plus(
                        looked_at / FRIENDSHIPS_A_LEAF,
                        self.below(field, Start::Anyone),
                    )
                };
                match argument("to") {
                    Some(Value::List(to)) => {
                        to.iter().fold(QUESTION, |sum, to| plus(sum, one(Some(to))))
                    }
                    to => plus(QUESTION, one(to.as_ref())),
                }
            }
            "events" => {
                let subject = argument("subject").filter(|of| *of != Value::Null);
                self.events(field, subject.map(|of| start(Some(&of))))
            }
            // The introspection, the projection, a friendship, and the root again.
            _ => plus(QUESTION, self.below(field, Start::Anyone)),
        }
    }

    /// A field of a user.
    fn of_user(&self, name: &str, field: &Field, of: Start) -> u64 {
        let walk = |depth| self.reach.friendships(of, depth) / FRIENDSHIPS_A_LEAF;
        match name {
            "friends" | "friendRequests" | "blockedUsers" => self.connection(field, walk(1), 0),
            "mutualFriends" => {
                let other = start(field.argument("with", self.variables).as_ref());
                let other = self.reach.friendships(other, 1) / FRIENDSHIPS_A_LEAF;
                self.connection(field, plus(walk(1), other), 0)
            }
            "friendsOfFriends" => {
                let depth = self.number(field, "depth", 2, 6);
                self.connection(field, walk(depth.max(2)), 0)
            }
            "recommendations" => {
                let edges = field.sets().iter().map(|set| self.set(set, Start::Anyone));
                let edges = times(self.first(field, 10), edges.max().unwrap_or(1));
                plus(plus(QUESTION, walk(2)), edges)
            }
            "network" => {
                let depth = self.number(field, "depth", 3, 6);
                plus(
                    plus(QUESTION, walk(depth)),
                    self.below(field, Start::Anyone),
                )
            }
            "relationTo" => {
                let other = start(field.argument("user", self.variables).as_ref());
                let looked_at = self.reach.between(of, other, 3) / FRIENDSHIPS_A_LEAF;
                plus(plus(QUESTION, looked_at), self.below(field, Start::Anyone))
            }
            "history" => self.events(field, Some(of)),
            _ => 1,
        }
    }

    /// A page of a list. Only what is asked of each entry is asked as often as there are entries.
    fn connection(&self, field: &Field, looked_at: u64, an_entry: u64) -> u64 {
        let size = self.page(field);
        let price = field.sets().iter().map(|set| {
            let fields = set.dynamic().map(|field| match &*field.name {
                "edges" | "nodes" => {
                    let entry = self.field(&set.of, field, Start::Anyone);
                    times(size, entry)
                }
                _ => self.field(&set.of, field, Start::Anyone),
            });
            fields.fold(set.fixed, plus)
        });
        let entries = times(size, an_entry);
        [QUESTION, looked_at, entries, price.max().unwrap_or(0)]
            .into_iter()
            .fold(0, plus)
    }

    /// A page of events; each is a record that is read.
    fn events(&self, field: &Field, of: Option<Start>) -> u64 {
        let types = field.argument("types", self.variables);
        let is_filtered = types.is_some_and(|types| types != Value::Null);
        let positions = self.reach.positions();
        let looked_at = match (of, is_filtered) {
            (Some(_), true) => positions.min(MAX_FILTERED as u64) / MOMENTS_A_LEAF,
            (Some(of), false) => self.reach.friendships(of, 1) / MOMENTS_A_LEAF,
            (None, true) => positions / POSITIONS_A_LEAF,
            (None, false) => 0,
        };
        self.connection(field, looked_at, RECORD)
    }

    /// A chain of up to so many friendships: searched for from both ends.
    fn path(&self, field: &Field, length: u32, from: Start, to: Start) -> u64 {
        let looked_at = self.reach.between(from, to, length) / FRIENDSHIPS_A_LEAF;
        let users = times(u64::from(length) + 1, self.below(field, Start::Anyone));
        [QUESTION, looked_at, users].into_iter().fold(0, plus)
    }

    /// How many entries a page may have; of a size out of bounds, as many as the largest.
    fn page(&self, field: &Field) -> u64 {
        let size = |name| match field.argument(name, self.variables) {
            Some(Value::Number(number)) => Some(bounded(number.as_i64())),
            _ => None,
        };
        let default = u64::from(DEFAULT_PAGE.unsigned_abs());
        size("first").or_else(|| size("last")).unwrap_or(default)
    }

    fn first(&self, field: &Field, default: u64) -> u64 {
        match field.argument("first", self.variables) {
            Some(Value::Number(number)) => bounded(number.as_i64()),
            _ => default,
        }
    }

    /// A number up to `most`, which also stands for one that is out of bounds.
    fn number(&self, field: &Field, name: &str, default: u32, most: u32) -> u32 {
        let number = match field.argument(name, self.variables) {
            Some(Value::Number(number)) => number.as_i64(),
            _ => return default,
        };
        let number = number.and_then(|number| u32::try_from(number).ok());
        number.map_or(most, |number| number.min(most))
    }

    /// Whom `user(by:)` names.
    fn user(&self, by: Option<Value>) -> Start {
        let Some(Value::Object(by)) = by else {
            return Start::Anyone;
        };
        match by.first() {
            Some((name, Value::String(text))) => match name.as_str() {
                "id" => start(Some(&Value::String(text.clone()))),
                "uuid" => parse_uuid(text, "by").map_or(Start::Anyone, Start::User),
                _ => self.reach.handle(text),
            },
            _ => Start::Anyone,
        }
    }
}

fn bounded(size: Option<i64>) -> u64 {
    let most = u64::from(MAX_PAGE.unsigned_abs());
    match size.and_then(|size| u64::try_from(size).ok()) {
        Some(size) if size <= most => size,
        _ => most,
    }
}

/// Whom a global id names. One that names nobody is refused later, and costs nothing.
fn start(id: Option<&Value>) -> Start {
    let Some(Value::String(text)) = id else {
        return Start::Anyone;
    };
    match GlobalId::parse(&text.as_str().into(), "id") {
        Ok(id) => user_id(&id.to_id(), "id").map_or(Start::Anyone, Start::User),
        Err(_) => Start::Anyone,
    }
}

/// Whether a field of that name is asked for below.
fn asks(field: &Field, name: &str) -> bool {
    let sets = field.sets().iter();
    sets.flat_map(|set| &set.fields)
        .any(|field| *field.name == *name)
}
