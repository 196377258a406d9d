//! `POST /graphql`: a GraphQL request from its bytes to its answer, by the specification of GraphQL
//! over HTTP.
//!
//! It takes JSON only, so that no foreign page can make a browser send one; a mutation is never run by
//! GET. Must never decide what a query means.

use std::io::{self, Write};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use mediatype::{MediaType, ReadParams, names::CHARSET};
use serde_json::{Map, Value};

use crate::graphql::{Answered, Call, Code};

use super::{
    Refusal, Site, limits,
    negotiation::{Form, codings, form},
};

/// Room for most answers, in bytes.
const USUAL_ANSWER: usize = 1_024;
/// The longest trace context that is passed on, in bytes.
const MAX_TRACEPARENT: usize = 128;

pub(super) async fn graphql(State(site): State<Site>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = match admit(&parts.method, &parts.headers) {
        Ok(form) => form,
        Err(refusal) => {
            if !limits::waits_to_be_asked(&parts.headers) {
                limits::drain(body).await;
            }
            return refused(refusal);
        }
    };
    let call = match limits::body(body).await {
        Ok(bytes) => read(&parts.headers, &bytes),
        Err(refusal) => Err(refusal),
    };
    let call = match call {
        Ok(call) => call,
        Err(refusal) => return in_form(refusal.into_response(), form),
    };
    let answered = site.api.run(call).await;
    let status = if answered.is_request_error() && form == Form::GraphQl {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let position = answered.position.clone();
    let most = site.services.limits.answer_bytes;
    let body = if answered.is_large() {
        // On a thread that serves no other requests; the tree is thrown away there, too.
        let written = tokio::task::spawn_blocking(move || write(&answered, most)).await;
        written.unwrap_or_else(|fault| Err(fault.to_string()))
    } else {
        write(&answered, most)
    };
    let body = match body {
        Ok(body) => body,
        Err(problem) => return in_form(too_long(problem).into_response(), form),
    };
    let mut response = in_form((status, body).into_response(), form);
    if let Some(position) = position
        && let Ok(position) = HeaderValue::from_str(&position)
    {
        let name = HeaderName::from_static("foaf-position");
        response.headers_mut().insert(name, position);
    }
    response
}

/// The answer as JSON, if it is not too long.
fn write(answered: &Answered, most: u64) -> Result<Vec<u8>, String> {
    struct Bounded(Vec<u8>, u64);
    impl Write for Bounded {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if (self.0.len() + bytes.len()) as u64 > self.1 {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut body = Bounded(Vec::with_capacity(USUAL_ANSWER), most);
    match serde_json::to_writer(&mut body, answered) {
        Ok(()) => Ok(body.0),
        Err(error) if error.is_io() => Err(format!(
            "the answer has more than {most} bytes (--max-answer-bytes): ask for less at once"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// An answer that cannot be sent.
fn too_long(message: String) -> Refusal {
    Refusal {
        code: Code::BudgetExceeded,
        ..Refusal::new(StatusCode::OK, message)
    }
}

fn refused(refusal: Refusal) -> Response {
    let is_method = refusal.status == StatusCode::METHOD_NOT_ALLOWED;
    let mut response = refusal.into_response();
    if is_method {
        let allow = HeaderValue::from_static("POST");
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

fn in_form(mut response: Response, form: Form) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(form.content_type()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The form of the answer, if a request with this head is answered at all.
fn admit(method: &Method, headers: &HeaderMap) -> Result<Form, Refusal> {
    if method != Method::POST {
        let message = "send GraphQL by POST; the playground is at /";
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message));
    }
    let form = form(headers).ok_or_else(|| {
        let message = "accept: take application/graphql-response+json or application/json";
        Refusal::new(StatusCode::NOT_ACCEPTABLE, message)
    })?;
    let codings = codings(headers);
    if !codings.gzip && !codings.identity {
        let message = "accept-encoding: take gzip or identity";
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, message));
    }
    if !is_json(headers) {
        let message = "content-type: application/json in UTF-8 is wanted";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    if let Some(coding) = headers.get(header::CONTENT_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let message = "content-encoding: send the body as it is";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    Ok(form)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| MediaType::parse(kind.trim()).ok());
    kind.is_some_and(|kind| {
        let is_json = kind.ty == "application" && kind.subty == "json" && kind.suffix.is_none();
        let charset = kind.get_param(CHARSET);
        let is_utf_8 = charset.is_none_or(|charset| {
            let charset = charset.unquoted_str().to_ascii_lowercase();
            matches!(&*charset, "utf-8" | "utf8")
        });
        is_json && is_utf_8
    })
}

/// Reads a request from its body.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<Call, Refusal> {
    let bad = |message: &str| Refusal::new(StatusCode::BAD_REQUEST, message);
    let body = serde_json::from_slice(body)
        .map_err(|error| bad(&format!("body: it is not JSON: {error}")))?;
    let mut body = match body {
        Value::Object(body) => body,
        Value::Array(_) => {
            return Err(bad(
                "body: batches are not answered: send one request at a time",
            ));
        }
        other => return Err(bad(&kind("body", "an object", &other))),
    };
    let query = match body.remove("query") {
        Some(Value::String(query)) => Some(query),
        None | Some(Value::Null) => None,
        Some(other) => return Err(bad(&kind("query", "a text", &other))),
    };
    let operation_name = match body.remove("operationName") {
        Some(Value::String(name)) => Some(name),
        None | Some(Value::Null) => None,
        Some(other) => return Err(bad(&kind("operationName", "a text", &other))),
    };
    let mut object = |name: &str| match body.remove(name) {
        Some(Value::Object(object)) => Ok(object),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(other) => Err(bad(&kind(name, "an object", &other))),
    };
    let (variables, extensions) = (object("variables")?, object("extensions")?);
    let Some(query) = query else {
        if extensions.contains_key("persistedQuery") {
            return Err(no_persisted_queries());
        }
        return Err(bad(
            "query: it is missing: give the text of a GraphQL document",
        ));
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Ok(Call {
        query,
        operation_name,
        variables,
        // What is not ASCII is no position, and will be refused as such.
        at_least: headers
            .get("foaf-at-least")
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        traceparent: text("traceparent")
            .filter(|text| text.len() <= MAX_TRACEPARENT)
            .map(str::to_owned),
    })
}

/// A member of a wrong kind.
fn kind(name: &str, wanted: &str, value: &Value) -> String {
    let value = match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(_) => "a text".to_owned(),
        other => other.to_string(),
    };
    format!("{name}: {wanted} is wanted, not {value}")
}

/// What tells Apollo's clients to send whole documents from now on.
fn no_persisted_queries() -> Refusal {
    Refusal {
        code: Code::PersistedQueryNotSupported,
        ..Refusal::new(StatusCode::OK, "PersistedQueryNotSupported")
    }
}
