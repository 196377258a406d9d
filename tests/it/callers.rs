//! Callers over HTTP that register users one after the other and note what was accepted.

use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::logs::soon;

/// How many call at once.
pub(crate) const CALLERS: usize = 8;

pub(crate) struct Callers {
    count: watch::Sender<usize>,
    tasks: JoinSet<Vec<String>>,
}

impl Callers {
    /// Each calls until it gets no answer, or one that does not accept.
    pub(crate) fn start(address: &str) -> Self {
        Self::named(address, "c")
    }

    /// As [`Self::start`], with handles that begin so.
    pub(crate) fn named(address: &str, prefix: &str) -> Self {
        let count = watch::Sender::new(0);
        let mut tasks = JoinSet::new();
        for caller in 0..CALLERS {
            let (address, count) = (address.to_owned(), count.clone());
            let prefix = prefix.to_owned();
            tasks.spawn(async move {
                let client = reqwest::Client::new();
                let mut accepted = Vec::new();
                for n in 0.. {
                    let handle = format!("{prefix}{caller}-{n}");
                    let answer = register(&client, &address, &handle).await;
                    let position =
                        |answer: Value| answer["data"]["registerUser"]["position"].clone();
                    if !answer
                        .map(position)
                        .is_some_and(|position| position.is_string())
                    {
                        break;
                    }
                    accepted.push(handle);
                    count.send_modify(|count| *count += 1);
                }
                accepted
            });
        }
        Self { count, tasks }
    }

    /// Waits until so many were accepted.
    pub(crate) async fn accepted(&self, wanted: usize) {
        let mut count = self.count.subscribe();
        soon(count.wait_for(|count| *count >= wanted))
            .await
            .expect("the count is kept");
    }

    /// Waits until all have given up; the handles that were accepted.
    pub(crate) async fn give_up(self) -> Vec<String> {
        soon(self.tasks.join_all()).await.concat()
    }
}

/// Registers a user; the whole answer, if there is one.
pub(crate) async fn register(
    client: &reqwest::Client,
    address: &str,
    handle: &str,
) -> Option<Value> {
    let query = format!(
        "mutation {{ registerUser(input: {{handle: \"{handle}\", firstName: \"X\"}}) {{ position user {{ id }} }} }}"
    );
    ask(client, address, &query).await
}

/// Asks; the whole answer, if there is one.
pub(crate) async fn ask(client: &reqwest::Client, address: &str, query: &str) -> Option<Value> {
    let request = client.post(format!("{address}/graphql"));
    let response = request.json(&json!({ "query": query })).send().await.ok()?;
    response.json().await.ok()
}

/// The code of the only error of an answer.
pub(crate) fn code(answer: &Value) -> &str {
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str()
        .unwrap_or_else(|| panic!("no error: {answer}"))
}

/// Each of these users is there.
pub(crate) async fn assert_there(address: &str, handles: &[String]) {
    let client = reqwest::Client::new();
    for handle in handles {
        let query = format!("{{ user(by: {{handle: \"{handle}\"}}) {{ id }} }}");
        let answer = ask(&client, address, &query).await.expect("it answers");
        assert!(answer["data"]["user"]["id"].is_string(), "{handle} is lost");
    }
}
