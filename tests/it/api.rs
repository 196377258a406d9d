//! The API end to end over HTTP: what a front end relies on.

use serde_json::{Value, json};

use crate::service::{GraphKind, LogKind, Places, Service};

const REGISTER: &str = "mutation($i: RegisterUserInput!) { registerUser(input: $i) {
    user { id handle firstName lastName name state createdAt updatedAt } position rejection { code message field } } }";

async fn embedded() -> (Places, Service) {
    let places = Places::new(LogKind::Sqlite, GraphKind::Embedded).await;
    let service = Service::start(&places).await;
    (places, service)
}

#[tokio::test]
async fn a_mutation_reads_its_own_write() {
    let (_places, service) = embedded().await;
    let input = json!({ "i": { "handle": "Ada.L", "firstName": "Ada", "lastName": "Lovelace" } });
    let reply = service.send(REGISTER, input).await;
    let payload = &reply.body["data"]["registerUser"];
    assert_eq!(payload["user"]["handle"], "ada.l");
    assert_eq!(payload["user"]["name"], "Ada Lovelace");
    assert_eq!(payload["user"]["state"], "ACTIVE");
    assert_eq!(payload["user"]["createdAt"], payload["user"]["updatedAt"]);
    assert_eq!(payload["rejection"], Value::Null);
    assert_eq!(payload["position"], json!(reply.position));
    assert_eq!(
        reply.body["extensions"]["foaf"]["position"],
        payload["position"]
    );
    service.stop().await;
}

#[tokio::test]
async fn a_refusal_is_data() {
    let (_places, service) = embedded().await;
    service.register("ada", "Ada").await;
    let input = json!({ "i": { "handle": "ADA", "firstName": "Another" } });
    let payload = &service.ask(REGISTER, input).await["registerUser"];
    assert_eq!(payload["user"], Value::Null);
    assert_eq!(payload["rejection"]["code"], "HANDLE_TAKEN");
    assert_eq!(payload["rejection"]["field"], "handle");
    assert!(payload["position"].is_string());
    service.stop().await;
}

#[tokio::test]
async fn a_friendship_from_request_to_end() {
    let (_places, service) = embedded().await;
    let ada = service.register("ada", "Ada").await;
    let bob = service.register("bob", "Bob").await;
    let step = async |command: &str, user: &str, other: &str| {
        let query = format!(
            "mutation($i: ChangePairInput!) {{ {command}(input: $i) {{ friendship {{ id state since users {{ handle }} requestedBy {{ handle }} blockedBy {{ handle }} }} user {{ handle }} other {{ friends {{ totalCount }} }} rejection {{ code }} }} }}"
        );
        let mut answer = service
            .ask(&query, json!({ "i": { "user": user, "other": other } }))
            .await;
        answer[command].take()
    };
    let asked = step("sendFriendRequest", &ada, &bob).await;
    assert_eq!(asked["friendship"]["state"], "REQUESTED");
    assert_eq!(asked["friendship"]["requestedBy"]["handle"], "ada");
    assert_eq!(asked["friendship"]["since"], Value::Null);
    let wrong = step("acceptFriendRequest", &ada, &bob).await;
    assert_eq!(wrong["rejection"]["code"], "WRONG_SIDE");
    let friends = step("acceptFriendRequest", &bob, &ada).await;
    assert_eq!(friends["friendship"]["state"], "FRIENDS");
    assert_eq!(friends["user"]["handle"], "bob");
    assert_eq!(friends["other"]["friends"]["totalCount"], 1);
    let id = friends["friendship"]["id"].clone();
    let node = "query($id: ID!) { node(id: $id) { id ... on Friendship { state since } } }";
    let found = service.ask(node, json!({ "id": id })).await;
    assert_eq!(found["node"]["state"], "FRIENDS");
    assert_eq!(found["node"]["since"], friends["friendship"]["since"]);
    let blocked = step("blockUser", &ada, &bob).await;
    assert_eq!(blocked["friendship"]["state"], "BLOCKED");
    assert_eq!(
        blocked["friendship"]["blockedBy"],
        json!([{ "handle": "ada" }])
    );
    assert_eq!(blocked["other"]["friends"]["totalCount"], 0);
    let between = "query($ids: [ID!]!) { friendship(between: $ids) { id state } }";
    let found = service.ask(between, json!({ "ids": [bob, ada] })).await;
    assert_eq!(found["friendship"], json!({ "id": id, "state": "BLOCKED" }));
    service.stop().await;
}

