//! Wrong variants of foaf, made from outside of the program: at the ports, or by a command handler of
//! the tests. Each must be caught; one that survives shows a hole in the simulator.

use super::{graph::Step, rule::RuleFault, scribe::Role, variant::CallFault};

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutant {
    Guard(GuardFault),
    Rule(RuleFault),
    Log(LogFault),
    Call(CallFault),
    Graph(GraphFault),
}

/// What is not guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GuardFault {
    /// Everything that is only read.
    OnlyWritten,
    /// What is that to the command of that name.
    LeftOut(&'static str, Role),
}

/// How a node misreads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogFault {
    /// Applies an acknowledged record wherever it stands.
    AnyAcknowledgedOffset,
    /// Applies an acknowledged record with the time of the own clock.
    OwnClock,
    /// Takes hash key from its own settings.
    OwnHashKey,
    /// Takes the windows from its own settings.
    OwnWindows,
    /// Takes a log of many nodes for one of its own: refusals without a key have no record.
    TakenForExclusive,
}

/// How the projection is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GraphFault {
    LeftOut(Step),
    Swapped(Step, Step),
    NoCursorCheck,
    CursorApartBefore,
    CursorApartAfter,
    NoTransaction,
    UnknownTakenForDone,
    UnknownAppliedAgain,
}
