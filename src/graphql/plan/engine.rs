//! The merged tree in the engine's own form, with the values of the variables in their places.

use std::collections::HashMap;

use apollo_compiler::executable::OperationType;
use async_graphql::{
    Name, Pos, Positioned, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field as EngineField, InlineFragment,
        OperationDefinition, OperationType as EngineOperation, Selection, SelectionSet,
        TypeCondition,
    },
};

use super::{Below, Field, Plan, Set, with_variables};

/// The response key of a field that is added where an object must be told from none, or its type
/// must be known; it is never answered, and no alias can be like it.
pub(in crate::graphql) const PRESENT: &str = "the type";

/// A document of one operation without variables, fragments by name, or directives.
pub(in crate::graphql) struct Executable(ExecutableDocument);

impl Executable {
    /// The operation of a plan. The fields at the root that `executes` turns down are left out.
    pub(in crate::graphql) fn new(
        plan: &Plan,
        variables: &Variables,
        executes: impl Fn(&Field) -> bool,
    ) -> Self {
        let fields = plan.root.fields.iter().filter(|field| executes(field));
        let mut items: Vec<_> = fields.map(|field| selection(field, variables)).collect();
        items.push(present());
        let operation = OperationDefinition {
            ty: match plan.operation {
                OperationType::Query => EngineOperation::Query,
                OperationType::Mutation => EngineOperation::Mutation,
                OperationType::Subscription => EngineOperation::Subscription,
            },
            variable_definitions: Vec::new(),
            directives: Vec::new(),
            selection_set: at(0, SelectionSet { items }),
        };
        Self(ExecutableDocument {
            operations: DocumentOperations::Single(at(0, operation)),
            fragments: HashMap::new(),
        })
    }

    pub(in crate::graphql) fn into_inner(self) -> ExecutableDocument {
        self.0
    }
}

/// The engine carries a place with each node and puts it into errors: the byte of the document, from
/// 1 on, in the place of the line. Lines are counted only where there is an error to tell.
fn at<T>(offset: usize, node: T) -> Positioned<T> {
    Positioned::new(
        node,
        Pos {
            line: offset + 1,
            column: 0,
        },
    )
}

fn selection(field: &Field, variables: &Variables) -> Positioned<Selection> {
    let at = |name: &Name| at(field.offset, name.clone());
    let arguments = field.arguments.iter().filter_map(|(name, value)| {
        let value = with_variables(value, variables)?;
        Some((at(name), self::at(field.offset, value.into())))
    });
    let items = match &field.below {
        Below::Leaf => Vec::new(),
        Below::Object(set) => of_object(set, variables),
        Below::Abstract(sets) => {
            let fragments = sets
                .iter()
                .map(|set| fragment(set, field.offset, variables));
            fragments.chain([present()]).collect()
        }
    };
    let field = EngineField {
        alias: (field.key != field.name).then(|| at(&field.key)),
        name: at(&field.name),
        arguments: arguments.collect(),
        directives: Vec::new(),
        selection_set: self::at(field.offset, SelectionSet { items }),
    };
    let place = field.name.pos;
    Positioned::new(Selection::Field(Positioned::new(field, place)), place)
}

fn of_object(set: &Set, variables: &Variables) -> Vec<Positioned<Selection>> {
    let fields = set.fields.iter();
    let mut items: Vec<_> = fields.map(|field| selection(field, variables)).collect();
    // The engine makes null of an object none of whose fields came.
    if set.fields.iter().all(Field::is_nullable) {
        items.push(present());
    }
    items
}

fn fragment(set: &Set, offset: usize, variables: &Variables) -> Positioned<Selection> {
    let fields = set.fields.iter();
    let items = fields.map(|field| selection(field, variables)).collect();
    let on = TypeCondition {
        on: at(offset, Name::new(&set.of)),
    };
    let fragment = InlineFragment {
        type_condition: Some(at(offset, on)),
        directives: Vec::new(),
        selection_set: at(offset, SelectionSet { items }),
    };
    at(offset, Selection::InlineFragment(at(offset, fragment)))
}

fn present() -> Positioned<Selection> {
    let field = EngineField {
        alias: Some(at(0, Name::new(PRESENT))),
        name: at(0, Name::new("__typename")),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: at(0, SelectionSet::default()),
    };
    at(0, Selection::Field(at(0, field)))
}