#[tokio::test]
async fn a_profile_is_changed_in_parts() {
    let (_places, service) = embedded().await;
    let ada = service.register("ada", "Ada").await;
    let update = "mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { user { handle firstName lastName } rejection { code } } }";
    let mut expected = json!({ "handle": "ada", "firstName": "Ada", "lastName": null });
    for (field, value) in [
        ("lastName", json!("Byron")),
        ("handle", json!("countess")),
        ("firstName", json!("Augusta")),
        ("lastName", Value::Null),
    ] {
        expected[field] = value.clone();
        let input = json!({ "i": { "user": ada, field: value } });
        let payload = service.ask(update, input).await;
        assert_eq!(payload["updateProfile"]["user"], expected);
    }
    // The old handle is free again.
    service.register("ada", "Another").await;
    service.stop().await;
}

#[tokio::test]
async fn an_idempotency_key_gives_the_first_outcome_again() {
    let (places, service) = embedded().await;
    let input = json!({ "i": { "handle": "ada", "firstName": "Ada", "idempotencyKey": "k1" } });
    let first = service.ask(REGISTER, input.clone()).await;
    assert_eq!(service.ask(REGISTER, input.clone()).await, first);
    let refused = json!({ "i": { "handle": "ada", "firstName": "Bob", "idempotencyKey": "k2" } });
    let second = service.ask(REGISTER, refused.clone()).await;
    assert_eq!(second["registerUser"]["rejection"]["code"], "HANDLE_TAKEN");
    let ada = first["registerUser"]["user"]["id"].clone();
    let archive = "mutation($i: ChangeStateInput!) { archiveUser(input: $i) { user { state } } }";
    service.ask(archive, json!({ "i": { "user": ada } })).await;
    // The handle is free now, but the outcome is final; also after a restart.
    assert_eq!(service.ask(REGISTER, refused.clone()).await, second);
    service.stop().await;
    let service = Service::start(&places).await;
    assert_eq!(service.ask(REGISTER, refused).await, second);
    let other = json!({ "i": { "handle": "eve", "firstName": "Eve", "idempotencyKey": "k1" } });
    let (code, message) = service.fault(REGISTER, other).await;
    assert_eq!(code, "IDEMPOTENCY_KEY_REUSED");
    assert!(message.contains("idempotencyKey"), "{message}");
    service.stop().await;
}

#[tokio::test]
async fn a_position_is_demanded_by_argument_or_header() {
    let (_places, service) = embedded().await;
    let input = json!({ "i": { "handle": "ada", "firstName": "Ada" } });
    let payload = service.ask(REGISTER, input).await;
    let position = payload["registerUser"]["position"]
        .as_str()
        .expect("a position");
    let query = "query($p: Position!) { atLeast(position: $p) { user(by: {handle: \"ada\"}) { name } projection { position lagRecords state } } }";
    let found = service.ask(query, json!({ "p": position })).await;
    assert_eq!(found["atLeast"]["user"]["name"], "Ada");
    assert_eq!(found["atLeast"]["projection"]["lagRecords"], 0);
    assert_eq!(found["atLeast"]["projection"]["state"], "LIVE");

    let body = json!({ "query": "{ user(by: {handle: \"ada\"}) { name } }" }).to_string();
    let json = ("content-type", "application/json");
    let reply = service
        .post(&[json, ("foaf-at-least", position)], body.clone())
        .await;
    assert_eq!(reply.body["data"]["user"]["name"], "Ada");
    assert_eq!(reply.position.as_deref(), Some(position));

    let code = |reply: crate::service::Reply| reply.body["errors"][0]["extensions"]["code"].clone();
    let beyond = beyond(position);
    let reply = service
        .post(&[json, ("foaf-at-least", &beyond)], body.clone())
        .await;
    assert_eq!(code(reply), "POSITION_NOT_REACHED");
    let reply = service
        .post(&[json, ("foaf-at-least", "nonsense")], body.clone())
        .await;
    assert_eq!(code(reply), "POSITION_UNKNOWN");
    let (_other_places, other) = embedded().await;
    let reply = other.post(&[json, ("foaf-at-least", position)], body).await;
    assert_eq!(code(reply), "POSITION_UNKNOWN");
    other.stop().await;
    service.stop().await;
}

