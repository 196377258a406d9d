//! What mutations give. Graph fields wait until the graph shows the mutation: callers read their own
//! write.

use std::time::Duration;

use async_graphql::{Context, Enum, Object, Result, SimpleObject};

use crate::{
    domain::{Pair, Rejection as Refusal, RejectionCode as Code, UserId},
    graphql::{
        Services, freshness,
        friendship::Friendship,
        scalar::Position,
        user::{User, load},
    },
};

/// How long a payload's graph fields wait for the graph.
const OWN_WRITE: Duration = Duration::from_secs(10);

/// Why a command was refused.
#[derive(SimpleObject)]
pub(in crate::graphql) struct Rejection {
    /// The reason, for programs.
    code: RejectionCode,
    /// The reason and what to do, for people.
    message: String,
    /// The input field that it concerns.
    field: String,
}

/// The reasons for which a command is refused.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Code")]
pub(in crate::graphql) enum RejectionCode {
    /// Not 1 to 64 of a-z, 0-9, dot, underscore and hyphen.
    InvalidHandle,
    /// Blank, longer than 100 characters, or with control characters, line separators or overrides of
    /// the writing direction.
    InvalidName,
    /// The user and the other are one.
    #[graphql(name = "SELF")]
    SelfReference,
    /// The user is archived, which is final.
    UserArchived,
    /// No user has this id.
    UnknownUser,
    /// Somebody has this handle.
    HandleTaken,
    /// Somebody has, or had, this UUID.
    IdTaken,
    /// The user's present state does not allow the change.
    WrongState,
    /// Only ACTIVE users make friends.
    UserNotActive,
    /// One of the two has blocked the other.
    Blocked,
    /// The two are friends.
    AlreadyFriends,
    /// The user's request is open already.
    AlreadyRequested,
    /// No request is open between the two.
    NoSuchRequest,
    /// The request was made by the wrong side for this.
    WrongSide,
    /// The two are not friends.
    NotFriends,
    /// The user has blocked the other already.
    AlreadyBlocked,
    /// The user has not blocked the other.
    NotBlocked,
    /// The user has as many friends as this service lets one have.
    TooManyFriends,
    /// Everything is as the command wants it already. It is told as `unchanged` and not as a refusal.
    Unchanged,
}

/// What a command about one user came to.
pub(in crate::graphql) struct UserPayload {
    pub(super) user: Option<UserId>,
    pub(super) answer: Answer,
}

/// What a command between two users came to.
pub(in crate::graphql) struct FriendshipPayload {
    pub(super) user: UserId,
    pub(super) other: UserId,
    pub(super) answer: Answer,
}

/// The position of an outcome, and the refusal if it was one.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    pub(super) position: Position,
    pub(super) refusal: Option<Refusal>,
    /// Whether nothing was wrong, and there was nothing to change.
    pub(super) unchanged: bool,
}

#[Object]
impl UserPayload {
    /// The user as this command left them, or later; null if it was refused.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.user {
            Some(user) if self.answer.shown(ctx).await? => load(ctx, user).await,
            _ => Ok(None),
        }
    }

    /// The position of the log that shows the outcome.
    async fn position(&self) -> Position {
        self.answer.position
    }

    /// Why it was refused; null if it was not.
    async fn rejection(&self) -> Option<Rejection> {
        self.answer.rejection()
    }

    /// Whether everything was as the command wants it already. Nothing was changed then, `updatedAt`
    /// neither.
    async fn unchanged(&self) -> bool {
        self.answer.unchanged
    }
}

#[Object]
impl FriendshipPayload {
    /// What stands between the two after this command, or later; null if it was refused.
    async fn friendship(&self, ctx: &Context<'_>) -> Result<Option<Friendship>> {
        match Pair::new(self.user, self.other) {
            Some(pair) if self.answer.shown(ctx).await? => Friendship::load(ctx, pair).await,
            _ => Ok(None),
        }
    }

    /// The user who acted; null if it was refused.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        if self.answer.shown(ctx).await? {
            load(ctx, self.user).await
        } else {
            Ok(None)
        }
    }

    /// The other user; null if it was refused.
    async fn other(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        if self.answer.shown(ctx).await? {
            load(ctx, self.other).await
        } else {
            Ok(None)
        }
    }

    /// The position of the log that shows the outcome.
    async fn position(&self) -> Position {
        self.answer.position
    }

    /// Why it was refused; null if it was not.
    async fn rejection(&self) -> Option<Rejection> {
        self.answer.rejection()
    }
}

impl Answer {
    /// Whether there is something to show; waits until the graph shows it.
    async fn shown(&self, ctx: &Context<'_>) -> Result<bool> {
        if self.refusal.is_some() {
            return Ok(false);
        }
        freshness::wait(ctx.data_unchecked::<Services>(), self.position, OWN_WRITE).await?;
        Ok(true)
    }

    fn rejection(&self) -> Option<Rejection> {
        self.refusal.map(|refusal| Rejection {
            code: refusal.code.into(),
            message: refusal.message().to_owned(),
            field: refusal.field.as_str().to_owned(),
        })
    }
}
