//! What a document may ask for: checked before the engine looks at it, for its own checks visit every
//! fragment as often as it is spread.
//!
//! Must never take time that grows faster than the document's length.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::{
        parse_query,
        types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
    },
};

use super::error::{Code, refuse, refuse_at};

/// The longest document, in bytes.
pub(super) const MAX_LENGTH: usize = 64 * 1024;
/// How deep selections may nest, fragments included.
pub(super) const MAX_DEPTH: usize = 24;
/// How many fields and spreads there may be, each fragment counted wherever it is spread.
const MAX_FIELDS: usize = 4_000;
/// How deep a document may nest at all: a margin over what a query may.
const MAX_NESTING: usize = 4 * MAX_DEPTH;
/// What a query may cost; about the number of leaves in its answer.
pub(super) const MAX_COMPLEXITY: usize = 250_000;
/// How many directives a field may have.
pub(super) const MAX_DIRECTIVES: usize = 8;

/// Parses a document and checks its length, its depth and its number of fields.
pub(super) fn parse(text: &str) -> Result<ExecutableDocument, ServerError> {
    if text.len() > MAX_LENGTH {
        return Err(too_complex(&format!(
            "query: the document has {} bytes, at most {MAX_LENGTH} are allowed",
            text.len()
        )));
    }
    if nesting(text.as_bytes()) > MAX_NESTING {
        // The parser would go as deep on its stack.
        return Err(too_complex("query: brackets are nested too deep"));
    }
    let document = parse_query(text).map_err(|error| unreadable(&error))?;
    let mut sizes = Sizes {
        fragments: &document.fragments,
        known: HashMap::new(),
    };
    let mut fields = 0_usize;
    // Fragments that nothing spreads are visited by the engine's checks, too.
    for (name, fragment) in &document.fragments {
        sizes.of_fragment(name, fragment.pos, 0)?;
    }
    for (_, operation) in document.operations.iter() {
        let size = sizes.of(&operation.node.selection_set.node, 0)?;
        fields = fields.saturating_add(size.fields);
    }
    if fields > MAX_FIELDS || sizes.known.values().any(|size| size.fields > MAX_FIELDS) {
        return Err(too_complex(&format!(
            "query: it asks for more than {MAX_FIELDS} fields"
        )));
    }
    Ok(document)
}

fn too_complex(message: &str) -> ServerError {
    refuse(Code::QueryTooComplex, message)
}

/// What the parser says, without the line that it found it in.
fn unreadable(error: &async_graphql::parser::Error) -> ServerError {
    let message = error.to_string();
    let problem = message.rsplit("\n  = ").next().unwrap_or_default();
    let positions = error.positions().collect();
    refuse_at(Code::BadInput, format!("query: {problem}"), positions)
}

/// How deep brackets nest. An upper bound: those in a text that does not end count as open.
fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
                after
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                after
            }
            b'#' => {
                let end = after.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                &after[end.unwrap_or(after.len())..]
            }
            b'"' => {
                let Some(after) = after_string(rest) else {
                    let opening = |byte: &&u8| matches!(**byte, b'{' | b'[' | b'(');
                    return deepest.max(depth + rest.iter().filter(opening).count());
                };
                after
            }
            _ => after,
        };
    }
    deepest
}

/// What follows a string, if it ends.
fn after_string(text: &[u8]) -> Option<&[u8]> {
    let (mark, is_block): (&[u8], _) = if text.starts_with(br#"""""#) {
        (br#"""""#, true)
    } else {
        (br#"""#, false)
    };
    let mut rest = &text[mark.len()..];
    loop {
        rest = match rest.first()? {
            b'"' if rest.starts_with(mark) => return Some(&rest[mark.len()..]),
            b'\\' if is_block && rest[1..].starts_with(mark) => &rest[1 + mark.len()..],
            b'\\' if !is_block => rest.get(2..)?,
            b'\n' | b'\r' if !is_block => return None,
            _ => &rest[1..],
        }
    }
}

/// What a selection comes to.
#[derive(Clone, Copy, Default)]
struct Size {
    /// Fields and spreads, with all below them.
    fields: usize,
    /// How deep they nest.
    height: usize,
}

struct Sizes<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    known: HashMap<&'a Name, Size>,
}

impl<'a> Sizes<'a> {
    /// The size of a selection at that depth; each fragment is visited once.
    fn of(&mut self, set: &'a SelectionSet, depth: usize) -> Result<Size, ServerError> {
        // Deeper than any allowed document, or a circle of fragments.
        let check = |depth: usize| match depth {
            0..=MAX_NESTING => Ok(()),
            _ => Err(too_complex("query: selections or fragments nest too deep")),
        };
        check(depth)?;
        let mut size = Size::default();
        for selection in &set.items {
            let below = match &selection.node {
                Selection::Field(field) => self.of(&field.node.selection_set.node, depth + 1)?,
                Selection::InlineFragment(fragment) => {
                    self.of(&fragment.node.selection_set.node, depth + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.of_fragment(&spread.node.fragment_name.node, spread.pos, depth + 1)?
                }
            };
            size.fields = size.fields.saturating_add(1).saturating_add(below.fields);
            size.height = size.height.max(1 + below.height);
        }
        check(depth + size.height)?;
        Ok(size)
    }

    fn of_fragment(
        &mut self,
        name: &'a Name,
        place: Pos,
        depth: usize,
    ) -> Result<Size, ServerError> {
        if let Some(size) = self.known.get(name) {
            return Ok(*size);
        }
        let Some(fragment) = self.fragments.get(name) else {
            let problem = format!("query: there is no fragment {name}");
            return Err(refuse_at(Code::BadInput, problem, vec![place]));
        };
        let size = self.of(&fragment.node.selection_set.node, depth)?;
        self.known.insert(name, size);
        Ok(size)
    }
}
