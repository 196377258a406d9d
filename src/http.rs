//! The HTTP side: routes, limits and health.
//!
//! `POST /graphql` takes JSON only, so that no foreign page can make a browser send one; a mutation is
//! never run by GET. Must never decide what a query means.

mod health;
mod limits;
mod measure;
mod playground;
mod server;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, DefaultPredicate,
        predicate::{Predicate, SizeAbove},
    },
};

use crate::{
    graphql::{Api, Call, Code, Services},
    metrics as names,
};

pub use health::Health;
pub use server::{HEADER_WAIT, serve};

/// What the routes need.
#[derive(Clone)]
pub struct Site {
    /// The API.
    pub api: Arc<Api>,
    /// What is behind the API, for its metrics.
    pub services: Services,
    /// When the service started.
    pub started: Instant,
    /// How the node is.
    pub health: Health,
    /// The metrics of the process.
    pub metrics: PrometheusHandle,
}

/// The GraphQL media type, whose status says whether the request was understood.
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

/// Every route.
pub fn router(site: Site) -> Router {
    let api = Router::new().route("/graphql", any(graphql));
    let api = api.with_state(site.clone()).merge(playground::router());
    finished(api.merge(watched(site)).fallback(unknown))
}

/// The routes of a node that answers no callers: health and metrics.
pub fn operations(site: Site) -> Router {
    finished(watched(site).fallback(no_api))
}

fn watched(site: Site) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(measure::metrics))
        .with_state(site)
}

fn finished(router: Router) -> Router {
    router
        .layer(axum::middleware::from_fn(count))
        .layer(compression())
}

/// What fits into a packet is sent as it is; of the rest, the first pass over it saves the most.
fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1_024)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: serde_json::Value,
}

async fn graphql(State(site): State<Site>, request: Request) -> Response {
    if request.method() != Method::POST {
        let allow = [(header::ALLOW, "POST")];
        let message = "send GraphQL by POST; the playground is at /";
        return (
            allow,
            refusal(StatusCode::METHOD_NOT_ALLOWED, Code::BadInput, message),
        )
            .into_response();
    }
    let call = match read(request.headers().clone(), request).await {
        Ok((call, is_strict)) => (call, is_strict),
        Err(refusal) => return refusal,
    };
    let (call, is_strict) = call;
    let answered = site.api.run(call).await;
    let status = if answered.is_request_error() && is_strict {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let kind = if is_strict {
        GRAPHQL_RESPONSE
    } else {
        "application/json"
    };
    let mut response = (status, Json(&answered)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(position) = answered.position
        && let Ok(position) = HeaderValue::from_str(&position)
    {
        headers.insert(HeaderName::from_static("foaf-position"), position);
    }
    response
}

/// Reads a request; also says whether the caller prefers the GraphQL media type.
async fn read(headers: HeaderMap, request: Request) -> Result<(Call, bool), Response> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadInput,
            "content-type: application/json is wanted",
        ));
    }
    let body = limits::body(request.into_body()).await?;
    // Or serde would read the request's parts from a list.
    if body.trim_ascii_start().starts_with(b"[") {
        let message = "body: batches are not answered: send one request at a time";
        return Err(refusal(StatusCode::BAD_REQUEST, Code::BadInput, message));
    }
    let body: Body = serde_json::from_slice(&body).map_err(|error| {
        let message = format!("body: not a GraphQL request as JSON: {error}");
        refusal(StatusCode::BAD_REQUEST, Code::BadInput, &message)
    })?;
    let Some(query) = body.query else {
        return Err(refusal(
            StatusCode::BAD_REQUEST,
            Code::BadInput,
            "query: the body has no GraphQL document under this name",
        ));
    };
    let call = Call {
        query,
        operation_name: body.operation_name,
        variables: body.variables,
        // What is not ASCII is no position, and will be refused as such.
        at_least: headers
            .get("foaf-at-least")
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        traceparent: text("traceparent")
            .filter(|text| text.len() <= 128)
            .map(str::to_owned),
    };
    let is_strict = text("accept").is_some_and(|accept| accept.contains(GRAPHQL_RESPONSE));
    Ok((call, is_strict))
}

async fn unknown() -> Response {
    let message = "nothing is here: GraphQL is at POST /graphql, the playground at /";
    refusal(StatusCode::NOT_FOUND, Code::NotFound, message)
}

async fn no_api() -> Response {
    let message = "this node has not the role api (--roles): ask another one";
    refusal(StatusCode::NOT_FOUND, Code::NotFound, message)
}

async fn count(request: Request, next: axum::middleware::Next) -> Response {
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    metrics::counter!(names::HTTP_REQUESTS, "status" => status).increment(1);
    response
}

/// A refusal in the shape of a GraphQL response.
fn refusal(status: StatusCode, code: Code, message: &str) -> Response {
    let error = json!({ "message": message, "extensions": { "code": code.as_str() } });
    (status, Json(json!({ "errors": [error] }))).into_response()
}
