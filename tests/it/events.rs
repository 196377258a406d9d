//! Events and histories over the API: what happened, from the log, page by page.

use foaf::config::Stores;
use serde_json::{Value, json};

use crate::service::{GraphKind, LogKind, Places, Service, on_every_combination};

const LIST: &str = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { type position time actor command record state
        subject { handle } other { handle } profile { handle firstName lastName formerHandle } } }";

on_every_combination!(right_on);

async fn right_on((log, graph): (LogKind, GraphKind)) {
    let places = Places::new(log, graph).await;
    let folder = tempfile::tempdir().expect("a folder");
    // An embedded graph on Kafka is projected anew at each start.
    let snapshots = (graph == GraphKind::Neo4j).then(|| folder.path().to_owned());
    let stores = Stores {
        snapshots,
        ..places.stores()
    };
    let service = Service::with(&stores).await;
    let ids = tell(&service).await;
    look(&service, &ids).await;
    service.stop().await;
    // From a snapshot, where there is one.
    let service = Service::with(&stores).await;
    look(&service, &ids).await;
    service.stop().await;
}

/// Ann and Bob become friends, Cho asks both, Ann gets another handle, and Bob is archived.
async fn tell(service: &Service) -> [String; 3] {
    let ann = service.register("ann", "Ann").await;
    let bob = service.register("bob", "Bob").await;
    let cho = service.register("cho", "Cho").await;
    let pair = |user: &str, other: &str| json!({ "user": user, "other": other });
    for (name, kind, input) in [
        ("sendFriendRequest", "ChangePairInput", pair(&bob, &ann)),
        ("acceptFriendRequest", "ChangePairInput", pair(&ann, &bob)),
        ("sendFriendRequest", "ChangePairInput", pair(&cho, &ann)),
        ("sendFriendRequest", "ChangePairInput", pair(&cho, &bob)),
        // Refused: it is no event.
        ("removeFriend", "ChangePairInput", pair(&cho, &ann)),
        (
            "updateProfile",
            "UpdateProfileInput",
            json!({ "user": ann, "handle": "anna", "lastName": "Ng" }),
        ),
        ("archiveUser", "ChangeStateInput", json!({ "user": bob })),
    ] {
        let answer = service.mutate(name, kind, input).await;
        let is_refused = !answer["rejection"].is_null();
        assert_eq!(is_refused, name == "removeFriend", "{answer}");
        let shown = "query($p: Position!) { atLeast(position: $p, waitMs: 30000) { __typename } }";
        let at = json!({ "p": answer["position"] });
        service.ask(shown, at).await;
    }
    [ann, bob, cho]
}

const ALL: [&str; 9] = [
    "USER_REGISTERED anna",
    "USER_REGISTERED bob",
    "USER_REGISTERED cho",
    "FRIEND_REQUESTED bob anna",
    "FRIENDSHIP_FORMED anna bob",
    "FRIEND_REQUESTED cho anna",
    "FRIEND_REQUESTED cho bob",
    "PROFILE_UPDATED anna",
    "USER_ARCHIVED bob",
];

fn short(list: &Value) -> Vec<String> {
    let edges = list["edges"].as_array().expect("edges").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    edges
        .map(|edge| {
            let node = &edge["node"];
            let other = &node["other"]["handle"];
            let other = other.as_str().map(|other| format!(" {other}"));
            let (kind, subject) = (text(&node["type"]), text(&node["subject"]["handle"]));
            format!("{kind} {subject}{}", other.unwrap_or_default())
        })
        .collect()
}

async fn events(service: &Service, arguments: &str) -> Value {
    let query = format!("{{ events{arguments} {{ {LIST} }} }}");
    service.ask(&query, Value::Null).await["events"].take()
}

async fn look(service: &Service, [ann, bob, cho]: &[String; 3]) {
    let all = events(service, "").await;
    assert_eq!(short(&all), ALL);
    assert_eq!(all["totalCount"], 9);
    assert_eq!(all["pageInfo"]["hasNextPage"], false);
    details(service, &all).await;
    for limit in 1..=10 {
        walk(service, limit, &all).await;
    }
    let some = "types: [USER_ARCHIVED, FRIENDSHIP_FORMED]";
    let found = events(service, &format!("(first: 1, {some})")).await;
    assert_eq!(short(&found), [ALL[4]]);
    assert_eq!(found["totalCount"], 2);
    assert_eq!(found["pageInfo"]["hasNextPage"], true);
    assert_eq!(
        events(service, &format!("(last: 9, {some})")).await["edges"],
        json!([all["edges"][4], all["edges"][8]])
    );

    let of = |places: &[usize]| places.iter().map(|place| ALL[*place]).collect::<Vec<_>>();
    for (id, places) in [
        (ann, &[0, 3, 4, 5, 7, 8][..]),
        (bob, &[1, 3, 4, 6, 8]),
        (cho, &[2, 5, 6, 8]),
    ] {
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on User {{ history(last: 4) {{ {LIST} }} }} }} events(subject: $id, first: 4) {{ {LIST} }} formed: events(subject: $id, types: FRIENDSHIP_FORMED) {{ {LIST} }} }}"
        );
        let found = service.ask(&query, json!({ "id": id })).await;
        let history = &found["node"]["history"];
        assert_eq!(short(history), of(&places[places.len() - 4..]));
        assert_eq!(history["totalCount"], places.len());
        assert_eq!(history["pageInfo"]["hasPreviousPage"], places.len() > 4);
        assert_eq!(short(&found["events"]), of(&places[..4]));
        let formed = places.contains(&4).then_some(ALL[4]);
        assert_eq!(short(&found["formed"]), Vec::from_iter(formed));
        assert_eq!(found["formed"]["totalCount"], usize::from(formed.is_some()));
    }
    let below =
        "{ users { edges { node { handle history(first: 2) { edges { node { type } } } } } } }";
    let found = service.ask(below, Value::Null).await;
    for user in found["users"]["edges"].as_array().expect("edges") {
        let history = user["node"]["history"]["edges"].as_array();
        assert_eq!(history.map(Vec::len), Some(2), "{user}");
    }
    wrong(service, &all).await;
}

