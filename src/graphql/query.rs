//! The root of queries.

use async_graphql::{
    Context, Enum, ID, InputObject, Interface, MergedObject, Object, OneofObject, Result,
};

use crate::{
    domain::{Handle, Pair, UserId},
    graph::{self, UserKey, UserQuery},
};

use super::{
    connection::{Connection, PageArgs, in_range},
    error::{bad_input, no_such_user},
    event::{self, EventEdge, EventType},
    freshness,
    friendship::{Friendship, Path, Relationship},
    id::{GlobalId, user_id},
    loader::{Questions, UserByHandle},
    projection::ProjectionStatus,
    scalar::Position,
    user::{User, UserEdge, UserState, asks_for, known, load, name_key, prefix},
};

/// The most ids that one `nodes` or `relationships` takes.
const MAX_IDS: usize = 1_000;

/// Everything that can be asked.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub(super) struct Query(Reads, Demands);

/// The questions about the graph, as it stands when they are asked.
#[derive(Default)]
pub(super) struct Reads;

/// Something with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub(super) enum Node {
    /// A person.
    User(User),
    /// What stands between two people.
    Friendship(Friendship),
}

/// Which user: by exactly one of the three.
#[derive(OneofObject)]
pub(super) enum UserBy {
    /// By global id.
    Id(ID),
    /// By UUID.
    Uuid(String),
    /// By handle; case does not count. Archived users hold none.
    Handle(String),
}

/// Which users to list.
#[derive(InputObject, Default)]
pub(super) struct UserFilter {
    /// Only those in this state.
    state: Option<UserState>,
    /// Only those whose handle begins so; case does not count.
    handle_prefix: Option<String>,
}

/// How a list of users is ordered.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "graph::UserOrder")]
pub(super) enum UserOrder {
    /// By id.
    Id,
    /// By name, accents and case aside, then id.
    Name,
}

