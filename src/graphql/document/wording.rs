//! What is wrong with a document, in words for the people who wrote it: what, where, the value, and
//! the fix.
//!
//! The judgement is the library's. Must never decide whether a document is valid.

use apollo_compiler::{
    Name, Schema,
    diagnostic::ToCliReport,
    validation::{DiagnosticData, DiagnosticList},
};
use async_graphql::{Pos, ServerError};

use crate::graphql::{
    error::{Code, refuse_at},
    fault::{MAX_ERRORS, not_shown},
};

/// How many faults of a document are told: with the number of the others, as many as an answer tells.
const MAX_FAULTS: usize = MAX_ERRORS - 1;
/// How much of a value is shown, in characters.
const MAX_SHOWN: usize = 40;

/// The place of a byte of the document: lines end with LF, CR or both, as the specification has them
/// (section 2.1.2); columns count characters. Both begin with 1.
pub(in crate::graphql) fn locate(text: &str, offset: usize) -> Pos {
    let before = &text[..text.floor_char_boundary(offset)];
    let mut place = Pos { line: 1, column: 1 };
    let mut characters = before.chars().peekable();
    while let Some(character) = characters.next() {
        let ends_line = match character {
            '\n' => true,
            // Of both, the second ends the line.
            '\r' => characters.peek() != Some(&'\n'),
            _ => false,
        };
        if ends_line {
            place = Pos {
                line: place.line + 1,
                column: 1,
            };
        } else {
            place.column += 1;
        }
    }
    place
}

/// The first fault of a text that is no document: those after it follow from it.
pub(super) fn syntax(text: &str, faults: &DiagnosticList) -> Vec<ServerError> {
    let Some(first) = faults.iter().next() else {
        return Vec::new();
    };
    let offset = first
        .error
        .location()
        .map_or(text.len(), |span| span.offset());
    let place = locate(text, offset);
    let message = first.error.to_string();
    let message = message.strip_prefix("syntax error: ").unwrap_or(&message);
    let found = token(&text[text.floor_char_boundary(offset)..]);
    let problem = match (expected(message), found) {
        (Some(what), "") => format!("{what} is wanted, but the document ends"),
        (Some(what), found) => format!("{what} is wanted, but there is {found:?}"),
        (None, "") if message.contains("EOF") => {
            "the document is empty or ends too early".to_owned()
        }
        (None, _) => lower_first(message),
    };
    let message = format!(
        "query: line {}, column {}: {problem}",
        place.line, place.column
    );
    vec![refuse_at(Code::BadInput, message, vec![place])]
}

/// The parser's phrases for what it wants, and ours. The first that is part of the message counts.
const EXPECTED: [(&str, &str); 24] = [
    ("R_CURLY", "`}`"),
    ("L_CURLY", "`{`"),
    ("R_PAREN", "`)`"),
    ("L_PAREN", "`(`"),
    ("R_BRACK", "`]`"),
    ("L_BRACK", "`[`"),
    ("COLON", "`:`"),
    ("EQ", "`=`"),
    ("DOLLAR", "`$` and the name of a variable"),
    ("Selection Set", "a selection, such as `{ id }`,"),
    (
        "Fragment Spread",
        "`...` and the name of a fragment, or `... on TYPE {`,",
    ),
    ("Type Condition", "`on` and the name of a type"),
    ("'on'", "`on` and the name of a type"),
    ("Fragment Name", "the name of a fragment"),
    ("Variable Definition", "a variable, such as `$id: ID!`,"),
    ("an Argument", "an argument, such as `first: 10`,"),
    ("Enum Value", "a value"),
    ("Value", "a value"),
    ("a Type", "a type, such as `[ID!]!`,"),
    ("a type", "a type, such as `[ID!]!`,"),
    ("a Name", "a name"),
    ("a name", "a name"),
    (
        "efinition",
        "an operation (`{`, `query`, `mutation`) or a `fragment`",
    ),
    (
        "'mutation'",
        "an operation (`{`, `query`, `mutation`) or a `fragment`",
    ),
];

