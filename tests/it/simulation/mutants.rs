//! Wrong variants of foaf, made from outside of the program: at the ports, or by a command handler of
//! the tests. Each must be caught; one that survives shows a hole in the simulator.

use super::{graph::Step, plan::Theme, rule::RuleFault, scribe::Role, variant::CallFault};

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutant {
    Guard(GuardFault),
    Rule(RuleFault),
    Log(LogFault),
    Call(CallFault),
    Graph(GraphFault),
    Snapshot(SnapshotFault),
}

/// What a snapshot lacks, or where it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SnapshotFault {
    NoEtags,
    NoOutcomes,
    NoLogTime,
    AheadOfTheGraph,
}

/// What is not guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GuardFault {
    /// Everything that is only read.
    OnlyWritten,
    /// What is that to the command of that name.
    LeftOut(&'static str, Role),
    /// What is either to the command of that name.
    NeitherOf(&'static str, Role, Role),
    /// What is that to any command.
    NotNoted(Role),
}

/// How a node misreads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogFault {
    /// Applies an acknowledged record wherever it stands.
    AnyAcknowledgedOffset,
    /// Applies an acknowledged record with the time of the own clock.
    OwnClock,
    /// Takes the hash key from its own settings.
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

/// Mutants that change nothing that anybody could see, and why.
pub(super) const HARMLESS: [(Mutant, &str); 4] = [
    (
        left_out("registerUser", Role::User),
        "who registers the id first writes its profile key too; leaving both out is caught",
    ),
    (
        left_out("registerUser", Role::Profile),
        "who registers the id first writes its user key too; leaving both out is caught",
    ),
    (
        left_out("updateProfile", Role::FormerHandle),
        "only its owner can give a handle up, which writes the owner's profile or user key",
    ),
    (
        Mutant::Graph(GraphFault::Swapped(Step::PastUsers, Step::Closed)),
        "both only add to the past, in one transaction",
    ),
];

const fn left_out(command: &'static str, role: Role) -> Mutant {
    Mutant::Guard(GuardFault::LeftOut(command, role))
}

/// Every mutant that must be caught.
pub(super) fn all() -> Vec<Mutant> {
    let mut all = protocol();
    all.extend(guards());
    all.extend(projection());
    all.retain(|mutant| HARMLESS.iter().all(|(harmless, _)| harmless != mutant));
    all
}

/// Every mutant that there is.
pub(super) fn every() -> impl Iterator<Item = Mutant> {
    let harmless = HARMLESS.map(|(mutant, _)| mutant);
    let right = Mutant::Call(CallFault::Nothing);
    all().into_iter().chain(harmless).chain([right])
}

/// The wrong variants that the design names.
fn protocol() -> Vec<Mutant> {
    use CallFault as C;
    use LogFault as L;
    use RuleFault as R;
    let mut mutants = vec![
        Mutant::Guard(GuardFault::OnlyWritten),
        Mutant::Guard(GuardFault::NotNoted(Role::Owner)),
        Mutant::Guard(GuardFault::NotNoted(Role::Other)),
        Mutant::Guard(GuardFault::NeitherOf(
            "registerUser",
            Role::User,
            Role::Profile,
        )),
    ];
    mutants.extend(
        [
            R::NoCommandId,
            R::NoExpiry,
            R::NoExpiryByPosition,
            R::ExpiryByAppendTime,
            R::EvictionByAppendTime,
            R::OutcomesShorterThanAttempts,
            R::FewerOutcomesThanAttempts,
            R::UnkeyedForgottenAtOnce,
            R::UnkeyedShorterThanAttempts,
            R::FutureAccepted,
            R::NoRunningMaximum,
            R::NarrowEtags,
        ]
        .map(Mutant::Rule),
    );
    mutants.extend(
        [
            L::AnyAcknowledgedOffset,
            L::OwnClock,
            L::OwnHashKey,
            L::OwnWindows,
            L::TakenForExclusive,
        ]
        .map(Mutant::Log),
    );
    mutants.extend(
        [
            SnapshotFault::NoEtags,
            SnapshotFault::NoOutcomes,
            SnapshotFault::NoLogTime,
            SnapshotFault::AheadOfTheGraph,
        ]
        .map(Mutant::Snapshot),
    );
    mutants.extend(
        [
            C::AnswersOnAcknowledgement,
            C::RefusesFromLocalState,
            C::RefusesAfterBarrier,
            C::KeyedRefusalWithoutRecord,
            C::UnchangedFromLocalState,
            C::NoLookup,
            C::LooksUpOnlyWhenDeciding,
            C::LooksUpDuplicates,
            C::ConflictWhereUnknown,
        ]
        .map(Mutant::Call),
    );
    mutants
}

/// Each noted key of each command.
fn guards() -> Vec<Mutant> {
    use Role as R;
    let users = [
        "activateUser",
        "suspendUser",
        "reactivateUser",
        "archiveUser",
    ];
    let pairs = [
        "sendFriendRequest",
        "acceptFriendRequest",
        "declineFriendRequest",
        "cancelFriendRequest",
        "addFriend",
        "removeFriend",
        "blockUser",
        "unblockUser",
    ];
    let of = |command, roles: &[Role]| {
        let mutants: Vec<Mutant> = roles.iter().map(|role| left_out(command, *role)).collect();
        mutants
    };
    let mut mutants = of("registerUser", &[R::User, R::Profile, R::Handle, R::Owner]);
    mutants.extend(of(
        "updateProfile",
        &[R::User, R::Profile, R::Handle, R::FormerHandle, R::Owner],
    ));
    mutants.extend(users.iter().flat_map(|command| of(command, &[R::User])));
    let roles = [R::User, R::Other, R::Pair];
    mutants.extend(pairs.iter().flat_map(|command| of(command, &roles)));
    mutants
}

/// Each step of the projection left out or swapped, and what else can be wrong with it.
fn projection() -> Vec<Mutant> {
    use GraphFault as G;
    let mut mutants: Vec<Mutant> = Step::ALL
        .map(|step| Mutant::Graph(G::LeftOut(step)))
        .to_vec();
    mutants.extend(
        [
            G::Swapped(Step::Users, Step::Opened),
            G::Swapped(Step::PastUsers, Step::Closed),
            G::NoCursorCheck,
            G::CursorApartBefore,
            G::CursorApartAfter,
            G::NoTransaction,
            G::UnknownTakenForDone,
            G::UnknownAppliedAgain,
        ]
        .map(Mutant::Graph),
    );
    mutants
}

impl Mutant {
    /// What a history has to be about to show it soon.
    pub(super) fn theme(self) -> Theme {
        const DAY: i64 = 24 * 60;
        match self {
            Self::Guard(GuardFault::LeftOut(command, _) | GuardFault::NeitherOf(command, _, _)) => {
                Theme::Command(command)
            }
            Self::Guard(GuardFault::NotNoted(Role::Owner)) => Theme::Command("registerUser"),
            Self::Rule(RuleFault::OutcomesShorterThanAttempts) => Theme::Jumps(45),
            Self::Rule(RuleFault::FutureAccepted) => Theme::Future,
            Self::Rule(
                RuleFault::NoExpiryByPosition
                | RuleFault::FewerOutcomesThanAttempts
                | RuleFault::UnkeyedShorterThanAttempts,
            ) => Theme::Counts,
            Self::Call(CallFault::UnchangedFromLocalState) => Theme::Command("updateProfile"),
            Self::Rule(RuleFault::NoExpiry | RuleFault::EvictionByAppendTime)
            | Self::Call(CallFault::LooksUpOnlyWhenDeciding | CallFault::LooksUpDuplicates) => {
                Theme::Jumps(DAY)
            }
            Self::Rule(RuleFault::NoRunningMaximum | RuleFault::ExpiryByAppendTime) => {
                Theme::Jumps(DAY + DAY / 2)
            }
            Self::Graph(_) => Theme::Graph,
            Self::Snapshot(_) => Theme::Snapshots,
            _ => Theme::Anything,
        }
    }
}

impl std::fmt::Display for Mutant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Guard(GuardFault::LeftOut(command, role)) => {
                write!(f, "{command} does not guard {role:?}")
            }
            Self::Guard(GuardFault::NeitherOf(command, one, other)) => {
                write!(f, "{command} guards neither {one:?} nor {other:?}")
            }
            Self::Guard(fault) => write!(f, "guards: {fault:?}"),
            Self::Rule(fault) => write!(f, "rule: {fault:?}"),
            Self::Log(fault) => write!(f, "node: {fault:?}"),
            Self::Call(fault) => write!(f, "handler: {fault:?}"),
            Self::Graph(fault) => write!(f, "projection: {fault:?}"),
            Self::Snapshot(fault) => write!(f, "snapshot: {fault:?}"),
        }
    }
}
