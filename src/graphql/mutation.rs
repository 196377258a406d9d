//! The root of mutations: one field for each command.
//!
//! A refusal is data in the payload; a fault is a GraphQL error. The payload's graph fields wait until
//! the graph shows the mutation: callers read their own write.

mod input;
mod payload;

use async_graphql::{Context, MaybeUndefined, Object, Result};

use crate::{
    command_handler::{MAX_IDEMPOTENCY_KEY, Reply, Request},
    domain::{
        Command, Field, Handle, Name, PairCommand, Profile, Rejection as Refusal, RejectionCode,
        StateCommand, UserId,
    },
    judge::OutcomeResult,
};

use super::{
    Services,
    error::{bad_input, handler_fault},
    id::user_id,
    query::parse_uuid,
    request::Caller,
};

use input::{
    ChangePairInput, ChangeStateInput, InitialState, RegisterUserInput, UpdateProfileInput,
};
use payload::{Answer, FriendshipPayload, UserPayload};

/// Everything that can be changed.
pub(super) struct Mutation;

/// Defines a field for each command of a kind.
macro_rules! mutations {
    (
        $($state:ident = $state_command:ident: $state_doc:literal,)+
        ;
        $($pair:ident = $pair_command:ident: $pair_doc:literal,)+
    ) => {
        #[Object]
        impl Mutation {
            /// Makes a user, ACTIVE unless asked for PENDING.
            async fn register_user(
                &self,
                ctx: &Context<'_>,
                #[graphql(desc = "Whom.")] input: RegisterUserInput,
            ) -> Result<Option<UserPayload>> {
                register_user(ctx, input).await.map(Some)
            }

            /// Changes parts of a profile.
            async fn update_profile(
                &self,
                ctx: &Context<'_>,
                #[graphql(desc = "What of whose.")] input: UpdateProfileInput,
            ) -> Result<Option<UserPayload>> {
                update_profile(ctx, input).await.map(Some)
            }

            $(
                #[doc = $state_doc]
                async fn $state(
                    &self,
                    ctx: &Context<'_>,
                    #[graphql(desc = "Whom.")] input: ChangeStateInput,
                ) -> Result<Option<UserPayload>> {
                    let change = StateCommand::$state_command;
                    change_state(ctx, change, input).await.map(Some)
                }
            )+

            $(
                #[doc = $pair_doc]
                async fn $pair(
                    &self,
                    ctx: &Context<'_>,
                    #[graphql(desc = "Between whom.")] input: ChangePairInput,
                ) -> Result<Option<FriendshipPayload>> {
                    let change = PairCommand::$pair_command;
                    change_pair(ctx, change, input).await.map(Some)
                }
            )+
        }
    };
}

mutations! {
    activate_user = ActivateUser: "Makes a PENDING user ACTIVE.",
    suspend_user = SuspendUser: "Makes an ACTIVE user SUSPENDED: friendships stay, but the user is passed over wherever friends are looked for.",
    reactivate_user = ReactivateUser: "Makes a SUSPENDED user ACTIVE again.",
    archive_user = ArchiveUser: "Archives a user for good: friendships and requests end, the handle becomes free.",
    ;
    send_friend_request = SendFriendRequest: "Asks the other to be friends; if the other has asked already, the two are friends at once.",
    accept_friend_request = AcceptFriendRequest: "Says yes to the other's request.",
    decline_friend_request = DeclineFriendRequest: "Says no to the other's request.",
    cancel_friend_request = CancelFriendRequest: "Takes the own request to the other back.",
    add_friend = AddFriend: "Makes the two friends at once, without a request.",
    remove_friend = RemoveFriend: "Ends the friendship of the two.",
    block_user = BlockUser: "Blocks the other: a friendship or request of the two ends, and none can begin.",
    unblock_user = UnblockUser: "Lifts the own block of the other.",
}

async fn register_user(ctx: &Context<'_>, input: RegisterUserInput) -> Result<UserPayload> {
    let id = match &input.uuid {
        Some(uuid) => Some(parse_uuid(uuid, "input.uuid")?),
        None => None,
    };
    let pending = input.state == InitialState::Pending;
    let command = profile(&input).map(|profile| Command::RegisterUser {
        id,
        profile,
        pending,
    });
    let (answer, registered) = run(ctx, command, input.idempotency_key).await?;
    Ok(UserPayload {
        user: registered,
        answer,
    })
}

