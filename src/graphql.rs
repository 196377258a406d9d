//! The API: what front-end developers see. `schema.graphql` is its exported form.
//!
//! Must never decide: commands go to the command handler, questions to the graph. A traversal is one
//! graph query; whatever stands below a list is gathered.

mod answer;
mod connection;
mod document;
mod error;
mod event;
mod fault;
mod freshness;
mod friendship;
mod gather;
mod id;
mod introspection;
mod lane;
mod limits;
mod loader;
mod mutation;
mod plan;
mod price;
mod projection;
mod query;
mod request;
mod scalar;
mod user;
mod variables;
mod vitals;

use std::sync::Arc;

use async_graphql::{EmptySubscription, ValidationMode};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock,
    command_handler::{CommandHandler, HandlerError, Reply, Request},
    config::Limits,
    domain::UserId,
    event_log::EventLog,
    graph::Graph,
    projector::Status,
    replay::Replay,
};

pub use answer::Answered;
pub use error::Code;
pub use lane::Lane;
pub use price::Reach;
pub use request::Call;
pub use scalar::Position;
pub use vitals::{NoAnswer, Vitals};

type Schema = async_graphql::Schema<query::Query, mutation::Mutation, EmptySubscription>;

/// The API of one node.
pub struct Api(Arc<Core>);

/// What a request is answered with.
struct Core {
    schema: Schema,
    services: Services,
    validator: document::Validator,
    documents: document::Cache,
    implementers: introspection::ImplementersMap,
}

/// What the API needs of the node that it serves.
#[derive(Clone)]
pub struct Services {
    /// The log, for who starts and stops the node.
    pub log: Arc<dyn EventLog>,
    /// Whether the log and the graph answer, and the log's end.
    pub vitals: Arc<Vitals>,
    /// The replay, for positions.
    pub replay: Arc<Replay>,
    /// Takes the commands.
    pub handler: Arc<CommandHandler>,
    /// Answers the questions.
    pub graph: Arc<dyn Graph>,
    /// How the projection stands.
    pub projection: watch::Receiver<Status>,
    /// The clock, for lags.
    pub clock: Clock,
    /// Commands under way: a stop waits for them.
    pub commands: TaskTracker,
    /// Who calls, as long as nobody says who they are.
    pub actor: Arc<str>,
    /// What one request may ask for.
    pub limits: Limits,
    /// How much there is to look at, for the prices of requests.
    pub reach: Arc<Reach>,
    /// Where dear requests are executed.
    pub lane: Lane,
}

impl Services {
    /// Sees a command through in a task of its own, so that it is finished also when the caller goes
    /// away.
    async fn see_through(&self, request: Request) -> Result<Reply, HandlerError> {
        let handler = self.handler.clone();
        let task = self
            .commands
            .spawn(async move { handler.handle(request).await });
        task.await.unwrap_or(Err(HandlerError::OutcomeUnknown))
    }

    /// Whether the graph has shown, since the start, what the log held then.
    fn has_caught_up(&self) -> bool {
        let live_at = self.replay.progress().borrow().live_at;
        live_at.is_some_and(|live_at| self.projection.borrow().position >= live_at)
    }

    /// The token of a position of this log.
    fn token(&self, position: u64) -> async_graphql::Result<Position> {
        match self.replay.progress().borrow().log_id {
            Some(log_id) => Ok(Position { log_id, position }),
            None => Err(Code::Unavailable.error("the log is still being replayed: try again")),
        }
    }
}

impl Api {
    /// The API of a node.
    #[must_use]
    pub fn new(services: Services) -> Self {
        let schema = builder().data(services.clone()).finish();
        let validator = document::Validator::new(&sdl(), services.limits);
        Self(Arc::new(Core {
            implementers: validator.schema().implementers_map(),
            validator,
            documents: document::Cache::default(),
            schema,
            services,
        }))
    }

    /// Runs one request to its end.
    pub async fn run(&self, call: Call) -> Answered {
        request::run(&self.0, call).await
    }
}

/// The schema definition language of the API, as in `schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    builder().finish().sdl_with_options(options)
}

/// How deep the engine goes: past every document that is let through, each field and its fragment.
const ENGINE_DEPTH: usize = 150;

fn builder() -> async_graphql::SchemaBuilder<query::Query, mutation::Mutation, EmptySubscription> {
    Schema::build(
        query::Query::default(),
        mutation::Mutation,
        EmptySubscription,
    )
    // Documents are validated before they come to the engine.
    .validation_mode(ValidationMode::Fast)
    .limit_recursive_depth(ENGINE_DEPTH)
    .disable_suggestions()
}

/// The user that a global id names, if it is one.
#[must_use]
pub fn parse_user_id(global_id: &str) -> Option<UserId> {
    id::user_id(&global_id.into(), "user").ok()
}
