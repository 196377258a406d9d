//! What a document may ask for: checked before the engine looks at it, for its own checks visit every
//! fragment as often as it is spread.
//!
//! Must never take time that grows faster than the document's length.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::{
        parse_query,
        types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
    },
};

use super::{error::Code, request::refuse};

/// The longest document, in bytes.
pub(super) const MAX_LENGTH: usize = 64 * 1024;
/// How deep selections may nest, fragments included.
pub(super) const MAX_DEPTH: usize = 24;
/// How many fields there may be, each fragment counted wherever it is spread.
const MAX_FIELDS: usize = 4_000;
/// What a query may cost; about the number of leaves in its answer.
pub(super) const MAX_COMPLEXITY: usize = 250_000;
/// How many directives a field may have.
pub(super) const MAX_DIRECTIVES: usize = 8;

/// Parses a document and checks its length and number of fields.
pub(super) fn parse(text: &str) -> Result<ExecutableDocument, ServerError> {
    if text.len() > MAX_LENGTH {
        return Err(too_complex(format!(
            "query: the document has {} bytes, at most {MAX_LENGTH} are allowed",
            text.len()
        )));
    }
    if nesting(text) > 4 * MAX_DEPTH {
        // The parser would go as deep on its stack.
        return Err(too_complex(
            "query: brackets are nested too deep".to_owned(),
        ));
    }
    let document =
        parse_query(text).map_err(|error| refuse(Code::BadInput, format!("query: {error}")))?;
    let mut sizes = Sizes {
        fragments: &document.fragments,
        known: HashMap::new(),
    };
    let mut fields = 0_usize;
    for (_, operation) in document.operations.iter() {
        let size = sizes.of(&operation.node.selection_set.node, 0);
        fields = fields.saturating_add(size);
    }
    if fields > MAX_FIELDS {
        return Err(too_complex(format!(
            "query: it asks for more than {MAX_FIELDS} fields"
        )));
    }
    Ok(document)
}

fn too_complex(message: String) -> ServerError {
    refuse(Code::QueryTooComplex, message)
}

/// How deep brackets nest, those in strings and comments included: an upper bound.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

struct Sizes<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    known: HashMap<&'a Name, usize>,
}

impl<'a> Sizes<'a> {
    /// How many fields a selection comes to; each fragment is visited once.
    fn of(&mut self, set: &'a SelectionSet, depth: usize) -> usize {
        // Deeper than any allowed document: a circle of fragments, which the engine will name.
        if depth > 4 * MAX_DEPTH {
            return MAX_FIELDS + 1;
        }
        let mut fields = 0_usize;
        for selection in &set.items {
            let size = match &selection.node {
                Selection::Field(field) => 1 + self.of(&field.node.selection_set.node, depth + 1),
                Selection::InlineFragment(fragment) => {
                    self.of(&fragment.node.selection_set.node, depth + 1)
                }
                Selection::FragmentSpread(spread) => {
                    self.of_fragment(&spread.node.fragment_name.node, depth + 1)
                }
            };
            fields = fields.saturating_add(size);
        }
        fields
    }

    fn of_fragment(&mut self, name: &'a Name, depth: usize) -> usize {
        if let Some(size) = self.known.get(name) {
            return *size;
        }
        let Some((name, fragment)) = self.fragments.get_key_value(name) else {
            return 0;
        };
        let size = self.of(&fragment.node.selection_set.node, depth);
        self.known.insert(name, size);
        size
    }
}