fn expected(message: &str) -> Option<&'static str> {
    let wanted = message.strip_prefix("expected ")?;
    let wanted = wanted.split(", got").next().unwrap_or(wanted);
    let known = EXPECTED.iter().find(|(phrase, _)| wanted.contains(phrase));
    known.map(|(_, ours)| *ours)
}

/// The first token of a text, white space passed over.
fn token(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', ',', '\u{feff}']);
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let end = match text.chars().next() {
        None => 0,
        Some(first) if is_word(first) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        Some(first) => first.len_utf8(),
    };
    shown(&text[..end])
}

/// As much of a value as is worth showing.
pub(in crate::graphql) fn shown(text: &str) -> &str {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Everything for which a document is not valid, in its order.
pub(super) fn invalid(text: &str, schema: &Schema, faults: &DiagnosticList) -> Vec<ServerError> {
    let mut errors: Vec<ServerError> = faults
        .iter()
        .take(MAX_FAULTS)
        .map(|fault| one(text, schema, fault.error))
        .collect();
    if faults.len() > MAX_FAULTS {
        errors.push(not_shown(faults.len() - MAX_FAULTS));
    }
    errors
}

fn one(text: &str, schema: &Schema, fault: &DiagnosticData) -> ServerError {
    let span = fault.location();
    let value = span.and_then(|span| text.get(span.offset()..span.end_offset()));
    let name = fault.unstable_error_name().unwrap_or_default();
    let message = fault.to_string();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let fix = fix(name, &quoted, schema);
    let value = match (name, value) {
        ("UnsupportedValueType" | "IntCoercionError" | "FloatCoercionError", Some(value)) => {
            format!(": {}", shown(value))
        }
        _ => String::new(),
    };
    let message = format!("query: {}{value}{fix}", message.trim_end_matches('.'));
    let place = span.map(|span| locate(text, span.offset()));
    let code = match name {
        "RecursionError" | "DeeplyNestedType" => Code::QueryTooComplex,
        _ => Code::BadInput,
    };
    refuse_at(code, message, place.into_iter().collect())
}

/// What to do about a fault, with what its message names.
fn fix(name: &str, quoted: &[&str], schema: &Schema) -> String {
    let all = |what: &str, names: Vec<&str>, wrong: &str| match nearest(wrong, &names) {
        Some(near) => format!(": did you mean `{near}`?"),
        None => format!(": {what} {}", names.join(", ")),
    };
    match (name, quoted) {
        ("UndefinedField", [of, field, ..]) => all("it has", fields(schema, of), field),
        ("UndefinedArgument", [argument, coordinate, ..]) => match arguments(schema, coordinate) {
            names if names.is_empty() => ": leave it out".to_owned(),
            names => all("it takes", names, argument),
        },
        ("UndefinedEnumValue", [value, of, ..]) => all("it has", values(schema, of), value),
        ("UndefinedInputValue", [field, of, ..]) => all("it has", inputs(schema, of), field),
        ("UndefinedDirective", _) => ": a selection can have @skip or @include".to_owned(),
        ("UndefinedVariable", [variable, ..]) => {
            format!(": declare it, as in `query({variable}: ID!)`")
        }
        ("UndefinedFragment", [fragment, ..]) => {
            format!(": add `fragment {fragment} on TYPE {{ … }}`, or leave the spread out")
        }
        ("UnusedVariable", _) => ": use it, or leave its declaration out".to_owned(),
        ("UnusedFragment", _) => ": spread it, or leave it out".to_owned(),
        ("RequiredArgument" | "RequiredField", _) => ": give it a value".to_owned(),
        ("UnsupportedValueType", _) => ": write a value of that type".to_owned(),
        ("MissingSubselection", _) => ": say which of its fields, as in `{ id }`".to_owned(),
        ("SubselectionOnScalarType" | "SubselectionOnEnumType", _) => {
            ": leave the braces out".to_owned()
        }
        ("ConflictingFieldName" | "ConflictingFieldArgument" | "ConflictingFieldType", _) => {
            ": give each an alias of its own".to_owned()
        }
        ("DisallowedVariableUsage", _) => {
            ": declare it with a type that fits, with `!` where null is not allowed".to_owned()
        }
        ("RecursiveFragmentDefinition", _) => {
            ": take one of the spreads out of the circle".to_owned()
        }
        ("OneOfInputObjectFieldCount", [of, ..]) => {
            format!(": give one of {}", inputs(schema, of).join(", "))
        }
        ("UniqueArgument" | "UniqueInputValue" | "UniqueVariable" | "UniqueDirective", _) => {
            ": keep one of them".to_owned()
        }
        ("OperationNameCollision" | "FragmentNameCollision", _) => {
            ": give each a name of its own".to_owned()
        }
        ("AmbiguousAnonymousOperation", _) => ": give each operation a name".to_owned(),
        ("UndefinedRootOperation", _) => ": send a query or a mutation".to_owned(),
        ("TypeSystemDefinition", _) => ": leave it out".to_owned(),
        ("InvalidFragmentSpread", _) => {
            ": spread it where such an object can be, or leave it out".to_owned()
        }
        ("IntCoercionError", _) => {
            ": write a whole number from -2147483648 to 2147483647".to_owned()
        }
        _ => String::new(),
    }
}

fn fields<'a>(schema: &'a Schema, of: &str) -> Vec<&'a str> {
    use apollo_compiler::schema::ExtendedType::{Interface, Object};
    match schema.types.get(of) {
        Some(Object(of)) => of.fields.keys().map(Name::as_str).collect(),
        Some(Interface(of)) => of.fields.keys().map(Name::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The arguments of a field, from a coordinate such as `Query.users(first:)`.
fn arguments<'a>(schema: &'a Schema, coordinate: &str) -> Vec<&'a str> {
    let field = coordinate.split('(').next().unwrap_or_default();
    let Some((of, field)) = field.split_once('.') else {
        return Vec::new();
    };
    let field = schema.type_field(of, field).ok();
    field.map_or(Vec::new(), |field| {
        field
            .arguments
            .iter()
            .map(|argument| argument.name.as_str())
            .collect()
    })
}

