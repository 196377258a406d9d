//! Tells stories: commands that become events, changes, and the batches that a projector would make
//! of them. Every position of a story is a record; a refused command is one without changes.

mod coalesce;

use foaf::{
    domain::{
        Command, Event, Field, Handle, LogTime, Moment, Name, PairCommand, Profile, Rejection,
        State, StateCommand, User, UserId, decide, fold,
    },
    graph::{Batch, Cursor, Graph, Projected, digest::Digest},
    judge::{LogId, RecordId, Recorded, RecordingView},
};
use std::sync::Arc;
use uuid::Uuid;

use crate::model::Model;
use coalesce::Pending;

/// The user id of that number; the order of ids is the order of numbers.
pub(crate) fn id(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

/// A valid handle.
pub(crate) fn handle(text: &str) -> Handle {
    Handle::parse(text).expect("a valid handle")
}

/// What happened so far, what a model makes of it, and what has not been projected yet.
pub(crate) struct Story {
    pub(crate) model: Model,
    pub(crate) log_id: LogId,
    state: State,
    now: Moment,
    digest: Digest,
    taken: u64,
    pending: Pending,
}

impl Story {
    pub(crate) fn new() -> Self {
        Self {
            model: Model::default(),
            log_id: LogId(Uuid::new_v4()),
            state: State::default(),
            now: Moment {
                position: 0,
                time: LogTime(1_700_000_000_000),
            },
            digest: Digest::default(),
            taken: 0,
            pending: Pending::default(),
        }
    }

    /// Where a graph stands that has everything.
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            log_id: self.log_id,
            position: self.now.position,
            digest: self.digest,
            last: Some(self.last()),
        }
    }

    /// The last record.
    fn last(&self) -> Recorded {
        let (position, number) = (self.now.position, u128::from(self.now.position));
        let id = RecordId(uuid::Uuid::from_u128(number));
        Recorded { position, id }
    }

    /// When the last record was written.
    pub(crate) fn now(&self) -> Moment {
        self.now
    }

    /// A record that changes nothing.
    pub(crate) fn void(&mut self) {
        self.now.position += 1;
        // Several records may have the same time.
        self.now.time.0 += i64::from(self.now.position.is_multiple_of(3));
    }

    /// A command's record.
    pub(crate) fn attempt(&mut self, command: &Command) -> Result<Event, Rejection> {
        self.void();
        let fresh = UserId(Uuid::new_v4());
        let event = decide(&RecordingView::new(&self.state), command, fresh)?;
        let changes = fold(&mut self.state, &event, self.now).expect("the event fits the state");
        for change in changes {
            self.digest.change(&change, self.now);
            self.model.apply(&change, self.now.position);
            self.pending.add(change, self.now);
        }
        Ok(event)
    }

    fn must(&mut self, command: &Command) {
        self.attempt(command).expect("the command is in order");
    }

    /// Registers a user with that number as its id.
    pub(crate) fn register(&mut self, number: u128, profile: Profile, pending: bool) -> UserId {
        let id = id(number);
        self.must(&Command::RegisterUser {
            id: Some(id),
            profile,
            pending,
        });
        id
    }

    /// An ACTIVE user; handle and name are made of the number.
    pub(crate) fn user(&mut self, number: u128) -> UserId {
        self.register(number, profile(&format!("u{number}"), "User", None), false)
    }

    /// ACTIVE users with the numbers 1 to `count`.
    pub(crate) fn users(&mut self, count: u128) -> Vec<UserId> {
        (1..=count).map(|number| self.user(number)).collect()
    }

    /// A PENDING user.
    pub(crate) fn pending_user(&mut self, number: u128) -> UserId {
        self.register(number, profile(&format!("u{number}"), "User", None), true)
    }

    /// Moves a user through the state machine.
    pub(crate) fn change_state(&mut self, change: StateCommand, user: UserId) {
        self.must(&Command::ChangeState { change, user });
    }

    /// Suspends a user.
    pub(crate) fn suspend(&mut self, user: UserId) {
        self.change_state(StateCommand::SuspendUser, user);
    }

    /// Archives a user.
    pub(crate) fn archive(&mut self, user: UserId) {
        self.change_state(StateCommand::ArchiveUser, user);
    }

    /// Changes a handle.
    pub(crate) fn rename(&mut self, user: UserId, to: &str) {
        self.must(&Command::UpdateProfile {
            user,
            handle: Some(handle(to)),
            first_name: None,
            last_name: None,
        });
    }

    /// Changes what stands between two users.
    pub(crate) fn pair(&mut self, change: PairCommand, user: UserId, other: UserId) {
        self.must(&Command::ChangePair {
            change,
            user,
            other,
        });
    }

    /// Makes two users friends.
    pub(crate) fn befriend(&mut self, user: UserId, other: UserId) {
        self.pair(PairCommand::AddFriend, user, other);
    }

    /// Makes each two numbers friends.
    pub(crate) fn friendships(&mut self, of: &[(u128, u128)]) {
        for (user, other) in of {
            self.befriend(id(*user), id(*other));
        }
    }

    /// The present version of a user.
    pub(crate) fn version(&self, user: UserId) -> Arc<User> {
        self.model.user(user).expect("a registered user").clone()
    }

    /// Everything since the last batch as one batch.
    pub(crate) fn batch(&mut self) -> Batch {
        let expect = std::mem::replace(&mut self.taken, self.now.position);
        std::mem::take(&mut self.pending).into_batch(expect, self.cursor())
    }

    /// Projects everything since the last batch as one batch.
    pub(crate) async fn project(&mut self, graph: &Arc<dyn Graph>) {
        let batch = self.batch();
        let projected = graph.project(&batch).await;
        assert_eq!(projected, Ok(Projected::Done));
    }
}

/// A valid name.
pub(crate) fn name(text: &str) -> Name {
    Name::parse(text, Field::FirstName).expect("a valid name")
}

/// A profile of valid parts.
pub(crate) fn profile(handle_text: &str, first: &str, last: Option<&str>) -> Profile {
    Profile {
        handle: handle(handle_text),
        first_name: name(first),
        last_name: last.map(name),
    }
}
