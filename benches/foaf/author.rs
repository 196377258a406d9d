//! Records as command handlers write them, without a log: each decided on the state that those
//! before it have made.

use foaf::{
    domain::{
        Command, Field, Handle, LogTime, Moment, Name, PairCommand, Profile, State, UserId, decide,
        fold,
    },
    judge::{
        Attempt, CommandId, ConflictKey, Entry, GraphCreated, Guard, HashKey, Judge, LogId,
        RecordId, RecordingView, Windows, written_keys,
    },
};
use uuid::Uuid;

/// Decides commands on what it has written so far.
pub(crate) struct Author {
    judge: Judge,
    state: State,
    key: HashKey,
    rng: fastrand::Rng,
    entries: Vec<Entry>,
}

/// The records of so many registrations, and then of so many friendships of random people.
pub(crate) fn records(users: usize, friendships: usize) -> Vec<Entry> {
    let key = HashKey([7; 32]);
    let mut author = Author {
        judge: Judge::default(),
        state: State::default(),
        key: key.clone(),
        rng: fastrand::Rng::with_seed(1),
        entries: Vec::with_capacity(users + friendships + 1),
    };
    let id = RecordId(author.uuid());
    let log_id = LogId(author.uuid());
    author.write(Entry::GraphCreated(GraphCreated {
        id,
        log_id,
        hash_key: key,
        windows: Windows::DEFAULT,
    }));
    let ids: Vec<_> = (0..users).map(|n| author.register(n)).collect();
    while author.entries.len() < users + friendships + 1 {
        author.befriend(&ids);
    }
    author.entries
}

impl Author {
    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.rng.u64(..), self.rng.u64(..))
    }

    fn register(&mut self, number: usize) -> UserId {
        let id = UserId(self.uuid());
        let profile = Profile {
            handle: Handle::parse(&format!("person-{number}")).expect("a handle"),
            first_name: Name::parse("Ada", Field::FirstName).expect("a name"),
            last_name: None,
        };
        let command = Command::RegisterUser {
            id: Some(id),
            profile,
            pending: false,
        };
        self.decide(&command);
        id
    }

    fn befriend(&mut self, ids: &[UserId]) {
        let mut person = || ids[self.rng.usize(..ids.len())];
        let (user, other) = (person(), person());
        let change = PairCommand::AddFriend;
        self.decide(&Command::ChangePair {
            change,
            user,
            other,
        });
    }

    /// Writes the record of a command, unless it is refused.
    fn decide(&mut self, command: &Command) {
        let view = RecordingView::new(&self.state);
        let fresh = UserId(Uuid::nil());
        let Ok(event) = decide(&view, command, fresh) else {
            return;
        };
        let noted = view.into_noted();
        let hash = |key: &ConflictKey| key.hash(&self.key);
        let guard = |key| Guard {
            key,
            etag: self.judge.etag(key),
        };
        let attempt = Attempt {
            guards: noted.iter().map(hash).map(guard).collect(),
            writes: written_keys(&event).iter().map(hash).collect(),
            content: self.key.content_hash(command),
            actor: "author".into(),
            decided_at: self.judge.log_time(),
            decided_on: self.judge.position(),
            is_keyed: true,
            id: RecordId(self.uuid()),
            command: CommandId(*self.uuid().as_bytes()),
            decision: Ok(event),
        };
        self.write(Entry::Attempt(attempt));
    }

    fn write(&mut self, entry: Entry) {
        let offset = self.entries.len() as u64;
        let time = LogTime(offset.cast_signed());
        let judged = self.judge.judge(offset, time, &entry);
        judged.expect("this build knows its records");
        if let Entry::Attempt(Attempt {
            decision: Ok(event),
            ..
        }) = &entry
        {
            let position = offset + 1;
            let at = Moment { position, time };
            fold(&mut self.state, event, at).expect("it was decided on this state");
        }
        self.entries.push(entry);
    }
}
