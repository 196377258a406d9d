//! The variables of a request as the operation declares them: section 6.1.2, `CoerceVariableValues`.
//!
//! Must never read a value more generously than the specification: what it refuses is refused before
//! anything is executed.

use std::fmt::Write as _;

use apollo_compiler::{
    Node, Schema,
    ast::{Type, Value as Literal},
    executable::Operation,
    parser::SourceSpan,
    schema::ExtendedType,
};
use async_graphql::{Name, ServerError, Value, Variables};
use serde_json::{Map, Value as Json};

use super::{
    document::{locate, nearest, shown},
    error::{Code, refuse_at},
    plan::literal,
};

/// A value that does not fit, and where it stands in the variables.
struct Misfit {
    path: String,
    problem: String,
}

/// Coerces the values that a request gives.
///
/// # Errors
/// The first value that does not fit its type: what is wrong, where, and what would be right.
pub(super) fn coerce(
    schema: &Schema,
    operation: &Operation,
    text: &str,
    given: &Map<String, Json>,
) -> Result<Variables, ServerError> {
    let mut variables = Variables::default();
    for definition in &operation.variables {
        let name = definition.name.as_str();
        let value = match (given.get(name), &definition.default_value) {
            (Some(value), _) => {
                let mut place = Place::new(name);
                Coercion { schema }
                    .value(&definition.ty, value, &mut place)
                    .map_err(|misfit| refusal(&misfit, definition.location(), text))?
            }
            (None, Some(default)) => constant(schema, default, &definition.ty),
            (None, None) if definition.ty.is_non_null() => {
                let misfit = Misfit {
                    path: name.to_owned(),
                    problem: format!("it is missing: give a value of type {}", definition.ty),
                };
                return Err(refusal(&misfit, definition.location(), text));
            }
            // To leave a value out is not to give null.
            (None, None) => continue,
        };
        variables.insert(Name::new(name), value);
    }
    Ok(variables)
}

/// A literal without variables.
fn constant(schema: &Schema, literal_value: &Node<Literal>, ty: &Type) -> Value {
    let value = literal(schema, literal_value, ty);
    value.into_const().unwrap_or_default()
}

fn refusal(misfit: &Misfit, location: Option<SourceSpan>, text: &str) -> ServerError {
    let place = location.map(|span| locate(text, span.offset()));
    let message = format!("variables.{}: {}", misfit.path, misfit.problem);
    refuse_at(Code::BadInput, message, place.into_iter().collect())
}

/// The way to a value, such as `input.user` or `ids.3`.
struct Place(String);

impl Place {
    fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Runs `inner` one step further on the way.
    fn within<T>(&mut self, step: impl std::fmt::Display, inner: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        let _ = write!(self.0, ".{step}");
        let result = inner(self);
        self.0.truncate(length);
        result
    }

    fn misfit(&self, problem: String) -> Misfit {
        Misfit {
            path: self.0.clone(),
            problem,
        }
    }
}

struct Coercion<'a> {
    schema: &'a Schema,
}

