//! What the fields of `User` take and give: orders, filters, and the entries of lists.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};

use crate::{
    domain::{self, UserId},
    graph,
    graphql::{
        connection::{int, size},
        loader::{MutualFriends, Questions},
        scalar::{DateTime, Long},
    },
};

use super::User;

/// Where a user stands: PENDING, then ACTIVE, at times SUSPENDED, and at last ARCHIVED.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[graphql(remote = "domain::UserState")]
pub(in crate::graphql) enum UserState {
    /// Registered, not yet activated.
    Pending,
    /// Takes part in everything.
    Active,
    /// Keeps the friendships, but is passed over wherever friends are looked for.
    Suspended,
    /// Gone for good: no friends, no requests, and the handle is free for others.
    Archived,
}

/// How a list of friends is ordered.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[graphql(remote = "graph::FriendOrder")]
pub(in crate::graphql) enum FriendOrder {
    /// By id.
    Id,
    /// By name, accents and case aside, then id.
    Name,
    /// The oldest friendship first.
    Since,
}

/// Which friends to list.
#[derive(InputObject, Default)]
pub(in crate::graphql) struct FriendFilter {
    /// Only those whose handle begins so; case does not count.
    pub(in crate::graphql) handle_prefix: Option<String>,
}

/// How recommendations are scored.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[graphql(remote = "graph::Score")]
pub(in crate::graphql) enum RecommendationScore {
    /// How many friends the two have in common.
    CommonFriends,
    /// The common friends, each the more the fewer friends they have: the sum of
    /// round(10^9 / ln(number of friends)), where only ACTIVE friends are counted, and one who has a
    /// single such friend adds 0.
    AdamicAdar,
    /// The common friends as a share of all friends of the two: round(10^9 * common / all).
    Jaccard,
}

/// Which side of friend requests.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[graphql(remote = "graph::Direction")]
pub(in crate::graphql) enum RequestDirection {
    /// Others have asked this user.
    Incoming,
    /// This user has asked others.
    Outgoing,
}

/// A user in a list.
#[derive(SimpleObject)]
pub(in crate::graphql) struct UserEdge {
    /// Names this place in the list, for `after` and `before`.
    pub(in crate::graphql) cursor: String,
    /// The user.
    pub(in crate::graphql) node: User,
}

/// A friend in a list.
#[derive(SimpleObject)]
pub(in crate::graphql) struct FriendEdge {
    /// Names this place in the list, for `after` and `before`.
    pub(super) cursor: String,
    /// Since when the two are friends.
    pub(super) since: DateTime,
    /// The friend.
    pub(super) node: User,
}

/// A friend of a friend, or of that one's friends.
#[derive(SimpleObject)]
pub(in crate::graphql) struct DistantEdge {
    /// Names this place in the list, for `after` and `before`.
    pub(super) cursor: String,
    /// How many friendships away, at least 2.
    pub(super) distance: i32,
    /// How many friends the two have in common; 0 beyond distance 2.
    pub(super) mutual_friend_count: i32,
    /// The user at that distance.
    pub(super) node: User,
}

/// Whom a user may want to know, the best first.
#[derive(SimpleObject)]
pub(in crate::graphql) struct RecommendationConnection {
    /// The recommendations: the score down, then by id.
    pub(super) edges: Vec<RecommendationEdge>,
}

/// Somebody whom a user may want to know.
pub(in crate::graphql) struct RecommendationEdge {
    pub(super) of: UserId,
    pub(super) found: graph::Recommendation,
}

#[Object]
impl RecommendationEdge {
    /// The score, on the scale of the way of scoring that was asked for.
    async fn score(&self) -> Long {
        Long(self.found.score)
    }

    /// How many friends the two have in common.
    async fn mutual_friend_count(&self) -> i32 {
        int(self.found.mutual)
    }

    /// Why: the friends in between with the lowest ids.
    async fn because(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 3, desc = "How many, 1 to 500.")] first: i32,
    ) -> Result<Option<Vec<User>>> {
        let question = MutualFriends {
            of: (self.of, self.found.user.id),
            page: graph::Page::first(size("first", first)?),
        };
        let found = ctx.data_unchecked::<Questions>().ask(question).await?;
        Ok(found.map(|found| found.items.into_iter().map(User).collect()))
    }

    /// The user recommended.
    async fn node(&self) -> User {
        User(self.found.user.clone())
    }
}

/// How many people a user reaches through friends of friends.
#[derive(SimpleObject)]
pub(in crate::graphql) struct Network {
    /// One entry for each distance from 1 to `depth`.
    pub(super) rings: Vec<Ring>,
    /// How many people in all, the user not counted.
    pub(super) reached: i32,
}

/// The people at one distance.
#[derive(SimpleObject)]
pub(in crate::graphql) struct Ring {
    /// How many friendships away.
    pub(super) distance: i32,
    /// How many people.
    pub(super) count: i32,
}
