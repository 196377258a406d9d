//! Decisions: a command and the state make an event or a refusal.
//!
//! Refusals that can never become false are asked for first, so that every node and every later
//! time gives the same one of several reasons.

use super::{
    Command, Event, Field, Handle, Name, Pair, PairCommand, PairEvent, PairState, Rejection,
    RejectionCode as Code, Side, StateCommand, StateEvent, UserId, UserState, View,
};

/// Decides a command. `fresh` is the id for a new user when the command names none.
///
/// # Errors
/// The refusal, when a rule stands against the command (design: the table of commands).
pub fn decide(view: &impl View, command: &Command, fresh: UserId) -> Result<Event, Rejection> {
    match command {
        Command::RegisterUser {
            id,
            profile,
            pending,
        } => {
            let user = id.unwrap_or(fresh);
            if view.status(user).is_some() {
                return Err(Rejection::new(Code::IdTaken, Field::Uuid));
            }
            // Read although nobody has one yet: the event writes this key, and writes are guarded.
            let _ = view.profile(user);
            check_free(view, &profile.handle)?;
            Ok(Event::UserRegistered {
                user,
                profile: profile.clone(),
                pending: *pending,
            })
        }
        Command::UpdateProfile {
            user,
            handle,
            first_name,
            last_name,
        } => update_profile(
            view,
            *user,
            handle.as_ref(),
            first_name.as_ref(),
            last_name.as_ref(),
        ),
        Command::ChangeState { change, user } => {
            let change = change_state(known(view, *user, Field::User)?, *change)?;
            Ok(Event::StateChanged {
                change,
                user: *user,
            })
        }
        Command::ChangePair {
            change,
            user,
            other,
        } => {
            let change = change_pair(view, *change, *user, *other)?;
            Ok(Event::PairChanged {
                change,
                user: *user,
                other: *other,
            })
        }
    }
}

fn check_free(view: &impl View, handle: &Handle) -> Result<(), Rejection> {
    match view.handle_owner(handle) {
        Some(_) => Err(Rejection::new(Code::HandleTaken, Field::Handle)),
        None => Ok(()),
    }
}

fn known(view: &impl View, user: UserId, field: Field) -> Result<UserState, Rejection> {
    view.status(user)
        .ok_or(Rejection::new(Code::UnknownUser, field))
}

fn update_profile(
    view: &impl View,
    user: UserId,
    handle: Option<&Handle>,
    first_name: Option<&Name>,
    last_name: Option<&Option<Name>>,
) -> Result<Event, Rejection> {
    if known(view, user, Field::User)? == UserState::Archived {
        return Err(Rejection::new(Code::UserArchived, Field::User));
    }
    let Some(before) = view.profile(user) else {
        return Err(Rejection::new(Code::UnknownUser, Field::User));
    };
    let mut profile = before.clone();
    let mut former_handle = None;
    if let Some(handle) = handle
        && *handle != profile.handle
    {
        check_free(view, handle)?;
        // The event also frees the old handle, and writes are guarded.
        let _ = view.handle_owner(&profile.handle);
        former_handle = Some(std::mem::replace(&mut profile.handle, handle.clone()));
    }
    if let Some(name) = first_name {
        profile.first_name = name.clone();
    }
    if let Some(name) = last_name {
        profile.last_name.clone_from(name);
    }
    if profile == before {
        return Err(Rejection::new(Code::Unchanged, Field::User));
    }
    Ok(Event::ProfileUpdated {
        user,
        profile,
        former_handle,
    })
}

fn change_state(state: UserState, change: StateCommand) -> Result<StateEvent, Rejection> {
    match (state, change) {
        (UserState::Archived, _) => Err(Rejection::new(Code::UserArchived, Field::User)),
        (UserState::Pending, StateCommand::ActivateUser) => Ok(StateEvent::UserActivated),
        (UserState::Active, StateCommand::SuspendUser) => Ok(StateEvent::UserSuspended),
        (UserState::Suspended, StateCommand::ReactivateUser) => Ok(StateEvent::UserReactivated),
        (_, StateCommand::ArchiveUser) => Ok(StateEvent::UserArchived),
        _ => Err(Rejection::new(Code::WrongState, Field::User)),
    }
}

