//! The released program as a process.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::Client;
use serde_json::{Value, json};

/// A program that serves.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: String,
    pub(crate) client: Client,
}

fn foaf(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foaf"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FOAF_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Imports an edge list.
pub(crate) fn import(edges: &Path, stores: &[String]) {
    let edges = edges.display().to_string();
    let stores = stores.iter().map(String::as_str);
    let arguments: Vec<_> = ["import", &edges, "--name", "u", "--max-friends", "0"]
        .into_iter()
        .chain(stores)
        .collect();
    let output = foaf(&arguments).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
}

impl Serving {
    /// Serves over these stores.
    pub(crate) fn over(stores: &[String]) -> Self {
        let stores = stores.iter().map(String::as_str);
        let serve = ["serve", "--listen", "127.0.0.1:0", "--max-friends", "0"];
        Self::start(&serve.into_iter().chain(stores).collect::<Vec<_>>())
    }

    /// Starts, and waits until it has printed its address.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = foaf(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let address = lines.map_while(Result::ok).find_map(|line| {
            let address = &line[line.find("http://")?..];
            Some(address.split_whitespace().next()?.to_owned())
        });
        Self {
            child,
            address: address.expect("it prints its address"),
            // Less than the server keeps one that says nothing.
            client: Client::builder()
                .pool_idle_timeout(Duration::from_secs(10))
                .build()
                .expect("a client"),
        }
    }

    pub(crate) async fn ask(&self, query: &str) -> Value {
        let request = self.client.post(format!("{}/graphql", self.address));
        let request = request.json(&json!({ "query": query }));
        let answer = request.send().await.expect("it answers");
        answer.json().await.expect("JSON")
    }

    /// The id of a user.
    pub(crate) async fn id(&self, handle: &str) -> String {
        let found = self
            .ask(&format!(
                "{{ user(by: {{handle: \"{handle}\"}}) {{ id }} }}"
            ))
            .await;
        let id = found["data"]["user"]["id"].as_str();
        id.unwrap_or_else(|| panic!("{found}")).to_owned()
    }

    /// The most memory that it has held, in megabytes.
    pub(crate) fn peak(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(status).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        kilobytes.expect("a size").parse::<u64>().expect("a number") / 1_024
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended, or is ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
