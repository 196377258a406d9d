//! What the schema says of itself: section 4. The library that validates also answers, from the same
//! schema, so that what is accepted is known.

use apollo_compiler::{
    Name as TypeName, Schema,
    collections::HashMap,
    executable::Operation,
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
    let values = variables.iter().map(|(name, value)| {
        let value = value.clone().into_json().unwrap_or_default();
        (name.as_str().into(), value.into())
    });
    let values = Valid::assume_valid(values.collect::<JsonMap>());
    let executable = document.executable();
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
