//! What follows from an event: applied one after the other, the changes alone make the same users
//! and edges as the state has. Who follows them needs no state.

use std::collections::{BTreeMap, BTreeSet};

use foaf::domain::{
    Change, Edge, EdgeKind, Event, Pair, PairEvent, PairState, Profile, Side, State, StateEvent,
    UserId, fold,
};

use crate::sample::{moment, own_profile, pair_event, random, registered, state_event, user};

/// Every edge that the state holds.
fn edges(state: &State) -> BTreeSet<Edge> {
    let directed = |kind, pair: Pair, by, opened| {
        let (from, to) = pair.from_side(by);
        Edge {
            kind,
            from,
            to,
            opened,
        }
    };
    let mut edges = BTreeSet::new();
    for pair in state.users().flat_map(|user| state.pairs_of(user.id)) {
        match state.pair(pair) {
            PairState::None => panic!("a pair with nothing between is not kept"),
            PairState::Friends { since } => {
                edges.insert(Edge::friend(pair, since));
            }
            PairState::Requested { by, asked } => {
                edges.insert(directed(EdgeKind::Requested, pair, by, asked));
            }
            PairState::Blocked(blocks) => {
                for side in [Side::Low, Side::High] {
                    let block = blocks.by(side);
                    edges.extend(block.map(|at| directed(EdgeKind::Blocked, pair, side, at)));
                }
            }
        }
    }
    edges
}

#[test]
fn the_changes_alone_make_the_same_graph() {
    for seed in 0..100 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut state = State::default();
        let (mut users, mut open) = (BTreeMap::new(), BTreeSet::new());
        for position in 1..60 {
            let event = random::event(&mut rng, &state);
            for change in fold(&mut state, &event, moment(position)).expect("the event fits") {
                match change {
                    Change::User { before, after } => {
                        assert_eq!(after.from, moment(position));
                        assert_eq!(users.insert(after.id, after), before, "seed {seed}");
                    }
                    Change::Opened(edge) => {
                        assert_eq!(edge.opened, moment(position));
                        assert!(open.insert(edge), "seed {seed}: opened once");
                    }
                    Change::Closed(edge) => assert!(open.remove(&edge), "seed {seed}: was open"),
                }
            }
            assert_eq!(open, edges(&state), "seed {seed} after {event:?}");
        }
        assert_eq!(users.len(), state.users().count());
        for user in state.users() {
            assert_eq!(users.get(&user.id), Some(user));
        }
    }
}

#[test]
fn an_event_that_does_not_fit_changes_nothing() {
    let stranger: UserId = user(9);
    let profile: Profile = own_profile(stranger);
    let mut state = State::default();
    fold(&mut state, &registered(user(1)), moment(1)).expect("the event fits");
    for event in [
        registered(user(1)),
        Event::ProfileUpdated {
            user: stranger,
            profile,
            former_handle: None,
        },
        state_event(StateEvent::UserArchived, stranger),
        pair_event(PairEvent::FriendshipFormed, user(1), stranger),
        pair_event(PairEvent::UserBlocked, stranger, user(1)),
        pair_event(PairEvent::FriendshipFormed, user(1), user(1)),
    ] {
        fold(&mut state, &event, moment(2)).expect_err("the event does not fit");
        let user = state.user(user(1)).expect("the user exists");
        assert_eq!(user.from, moment(1), "{event:?}");
        assert_eq!((state.users().count(), state.pair_count()), (1, 0));
        assert_eq!(state.handle_owner(&own_profile(stranger).handle), None);
    }
}
