//! The type `User`: who somebody is, and every traversal that starts there.

mod found;
mod parts;

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use crate::{
    domain::{self, UserId},
    graph::{self, DistantKey, FriendQuery, UserKey},
};

use super::{
    connection::{Connection, PageArgs, in_range, int, size},
    event::{self, EventEdge, EventType},
    friendship::{LinkEdge, Relationship, links},
    id::{GlobalId, user_id},
    loader::{
        Blocked, Friends, FriendsOfFriends, MutualFriends, Questions, Recommendations, Requests,
        Rings,
    },
    scalar::DateTime,
};

pub(super) use found::{known, load};
pub(super) use parts::{
    DistantEdge, FriendEdge, FriendFilter, FriendOrder, Network, RecommendationConnection,
    RecommendationEdge, RecommendationScore, RequestDirection, Ring, UserEdge, UserState,
};

/// A person in the graph.
pub(super) struct User(pub(super) Arc<domain::User>);

/// Whether a field of that name is asked for below this one.
pub(super) fn asks_for(ctx: &Context<'_>, field: &str) -> bool {
    ctx.look_ahead().field(field).exists()
}

#[Object]
impl User {
    /// The global id, for `node` and wherever an `ID` is wanted.
    pub(super) async fn id(&self) -> ID {
        GlobalId::User(self.0.id).to_id()
    }

    /// The id in the log and in the graph.
    async fn uuid(&self) -> String {
        self.0.id.to_string()
    }

    /// The unique handle; of an archived user the last one, which others may hold by now.
    async fn handle(&self) -> &str {
        self.0.profile.handle.as_str()
    }

    /// The first name.
    async fn first_name(&self) -> &str {
        self.0.profile.first_name.as_str()
    }

    /// The last name, if there is one.
    async fn last_name(&self) -> Option<&str> {
        self.0.profile.last_name.as_ref().map(domain::Name::as_str)
    }

    /// First and last name with a space between.
    async fn name(&self) -> String {
        self.0.profile.full_name()
    }

    /// Where the user stands.
    async fn state(&self) -> UserState {
        self.0.state.into()
    }

