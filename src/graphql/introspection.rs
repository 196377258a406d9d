//! What the schema says of itself: section 4. The library that validates also answers, from the same
//! schema, so that what is accepted is known.

use apollo_compiler::{
    Name as TypeName, Schema, collections::HashMap, executable::Operation, introspection,
    response::JsonMap, schema::Implementers, validation::Valid,
};
use async_graphql::{Name, ServerError, Value, Variables, indexmap::IndexMap};

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

/// The fields at the root that are about the schema, by their response keys.
///
/// # Errors
/// If the library refuses what it has validated.
pub(super) fn execute(
    schema: &Valid<Schema>,
    implementers: &ImplementersMap,
    document: &Document,
    operation: &Operation,
    variables: &Variables,
) -> Result<IndexMap<Name, Value>, ServerError> {
    let values = variables.iter().map(|(name, value)| {
        let value = value.clone().into_json().unwrap_or_default();
        (name.as_str().into(), value.into())
    });
    let values = Valid::assume_valid(values.collect::<JsonMap>());
    let internal = |problem: &dyn std::fmt::Display| {
        tracing::error!(error = %problem, "an introspection was not answered");
        refuse(Code::Internal, "the schema could not be told")
    };
    let executable = document.executable();
    let answer =
        introspection::partial_execute(schema, implementers, executable, operation, &values);
    let answer = answer.map_err(|error| internal(&error.message()))?;
    if let Some(error) = answer.errors.first() {
        return Err(internal(&error.message));
    }
    let fields = answer.data.unwrap_or_default().into_iter();
    let fields = fields.map(|(key, value)| {
        let value = async_graphql::to_value(&value).unwrap_or_default();
        (Name::new(key.as_str()), value)
    });
    Ok(fields.collect())
}