#[Object(name = "Reading")]
impl Reads {
    /// The thing with this global id; null if there is none.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id.")] id: ID,
    ) -> Result<Option<Node>> {
        node(ctx, GlobalId::parse(&id, "id")?).await
    }

    /// The things with these global ids, in their order; null where there is none.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Up to 1,000 global ids.")] ids: Vec<ID>,
    ) -> Result<Option<Vec<Option<Node>>>> {
        bounded("ids", &ids)?;
        let ids = ids.iter().map(|id| GlobalId::parse(id, "ids"));
        let ids = ids.collect::<Result<Vec<_>>>()?;
        let nodes = ids.into_iter().map(|id| node(ctx, id));
        Ok(Some(futures::future::try_join_all(nodes).await?))
    }

    /// One user; null if there is none.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] by: UserBy,
    ) -> Result<Option<User>> {
        match by {
            UserBy::Id(id) => load(ctx, user_id(&id, "by.id")?).await,
            UserBy::Uuid(uuid) => load(ctx, parse_uuid(&uuid, "by.uuid")?).await,
            UserBy::Handle(handle) => {
                let of = Handle::parse(&handle)
                    .map_err(|refusal| bad_input("by.handle", refusal.message()))?;
                let questions = ctx.data_unchecked::<Questions>();
                Ok(questions.ask(UserByHandle { of }).await?.map(User))
            }
        }
    }

    /// All users, in whatever state unless filtered.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is an argument of the field"
    )]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start, 1 to 500; 50 if neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which users.")] filter: Option<UserFilter>,
        #[graphql(default_with = "UserOrder::Id", desc = "The order, ascending.")]
        order_by: UserOrder,
    ) -> Result<Option<Connection<UserEdge>>> {
        let order = graph::UserOrder::from(order_by);
        let filter = filter.unwrap_or_default();
        let args = PageArgs::new("users", first, after, last, before);
        let page = args.page(asks_for(ctx, "totalCount"), |key| {
            matches!(
                (order, key),
                (graph::UserOrder::Id, UserKey::Id(_))
                    | (graph::UserOrder::Name, UserKey::Name(..))
            )
        })?;
        let query = UserQuery {
            state: filter.state.map(Into::into),
            handle_prefix: prefix(filter.handle_prefix),
            order,
            page,
        };
        let questions = ctx.data_unchecked::<Questions>();
        let found = questions.direct("users", questions.graph().list_users(&query));
        let found = found.await?;
        let key = |user: &std::sync::Arc<crate::domain::User>| match order {
            graph::UserOrder::Id => UserKey::Id(user.id),
            graph::UserOrder::Name => name_key(user),
        };
        let edge = |cursor, user| UserEdge {
            cursor,
            node: User(user),
        };
        Ok(Some(Connection::new(
            args.list,
            &query.page,
            found,
            key,
            edge,
        )))
    }

    /// What stands between two users.
    async fn friendship(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of two different users.")] between: Vec<ID>,
    ) -> Result<Option<Friendship>> {
        let [a, b] = between.as_slice() else {
            let problem = format!("give the ids of exactly two users, not {}", between.len());
            return Err(bad_input("between", problem));
        };
        let (a, b) = (user_id(a, "between")?, user_id(b, "between")?);
        let Some(pair) = Pair::new(a, b) else {
            return Err(bad_input("between", "both are the same user: name two"));
        };
        match Friendship::load(ctx, pair).await? {
            Some(friendship) => Ok(Some(friendship)),
            None => Err(no_such_user("between")),
        }
    }

    /// One shortest chain of friends; which of several is not promised. Null if there is none within
    /// `maxLength`. Nobody on the way, nor at its end, is other than ACTIVE.
    async fn path(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the user at the start, in whatever state.")] from: ID,
        #[graphql(desc = "The id of the user at the end.")] to: ID,
        #[graphql(default = 6, desc = "The most friendships, 1 to 20.")] max_length: i32,
    ) -> Result<Option<Path>> {
        let (from, to) = (user_id(&from, "from")?, user_id(&to, "to")?);
        let max_length = in_range("maxLength", max_length, 1..=20)?;
        let path = Path::load(ctx, from, to, max_length).await?;
        if path.is_none() {
            known(ctx, from, "from").await?;
            known(ctx, to, "to").await?;
        }
        Ok(path)
    }

    /// How one user stands to many, in their order; null where there is no such user.
    async fn relationships(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the one user.")] from: ID,
        #[graphql(desc = "Up to 1,000 ids of users.")] to: Vec<ID>,
    ) -> Result<Option<Vec<Option<Relationship>>>> {
        bounded("to", &to)?;
        let from = user_id(&from, "from")?;
        let to = to.iter().map(|id| Ok((from, user_id(id, "to")?)));
        let pairs = to.collect::<Result<Vec<_>>>()?;
        let questions = ctx.data_unchecked::<Questions>();
        let found = questions.direct("relations", questions.graph().relations(&pairs));
        let found = found.await?;
        if found.iter().all(Option::is_none) {
            known(ctx, from, "from").await?;
        }
        let relationship = |relation| Relationship::new(from, relation);
        let found = found.into_iter().map(|found| found.map(relationship));
        Ok(Some(found.collect()))
    }

    /// What took effect, from the log and as far as the graph shows it, the oldest first. To follow the
    /// log, ask again with `after` the last `endCursor`.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is an argument of the field"
    )]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start, 1 to 500; 50 if neither first nor last is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 500.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only events that concern this user, as in the user's `history`.")]
        subject: Option<ID>,
        #[graphql(desc = "Only events of these types.")] types: Option<Vec<EventType>>,
    ) -> Result<Option<Connection<EventEdge>>> {
        let subject = match subject {
            Some(id) => Some(user_id(&id, "subject")?),
            None => None,
        };
        if let Some(user) = subject {
            known(ctx, user, "subject").await?;
        }
        let args = PageArgs::new("events", first, after, last, before);
        event::list(ctx, args, subject, types).await
    }

    /// How far the graph has followed the log.
    async fn projection(&self, ctx: &Context<'_>) -> Result<Option<ProjectionStatus>> {
        ProjectionStatus::load(ctx).await.map(Some)
    }
}

/// The questions that first wait.
#[derive(Default)]
pub(super) struct Demands;

#[Object]
impl Demands {
    /// The same questions, not before the graph shows this position of the log.
    async fn at_least(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A position that a mutation gave, on any node.")] position: Position,
        #[graphql(
            default = 1000,
            desc = "How long to wait for it in milliseconds, 0 to 30000."
        )]
        wait_ms: i32,
    ) -> Result<Option<Reads>> {
        let wait: u64 = in_range("waitMs", wait_ms, 0..=30_000)?;
        let services = ctx.data_unchecked::<super::Services>();
        freshness::wait(services, position, std::time::Duration::from_millis(wait)).await?;
        Ok(Some(Reads))
    }
}

async fn node(ctx: &Context<'_>, id: GlobalId) -> Result<Option<Node>> {
    Ok(match id {
        GlobalId::User(id) => load(ctx, id).await?.map(Node::User),
        GlobalId::Friendship(pair) => Friendship::load(ctx, pair).await?.map(Node::Friendship),
    })
}

fn bounded(argument: &str, ids: &[ID]) -> Result<()> {
    if ids.len() > MAX_IDS {
        let problem = format!("at most {MAX_IDS} ids at once, not {}", ids.len());
        return Err(bad_input(argument, problem));
    }
    Ok(())
}

/// The user of a UUID.
pub(super) fn parse_uuid(text: &str, argument: &str) -> Result<UserId> {
    text.parse().map_err(|_| {
        bad_input(
            argument,
            "not a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057",
        )
    })
}