fn change_pair(
    view: &impl View,
    change: PairCommand,
    user: UserId,
    other: UserId,
) -> Result<PairEvent, Rejection> {
    use PairCommand as C;
    let Some(pair) = Pair::new(user, other) else {
        return Err(Rejection::new(Code::SelfReference, Field::Other));
    };
    let both = [(user, Field::User), (other, Field::Other)];
    let makes_friends = matches!(
        change,
        C::SendFriendRequest | C::AcceptFriendRequest | C::AddFriend
    );
    if makes_friends {
        for (id, field) in both {
            if view.status(id) == Some(UserState::Archived) {
                return Err(Rejection::new(Code::UserArchived, field));
            }
        }
    }
    for (id, field) in both {
        let state = known(view, id, field)?;
        if makes_friends && state != UserState::Active {
            return Err(Rejection::new(Code::UserNotActive, field));
        }
    }
    let event = between(change, pair.side(user), &view.pair(pair))?;
    for (id, field) in both {
        if makes_friends && !view.has_room(id) {
            return Err(Rejection::new(Code::TooManyFriends, field));
        }
    }
    Ok(event)
}

/// What a command of one side makes of what stands between two.
fn between(change: PairCommand, side: Side, state: &PairState) -> Result<PairEvent, Rejection> {
    use PairCommand as C;
    let refuse = |code| Err(Rejection::new(code, Field::Other));
    match (change, state) {
        (C::BlockUser, PairState::Blocked(blocks)) if blocks.by(side).is_some() => {
            refuse(Code::AlreadyBlocked)
        }
        (C::BlockUser, _) => Ok(PairEvent::UserBlocked),
        (C::UnblockUser, PairState::Blocked(blocks)) if blocks.by(side).is_some() => {
            Ok(PairEvent::UserUnblocked)
        }
        (C::UnblockUser, _) => refuse(Code::NotBlocked),
        (C::RemoveFriend, PairState::Friends { .. }) => Ok(PairEvent::FriendshipRemoved),
        (C::RemoveFriend, _) => refuse(Code::NotFriends),
        (C::SendFriendRequest | C::AddFriend, PairState::Blocked(_)) => refuse(Code::Blocked),
        (C::SendFriendRequest | C::AddFriend, PairState::Friends { .. }) => {
            refuse(Code::AlreadyFriends)
        }
        (C::SendFriendRequest, PairState::None) => Ok(PairEvent::FriendRequested),
        (C::SendFriendRequest, PairState::Requested { by, .. }) if *by == side => {
            refuse(Code::AlreadyRequested)
        }
        (C::SendFriendRequest, PairState::Requested { .. }) | (C::AddFriend, _) => {
            Ok(PairEvent::FriendshipFormed)
        }
        (C::CancelFriendRequest, PairState::Requested { by, .. }) if *by == side => {
            Ok(PairEvent::FriendRequestCancelled)
        }
        (C::AcceptFriendRequest, PairState::Requested { by, .. }) if *by != side => {
            Ok(PairEvent::FriendshipFormed)
        }
        (C::DeclineFriendRequest, PairState::Requested { by, .. }) if *by != side => {
            Ok(PairEvent::FriendRequestDeclined)
        }
        (
            C::CancelFriendRequest | C::AcceptFriendRequest | C::DeclineFriendRequest,
            PairState::Requested { .. },
        ) => refuse(Code::WrongSide),
        (C::CancelFriendRequest | C::AcceptFriendRequest | C::DeclineFriendRequest, _) => {
            refuse(Code::NoSuchRequest)
        }
    }
}
