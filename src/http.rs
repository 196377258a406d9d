//! The HTTP side: routes, and what every answer has in common.
//!
//! Must never decide what a query means.

mod admission;
mod graphql;
mod health;
mod hosts;
mod limits;
mod measure;
mod negotiation;
mod peer;
mod playground;
mod rates;
mod server;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use tokio::time::Instant;
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, DefaultPredicate,
        predicate::{Predicate, SizeAbove},
    },
    set_header::SetResponseHeaderLayer,
};

use crate::{
    config::Hosts,
    graphql::{Api, Code, Services},
    metrics as names,
};

use admission::Door;
pub use health::Health;
use rates::Rates;
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
    /// By which names it is called.
    pub hosts: Arc<Hosts>,
}

/// Every route.
pub fn router(site: Site) -> Router {
    let rates = Rates::per_second(site.services.limits.requests_per_second);
    let door = from_fn_with_state(Door::default(), admission::admit);
    let api = Router::new().route("/graphql", any(graphql::graphql));
    let api = api
        .layer(door)
        .layer(from_fn_with_state(rates, rates::admit))
        .with_state(site.clone())
        .merge(playground::router());
    let hosts = site.hosts.clone();
    finished(api.merge(watched(site)).fallback(unknown), hosts)
}

/// The routes of a node that answers no callers: health and metrics.
pub fn operations(site: Site) -> Router {
    let hosts = site.hosts.clone();
    finished(watched(site).fallback(no_api), hosts)
}

fn watched(site: Site) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(measure::metrics))
        .with_state(site)
}

fn finished(router: Router, hosts: Arc<Hosts>) -> Router {
    router
        .layer(from_fn_with_state(hosts, hosts::check))
        .layer(axum::middleware::from_fn(count))
        .layer(compression())
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
}

/// What fits into a packet is sent as it is; of the rest, the first pass over it saves the most.
fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1_024)))
}

async fn unknown() -> Refusal {
    not_found("nothing is here: GraphQL is at POST /graphql, the playground at /")
}

async fn no_api() -> Refusal {
    not_found("this node has not the role api (--roles): ask another one")
}

fn not_found(message: &str) -> Refusal {
    Refusal {
        code: Code::NotFound,
        ..Refusal::new(StatusCode::NOT_FOUND, message)
    }
}

async fn count(request: Request, next: axum::middleware::Next) -> Response {
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    metrics::counter!(names::HTTP_REQUESTS, "status" => status).increment(1);
    response
}

/// A request that is refused before its document is looked at; told in the shape of a GraphQL response.
struct Refusal {
    status: StatusCode,
    code: Code,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code: Code::BadInput,
            message: message.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = self.code.as_str();
        let error = json!({ "message": self.message, "extensions": { "code": code } });
        (self.status, Json(json!({ "errors": [error] }))).into_response()
    }
}
