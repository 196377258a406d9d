//! What the library lets through although the specification refuses it, and the other way round. Each
//! rule names its paragraph; each is met by the differential test in `tests/clients`.

use std::{borrow::Cow, collections::HashSet};

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Definition, Directive, Document, OperationDefinition, Selection, Value},
    diagnostic::ToCliReport,
    parser::SourceSpan,
    validation::DiagnosticList,
};
use apollo_parser::{
    Parser,
    SyntaxKind::{ARGUMENT, COLON, OBJECT_FIELD},
    cst::CstNode,
};
use async_graphql::ServerError;

use crate::graphql::error::{Code, refuse_at};

use super::locate;

/// Section 2.1.8: commas are nothing but a help for the eye. The parser's look-ahead stumbles over
/// some of them, so there are spaces in their places.
pub(super) fn without_commas(text: &str) -> Cow<'_, str> {
    if !text.contains(',') {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    let mut place = 0;
    while place < bytes.len() {
        place += match bytes[place] {
            b',' => {
                bytes[place] = b' ';
                1
            }
            b'"' => string(&bytes[place..]),
            b'#' => {
                let rest = bytes[place..].iter();
                rest.take_while(|byte| !matches!(byte, b'\n' | b'\r'))
                    .count()
            }
            _ => 1,
        };
    }
    // Nothing but commas was replaced, by bytes of the same length.
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// How long the string is that a text begins with, in bytes; to the end if it has none.
fn string(text: &[u8]) -> usize {
    let is_block = text.starts_with(br#"""""#);
    let mark: &[u8] = if is_block { br#"""""# } else { br#"""# };
    let mut place = mark.len();
    while let Some(byte) = text.get(place) {
        let rest = &text[place..];
        place += match byte {
            _ if rest.starts_with(mark) => return place + mark.len(),
            b'\\' if is_block && rest[1..].starts_with(mark) => 1 + mark.len(),
            b'\\' if !is_block => 2,
            b'\n' | b'\r' if !is_block => return place,
            _ => 1,
        };
    }
    place.min(text.len())
}

/// Section 2.6 and 2.9.8: an argument and a field of an input object have a value. The parser passes
/// over a name that has none.
pub(super) fn every_name_has_a_value(text: &str, nesting: usize) -> Result<(), ServerError> {
    let tree = Parser::new(text).recursion_limit(nesting).parse();
    let document = tree.document();
    let mut named = document.syntax().descendants();
    let valueless = named.find(|node| {
        let is_named = matches!(node.kind(), ARGUMENT | OBJECT_FIELD);
        is_named && !node.children_with_tokens().any(|part| part.kind() == COLON)
    });
    let Some(valueless) = valueless else {
        return Ok(());
    };
    let place = locate(text, valueless.text_range().start().into());
    let name = valueless.text().to_string();
    let message = format!(
        "query: line {}, column {}: {:?} has no value: write `{}: VALUE`, or leave it out",
        place.line,
        place.column,
        name.trim(),
        name.trim()
    );
    Err(refuse_at(Code::BadInput, message, vec![place]))
}

/// Section 5.8.5: null is no default value that makes up for a missing one. The document is validated
/// without such defaults; `None` if it has none.
pub(super) fn without_null_defaults(document: &Document) -> Option<Document> {
    let is_null = |operation: &OperationDefinition| {
        operation.variables.iter().any(|variable| {
            let default = variable.default_value.as_deref();
            default == Some(&Value::Null) && !variable.ty.is_non_null()
        })
    };
    let has_any = document.definitions.iter().any(|definition| {
        matches!(definition, Definition::OperationDefinition(operation) if is_null(operation))
    });
    if !has_any {
        return None;
    }
    let mut document = document.clone();
    for definition in &mut document.definitions {
        let Definition::OperationDefinition(operation) = definition else {
            continue;
        };
        for variable in &mut operation.make_mut().variables {
            if variable.default_value.as_deref() == Some(&Value::Null) && !variable.ty.is_non_null()
            {
                variable.make_mut().default_value = None;
            }
        }
    }
    Some(document)
}

/// A value that breaks a rule.
struct Fault {
    message: String,
    location: Option<SourceSpan>,
}

/// Every literal value of a document, fragments where they are spread.
struct Values<'a> {
    document: &'a Document,
    /// The variables of the operation that is being looked at.
    defined: HashSet<&'a Name>,
    spread: HashSet<&'a Name>,
    faults: Vec<Fault>,
}

/// Section 5.6.3: each field of an input object is given once. Section 5.8.3: each variable is defined,
/// also within a literal of a scalar of our own.
pub(super) fn values_are_right(document: &Document, text: &str) -> Result<(), Vec<ServerError>> {
    let mut values = Values {
        document,
        defined: HashSet::new(),
        spread: HashSet::new(),
        faults: Vec::new(),
    };
    for definition in &document.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            values.defined = operation
                .variables
                .iter()
                .map(|variable| &variable.name)
                .collect();
            values.spread.clear();
            for variable in &operation.variables {
                values.directives(&variable.directives);
                if let Some(default) = &variable.default_value {
                    values.value(default);
                }
            }
            values.directives(&operation.directives);
            values.selections(&operation.selection_set);
        }
    }
    if values.faults.is_empty() {
        return Ok(());
    }
    let faults = values.faults.into_iter();
    let errors = faults.map(|fault| {
        let place = fault.location.map(|span| locate(text, span.offset()));
        refuse_at(Code::BadInput, fault.message, place.into_iter().collect())
    });
    Err(errors.collect())
}