impl Coercion<'_> {
    fn value(&self, ty: &Type, value: &Json, place: &mut Place) -> Result<Value, Misfit> {
        if value.is_null() {
            if ty.is_non_null() {
                let problem = format!("null is given: give a value of type {ty}");
                return Err(place.misfit(problem));
            }
            return Ok(Value::Null);
        }
        match (ty, value) {
            (Type::List(item) | Type::NonNullList(item), Json::Array(values)) => {
                let values = values.iter().enumerate();
                let values = values.map(|(index, value)| {
                    place.within(index, |place| self.value(item, value, place))
                });
                values.collect::<Result<_, _>>().map(Value::List)
            }
            // One value stands for a list of it: section 3.11.
            (Type::List(item) | Type::NonNullList(item), value) => {
                Ok(Value::List(vec![self.value(item, value, place)?]))
            }
            (Type::Named(name) | Type::NonNullNamed(name), value) => {
                self.named(name, ty, value, place)
            }
        }
    }

    fn named(
        &self,
        name: &str,
        ty: &Type,
        value: &Json,
        place: &mut Place,
    ) -> Result<Value, Misfit> {
        match self.schema.types.get(name) {
            Some(ExtendedType::InputObject(of)) => match value {
                Json::Object(fields) => self.object(of, fields, place),
                _ => Err(place.misfit(wanted(&format!("an object of type {ty}"), value))),
            },
            Some(ExtendedType::Enum(of)) => {
                let known = value.as_str().filter(|text| of.values.contains_key(*text));
                known
                    .map(|text| Value::Enum(Name::new(text)))
                    .ok_or_else(|| {
                        let names: Vec<&str> = of
                            .values
                            .keys()
                            .map(apollo_compiler::Name::as_str)
                            .collect();
                        let names = names.join(", ");
                        place.misfit(wanted(&format!("one of {names} as a text"), value))
                    })
            }
            _ => scalar(name, value).ok_or_else(|| place.misfit(wanted(kind(name), value))),
        }
    }

    fn object(
        &self,
        of: &apollo_compiler::schema::InputObjectType,
        given: &Map<String, Json>,
        place: &mut Place,
    ) -> Result<Value, Misfit> {
        let names = || -> Vec<&str> {
            of.fields
                .keys()
                .map(apollo_compiler::Name::as_str)
                .collect()
        };
        if let Some(unknown) = given
            .keys()
            .find(|key| !of.fields.contains_key(key.as_str()))
        {
            let fix = match nearest(unknown, &names()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("it has {}", names().join(", ")),
            };
            let problem = format!("{} has no field {:?}: {fix}", of.name, shown(unknown));
            return Err(place.misfit(problem));
        }
        if of.is_one_of() && (given.len() != 1 || given.values().any(Json::is_null)) {
            let count = given.values().filter(|value| !value.is_null()).count();
            let names = names().join(", ");
            let problem = format!("give exactly one of {names}, and not null; {count} are given");
            return Err(place.misfit(problem));
        }
        let mut fields = async_graphql::indexmap::IndexMap::with_capacity(given.len());
        for (name, field) in &of.fields {
            match given.get(name.as_str()) {
                Some(value) => {
                    let value = place.within(name, |place| self.value(&field.ty, value, place))?;
                    fields.insert(Name::new(name), value);
                }
                // The engine knows the default values of fields.
                None if field.ty.is_non_null() && field.default_value.is_none() => {
                    let problem = format!("it is missing: give a value of type {}", field.ty);
                    return place.within(name, |place| Err(place.misfit(problem)));
                }
                None => {}
            }
        }
        Ok(Value::Object(fields))
    }
}

/// A scalar: section 3.5. What a scalar of our own means, its resolver knows.
fn scalar(name: &str, value: &Json) -> Option<Value> {
    match name {
        "Int" => {
            // JSON has one kind of number: 1.0 is 1.
            let number = value.as_i64().or_else(|| whole(value.as_f64()?))?;
            i32::try_from(number).ok().map(Value::from)
        }
        "Float" => value
            .as_f64()
            .filter(|number| number.is_finite())
            .map(Value::from),
        "String" => value.as_str().map(Value::from),
        "Boolean" => value.as_bool().map(Value::from),
        "ID" => match value {
            Json::String(text) => Some(Value::from(text.as_str())),
            Json::Number(number) => {
                let whole = number.as_i64().map(|number| number.to_string());
                let whole = whole.or_else(|| number.as_u64().map(|number| number.to_string()));
                let whole = whole.or_else(|| Some(whole_float(number.as_f64()?)?.to_string()));
                whole.map(Value::from)
            }
            _ => None,
        },
        _ => Value::from_json(value.clone()).ok(),
    }
}

fn whole_float(number: f64) -> Option<f64> {
    (number.fract() == 0.0).then_some(number)
}

fn whole(number: f64) -> Option<i64> {
    let is_whole = number.fract() == 0.0 && number.abs() < 9.0e15;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
    is_whole.then_some(number as i64)
}

/// What a scalar takes, in words.
fn kind(name: &str) -> &str {
    match name {
        "Int" => "a whole number from -2147483648 to 2147483647",
        "Float" => "a number",
        "String" => "a text",
        "Boolean" => "true or false",
        "ID" => "an ID, that is a text,",
        other => other,
    }
}

fn wanted(what: &str, value: &Json) -> String {
    let value = value.to_string();
    let shown = shown(&value);
    let more = if shown.len() < value.len() { "…" } else { "" };
    format!("{what} is wanted, not {shown}{more}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_of_json_are_whole_however_they_are_written() {
        for (value, expected) in [
            (json!(1), Some(1)),
            (json!(1.0), Some(1)),
            (json!(-2_147_483_648_i64), Some(-2_147_483_648)),
            (json!(2_147_483_648_i64), None),
            (json!(1.5), None),
            (json!(1e300), None),
            (json!("1"), None),
            (json!(true), None),
        ] {
            assert_eq!(scalar("Int", &value), expected.map(Value::from), "{value}");
        }
        assert_eq!(scalar("ID", &json!(7)), Some(Value::from("7")));
        assert_eq!(scalar("ID", &json!(7.5)), None);
        assert_eq!(scalar("ID", &json!(true)), None);
    }
}
