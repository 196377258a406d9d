//! `given([events]).when(command).then(event)`, or `.refused(code, field)`.

use foaf::{
    domain::{Command, Event, Field, Rejection, RejectionCode, State, UserId, decide, fold},
    judge::RecordingView,
};

use crate::sample::{moment, user};

/// The id that a registration takes when the command names none.
pub(super) const FRESH: u8 = 99;

/// A state that events have made.
#[derive(Default)]
pub(super) struct Given {
    pub(super) state: State,
    position: u64,
}

/// A decision on a state.
pub(super) struct When {
    given: Given,
    command: Command,
    decision: Result<Event, Rejection>,
}

/// Folds the events.
pub(super) fn given(events: impl IntoIterator<Item = Event>) -> Given {
    Given::default().and(events)
}

impl Given {
    /// Folds more events.
    pub(super) fn and(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        for event in events {
            self.position += 1;
            fold(&mut self.state, &event, moment(self.position)).expect("the event fits the state");
        }
        self
    }

    /// Decides.
    pub(super) fn when(self, command: Command) -> When {
        let fresh: UserId = user(FRESH);
        let decision = decide(&RecordingView::new(&self.state), &command, fresh);
        When {
            given: self,
            command,
            decision,
        }
    }
}

impl When {
    /// Expects exactly this event, and folds it, so that the story can go on.
    #[track_caller]
    pub(super) fn then(self, event: Event) -> Given {
        assert_eq!(self.decision, Ok(event.clone()), "{:?}", self.command);
        self.given.and([event])
    }

    /// Expects exactly this refusal.
    #[track_caller]
    pub(super) fn refused(self, code: RejectionCode, field: Field) -> Given {
        let refusal = Rejection::new(code, field);
        assert_eq!(self.decision, Err(refusal), "{:?}", self.command);
        self.given
    }
}
