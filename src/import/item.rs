//! What there is to import, one by one, and what each comes to as things stand.
//!
//! Must never ask for what is there already: a second import changes nothing.

use crate::domain::{
    Command, Pair, PairCommand, PairState, Rejection, RejectionCode, State, StateCommand, UserId,
    UserState,
};

use super::{NewFriendship, NewUser, Person};

/// What became of one line.
pub(super) enum Line {
    New(u64),
    Known,
    Refused(u64, String),
}

/// What an item comes to as things stand.
pub(super) enum Plan {
    Done(Line),
    Do(Command),
}

/// One thing to import.
pub(super) trait Item {
    fn line(&self) -> u64;

    fn plan(&self, state: &State) -> Plan;

    /// What a refusal of its command means; `None` to look again.
    fn refused(&self, refusal: Rejection) -> Option<Line> {
        Some(refuse(self.line(), refusal))
    }
}

impl Item for NewUser {
    fn line(&self) -> u64 {
        self.line
    }

    fn plan(&self, state: &State) -> Plan {
        match there_already(state, self) {
            Some(line) => Plan::Done(line),
            None => Plan::Do(Command::RegisterUser {
                id: Some(self.id),
                profile: self.profile.clone(),
                pending: self.state == UserState::Pending,
            }),
        }
    }

    fn refused(&self, refusal: Rejection) -> Option<Line> {
        match refusal.code {
            // Another line was first: now it is seen to be there.
            RejectionCode::IdTaken | RejectionCode::HandleTaken => None,
            _ => Some(refuse(self.line, refusal)),
        }
    }
}

impl Item for NewFriendship {
    fn line(&self) -> u64 {
        self.line
    }

    fn plan(&self, state: &State) -> Plan {
        let both = find(state, &self.from).and_then(|from| Ok((from, find(state, &self.to)?)));
        let (user, other) = match both {
            Ok(both) => both,
            Err(reason) => return Plan::Done(Line::Refused(self.line, reason)),
        };
        let tie = Pair::new(user, other).map(|pair| state.pair(pair));
        if matches!(tie, Some(PairState::Friends { .. })) {
            return Plan::Done(Line::Known);
        }
        let change = PairCommand::AddFriend;
        Plan::Do(Command::ChangePair {
            change,
            user,
            other,
        })
    }

    fn refused(&self, refusal: Rejection) -> Option<Line> {
        Some(match refusal.code {
            RejectionCode::AlreadyFriends => Line::Known,
            _ => refuse(self.line, refusal),
        })
    }
}

/// Suspends the user of a line.
pub(super) struct Suspension(pub(super) u64, pub(super) UserId);

impl Item for Suspension {
    fn line(&self) -> u64 {
        self.0
    }

    fn plan(&self, state: &State) -> Plan {
        let user = self.1;
        if state.user(user).map(|user| user.state) != Some(UserState::Active) {
            return Plan::Done(Line::Known);
        }
        let change = StateCommand::SuspendUser;
        Plan::Do(Command::ChangeState { change, user })
    }
}

fn refuse(line: u64, refusal: Rejection) -> Line {
    Line::Refused(line, refusal.message().to_owned())
}

/// What becomes of a user whose id or handle is there already; `None` where both are free.
fn there_already(state: &State, new: &NewUser) -> Option<Line> {
    let is_imported = state.user(new.id).is_some();
    let profile = |owner| state.user(owner).map(|user| &user.profile);
    let reason = match state.handle_owner(&new.profile.handle) {
        None if !is_imported => return None,
        _ if is_imported && !new.by_handle => return Some(Line::Known),
        Some(owner) if new.by_handle && profile(owner) == Some(&new.profile) => {
            return Some(Line::Known);
        }
        Some(owner) if new.by_handle => format!(
            "belongs to user {}, whose name is another: an import changes no profile, use updateProfile",
            owner.0
        ),
        Some(owner) => format!(
            "belongs to user {}: name the data set otherwise with --name, or change that handle",
            owner.0
        ),
        None => format!("was given up by user {}: choose another", new.id.0),
    };
    let handle = new.profile.handle.as_str();
    let reason = format!("handle: {handle:?} {reason}");
    Some(Line::Refused(new.line, reason))
}

fn find(state: &State, person: &Person) -> Result<UserId, String> {
    match person {
        Person::Id(id) => Ok(*id),
        Person::Handle(handle) => state.handle_owner(handle).ok_or_else(|| {
            format!(
                "nobody has the handle {:?}: import the user first",
                handle.as_str()
            )
        }),
    }
}
