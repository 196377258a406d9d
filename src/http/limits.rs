//! How much a request may send, and for how long.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
    response::Response,
};

use crate::graphql::Code;

use super::refusal;

/// The largest body, in bytes: room for 1,000 ids and a long document.
const MAX_BODY: usize = 512 * 1024;
/// How long a body may take to arrive.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// The whole body of a request.
pub(super) async fn body(body: Body) -> Result<Bytes, Response> {
    match tokio::time::timeout(MAX_WAIT, axum::body::to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            Code::BadInput,
            &format!("body: at most {MAX_BODY} bytes are allowed"),
        )),
        Err(_) => Err(refusal(
            StatusCode::REQUEST_TIMEOUT,
            Code::BadInput,
            "body: it did not arrive in time",
        )),
    }
}
