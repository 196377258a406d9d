//! Requests that would hurt the process, and answers that must keep their form: what a hostile or
//! clumsy client meets.

mod budgets;
mod form;
mod http_edges;
mod servers_down;
mod slow_clients;

use serde_json::json;

use crate::service::{GraphKind, LogKind, Places, Service};

async fn service() -> (Places, Service) {
    let places = Places::new(LogKind::Sqlite, GraphKind::Embedded).await;
    let service = Service::start(&places).await;
    (places, service)
}

/// The text of an answer, whose order `Value` would lose.
async fn text(service: &Service, query: &str) -> String {
    let body = json!({ "query": query }).to_string();
    service.text(body).await
}

#[tokio::test]
async fn brackets_cannot_hide_their_depth_in_comments_or_strings() {
    let (_places, service) = service().await;
    let deep = |open: &str| {
        let (open, close) = (open.repeat(1_000), "]".repeat(1_000));
        format!("{{ nodes(ids: {open}{close}) {{ id }} }}")
    };
    for open in [
        "[#]\n",
        "[#]\r",
        "[\"]\"",
        "[\"\"\"]\\\"\"\"]\"\"\"",
        "[\"\\\"]\"",
    ] {
        let (code, message) = service.fault(&deep(open), json!({})).await;
        assert_eq!(code, "QUERY_TOO_COMPLEX", "{open:?}: {message}");
    }
    let (code, _) = service.fault("{ nodes(ids: [\"\"\"]]]", json!({})).await;
    assert_eq!(code, "BAD_INPUT", "a text without an end");
    let smiles = "# :( {{{ [[[ \" '\n".repeat(200);
    let query = format!(
        "{smiles} {{ users(filter: {{handlePrefix: \"\"\"{smiles}\"\"\"}}) {{ totalCount }} }}"
    );
    service.ask(&query, json!({})).await;
    service.stop().await;
}

#[tokio::test]
async fn spreads_count_also_where_they_lead_nowhere() {
    let (_places, service) = service().await;
    let tree = |ends_in: &str| {
        let mut query = "{ ...F0 }".to_owned();
        for n in 0..28 {
            let next = format!("...F{} ", n + 1).repeat(3);
            query.extend([" fragment F", &n.to_string(), " on Query { ", &next, " }"]);
        }
        query + ends_in
    };
    let (code, message) = service.fault(&tree(""), json!({})).await;
    assert_eq!(code, "QUERY_TOO_COMPLEX", "{message}");
    let empty = " fragment F28 on Query { __typename @skip(if: true) }";
    let (code, message) = service.fault(&tree(empty), json!({})).await;
    assert_eq!(code, "QUERY_TOO_COMPLEX", "{message}");
    let unused = tree(empty).replace("{ ...F0 }", "{ __typename }");
    let (code, message) = service.fault(&unused, json!({})).await;
    assert_eq!(code, "QUERY_TOO_COMPLEX", "{message}");
    service.stop().await;
}

