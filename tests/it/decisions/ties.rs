//! How friendships, requests and blocks end without being asked to: by an archive, by a block.

use foaf::domain::{
    Change, Edge, EdgeKind, Field, Pair, PairCommand as C, PairEvent as E, PairState,
    RejectionCode as Code, State, StateCommand, StateEvent, UserId, fold,
};

use super::harness::{Given, given};
use crate::sample::{change_pair, change_state, moment, pair_event, registered, state_event, user};

fn between(state: &State, a: UserId, b: UserId) -> PairState {
    state.pair(Pair::new(a, b).expect("two users"))
}

fn users(count: u8) -> Given {
    given((1..=count).map(|number| registered(user(number))))
}

#[test]
fn an_archive_ends_friendships_and_requests_but_not_blocks() {
    let [me, friend, invited, suitor, foe, blocker] = [1, 2, 3, 4, 5, 6].map(user);
    let given = users(6)
        .and([
            pair_event(E::FriendshipFormed, me, friend),
            pair_event(E::FriendRequested, me, invited),
            pair_event(E::FriendRequested, suitor, me),
            pair_event(E::UserBlocked, me, foe),
            pair_event(E::UserBlocked, blocker, me),
            pair_event(E::FriendshipFormed, friend, invited),
        ])
        .when(change_state(StateCommand::ArchiveUser, me))
        .then(state_event(StateEvent::UserArchived, me));
    for other in [friend, invited, suitor] {
        assert_eq!(between(&given.state, me, other), PairState::None);
    }
    for other in [foe, blocker] {
        assert!(matches!(
            between(&given.state, me, other),
            PairState::Blocked(_)
        ));
    }
    assert!(
        matches!(
            between(&given.state, friend, invited),
            PairState::Friends { .. }
        ),
        "the friendship of two others goes on"
    );
    assert_eq!(given.state.pair_count(), 3);
    // What an archive ended cannot be answered any more; what it left can be lifted.
    given
        .when(change_pair(C::AcceptFriendRequest, invited, me))
        .refused(Code::UserArchived, Field::Other)
        .when(change_pair(C::DeclineFriendRequest, invited, me))
        .refused(Code::NoSuchRequest, Field::Other)
        .when(change_pair(C::RemoveFriend, friend, me))
        .refused(Code::NotFriends, Field::Other)
        .when(change_pair(C::UnblockUser, blocker, me))
        .then(pair_event(E::UserUnblocked, blocker, me))
        .when(change_pair(C::UnblockUser, me, foe))
        .then(pair_event(E::UserUnblocked, me, foe));
}

#[test]
fn an_archive_closes_each_edge_that_it_ends_in_the_order_of_registration() {
    let [me, friend, asked, blocked] = [1, 2, 3, 4].map(user);
    let mut given = users(4).and([
        pair_event(E::FriendRequested, me, asked),
        pair_event(E::UserBlocked, me, blocked),
        pair_event(E::FriendshipFormed, friend, me),
    ]);
    let archived = state_event(StateEvent::UserArchived, me);
    let changes = fold(&mut given.state, &archived, moment(8)).expect("the event fits");
    let friendship = Edge::friend(Pair::new(me, friend).expect("two users"), moment(7));
    let request = Edge {
        kind: EdgeKind::Requested,
        from: me,
        to: asked,
        opened: moment(5),
    };
    assert!(matches!(changes[0], Change::User { .. }));
    assert_eq!(
        changes[1..],
        [Change::Closed(friendship), Change::Closed(request)]
    );
}

#[test]
fn a_suspension_ends_nothing() {
    let given = users(2)
        .and([pair_event(E::FriendshipFormed, user(1), user(2))])
        .when(change_state(StateCommand::SuspendUser, user(1)))
        .then(state_event(StateEvent::UserSuspended, user(1)));
    let since = moment(3);
    assert_eq!(
        between(&given.state, user(1), user(2)),
        PairState::Friends { since }
    );
}

#[test]
fn a_block_ends_a_friendship_or_a_request_of_the_pair_and_of_no_other() {
    let [me, other, third] = [1, 2, 3].map(user);
    for tie in [
        pair_event(E::FriendshipFormed, me, other),
        pair_event(E::FriendRequested, me, other),
        pair_event(E::FriendRequested, other, me),
    ] {
        let given = users(3)
            .and([tie, pair_event(E::FriendshipFormed, me, third)])
            .when(change_pair(C::BlockUser, me, other))
            .then(pair_event(E::UserBlocked, me, other));
        assert!(matches!(
            between(&given.state, me, third),
            PairState::Friends { .. }
        ));
        given
            .when(change_pair(C::RemoveFriend, other, me))
            .refused(Code::NotFriends, Field::Other)
            .when(change_pair(C::AcceptFriendRequest, other, me))
            .refused(Code::NoSuchRequest, Field::Other)
            .when(change_pair(C::UnblockUser, me, other))
            .then(pair_event(E::UserUnblocked, me, other))
            // The block took the friendship for good: lifting it brings nothing back.
            .when(change_pair(C::RemoveFriend, me, other))
            .refused(Code::NotFriends, Field::Other);
    }
}

#[test]
fn of_two_blocks_each_is_lifted_by_the_one_who_set_it() {
    let [me, other] = [1, 2].map(user);
    users(2)
        .when(change_pair(C::BlockUser, me, other))
        .then(pair_event(E::UserBlocked, me, other))
        .when(change_pair(C::BlockUser, other, me))
        .then(pair_event(E::UserBlocked, other, me))
        .when(change_pair(C::UnblockUser, me, other))
        .then(pair_event(E::UserUnblocked, me, other))
        .when(change_pair(C::AddFriend, me, other))
        .refused(Code::Blocked, Field::Other)
        .when(change_pair(C::UnblockUser, me, other))
        .refused(Code::NotBlocked, Field::Other)
        .when(change_pair(C::UnblockUser, other, me))
        .then(pair_event(E::UserUnblocked, other, me))
        .when(change_pair(C::AddFriend, me, other))
        .then(pair_event(E::FriendshipFormed, me, other));
}
