//! The directives of a document, which are `@skip` and `@include` only. The engine takes a condition
//! that it does not understand for false, and passes over the default values of variables.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

use super::error::{Code, refuse_at};

/// Checks the directives of an operation, after giving variables that were left out their defaults.
pub(super) fn check(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &mut Variables,
) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        if let Some(default) = &definition.default_value {
            let name = definition.name.node.clone();
            variables
                .entry(name)
                .or_insert_with(|| default.node.clone());
        }
    }
    if let Some(directive) = operation.directives.first() {
        return Err(unknown(directive));
    }
    let mut check = Check {
        document,
        variables,
        visited: HashSet::new(),
    };
    check.selection(&operation.selection_set.node)
}

/// Whether what has these directives is left out.
pub(super) fn leave_out(directives: &[Positioned<Directive>], variables: &Variables) -> bool {
    let leaves_out = |directive: &Positioned<Directive>| {
        let wanted = directive.node.name.node != "skip";
        condition(&directive.node, variables) != Some(wanted)
    };
    directives.iter().any(leaves_out)
}

/// The value of the argument `if`, if it is one.
fn condition(directive: &Directive, variables: &Variables) -> Option<bool> {
    let value = directive.get_argument("if")?.node.clone();
    let value = value.into_const_with(|name| variables.get(&name).cloned().ok_or(()));
    match value {
        Ok(Value::Boolean(value)) => Some(value),
        _ => None,
    }
}

struct Check<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    visited: HashSet<&'a Name>,
}

impl<'a> Check<'a> {
    fn selection(&mut self, set: &'a SelectionSet) -> Result<(), ServerError> {
        for selection in &set.items {
            for directive in selection.node.directives() {
                self.directive(directive)?;
            }
            match &selection.node {
                Selection::Field(field) => self.selection(&field.node.selection_set.node)?,
                Selection::InlineFragment(fragment) => {
                    self.selection(&fragment.node.selection_set.node)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.visited.insert(name)
                    {
                        self.selection(&fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn directive(&self, directive: &Positioned<Directive>) -> Result<(), ServerError> {
        let name = &directive.node.name.node;
        if name != "skip" && name != "include" {
            return Err(unknown(directive));
        }
        if condition(&directive.node, self.variables).is_none() {
            let problem = format!("query: @{name} wants an argument `if` that is true or false");
            return Err(refuse_at(Code::BadInput, problem, vec![directive.pos]));
        }
        Ok(())
    }
}

fn unknown(directive: &Positioned<Directive>) -> ServerError {
    let problem = format!(
        "query: there is no directive @{} here: a selection can have @skip or @include",
        directive.node.name.node
    );
    refuse_at(Code::BadInput, problem, vec![directive.pos])
}
