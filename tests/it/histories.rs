//! Random histories over HTTP: the same commands on all four combinations give the answers of a plain
//! model, and the same graph from the log alone.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fastrand::Rng;
use foaf::config::GraphUrl;
use serde_json::{Value, json};

use crate::{
    model::{Act, World},
    service::{GraphKind, LogKind, Places, Service, on_every_combination},
};

const PEOPLE: usize = 9;
const HISTORIES: u64 = 5;
const ACTS: usize = 140;
const LOOK_EVERY: usize = 35;

on_every_combination!(right_on);

async fn right_on((log, graph): (LogKind, GraphKind)) {
    let mut places = Places::new(log, graph).await;
    let service = Service::start(&places).await;
    let mut ends = Vec::new();
    for seed in 0..HISTORIES {
        let mut history = History::new(seed);
        for step in 1..=ACTS {
            history.step(&service).await;
            if step % LOOK_EVERY == 0 {
                history.look(&service).await;
            }
        }
        ends.push(history);
    }
    let digest = service.digest().await;
    service.stop().await;

    // Everything right of the log can be made anew from it, in the other kind of graph too.
    places.graph = GraphUrl::Embedded;
    let service = Service::start(&places).await;
    assert_eq!(service.digest().await, digest);
    for history in &ends {
        history.look(&service).await;
    }
    service.stop().await;
}

