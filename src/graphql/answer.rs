//! The answer in the form that the specification gives it (section 7): fields in the order of the
//! merged tree, null where one failed, an empty object where nothing was asked of one.
//!
//! The engine gives fields in the order in which they were ready, leaves one out that failed, and
//! makes null of an object none of whose fields came. Every field that can fail is nullable
//! (`tests/it/tidy.rs` sees to it), so null in its place is all that an error leaves behind.

use std::sync::Arc;

use async_graphql::{Name, ServerError, Value, indexmap::IndexMap};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

use super::plan::{Below, Field, PRESENT, Plan, Set};

/// From how many leaves on an answer is a large one: about a millisecond of work.
const LARGE: u64 = 2_000;

/// An answer, ready to be sent.
pub struct Answered {
    /// Everything that went wrong.
    pub(super) errors: Vec<ServerError>,
    /// What was executed; none where nothing was.
    pub(super) data: Option<Data>,
    /// The header `foaf-position`, and the extension of this name.
    pub position: Option<String>,
    /// What the request costs, if it came so far.
    pub(super) cost: Option<Cost>,
}

/// The result of an execution, and the tree that gives it its form.
pub(super) struct Data {
    pub(super) plan: Arc<Plan>,
    pub(super) value: Value,
}

/// What a request costs, in leaves of an answer.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Cost {
    /// Computed before it is executed.
    pub(super) estimated: u64,
    /// Counted while it was executed: the leaves of the answer, and what its walks have looked at.
    pub(super) spent: u64,
    /// The most that is allowed.
    pub(super) limit: u64,
}

impl Answered {
    /// Whether it is worth a thread of its own to write the answer.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.cost.is_some_and(|cost| cost.spent > LARGE)
    }

    /// Whether it was refused before anything was executed.
    #[must_use]
    pub fn is_request_error(&self) -> bool {
        self.data.is_none()
    }

    /// One of which nothing was executed.
    pub(super) fn refused(errors: Vec<ServerError>) -> Self {
        Self {
            errors,
            data: None,
            position: None,
            cost: None,
        }
    }
}

/// As a GraphQL response: without `data` where nothing was executed.
impl Serialize for Answered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_map(None)?;
        if !self.errors.is_empty() {
            answer.serialize_entry("errors", &self.errors)?;
        }
        if let Some(Data { plan, value }) = &self.data {
            answer.serialize_entry("data", &Object(&plan.root, value))?;
        }
        if self.position.is_some() || self.cost.is_some() {
            answer.serialize_entry("extensions", &Extensions(self))?;
        }
        answer.end()
    }
}

struct Extensions<'a>(&'a Answered);

impl Serialize for Extensions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Foaf<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            position: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            cost: Option<Cost>,
        }
        let foaf = Foaf {
            position: self.0.position.as_deref(),
            cost: self.0.cost,
        };
        let mut extensions = serializer.serialize_map(Some(1))?;
        extensions.serialize_entry("foaf", &foaf)?;
        extensions.end()
    }
}

/// How many leaves a value has; nulls count.
pub(super) fn leaves(value: &Value) -> u64 {
    match value {
        Value::List(items) => items.iter().map(leaves).sum(),
        Value::Object(fields) => fields.values().map(leaves).sum(),
        _ => 1,
    }
}

/// An object with the fields of a set.
struct Object<'a>(&'a Set, &'a Value);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(set, value) = self;
        let none = IndexMap::new();
        let fields = match value {
            Value::Object(fields) => fields,
            // None of its fields came.
            _ => &none,
        };
        let mut object = serializer.serialize_map(Some(set.fields.len()))?;
        for (place, field) in set.fields.iter().enumerate() {
            let value = found(fields, place, &field.key).unwrap_or(&Value::Null);
            object.serialize_entry(&*field.key, &OfField(field, value))?;
        }
        object.end()
    }
}

/// The value of a key, which as a rule stands where it stands in the tree.
fn found<'a>(fields: &'a IndexMap<Name, Value>, place: usize, key: &Name) -> Option<&'a Value> {
    match fields.get_index(place) {
        Some((known, value)) if known == key => Some(value),
        _ => fields.get(key),
    }
}

/// The value of a field: a leaf, an object, or lists of them.
struct OfField<'a>(&'a Field, &'a Value);

impl Serialize for OfField<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(field, value) = self;
        match (&field.below, value) {
            (Below::Leaf, value) => value.serialize(serializer),
            (_, Value::Null) => serializer.serialize_unit(),
            (_, Value::List(items)) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&OfField(field, item))?;
                }
                list.end()
            }
            (Below::Object(set), value) => Object(set, value).serialize(serializer),
            (Below::Abstract(sets), value) => match of_type(sets, value) {
                Some(set) => Object(set, value).serialize(serializer),
                None => serializer.serialize_unit(),
            },
        }
    }
}

/// The set for objects of the type that this one says it is of.
fn of_type<'a>(sets: &'a [Set], value: &Value) -> Option<&'a Set> {
    let Value::Object(fields) = value else {
        return None;
    };
    let Some(Value::String(of)) = fields.get(PRESENT) else {
        return None;
    };
    sets.iter().find(|set| set.of.as_str() == of)
}
