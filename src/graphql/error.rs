//! Faults as GraphQL errors: each with `extensions.code`, and its details only in the server's log.
//!
//! A refusal by a business rule is no fault: it is data in a mutation's payload.

use async_graphql::{Error, ErrorExtensions, Pos, ServerError};

use crate::{
    command_handler::HandlerError,
    graph::{GraphError, budget::Over},
};

/// What a caller may conclude from a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// An argument is not of its form; `extensions.argument` names it.
    BadInput,
    /// An argument names somebody that does not exist; `extensions.argument` names it.
    NotFound,
    /// Others were first each time; nothing took effect.
    Conflict,
    /// It may take effect, now or later.
    OutcomeUnknown,
    /// The idempotency key named another command before.
    IdempotencyKeyReused,
    /// The projection did not get there in time.
    PositionNotReached,
    /// The position is of another log, or no position.
    PositionUnknown,
    /// Persisted queries are not taken: the whole document is wanted.
    PersistedQueryNotSupported,
    /// Too deep, too long, too costly, or too slow to answer.
    QueryTooComplex,
    /// The request used all that it may while it was executed.
    BudgetExceeded,
    /// Out of reach for now.
    Unavailable,
    /// Our own fault.
    Internal,
}

impl Code {
    /// Every code.
    pub(super) const ALL: [Self; 12] = [
        Self::BadInput,
        Self::NotFound,
        Self::Conflict,
        Self::OutcomeUnknown,
        Self::IdempotencyKeyReused,
        Self::PositionNotReached,
        Self::PositionUnknown,
        Self::PersistedQueryNotSupported,
        Self::QueryTooComplex,
        Self::BudgetExceeded,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The code as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadInput => "BAD_INPUT",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::PositionNotReached => "POSITION_NOT_REACHED",
            Self::PositionUnknown => "POSITION_UNKNOWN",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::BudgetExceeded => "BUDGET_EXCEEDED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// An error of this code.
    #[must_use]
    pub fn error(self, message: impl Into<String>) -> Error {
        Error::new(message).extend_with(|_, extensions| extensions.set("code", self.as_str()))
    }
}

/// An argument that is not of its form.
pub(super) fn bad_input(argument: &str, problem: impl std::fmt::Display) -> Error {
    of_argument(Code::BadInput, argument, problem)
}

/// An argument that names a user who does not exist.
pub(super) fn no_such_user(argument: &str) -> Error {
    of_argument(Code::NotFound, argument, "no user has this id")
}

fn of_argument(code: Code, argument: &str, problem: impl std::fmt::Display) -> Error {
    code.error(format!("{argument}: {problem}"))
        .extend_with(|_, extensions| extensions.set("argument", argument))
}

/// A request that is refused before anything is executed.
pub(super) fn refuse(code: Code, message: impl Into<String>) -> ServerError {
    refuse_at(code, message, Vec::new())
}

/// The same, for something at these places of the document.
pub(super) fn refuse_at(
    code: Code,
    message: impl Into<String>,
    locations: Vec<Pos>,
) -> ServerError {
    ServerError {
        locations,
        ..without_place(code.error(message))
    }
}

/// An error that is about no place in the document.
pub(super) fn without_place(error: Error) -> ServerError {
    ServerError {
        locations: Vec::new(),
        ..error.into_server_error(Pos::default())
    }
}

/// What callers may know of a fault of the graph.
pub(super) fn graph_fault(error: &GraphError) -> Error {
    match error {
        GraphError::TooMuch(_) => Code::QueryTooComplex.error(
            "the graph needs more time or memory for this than it may take: ask for less at once",
        ),
        GraphError::OverBudget(over) => over_budget(*over),
        GraphError::Unavailable(_) | GraphError::Unknown(_) => {
            Code::Unavailable.error("the graph is out of reach for now: try again")
        }
        GraphError::Unusable(_) => Code::Internal.error("the graph could not answer this"),
    }
}

/// A request that has used all that it may.
pub(super) fn over_budget(over: Over) -> Error {
    let (name, limit, reached) = match over {
        Over::Time { limit } => {
            let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            ("milliseconds", limit, limit)
        }
        Over::Steps { limit, reached } => ("friendships", limit, reached),
        Over::Abandoned => ("callers", 0, 0),
    };
    let message = format!("{over}: ask for less at once");
    beyond(Code::BudgetExceeded, message, name, limit, reached)
}

/// Something beyond a limit: its name, what it allows, and what was reached, for programs.
pub(super) fn beyond(
    code: Code,
    message: impl Into<String>,
    name: &str,
    allowed: u64,
    reached: u64,
) -> Error {
    code.error(message).extend_with(|_, extensions| {
        extensions.set("limit", name);
        extensions.set("allowed", allowed);
        extensions.set("reached", reached);
    })
}

/// What callers may know of a command without an answer, which had an idempotency key or none.
pub(super) fn handler_fault(error: &HandlerError, had_key: bool) -> Error {
    let (code, fix) = match error {
        HandlerError::OutcomeUnknown if had_key => (
            Code::OutcomeUnknown,
            ": repeat it with the same idempotencyKey to find out",
        ),
        HandlerError::OutcomeUnknown => (
            Code::OutcomeUnknown,
            ": look before you repeat it; with an idempotencyKey, to repeat is safe",
        ),
        HandlerError::Conflict => (Code::Conflict, ""),
        HandlerError::IdempotencyKeyReused => (Code::IdempotencyKeyReused, ""),
        HandlerError::Unavailable(_) => (Code::Unavailable, ""),
    };
    code.error(format!("{error}{fix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idempotency_key_is_spoken_of_only_where_one_was_given() {
        let message = |had_key| handler_fault(&HandlerError::OutcomeUnknown, had_key).message;
        assert!(message(true).contains("with the same idempotencyKey"));
        assert!(!message(false).contains("the same idempotencyKey"));
        assert!(message(false).contains("look before you repeat it"));
    }
}
