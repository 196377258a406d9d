//! What an event does to the state, and the changes that follow from it.

use std::sync::Arc;

use super::{
    Blocks, Change, Edge, EdgeKind, Event, Moment, Pair, PairEvent, PairState, Profile, Side,
    State, StateEvent, User, UserId, UserState,
};

/// An event that does not fit the state. The rule keeps such a record from being effective, so this
/// means that the log or the program is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event does not fit the state: {0}")]
pub struct FoldError(&'static str);

const NO_SUCH_USER: FoldError = FoldError("it names a user that was never registered");

/// Applies an event at the moment of its record.
///
/// # Errors
/// If the event names unknown users or one user twice; the state is then unchanged.
pub fn fold(state: &mut State, event: &Event, at: Moment) -> Result<Vec<Change>, FoldError> {
    let mut changes = fold_in_part(state, event, at)?;
    let first = changes.len();
    while state.is_ending() {
        end_some(state, usize::MAX, |change| changes.push(change));
    }
    changes[first..].reverse();
    Ok(changes)
}

/// As [`fold`], but what an archive ends is only ended for who asks: [`end_some`] gives the changes.
///
/// # Errors
/// Likewise.
pub fn fold_in_part(
    state: &mut State,
    event: &Event,
    at: Moment,
) -> Result<Vec<Change>, FoldError> {
    match event {
        Event::UserRegistered {
            user,
            profile,
            pending,
        } => register(state, *user, profile, *pending, at),
        Event::ProfileUpdated { user, profile, .. } => {
            Ok(vec![replace(state, *user, at, |next| {
                next.profile = profile.clone();
            })?])
        }
        Event::StateChanged { change, user } => {
            let changed = replace(state, *user, at, |next| {
                next.state = change.leads_to();
            })?;
            if *change == StateEvent::UserArchived {
                state.begin_ending(*user);
            }
            Ok(vec![changed])
        }
        Event::PairChanged {
            change,
            user,
            other,
        } => {
            let pair = Pair::new(*user, *other).ok_or(FoldError("it names the same user twice"))?;
            change_pair(state, pair, pair.side(*user), *change, at)
        }
    }
}

fn register(
    state: &mut State,
    id: UserId,
    profile: &Profile,
    pending: bool,
    at: Moment,
) -> Result<Vec<Change>, FoldError> {
    if state.user(id).is_some() {
        return Err(FoldError("it registers an id for the second time"));
    }
    let after = Arc::new(User {
        id,
        profile: profile.clone(),
        state: if pending {
            UserState::Pending
        } else {
            UserState::Active
        },
        created_at: at.time,
        from: at,
    });
    state.insert_user(after.clone());
    Ok(vec![Change::User {
        before: None,
        after,
    }])
}

fn replace(
    state: &mut State,
    user: UserId,
    at: Moment,
    edit: impl FnOnce(&mut User),
) -> Result<Change, FoldError> {
    let mut next = User::clone(state.user(user).ok_or(NO_SUCH_USER)?);
    edit(&mut next);
    next.from = at;
    let after = Arc::new(next);
    let before = state.replace_user(after.clone());
    Ok(Change::User { before, after })
}

/// Ends so many at most of the friendships and requests that the first archived user has left, the last
/// first, and tells of each; says whether none is left. Blocks stay: they outlive both.
pub fn end_some(state: &mut State, most: usize, mut tell: impl FnMut(Change)) -> bool {
    state.end_some(most, |pair, was| {
        if let Some(edge) = tie(pair, &was) {
            tell(Change::Closed(edge));
        }
    })
}

/// The edge of a friendship or a request.
fn tie(pair: Pair, state: &PairState) -> Option<Edge> {
    match state {
        PairState::None | PairState::Blocked(_) => None,
        PairState::Friends { since } => Some(Edge::friend(pair, *since)),
        PairState::Requested { by, asked } => {
            Some(directed(EdgeKind::Requested, pair, *by, *asked))
        }
    }
}

fn directed(kind: EdgeKind, pair: Pair, by: Side, opened: Moment) -> Edge {
    let (from, to) = pair.from_side(by);
    Edge {
        kind,
        from,
        to,
        opened,
    }
}

fn change_pair(
    state: &mut State,
    pair: Pair,
    side: Side,
    change: PairEvent,
    at: Moment,
) -> Result<Vec<Change>, FoldError> {
    let before = state.pair(pair);
    let mut changes = Vec::with_capacity(2);
    let blocks = match &before {
        PairState::Blocked(blocks) => **blocks,
        _ => Blocks::default(),
    };
    let after = match change {
        PairEvent::FriendRequested => PairState::Requested {
            by: side,
            asked: at,
        },
        PairEvent::FriendshipFormed => PairState::Friends { since: at },
        PairEvent::FriendRequestDeclined
        | PairEvent::FriendRequestCancelled
        | PairEvent::FriendshipRemoved => PairState::None,
        PairEvent::UserBlocked | PairEvent::UserUnblocked => {
            let mut blocks = blocks;
            if let Some(since) = blocks.by(side) {
                let edge = directed(EdgeKind::Blocked, pair, side, since);
                changes.push(Change::Closed(edge));
            }
            blocks.set(side, (change == PairEvent::UserBlocked).then_some(at));
            if blocks.is_empty() {
                PairState::None
            } else {
                PairState::Blocked(Box::new(blocks))
            }
        }
    };
    changes.extend(tie(pair, &before).map(Change::Closed));
    changes.extend(tie(pair, &after).map(Change::Opened));
    if change == PairEvent::UserBlocked {
        let edge = directed(EdgeKind::Blocked, pair, side, at);
        changes.push(Change::Opened(edge));
    }
    state.set_pair(pair, after).ok_or(NO_SUCH_USER)?;
    Ok(changes)
}
