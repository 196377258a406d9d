//! The form of answers: null where something failed, the order of the query, no data for what was
//! refused.

use serde_json::json;

use super::{service, text};
use crate::service::Service;

/// The part of an answer that begins with its data.
async fn data(service: &Service, query: &str) -> String {
    let text = text(service, query).await;
    let start = text
        .find("\"data\":")
        .unwrap_or_else(|| panic!("{query}: {text}"));
    let end = text
        .find(",\"extensions\":{\"foaf\"")
        .expect("it says where it stands");
    text[start + 7..end].to_owned()
}

#[tokio::test]
async fn a_field_that_fails_is_null_in_its_place() {
    let (_places, service) = service().await;
    service.register("ada", "Ada").await;
    let ada = "user(by: {handle: \"ada\"})";
    for (query, expected) in [
        (
            "{ bad: user(by: {handle: \"\"}) { id } good: projection { state } }".to_owned(),
            r#"{"bad":null,"good":{"state":"LIVE"}}"#,
        ),
        (
            format!("{{ {ada} {{ friends(first: 0) {{ totalCount }} handle }} }}"),
            r#"{"user":{"friends":null,"handle":"ada"}}"#,
        ),
        (
            format!("{{ {ada} {{ network(depth: 9) {{ reached }} }} }}"),
            r#"{"user":{"network":null}}"#,
        ),
        (
            format!("{{ {ada} {{ ...F ... on User {{ handle }} }} }} fragment F on User {{ network(depth: 9) {{ reached }} }}"),
            r#"{"user":{"network":null,"handle":"ada"}}"#,
        ),
        (
            "{ users { edges { node { friends(first: 0) { totalCount } } cursor @skip(if: true) } } }".to_owned(),
            r#"{"users":{"edges":[{"node":{"friends":null}}]}}"#,
        ),
        (
            "{ atLeast(position: \"x\") { projection { state } } users { totalCount } }".to_owned(),
            r#"{"atLeast":null,"users":{"totalCount":1}}"#,
        ),
        (
            "mutation { bad: archiveUser(input: {user: \"x\"}) { position } again: registerUser(input: {handle: \"ada\", firstName: \"A\"}) { rejection { code } user { id } } }".to_owned(),
            r#"{"bad":null,"again":{"rejection":{"code":"HANDLE_TAKEN"},"user":null}}"#,
        ),
    ] {
        assert_eq!(data(&service, &query).await, expected, "{query}");
        let errors = service.send(&query, json!({})).await.body["errors"].take();
        for error in errors.as_array().expect("errors") {
            assert!(error["path"].is_array(), "{error}");
            assert!(error["locations"][0]["line"].as_u64() > Some(0), "{error}");
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn an_error_in_a_list_spares_its_neighbours() {
    let (_places, service) = service().await;
    service.import("karate").await;
    let query = "{ user(by: {handle: \"karate-1\"}) { recommendations(first: 2) { edges { because(first: 0) { id } } } } }";
    let expected = r#"{"user":{"recommendations":{"edges":[{"because":null},{"because":null}]}}}"#;
    assert_eq!(data(&service, query).await, expected);
    service.stop().await;
}

#[tokio::test]
async fn an_answer_has_the_order_of_its_query() {
    let (_places, service) = service().await;
    let ada = service.register("ada", "Ada").await;
    for (query, expected) in [
        (
            format!("{{ node(id: \"{ada}\") {{ ... on User {{ handle }} __typename }} z: node(id: \"{ada}\") {{ ...U ... on User {{ state }} }} a: projection {{ state }} }} fragment U on User {{ name friends {{ totalCount }} }}"),
            r#"{"node":{"handle":"ada","__typename":"User"},"z":{"name":"Ada","friends":{"totalCount":0},"state":"ACTIVE"},"a":{"state":"LIVE"}}"#,
        ),
        (
            format!("{{ n: node(id: \"{ada}\") {{ ... on Friendship {{ state }} }} o: node(id: \"VXNlcjowMDAwMDAwMC0wMDAwLTgwMDAtODAwMC0wMDAwMDAwMDAwMDA\") {{ ... on Friendship {{ state }} }} }}"),
            r#"{"n":{},"o":null}"#,
        ),
        (
            "{ u: users { totalCount } users { edges { node { name } } } u: users { edges { node { handle uuid @skip(if: true) } } } }".to_owned(),
            r#"{"u":{"totalCount":1,"edges":[{"node":{"handle":"ada"}}]},"users":{"edges":[{"node":{"name":"Ada"}}]}}"#,
        ),
        (
            "mutation { registerUser(input: {handle: \"b\", firstName: \"B\"}) { user { name handle } rejection { code } } }".to_owned(),
            r#"{"registerUser":{"user":{"name":"B","handle":"b"},"rejection":null}}"#,
        ),
    ] {
        assert_eq!(data(&service, &query).await, expected, "{query}");
    }
    service.stop().await;
}

#[tokio::test]
async fn conditions_are_understood_or_refused() {
    let (_places, service) = service().await;
    for (query, expected) in [
        ("{ __typename @skip(if: true) }", "{}"),
        (
            "{ a: __typename @skip(if: false) @include(if: true) }",
            r#"{"a":"Query"}"#,
        ),
        (
            "query($x: Boolean = true) { a: path(from: \"\", to: \"\") @skip(if: $x) { length } users @include(if: $x) { totalCount } }",
            r#"{"users":{"totalCount":0}}"#,
        ),
        (
            "{ users { pageInfo { hasNextPage @skip(if: true) } } }",
            r#"{"users":{"pageInfo":{}}}"#,
        ),
        (
            "{ user(by: {handle: \"nobody\"}) { id @skip(if: true) } }",
            r#"{"user":null}"#,
        ),
    ] {
        assert_eq!(data(&service, query).await, expected, "{query}");
    }
    for query in [
        "{ __typename @include(if: []) }",
        "{ __typename @include(if: \"x\") }",
        "{ __typename @include }",
        "query($x: String = \"x\") { __typename @include(if: $x) }",
        "query($x: Boolean!) { __typename @include(if: $x) }",
        "{ __typename @foo }",
        "query @foo { __typename }",
        "{ ...F @include(if: null) } fragment F on Query { __typename }",
        "{ ...F } fragment F on Query { __typename @skip(if: 1) }",
    ] {
        let body = text(&service, query).await;
        assert!(!body.contains("\"data\""), "{query}: {body}");
        assert!(
            body.contains("\"BAD_INPUT\"") && body.contains("\"line\":1"),
            "{query}: {body}"
        );
    }
    service.stop().await;
}

#[tokio::test]
async fn a_refused_request_has_no_data_and_names_real_places() {
    let (_places, service) = service().await;
    for (query, place) in [
        ("{\n  users(", Some((2, 9))),
        ("{\n  nonsense }", Some((2, 3))),
        ("query A { __typename } query B { __typename }", None),
        (
            "{ a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a } } } } } } } } } } } } } } } } } } } } } } } } } }",
            Some((1, 7)),
        ),
    ] {
        let body = service.send(query, json!({})).await.body;
        assert!(body.get("data").is_none(), "{body}");
        let error = &body["errors"][0];
        let found = error
            .get("locations")
            .map(|all| (all[0]["line"].clone(), all[0]["column"].clone()));
        assert_eq!(
            found,
            place.map(|(line, column)| (json!(line), json!(column))),
            "{body}"
        );
    }
    service.stop().await;
}
