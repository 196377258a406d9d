//! Bad input over HTTP: each answer names the place and the fix, and nothing is half done.

use serde_json::{Value, json};

use crate::service::{GraphKind, LogKind, Places, Service};

const JSON: (&str, &str) = ("content-type", "application/json");
type Headers = &'static [(&'static str, &'static str)];

const UNKNOWN: &str = "VXNlcjowMDAwMDAwMC0wMDAwLTgwMDAtODAwMC0wMDAwMDAwMDAwMDA";

async fn service() -> (Places, Service) {
    let places = Places::new(LogKind::Sqlite, GraphKind::Embedded).await;
    let service = Service::start(&places).await;
    (places, service)
}

/// Every query is refused with this code, and a message with this part.
async fn refused(service: &Service, cases: &[(String, &str, &str)]) {
    for (query, code, part) in cases {
        let fault = service.fault(query, json!({})).await;
        assert_eq!(fault.0, *code, "{query}: {}", fault.1);
        assert!(fault.1.contains(part), "{query}: {}", fault.1);
    }
}

#[tokio::test]
async fn ids() {
    let (_places, service) = service().await;
    let ada = service.register("ada", "Ada").await;
    let bob = service.register("bob", "Bob").await;
    let found = service
        .ask(
            "query($ids: [ID!]!) { friendship(between: $ids) { id } }",
            json!({ "ids": [ada, bob] }),
        )
        .await;
    let pair = found["friendship"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let bad = "BAD_INPUT";
    refused(
        &service,
        &[
            ("{ node(id: \"???\") { id } }".to_owned(), bad, "id: not an id"),
            (format!("{{ user(by: {{id: \"{pair}\"}}) {{ id }} }}"), bad, "Friendship"),
            ("{ user(by: {uuid: \"12\"}) { id } }".to_owned(), bad, "by.uuid: not a UUID"),
            ("{ user(by: {handle: \"a b\"}) { id } }".to_owned(), bad, "by.handle:"),
            ("{ user(by: {}) { id } }".to_owned(), bad, "give one of handle, id, uuid"),
            (format!("{{ path(from: \"{UNKNOWN}\", to: \"{ada}\") {{ length }} }}"), "NOT_FOUND", "from:"),
            (format!("{{ path(from: \"{ada}\", to: \"{UNKNOWN}\") {{ length }} }}"), "NOT_FOUND", "to:"),
            (format!("{{ path(from: \"{ada}\", to: \"{bob}\", maxLength: 21) {{ length }} }}"), bad, "maxLength: must be 1 to 20"),
            (format!("{{ friendship(between: [\"{ada}\", \"{ada}\"]) {{ id }} }}"), bad, "between: both"),
            (format!("{{ friendship(between: [\"{ada}\"]) {{ id }} }}"), bad, "between: give"),
            (format!("{{ relationships(from: \"{UNKNOWN}\", to: [\"{ada}\"]) {{ distance }} }}"), "NOT_FOUND", "from:"),
            (format!("{{ user(by: {{id: \"{ada}\"}}) {{ mutualFriends(with: \"{UNKNOWN}\") {{ totalCount }} }} }}"), "NOT_FOUND", "with:"),
            (format!("{{ user(by: {{id: \"{ada}\"}}) {{ relationTo(user: \"{UNKNOWN}\") {{ distance }} }} }}"), "NOT_FOUND", "user:"),
        ],
    )
    .await;
    let found = service
        .ask(
            &format!("{{ user(by: {{id: \"{UNKNOWN}\"}}) {{ id }} }}"),
            json!({}),
        )
        .await;
    assert_eq!(found["user"], Value::Null);
    let many: Vec<&str> = vec![&ada; 1_001];
    let query = "query($to: [ID!]!) { nodes(ids: $to) { id } }";
    let (code, message) = service.fault(query, json!({ "to": many })).await;
    assert_eq!(
        (code.as_str(), message.contains("1000")),
        (bad, true),
        "{message}"
    );
    service.stop().await;
}

#[tokio::test]
async fn pages_and_cursors() {
    let (_places, service) = service().await;
    service.register("ada", "Ada").await;
    let bad = "BAD_INPUT";
    for size in ["0", "-1", "1000000000", "501"] {
        for (query, argument) in [
            (
                format!("{{ users(first: {size}) {{ totalCount }} }}"),
                "first",
            ),
            (
                format!("{{ users(last: {size}) {{ totalCount }} }}"),
                "last",
            ),
            (
                format!(
                    "{{ user(by: {{handle: \"ada\"}}) {{ friends(first: {size}) {{ totalCount }} }} }}"
                ),
                "first",
            ),
            (
                format!(
                    "{{ user(by: {{handle: \"ada\"}}) {{ recommendations(first: {size}) {{ edges {{ score }} }} }} }}"
                ),
                "first",
            ),
        ] {
            let (code, message) = service.fault(&query, json!({})).await;
            assert_eq!(code, bad, "{query}: {message}");
            let expected = format!("{argument}: must be 1 to 500, not {size}");
            assert!(message.contains(&expected), "{query}: {message}");
        }
    }
    let ask = |field: &str| format!("{{ user(by: {{handle: \"ada\"}}) {{ {field} }} }}");
    let by_id = service
        .ask("{ users(first: 1) { pageInfo { endCursor } } }", json!({}))
        .await;
    let by_id = by_id["users"]["pageInfo"]["endCursor"]
        .as_str()
        .expect("a cursor")
        .to_owned();
    refused(
        &service,
        &[
            (
                ask("friends(after: \"%%%\") { totalCount }"),
                bad,
                "after: not a cursor",
            ),
            (
                ask(&format!(
                    "friends(orderBy: NAME, after: \"{by_id}\") {{ totalCount }}"
                )),
                bad,
                "after: not a cursor",
            ),
            (
                ask(&format!(
                    "friendsOfFriends(before: \"{by_id}\") {{ totalCount }}"
                )),
                bad,
                "before: not a cursor",
            ),
            (
                ask("friends(first: 1, last: 1) { totalCount }"),
                bad,
                "last: give first or last",
            ),
            (
                ask("friendsOfFriends(depth: 7) { totalCount }"),
                bad,
                "depth: must be 2 to 6",
            ),
            (
                ask("network(depth: 0) { reached }"),
                bad,
                "depth: must be 1 to 6",
            ),
            (
                ask("friends(first: 3000000000) { totalCount }"),
                bad,
                "3000000000: write a whole number",
            ),
        ],
    )
    .await;
    service.stop().await;
}

#[tokio::test]
async fn names_and_handles() {
    let (_places, service) = service().await;
    let register = async |handle: &str, first: &str, last: Option<&str>| {
        let query = "mutation($i: RegisterUserInput!) { registerUser(input: $i) { user { firstName lastName } rejection { code field message } } }";
        let input = json!({ "handle": handle, "firstName": first, "lastName": last });
        service.ask(query, json!({ "i": input })).await["registerUser"].take()
    };
    let long = "x".repeat(10_000);
    for (handle, first, last, code, field) in [
        (long.as_str(), "A", None, "INVALID_HANDLE", "handle"),
        ("", "A", None, "INVALID_HANDLE", "handle"),
        ("a b", "A", None, "INVALID_HANDLE", "handle"),
        ("🦀", "A", None, "INVALID_HANDLE", "handle"),
        ("a", long.as_str(), None, "INVALID_NAME", "firstName"),
        ("a", " ", None, "INVALID_NAME", "firstName"),
        ("a", "A\u{7}", None, "INVALID_NAME", "firstName"),
        ("a", "A", Some(long.as_str()), "INVALID_NAME", "lastName"),
        ("a", "A", Some("B\nC"), "INVALID_NAME", "lastName"),
    ] {
        let payload = register(handle, first, last).await;
        assert_eq!(payload["rejection"]["code"], code, "{payload}");
        assert_eq!(payload["rejection"]["field"], field, "{payload}");
        assert_eq!(payload["user"], Value::Null);
    }
    let users = service.ask("{ users { totalCount } }", json!({})).await;
    assert_eq!(users["users"]["totalCount"], 0, "nothing was half done");
    let payload = register("a", "👩‍👩‍👧 Ωμέγα", Some("محمد")).await;
    assert_eq!(
        payload["user"],
        json!({ "firstName": "👩‍👩‍👧 Ωμέγα", "lastName": "محمد" })
    );
    let key = "mutation($i: RegisterUserInput!) { registerUser(input: $i) { position } }";
    for name in [String::new(), "k".repeat(256)] {
        let input = json!({ "i": { "handle": "b", "firstName": "B", "idempotencyKey": name } });
        let (code, message) = service.fault(key, input).await;
        assert_eq!(code, "BAD_INPUT");
        assert!(
            message.contains("idempotencyKey: must be 1 to 255"),
            "{message}"
        );
    }
    service.stop().await;
}

#[tokio::test]
async fn requests() {
    let (_places, service) = service().await;
    let query = json!({ "query": "{ users { totalCount } }" }).to_string();
    let member =
        |name: &str, value: Value| json!({ "query": "{ __typename }", name: value }).to_string();
    let cases: [(Headers, String, u16, &str); 20] = [
        (
            &[("content-type", "text/plain")],
            query.clone(),
            415,
            "content-type",
        ),
        (&[], query.clone(), 415, "content-type"),
        (&[JSON], format!("[{query}]"), 400, "batches"),
        (&[JSON], "{".to_owned(), 400, "body:"),
        (&[JSON], "{}".to_owned(), 400, "query:"),
        (&[JSON], " ".repeat(600_000), 413, "body:"),
        (
            &[JSON],
            json!({ "query": "{ nonsense }" }).to_string(),
            400,
            "nonsense",
        ),
        (
            &[JSON, ("accept", "application/json")],
            json!({ "query": "{ nonsense }" }).to_string(),
            200,
            "nonsense",
        ),
        (&[JSON], json!({ "query": "{" }).to_string(), 400, "query:"),
        (&[JSON], member("variables", json!([])), 400, "variables:"),
        (&[JSON], member("variables", json!(5)), 400, "variables:"),
        (&[JSON], member("extensions", json!(5)), 400, "extensions:"),
        (
            &[JSON],
            member("extensions", json!("x")),
            400,
            "extensions:",
        ),
        (
            &[JSON],
            member("operationName", json!(5)),
            400,
            "operationName:",
        ),
        (&[JSON], member("query", json!(5)), 400, "query: a text"),
        (&[JSON], "5".to_owned(), 400, "body: an object"),
        (
            &[("content-type", "application/json; charset=utf-16")],
            query.clone(),
            415,
            "UTF-8",
        ),
        (
            &[JSON, ("content-encoding", "gzip")],
            query.clone(),
            415,
            "content-encoding",
        ),
        (
            &[JSON, ("accept", "text/html")],
            query.clone(),
            406,
            "accept:",
        ),
        (
            &[JSON, ("accept-encoding", "identity;q=0")],
            query.clone(),
            406,
            "accept-encoding:",
        ),
    ];
    for (headers, body, status, part) in cases {
        let shown = body.chars().take(60).collect::<String>();
        let reply = service.post(headers, body).await;
        assert_eq!(reply.status, status, "{shown}: {}", reply.body);
        let message = reply.body["errors"][0]["message"]
            .as_str()
            .unwrap_or_default();
        assert!(message.contains(part), "{shown}: {message}");
        assert!(reply.body["errors"][0]["extensions"]["code"].is_string());
    }
    let strict = ("accept", "application/graphql-response+json");
    let reply = service
        .post(
            &[JSON, strict],
            json!({ "query": "{ nonsense }" }).to_string(),
        )
        .await;
    assert_eq!(reply.status, 400);
    let (status, body) = service
        .get("/graphql?query=mutation%7BarchiveUser%7D")
        .await;
    assert_eq!((status, body.contains("POST")), (405, true), "{body}");
    assert_eq!(service.get("/nowhere").await.0, 404);
    service.stop().await;
}

#[tokio::test]
async fn documents_without_measure() {
    let (_places, service) = service().await;
    service.register("ada", "Ada").await;
    let nested = |depth: usize| {
        let open = "friends { edges { node { ".repeat(depth);
        format!(
            "{{ user(by: {{handle: \"ada\"}}) {{ {open} id {} }} }}",
            " } } }".repeat(depth)
        )
    };
    let mut doubling = "{ user(by: {handle: \"ada\"}) { ...f0 } }".to_owned();
    for n in 0..30 {
        let m = n + 1;
        let fragment = format!(" fragment f{n} on User {{ a{n}: id ...f{m} ...f{m} }}");
        doubling.push_str(&fragment);
    }
    doubling.push_str(" fragment f30 on User { id }");
    let circle = "{ user(by: {handle: \"ada\"}) { ...a } } fragment a on User { ...b } fragment b on User { ...a }";
    let aliases: Vec<String> = (0..5_000).map(|n| format!("a{n}: __typename")).collect();
    let aliases = aliases.join(" ");
    let wide = "{ users(first: 500) { edges { node { friends(first: 500) { edges { node { friends(first: 500) { edges { node { id } } } } } } } } } }";
    for query in [
        nested(3_000),
        nested(9),
        doubling,
        format!("{{ {aliases} }}"),
        wide.to_owned(),
        format!(
            "{{ user(by: {{handle: {}1{} }}) {{ id }} }}",
            "[".repeat(5_000),
            "]".repeat(5_000)
        ),
        " ".repeat(100_000),
    ] {
        let (code, message) = service.fault(&query, json!({})).await;
        let shown: String = query.chars().take(60).collect();
        assert_eq!(code, "QUERY_TOO_COMPLEX", "{shown}: {message}");
    }
    let (code, message) = service.fault(circle, json!({})).await;
    assert_eq!(
        (code.as_str(), message.contains("circle")),
        ("BAD_INPUT", true),
        "{message}"
    );
    service.ask(&nested(2), json!({})).await;
    service.stop().await;
}

#[tokio::test]
async fn the_operation_that_is_meant() {
    let (_places, service) = service().await;
    let two = "query A { users { totalCount } } query B { projection { state } }";
    let send = async |name: Value| {
        let body = json!({ "query": two, "operationName": name }).to_string();
        service.post(&[JSON], body).await.body
    };
    assert!(send(json!("B")).await["data"]["projection"].is_object());
    for name in [Value::Null, json!("C")] {
        let body = send(name).await;
        let message = body["errors"][0]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(message.contains("operationName"), "{body}");
    }
    service.stop().await;
}
