//! Users by id, by handle and in lists.

use std::sync::Arc;

use foaf::{
    domain::{Command, StateCommand, User, UserId, UserState},
    graph::{Graph, Page, UserKey, UserOrder, UserQuery},
};

use super::{value, walk::walk};
use crate::story::{Story, handle, id, name, profile};

pub(super) async fn users_are_found_by_id_in_whatever_state(graph: &Arc<dyn Graph>) {
    let story = in_every_state(graph).await;
    let ids = story.model.ids();
    let expected: Vec<_> = ids.iter().map(|id| Some(story.version(*id))).collect();
    assert_eq!(value(graph.users(&ids).await), expected);
    let asked = [id(4), id(99), id(4), id(1)];
    let expected = asked.map(|id| story.model.user(id).cloned());
    assert_eq!(value(graph.users(&asked).await), expected);
}

pub(super) async fn users_are_found_by_handle_unless_archived(graph: &Arc<dyn Graph>) {
    let story = in_every_state(graph).await;
    let asked = ["u3", "u1", "u4", "nobody", "u2", "u1"];
    let expected = [3, 1, 0, 0, 2, 1].map(|number| story.model.user(id(number)).cloned());
    let found = value(graph.users_by_handle(&asked.map(handle)).await);
    assert_eq!(found, expected);
    for text in asked {
        let found = value(graph.users_by_handle(&[handle(text)]).await);
        assert_eq!(found, [story.model.holder(text).cloned()]);
    }
}

pub(super) async fn users_are_listed_by_id(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    // Ids are compared byte by byte: as unsigned numbers.
    for number in [5, 1, 1 << 127, 300, u128::MAX, 2, 1 << 64] {
        story.user(number);
    }
    story.project(graph).await;
    let whole: Vec<_> = [1, 2, 5, 300, 1 << 64, 1 << 127, u128::MAX]
        .map(|number| (UserKey::Id(id(number)), story.version(id(number))))
        .into();
    assert_eq!(whole, story.model.list_users(None, "", UserOrder::Id));
    check(graph, &whole, None, None, UserOrder::Id).await;
}

pub(super) async fn users_are_listed_by_folded_name_then_id(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    let names = [
        ("Zoë", None),
        ("zoe", None),
        ("ZOE", None),
        ("Åsa", Some("Öberg")),
        ("Asa", Some("Oberg")),
        ("Asa", None),
        ("Anna-Lena", None),
        ("Anna", Some("Lena")),
        ("anna lena", None),
        // Full-width letters, which fold to plain ones.
        ("\u{ff21}\u{ff4e}\u{ff4e}\u{ff41}", None),
        ("Ανδρέας", None),
        ("李", Some("小龍")),
    ];
    // Not in the order of the ids.
    for (index, (first, last)) in names.iter().enumerate() {
        let number = (index as u128 * 7) % 12 + 1;
        let profile = profile(&format!("h{index}"), first, *last);
        story.register(number, profile, false);
    }
    story.project(graph).await;
    let whole = story.model.list_users(None, "", UserOrder::Name);
    let listed: Vec<String> = whole
        .iter()
        .map(|(_, user)| user.profile.full_name())
        .collect();
    assert_eq!(listed[0], "\u{ff21}\u{ff4e}\u{ff4e}\u{ff41}");
    assert_eq!(listed[3..5], ["Anna-Lena", "Asa"]);
    assert_eq!(listed[10..], ["Ανδρέας", "李 小龍"]);
    check(graph, &whole, None, None, UserOrder::Name).await;
}

pub(super) async fn names_are_compared_by_code_point(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    // In the order of code points. By UTF-16 units, those beyond U+FFFF would come before U+E000.
    let names = [
        "z",
        "\u{d7a3}",
        "\u{e000}",
        "\u{fffd}",
        "\u{10000}",
        "😀",
        "😀a",
        "🤝",
    ];
    for (index, text) in names.iter().enumerate().rev() {
        let number = 100 - index as u128;
        story.register(number, profile(&format!("h{index}"), text, None), false);
    }
    story.project(graph).await;
    let whole = story.model.list_users(None, "", UserOrder::Name);
    let listed: Vec<&str> = whole
        .iter()
        .map(|(_, user)| user.profile.first_name.as_str())
        .collect();
    assert_eq!(listed, names);
    check(graph, &whole, None, None, UserOrder::Name).await;
}

