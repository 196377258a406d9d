//! The form of an answer: what the engine leaves out is put back, and fields stand in the order of
//! the query.
//!
//! The engine drops a field that fails, makes null of an object none of whose fields came, and gives
//! fields in the order in which they were ready. Every field that can fail is nullable
//! (`tests/it/tidy.rs` sees to it), so a null in its place is all that an error leaves behind.

use std::collections::HashMap;

use async_graphql::{
    Name, PathSegment, Positioned, Response, Value, Variables,
    indexmap::IndexMap,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition,
        Selection, SelectionSet,
    },
};

use super::directives;

/// The alias of a field that is asked for to see that an object is there; never answered.
const PRESENT: &str = "__foaf_present";

/// The fields that an operation asks for, in its order, and those below each.
#[derive(Default)]
pub(super) struct Shape(Vec<(Name, Shape)>);

/// The fields of a selection, each with what is selected below it.
type Below<'a> = IndexMap<&'a Name, Vec<&'a SelectionSet>>;

/// Looks up what a document says elsewhere.
#[derive(Clone, Copy)]
struct Lookup<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
}

impl Shape {
    /// The shape of an operation's answer. Linear in the number of fields, for which there is a limit.
    pub(super) fn new(
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Self {
        let lookup = Lookup {
            fragments: &document.fragments,
            variables,
        };
        Self::of(&[&operation.selection_set.node], lookup)
    }

    fn of<'a>(sets: &[&'a SelectionSet], lookup: Lookup<'a>) -> Self {
        let mut fields = Below::new();
        for set in sets {
            lookup.gather(set, &mut fields);
        }
        let below = fields.into_iter();
        Self(
            below
                .map(|(name, sets)| (name.clone(), Self::of(&sets, lookup)))
                .collect(),
        )
    }

    /// Gives an answer this form. One that was refused before it was executed has no data.
    pub(super) fn apply(&self, response: &mut Response) {
        if response.data == Value::Null {
            return;
        }
        for error in &response.errors {
            put_back(&mut response.data, &error.path);
        }
        self.order(&mut response.data);
    }

    fn order(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.order(item)),
            Value::Object(fields) => {
                let mut names = self.0.iter().map(|(name, _)| name);
                if !fields.keys().all(|key| names.any(|name| name == key)) {
                    let mut loose = std::mem::take(fields);
                    let names = self.0.iter().map(|(name, _)| name);
                    *fields = names
                        .filter_map(|name| loose.swap_remove_entry(name))
                        .collect();
                }
                let mut shapes = self.0.iter();
                for (key, value) in fields {
                    if let Some((_, shape)) = shapes.find(|(name, _)| name == key) {
                        shape.order(value);
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'a> Lookup<'a> {
    /// Collects the fields of a selection, fragments included. Whether a fragment applies does not
    /// matter: what it asks for is not in the answer if not.
    fn gather(self, set: &'a SelectionSet, fields: &mut Below<'a>) {
        for selection in &set.items {
            if directives::leave_out(selection.node.directives(), self.variables) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let below = fields.entry(&field.response_key().node).or_default();
                    below.push(&field.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    self.gather(&fragment.node.selection_set.node, fields);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        self.gather(&fragment.node.selection_set.node, fields);
                    }
                }
            }
        }
    }
}

/// Puts null where a field failed. What has a path below it was there.
fn put_back(value: &mut Value, path: &[PathSegment]) {
    let Some((segment, rest)) = path.split_first() else {
        return;
    };
    match segment {
        PathSegment::Field(name) => {
            if *value == Value::Null {
                *value = Value::Object(IndexMap::new());
            }
            if let Value::Object(fields) = value {
                put_back(fields.entry(Name::new(name)).or_default(), rest);
            }
        }
        PathSegment::Index(index) => {
            if let Value::List(items) = value
                && let Some(item) = items.get_mut(*index)
            {
                put_back(item, rest);
            }
        }
    }
}

/// Asks for one field more wherever it may be that no other one is answered, so that an object
/// without fields can be told from none.
pub(super) fn mark(document: &mut ExecutableDocument) {
    for fragment in document.fragments.values_mut() {
        mark_below(&mut fragment.node.selection_set.node);
    }
    let operations: Vec<_> = match &mut document.operations {
        DocumentOperations::Single(one) => vec![one],
        DocumentOperations::Multiple(all) => all.values_mut().collect(),
    };
    for operation in operations {
        let root = &mut operation.node.selection_set;
        mark_below(&mut root.node);
        add_mark(root);
    }
}

fn mark_below(set: &mut SelectionSet) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                let below = &mut field.node.selection_set;
                mark_below(&mut below.node);
                let is_sure = |selection: &Positioned<Selection>| match &selection.node {
                    Selection::Field(field) => field.node.directives.is_empty(),
                    _ => false,
                };
                if !below.node.items.is_empty() && !below.node.items.iter().any(is_sure) {
                    add_mark(below);
                }
            }
            Selection::InlineFragment(fragment) => {
                mark_below(&mut fragment.node.selection_set.node);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn add_mark(set: &mut Positioned<SelectionSet>) {
    let place = set.pos;
    let field = Field {
        alias: Some(Positioned::new(Name::new(PRESENT), place)),
        name: Positioned::new(Name::new("__typename"), place),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet::default(), place),
    };
    let field = Selection::Field(Positioned::new(field, place));
    set.node.items.push(Positioned::new(field, place));
}
