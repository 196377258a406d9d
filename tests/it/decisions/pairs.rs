//! The commands between two users: every command × what stands between the two × the side that acts
//! × the state of each of the two.
//!
//! The tables say what the design says, seen from the user who acts. They ask nothing of `decide`.

use foaf::domain::{
    Event, Field, Pair, PairCommand as C, PairEvent as E, PairState, RejectionCode as Code, State,
    StateEvent, UserId, UserState,
};

use super::harness::given;
use crate::sample::{change_pair, pair_event, registered, registered_pending, state_event, user};

/// What stands between the one who acts and the other, as the one who acts sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    Nothing,
    IAsked,
    TheyAsked,
    Friends,
    IBlock,
    TheyBlock,
    BothBlock,
}
use Tie::{BothBlock, Friends, IAsked, IBlock, Nothing, TheyAsked, TheyBlock};

const TIES: [Tie; 7] = [
    Nothing, IAsked, TheyAsked, Friends, IBlock, TheyBlock, BothBlock,
];

/// The event and what stands between the two after it; or the refusal.
type Answer = Result<(E, Tie), Code>;

/// What each command comes to between two ACTIVE users, in the order of [`TIES`].
#[rustfmt::skip]
fn answers(command: C) -> [Answer; 7] {
    const REQUEST: Answer = Ok((E::FriendRequested, IAsked));
    const FORM: Answer = Ok((E::FriendshipFormed, Friends));
    const DECLINE: Answer = Ok((E::FriendRequestDeclined, Nothing));
    const CANCEL: Answer = Ok((E::FriendRequestCancelled, Nothing));
    const REMOVE: Answer = Ok((E::FriendshipRemoved, Nothing));
    const BLOCK: Answer = Ok((E::UserBlocked, IBlock));
    const BLOCK_TOO: Answer = Ok((E::UserBlocked, BothBlock));
    const UNBLOCK: Answer = Ok((E::UserUnblocked, Nothing));
    const UNBLOCK_ONE: Answer = Ok((E::UserUnblocked, TheyBlock));
    const BLOCKED: Answer = Err(Code::Blocked);
    const FRIENDS: Answer = Err(Code::AlreadyFriends);
    const ASKED: Answer = Err(Code::AlreadyRequested);
    const NO_REQUEST: Answer = Err(Code::NoSuchRequest);
    const SIDE: Answer = Err(Code::WrongSide);
    const NO_FRIENDS: Answer = Err(Code::NotFriends);
    const BLOCK_STANDS: Answer = Err(Code::AlreadyBlocked);
    const NO_BLOCK: Answer = Err(Code::NotBlocked);
    match command {
        //                         Nothing     IAsked      TheyAsked   Friends     IBlock        TheyBlock   BothBlock
        C::SendFriendRequest    => [REQUEST,    ASKED,      FORM,       FRIENDS,    BLOCKED,      BLOCKED,    BLOCKED],
        C::AcceptFriendRequest  => [NO_REQUEST, SIDE,       FORM,       NO_REQUEST, NO_REQUEST,   NO_REQUEST, NO_REQUEST],
        C::DeclineFriendRequest => [NO_REQUEST, SIDE,       DECLINE,    NO_REQUEST, NO_REQUEST,   NO_REQUEST, NO_REQUEST],
        C::CancelFriendRequest  => [NO_REQUEST, CANCEL,     SIDE,       NO_REQUEST, NO_REQUEST,   NO_REQUEST, NO_REQUEST],
        C::AddFriend            => [FORM,       FORM,       FORM,       FRIENDS,    BLOCKED,      BLOCKED,    BLOCKED],
        C::RemoveFriend         => [NO_FRIENDS, NO_FRIENDS, NO_FRIENDS, REMOVE,     NO_FRIENDS,   NO_FRIENDS, NO_FRIENDS],
        C::BlockUser            => [BLOCK,      BLOCK,      BLOCK,      BLOCK,      BLOCK_STANDS, BLOCK_TOO,  BLOCK_STANDS],
        C::UnblockUser          => [NO_BLOCK,   NO_BLOCK,   NO_BLOCK,   NO_BLOCK,   UNBLOCK,      NO_BLOCK,   UNBLOCK_ONE],
    }
}

/// Why the states of the two (`None`: never registered) forbid the command, if they do.
fn forbidden(command: C, me: Option<UserState>, other: Option<UserState>) -> Option<(Code, Field)> {
    use UserState::{Active, Archived};
    let befriends = match command {
        C::SendFriendRequest | C::AcceptFriendRequest | C::AddFriend => true,
        C::DeclineFriendRequest
        | C::CancelFriendRequest
        | C::RemoveFriend
        | C::BlockUser
        | C::UnblockUser => false,
    };
    // An archive is for good, so it is told before anything that can change.
    let archived = |state| befriends && state == Some(Archived);
    let inactive = |state| befriends && state != Some(Active);
    [
        (archived(me), Code::UserArchived, Field::User),
        (archived(other), Code::UserArchived, Field::Other),
        (me.is_none(), Code::UnknownUser, Field::User),
        (inactive(me), Code::UserNotActive, Field::User),
        (other.is_none(), Code::UnknownUser, Field::Other),
        (inactive(other), Code::UserNotActive, Field::Other),
    ]
    .into_iter()
    .find_map(|(holds, code, field)| holds.then_some((code, field)))
}

