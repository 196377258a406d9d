//! What the schema says of itself: section 4. The library that validates also answers, from the same
//! schema, so that what is accepted is known.

use std::collections::HashSet;

use apollo_compiler::{
    ExecutableDocument, Name as TypeName, Schema,
    collections::HashMap,
    executable::{Operation, Selection, SelectionSet},
    introspection,
    response::{JsonMap, ResponseDataPathSegment},
    schema::Implementers,
    validation::Valid,
};
use async_graphql::{Name, PathSegment, Pos, ServerError, Value, Variables, indexmap::IndexMap};

use super::{
    document::Document,
    error::{Code, refuse},
};

/// Who implements which interface, in the form that the library wants it in.
pub(super) type ImplementersMap = HashMap<TypeName, Implementers>;

/// Whether a field at the root is about the schema.
pub(super) fn is_about_schema(field: &str) -> bool {
    matches!(field, "__schema" | "__type")
}

/// What the schema says, and what went wrong on the way.
#[derive(Default)]
pub(super) struct Told {
    pub(super) fields: IndexMap<Name, Value>,
    pub(super) errors: Vec<ServerError>,
}

/// The fields at the root that are about the schema, by their response keys.
pub(super) fn execute(
    schema: &Valid<Schema>,
    implementers: &ImplementersMap,
    document: &Document,
    operation: &Operation,
    variables: &Variables,
) -> Told {
    let executable = document.executable();
    let mut conditions = HashSet::new();
    conditions_of(executable, &operation.selection_set, &mut conditions);
    let values = variables.iter().map(|(name, value)| {
        let value = match value {
            // Section 6.3.2: what is not true neither skips nor includes. The library wants it said.
            Value::Null if conditions.contains(name.as_str()) => false.into(),
            value => value.clone().into_json().unwrap_or_default(),
        };
        (name.as_str().into(), value.into())
    });
    let values = Valid::assume_valid(values.collect::<JsonMap>());
    let answer =
        introspection::partial_execute(schema, implementers, executable, operation, &values);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(error = %error.message(), "an introspection was not answered");
            let error = refuse(Code::Internal, "the schema could not be told");
            return Told {
                errors: vec![error],
                ..Told::default()
            };
        }
    };
    let fields = answer.data.unwrap_or_default().into_iter();
    let fields = fields.map(|(key, value)| {
        let value = async_graphql::to_value(&value).unwrap_or_default();
        (Name::new(key.as_str()), value)
    });
    let errors = answer.errors.into_iter().map(|error| {
        let path = error.path.iter().map(|segment| match segment {
            ResponseDataPathSegment::Field(name) => PathSegment::Field(name.to_string()),
            ResponseDataPathSegment::ListIndex(index) => PathSegment::Index(*index),
        });
        ServerError::new(error.message, Some(Pos::default())).with_path(path.collect())
    });
    Told {
        fields: fields.collect(),
        errors: errors.collect(),
    }
}

/// The variables on which it depends whether a selection counts.
fn conditions_of<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    conditions: &mut HashSet<&'a str>,
) {
    for selection in &set.selections {
        let directives = selection.directives().iter();
        let values = directives.filter_map(|directive| directive.specified_argument_by_name("if"));
        conditions.extend(values.filter_map(|value| value.as_variable().map(TypeName::as_str)));
        let below = match selection {
            Selection::Field(field) => field.selection_set.as_ref(),
            Selection::InlineFragment(fragment) => Some(&fragment.selection_set),
            Selection::FragmentSpread(spread) => {
                let fragment = document.fragments.get(&spread.fragment_name);
                fragment.map(|fragment| &fragment.selection_set)
            }
        };
        if let Some(below) = below {
            conditions_of(document, below, conditions);
        }
    }
}
