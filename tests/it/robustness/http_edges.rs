//! The edges of HTTP: what is refused early is answered so that the client reads it, and what cannot
//! be answered takes no effect.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::service;
use crate::{logs::soon, service::Service};

/// Sends a head and a body by hand, and gives everything that came back until the server hung up.
async fn exchange(service: &Service, head: &str, body: &[u8]) -> String {
    call(service, "localhost", head, body).await
}

/// Likewise, by another name.
async fn call(service: &Service, host: &str, head: &str, body: &[u8]) -> String {
    let address = service.address.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n{head}\r\n",
        body.len()
    );
    let mut answer = Vec::new();
    soon(async {
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream
            .write_all(body)
            .await
            .expect("a body is read to its end");
        stream.read_to_end(&mut answer).await.expect("no reset");
    })
    .await;
    String::from_utf8(answer).expect("text")
}

/// Has the answer this status and this part, and does it bid the browser guess no type?
fn assert_answer(answer: &str, status: &str, part: &str) {
    let status = format!("HTTP/1.1 {status} ");
    assert!(answer.starts_with(&status), "{answer}");
    assert!(answer.contains(part), "{answer}");
    let nosniff = "x-content-type-options: nosniff";
    assert!(answer.contains(nosniff), "{answer}");
}

#[tokio::test]
async fn an_early_refusal_can_be_read_by_who_is_still_sending() {
    let (_places, service) = service().await;
    let large = vec![b' '; 6 * 1024 * 1024];
    for (head, status, part) in [
        (
            "content-type: application/json\r\n",
            "413",
            "more than 524288 bytes",
        ),
        ("content-type: text/plain\r\n", "415", "content-type:"),
        (
            "content-type: application/json\r\naccept: text/html\r\n",
            "406",
            "accept:",
        ),
    ] {
        let answer = exchange(&service, head, &large).await;
        assert_answer(&answer, status, part);
    }
    service.stop().await;
}

#[tokio::test]
async fn what_cannot_be_answered_takes_no_effect() {
    let (_places, service) = service().await;
    let body = json!({ "query": "mutation { registerUser(input: {handle: \"ada\", firstName: \"A\"}) { position } }" });
    let json = ("content-type", "application/json");
    for (name, value) in [
        ("accept", "text/html"),
        ("accept", "application/json;q=0, */*;q=0"),
        ("accept-encoding", "identity;q=0, br"),
        ("accept-encoding", "*;q=0"),
    ] {
        let reply = service.post(&[json, (name, value)], body.to_string()).await;
        assert_eq!(reply.status, 406, "{name}: {value}: {}", reply.body);
    }
    let users = service.ask("{ users { totalCount } }", json!({})).await;
    assert_eq!(users["users"]["totalCount"], 0);
    service.stop().await;
}

#[tokio::test]
async fn every_answer_forbids_to_guess_its_kind() {
    let (_places, service) = service().await;
    let client = reqwest::Client::new();
    for path in [
        "/",
        "/graphql",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/nowhere",
    ] {
        let response = client
            .get(format!("{}{path}", service.address))
            .send()
            .await;
        let response = response.expect("it answers");
        let header = response.headers().get("x-content-type-options");
        assert_eq!(
            header.and_then(|value| value.to_str().ok()),
            Some("nosniff"),
            "{path}"
        );
    }
    service.stop().await;
}

#[tokio::test]
async fn apollos_clients_are_told_to_send_whole_documents() {
    let (_places, service) = service().await;
    let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let json = ("content-type", "application/json");
    let reply = service
        .post(&[json], json!({ "extensions": extensions }).to_string())
        .await;
    let error = &reply.body["errors"][0];
    assert_eq!(
        (
            reply.status,
            &error["message"],
            &error["extensions"]["code"]
        ),
        (
            200,
            &json!("PersistedQueryNotSupported"),
            &json!("PERSISTED_QUERY_NOT_SUPPORTED")
        )
    );
    let whole = json!({ "query": "{ __typename }", "extensions": extensions });
    let reply = service.post(&[json], whole.to_string()).await;
    assert_eq!(reply.body["data"], json!({ "__typename": "Query" }));
    service.stop().await;
}

#[tokio::test]
async fn the_status_fits_the_form_of_the_answer() {
    let (_places, service) = service().await;
    let body = json!({ "query": "{ nonsense }" }).to_string();
    let client = reqwest::Client::new();
    for (accept, status, form) in [
        (None, 400, "application/graphql-response+json"),
        (Some("*/*"), 400, "application/graphql-response+json"),
        (Some("application/json"), 200, "application/json"),
        (Some("Application/JSON; q=0.5"), 200, "application/json"),
        (
            Some("application/graphql-response+json;q=0, */*;q=0.1"),
            200,
            "application/json",
        ),
    ] {
        let mut request = client.post(format!("{}/graphql", service.address));
        request = request
            .header("content-type", "application/json")
            .body(body.clone());
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let mut request = request.build().expect("a request");
        if accept.is_none() {
            request.headers_mut().remove("accept");
        }
        let response = soon(client.execute(request)).await.expect("it answers");
        let kind = response.headers()["content-type"]
            .to_str()
            .expect("text")
            .to_owned();
        assert_eq!(response.status().as_u16(), status, "{accept:?}");
        assert!(kind.starts_with(&format!("{form};")), "{accept:?}: {kind}");
    }
    service.stop().await;
}

/// A page of a foreign site that has given its name this machine's address reads and writes nothing.
#[tokio::test]
async fn a_foreign_name_or_page_is_refused_and_takes_no_effect() {
    let (_places, service) = service().await;
    let register = |handle: &str| {
        let input = format!("{{handle: \"{handle}\", firstName: \"A\"}}");
        let query = format!("mutation {{ registerUser(input: {input}) {{ position }} }}");
        json!({ "query": query }).to_string()
    };
    let json_type = "content-type: application/json\r\n";
    for (host, origin, status, part) in [
        ("evil.example:8080", "", "421", "--hosts"),
        ("localhost\r\nhost: localhost", "", "400", "Host"),
        ("localhost:8080:9", "", "400", "Host"),
        (
            "localhost",
            "origin: http://localhost\r\norigin: http://evil.example\r\n",
            "403",
            "evil.example",
        ),
        (
            "localhost:8080",
            "origin: http://evil.example\r\n",
            "403",
            "Origin",
        ),
        (
            "localhost:8080",
            "origin: http://localhost:3000\r\n",
            "200",
            "position",
        ),
    ] {
        let head = format!("{json_type}{origin}");
        let body = register(if status == "200" { "yes" } else { "no" });
        let answer = call(&service, host, &head, body.as_bytes()).await;
        assert_answer(&answer, status, part);
    }
    let users = service.ask("{ users { totalCount } }", json!({})).await;
    assert_eq!(users["users"]["totalCount"], 1, "only the allowed one");
    // What operators ask is as private.
    let client = reqwest::Client::new();
    let metrics = client.get(format!("{}/metrics", service.address));
    let answer = soon(metrics.header("host", "evil.example").send()).await;
    assert_eq!(answer.expect("it answers").status().as_u16(), 421);
    service.stop().await;
}
