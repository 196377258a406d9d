//! The keyed hashes: a retry is recognised by comparing with hashes of old records, so they never
//! change once released. The expected values were written down once.

use std::collections::BTreeSet;

use foaf::{
    domain::{Command, Pair, PairCommand, StateCommand},
    judge::{ConflictKey, HashKey},
};

use crate::sample::{change_pair, change_state, handle, name, profile, user};

const KEY: HashKey = HashKey(*b"the hash key of a log: 32 bytes.");

fn hex(hash: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(hash))
}

fn content(command: &Command) -> String {
    hex(KEY.content_hash(command).0)
}

fn registration(id: Option<u8>, last: Option<&str>, pending: bool) -> Command {
    Command::RegisterUser {
        id: id.map(user),
        profile: profile("ann", "Ann", last),
        pending,
    }
}

#[expect(
    clippy::option_option,
    reason = "absent, taken away, and set are three things, as in the command"
)]
fn update(new_handle: Option<&str>, first: Option<&str>, last: Option<Option<&str>>) -> Command {
    Command::UpdateProfile {
        user: user(1),
        handle: new_handle.map(handle),
        first_name: first.map(name),
        last_name: last.map(|last| last.map(name)),
    }
}

#[test]
fn the_hashes_of_old_records_stay_true() {
    let pair = Pair::new(user(2), user(1)).expect("two users");
    let key = |key: ConflictKey| hex(key.hash(&KEY).0);
    let befriend = change_pair(PairCommand::AddFriend, user(1), user(2));
    let full = update(Some("bea"), Some("Bea"), Some(Some("Li")));
    let hashes = [
        ("command", hex(KEY.command_id("anybody", "key").0)),
        ("user", key(ConflictKey::User(user(1)))),
        ("profile", key(ConflictKey::Profile(user(1)))),
        ("handle", key(ConflictKey::Handle(handle("ann")))),
        ("pair", key(ConflictKey::Pair(pair))),
        ("register", content(&registration(None, Some("Lee"), true))),
        ("update", content(&full)),
        (
            "archive",
            content(&change_state(StateCommand::ArchiveUser, user(1))),
        ),
        ("befriend", content(&befriend)),
    ];
    let written_down = [
        ("command", "fe0f5df2d9db933e646352e3b8d0fbae"),
        ("user", "e0b0d172137f47eb4e70f3db5dafa00a"),
        ("profile", "28132823845e917f6a20920f206ce121"),
        ("handle", "686a5546c569a3a3bb640edd9e96f4ac"),
        ("pair", "952409f08299cddc0aa74432d88b7503"),
        ("register", "b484953ea9743084e9f58006c5f6b8f6"),
        ("update", "89beb5073f078b314e74872f39bf1807"),
        ("archive", "d9af13a6ccf2cb8f42de91a3eadabbb8"),
        ("befriend", "e01e01a66e7bb63c65ed2d6b9ec0133b"),
    ];
    let hashes = hashes.each_ref().map(|(name, hash)| (*name, hash.as_str()));
    assert_eq!(hashes, written_down);
}

#[test]
fn no_two_commands_of_other_content_have_one_hash() {
    let mut commands = vec![
        registration(None, None, false),
        registration(Some(1), None, false),
        registration(Some(2), None, false),
        registration(None, Some("Lee"), false),
        registration(None, None, true),
        // Absent, taken away, and set are three things.
        update(None, None, None),
        update(None, None, Some(None)),
        update(None, None, Some(Some("Ann"))),
        update(None, Some("Ann"), None),
        update(Some("ann"), None, None),
    ];
    for change in StateCommand::ALL {
        commands.push(change_state(change, user(1)));
    }
    for change in PairCommand::ALL {
        commands.push(change_pair(change, user(1), user(2)));
        commands.push(change_pair(change, user(2), user(1)));
    }
    let hashes: BTreeSet<_> = commands.iter().map(content).collect();
    assert_eq!(hashes.len(), commands.len());
}

#[test]
fn a_command_id_keeps_actor_and_key_apart() {
    assert_ne!(KEY.command_id("ab", "c"), KEY.command_id("a", "bc"));
    assert_ne!(KEY.command_id("a", "b"), KEY.command_id("b", "a"));
    let other_log = HashKey([1; 32]);
    assert_ne!(KEY.command_id("a", "b"), other_log.command_id("a", "b"));
}
