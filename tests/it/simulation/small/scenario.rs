//! What happens in a small world.

use crate::model::Act;

/// The first client makes two calls, one after the other; the second makes one, and may repeat it on
/// the other node. What is in `before` has happened.
pub(in crate::simulation) struct Scenario {
    pub(in crate::simulation) before: Vec<Act>,
    pub(in crate::simulation) first: [Act; 2],
    pub(in crate::simulation) second: Act,
    pub(in crate::simulation) fault: Option<SmallFault>,
}

/// What a search must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulation) enum SmallFault {
    GuardsOnlyWritten,
    RefusalsWithoutRecord,
}

/// Threes of commands that meet at two people; every one of them, or a few.
pub(in crate::simulation) fn scenarios(every: bool, fault: Option<SmallFault>) -> Vec<Scenario> {
    let register = |who, handle: &str| Act::Register {
        who,
        handle: handle.to_owned(),
        pending: false,
    };
    let pair = |command, who, other| Act::Pair {
        command,
        who,
        other,
    };
    let archive = Act::State {
        command: "archiveUser",
        who: 1,
    };
    let rename = Act::Update {
        who: 0,
        handle: Some("h2".to_owned()),
        last_name: None,
    };
    let acts = [
        archive,
        rename,
        register(2, "h2"),
        pair("addFriend", 0, 1),
        pair("removeFriend", 1, 0),
        pair("sendFriendRequest", 1, 0),
        pair("blockUser", 0, 1),
    ];
    let count = acts.len();
    let every_one = (0..count.pow(3)).map(|n| [n / count / count, n / count % count, n % count]);
    let few = [[2, 0, 1], [5, 0, 3], [3, 0, 4]];
    let chosen: Vec<[usize; 3]> = if every {
        every_one.collect()
    } else {
        few.to_vec()
    };
    let scenario = |[one, two, other]: [usize; 3]| Scenario {
        before: vec![register(0, "h0"), register(1, "h1")],
        first: [acts[one].clone(), acts[two].clone()],
        second: acts[other].clone(),
        fault,
    };
    chosen.into_iter().map(scenario).collect()
}