fn values<'a>(schema: &'a Schema, of: &str) -> Vec<&'a str> {
    let of = schema.get_enum(of);
    of.map_or(Vec::new(), |of| {
        of.values.keys().map(Name::as_str).collect()
    })
}

fn inputs<'a>(schema: &'a Schema, of: &str) -> Vec<&'a str> {
    let of = schema.get_input_object(of);
    of.map_or(Vec::new(), |of| {
        of.fields.keys().map(Name::as_str).collect()
    })
}

/// The name that was probably meant.
pub(in crate::graphql) fn nearest<'a>(wrong: &str, names: &[&'a str]) -> Option<&'a str> {
    let distance =
        |name: &str| strsim::damerau_levenshtein(&wrong.to_lowercase(), &name.to_lowercase());
    let near = names.iter().map(|name| (distance(name), *name)).min()?;
    (wrong.len() <= 64 && near.0 <= 1 + wrong.len() / 4).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_as_the_specification_does() {
        let text = "a\r\nb\rc\nd\u{2028}é😀x";
        let at = |what: &str| {
            let place = locate(text, text.find(what).expect("it is there"));
            (place.line, place.column)
        };
        assert_eq!(
            [at("a"), at("b"), at("c"), at("d"), at("x")],
            [(1, 1), (2, 1), (3, 1), (4, 1), (4, 5)]
        );
        assert_eq!(locate(text, 1_000).line, 4);
    }

    #[test]
    fn tokens_are_shown_whole_and_not_too_long() {
        assert_eq!(token("  , name: x"), "name");
        assert_eq!(token("é{"), "é");
        assert_eq!(token(" \n"), "");
        assert_eq!(token(&"x".repeat(1_000)).len(), MAX_SHOWN);
    }
}
