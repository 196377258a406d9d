//! Makes a wrong rule out of the right one, from outside: records are written down so that the shipped
//! judge comes to what the wrong rule would have come to. Nothing of `src` is changed for it.

use foaf::{
    domain::{Event, LogTime, Pair},
    event_log::{
        Message,
        record::{self, Envelope},
    },
    judge::{Attempt, CommandId, ConflictKey, Entry, Guard, HashKey, KeyHash, Windows},
};

use super::{
    acts,
    mutants::{GuardFault, Mutant},
    plan::Plan,
    rule::{Fate, Rule},
};
use crate::model::Act;

/// Follows the log under the wrong rule and under the right one.
pub(super) struct Scribe {
    mutant: Mutant,
    wrong: Rule,
    right: Rule,
    hash_key: Option<HashKey>,
}

impl Scribe {
    /// A scribe, if the mutant needs one.
    pub(super) fn of(mutant: Option<Mutant>) -> Option<Self> {
        let mutant = mutant?;
        let fault = match mutant {
            Mutant::Rule(fault) => Some(fault),
            Mutant::Guard(_) => None,
            _ => return None,
        };
        Some(Self {
            mutant,
            wrong: Rule::new(fault),
            right: Rule::default(),
            hash_key: None,
        })
    }

    /// The record as it has to stand in the log.
    pub(super) fn write_down(
        &mut self,
        plan: &Plan,
        append_time: i64,
        message: Message,
    ) -> Message {
        let entry = record::decode(&message);
        let Entry::Attempt(mut attempt) = entry else {
            if let (Entry::GraphCreated(created), None) = (&entry, &self.hash_key) {
                self.hash_key = Some(created.hash_key.clone());
            }
            self.wrong.judge(append_time, &entry, &[]);
            self.right.judge(append_time, &entry, &[]);
            return message;
        };
        let ignored = self.ignored(plan, &message, &attempt);
        let entry = Entry::Attempt(attempt.clone());
        let counts = self.wrong.judge(append_time, &entry, &ignored) == Fate::Effective;
        let right = self.right.clone().judge(append_time, &entry, &[]);
        let message = if counts == (right == Fate::Effective) {
            message
        } else {
            if counts {
                self.make_effective(&mut attempt);
            } else {
                // Nothing of ours was ever decided so early.
                attempt.decided_at = LogTime(i64::MIN);
            }
            let traceparent = acts::traceparent(&message);
            let envelope = Envelope {
                time: LogTime(append_time),
                traceparent: traceparent.as_deref(),
            };
            record::encode(&attempt, envelope)
        };
        let written = record::decode(&message);
        let fate = self.right.judge(append_time, &written, &[]);
        assert_eq!(counts, fate == Fate::Effective, "the scribe can write");
        message
    }

    fn make_effective(&self, attempt: &mut Attempt) {
        attempt.decided_at = LogTime(self.right.log_time);
        attempt.decided_on = self.right.position;
        if self.right.remembers_now(attempt.command) {
            // Whoever waits for the command hears nothing of it; that it takes effect is the point.
            // The record may come more than once.
            let unheard_of = attempt.id.0.as_u128() ^ u128::from(self.right.position);
            attempt.command = CommandId(unheard_of.to_be_bytes());
        }
        for guard in &mut attempt.guards {
            guard.etag = self.right.etag(guard.key);
        }
    }

    /// The keys that the mutant does not guard.
    fn ignored(&self, plan: &Plan, message: &Message, attempt: &Attempt) -> Vec<KeyHash> {
        let Mutant::Guard(fault) = self.mutant else {
            return Vec::new();
        };
        let act = acts::call_of(plan, message).map(|call| &call.act);
        let left_out = |guard: &&Guard| match fault {
            GuardFault::OnlyWritten => !attempt.writes.contains(&guard.key),
            GuardFault::LeftOut(command, role) => act.is_some_and(|act| {
                acts::name(act) == command && self.role(act, attempt, guard.key) == role
            }),
            GuardFault::NeitherOf(command, one, other) => act.is_some_and(|act| {
                acts::name(act) == command
                    && [one, other].contains(&self.role(act, attempt, guard.key))
            }),
            GuardFault::NotNoted(role) => {
                act.is_some_and(|act| self.role(act, attempt, guard.key) == role)
            }
        };
        let left_out = attempt.guards.iter().filter(left_out);
        left_out.map(|guard| guard.key).collect()
    }

    /// What a key is to a command.
    fn role(&self, act: &Act, attempt: &Attempt, key: KeyHash) -> Role {
        let Some(hash_key) = &self.hash_key else {
            return Role::User;
        };
        let is = |of: ConflictKey| of.hash(hash_key) == key;
        let handle = |text: &str| ConflictKey::Handle(acts::handle(text));
        let (who, other, wanted) = match act {
            Act::Register { who, handle, .. } => (*who, None, Some(handle)),
            Act::Update { who, handle, .. } => (*who, None, handle.as_ref()),
            Act::State { who, .. } => (*who, None, None),
            Act::Pair { who, other, .. } => (*who, Some(*other), None),
        };
        let id = match &attempt.decision {
            Ok(Event::UserRegistered { user, .. }) => *user,
            _ => acts::id(who),
        };
        let pair = other.and_then(|other| Pair::new(id, acts::id(other)));
        let is_handle = (0..10).any(|number| is(handle(&format!("h{number}"))));
        match () {
            () if is(ConflictKey::User(id)) => Role::User,
            () if is(ConflictKey::Profile(id)) => Role::Profile,
            () if other.is_some_and(|other| is(ConflictKey::User(acts::id(other)))) => Role::Other,
            () if pair.is_some_and(|pair| is(ConflictKey::Pair(pair))) => Role::Pair,
            () if wanted.is_some_and(|wanted| is(handle(wanted))) => Role::Handle,
            () if is_handle => Role::FormerHandle,
            () => Role::Owner,
        }
    }
}

/// What a guarded key is to its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    User,
    Profile,
    Handle,
    FormerHandle,
    Owner,
    Other,
    Pair,
}

/// The log's identity as a node sees it that takes its hash key or its windows from its own settings.
pub(super) fn own_identity(message: &Message, node: u8, key: bool) -> Message {
    let Entry::GraphCreated(mut created) = record::decode(message) else {
        return message.clone();
    };
    if key {
        created.hash_key = HashKey([node; 32]);
    } else if node > 0 {
        created.windows = Windows {
            attempt_ms: 600_000,
            outcome_ms: 600_000,
            ..Windows::DEFAULT
        };
    }
    let envelope = Envelope {
        time: LogTime(0),
        traceparent: None,
    };
    record::encode_created(&created, envelope)
}
