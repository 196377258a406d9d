//! Errors of the execution in our own words and with the document's own places.
//!
//! What the engine itself says of a value, no person should have to read.

use apollo_compiler::{Schema, ast::Type};
use async_graphql::{PathSegment, ServerError, Value, Variables};

use super::{
    document::{locate, shown},
    error::{Code, refuse},
    plan::{Field, Plan},
};

/// How many errors an answer tells.
pub(super) const MAX_ERRORS: usize = 50;
/// How long the message of an error may be, in bytes.
const MAX_MESSAGE: usize = 1_000;

/// What is known of the request that an error is about.
pub(super) struct Context<'a> {
    pub(super) schema: &'a Schema,
    pub(super) text: &'a str,
    pub(super) plan: &'a Plan,
    pub(super) variables: &'a Variables,
}

impl Context<'_> {
    /// Gives an error of the execution its place and, if it is the engine's own, its words.
    pub(super) fn reword(&self, error: &mut ServerError) {
        let field = self.field(&error.path);
        for place in &mut error.locations {
            // The engine was given the byte of the document in the place of the line; where it tells
            // none, that of the field is known.
            let offset = match (place.line.checked_sub(1), field) {
                (Some(offset), _) => offset,
                (None, Some(field)) => field.offset,
                (None, None) => continue,
            };
            *place = locate(self.text, offset);
        }
        let Some(field) = field else {
            return;
        };
        if let Some((scalar, problem)) = of_scalar(&error.message) {
            let arguments = &field.definition.arguments;
            let of = arguments
                .iter()
                .find(|argument| argument.ty.inner_named_type() == scalar);
            let place = of.map_or(scalar, |argument| argument.name.as_str());
            error.message = format!("{place}: {problem}");
        } else if code(error).is_none()
            && let Some(problem) = self.misfit(field)
        {
            error.message = problem;
        }
    }

    /// The field at a path; lists do not count.
    fn field(&self, path: &[PathSegment]) -> Option<&Field> {
        let mut sets = std::slice::from_ref(&self.plan.root);
        let mut found = None;
        for segment in path {
            let PathSegment::Field(key) = segment else {
                continue;
            };
            let mut fields = sets.iter().flat_map(|set| &set.fields);
            let field = fields.find(|field| *field.key == **key)?;
            sets = field.sets();
            found = Some(field);
        }
        found
    }

    /// The argument that is null where null is not allowed: section 6.4.1. A variable that may be null
    /// can bring it about where the argument has a default value.
    fn misfit(&self, field: &Field) -> Option<String> {
        field.definition.arguments.iter().find_map(|argument| {
            let value = field.argument(&argument.name, self.variables)?;
            let (place, ty) = self.null(&argument.ty, &value, argument.name.to_string())?;
            Some(format!(
                "{place}: null is given: leave it out, or give a value of type {ty}"
            ))
        })
    }

    /// Where a value is null although its type does not allow it.
    fn null<'t>(
        &'t self,
        ty: &'t Type,
        value: &Value,
        place: String,
    ) -> Option<(String, &'t Type)> {
        match value {
            Value::Null => ty.is_non_null().then_some((place, ty)),
            Value::List(items) => {
                let mut items = items.iter().enumerate();
                let item = ty.item_type();
                items.find_map(|(index, value)| self.null(item, value, format!("{place}.{index}")))
            }
            Value::Object(fields) => {
                let of = self.schema.get_input_object(ty.inner_named_type())?;
                fields.iter().find_map(|(name, value)| {
                    let field = of.fields.get(name.as_str())?;
                    if of.is_one_of() && *value == Value::Null {
                        return Some((format!("{place}.{name}"), &*field.ty));
                    }
                    self.null(&field.ty, value, format!("{place}.{name}"))
                })
            }
            _ => None,
        }
    }
}

/// The scalar that could not be read, and what is wrong with it, from the engine's message.
fn of_scalar(message: &str) -> Option<(&str, String)> {
    if let Some(rest) = message.strip_prefix("Failed to parse \"") {
        let (scalar, problem) = rest.split_once("\": ")?;
        return Some((scalar, problem.to_owned()));
    }
    let rest = message.strip_prefix("Expected input type \"")?;
    let (scalar, found) = rest.split_once("\", found ")?;
    let found = found
        .split(" (occurred while")
        .next()?
        .trim_end_matches('.');
    (found != "null").then(|| {
        (
            scalar,
            format!("a {scalar} is wanted, not {}", shown(found)),
        )
    })
}

/// The code of an error, if it has one.
fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Gives a code to the errors that the engine makes itself, and says which one each has.
pub(super) fn name_code(error: &mut ServerError) -> &'static str {
    if let Some(code) = code(error) {
        let known = Code::ALL.into_iter().map(Code::as_str);
        return known
            .into_iter()
            .find(|known| *known == code)
            .unwrap_or("other");
    }
    let code = Code::BadInput.as_str();
    error.extensions.get_or_insert_default().set("code", code);
    code
}

/// Keeps an answer about errors short, whatever the request was like.
pub(super) fn bound(errors: &mut Vec<ServerError>) {
    for error in errors.iter_mut() {
        if error.message.len() > MAX_MESSAGE {
            let end = error.message.floor_char_boundary(MAX_MESSAGE);
            error.message.truncate(end);
            error.message.push('…');
        }
    }
    if errors.len() > MAX_ERRORS {
        let more = errors.len() - MAX_ERRORS;
        errors.truncate(MAX_ERRORS);
        errors.push(not_shown(more));
    }
}

/// That there were more errors than an answer tells.
pub(super) fn not_shown(more: usize) -> ServerError {
    refuse(Code::BadInput, format!("{more} more errors are not shown"))
}