struct History {
    seed: u64,
    rng: Rng,
    world: World,
    acts: Vec<(String, Act, Option<&'static str>)>,
}

impl History {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            rng: Rng::with_seed(seed),
            world: World::default(),
            acts: Vec::new(),
        }
    }

    async fn step(&mut self, service: &Service) {
        // Now and then a command is repeated, with its key: it has the outcome that it had.
        if self.rng.u8(..8) == 0 && !self.acts.is_empty() {
            let (key, act, outcome) = &self.acts[self.rng.usize(..self.acts.len())];
            let got = self.send(service, act, key).await;
            assert_eq!(got.as_deref(), *outcome, "repeated: {act:?}");
            return;
        }
        let act = self.random_act();
        let expected = self.world.run(&act);
        let key = format!("{}-{}", self.seed, self.acts.len());
        let got = self.send(service, &act, &key).await;
        assert_eq!(got.as_deref(), expected, "seed {}: {act:?}", self.seed);
        self.acts.push((key, act, expected));
    }

    fn random_act(&mut self) -> Act {
        let rng = &mut self.rng;
        let who = rng.usize(..PEOPLE);
        let handle = |rng: &mut Rng| format!("s{}-{}", self.seed, rng.u8(..12));
        match rng.u8(..100) {
            0..=14 => Act::Register {
                who,
                handle: handle(rng),
                pending: rng.u8(..4) == 0,
            },
            15..=20 => Act::Update {
                who,
                handle: rng.bool().then(|| handle(rng)),
                last_name: rng
                    .bool()
                    .then(|| rng.bool().then(|| "Ångström 🦀".to_owned())),
            },
            21..=29 => Act::State {
                who,
                command: rng
                    .choice([
                        "activateUser",
                        "suspendUser",
                        "reactivateUser",
                        "reactivateUser",
                    ])
                    .expect("one of them"),
            },
            30 => Act::State {
                who,
                command: "archiveUser",
            },
            _ => Act::Pair {
                who,
                other: rng.usize(..PEOPLE),
                command: rng
                    .choice([
                        "addFriend",
                        "addFriend",
                        "addFriend",
                        "sendFriendRequest",
                        "sendFriendRequest",
                        "acceptFriendRequest",
                        "declineFriendRequest",
                        "cancelFriendRequest",
                        "removeFriend",
                        "blockUser",
                        "unblockUser",
                        "unblockUser",
                    ])
                    .expect("one of them"),
            },
        }
    }

    /// Sends a command; gives the code of a refusal. The payload reads its own write.
    async fn send(&self, service: &Service, act: &Act, key: &str) -> Option<String> {
        let (command, kind, mut input) = match act {
            Act::Register {
                who,
                handle,
                pending,
            } => (
                "registerUser",
                "RegisterUserInput",
                json!({
                    "uuid": self.uuid(*who), "handle": handle, "firstName": format!("N{who}"),
                    "state": if *pending { "PENDING" } else { "ACTIVE" },
                }),
            ),
            Act::Update {
                who,
                handle,
                last_name,
            } => {
                let mut input = json!({ "user": self.id(*who) });
                if let Some(handle) = handle {
                    input["handle"] = json!(handle);
                }
                if let Some(last_name) = last_name {
                    input["lastName"] = json!(last_name);
                }
                ("updateProfile", "UpdateProfileInput", input)
            }
            Act::State { command, who } => (
                *command,
                "ChangeStateInput",
                json!({ "user": self.id(*who) }),
            ),
            Act::Pair {
                command,
                who,
                other,
            } => (
                *command,
                "ChangePairInput",
                json!({ "user": self.id(*who), "other": self.id(*other) }),
            ),
        };
        input["idempotencyKey"] = json!(key);
        let unchanged = if command == "updateProfile" {
            "unchanged"
        } else {
            ""
        };
        let query = format!(
            "mutation($i: {kind}!) {{ {command}(input: $i) {{ user {{ uuid }} rejection {{ code }} {unchanged} }} }}"
        );
        let answer = &service.ask(&query, json!({ "i": input })).await[command];
        let code = answer["rejection"]["code"].as_str().map(str::to_owned);
        assert_eq!(
            answer["user"].is_null(),
            code.is_some(),
            "{act:?}: {answer}"
        );
        if answer["unchanged"] == true {
            return Some("UNCHANGED".to_owned());
        }
        code
    }

    /// Asks everything and compares with the model.
    async fn look(&self, service: &Service) {
        let query = "query($h: String!) { users(first: 20, filter: {handlePrefix: $h}) { totalCount edges { node {
            uuid handle firstName lastName state
            friends(first: 20) { totalCount edges { node { uuid } } }
            friendsOfFriends(depth: 6, first: 20) { totalCount edges { distance mutualFriendCount node { uuid } } }
            recommendations(first: 20) { edges { score mutualFriendCount node { uuid } because(first: 20) { uuid } } }
            network(depth: 6) { reached }
            friendRequests(first: 20) { totalCount edges { node { uuid } } }
            blockedUsers(first: 20) { totalCount edges { node { uuid } } }
        } } } }";
        let prefix = json!({ "h": format!("S{}-", self.seed) });
        let users = &service.ask(query, prefix).await["users"];
        assert_eq!(users["totalCount"], json!(self.world.people.len()));
        for (edge, who) in list(&users["edges"]).iter().zip(self.world.people.keys()) {
            let expected = self.expected_user(*who);
            assert_eq!(
                normal(&edge["node"]),
                expected,
                "seed {} user {who}",
                self.seed
            );
        }
        self.look_at_relations(service).await;
    }

    fn expected_user(&self, who: usize) -> Value {
        let world = &self.world;
        let person = &world.people[&who];
        let uuids = |ids: &BTreeSet<usize>| -> Vec<Value> {
            ids.iter()
                .map(|id| json!({ "uuid": self.uuid(*id) }))
                .collect()
        };
        let nodes = |ids: &BTreeSet<usize>| {
            let edges: Vec<Value> = uuids(ids)
                .iter()
                .map(|user| json!({ "node": user }))
                .collect();
            json!({ "totalCount": edges.len(), "edges": edges })
        };
        let distances = world.distances(who);
        let mut far: Vec<(usize, usize, usize)> = distances
            .iter()
            .filter(|(_, distance)| (2..=6).contains(*distance))
            .map(|(id, distance)| {
                let mutual = if *distance == 2 {
                    world.common(who, *id).len()
                } else {
                    0
                };
                (*distance, mutual, *id)
            })
            .collect();
        far.sort_by_key(|(distance, mutual, id)| (*distance, usize::MAX - mutual, *id));
        let far: Vec<Value> = far
            .iter()
            .map(|(distance, mutual, id)| {
                json!({ "distance": distance, "mutualFriendCount": mutual, "node": { "uuid": self.uuid(*id) } })
            })
            .collect();
        let recommended: Vec<Value> = world
            .recommended(who)
            .iter()
            .map(|(id, mutual)| {
                json!({
                    "score": mutual, "mutualFriendCount": mutual, "node": { "uuid": self.uuid(*id) },
                    "because": uuids(&world.common(who, *id)),
                })
            })
            .collect();
        json!({
            "uuid": self.uuid(who), "handle": person.handle, "firstName": person.first_name,
            "lastName": person.last_name, "state": person.state,
            "friends": nodes(&world.friends(who)),
            "friendsOfFriends": { "totalCount": far.len(), "edges": far },
            "recommendations": { "edges": recommended },
            "network": { "reached": distances.values().filter(|d| (1..=6).contains(*d)).count() },
            "friendRequests": nodes(&world.incoming(who)),
            "blockedUsers": nodes(&world.blocked(who)),
        })
    }

    async fn look_at_relations(&self, service: &Service) {
        let everybody: Vec<usize> = (0..PEOPLE).collect();
        let ids: Vec<String> = everybody.iter().map(|who| self.id(*who)).collect();
        let query = "query($from: ID!, $to: [ID!]!) { relationships(from: $from, to: $to) {
            user { uuid } distance mutualFriendCount friendshipState path { length users { uuid } } } }";
        for from in self.world.people.keys() {
            let variables = json!({ "from": self.id(*from), "to": ids });
            let answer = service.ask(query, variables).await;
            for (to, got) in everybody.iter().zip(list(&answer["relationships"])) {
                self.check_relation(*from, *to, got);
            }
        }
    }

    fn check_relation(&self, from: usize, to: usize, got: &Value) {
        let world = &self.world;
        if !world.people.contains_key(&to) {
            assert!(got.is_null());
            return;
        }
        let reached = world.distances(from);
        let distance = reached.get(&to).copied();
        let expected = json!({
            "user": { "uuid": self.uuid(to) },
            "distance": distance.filter(|distance| *distance <= 3),
            "mutualFriendCount": world.common(from, to).len(),
            "friendshipState": world.between(from, to),
        });
        let mut got = got.clone();
        let path = got
            .as_object_mut()
            .and_then(|got| got.remove("path"))
            .unwrap_or_default();
        assert_eq!(got, expected, "seed {}: {from} to {to}", self.seed);
        let distance = distance.filter(|distance| *distance <= 6);
        assert_eq!(
            path["length"],
            json!(distance),
            "seed {}: {from} to {to}",
            self.seed
        );
        // Any shortest path will do, but it must be one.
        let by_uuid: BTreeMap<String, usize> = world
            .people
            .keys()
            .map(|who| (self.uuid(*who), *who))
            .collect();
        let chain: Vec<usize> = list(&path["users"])
            .iter()
            .map(|user| by_uuid[user["uuid"].as_str().expect("a uuid")])
            .collect();
        if let Some(distance) = distance {
            assert_eq!((chain.first(), chain.last()), (Some(&from), Some(&to)));
            assert_eq!(chain.len(), distance + 1);
        }
        for step in chain.windows(2) {
            assert!(world.friends(step[0]).contains(&step[1]), "{chain:?}");
        }
    }

    fn uuid(&self, who: usize) -> String {
        format!("00000000-0000-8000-8000-{:04}{who:08}", self.seed)
    }

    fn id(&self, who: usize) -> String {
        URL_SAFE_NO_PAD.encode(format!("User:{}", self.uuid(who)))
    }
}

/// Requests and blocks come newest first; here only who they are counts.
fn normal(user: &Value) -> Value {
    let mut user = user.clone();
    for field in ["friendRequests", "blockedUsers"] {
        if let Some(edges) = user[field]["edges"].as_array_mut() {
            edges.sort_by_key(|edge| edge["node"]["uuid"].to_string());
        }
    }
    user
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
