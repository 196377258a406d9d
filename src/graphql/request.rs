//! One GraphQL request: who calls, what it may read at the earliest, and where its answer stands.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Request, Response, ServerError, Value, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    value,
};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use tokio::time::Instant;

use crate::metrics as names;

use super::{
    Schema, Services, directives,
    error::{Code, refuse, without_place},
    event::Events,
    freshness,
    gather::gather,
    limits,
    loader::{Questions, ReadPosition},
    scalar::Position,
    shape::{self, Shape},
};

/// How long a request waits for the position that its header demands.
const DEMANDED: Duration = Duration::from_secs(1);
/// How many errors an answer tells.
const MAX_ERRORS: usize = 50;
/// How long the message of an error may be, in bytes.
const MAX_MESSAGE: usize = 1_000;

/// Who calls, and what the call has written.
pub(super) struct Caller {
    pub(super) actor: Arc<str>,
    pub(super) traceparent: Option<String>,
    written: Arc<AtomicU64>,
}

impl Caller {
    /// Notes the position of an outcome.
    pub(super) fn wrote(&self, position: u64) {
        self.written.fetch_max(position, Ordering::Relaxed);
    }
}

/// What came over HTTP.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The document.
    pub query: String,
    /// Which of its operations to run.
    pub operation_name: Option<String>,
    /// The variables: a JSON object.
    pub variables: serde_json::Value,
    /// The header `foaf-at-least`.
    pub at_least: Option<String>,
    /// The header `traceparent`.
    pub traceparent: Option<String>,
}

/// An answer, ready to be sent.
pub struct Answered {
    /// The GraphQL response.
    pub response: Response,
    /// The header `foaf-position`.
    pub position: Option<String>,
}

impl Answered {
    /// Whether it was refused before anything was executed.
    #[must_use]
    pub fn is_request_error(&self) -> bool {
        self.response.data == Value::Null
    }
}

/// As a GraphQL response: without `data` where nothing was executed.
impl Serialize for Answered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Response {
            data,
            errors,
            extensions,
            ..
        } = &self.response;
        let mut answer = serializer.serialize_struct("Response", 3)?;
        if !errors.is_empty() {
            answer.serialize_field("errors", errors)?;
        }
        if !self.is_request_error() {
            answer.serialize_field("data", data)?;
        }
        if !extensions.is_empty() {
            answer.serialize_field("extensions", extensions)?;
        }
        answer.end()
    }
}

/// Runs one request to its end.
pub(super) async fn run(schema: &Schema, services: &Services, call: Call) -> Answered {
    let start = Instant::now();
    let read = Arc::new(ReadPosition::default());
    let written = Arc::new(AtomicU64::new(0));
    let result = execute(schema, services, call, &read, &written).await;
    metrics::histogram!(names::GRAPHQL_SECONDS).record(start.elapsed().as_secs_f64());
    let mut response = result.unwrap_or_else(|error| Response::from_errors(vec![error]));
    let read = read
        .get()
        .unwrap_or_else(|| services.projection.borrow().position);
    let position = read.max(written.load(Ordering::Relaxed));
    let position = services.token(position).ok().map(Position::to_token);
    if let Some(position) = &position {
        let stand = value!({ "position": position.clone() });
        response.extensions.insert("foaf".to_owned(), stand);
    }
    for error in &mut response.errors {
        metrics::counter!(names::GRAPHQL_ERRORS, "code" => name_code(error)).increment(1);
    }
    bound(&mut response.errors);
    Answered { response, position }
}

async fn execute(
    schema: &Schema,
    services: &Services,
    call: Call,
    read: &Arc<ReadPosition>,
    written: &Arc<AtomicU64>,
) -> Result<Response, ServerError> {
    let mut document = limits::parse(&call.query)?;
    let operation = meant(&document, call.operation_name.as_deref())?;
    if !(call.variables.is_object() || call.variables.is_null()) {
        return Err(refuse(Code::BadInput, "variables: a JSON object is wanted"));
    }
    let mut variables = Variables::from_json(call.variables);
    directives::check(&document, operation, &mut variables)?;
    let shape = Shape::new(&document, operation, &variables);
    shape::mark(&mut document);
    if let Some(token) = &call.at_least {
        let wanted = Position::parse_token(token).ok_or_else(|| {
            refuse(
                Code::PositionUnknown,
                "foaf-at-least: not a position: pass on what `foaf-position` or a mutation gave",
            )
        })?;
        freshness::wait(services, wanted, DEMANDED)
            .await
            .map_err(without_place)?;
    }
    let (gather, gathered) = gather();
    let mut request = Request::new(call.query)
        .variables(variables)
        .data(Questions::new(services, read.clone(), &gather))
        .data(Events::of(services, &gather))
        .data(Caller {
            actor: services.actor.clone(),
            traceparent: call.traceparent,
            written: written.clone(),
        });
    request.operation_name = call.operation_name;
    request.set_parsed_query(document);
    let mut response = gathered.run(schema.execute(request)).await;
    shape.apply(&mut response);
    Ok(response)
}

/// Exactly one operation must be meant. (The parser takes a single named one for one of several.)
fn meant<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name),
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values().next(),
        (DocumentOperations::Multiple(_), None) => {
            let message = "operationName: the document has several operations, say which one";
            return Err(refuse(Code::BadInput, message));
        }
    };
    match operation {
        None => Err(refuse(
            Code::BadInput,
            "operationName: the document has no operation of this name",
        )),
        Some(operation) if operation.node.ty == OperationType::Subscription => Err(refuse(
            Code::BadInput,
            "query: subscriptions are not answered by POST",
        )),
        Some(operation) => Ok(&operation.node),
    }
}

/// Gives a code to the errors that the GraphQL engine makes itself, and says which one each has.
fn name_code(error: &mut ServerError) -> &'static str {
    let extensions = error.extensions.get_or_insert_default();
    if let Some(Value::String(code)) = extensions.get("code") {
        return Code::ALL
            .into_iter()
            .map(Code::as_str)
            .find(|known| known == code)
            .unwrap_or("other");
    }
    let code = match error.message.as_str() {
        "Query is too complex." | "Query is nested too deep." => Code::QueryTooComplex,
        _ => Code::BadInput,
    };
    extensions.set("code", code.as_str());
    code.as_str()
}

/// Keeps an answer about errors short, whatever the request was like.
fn bound(errors: &mut Vec<ServerError>) {
    for error in errors.iter_mut() {
        error.locations.retain(|place| place.line > 0);
        if error.message.len() > MAX_MESSAGE {
            let end = error.message.floor_char_boundary(MAX_MESSAGE);
            error.message.truncate(end);
            error.message.push('…');
        }
    }
    if errors.len() > MAX_ERRORS {
        let more = errors.len() - MAX_ERRORS;
        errors.truncate(MAX_ERRORS);
        let code = Code::BadInput;
        errors.push(refuse(code, format!("{more} more errors are not shown")));
    }
}
