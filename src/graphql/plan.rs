//! The merged tree of one operation: fragments resolved, one node for each response key, in the order
//! of the answer. What `CollectFields` (section 6.3.2) does while it executes is done before, so that
//! the price is that of what is executed, and nothing is executed twice.

mod engine;
mod merge;

use apollo_compiler::{
    Node, Schema,
    ast::{Type, Value as Literal},
    executable::OperationType,
    schema::FieldDefinition,
};
use async_graphql::{Name, Value, Variables, indexmap::IndexMap};
use async_graphql_value::Value as Argument;

use super::price::fixed;

pub(super) use engine::{Executable, PRESENT};
pub(super) use merge::conflicting_lists;

/// What an operation asks for.
pub(super) struct Plan {
    pub(super) operation: OperationType,
    pub(super) root: Set,
    /// Whether `@skip` or `@include` depends on a variable: then the tree is of this request only.
    pub(super) is_conditional: bool,
}

/// The fields of an object, in the order of the answer.
pub(super) struct Set {
    /// The type of the object.
    pub(super) of: apollo_compiler::Name,
    pub(super) fields: Vec<Field>,
    /// What the fields cost together whose price is always the same.
    pub(super) fixed: u64,
    /// The other fields, by their places.
    dynamic: Vec<usize>,
}

/// One field of an object.
pub(super) struct Field {
    /// The name in the answer.
    pub(super) key: Name,
    pub(super) name: Name,
    /// Where the field first stands in the document, in bytes.
    pub(super) offset: usize,
    pub(super) definition: Node<FieldDefinition>,
    /// As they are written, variables included.
    pub(super) arguments: Vec<(Name, Argument)>,
    pub(super) below: Below,
}

/// What is asked of a field's value.
pub(super) enum Below {
    /// It is a scalar or an enum.
    Leaf,
    /// It is an object of this type.
    Object(Set),
    /// It is an object of one of these types: the field's type is an interface.
    Abstract(Vec<Set>),
}

impl Set {
    fn new(of: apollo_compiler::Name, fields: Vec<Field>) -> Self {
        let mut dynamic = Vec::new();
        let mut sum = 0;
        for (place, field) in fields.iter().enumerate() {
            match fixed(&of, field) {
                Some(price) => sum += price,
                None => dynamic.push(place),
            }
        }
        Self {
            of,
            fields,
            fixed: sum,
            dynamic,
        }
    }

    /// The fields whose price depends on variables or on the graph.
    pub(super) fn dynamic(&self) -> impl Iterator<Item = &Field> {
        self.dynamic.iter().map(|place| &self.fields[*place])
    }

    /// Whether the price is always the same.
    pub(super) fn is_fixed(&self) -> bool {
        self.dynamic.is_empty()
    }
}

impl Field {
    /// The value that an argument has in this request; `None` if the argument's default counts or,
    /// without one, it is left out (section 6.4.1).
    pub(super) fn argument(&self, name: &str, variables: &Variables) -> Option<Value> {
        let (_, value) = self.arguments.iter().find(|(known, _)| *known == name)?;
        with_variables(value, variables)
    }

    /// Whether the field may be null: then it is null where it fails.
    pub(super) fn is_nullable(&self) -> bool {
        !self.definition.ty.is_non_null()
    }

    /// The fields that are asked of objects of this type.
    pub(super) fn sets(&self) -> &[Set] {
        match &self.below {
            Below::Leaf => &[],
            Below::Object(set) => std::slice::from_ref(set),
            Below::Abstract(sets) => sets,
        }
    }
}

/// A literal with the values of its variables. A variable without a value leaves out the argument or
/// the field of an input object that it stands for; in a list it is null (section 6.4.1, 3.10, 3.11).
fn with_variables(literal: &Argument, variables: &Variables) -> Option<Value> {
    Some(match literal {
        Argument::Variable(name) => variables.get(name)?.clone(),
        Argument::Null => Value::Null,
        Argument::Number(number) => Value::Number(number.clone()),
        Argument::String(text) => Value::String(text.clone()),
        Argument::Boolean(value) => Value::Boolean(*value),
        Argument::Binary(bytes) => Value::Binary(bytes.clone()),
        Argument::Enum(name) => Value::Enum(name.clone()),
        Argument::List(items) => {
            let items = items.iter();
            let items = items.map(|item| with_variables(item, variables).unwrap_or_default());
            Value::List(items.collect())
        }
        Argument::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.filter_map(|(name, value)| {
                Some((name.clone(), with_variables(value, variables)?))
            });
            Value::Object(fields.collect())
        }
    })
}

/// A literal of the document as the engine has it. A whole number where an ID is wanted is a text.
pub(super) fn literal(schema: &Schema, value: &Literal, ty: &Type) -> Argument {
    let named = ty.inner_named_type();
    match value {
        Literal::Null => Argument::Null,
        Literal::Boolean(value) => Argument::Boolean(*value),
        Literal::String(text) => Argument::String(text.clone()),
        Literal::Enum(name) => Argument::Enum(Name::new(name)),
        Literal::Variable(name) => Argument::Variable(Name::new(name)),
        Literal::Int(number) if named == "ID" => Argument::String(number.as_str().to_owned()),
        Literal::Int(number) => number_of(number.as_str()),
        Literal::Float(number) => number_of(number.as_str()),
        Literal::List(items) => {
            let item = ty.item_type();
            Argument::List(
                items
                    .iter()
                    .map(|value| literal(schema, value, item))
                    .collect(),
            )
        }
        Literal::Object(fields) => {
            let of = schema.get_input_object(named);
            let fields = fields.iter().map(|(name, value)| {
                let known = of.and_then(|of| of.fields.get(name));
                let ty = known.map_or(ty, |field| &field.ty);
                (Name::new(name), literal(schema, value, ty))
            });
            Argument::Object(fields.collect::<IndexMap<_, _>>())
        }
    }
}

fn number_of(text: &str) -> Argument {
    let whole = text.parse::<i64>().map(Into::into);
    let whole = whole.or_else(|_| text.parse::<u64>().map(Into::into));
    let number = whole.ok().or_else(|| {
        let number = text.parse::<f64>().ok()?;
        async_graphql_value::Number::from_f64(number)
    });
    // One that no number of ours can hold is of no scalar of ours either.
    number.map_or_else(|| Argument::String(text.to_owned()), Argument::Number)
}