/// A position far beyond this one, of the same log.
fn beyond(position: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut bytes = URL_SAFE_NO_PAD.decode(position).expect("a token");
    bytes[20] = 1;
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn things_are_refetched_by_id() {
    let (_places, service) = embedded().await;
    let ada = service.register("ada", "Ada").await;
    let bob = service.register("bob", "Bob").await;
    let query =
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on User { handle uuid } } }";
    let nobody = "VXNlcjowMDAwMDAwMC0wMDAwLTgwMDAtODAwMC0wMDAwMDAwMDAwMDA";
    let found = service
        .ask(query, json!({ "ids": [bob, nobody, ada] }))
        .await;
    let nodes = &found["nodes"];
    assert_eq!(nodes[0]["handle"], "bob");
    assert_eq!(nodes[1], Value::Null);
    assert_eq!(nodes[2]["__typename"], "User");
    let by_uuid = "query($u: String!) { user(by: {uuid: $u}) { id } }";
    let again = service.ask(by_uuid, json!({ "u": nodes[2]["uuid"] })).await;
    assert_eq!(again["user"]["id"], json!(ada));
    service.stop().await;
}

#[tokio::test]
async fn lists_are_paged_forward_and_backward() {
    let (_places, service) = embedded().await;
    for name in ["Çelik", "Åsa", "anna", "Zoë", "bo"] {
        let handle: String = name.chars().filter(char::is_ascii).collect();
        service.register(&format!("u-{handle}"), name).await;
    }
    let query = "query($first: Int, $after: String, $last: Int, $before: String) {
        users(orderBy: NAME, first: $first, after: $after, last: $last, before: $before) {
            totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { firstName } } } }";
    let names = |page: &Value| -> Vec<String> {
        let edges = page["users"]["edges"].as_array().expect("edges");
        let name = |edge: &Value| {
            edge["node"]["firstName"]
                .as_str()
                .expect("a name")
                .to_owned()
        };
        edges.iter().map(name).collect()
    };
    let one = service.ask(query, json!({ "first": 2 })).await;
    assert_eq!(names(&one), ["anna", "Åsa"]);
    assert_eq!(one["users"]["totalCount"], 5);
    assert_eq!(one["users"]["pageInfo"]["hasNextPage"], true);
    let after = &one["users"]["pageInfo"]["endCursor"];
    let two = service
        .ask(query, json!({ "first": 3, "after": after }))
        .await;
    assert_eq!(names(&two), ["bo", "Çelik", "Zoë"]);
    assert_eq!(two["users"]["pageInfo"]["hasNextPage"], false);
    assert_eq!(two["users"]["pageInfo"]["hasPreviousPage"], true);
    let before = &two["users"]["pageInfo"]["endCursor"];
    let back = service
        .ask(query, json!({ "last": 2, "before": before }))
        .await;
    assert_eq!(names(&back), ["bo", "Çelik"]);
    assert_eq!(back["users"]["pageInfo"]["hasPreviousPage"], true);
    service.stop().await;
}

#[tokio::test]
async fn the_schema_is_the_exported_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let expected = foaf::graphql::sdl();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, &expected).expect("schema.graphql can be written");
    }
    let found = std::fs::read_to_string(path).expect("schema.graphql is there");
    assert!(
        found == expected,
        "run: cargo run -- schema > schema.graphql"
    );
}

#[tokio::test]
async fn health_and_metrics() {
    let (_places, service) = embedded().await;
    service.register("ada", "Ada").await;
    assert_eq!(service.get("/health/live").await.0, 200);
    assert_eq!(service.get("/health/ready").await.0, 200);
    let (status, metrics) = service.get("/metrics").await;
    assert_eq!(status, 200);
    for name in [
        "foaf_commands_total",
        "foaf_projection_position",
        "foaf_projection_lag_records",
    ] {
        assert!(metrics.contains(name), "{name} is missing:\n{metrics}");
    }
    let (status, page) = service.get("/").await;
    assert!(status == 200 && page.contains("<title"), "{page}");
    service.stop().await;
}