/// The events that lead there; `None` where no history does.
fn history(
    (me, my_state): (UserId, Option<UserState>),
    (other, other_state): (UserId, Option<UserState>),
    tie: Tie,
) -> Option<Vec<Event>> {
    let states = [my_state, other_state];
    let befriended = matches!(tie, IAsked | TheyAsked | Friends);
    let unknown = states.contains(&None);
    let pending = states.contains(&Some(UserState::Pending));
    let archived = states.contains(&Some(UserState::Archived));
    if unknown && tie != Nothing || befriended && (pending || archived) {
        return None;
    }
    let mut events = Vec::new();
    for (id, state) in [(me, my_state), (other, other_state)] {
        match state {
            None => {}
            Some(UserState::Pending) => events.push(registered_pending(id)),
            Some(_) => events.push(registered(id)),
        }
    }
    let i_block = pair_event(E::UserBlocked, me, other);
    let they_block = pair_event(E::UserBlocked, other, me);
    match tie {
        Nothing => {}
        IAsked => events.push(pair_event(E::FriendRequested, me, other)),
        TheyAsked => events.push(pair_event(E::FriendRequested, other, me)),
        Friends => events.push(pair_event(E::FriendshipFormed, me, other)),
        IBlock => events.push(i_block),
        TheyBlock => events.push(they_block),
        BothBlock => events.extend([i_block, they_block]),
    }
    for (id, state) in [(me, my_state), (other, other_state)] {
        match state {
            Some(UserState::Suspended) => events.push(state_event(StateEvent::UserSuspended, id)),
            Some(UserState::Archived) => events.push(state_event(StateEvent::UserArchived, id)),
            None | Some(UserState::Pending | UserState::Active) => {}
        }
    }
    Some(events)
}

/// What the state says stands between the two.
fn tie(state: &State, me: UserId, other: UserId) -> Tie {
    let pair = Pair::new(me, other).expect("two users");
    let (mine, theirs) = (pair.side(me), pair.side(other));
    match state.pair(pair) {
        PairState::None => Nothing,
        PairState::Requested { by, .. } if by == mine => IAsked,
        PairState::Requested { .. } => TheyAsked,
        PairState::Friends { .. } => Friends,
        PairState::Blocked(blocks) => {
            match (blocks.by(mine).is_some(), blocks.by(theirs).is_some()) {
                (true, true) => BothBlock,
                (true, false) => IBlock,
                (false, true) => TheyBlock,
                (false, false) => panic!("a block by nobody"),
            }
        }
    }
}

#[test]
fn every_command_answers_every_situation_as_the_tables_say() {
    let states = [None].into_iter().chain(UserState::ALL.map(Some));
    let mut cases = 0;
    for (me, other) in [(user(1), user(2)), (user(2), user(1))] {
        for (my_state, other_state) in states
            .clone()
            .flat_map(|mine| states.clone().map(move |other| (mine, other)))
        {
            for (command, (before, answer)) in C::ALL
                .into_iter()
                .flat_map(|c| TIES.into_iter().zip(answers(c)).map(move |row| (c, row)))
            {
                let Some(events) = history((me, my_state), (other, other_state), before) else {
                    continue;
                };
                let given = given(events);
                assert_eq!(
                    tie(&given.state, me, other),
                    before,
                    "the history leads there"
                );
                let when = given.when(change_pair(command, me, other));
                match (forbidden(command, my_state, other_state), answer) {
                    (Some((code, field)), _) => {
                        when.refused(code, field);
                    }
                    (None, Err(code)) => {
                        when.refused(code, Field::Other);
                    }
                    (None, Ok((event, after))) => {
                        let given = when.then(pair_event(event, me, other));
                        assert_eq!(
                            tie(&given.state, me, other),
                            after,
                            "{before:?} {command:?}"
                        );
                    }
                }
                cases += 1;
            }
        }
    }
    // Nothing stands with somebody unknown (9 pairs of states of 25); a request or a friendship
    // needs two who are ACTIVE or SUSPENDED (4 of 25); a block needs two who are registered (16).
    assert_eq!(cases, 2 * 8 * (25 + 3 * 4 + 3 * 16));
}

#[test]
fn nobody_has_a_tie_with_themselves() {
    let archived = state_event(StateEvent::UserArchived, user(1));
    for history in [
        vec![],
        vec![registered(user(1))],
        vec![registered_pending(user(1))],
        vec![registered(user(1)), archived],
    ] {
        for command in C::ALL {
            given(history.clone())
                .when(change_pair(command, user(1), user(1)))
                .refused(Code::SelfReference, Field::Other);
        }
    }
}