#[tokio::test]
async fn an_answer_about_errors_is_short() {
    let (_places, service) = service().await;
    let line = format!(
        "{{ users(filter: {{handlePrefix: \"{}\"}}) (",
        "x".repeat(34_000)
    );
    let unused: Vec<String> = (0..6_000).map(|n| format!("$v{n}:Int")).collect();
    let unused = format!("query({}) {{ __typename }}", unused.join(" "));
    let value = format!(
        "{{ users(first: \"{}\") {{ totalCount }} }}",
        "é".repeat(20_000)
    );
    let failing: Vec<String> = (0..150)
        .map(|n| format!("a{n}: user(by: {{handle: \"\"}}) {{ id }}"))
        .collect();
    let failing = format!("{{ {} }}", failing.join(" "));
    for query in [line, unused, value] {
        let body = text(&service, &query).await;
        assert!(body.len() < 20_000, "{} bytes", body.len());
    }
    let unknown: Vec<String> = (0..3_000).map(|n| format!("x{n}")).collect();
    let unknown = format!("{{ {} }}", unknown.join(" "));
    let body = service.send(&unknown, json!({})).await.body;
    let errors = body["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 50);
    assert_eq!(errors[49]["message"], "2951 more errors are not shown");
    let body = service.send(&failing, json!({})).await.body;
    let errors = body["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 51);
    assert_eq!(errors[50]["message"], "100 more errors are not shown");
    assert_eq!(
        body["data"].as_object().map(serde_json::Map::len),
        Some(150)
    );
    service.stop().await;
}

#[tokio::test]
async fn a_cursor_is_of_one_list() {
    let (_places, service) = service().await;
    service.import("karate").await;
    let one = |list: &str| {
        format!(
            "{{ user(by: {{handle: \"karate-1\"}}) {{ list: {list} {{ edges {{ cursor }} }} }} }}"
        )
    };
    let by_id = service.ask(&one("friends(first: 1)"), json!({})).await;
    let by_time = service
        .ask(&one("friends(first: 1, orderBy: SINCE)"), json!({}))
        .await;
    let of_users = service
        .ask("{ list: users(first: 1) { edges { cursor } } }", json!({}))
        .await;
    let cursor = |found: &serde_json::Value| {
        found["edges"][0]["cursor"]
            .as_str()
            .expect("a cursor")
            .to_owned()
    };
    let by_id = cursor(&by_id["user"]["list"]);
    let by_time = cursor(&by_time["user"]["list"]);
    let of_users = cursor(&of_users["list"]);
    let id = service.id("karate-2").await;
    for (list, after, is_good) in [
        ("friends(", &by_id, true),
        ("friends(orderBy: SINCE ", &by_time, true),
        ("friends(", &of_users, false),
        (&format!("mutualFriends(with: \"{id}\" "), &by_id, false),
        (&format!("mutualFriends(with: \"{id}\" "), &of_users, false),
        ("friendRequests(", &by_time, false),
        ("blockedUsers(", &by_time, false),
    ] {
        let query = one(&format!("{list} after: \"{after}\")"));
        if is_good {
            service.ask(&query, json!({})).await;
        } else {
            let (code, message) = service.fault(&query, json!({})).await;
            assert_eq!(code, "BAD_INPUT", "{query}");
            assert!(
                message.starts_with("after: not a cursor of this list"),
                "{query}: {message}"
            );
        }
    }
    service.stop().await;
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_demand_that_is_no_position_is_an_error() {
    let (_places, service) = service().await;
    let body = json!({ "query": "{ __typename }" }).to_string();
    for demand in ["nonsense", "", "ä", "\u{1f980}"] {
        let reply = service
            .post(&[JSON, ("foaf-at-least", demand)], body.clone())
            .await;
        assert_eq!(
            reply.body["errors"][0]["extensions"]["code"], "POSITION_UNKNOWN",
            "{demand:?}"
        );
    }
    let query = "query($p: Position!) { atLeast(position: $p) { projection { state } } }";
    let (code, message) = service.fault(query, json!({ "p": "nonsense" })).await;
    assert_eq!(code, "POSITION_UNKNOWN", "{message}");
    let position = service
        .post(&[JSON], body)
        .await
        .position
        .expect("it says where it stands");
    let query =
        "query($p: Position!) { atLeast(position: $p, waitMs: 0) { projection { state } } }";
    let end = base64_of_the_end(&position);
    let reply = service.send(query, json!({ "p": end })).await;
    let extensions = &reply.body["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "POSITION_NOT_REACHED");
    assert_eq!(extensions["lagRecords"], (1_u64 << 53) - 1);
    service.stop().await;
}

/// The furthest position of the same log.
fn base64_of_the_end(position: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut bytes = URL_SAFE_NO_PAD.decode(position).expect("a token");
    bytes[16..].fill(0xff);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a_list_is_no_request() {
    let (_places, service) = service().await;
    for body in [
        r#"["{__typename}",null,{}]"#,
        " \n[{\"query\":\"{__typename}\"}]",
        "[]",
    ] {
        let reply = service.post(&[JSON], body).await;
        let message = reply.body["errors"][0]["message"]
            .as_str()
            .unwrap_or_default();
        assert_eq!(
            (reply.status, message.contains("batches")),
            (400, true),
            "{body}: {}",
            reply.body
        );
    }
    service.stop().await;
}

#[tokio::test]
async fn what_must_be_there_cannot_be_taken_away() {
    let (_places, service) = service().await;
    let ada = service.register("ada", "Ada").await;
    let query = "mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { user { name handle } rejection { code } } }";
    for field in ["handle", "firstName"] {
        let input = json!({ "i": { "user": ada, field: null } });
        let (code, message) = service.fault(query, input).await;
        assert_eq!(code, "BAD_INPUT");
        assert!(
            message.starts_with(&format!("input.{field}: ")),
            "{message}"
        );
    }
    let input = json!({ "i": { "user": ada, "firstName": "Eda" } });
    let payload = &service.ask(query, input).await["updateProfile"];
    assert_eq!(payload["user"], json!({ "name": "Eda", "handle": "ada" }));
    let input = json!({ "i": { "user": ada, "firstName": "\u{200b}" } });
    let payload = &service.ask(query, input).await["updateProfile"];
    assert_eq!(payload["rejection"]["code"], "INVALID_NAME");
    service.stop().await;
}