fn profile(input: &RegisterUserInput) -> Result<Profile, Refusal> {
    let last_name = input.last_name.as_deref();
    Ok(Profile {
        handle: Handle::parse(&input.handle)?,
        first_name: Name::parse(&input.first_name, Field::FirstName)?,
        last_name: last_name
            .map(|name| Name::parse(name, Field::LastName))
            .transpose()?,
    })
}

async fn update_profile(ctx: &Context<'_>, input: UpdateProfileInput) -> Result<UserPayload> {
    let user = user_id(&input.user, "input.user")?;
    for (argument, text) in [
        ("input.handle", &input.handle),
        ("input.firstName", &input.first_name),
    ] {
        if text.is_null() {
            let problem = "it cannot be taken away: give another, or leave it out";
            return Err(bad_input(argument, problem));
        }
    }
    let (answer, _) = run(ctx, update_of(user, &input), input.idempotency_key).await?;
    Ok(UserPayload {
        user: Some(user),
        answer,
    })
}

fn update_of(user: UserId, input: &UpdateProfileInput) -> Result<Command, Refusal> {
    let handle = input.handle.value().map(|text| Handle::parse(text));
    let first_name = input.first_name.value();
    Ok(Command::UpdateProfile {
        user,
        handle: handle.transpose()?,
        first_name: first_name
            .map(|name| Name::parse(name, Field::FirstName))
            .transpose()?,
        last_name: match &input.last_name {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(name) => Some(Some(Name::parse(name, Field::LastName)?)),
        },
    })
}

async fn change_state(
    ctx: &Context<'_>,
    change: StateCommand,
    input: ChangeStateInput,
) -> Result<UserPayload> {
    let user = user_id(&input.user, "input.user")?;
    let command = Command::ChangeState { change, user };
    let (answer, _) = run(ctx, Ok(command), input.idempotency_key).await?;
    Ok(UserPayload {
        user: Some(user),
        answer,
    })
}

async fn change_pair(
    ctx: &Context<'_>,
    change: PairCommand,
    input: ChangePairInput,
) -> Result<FriendshipPayload> {
    let user = user_id(&input.user, "input.user")?;
    let other = user_id(&input.other, "input.other")?;
    let command = Command::ChangePair {
        change,
        user,
        other,
    };
    let (answer, _) = run(ctx, Ok(command), input.idempotency_key).await?;
    Ok(FriendshipPayload {
        user,
        other,
        answer,
    })
}

/// Sees a command through, also when the caller goes away; input that no build accepts is refused
/// without a record.
async fn run(
    ctx: &Context<'_>,
    command: Result<Command, Refusal>,
    idempotency_key: Option<String>,
) -> Result<(Answer, Option<UserId>)> {
    let services = ctx.data_unchecked::<Services>();
    let caller = ctx.data_unchecked::<Caller>();
    if let Some(key) = &idempotency_key
        && !(1..=MAX_IDEMPOTENCY_KEY).contains(&key.len())
    {
        let problem = format!(
            "must be 1 to {MAX_IDEMPOTENCY_KEY} bytes, not {}",
            key.len()
        );
        return Err(bad_input("input.idempotencyKey", problem));
    }
    let reply = match command {
        Ok(command) => {
            let request = Request {
                command,
                actor: caller.actor.clone(),
                idempotency_key,
                traceparent: caller.traceparent.clone(),
            };
            let had_key = request.idempotency_key.is_some();
            services
                .see_through(request)
                .await
                .map_err(|error| handler_fault(&error, had_key))?
        }
        Err(refusal) => Reply {
            position: services.replay.progress().borrow().position,
            result: OutcomeResult::Rejected(refusal),
        },
    };
    let position = services.token(reply.position)?;
    caller.wrote(reply.position);
    let mut answer = Answer {
        position,
        refusal: None,
        unchanged: false,
    };
    let mut registered = None;
    match reply.result {
        OutcomeResult::Rejected(refusal) if refusal.code == RejectionCode::Unchanged => {
            answer.unchanged = true;
        }
        OutcomeResult::Rejected(refusal) => answer.refusal = Some(refusal),
        OutcomeResult::Registered(user) => registered = Some(user),
        OutcomeResult::Done => {}
    }
    Ok((answer, registered))
}
