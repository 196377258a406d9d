//! From the text of a document to one that is known to be valid: parsed, within the limits, and
//! validated against the schema as the specification says (section 5).
//!
//! Must never let through what the specification refuses: the engine executes what it is given.

mod cache;
mod measure;
mod rules;
mod wording;

use std::sync::Arc;

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema, ast,
    executable::{Operation, OperationMap},
    introspection,
    parser::Parser,
    validation::Valid,
};
use async_graphql::ServerError;

use crate::config::Limits;

use super::{
    error::{Code, refuse, refuse_at},
    limits::check,
    plan::{Plan, conflicting_lists},
};

pub(super) use cache::Cache;
pub(super) use wording::{locate, nearest, shown};

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
    /// How many fields it has, each fragment counted wherever it is spread.
    fields: u64,
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
        let plain = rules::without_commas(text);
        let ast = self.parse(text, &plain)?;
        let fields = measure::measure(&ast, limits).map_err(|(excess, location)| {
            let mut refusal = excess.refusal();
            refusal.locations = location
                .into_iter()
                .map(|span| locate(text, span.offset()))
                .collect();
            vec![refusal]
        })?;
        rules::every_name_has_a_value(&plain, MAX_NESTING).map_err(|error| vec![error])?;
        Ok(Document {
            executable: self.valid(text, &ast)?,
            plans: cache::Plans::default(),
            text: text.into(),
            fields,
        })
    }

    /// Parses a document; `plain` is its text as the parser wants it.
    fn parse(&self, text: &str, plain: &str) -> Result<ast::Document, Vec<ServerError>> {
        let limit = self.limits.tokens;
        let tokens = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut parser = Parser::new()
            .recursion_limit(MAX_NESTING)
            .token_limit(tokens);
        let parsed = parser.parse_ast(plain, "document");
        // The parser stops at the first one beyond.
        let reached = [parser.tokens_reached(), parser.recursion_reached()];
        let [tokens, nesting] = reached.map(|reached| reached as u64);
        check("tokens", limit, tokens)
            .and_then(|()| check("nesting", MAX_NESTING as u64, nesting))
            .map_err(|excess| vec![excess.refusal()])?;
        parsed.map_err(|faults| wording::syntax(text, &faults.errors))
    }

    /// Validates a document: section 5.
    fn valid(
        &self,
        text: &str,
        document: &ast::Document,
    ) -> Result<Valid<ExecutableDocument>, Vec<ServerError>> {
        let schema = &self.schema;
        let stripped = rules::without_null_defaults(document);
        let validated = stripped.as_ref().unwrap_or(document);
        let valid = match validated.to_executable_validate(schema) {
            Ok(valid) => valid,
            Err(faulty)
                if rules::are_all_within_scalars(&faulty.errors, document, &self.scalars()) =>
            {
                Valid::assume_valid(faulty.partial)
            }
            Err(faulty) => return Err(wording::invalid(text, schema, &faulty.errors)),
        };
        rules::values_are_right(document, text)?;
        for operation in valid.operations.iter() {
            if text.contains('[')
                && let Some(offset) = conflicting_lists(schema, &valid, operation)
            {
                let message = "query: the same field is asked for with lists of different lengths: give each an alias of its own";
                let place = locate(text, offset);
                return Err(vec![refuse_at(Code::BadInput, message, vec![place])]);
            }
            introspection::check_max_depth(&valid, operation).map_err(|error| {
                let place = error.location().map(|span| locate(text, span.offset()));
                let message =
                    "query: the introspection nests lists of fields too deep: ask for less at once";
                vec![refuse_at(
                    Code::QueryTooComplex,
                    message,
                    place.into_iter().collect(),
                )]
            })?;
        }
        if stripped.is_none() {
            return Ok(valid);
        }
        // With its defaults, which change nothing else of what was validated.
        let whole = document.to_executable(schema);
        Ok(Valid::assume_valid(
            whole.unwrap_or_else(|faulty| faulty.partial),
        ))
    }

    /// The scalars of our own.
    fn scalars(&self) -> Vec<&str> {
        let types = self.schema.types.iter();
        let own = types.filter(|(_, ty)| ty.is_scalar() && !ty.is_built_in());
        own.map(|(name, _)| name.as_str()).collect()
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
