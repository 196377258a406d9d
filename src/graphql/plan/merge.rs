//! Merging: the fields that are asked of one object, from wherever the document asks for them.
//! Section 6.3.2, `CollectFields`, and 6.4.3, `MergeSelectionSets`.

use std::collections::HashSet;

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema,
    ast::Value as Literal,
    executable::{DirectiveList, Field as Asked, Operation, Selection, SelectionSet},
    schema::ExtendedType,
};
use async_graphql::{Name as Key, Value, Variables, indexmap::IndexMap};

use super::{Below, Field, Plan, Set, literal};

/// The fields of one object by response key, each as often as the document asks for it.
type Collected<'a> = IndexMap<&'a str, Vec<&'a Node<Asked>>>;

struct Merge<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    is_conditional: bool,
    /// Whether a selection counts whatever its directives say: so for the validation.
    is_whole: bool,
    /// Where the same field is asked for with another list, in bytes.
    conflict: Option<usize>,
}

impl Plan {
    /// The tree of an operation of a valid document.
    pub(in crate::graphql) fn new(
        schema: &Schema,
        document: &ExecutableDocument,
        operation: &Operation,
        variables: &Variables,
    ) -> Self {
        let mut merge = Merge {
            schema,
            document,
            variables,
            is_conditional: false,
            is_whole: false,
            conflict: None,
        };
        let root = merge.set(operation.object_type(), &[&operation.selection_set]);
        Self {
            operation: operation.operation_type,
            root,
            is_conditional: merge.is_conditional,
        }
    }
}

/// Where fields that are to be merged differ in the length of a list: section 5.3.2. The library
/// compares lists only as far as the shorter one goes.
pub(in crate::graphql) fn conflicting_lists(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
) -> Option<usize> {
    let mut merge = Merge {
        schema,
        document,
        variables: &Variables::default(),
        is_conditional: false,
        is_whole: true,
        conflict: None,
    };
    merge.set(operation.object_type(), &[&operation.selection_set]);
    merge.conflict
}

/// Whether two values have lists of the same length in the same places.
fn have_like_lists(one: &Literal, other: &Literal) -> bool {
    match (one, other) {
        (Literal::List(one), Literal::List(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| have_like_lists(one, other))
        }
        (Literal::Object(one), Literal::Object(other)) => one.iter().all(|(name, one)| {
            let mut other = other.iter().filter(|(other, _)| other == name);
            other.all(|(_, other)| have_like_lists(one, other))
        }),
        _ => true,
    }
}

impl<'a> Merge<'a> {
    /// What is asked of an object of that type by all of these selections.
    fn set(&mut self, of: &Name, selections: &[&'a SelectionSet]) -> Set {
        let mut collected = Collected::new();
        let mut spread = HashSet::new();
        for selection in selections {
            self.collect(of, selection, &mut collected, &mut spread);
        }
        let fields = collected.into_values();
        let fields = fields.filter_map(|asked| self.field(&asked)).collect();
        Set::new(of.clone(), fields)
    }

    fn collect(
        &mut self,
        of: &Name,
        set: &'a SelectionSet,
        collected: &mut Collected<'a>,
        spread: &mut HashSet<&'a Name>,
    ) {
        let document = self.document;
        for selection in &set.selections {
            if self.leaves_out(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    collected
                        .entry(field.response_name().as_str())
                        .or_default()
                        .push(field);
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref();
                    if condition.is_none_or(|condition| self.applies(condition, of)) {
                        self.collect(of, &fragment.selection_set, collected, spread);
                    }
                }
                Selection::FragmentSpread(fragment) => {
                    let Some(fragment) = document.fragments.get(&fragment.fragment_name) else {
                        continue;
                    };
                    if spread.insert(&fragment.name) && self.applies(fragment.type_condition(), of)
                    {
                        self.collect(of, &fragment.selection_set, collected, spread);
                    }
                }
            }
        }
    }

    /// One field; all that ask for it agree on its name and its arguments, for the document is valid.
    fn field(&mut self, asked: &[&'a Node<Asked>]) -> Option<Field> {
        let first = *asked.first()?;
        let differs = |field: &&&Node<Asked>| {
            first.arguments.iter().any(|argument| {
                let other = field.specified_argument_by_name(&argument.name);
                other.is_some_and(|other| !have_like_lists(&argument.value, other))
            })
        };
        if self.is_whole
            && self.conflict.is_none()
            && let Some(other) = asked.iter().find(differs)
        {
            self.conflict = Some(other.location().map_or(0, |span| span.offset()));
        }
        let below: Vec<&SelectionSet> = asked
            .iter()
            .filter_map(|field| field.selection_set.as_ref())
            .collect();
        let ty = first.definition.ty.inner_named_type();
        let schema = self.schema;
        let below = match schema.types.get(ty) {
            Some(ExtendedType::Object(_)) => Below::Object(self.set(ty, &below)),
            Some(ExtendedType::Interface(_) | ExtendedType::Union(_)) => {
                let objects = schema
                    .types
                    .iter()
                    .filter(|(name, possible)| possible.is_object() && schema.is_subtype(ty, name));
                let names: Vec<&Name> = objects.map(|(name, _)| name).collect();
                Below::Abstract(names.into_iter().map(|of| self.set(of, &below)).collect())
            }
            _ => Below::Leaf,
        };
        let arguments = first.arguments.iter().filter_map(|argument| {
            let definition = first.definition.argument_by_name(&argument.name)?;
            let value = literal(schema, &argument.value, &definition.ty);
            Some((Key::new(&argument.name), value))
        });
        Some(Field {
            key: Key::new(first.response_name()),
            name: Key::new(&first.name),
            offset: first.location().map_or(0, |span| span.offset()),
            definition: first.definition.clone(),
            arguments: arguments.collect(),
            below,
        })
    }

    /// Whether a fragment with that condition is about objects of that type.
    fn applies(&self, condition: &Name, of: &Name) -> bool {
        condition == of || self.schema.is_subtype(condition, of)
    }

    /// Section 6.3.2: a selection is left out if it is skipped, or if it is not included. (A variable
    /// that may be null and is, through a default that was not used, is neither true nor false.)
    fn leaves_out(&mut self, directives: &DirectiveList) -> bool {
        if self.is_whole {
            return false;
        }
        directives.iter().any(|directive| {
            let Some(condition) = directive.specified_argument_by_name("if") else {
                return false;
            };
            let is_true = match condition.as_variable() {
                Some(variable) => {
                    self.is_conditional = true;
                    let value = self.variables.get(variable.as_str());
                    value == Some(&Value::Boolean(true))
                }
                None => condition.to_bool() == Some(true),
            };
            match directive.name.as_str() {
                "skip" => is_true,
                "include" => !is_true,
                _ => false,
            }
        })
    }
}
