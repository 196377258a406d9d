//! The JSON values of records, by type and version. Strict: what a schema does not allow is refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error},
};
use uuid::Uuid;

use crate::{
    domain::{
        Event, Field, Handle, Name, PairEvent, Profile, Rejection, RejectionCode, StateEvent,
        UserId, UserState,
    },
    judge::{GraphCreated, HashKey, LogId, RULE, RecordId, Windows},
};

pub(super) const CREATED: &str = "foaf.graph.created.v2";
pub(super) const REJECTED: &str = "foaf.command.rejected.v1";
const REGISTERED: &str = "foaf.user.registered.v1";
const PROFILE_UPDATED: &str = "foaf.user.profile-updated.v1";

/// Every type and version that this build knows.
pub(super) const TYPES: &[&str] = &[
    CREATED,
    REJECTED,
    REGISTERED,
    PROFILE_UPDATED,
    "foaf.user.activated.v1",
    "foaf.user.suspended.v1",
    "foaf.user.reactivated.v1",
    "foaf.user.archived.v1",
    "foaf.friendship.requested.v1",
    "foaf.friendship.request-declined.v1",
    "foaf.friendship.request-cancelled.v1",
    "foaf.friendship.formed.v1",
    "foaf.friendship.removed.v1",
    "foaf.user.blocked.v1",
    "foaf.user.unblocked.v1",
];

pub(super) fn type_of(event: &Event) -> &'static str {
    match event {
        Event::UserRegistered { .. } => REGISTERED,
        Event::ProfileUpdated { .. } => PROFILE_UPDATED,
        Event::StateChanged { change, .. } => state_type(*change),
        Event::PairChanged { change, .. } => pair_type(*change),
    }
}

fn state_type(change: StateEvent) -> &'static str {
    match change {
        StateEvent::UserActivated => "foaf.user.activated.v1",
        StateEvent::UserSuspended => "foaf.user.suspended.v1",
        StateEvent::UserReactivated => "foaf.user.reactivated.v1",
        StateEvent::UserArchived => "foaf.user.archived.v1",
    }
}

