//! From the text of a document to one that is known to be valid: parsed, within the limits, and
//! validated against the schema as the specification says (section 5).
//!
//! Must never let through what the specification refuses: the engine executes what it is given.

mod cache;
mod measure;
mod wording;

use std::sync::Arc;

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema,
    executable::{Operation, OperationMap},
    parser::Parser,
    validation::Valid,
};
use async_graphql::ServerError;

use crate::config::Limits;

use super::{
    error::{Code, refuse},
    limits::{Excess, check},
    plan::Plan,
};

pub(super) use cache::Cache;
pub(super) use wording::{locate, nearest};

/// How deep brackets may nest: the stack's limit, not the answer's. Two levels of braces and one of
/// parentheses a field are usual.
const MAX_NESTING: usize = 200;

/// The schema that documents are validated against: that of `schema.graphql`.
pub(super) struct Validator {
    schema: Valid<Schema>,
    limits: Limits,
}

/// A document that is valid, with what does not depend on the variables of a request.
pub(super) struct Document {
    executable: Valid<ExecutableDocument>,
    /// For each operation that was asked for: its merged tree, if that is one and the same for all
    /// variables.
    plans: cache::Plans,
    text: Arc<str>,
}

impl Validator {
    /// A validator for the API's own schema.
    pub(super) fn new(sdl: &str, limits: Limits) -> Self {
        let schema = Schema::parse_and_validate(sdl, "schema.graphql");
        Self {
            schema: schema.unwrap_or_else(|faults| panic!("the API's schema is valid: {faults}")),
            limits,
        }
    }

    pub(super) fn schema(&self) -> &Valid<Schema> {
        &self.schema
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Parses and validates a document.
    ///
    /// # Errors
    /// Everything that is wrong with it, or the first limit that it exceeds.
    pub(super) fn validate(&self, text: &str) -> Result<Document, Vec<ServerError>> {
        let limits = &self.limits;
        check("bytes", limits.document_bytes, text.len() as u64)
            .map_err(|excess| vec![excess.refusal()])?;
        let tokens = usize::try_from(limits.tokens).unwrap_or(usize::MAX);
        let mut parser = Parser::new()
            .recursion_limit(MAX_NESTING)
            .token_limit(tokens);
        let parsed = parser.parse_ast(text, "document");
        // Reached, not passed: the parser stops there.
        let excess = if parser.tokens_reached() > tokens {
            Some(Excess::new(
                "tokens",
                limits.tokens,
                parser.tokens_reached() as u64,
            ))
        } else if parser.recursion_reached() > MAX_NESTING {
            let reached = parser.recursion_reached() as u64;
            Some(Excess::new("nesting", MAX_NESTING as u64, reached))
        } else {
            None
        };
        if let Some(excess) = excess {
            return Err(vec![excess.refusal()]);
        }
        let ast = parsed.map_err(|faults| wording::syntax(text, &faults.errors))?;
        measure::measure(&ast, limits).map_err(|(excess, location)| {
            let mut refusal = excess.refusal();
            refusal.locations = location
                .into_iter()
                .map(|span| locate(text, span.offset()))
                .collect();
            vec![refusal]
        })?;
        let valid = ast.to_executable_validate(&self.schema);
        let executable =
            valid.map_err(|faulty| wording::invalid(text, &self.schema, &faulty.errors))?;
        Ok(Document {
            executable,
            plans: cache::Plans::default(),
            text: text.into(),
        })
    }
}

impl Document {
    /// The operation that is meant: section 6.1, `GetOperation`.
    ///
    /// # Errors
    /// If there is none of this name, or several and no name.
    pub(super) fn operation(&self, name: Option<&str>) -> Result<&Node<Operation>, ServerError> {
        let operations: &OperationMap = &self.executable.operations;
        let refusal = |problem: String| refuse(Code::BadInput, format!("operationName: {problem}"));
        let known = || {
            let names: Vec<String> = operations
                .named
                .keys()
                .map(|name| format!("{name:?}"))
                .collect();
            names.join(", ")
        };
        operations.get(name).map_err(|_| match name {
            Some(name) if operations.named.is_empty() => refusal(format!(
                "the document has no operation {name:?}, only one without a name: leave operationName out"
            )),
            Some(name) => refusal(format!(
                "the document has no operation {name:?}: give one of {}", known()
            )),
            None if operations.is_empty() => refuse(
                Code::BadInput,
                "query: the document has fragments only: add an operation, such as `{ users { totalCount } }`",
            ),
            None => refusal(format!(
                "the document has {} operations: say which one, of {}", operations.len(), known()
            )),
        })
    }

    pub(super) fn executable(&self) -> &Valid<ExecutableDocument> {
        &self.executable
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The merged tree of an operation, made by `make` unless it is known.
    pub(super) fn plan(&self, operation: Option<&Name>, make: impl FnOnce() -> Plan) -> Arc<Plan> {
        self.plans.get(operation, make)
    }
}
