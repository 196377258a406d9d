//! What happened, from the log: all of it, or what concerns one user.
//!
//! Must never read the log but at the positions that a page shows: which these are, the graph and the
//! replay know.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_graphql::{
    Context, Enum, Object, Result, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use tokio::time::timeout;

use crate::{
    domain::{self, UserId},
    event_log::{LogError, record::command_text},
    graph::{Page, Slice},
    replay::{Recalled, Replay, ReplayError, index::Types},
};

use super::{
    Services,
    connection::{Connection, PageArgs},
    error::{Code, bad_input},
    gather::Gather,
    loader::{History, Questions},
    scalar::{DateTime, Position},
    user::{User, UserState, asks_for, load},
};

/// How long records may be waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long this node's own replay may be behind the graph that it shows.
const BEHIND: Duration = Duration::from_secs(1);
/// The longest history of a user that is looked through for events of some types.
pub(super) const MAX_FILTERED: usize = 100_000;

/// What happened.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::EventType")]
pub(super) enum EventType {
    /// A user came to be.
    UserRegistered,
    /// A profile changed.
    ProfileUpdated,
    /// A user became ACTIVE for the first time.
    UserActivated,
    /// A user became SUSPENDED.
    UserSuspended,
    /// A user became ACTIVE again.
    UserReactivated,
    /// A user became ARCHIVED, which ended all friendships and requests of that user.
    UserArchived,
    /// The subject asked the other to be friends.
    FriendRequested,
    /// The subject said no to the other's request.
    FriendRequestDeclined,
    /// The subject took the own request back.
    FriendRequestCancelled,
    /// The two became friends.
    FriendshipFormed,
    /// The subject ended the friendship.
    FriendshipRemoved,
    /// The subject blocked the other, which ended a friendship or request of the two.
    UserBlocked,
    /// The subject lifted the own block.
    UserUnblocked,
}

/// Something that took effect, as the log tells it.
pub(super) struct Event {
    position: Position,
    recalled: Recalled,
}

/// Handle and names as an event set them.
#[derive(SimpleObject)]
pub(super) struct EventProfile {
    /// The handle from then on.
    handle: String,
    /// The first name from then on.
    first_name: String,
    /// The last name from then on, if there was one.
    last_name: Option<String>,
    /// The handle that was given up; null where it stayed.
    former_handle: Option<String>,
}

/// An event in a list.
#[derive(SimpleObject)]
pub(super) struct EventEdge {
    /// Names this place in the list, for `after` and `before`.
    cursor: String,
    /// The event.
    node: Event,
}

#[Object]
impl Event {
    /// Where it stands in the log; also a position for `atLeast`.
    async fn position(&self) -> Position {
        self.position
    }

    /// When it took effect, in log time.
    async fn time(&self) -> DateTime {
        DateTime(self.recalled.at.time)
    }

    /// What happened.
    #[graphql(name = "type")]
    async fn event_type(&self) -> EventType {
        self.recalled.event.event_type().into()
    }

    /// Whom it is about, as of now: of two, the one who acted.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        load(ctx, self.recalled.event.user()).await
    }

    /// The other of two, as of now; null where it is about one.
    async fn other(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match &self.recalled.event {
            domain::Event::PairChanged { other, .. } => load(ctx, *other).await,
            _ => Ok(None),
        }
    }

    /// The state that the subject came to be in; null where it stayed.
    async fn state(&self) -> Option<UserState> {
        match &self.recalled.event {
            domain::Event::UserRegistered { pending: true, .. } => Some(UserState::Pending),
            domain::Event::UserRegistered { .. } => Some(UserState::Active),
            domain::Event::StateChanged { change, .. } => Some(change.leads_to().into()),
            _ => None,
        }
    }

    /// Handle and names that it set; null where it set none.
    async fn profile(&self) -> Option<EventProfile> {
        let (profile, former_handle) = match &self.recalled.event {
            domain::Event::UserRegistered { profile, .. } => (profile, None),
            domain::Event::ProfileUpdated {
                profile,
                former_handle,
                ..
            } => (profile, former_handle.as_ref()),
            _ => return None,
        };
        let name = |name: &domain::Name| name.as_str().to_owned();
        Some(EventProfile {
            handle: profile.handle.as_str().to_owned(),
            first_name: name(&profile.first_name),
            last_name: profile.last_name.as_ref().map(name),
            former_handle: former_handle.map(|handle| handle.as_str().to_owned()),
        })
    }

    /// Who asked for it.
    async fn actor(&self) -> &str {
        &self.recalled.actor
    }

    /// The id of the command that caused it: the same for each repetition of an idempotency key.
    async fn command(&self) -> String {
        command_text(self.recalled.command)
    }

    /// The id of its record in the log, a UUID.
    async fn record(&self) -> String {
        self.recalled.record.0.to_string()
    }
}