/// What an event says.
async fn details(service: &Service, all: &Value) {
    let node = |place: usize| &all["edges"][place]["node"];
    let profile = |handle: &str, last: Value, former: Value| json!({ "handle": handle, "firstName": "Ann", "lastName": last, "formerHandle": former });
    let (first, updated, archived) = (node(0), node(7), node(8));
    assert_eq!(first["profile"], profile("ann", Value::Null, Value::Null));
    assert_eq!(
        updated["profile"],
        profile("anna", json!("Ng"), json!("ann"))
    );
    assert_eq!(archived["profile"], Value::Null);
    assert_eq!(
        [&first["state"], &updated["state"], &archived["state"]],
        [&json!("ACTIVE"), &Value::Null, &json!("ARCHIVED")]
    );
    for one in [first, updated, archived] {
        assert_eq!(one["actor"], "anonymous");
        assert!(one["command"].as_str().is_some_and(|id| id.len() == 22));
        assert!(one["record"].as_str().is_some_and(|id| id.len() == 36));
    }
    // The times are those that the graph shows, and the positions can be demanded.
    let query = "query($p: Position!) { atLeast(position: $p) { user(by: {handle: \"anna\"}) { createdAt updatedAt } events(last: 1) { edges { node { position } } } } }";
    let found = service
        .ask(query, json!({ "p": archived["position"] }))
        .await;
    let found = &found["atLeast"];
    assert_eq!(found["user"]["createdAt"], first["time"]);
    assert_eq!(found["user"]["updatedAt"], updated["time"]);
    assert_eq!(
        found["events"]["edges"][0]["node"]["position"],
        archived["position"]
    );
}

/// Reads the list page by page, in both directions.
async fn walk(service: &Service, limit: usize, all: &Value) {
    let whole = all["edges"].as_array().expect("edges");
    for (size, key, end, more) in [
        ("first", "after", "endCursor", "hasNextPage"),
        ("last", "before", "startCursor", "hasPreviousPage"),
    ] {
        let mut read = Vec::new();
        let mut from = String::new();
        loop {
            let page = events(service, &format!("({size}: {limit}{from})")).await;
            let edges = page["edges"].as_array().expect("edges").clone();
            let is_last = page["pageInfo"][more] == false;
            assert!(
                is_last || edges.len() == limit,
                "a page is full unless it is the last"
            );
            if size == "first" {
                read.extend(edges);
            } else {
                read.splice(..0, edges);
            }
            if is_last {
                break;
            }
            from = format!(", {key}: {}", page["pageInfo"][end]);
        }
        assert_eq!(read, *whole, "{size} {limit}");
    }
}

async fn wrong(service: &Service, all: &Value) {
    let cursor = &all["edges"][0]["cursor"];
    let other = "{ users(first: 1) { pageInfo { endCursor } } }";
    let other = service.ask(other, Value::Null).await;
    let other = &other["users"]["pageInfo"]["endCursor"];
    let nobody = "VXNlcjowMDAwMDAwMC0wMDAwLTgwMDAtODAwMC0wMDAwMDAwMDAwMDA";
    for (arguments, code, part) in [
        (
            format!("after: {other}"),
            "BAD_INPUT",
            "not a cursor of this list",
        ),
        ("first: 501".to_owned(), "BAD_INPUT", "must be 1 to 500"),
        (
            format!("first: 1, last: 1, after: {cursor}"),
            "BAD_INPUT",
            "not both",
        ),
        ("types: []".to_owned(), "BAD_INPUT", "at least one"),
        (
            format!("subject: \"{nobody}\""),
            "NOT_FOUND",
            "no user has this id",
        ),
    ] {
        let query = format!("{{ events({arguments}) {{ totalCount }} }}");
        let (got, message) = service.fault(&query, Value::Null).await;
        assert!(
            got == code && message.contains(part),
            "{query}: {got} {message}"
        );
    }
    // A record costs more than a leaf.
    let page =
        |name: &str| format!("{name}: events(first: 500) {{ edges {{ node {{ time }} }} }} ");
    let query = format!("{{ {} }}", ["a", "b", "c", "d", "e"].map(page).concat());
    let (code, _) = service.fault(&query, Value::Null).await;
    assert_eq!(code, "QUERY_TOO_COMPLEX");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_read_only_where_it_is_wanted() {
    let places = Places::new(LogKind::Kafka, GraphKind::Embedded).await;
    let service = Service::start(&places).await;
    service.import("ego-facebook").await;
    let hub = service.id("ego-facebook-107").await;
    let query = "query($id: ID!) { node(id: $id) { ... on User { friends(first: 1) { totalCount } history(first: 500) { totalCount edges { node { position other { handle } } } } } } }";
    let found = service.ask(query, json!({ "id": hub })).await;
    let (friends, history) = (&found["node"]["friends"], &found["node"]["history"]);
    assert_eq!(
        history["totalCount"].as_u64(),
        friends["totalCount"].as_u64().map(|friends| friends + 1)
    );
    assert_eq!(history["edges"].as_array().map(Vec::len), Some(500));
    let last = events(&service, "(last: 1, types: USER_REGISTERED)").await;
    assert_eq!(last["totalCount"], 4039);
    service.stop().await;
}