fn pair_type(change: PairEvent) -> &'static str {
    match change {
        PairEvent::FriendRequested => "foaf.friendship.requested.v1",
        PairEvent::FriendRequestDeclined => "foaf.friendship.request-declined.v1",
        PairEvent::FriendRequestCancelled => "foaf.friendship.request-cancelled.v1",
        PairEvent::FriendshipFormed => "foaf.friendship.formed.v1",
        PairEvent::FriendshipRemoved => "foaf.friendship.removed.v1",
        PairEvent::UserBlocked => "foaf.user.blocked.v1",
        PairEvent::UserUnblocked => "foaf.user.unblocked.v1",
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Created {
    #[serde(deserialize_with = "id")]
    log_id: Uuid,
    hash_key: String,
    rule: u32,
    attempt_window_ms: i64,
    attempt_window_positions: u64,
    outcome_window_ms: i64,
    outcome_window_count: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rejected<'a> {
    code: &'a str,
    field: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Registered {
    #[serde(deserialize_with = "id")]
    user: Uuid,
    handle: String,
    first_name: String,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    last_name: Option<String>,
    state: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProfileUpdated {
    #[serde(deserialize_with = "id")]
    user: Uuid,
    handle: String,
    first_name: String,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    last_name: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    former_handle: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfUser {
    #[serde(deserialize_with = "id")]
    user: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPair {
    #[serde(deserialize_with = "id")]
    user: Uuid,
    #[serde(deserialize_with = "id")]
    other: Uuid,
}

pub(super) fn created(created: &GraphCreated) -> Vec<u8> {
    json(&Created {
        log_id: created.log_id.0,
        hash_key: URL_SAFE_NO_PAD.encode(created.hash_key.0),
        rule: RULE,
        attempt_window_ms: created.windows.attempt_ms,
        attempt_window_positions: created.windows.attempt_positions,
        outcome_window_ms: created.windows.outcome_ms,
        outcome_window_count: created.windows.outcome_count,
    })
}

pub(super) fn rejection(rejection: Rejection) -> Vec<u8> {
    json(&Rejected {
        code: rejection.code.as_str(),
        field: rejection.field.as_str(),
    })
}

pub(super) fn event(event: &Event) -> Vec<u8> {
    match event {
        Event::UserRegistered {
            user,
            profile,
            pending,
        } => json(&Registered {
            user: user.0,
            handle: profile.handle.as_str().to_owned(),
            first_name: profile.first_name.as_str().to_owned(),
            last_name: last_name(profile),
            state: initial_state(*pending).as_str().to_owned(),
        }),
        Event::ProfileUpdated {
            user,
            profile,
            former_handle,
        } => json(&ProfileUpdated {
            user: user.0,
            handle: profile.handle.as_str().to_owned(),
            first_name: profile.first_name.as_str().to_owned(),
            last_name: last_name(profile),
            former_handle: former_handle.as_ref().map(|h| h.as_str().to_owned()),
        }),
        Event::StateChanged { user, .. } => json(&OfUser { user: user.0 }),
        Event::PairChanged { user, other, .. } => json(&OfPair {
            user: user.0,
            other: other.0,
        }),
    }
}

pub(super) fn parse_created(id: RecordId, value: &[u8]) -> Result<GraphCreated, &'static str> {
    let data: Created = parse(value)?;
    let windows = Windows {
        attempt_ms: data.attempt_window_ms,
        attempt_positions: data.attempt_window_positions,
        outcome_ms: data.outcome_window_ms,
        outcome_count: data.outcome_window_count,
    };
    if data.rule != RULE {
        return Err("the rule in the data is not that of the header");
    }
    if !windows.is_sound() {
        return Err("the windows let an attempt outlive an outcome");
    }
    let key = URL_SAFE_NO_PAD.decode(&data.hash_key).ok();
    let key = key.and_then(|key| <[u8; 32]>::try_from(key).ok());
    Ok(GraphCreated {
        id,
        log_id: LogId(data.log_id),
        hash_key: HashKey(key.ok_or("the hash key is not 32 bytes")?),
        windows,
    })
}

/// `None` for a code or field that a later build has added: to void such a record would part us from
/// the nodes that know it.
pub(super) fn parse_rejection(value: &[u8]) -> Result<Option<Rejection>, &'static str> {
    let data: Rejected<'_> = serde_json::from_slice(object(value)?).map_err(|_| BAD_DATA)?;
    let (code, field) = (RejectionCode::parse(data.code), Field::parse(data.field));
    Ok(code
        .zip(field)
        .map(|(code, field)| Rejection { code, field }))
}

/// Reads the value of a record of that type, which must be one of [`TYPES`] that carries an event.
pub(super) fn parse_event(kind: &str, value: &[u8]) -> Result<Event, &'static str> {
    if kind == REGISTERED {
        let data: Registered = parse(value)?;
        let pending = match UserState::parse(&data.state) {
            Some(UserState::Pending) => true,
            Some(UserState::Active) => false,
            _ => return Err("a user starts PENDING or ACTIVE"),
        };
        return Ok(Event::UserRegistered {
            user: UserId(data.user),
            profile: profile(&data.handle, &data.first_name, data.last_name.as_deref())?,
            pending,
        });
    }
    if kind == PROFILE_UPDATED {
        let data: ProfileUpdated = parse(value)?;
        let former_handle = data.former_handle.as_deref().map(handle).transpose()?;
        return Ok(Event::ProfileUpdated {
            user: UserId(data.user),
            profile: profile(&data.handle, &data.first_name, data.last_name.as_deref())?,
            former_handle,
        });
    }
    if let Some(change) = StateEvent::ALL.into_iter().find(|e| state_type(*e) == kind) {
        let data: OfUser = parse(value)?;
        let user = UserId(data.user);
        return Ok(Event::StateChanged { change, user });
    }
    if let Some(change) = PairEvent::ALL.into_iter().find(|e| pair_type(*e) == kind) {
        let data: OfPair = parse(value)?;
        if data.user == data.other {
            return Err("user and other are the same");
        }
        return Ok(Event::PairChanged {
            change,
            user: UserId(data.user),
            other: UserId(data.other),
        });
    }
    Err("not the type of an event")
}

const BAD_DATA: &str = "the data breaks the schema of its type";

fn parse<T: DeserializeOwned>(value: &[u8]) -> Result<T, &'static str> {
    serde_json::from_slice(object(value)?).map_err(|_| BAD_DATA)
}

/// Serde also reads a struct from a list of its fields, which no schema allows.
fn object(value: &[u8]) -> Result<&[u8], &'static str> {
    let is_object = value.trim_ascii_start().starts_with(b"{");
    is_object.then_some(value).ok_or(BAD_DATA)
}

/// Reads an optional property that is there: it may be absent, but not null.
fn present<'de, D: Deserializer<'de>>(data: D) -> Result<Option<String>, D::Error> {
    String::deserialize(data).map(Some)
}

fn id<'de, D: Deserializer<'de>>(data: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(data)?;
    parse_id(&text).ok_or_else(|| D::Error::custom("not an id"))
}

/// Reads a UUID in the one form in which records hold it: lower case, with hyphens.
pub(super) fn parse_id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (id.hyphenated().encode_lower(&mut buffer) == text).then_some(id)
}

fn json(data: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(data).expect("plain structs of text and numbers are always JSON")
}

fn initial_state(pending: bool) -> UserState {
    if pending {
        UserState::Pending
    } else {
        UserState::Active
    }
}

fn last_name(profile: &Profile) -> Option<String> {
    profile
        .last_name
        .as_ref()
        .map(|name| name.as_str().to_owned())
}

fn handle(text: &str) -> Result<Handle, &'static str> {
    match Handle::parse(text) {
        Ok(handle) if handle.as_str() == text => Ok(handle),
        _ => Err("not a case-folded handle"),
    }
}

fn profile(
    handle_text: &str,
    first_name: &str,
    last_name: Option<&str>,
) -> Result<Profile, &'static str> {
    let name = |text, field| Name::recorded(text, field).map_err(|_| "not a name");
    Ok(Profile {
        handle: handle(handle_text)?,
        first_name: name(first_name, Field::FirstName)?,
        last_name: last_name
            .map(|text| name(text, Field::LastName))
            .transpose()?,
    })
}
