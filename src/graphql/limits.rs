//! A limit that a request exceeds: which one, what it allows, and what the request reached.

use async_graphql::ServerError;

use super::error::{Code, beyond, without_place};

/// A limit exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Excess {
    name: &'static str,
    limit: u64,
    /// What was reached when counting stopped: the request may hold more.
    reached: u64,
}

/// Every limit: its name, what it counts, its setting if it has one, and how to stay within.
const TEXTS: [(&str, &str, &str, &str); 10] = [
    (
        "bytes",
        "bytes of the document",
        "--max-document-bytes",
        "send a shorter document, and values as variables",
    ),
    (
        "tokens",
        "tokens of the document",
        "--max-tokens",
        "send a shorter document, and values as variables",
    ),
    (
        "nesting",
        "levels of brackets in the document",
        "",
        "nest less deep",
    ),
    (
        "spreads",
        "levels of fragments that spread each other",
        "",
        "spread fragments less deep",
    ),
    (
        "depth",
        "levels of fields, fragments included",
        "--max-depth",
        "ask for deeper levels in a request of their own",
    ),
    (
        "fields",
        "fields, each fragment counted wherever it is spread",
        "--max-fields",
        "ask for less at once",
    ),
    (
        "aliases",
        "aliases, each fragment counted wherever it is spread",
        "--max-aliases",
        "ask for lists, or in several requests",
    ),
    (
        "directives",
        "directives, each fragment counted wherever it is spread",
        "--max-directives",
        "put one on a fragment instead of on each field",
    ),
    (
        "rootFields",
        "fields at the root",
        "--max-root-fields",
        "use `nodes` or `relationships`, or several requests",
    ),
    (
        "mutations",
        "commands in one mutation",
        "--max-mutations",
        "send several requests",
    ),
];

impl Excess {
    pub(super) fn new(name: &'static str, limit: u64, reached: u64) -> Self {
        Self {
            name,
            limit,
            reached,
        }
    }

    /// The refusal.
    pub(super) fn refusal(self) -> ServerError {
        let Self {
            name,
            limit,
            reached,
        } = self;
        let known = TEXTS.iter().find(|text| text.0 == name);
        let (_, what, setting, fix) = known.copied().unwrap_or((name, name, "", "ask for less"));
        let setting = match setting {
            "" => String::new(),
            setting => format!(" ({setting})"),
        };
        let message =
            format!("query: {reached} {what}, at most {limit} are allowed{setting}: {fix}");
        without_place(beyond(Code::QueryTooComplex, message, name, limit, reached))
    }
}

/// Whether a number is within its limit.
///
/// # Errors
/// If not.
pub(super) fn check(name: &'static str, limit: u64, reached: u64) -> Result<(), Excess> {
    if reached > limit {
        return Err(Excess::new(name, limit, reached));
    }
    Ok(())
}