pub(super) async fn a_new_name_moves_a_user_in_the_list(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    for (number, text) in [(1, "Ada"), (2, "Ben"), (3, "Cleo")] {
        story.register(number, profile(text, text, None), false);
    }
    story.project(graph).await;
    let update = |first: &str| Command::UpdateProfile {
        user: id(1),
        handle: None,
        first_name: Some(name(first)),
        last_name: Some(Some(name("Last"))),
    };
    story.attempt(&update("Bob")).expect("a new name");
    story.attempt(&update("Dora")).expect("a new name");
    story.project(graph).await;
    let whole = story.model.list_users(None, "", UserOrder::Name);
    let order: Vec<UserId> = whole.iter().map(|(_, user)| user.id).collect();
    assert_eq!(order, [id(2), id(3), id(1)]);
    check(graph, &whole, None, None, UserOrder::Name).await;
}

pub(super) async fn users_are_filtered_by_state(graph: &Arc<dyn Graph>) {
    let mut story = in_every_state(graph).await;
    for number in 5..12 {
        story.user(number);
    }
    story.suspend(id(7));
    story.archive(id(8));
    story.suspend(id(9));
    story.change_state(StateCommand::ReactivateUser, id(9));
    story.project(graph).await;
    for state in UserState::ALL {
        for order in [UserOrder::Id, UserOrder::Name] {
            let whole = story.model.list_users(Some(state), "", order);
            assert!(!whole.is_empty());
            check(graph, &whole, Some(state), None, order).await;
        }
    }
}

pub(super) async fn users_are_filtered_by_handle_prefix(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    for (number, text) in ["ann", "ann.b", "anna", "ben", "an", "anton"]
        .iter()
        .enumerate()
    {
        story.register(number as u128 + 1, profile(text, text, None), false);
    }
    // Counts by the handle that the user had, also when somebody else has it now.
    story.archive(id(3));
    story.register(7, profile("anna", "The other Anna", None), false);
    story.suspend(id(2));
    story.project(graph).await;
    for (prefix, count) in [("", 7), ("an", 6), ("ann", 4), ("anna", 2), ("annab", 0)] {
        for order in [UserOrder::Id, UserOrder::Name] {
            let whole = story.model.list_users(None, prefix, order);
            assert_eq!(whole.len(), count);
            check(graph, &whole, None, Some(prefix), order).await;
            let state = Some(UserState::Active);
            let whole = story.model.list_users(state, prefix, order);
            check(graph, &whole, state, Some(prefix), order).await;
        }
    }
}

pub(super) async fn prefixes_are_taken_literally(graph: &Arc<dyn Graph>) {
    let mut story = Story::new();
    let handles = [
        "a_b", "a.b", "a-b", "axb", "a", "ab", "_", ".", "-", "__x", "..x",
    ];
    for (index, text) in handles.iter().enumerate() {
        story.register(index as u128 + 1, profile(text, "User", None), false);
    }
    story.project(graph).await;
    for prefix in ["a_", "a.", "a-", "_", "__", ".", "..", "-", "a_b", "a.b"] {
        let whole = story.model.list_users(None, prefix, UserOrder::Id);
        assert!(!whole.is_empty());
        check(graph, &whole, None, Some(prefix), UserOrder::Id).await;
    }
    for prefix in [
        "%", "a%", ".*", "a*", "[a]", "^a", "\\", "'", "\"", "a_b_", "(", "$", "A",
    ] {
        check(graph, &[], None, Some(prefix), UserOrder::Id).await;
    }
}

/// Users 1 ACTIVE, 2 PENDING, 3 SUSPENDED, 4 ARCHIVED.
async fn in_every_state(graph: &Arc<dyn Graph>) -> Story {
    let mut story = Story::new();
    story.user(1);
    story.pending_user(2);
    story.user(3);
    story.user(4);
    story.suspend(id(3));
    story.archive(id(4));
    story.project(graph).await;
    story
}

async fn check(
    graph: &Arc<dyn Graph>,
    whole: &[(UserKey, Arc<User>)],
    state: Option<UserState>,
    prefix: Option<&str>,
    order: UserOrder,
) {
    let read = async |page: Page<UserKey>| {
        let query = UserQuery {
            state,
            handle_prefix: prefix.map(str::to_owned),
            order,
            page,
        };
        value(graph.list_users(&query).await)
    };
    walk(whole, read).await;
}
