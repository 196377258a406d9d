//! One GraphQL request: understood as a whole before anything of it is executed.
//!
//! In this order, and each step for the whole request: parse, validate, select the operation, coerce
//! the variables, merge the selections, price, execute. Must never run a resolver of a request that a
//! later step would refuse.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use apollo_compiler::executable::{Operation, OperationType};
use async_graphql::{Request, Response, ServerError, Value, Variables, indexmap::IndexMap};
use tokio::time::Instant;

use crate::{
    graph::budget::{Budget, Over},
    metrics as names,
};

use super::{
    Core,
    answer::{Answered, Cost, Data, leaves},
    document::Document,
    error::{Code, beyond, over_budget, refuse, without_place},
    event::Events,
    fault, freshness,
    gather::gather,
    introspection,
    lane::Blocked,
    limits::{Excess, check},
    loader::{Questions, ReadPosition},
    plan::{Executable, Plan},
    price,
    scalar::Position,
    variables,
};

/// How long a request waits for the position that its header demands.
const DEMANDED: Duration = Duration::from_secs(1);

/// From what price on a request is executed on threads of its own kind: some milliseconds of work.
const DEAR: u64 = 5_000;
/// How long after its time a request is ended that was not stopped by the graph.
const GRACE: Duration = Duration::from_millis(20);

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
    /// The values of the variables, by name.
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// The header `foaf-at-least`.
    pub at_least: Option<String>,
    /// The header `traceparent`.
    pub traceparent: Option<String>,
}

/// A request that is understood, and may be executed.
struct Understood {
    document: Arc<Document>,
    plan: Arc<Plan>,
    variables: Variables,
    /// What the schema says of itself.
    of_schema: introspection::Told,
    cost: Cost,
}

/// What a request has read and written.
#[derive(Default, Clone)]
struct Touched {
    read: Arc<ReadPosition>,
    written: Arc<AtomicU64>,
}

/// Runs one request to its end.
pub(super) async fn run(api: &Arc<Core>, call: Call) -> Answered {
    let start = Instant::now();
    let touched = Touched::default();
    let mut answered = match understand(api, &call) {
        Ok(understood) => execute(api, call, understood, &touched).await,
        Err(errors) => Answered::refused(errors),
    };
    metrics::histogram!(names::GRAPHQL_SECONDS).record(start.elapsed().as_secs_f64());
    let services = &api.services;
    let read = touched.read.get();
    let read = read.unwrap_or_else(|| services.projection.borrow().position);
    let position = read.max(touched.written.load(Ordering::Relaxed));
    answered.position = services.token(position).ok().map(Position::to_token);
    for error in &mut answered.errors {
        let code = fault::name_code(error);
        metrics::counter!(names::GRAPHQL_ERRORS, "code" => code).increment(1);
    }
    fault::bound(&mut answered.errors);
    answered
}

/// Everything that comes before the execution.
fn understand(api: &Arc<Core>, call: &Call) -> Result<Understood, Vec<ServerError>> {
    let validator = &api.validator;
    let document = api
        .documents
        .get(&call.query, || validator.validate(&call.query))?;
    let operation = document.operation(call.operation_name.as_deref());
    let operation = operation.map_err(|error| vec![error])?;
    let schema = validator.schema();
    let variables = variables::coerce(schema, operation, document.text(), &call.variables)
        .map_err(|error| vec![error])?;
    let plan = document.plan(operation.name.as_ref(), || {
        Plan::new(schema, document.executable(), operation, &variables)
    });
    let cost = afford(api, &plan, &variables).map_err(|error| vec![error])?;
    let of_schema = of_schema(api, &document, operation, &plan, &variables);
    Ok(Understood {
        document: document.clone(),
        plan,
        variables,
        of_schema,
        cost,
    })
}

/// The price, if it and the number of fields at the root are within the limits.
fn afford(api: &Arc<Core>, plan: &Plan, variables: &Variables) -> Result<Cost, ServerError> {
    let limits = api.validator.limits();
    let fields = plan.root.fields.len() as u64;
    check("rootFields", limits.root_fields, fields).map_err(Excess::refusal)?;
    if plan.operation == OperationType::Mutation {
        let commands = plan.root.fields.iter();
        let commands = commands.filter(|field| *field.name != *"__typename");
        check("mutations", limits.mutations, commands.count() as u64).map_err(Excess::refusal)?;
    }
    let cost = Cost {
        estimated: price::price(plan, variables, &api.services.reach),
        spent: 0,
        limit: limits.price,
    };
    if cost.estimated > cost.limit {
        let message = format!(
            "query: it costs {}, at most {} are allowed (--max-price): ask for shorter pages, fewer levels, or shallower walks",
            cost.estimated, cost.limit
        );
        let (limit, reached) = (cost.limit, cost.estimated);
        let error = beyond(Code::QueryTooComplex, message, "price", limit, reached);
        return Err(without_place(error));
    }
    Ok(cost)
}