/// A page of the events of those types: all, or those that concern a user.
pub(super) async fn list(
    ctx: &Context<'_>,
    args: PageArgs,
    of: Option<UserId>,
    types: Option<Vec<EventType>>,
) -> Result<Option<Connection<EventEdge>>> {
    let page = args.page(asks_for(ctx, "totalCount"), |_: &u64| true)?;
    let types = match types {
        Some(types) if types.is_empty() => {
            return Err(bad_input("types", "name at least one, or leave it out"));
        }
        Some(types) => types.into_iter().map(domain::EventType::from).collect(),
        None => Types::ALL,
    };
    let services = ctx.data_unchecked::<Services>();
    let found = match of {
        Some(user) => concerning(ctx, services, user, types, &page).await?,
        None => all(ctx, services, types, &page).await?,
    };
    let events = ctx.data_unchecked::<DataLoader<Events>>();
    let mut recalled = events
        .load_many(found.items.iter().copied())
        .await
        .map_err(|error| fault(&error))?;
    let missing = || Code::Internal.error("the log gave fewer events than it was asked for");
    let items = found.items.iter();
    let items = items.map(|position| {
        let recalled = recalled.remove(position).ok_or_else(missing)?;
        let position = services.token(*position)?;
        Ok(Event { position, recalled })
    });
    let slice = Slice {
        items: items.collect::<Result<Vec<_>>>()?,
        more: found.more,
        total: found.total,
    };
    let key = |event: &Event| event.recalled.at.position;
    let edge = |cursor, node| EventEdge { cursor, node };
    Ok(Some(Connection::new(args.list, &page, slice, key, edge)))
}

/// Which of all events, as far as the graph shows them.
async fn all(
    ctx: &Context<'_>,
    services: &Services,
    types: Types,
    page: &Page<u64>,
) -> Result<Slice<u64>> {
    if !services.has_caught_up() {
        return Err(Code::Unavailable.error("the log is still being replayed: try again"));
    }
    let end = services.projection.borrow().position;
    replayed(services, end).await?;
    ctx.data_unchecked::<Questions>().read_at(end);
    let look = |model: &crate::replay::model::WriteModel| model.events().page(types, page, end);
    Ok(services.replay.read(look).await)
}

/// Which of the events that concern a user.
async fn concerning(
    ctx: &Context<'_>,
    services: &Services,
    user: UserId,
    types: Types,
    page: &Page<u64>,
) -> Result<Slice<u64>> {
    let is_filtered = types != Types::ALL;
    let whole = Page::first(MAX_FILTERED);
    let asked = if is_filtered { &whole } else { page };
    let question = History {
        of: user,
        page: asked.clone(),
    };
    let found = ctx.data_unchecked::<Questions>().ask(question).await?;
    if is_filtered && found.more {
        return Err(Code::QueryTooComplex.error(format!(
            "types: more than {MAX_FILTERED} events concern this user: ask without types"
        )));
    }
    replayed(services, found.items.last().copied().unwrap_or(0)).await?;
    let cut = |types, page: &Page<u64>| {
        let (items, page) = (&found.items, page.clone());
        services
            .replay
            .read(move |model| model.events().page_of(items, types, &page))
    };
    if cut(Types::ALL, &whole).await.items.len() < found.items.len() {
        tracing::error!("the graph shows changes at positions where the log has no event");
        return Err(Code::Internal.error("the graph differs from the log"));
    }
    if is_filtered {
        return Ok(cut(types, page).await);
    }
    Ok(found)
}

/// Waits until this node has replayed what it is to tell of: others may have projected it.
async fn replayed(services: &Services, position: u64) -> Result<()> {
    let mut progress = services.replay.progress();
    let reached = progress.wait_for(|now| now.position >= position);
    match timeout(BEHIND, reached).await {
        Ok(Ok(_)) => Ok(()),
        _ => Err(Code::Unavailable.error("the log is still being replayed: try again")),
    }
}

/// Reads events again, those of a whole request at once.
pub(super) struct Events(Arc<Replay>);

impl Events {
    pub(super) fn of(services: &Services, gather: &Gather) -> DataLoader<Self> {
        gather.loader(Self(services.replay.clone()))
    }
}

impl Loader<u64> for Events {
    type Value = Recalled;
    type Error = ReplayError;

    async fn load(&self, positions: &[u64]) -> Result<HashMap<u64, Recalled>, ReplayError> {
        let mut positions = positions.to_vec();
        positions.sort_unstable();
        let recalled = timeout(PATIENCE, self.0.recall(&positions)).await;
        let late = LogError::Unavailable("it does not answer in time".to_owned());
        let recalled = recalled.unwrap_or(Err(ReplayError::Log(late)));
        if let Err(error) = &recalled {
            tracing::error!(error = %error, "events could not be read again");
        }
        let by_position = recalled?.into_iter();
        Ok(by_position
            .map(|recalled| (recalled.at.position, recalled))
            .collect())
    }
}

/// What callers may know of a fault of the log.
fn fault(error: &ReplayError) -> async_graphql::Error {
    match error {
        ReplayError::Log(LogError::Unavailable(_)) => {
            Code::Unavailable.error("the log is out of reach for now: try again")
        }
        _ => Code::Internal.error("the log could not be read"),
    }
}
