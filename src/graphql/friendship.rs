//! What stands between two users, and the chains of friends that lead from one to the other.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use crate::{
    domain::{Pair, PairState, Side, UserId},
    graph::{self, Page, Slice},
};

use super::{
    connection::{Connection, int},
    id::GlobalId,
    loader::{Paths, Questions, Relations, Ties},
    scalar::DateTime,
    user::{User, load},
};

/// The longest chain that `relationTo` and `relationships` look for.
const USUAL_LENGTH: u32 = 6;

/// What stands between two users.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FriendshipState {
    /// Nothing.
    None,
    /// One has asked the other.
    Requested,
    /// They are friends.
    Friends,
    /// One has blocked the other, or each the other.
    Blocked,
}

impl From<&PairState> for FriendshipState {
    fn from(state: &PairState) -> Self {
        match state {
            PairState::None => Self::None,
            PairState::Requested { .. } => Self::Requested,
            PairState::Friends { .. } => Self::Friends,
            PairState::Blocked(_) => Self::Blocked,
        }
    }
}

/// Two users and what stands between them, which may be nothing.
pub(super) struct Friendship {
    pair: Pair,
    state: PairState,
}

impl Friendship {
    /// What stands between the two; `None` if either is unknown.
    pub(super) async fn load(ctx: &Context<'_>, pair: Pair) -> Result<Option<Self>> {
        let questions = ctx.data_unchecked::<Questions>();
        let state = questions.ask(Ties { of: pair }).await?;
        Ok(state.map(|state| Self { pair, state }))
    }
}

#[Object]
impl Friendship {
    /// The global id, for `node`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Friendship(self.pair).to_id()
    }

    /// The two users, the one with the lower id first.
    async fn users(&self, ctx: &Context<'_>) -> Result<Option<Vec<User>>> {
        let (low, high) = (self.pair.low(), self.pair.high());
        let (low, high) = futures::try_join!(load(ctx, low), load(ctx, high))?;
        Ok(Some(low.into_iter().chain(high).collect()))
    }

    /// What stands between them.
    async fn state(&self) -> FriendshipState {
        (&self.state).into()
    }

    /// Since when they are friends; null unless they are.
    async fn since(&self) -> Option<DateTime> {
        match self.state {
            PairState::Friends { since } => Some(DateTime(since.time)),
            _ => None,
        }
    }

    /// Who has asked; null unless a request is open.
    async fn requested_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.state {
            PairState::Requested { by, .. } => load(ctx, self.pair.from_side(by).0).await,
            _ => Ok(None),
        }
    }

    /// Who blocks the other: nobody, one, or both.
    async fn blocked_by(&self, ctx: &Context<'_>) -> Result<Option<Vec<User>>> {
        let PairState::Blocked(blocks) = &self.state else {
            return Ok(Some(Vec::new()));
        };
        let blocking = [Side::Low, Side::High]
            .into_iter()
            .filter(|side| blocks.by(*side).is_some())
            .map(|side| load(ctx, self.pair.from_side(side).0));
        let users = futures::future::try_join_all(blocking).await?;
        Ok(Some(users.into_iter().flatten().collect()))
    }
}

/// An open request or a block, as one entry of a list.
#[derive(SimpleObject)]
pub(super) struct LinkEdge {
    /// Names this place in the list, for `after` and `before`.
    cursor: String,
    /// When the request was made, or the block set.
    since: DateTime,
    /// The other user.
    node: User,
}

/// A page of requests or blocks.
pub(super) fn links(
    list: &str,
    page: &Page<u64>,
    found: Slice<graph::Linked>,
) -> Connection<LinkEdge> {
    Connection::new(
        list,
        page,
        found,
        |link| link.since.position,
        |cursor, link| LinkEdge {
            cursor,
            since: DateTime(link.since.time),
            node: User(link.user),
        },
    )
}

/// A chain of friends.
#[derive(SimpleObject)]
pub(super) struct Path {
    /// How many friendships long; 0 from somebody to the same.
    length: i32,
    /// The users along the chain, both ends included.
    users: Vec<User>,
}

impl Path {
    /// A shortest chain of at most `max_length` friendships.
    pub(super) async fn load(
        ctx: &Context<'_>,
        from: UserId,
        to: UserId,
        max_length: u32,
    ) -> Result<Option<Self>> {
        let of = (from, to);
        let questions = ctx.data_unchecked::<Questions>();
        let users = questions.ask(Paths { of, max_length }).await?;
        Ok(users.map(|users| Self {
            length: int(users.len().saturating_sub(1) as u64),
            users: users.into_iter().map(User).collect(),
        }))
    }
}

/// How one user stands to another.
pub(super) struct Relationship {
    from: UserId,
    relation: graph::Relation,
}

impl Relationship {
    /// How `from` stands to `to`; `None` if either is unknown.
    pub(super) async fn load(ctx: &Context<'_>, from: UserId, to: UserId) -> Result<Option<Self>> {
        let questions = ctx.data_unchecked::<Questions>();
        let relation = questions.ask(Relations { of: (from, to) }).await?;
        Ok(relation.map(|relation| Self { from, relation }))
    }

    pub(super) fn new(from: UserId, relation: graph::Relation) -> Self {
        Self { from, relation }
    }
}

#[Object]
impl Relationship {
    /// The other user.
    async fn user(&self) -> User {
        User(self.relation.user.clone())
    }

    /// How many friendships away: 0 to oneself, up to 3; null if further, or if the other is not
    /// ACTIVE.
    async fn distance(&self) -> Option<i32> {
        self.relation.distance.map(|distance| int(distance.into()))
    }

    /// How many friends the two have in common.
    async fn mutual_friend_count(&self) -> i32 {
        int(self.relation.mutual)
    }

    /// What stands between the two; NONE to oneself.
    async fn friendship_state(&self) -> FriendshipState {
        (&self.relation.tie).into()
    }

    /// One shortest chain of at most 6 friendships; null if there is none.
    async fn path(&self, ctx: &Context<'_>) -> Result<Option<Path>> {
        Path::load(ctx, self.from, self.relation.user.id, USUAL_LENGTH).await
    }
}
