//! History: what happened to one user, told from the log.
//!
//! Must never ask the graph: only the log knows who did it, and by which command. Keeps what
//! happened to the user who is meant (and to others who registered with the same handle), beside
//! the write model that judging needs.

use std::{collections::HashMap, sync::Arc};

use crate::{
    domain::{
        Change, Edge, EdgeKind, Event, Handle, Moment, Profile, State, User, UserId, UserState,
    },
    event_log::EventLog,
    judge::{CommandId, RecordId},
    replay::{
        ReplayError,
        again::{Effective, tell_again},
    },
};

/// Who is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The user with this id.
    Id(UserId),
    /// Who holds this handle, or held it last when archived.
    Handle(Handle),
}

/// What happened to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The user as of now.
    pub user: Arc<User>,
    /// What happened, the newest last.
    pub happenings: Vec<Happening>,
}

/// One event of a user's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Moment,
    /// What.
    pub event: Event,
    /// Whom the event is about, or who acted, as they were then: the user, or the other of a pair.
    pub subject: Person,
    /// Who asked for it.
    pub actor: Arc<str>,
    /// The command that caused it.
    pub command: CommandId,
    /// Its record.
    pub record: RecordId,
    /// Friendships, requests and blocks of the user that began or ended with it.
    pub ties: Vec<Tie>,
}

/// A friendship, request or block that began or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The edge.
    pub edge: Edge,
    /// Whether it began; else it ended.
    pub began: bool,
    /// The other person, as they were then.
    pub other: Person,
}

/// Somebody as they were at that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: UserId,
    /// Handle and names.
    pub profile: Profile,
}

/// Why there is no history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The log cannot be read or judged.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// No such user.
    #[error(
        "{log} knows nobody with the {who}: name a user by handle, UUID or global id, and the right log with --log"
    )]
    UnknownUser {
        /// The log.
        log: String,
        /// Who was asked for.
        who: String,
    },
}

/// What happened to a user, up to the end that the log has now.
///
/// # Errors
/// If there is no such user, or the log cannot be read or judged.
pub async fn history(log: &dyn EventLog, who: &Who) -> Result<History, HistoryError> {
    let mut found: HashMap<UserId, Vec<Happening>> = HashMap::new();
    if let Who::Id(id) = who {
        found.insert(*id, Vec::new());
    }
    let model = tell_again(log, |effective| {
        if let (Who::Handle(handle), Event::UserRegistered { user, profile, .. }) =
            (who, effective.event)
            && profile.handle == *handle
        {
            found.insert(*user, Vec::new());
        }
        for (user, happenings) in &mut found {
            happenings.extend(happening(*user, effective));
        }
    })
    .await?;
    let user = find(model.state(), who).ok_or_else(|| HistoryError::UnknownUser {
        log: log.describe(),
        who: match who {
            Who::Id(id) => format!("id {id}"),
            Who::Handle(handle) => format!("handle {:?}", handle.as_str()),
        },
    })?;
    match found.remove(&user.id) {
        Some(happenings) => Ok(History { user, happenings }),
        // The handle came later than the user: now it is known whom to watch.
        None => Box::pin(history(log, &Who::Id(user.id))).await,
    }
}

fn find(state: &State, who: &Who) -> Option<Arc<User>> {
    let id = match who {
        Who::Id(id) => Some(*id),
        Who::Handle(handle) => state.handle_owner(handle).or_else(|| {
            let archived = state
                .users()
                .filter(|user| user.state == UserState::Archived && user.profile.handle == *handle);
            archived.max_by_key(|user| user.from).map(|user| user.id)
        }),
    };
    state.user(id?).cloned()
}

/// The event as part of the user's history, if it is.
fn happening(user: UserId, effective: Effective<'_>) -> Option<Happening> {
    let Effective {
        event,
        attempt,
        changes,
        model,
    } = effective;
    let person = |id: UserId| {
        let profile = model.state().user(id)?.profile.clone();
        Some(Person { id, profile })
    };
    let tie = |change: &Change| {
        let (edge, began) = match change {
            Change::Opened(edge) => (*edge, true),
            Change::Closed(edge) => (*edge, false),
            Change::User { .. } => return None,
        };
        let other = match user {
            _ if user == edge.from => edge.to,
            _ if user == edge.to => edge.from,
            _ => return None,
        };
        let other = person(other)?;
        Some(Tie { edge, began, other })
    };
    let ties: Vec<_> = changes.iter().filter_map(tie).collect();
    if event.user() != user && ties.is_empty() {
        return None;
    }
    Some(Happening {
        at: Moment {
            position: model.position(),
            time: model.judge().log_time(),
        },
        event: event.clone(),
        subject: person(event.user())?,
        actor: attempt.actor.clone(),
        command: attempt.command,
        record: attempt.id,
        ties,
    })
}

impl Tie {
    /// What it is, seen from the user: `request from`, say, before the other's name.
    #[must_use]
    pub fn relation(&self) -> &'static str {
        let is_from_other = self.edge.from == self.other.id;
        match (self.edge.kind, is_from_other) {
            (EdgeKind::Friend, _) => "friendship with",
            (EdgeKind::Requested, true) => "request from",
            (EdgeKind::Requested, false) => "request to",
            (EdgeKind::Blocked, true) => "block by",
            (EdgeKind::Blocked, false) => "block of",
        }
    }
}