impl<'a> Values<'a> {
    fn selections(&mut self, selections: &'a [Selection]) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    self.arguments(&field.arguments);
                    self.directives(&field.directives);
                    self.selections(field.selection_set.as_deref().unwrap_or_default());
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives);
                    self.selections(&fragment.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    if self.spread.insert(&spread.fragment_name) {
                        self.fragment(&spread.fragment_name);
                    }
                }
            }
        }
    }

    fn fragment(&mut self, name: &Name) {
        let mut definitions = self.document.definitions.iter();
        let fragment = definitions.find_map(|definition| match definition {
            Definition::FragmentDefinition(fragment) if fragment.name == *name => Some(fragment),
            _ => None,
        });
        if let Some(fragment) = fragment {
            self.directives(&fragment.directives);
            self.selections(&fragment.selection_set);
        }
    }

    fn directives(&mut self, directives: &'a [Node<Directive>]) {
        for directive in directives {
            self.arguments(&directive.arguments);
        }
    }

    fn arguments(&mut self, arguments: &'a [Node<Argument>]) {
        for argument in arguments {
            self.value(&argument.value);
        }
    }

    fn value(&mut self, value: &'a Node<Value>) {
        match &**value {
            Value::Variable(name) if !self.defined.contains(name) => {
                self.faults.push(Fault {
                    message: format!(
                        "query: variable `${name}` is not defined: declare it, as in `query(${name}: ID!)`"
                    ),
                    location: value.location(),
                });
            }
            Value::List(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(fields) => {
                let mut names = HashSet::new();
                for (name, value) in fields {
                    if !names.insert(name) {
                        self.faults.push(Fault {
                            message: format!(
                                "query: the field `{name}` is given twice: keep one of them"
                            ),
                            location: name.location(),
                        });
                    }
                    self.value(value);
                }
            }
            _ => {}
        }
    }
}

/// A literal of a scalar of our own has no positions within, for variables (section 5.8.5) or for null
/// (3.5.5). The library takes the scalar's type for that of an item: whether these are all of its
/// faults.
pub(super) fn are_all_within_scalars(
    faults: &DiagnosticList,
    document: &Document,
    scalars: &[&str],
) -> bool {
    faults.iter().all(|fault| {
        let message = fault.error.to_string();
        let is_of_scalar = scalars
            .iter()
            .any(|scalar| match fault.error.unstable_error_name() {
                Some("DisallowedVariableUsage") => {
                    message.ends_with(&format!("of type `{scalar}!`"))
                        || message.ends_with(&format!("of type `{scalar}`"))
                }
                Some("UnsupportedValueType") => {
                    message == format!("expected value of type {scalar}!, found null")
                }
                _ => false,
            });
        let span = fault.error.location();
        is_of_scalar && span.is_some_and(|span| is_within_list(document, span))
    })
}

/// Whether a variable or null stands there, within a list.
fn is_within_list(document: &Document, span: SourceSpan) -> bool {
    fn of_value(value: &Node<Value>, span: SourceSpan, is_within: bool) -> bool {
        match &**value {
            Value::Variable(_) | Value::Null => is_within && value.location() == Some(span),
            Value::List(items) => items.iter().any(|item| of_value(item, span, true)),
            Value::Object(fields) => fields
                .iter()
                .any(|(_, value)| of_value(value, span, is_within)),
            _ => false,
        }
    }
    fn of_selections(selections: &[Selection], span: SourceSpan) -> bool {
        selections.iter().any(|selection| match selection {
            Selection::Field(field) => {
                let mut arguments = field.arguments.iter();
                arguments.any(|argument| of_value(&argument.value, span, false))
                    || of_selections(field.selection_set.as_deref().unwrap_or_default(), span)
            }
            Selection::InlineFragment(fragment) => of_selections(&fragment.selection_set, span),
            Selection::FragmentSpread(_) => false,
        })
    }
    document
        .definitions
        .iter()
        .any(|definition| match definition {
            Definition::OperationDefinition(operation) => {
                of_selections(&operation.selection_set, span)
            }
            Definition::FragmentDefinition(fragment) => {
                of_selections(&fragment.selection_set, span)
            }
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_strings_and_comments_stay() {
        for (text, expected) in [
            ("{ a, b }", "{ a  b }"),
            (
                "{ a(x: \",\", y: \"\\\",\") }",
                "{ a(x: \",\"  y: \"\\\",\") }",
            ),
            (
                "{ a(x: \"\"\",\\\"\"\",\"\"\",) }",
                "{ a(x: \"\"\",\\\"\"\",\"\"\" ) }",
            ),
            ("# a, b\n, é,", "# a, b\n  é "),
            ("\"a,", "\"a,"),
            ("\"a\n,", "\"a\n "),
            ("\"\\", "\"\\"),
        ] {
            assert_eq!(without_commas(text), expected, "{text}");
        }
    }

    #[test]
    fn names_without_values_are_found() {
        for (text, is_right) in [
            ("{ users(first: 1) { totalCount } }", true),
            ("{ users(first) { totalCount } }", false),
            ("{ users(on first: 1) { totalCount } }", false),
            (
                "{ users(filter: {state: ACTIVE handlePrefix}) { totalCount } }",
                false,
            ),
            ("{ a @skip(if: true true) }", false),
            ("query($a: F = {b: 1}) { a(b: [{c: {d: $e}}]) }", true),
        ] {
            assert_eq!(
                every_name_has_a_value(text, 100).is_ok(),
                is_right,
                "{text}"
            );
        }
    }
}
