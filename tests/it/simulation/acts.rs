//! Between the plain acts of the model and the commands of foaf.

use foaf::{
    command_handler::Request,
    domain::{Command, Field, Handle, Name, PairCommand, Profile, StateCommand, UserId},
    event_log::Message,
};
use uuid::Uuid;

use super::plan::{Call, Plan};
use crate::model::Act;

/// The id of a person whose number callers know.
pub(super) fn id(who: usize) -> UserId {
    UserId(Uuid::from_u128(0x4000_8000_0000_0000_0000 + who as u128))
}

pub(super) fn handle(text: &str) -> Handle {
    Handle::parse(text).expect("a handle")
}

pub(super) fn name(act: &Act) -> &'static str {
    match act {
        Act::Register { .. } => "registerUser",
        Act::Update { .. } => "updateProfile",
        Act::State { command, .. } | Act::Pair { command, .. } => command,
    }
}

/// The command that an act is; a registration may leave the choice of the id to the node.
pub(super) fn command(act: &Act, fresh_id: bool) -> Command {
    let person = |text: &str| Name::parse(text, Field::FirstName).expect("a name");
    match act {
        Act::Register {
            who,
            handle: text,
            pending,
        } => Command::RegisterUser {
            id: (!fresh_id).then(|| id(*who)),
            profile: Profile {
                handle: handle(text),
                first_name: person(&format!("N{who}")),
                last_name: None,
            },
            pending: *pending,
        },
        Act::Update {
            who,
            handle: text,
            last_name,
        } => Command::UpdateProfile {
            user: id(*who),
            handle: text.as_deref().map(handle),
            first_name: None,
            last_name: last_name.as_ref().map(|name| name.as_deref().map(person)),
        },
        Act::State { command, who } => Command::ChangeState {
            change: state_command(command),
            user: id(*who),
        },
        Act::Pair {
            command,
            who,
            other,
        } => Command::ChangePair {
            change: pair_command(command),
            user: id(*who),
            other: id(*other),
        },
    }
}

fn state_command(name: &str) -> StateCommand {
    let command = |change| Command::ChangeState {
        change,
        user: id(0),
    };
    let named = |change: &StateCommand| command(*change).name() == name;
    StateCommand::ALL
        .into_iter()
        .find(named)
        .expect("a command")
}

fn pair_command(name: &str) -> PairCommand {
    let command = |change| Command::ChangePair {
        change,
        user: id(0),
        other: id(1),
    };
    let named = |change: &PairCommand| command(*change).name() == name;
    PairCommand::ALL.into_iter().find(named).expect("a command")
}

/// The name of a call's try.
pub(super) fn tag(call: &Call, again: u64) -> u64 {
    call.number * TRIES + again
}

/// More than a call is tried.
pub(super) const TRIES: u64 = 10;

/// The request of a call's try. It names the call where a trace is named, and so does its record.
pub(super) fn request(call: &Call, again: u64) -> Request {
    Request {
        command: command(&call.act, call.fresh_id),
        actor: call.actor.into(),
        idempotency_key: call.key.clone(),
        traceparent: Some(trace_of(tag(call, again))),
    }
}

/// A trace context that is made of a tag.
fn trace_of(tag: u64) -> String {
    // No trace is 0.
    format!("00-{:032x}-{:016x}-00", u128::from(tag) + 1, 1)
}

/// What [`request`] put into the record.
pub(super) fn traceparent(message: &Message) -> Option<String> {
    message.headers.text("traceparent").map(str::to_owned)
}

/// The try that a record is of.
pub(super) fn tag_of(message: &Message) -> Option<u64> {
    let traceparent = traceparent(message)?;
    let trace = traceparent.split('-').nth(1)?;
    let tag = u128::from_str_radix(trace, 16).ok()?.checked_sub(1)?;
    u64::try_from(tag).ok()
}

/// The call that a record is of.
pub(super) fn call_of<'a>(plan: &'a Plan, message: &Message) -> Option<&'a Call> {
    let number = tag_of(message)? / TRIES;
    plan.calls.iter().find(|call| call.number == number)
}