/// What the operation asks of the schema.
fn of_schema(
    api: &Arc<Core>,
    document: &Document,
    operation: &Operation,
    plan: &Plan,
    variables: &Variables,
) -> introspection::Told {
    let mut fields = plan.root.fields.iter();
    if !fields.any(|field| introspection::is_about_schema(&field.name)) {
        return introspection::Told::default();
    }
    let schema = api.validator.schema();
    introspection::execute(schema, &api.implementers, document, operation, variables)
}

async fn execute(
    api: &Arc<Core>,
    call: Call,
    understood: Understood,
    touched: &Touched,
) -> Answered {
    let mut answered = Answered::refused(Vec::new());
    let cost = understood.cost;
    answered.cost = Some(cost);
    if let Some(token) = &call.at_least
        && let Err(error) = demanded(api, token).await
    {
        answered.errors.push(error);
        return answered;
    }
    let Understood {
        document,
        plan,
        variables,
        mut of_schema,
        ..
    } = understood;
    let is_ours = |name: &str| name == "__typename" || introspection::is_about_schema(name);
    let mut value = IndexMap::new();
    let mut spent = 0;
    if plan.root.fields.iter().any(|field| !is_ours(&field.name)) {
        let executable = Executable::new(&plan, &variables, |field| !is_ours(&field.name));
        let engine = Engine {
            core: api.clone(),
            is_mutation: plan.operation == OperationType::Mutation,
            traceparent: call.traceparent,
            touched: touched.clone(),
        };
        let (response, walked) = engine.run(executable, cost).await;
        answered.errors = response.errors;
        if let Value::Object(fields) = response.data {
            value = fields;
        }
        spent = walked;
    }
    answered.errors.append(&mut of_schema.errors);
    let context = fault::Context {
        schema: api.validator.schema(),
        text: document.text(),
        plan: &plan,
        variables: &variables,
    };
    for error in &mut answered.errors {
        context.reword(error);
    }
    for field in &plan.root.fields {
        if *field.name == *"__typename" {
            let root = Value::String(plan.root.of.to_string());
            value.insert(field.key.clone(), root);
        } else if let Some(told) = of_schema.fields.swap_remove(&field.key) {
            value.insert(field.key.clone(), told);
        }
    }
    let value = Value::Object(value);
    if let Some(cost) = &mut answered.cost {
        cost.spent = leaves(&value) + spent;
    }
    answered.data = Some(Data { plan, value });
    answered
}

/// What executes one tree.
struct Engine {
    core: Arc<Core>,
    is_mutation: bool,
    traceparent: Option<String>,
    touched: Touched,
}

impl Engine {
    /// Has a tree executed, where its price says, and tells what its walks have cost. Commands are
    /// given here and now: whoever waits for a turn might never know whether they were.
    async fn run(self, executable: Executable, cost: Cost) -> (Response, u64) {
        let is_here = self.is_mutation || cost.estimated <= DEAR;
        let core = self.core.clone();
        // It is large, and would be moved about as part of what waits for it.
        let execution = Box::pin(self.execute(executable));
        if is_here {
            return execution.await;
        }
        let patience = core.validator.limits().time;
        match core.services.lane.run(patience, execution).await {
            Ok(answer) => answer,
            Err(blocked) => {
                let error = match blocked {
                    Blocked::Full => Code::Unavailable
                        .error("too many dear requests are under way: try again, or ask for less"),
                    Blocked::Ended => Code::Internal.error("the request ended before its time"),
                };
                (Response::from_errors(vec![without_place(error)]), 0)
            }
        }
    }

    async fn execute(self, executable: Executable) -> (Response, u64) {
        let services = &self.core.services;
        let limits = self.core.validator.limits();
        let budget = Budget::new(limits.time, price::friendships(limits.price));
        let _caller = budget.caller();
        let (gather, gathered) = gather();
        let read = self.touched.read.clone();
        let mut request = Request::new(String::new())
            .data(Questions::new(services, read, &gather))
            .data(Events::of(services, &gather))
            .data(Caller {
                actor: services.actor.clone(),
                traceparent: self.traceparent,
                written: self.touched.written.clone(),
            });
        request.set_parsed_query(executable.into_inner());
        let execution = gathered.run(self.core.schema.execute(request));
        let execution = budget.clone().scope(execution);
        let response = if self.is_mutation {
            // Commands have a time of their own, and their outcomes are to be told.
            execution.await
        } else {
            // What the graph did not stop itself ends here.
            let stopped = tokio::time::timeout(limits.time + GRACE, execution).await;
            stopped.unwrap_or_else(|_| {
                let limit = limits.time;
                let error = over_budget(Over::Time { limit });
                Response::from_errors(vec![without_place(error)])
            })
        };
        (response, price::of_walk(budget.spent()))
    }
}

/// Waits for the position that the header demands.
async fn demanded(api: &Arc<Core>, token: &str) -> Result<(), ServerError> {
    let wanted = Position::parse_token(token).ok_or_else(|| {
        refuse(
            Code::PositionUnknown,
            "foaf-at-least: not a position: pass on what `foaf-position` or a mutation gave",
        )
    })?;
    freshness::wait(&api.services, wanted, DEMANDED)
        .await
        .map_err(without_place)
}
