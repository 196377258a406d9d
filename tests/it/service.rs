//! A whole foaf over HTTP: started in this process, asked as a front end would ask it.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use foaf::{
    app::{self, Node, Upkeep},
    config::{GraphUrl, KafkaSecurity, LogUrl, Stores},
    graph::{Graph, digest::Digest},
    import::{self, Source, Summary},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{logs, neo4j_graph::Database};

/// Which log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogKind {
    Sqlite,
    Kafka,
}

/// Which graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GraphKind {
    Embedded,
    Neo4j,
}

/// The four combinations.
pub(crate) const COMBINATIONS: [(LogKind, GraphKind); 4] = [
    (LogKind::Sqlite, GraphKind::Embedded),
    (LogKind::Sqlite, GraphKind::Neo4j),
    (LogKind::Kafka, GraphKind::Embedded),
    (LogKind::Kafka, GraphKind::Neo4j),
];

/// A test of each combination, by an async function of it.
macro_rules! on_every_combination {
    ($test:ident) => {
        $crate::service::on_every_combination!($test:
            0 on_sqlite_and_embedded, 1 on_sqlite_and_neo4j,
            2 on_kafka_and_embedded, 3 on_kafka_and_neo4j);
    };
    ($test:ident: $($number:literal $name:ident),*) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            $test($crate::service::COMBINATIONS[$number]).await;
        }
    )* };
}
pub(crate) use on_every_combination;

/// The places that a service keeps its data in; several services can use them, one after another.
pub(crate) struct Places {
    pub(crate) log: LogUrl,
    pub(crate) graph: GraphUrl,
    _folder: Option<TempDir>,
    /// Held as long as the test needs the one database that there is.
    _database: Option<Database>,
}

impl Places {
    /// An empty log and an empty graph.
    pub(crate) async fn new(log: LogKind, graph: GraphKind) -> Self {
        let mut folder = None;
        let log = match log {
            LogKind::Sqlite => {
                let new = tempfile::tempdir().expect("a temporary folder");
                let url = LogUrl::Sqlite(new.path().to_owned());
                folder = Some(new);
                url
            }
            LogKind::Kafka => {
                let topic = logs::fresh_topic();
                LogUrl::Kafka {
                    brokers: topic.brokers,
                    topic: topic.topic,
                    security: KafkaSecurity::default(),
                }
            }
        };
        let database = match graph {
            GraphKind::Embedded => None,
            GraphKind::Neo4j => Some(Database::empty().await),
        };
        Self {
            log,
            graph: database
                .as_ref()
                .map_or(GraphUrl::Embedded, |database| database.url.clone()),
            _folder: folder,
            _database: database,
        }
    }

    pub(crate) fn stores(&self) -> Stores {
        Stores {
            log: self.log.clone(),
            graph: self.graph.clone(),
            snapshots: None,
            writing: Duration::from_secs(10).into(),
            start_timeout: Duration::from_secs(10),
        }
    }
}

/// A running service.
pub(crate) struct Service {
    pub(crate) address: String,
    client: reqwest::Client,
    stop: CancellationToken,
    task: Option<JoinHandle<anyhow::Result<()>>>,
    graph: Arc<dyn Graph>,
    import: import::Target,
}

/// What a service answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) position: Option<String>,
    pub(crate) body: Value,
}

impl Service {
    /// Starts on an own port and waits until it is ready.
    pub(crate) async fn start(places: &Places) -> Self {
        Self::with(&places.stores()).await
    }

    pub(crate) async fn with(stores: &Stores) -> Self {
        let node = Node::start(stores).await.expect("the node starts");
        Self::of(node).await
    }

    /// Starts, and looks after its graph.
    pub(crate) async fn attended(places: &Places, upkeep: Upkeep) -> Self {
        let mut node = Node::start(&places.stores())
            .await
            .expect("the node starts");
        node.attend(upkeep).await.expect("a control socket");
        Self::of(node).await
    }

    pub(crate) async fn of(mut node: Node) -> Self {
        let (listener, address) = app::bind("127.0.0.1:0").await.expect("a free port");
        logs::soon(node.ready()).await.expect("the node is ready");
        let graph = node.services().graph.clone();
        let import = node.import_target();
        let stop = CancellationToken::new();
        #[expect(clippy::disallowed_methods, reason = "stop() waits for it")]
        let task = tokio::spawn(app::serve(node, listener, stop.clone(), || {}));
        Self {
            address: format!("http://{address}"),
            client: reqwest::Client::new(),
            stop,
            task: Some(task),
            graph,
            import,
        }
    }

