//! How large a document is, fragments counted wherever they are spread: looked at before it is
//! validated, so that no later step meets a document that is out of all proportion.
//!
//! Must never take time that grows faster than the document's length.

use std::collections::HashMap;

use apollo_compiler::{
    Name, Node,
    ast::{Definition, Directive, Document, Selection},
    parser::SourceSpan,
};

use crate::config::Limits;

use crate::graphql::limits::{Excess, check};

/// What a selection comes to, with all below it. Sums saturate.
#[derive(Clone, Copy, Default)]
struct Size {
    /// Fields and spreads.
    fields: u64,
    aliases: u64,
    directives: u64,
    /// How deep fields nest.
    height: u64,
}

impl Size {
    fn add(&mut self, below: Self) {
        self.fields = self.fields.saturating_add(below.fields);
        self.aliases = self.aliases.saturating_add(below.aliases);
        self.directives = self.directives.saturating_add(below.directives);
        self.height = self.height.max(below.height);
    }
}

/// How deep fragments may be spread in each other: the stack's limit, not the answer's.
const MAX_SPREADS: usize = 100;

struct Sizes<'a> {
    fragments: HashMap<&'a Name, &'a [Selection]>,
    known: HashMap<&'a Name, Size>,
    limits: &'a Limits,
}

/// Checks a document against the limits, and gives the number of its fields.
///
/// # Errors
/// The first limit that it exceeds, and where.
pub(super) fn measure(
    document: &Document,
    limits: &Limits,
) -> Result<u64, (Excess, Option<SourceSpan>)> {
    let fragments = document.definitions.iter().filter_map(|definition| {
        let Definition::FragmentDefinition(fragment) = definition else {
            return None;
        };
        Some((&fragment.name, &*fragment.selection_set))
    });
    let mut sizes = Sizes {
        fragments: fragments.collect(),
        known: HashMap::new(),
        limits,
    };
    let mut whole = Size::default();
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => {
                whole.add(directives(&operation.directives));
                for variable in &operation.variables {
                    whole.add(directives(&variable.directives));
                }
                let size = sizes.of(&operation.selection_set, 0)?;
                whole.add(size);
            }
            // One that nothing spreads is validated, too.
            Definition::FragmentDefinition(fragment) => {
                whole.add(directives(&fragment.directives));
                let size = sizes.of_fragment(&fragment.name, 0)?;
                sizes.check(size, fragment.location())?;
            }
            _ => {}
        }
    }
    sizes.check(whole, None)?;
    Ok(whole.fields)
}

fn directives(directives: &[Node<Directive>]) -> Size {
    Size {
        directives: directives.len() as u64,
        ..Size::default()
    }
}

impl<'a> Sizes<'a> {
    /// The size of a selection; each fragment is visited once.
    fn of(
        &mut self,
        selections: &'a [Selection],
        spreads: usize,
    ) -> Result<Size, (Excess, Option<SourceSpan>)> {
        let mut size = Size::default();
        for selection in selections {
            let (mut own, location) = match selection {
                Selection::Field(field) => {
                    let below = field.selection_set.as_deref().unwrap_or_default();
                    let mut own = self.of(below, spreads)?;
                    own.height += 1;
                    own.aliases = own.aliases.saturating_add(u64::from(field.alias.is_some()));
                    own.add(directives(&field.directives));
                    (own, field.location())
                }
                Selection::InlineFragment(fragment) => {
                    let mut own = self.of(&fragment.selection_set, spreads)?;
                    own.add(directives(&fragment.directives));
                    (own, fragment.location())
                }
                Selection::FragmentSpread(spread) => {
                    let mut own = self.of_fragment(&spread.fragment_name, spreads + 1)?;
                    own.add(directives(&spread.directives));
                    (own, spread.location())
                }
            };
            own.fields = own.fields.saturating_add(1);
            self.check(own, location)?;
            size.add(own);
        }
        Ok(size)
    }

    fn of_fragment(
        &mut self,
        name: &'a Name,
        spreads: usize,
    ) -> Result<Size, (Excess, Option<SourceSpan>)> {
        // One that is being visited, a circle, and one that is not there are for the validation to name.
        if let Some(size) = self.known.get(name) {
            return Ok(*size);
        }
        let Some(selections) = self.fragments.get(name).copied() else {
            return Ok(Size::default());
        };
        if spreads > MAX_SPREADS {
            let excess = Excess::new("spreads", MAX_SPREADS as u64, spreads as u64);
            return Err((excess, name.location()));
        }
        self.known.insert(name, Size::default());
        let size = self.of(selections, spreads)?;
        self.known.insert(name, size);
        Ok(size)
    }

    fn check(
        &self,
        size: Size,
        location: Option<SourceSpan>,
    ) -> Result<(), (Excess, Option<SourceSpan>)> {
        let limits = self.limits;
        [
            ("depth", limits.depth, size.height),
            ("fields", limits.fields, size.fields),
            ("aliases", limits.aliases, size.aliases),
            ("directives", limits.directives, size.directives),
        ]
        .into_iter()
        .try_for_each(|(name, limit, reached)| check(name, limit, reached))
        .map_err(|excess| (excess, location))
    }
}
