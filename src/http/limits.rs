//! How much a request may send, and for how long.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header::EXPECT},
};
use futures::StreamExt;

use super::Refusal;

/// The largest body, in bytes: room for 1,000 ids and a long document.
const MAX_BODY: usize = 512 * 1024;
/// How long a body may take to arrive.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// How much of a refused body is read and thrown away, in bytes: a client that is still sending would
/// see a reset connection instead of the answer.
const MAX_DRAINED: usize = 8 * 1024 * 1024;
/// How long a refused body is read.
const MAX_DRAIN: Duration = Duration::from_secs(5);

/// How a body came.
enum Arrival {
    Whole,
    TooLong,
    EndedEarly,
}

/// The whole body of a request.
pub(super) async fn body(body: Body) -> Result<Vec<u8>, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let read = async {
        while let Some(chunk) = chunks.next().await {
            let Ok(chunk) = chunk else {
                return Arrival::EndedEarly;
            };
            if bytes.len() + chunk.len() > MAX_BODY {
                return Arrival::TooLong;
            }
            bytes.extend_from_slice(&chunk);
        }
        Arrival::Whole
    };
    match tokio::time::timeout(MAX_WAIT, read).await {
        Ok(Arrival::Whole) => Ok(bytes),
        Ok(Arrival::TooLong) => {
            drain(Body::from_stream(chunks)).await;
            Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("body: it has more than {MAX_BODY} bytes: send less at once"),
            ))
        }
        Ok(Arrival::EndedEarly) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "body: it ended early",
        )),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            format!(
                "body: it did not arrive within {} s: send it at once",
                MAX_WAIT.as_secs()
            ),
        )),
    }
}

/// Reads what a refused request still sends, within bounds.
pub(super) async fn drain(body: Body) {
    let mut chunks = body.into_data_stream();
    let read = async {
        let mut drained = 0;
        while let Some(Ok(chunk)) = chunks.next().await {
            drained += chunk.len();
            if drained > MAX_DRAINED {
                break;
            }
        }
    };
    // Out of time: the connection is closed, whatever the client sees.
    let _ = tokio::time::timeout(MAX_DRAIN, read).await;
}

/// Whether the client waits to be asked for the body: then there is nothing to drain.
pub(super) fn waits_to_be_asked(headers: &HeaderMap) -> bool {
    headers.contains_key(EXPECT)
}