    /// Stops as SIGTERM does, and fails if it did not stop well.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        let task = self.task.take().expect("it runs");
        let stopped = logs::soon(task).await.expect("no panic");
        stopped.expect("it stops well");
    }

    /// Sends a body as it is.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], body: impl Into<String>) -> Reply {
        let mut request = self.client.post(format!("{}/graphql", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).build().expect("a request");
        let response = logs::soon(self.client.execute(request)).await;
        let response = response.expect("it answers");
        let position = response.headers().get("foaf-position");
        Reply {
            status: response.status().as_u16(),
            position: position.map(|value| value.to_str().expect("ASCII").to_owned()),
            body: response.json().await.expect("JSON"),
        }
    }

    /// Sends a JSON body and gives the answer as it was sent.
    pub(crate) async fn text(&self, body: String) -> String {
        let request = self.client.post(format!("{}/graphql", self.address));
        let request = request.header("content-type", "application/json");
        let request = request.body(body).build().expect("a request");
        let response = logs::soon(self.client.execute(request)).await;
        let response = response.expect("it answers");
        response.text().await.expect("text")
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let response = self.client.get(format!("{}{path}", self.address)).send();
        let response = logs::soon(response).await.expect("it answers");
        let status = response.status().as_u16();
        (status, response.text().await.expect("text"))
    }

    /// Sends a document with variables.
    pub(crate) async fn send(&self, query: &str, variables: Value) -> Reply {
        let body = json!({ "query": query, "variables": variables });
        let headers = [("content-type", "application/json")];
        self.post(&headers, body.to_string()).await
    }

    /// Asks, and fails on an error.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let mut reply = self.send(query, variables).await;
        assert!(
            reply.body.get("errors").is_none(),
            "{query}: {:#}",
            reply.body
        );
        reply.body["data"].take()
    }

    /// Asks, and expects one error: its code and message.
    pub(crate) async fn fault(&self, query: &str, variables: Value) -> (String, String) {
        let reply = self.send(query, variables).await;
        let error = &reply.body["errors"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        assert!(error.is_object(), "{query}: {:#}", reply.body);
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }

    /// The id of the user with this handle.
    pub(crate) async fn id(&self, handle: &str) -> String {
        let query = "query($h: String!) { user(by: {handle: $h}) { id } }";
        let found = self.ask(query, json!({ "h": handle })).await;
        let id = found["user"]["id"].as_str();
        id.unwrap_or_else(|| panic!("nobody is {handle}"))
            .to_owned()
    }

    /// Runs a mutation, and gives its position and rejection.
    pub(crate) async fn mutate(&self, name: &str, kind: &str, input: Value) -> Value {
        let query = format!(
            "mutation($i: {kind}!) {{ {name}(input: $i) {{ position rejection {{ code }} }} }}"
        );
        let mut answer = self.ask(&query, json!({ "i": input })).await;
        answer[name].take()
    }

    /// Registers a user and gives the id.
    pub(crate) async fn register(&self, handle: &str, first_name: &str) -> String {
        let query = "mutation($i: RegisterUserInput!) { registerUser(input: $i) { user { id } rejection { code } } }";
        let input = json!({ "i": { "handle": handle, "firstName": first_name } });
        let answer = self.ask(query, input).await;
        let id = answer["registerUser"]["user"]["id"].as_str();
        id.unwrap_or_else(|| panic!("{handle}: {answer}"))
            .to_owned()
    }

    /// Imports a file of `tests/data/edges`.
    pub(crate) async fn import(&self, data_set: &str) -> Summary {
        let source = Source::edge_list(edges(data_set), None).expect("a good name");
        let stop = CancellationToken::new();
        import::run(&self.import, &source, |_| {}, &stop)
            .await
            .expect("it can be imported")
    }

    /// The digest that the graph's cursor holds.
    pub(crate) async fn digest(&self) -> Digest {
        let cursor = self.graph.cursor().await.expect("the graph answers");
        cursor.expect("something was projected").digest
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let is_stopped = self.task.is_none();
        assert!(
            is_stopped || std::thread::panicking(),
            "a test must stop its service, to see it stop well"
        );
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} and {:?}", self.log, self.graph)
    }
}

/// An edge list of the tests' data.
pub(crate) fn edges(data_set: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/edges");
    let plain = folder.join(format!("{data_set}.txt"));
    if plain.exists() {
        plain
    } else {
        folder.join(format!("{data_set}.txt.gz"))
    }
}
