//! History: what happened to a user, when, by whom and by which command.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    logs,
    program::{foaf, sqlite, text},
    service::{GraphKind, LogKind, Places, Service},
};
use foaf::config::LogUrl;

struct Told {
    places: Places,
    ann: String,
}

/// Ann and Bob become friends, Cho asks Ann, Ann gets another handle, and Bob is archived.
async fn tell(log: LogKind) -> Told {
    let places = Places::new(log, GraphKind::Embedded).await;
    let service = Service::start(&places).await;
    let [ann, bob, cho] = ["ann", "bob", "cho"].map(str::to_owned);
    let ann = service.register(&ann, "Ann").await;
    let bob = service.register(&bob, "Bob").await;
    let cho = service.register(&cho, "Cho").await;
    let pair = |user: &str, other: &str| json!({ "user": user, "other": other });
    for (name, kind, input) in [
        ("sendFriendRequest", "ChangePairInput", pair(&bob, &ann)),
        ("acceptFriendRequest", "ChangePairInput", pair(&ann, &bob)),
        ("sendFriendRequest", "ChangePairInput", pair(&cho, &ann)),
        ("sendFriendRequest", "ChangePairInput", pair(&cho, &bob)),
        (
            "updateProfile",
            "UpdateProfileInput",
            json!({ "user": ann, "handle": "anna", "idempotencyKey": "k" }),
        ),
        ("removeFriend", "ChangePairInput", pair(&cho, &ann)),
        ("archiveUser", "ChangeStateInput", json!({ "user": bob })),
    ] {
        let answer = service.mutate(name, kind, input).await;
        let is_refused = !answer["rejection"].is_null();
        assert_eq!(is_refused, name == "removeFriend", "{answer}");
    }
    service.stop().await;
    Told { places, ann }
}

impl Told {
    fn url(&self) -> String {
        match &self.places.log {
            LogUrl::Sqlite(folder) => sqlite(folder),
            LogUrl::Kafka { brokers, topic, .. } => format!("kafka://{brokers}/{topic}"),
            LogUrl::Memory => unreachable!("no place is in memory"),
        }
    }

    fn history(&self, user: &str) -> Vec<Value> {
        let output = foaf(&["history", user, "--json", "--log", &self.url()]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let lines = text(&output.stdout);
        lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}

/// Type, who acted, and what began or ended with whom.
fn short(history: &[Value]) -> Vec<String> {
    let one = |line: &Value| {
        let ties = line["ties"].as_array().expect("a list").iter();
        let ties = ties.map(|tie| {
            let of = |value: &Value| value.as_str().expect("text").to_owned();
            format!(
                " {} {} {}",
                of(&tie["kind"]),
                of(&tie["change"]),
                of(&tie["other"]["handle"])
            )
        });
        let kind = line["type"].as_str().expect("text");
        let subject = line["subject"]["handle"].as_str().expect("text");
        format!("{kind} {subject}{}", ties.collect::<String>())
    };
    history.iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    right_on(LogKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_kafka() {
    right_on(LogKind::Kafka).await;
    let missing = logs::fresh_topic();
    let url = format!("kafka://{}/{}", missing.brokers, missing.topic);
    for _ in 0..2 {
        let output = foaf(&["history", "ann", "--log", &url]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains("has no topic"), "nothing is made: {said}");
    }
}

async fn right_on(log: LogKind) {
    let told = tell(log).await;
    let ann = told.history("anna");
    assert_eq!(
        short(&ann),
        [
            "foaf.user.registered.v1 ann",
            "foaf.friendship.requested.v1 bob REQUESTED BEGAN bob",
            "foaf.friendship.formed.v1 ann REQUESTED ENDED bob FRIEND BEGAN bob",
            "foaf.friendship.requested.v1 cho REQUESTED BEGAN cho",
            "foaf.user.profile-updated.v1 anna",
            "foaf.user.archived.v1 bob FRIEND ENDED bob",
        ]
    );
    // Whoever names her by id means the same; nobody has the former handle.
    assert_eq!(told.history(&told.ann), ann);
    let uuid = ann[0]["subject"]["uuid"].as_str().expect("text");
    assert_eq!(told.history(uuid), ann);
    let positions: Vec<_> = ann.iter().map(|line| line["position"].as_u64()).collect();
    assert!(
        positions.is_sorted() && positions[0] == Some(2),
        "{positions:?}"
    );
    for line in &ann {
        assert_eq!(line["actor"], "anonymous");
        assert_eq!(line["command"].as_str().map(str::len), Some(22), "{line}");
        let time = line["time"].as_str().expect("text");
        assert!(time.ends_with('Z') && time.contains('T'), "{time}");
    }
    assert_eq!(
        ann[4]["profile"],
        json!({ "handle": "anna", "firstName": "Ann", "lastName": null })
    );

    assert_eq!(
        short(&told.history("bob"))[3..],
        [
            "foaf.friendship.requested.v1 cho REQUESTED BEGAN cho",
            "foaf.user.archived.v1 bob FRIEND ENDED anna REQUESTED ENDED cho",
        ],
        "the archived one is found by the last handle, and all that ended is told"
    );
    assert_eq!(
        short(&told.history("cho")).last().expect("events"),
        "foaf.user.archived.v1 bob REQUESTED ENDED bob"
    );
    let output = foaf(&["history", "cho", "--log", &told.url()]);
    let printed = text(&output.stdout);
    assert!(
        printed
            .contains("bob (Bob): user archived, request to bob (Bob) ended  [anonymous, command "),
        "{printed}"
    );
    let output = foaf(&["history", "ann", "--log", &told.url()]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("handle \"ann\"") && said.contains("UUID"),
        "{said}"
    );
}

#[test]
fn who_is_no_user_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let fails = |user: &str, log: &str, part: &str| {
        let output = foaf(&["history", user, "--log", log]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains(part),
            "{}",
            text(&output.stderr)
        );
    };
    let missing = sqlite(&folder.path().join("none"));
    fails("somebody", &missing, "no log in the folder");
    assert!(!Path::new(&folder.path().join("none")).exists());
    fails("some body", &missing, "\"some body\" is no user");
    fails("somebody", "memory:", "name another log");
}