    /// When the user was registered.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the profile or the state last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.from.time)
    }

    /// The user's friends. Those who are not ACTIVE are passed over.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is an argument of the field"
    )]
    async fn friends(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start, 1 to 500; 50 if neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which friends.")] filter: Option<FriendFilter>,
        #[graphql(default_with = "FriendOrder::Id", desc = "The order, ascending.")]
        order_by: FriendOrder,
    ) -> Result<Option<Connection<FriendEdge>>> {
        let order = graph::FriendOrder::from(order_by);
        let args = PageArgs::new("friends", first, after, last, before);
        let page = args.page(asks_for(ctx, "totalCount"), |key| {
            matches!(
                (order, key),
                (graph::FriendOrder::Id, UserKey::Id(_))
                    | (graph::FriendOrder::Name, UserKey::Name(..))
                    | (graph::FriendOrder::Since, UserKey::Since(_))
            )
        })?;
        let query = FriendQuery {
            handle_prefix: filter.and_then(|filter| prefix(filter.handle_prefix)),
            order,
            page,
        };
        let question = Friends {
            of: self.0.id,
            query: query.clone(),
        };
        let found = ctx.data_unchecked::<Questions>().ask(question).await?;
        let key = |friend: &graph::Linked| match order {
            graph::FriendOrder::Id => UserKey::Id(friend.user.id),
            graph::FriendOrder::Name => name_key(&friend.user),
            graph::FriendOrder::Since => UserKey::Since(friend.since.position),
        };
        let edge = |cursor, friend: graph::Linked| FriendEdge {
            cursor,
            since: DateTime(friend.since.time),
            node: User(friend.user),
        };
        Ok(Some(Connection::new(
            args.list,
            &query.page,
            found,
            key,
            edge,
        )))
    }

    /// Everybody at distance 2 to `depth`: never the user, never a friend, nobody who is not ACTIVE.
    /// Order: the distance, then the number of common friends down, then the id.
    async fn friends_of_friends(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 2, desc = "How far, 2 to 6.")] depth: i32,
        #[graphql(
            desc = "How many from the start, 1 to 500; 50 if neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<DistantEdge>>> {
        let args = PageArgs::new("friendsOfFriends", first, after, last, before);
        let page = args.page(asks_for(ctx, "totalCount"), |_: &DistantKey| true)?;
        let question = FriendsOfFriends {
            of: self.0.id,
            depth: in_range("depth", depth, 2..=6)?,
            page: page.clone(),
        };
        let found = ctx.data_unchecked::<Questions>().ask(question).await?;
        let key = |found: &graph::Distant| DistantKey {
            distance: found.distance,
            mutual: found.mutual,
            id: found.user.id,
        };
        let edge = |cursor, found: graph::Distant| DistantEdge {
            cursor,
            distance: int(found.distance.into()),
            mutual_friend_count: int(found.mutual),
            node: User(found.user),
        };
        Ok(Some(Connection::new(args.list, &page, found, key, edge)))
    }

    /// The friends that this user and another have in common, by id.
    async fn mutual_friends(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the other user.")] with: ID,
        #[graphql(
            desc = "How many from the start, 1 to 500; 50 if neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<UserEdge>>> {
        let other = user_id(&with, "with")?;
        let args = PageArgs::new("mutualFriends", first, after, last, before);
        let page = args.page(asks_for(ctx, "totalCount"), |_: &UserId| true)?;
        let question = MutualFriends {
            of: (self.0.id, other),
            page: page.clone(),
        };
        let found = ctx.data_unchecked::<Questions>().ask(question).await?;
        let found = found.ok_or_else(|| super::error::no_such_user("with"))?;
        let key = |user: &Arc<domain::User>| user.id;
        let edge = |cursor, user| UserEdge {
            cursor,
            node: User(user),
        };
        Ok(Some(Connection::new(args.list, &page, found, key, edge)))
    }

    /// Whom the user may want to know: people at distance 2 with whom no request is open and no block
    /// stands. Order: the score down, then by id.
    async fn recommendations(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 10, desc = "How many, 1 to 500.")] first: i32,
        #[graphql(
            default_with = "RecommendationScore::CommonFriends",
            desc = "How to score."
        )]
        by: RecommendationScore,
    ) -> Result<Option<RecommendationConnection>> {
        let question = Recommendations {
            of: self.0.id,
            by: by.into(),
            limit: size("first", first)?,
        };
        let found = ctx.data_unchecked::<Questions>().ask(question).await?;
        let of = self.0.id;
        let edges = found
            .into_iter()
            .map(|found| RecommendationEdge { of, found });
        let edges = edges.collect();
        Ok(Some(RecommendationConnection { edges }))
    }

    /// How this user stands to another.
    async fn relation_to(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the other user.")] user: ID,
    ) -> Result<Option<Relationship>> {
        let other = user_id(&user, "user")?;
        let relation = Relationship::load(ctx, self.0.id, other).await?;
        if relation.is_none() {
            known(ctx, other, "user").await?;
        }
        Ok(relation)
    }

    /// How many people are how far away.
    async fn network(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 3, desc = "How far, 1 to 6.")] depth: i32,
    ) -> Result<Option<Network>> {
        let depth = in_range("depth", depth, 1..=6)?;
        let question = Rings {
            of: self.0.id,
            depth,
        };
        let counts = ctx.data_unchecked::<Questions>().ask(question).await?;
        let reached = int(counts.iter().sum());
        let rings = (1..).zip(counts).map(|(distance, count)| Ring {
            distance,
            count: int(count),
        });
        let rings = rings.collect();
        Ok(Some(Network { rings, reached }))
    }

    /// The friend requests that are open, the newest first.
    async fn friend_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "RequestDirection::Incoming", desc = "Whose requests.")]
        direction: RequestDirection,
        #[graphql(
            desc = "How many from the start, 1 to 500; 50 if neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<LinkEdge>>> {
        let args = PageArgs::new("friendRequests", first, after, last, before);
        let page = args.page(asks_for(ctx, "totalCount"), |_: &u64| true)?;
        let question = Requests {
            of: self.0.id,
            direction: direction.into(),
            page: page.clone(),
        };
        let found = ctx.data_unchecked::<Questions>().ask(question).await?;
        Ok(Some(links(args.list, &page, found)))
    }

    /// What happened to this user, from the log: what the user did, and what others did that began or
    /// ended a friendship, request or block with the user. The oldest first.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start, 1 to 500; 50 if neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only events of these types.")] types: Option<Vec<EventType>>,
    ) -> Result<Option<Connection<EventEdge>>> {
        let args = PageArgs::new("history", first, after, last, before);
        event::list(ctx, args, Some(self.0.id), types).await
    }

    /// Whom this user blocks, the newest first.
    async fn blocked_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start, 1 to 500; 50 if neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<LinkEdge>>> {
        let args = PageArgs::new("blockedUsers", first, after, last, before);
        let page = args.page(asks_for(ctx, "totalCount"), |_: &u64| true)?;
        let question = Blocked {
            of: self.0.id,
            page: page.clone(),
        };
        let found = ctx.data_unchecked::<Questions>().ask(question).await?;
        Ok(Some(links(args.list, &page, found)))
    }
}

/// A prefix as handles are folded; an empty one filters nothing.
pub(super) fn prefix(text: Option<String>) -> Option<String> {
    text.map(|text| text.to_lowercase())
        .filter(|text| !text.is_empty())
}

/// The place of a user in a list by name.
pub(super) fn name_key(user: &domain::User) -> UserKey {
    let name = domain::text::fold_text(&user.profile.full_name());
    UserKey::Name(name, user.id)
}
