//! What an error of the driver or the server means: try again, ask for less, or tell the operator.
//!
//! Must never call passing what the same statement would run into again.

use std::io::ErrorKind;

use neo4rs::{Error, Neo4jErrorKind};

use crate::graph::GraphError;

/// Whether it may go well another time, nothing having happened.
pub(super) fn is_passing(error: &Error) -> bool {
    match error {
        Error::IOError { .. } => true,
        Error::Neo4j(error) => is_transient(error.kind(), error.code()),
        _ => false,
    }
}

/// What a server that is going down or coming up says. The driver calls a transaction that was
/// terminated a fault of the client; that there is no memory for it is called transient, and is not.
fn is_transient(kind: Neo4jErrorKind, code: &str) -> bool {
    (kind == Neo4jErrorKind::Transient || code.starts_with("Neo.TransientError."))
        && beyond(code).is_none()
}

/// The settings that a statement is beyond, if it needs more time or memory than it may.
fn beyond(code: &str) -> Option<&'static str> {
    let is_memory = ["OutOfMemory", "MemoryLimit", "StackOverFlow"]
        .iter()
        .any(|part| code.contains(part));
    if code.contains(".Transaction.TransactionTimedOut") {
        Some("db.transaction.timeout")
    } else if is_memory {
        Some("dbms.memory.transaction.total.max, db.memory.transaction.total.max or the heap")
    } else {
        None
    }
}

/// What an error means to a caller, without parameters.
pub(super) fn fault(error: Error) -> GraphError {
    match error {
        Error::IOError { detail } if detail.kind() == ErrorKind::UnexpectedEof => {
            GraphError::Unavailable("it closed the connection; is this a Bolt port?".to_owned())
        }
        Error::IOError { detail } => GraphError::Unavailable(detail.to_string()),
        Error::ConnectionError => {
            GraphError::Unavailable("no connection became free in time".to_owned())
        }
        Error::ConnectionTimedOut => {
            GraphError::Unavailable("the server did not answer in time".to_owned())
        }
        Error::AuthenticationError(message) => GraphError::Unusable(format!(
            "Neo4j refuses the user or the password ({message}): write the right ones, as neo4j://USER:PASSWORD@HOST:PORT"
        )),
        Error::Neo4j(error) if error.code().ends_with(".DatabaseNotFound") => {
            GraphError::Unusable(format!(
                "{}: make this database, or name another, as neo4j://USER:PASSWORD@HOST:PORT/DATABASE",
                error.message()
            ))
        }
        Error::Neo4j(error) if error.code().ends_with(".ConstraintValidationFailed") => {
            let message = "the graph already has a user who is new in the batch, or another cursor";
            GraphError::Unusable(message.to_owned())
        }
        Error::Neo4j(error) => {
            // What follows the first line is the text of the question.
            let message = error.message().lines().next().unwrap_or_default();
            let message = format!("{message} ({})", error.code());
            if let Some(setting) = beyond(error.code()) {
                GraphError::TooMuch(format!("{message}; raise {setting} in neo4j.conf"))
            } else if is_transient(error.kind(), error.code()) {
                GraphError::Unavailable(message)
            } else {
                GraphError::Unusable(message)
            }
        }
        other => GraphError::Unusable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_not_called_passing() {
        for (code, is_passing, is_too_much) in [
            (
                "Neo.TransientError.Transaction.DeadlockDetected",
                true,
                false,
            ),
            (
                "Neo.TransientError.General.DatabaseUnavailable",
                true,
                false,
            ),
            (
                "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
                false,
                true,
            ),
            (
                "Neo.TransientError.General.TransactionOutOfMemoryError",
                false,
                true,
            ),
            ("Neo.TransientError.General.OutOfMemoryError", false, true),
            (
                "Neo.ClientError.Transaction.TransactionTimedOut",
                false,
                true,
            ),
            (
                "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
                false,
                true,
            ),
            ("Neo.ClientError.Statement.SyntaxError", false, false),
        ] {
            let found = (is_transient(code.into(), code), beyond(code).is_some());
            assert_eq!(found, (is_passing, is_too_much), "{code}");
        }
    }
}
