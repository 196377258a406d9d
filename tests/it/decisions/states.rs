//! The state machine of users: every state × every command.

use foaf::domain::{
    Event, Field, RejectionCode as Code, StateCommand as C, StateEvent as E, UserState,
};

use super::harness::given;
use crate::sample::{change_state, registered, registered_pending, state_event, user};

/// The events that bring user 1 into a state; `None` is a user that was never registered.
fn history(state: Option<UserState>) -> Vec<Event> {
    let active = registered(user(1));
    let then = |change| vec![active.clone(), state_event(change, user(1))];
    match state {
        None => vec![],
        Some(UserState::Pending) => vec![registered_pending(user(1))],
        Some(UserState::Active) => vec![active],
        Some(UserState::Suspended) => then(E::UserSuspended),
        Some(UserState::Archived) => then(E::UserArchived),
    }
}

#[test]
fn every_state_answers_every_command_as_the_state_machine_says() {
    use UserState::{Active, Archived, Pending, Suspended};
    const COMMANDS: [C; 4] = [
        C::ActivateUser,
        C::SuspendUser,
        C::ReactivateUser,
        C::ArchiveUser,
    ];
    let no = |code| [Err(code); 4];
    let wrong = Err(Code::WrongState);
    let archive = Ok((E::UserArchived, Archived));
    #[rustfmt::skip]
    let table = [
        //                 activate                        suspend                          reactivate                        archive
        (None,            no(Code::UnknownUser)),
        (Some(Pending),   [Ok((E::UserActivated, Active)), wrong,                           wrong,                            archive]),
        (Some(Active),    [wrong,                          Ok((E::UserSuspended, Suspended)), wrong,                          archive]),
        (Some(Suspended), [wrong,                          wrong,                           Ok((E::UserReactivated, Active)), archive]),
        (Some(Archived),  no(Code::UserArchived)),
    ];
    for (state, answers) in table {
        for (command, answer) in COMMANDS.into_iter().zip(answers) {
            let when = given(history(state)).when(change_state(command, user(1)));
            match answer {
                Ok((event, leads_to)) => {
                    let given = when.then(state_event(event, user(1)));
                    let after = given.state.user(user(1)).map(|user| user.state);
                    assert_eq!(after, Some(leads_to), "{state:?} {command:?}");
                }
                Err(code) => {
                    when.refused(code, Field::User);
                }
            }
        }
    }
    assert_eq!(COMMANDS, C::ALL, "the table has every command");
}
