//! Users with very many friends: what ends with them ends piece by piece while all else goes on, and a
//! setting bounds how many there can be.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use foaf::{
    app::Node,
    clock,
    command_handler::Request,
    config::Writing,
    domain::{
        Change, Command, Field, PairCommand as P, PairEvent, PairState, Rejection, RejectionCode,
        State, StateCommand, UserId, decide, fold,
    },
    event_log::{EventLog, memory::MemoryLog},
    graph::embedded::EmbeddedGraph,
    judge::{OutcomeResult, RecordingView},
    replay::again::tell_again,
    verify::content_digest,
};
use uuid::Uuid;

use crate::{
    logs::soon,
    program::{foaf, sqlite, text},
    sample::{change_pair, moment, pair_event, profile, registered, user},
};

async fn node(log: Arc<dyn EventLog>, writing: impl Into<Writing>) -> Node {
    let graph = Arc::new(EmbeddedGraph::new());
    let node = Node::compose(log, graph, clock::system(), writing).await;
    let mut node = node.expect("the node starts");
    soon(node.ready()).await.expect("it gets ready");
    node
}

fn id(number: u128) -> UserId {
    UserId(Uuid::from_u128(number + 1))
}

fn request(command: Command) -> Request {
    Request {
        command,
        actor: "test".into(),
        idempotency_key: None,
        traceparent: None,
    }
}

fn register(number: u128) -> Request {
    request(Command::RegisterUser {
        id: Some(id(number)),
        profile: profile(&format!("u-{number}"), "Ann", None),
        pending: false,
    })
}

fn pair(change: P, one: u128, other: u128) -> Request {
    request(change_pair(change, id(one), id(other)))
}

fn archive(number: u128) -> Request {
    request(Command::ChangeState {
        change: StateCommand::ArchiveUser,
        user: id(number),
    })
}

async fn done(node: &Node, requests: &[Request]) {
    let answers = soon(node.services().handler.handle_all(requests)).await;
    for (answer, request) in answers.iter().zip(requests) {
        let answer = answer.as_ref().expect("an outcome");
        assert!(
            !matches!(answer.result, OutcomeResult::Rejected(_)),
            "{request:?}: {answer:?}"
        );
    }
}

/// Two hubs, friends of everybody and of each other, are archived at once; meanwhile others register,
/// become friends, block a hub and take that back. All that followed is what follows from the log.
#[tokio::test(flavor = "multi_thread")]
async fn archives_of_hubs_end_piece_by_piece_and_come_to_the_same() {
    const FRIENDS: u128 = 5_000;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(clock::system()));
    let mut node = node(log.clone(), Duration::from_secs(30)).await;
    let all: Vec<_> = (0..FRIENDS).map(register).collect();
    done(&node, &all).await;
    let ties = |hub: u128| {
        (2..FRIENDS).map(move |other| match other % 10 {
            0 => pair(P::BlockUser, hub, other),
            1 => pair(P::SendFriendRequest, other, hub),
            _ => pair(P::AddFriend, hub, other),
        })
    };
    let ties: Vec<_> = [0, 1].into_iter().flat_map(ties).collect();
    done(&node, &ties).await;
    done(&node, &[pair(P::AddFriend, 0, 1)]).await;

    let handler = node.services().handler.clone();
    let beside = async {
        for number in 0..50 {
            let (one, other) = (10 + number * 10, FRIENDS - 5 - number * 10);
            let requests = [
                pair(P::AddFriend, one, other),
                pair(P::BlockUser, other, number % 2),
                pair(P::UnblockUser, other, number % 2),
                register(FRIENDS + number),
            ];
            for request in requests {
                soon(handler.handle(request)).await.expect("an outcome");
            }
        }
    };
    let archives = [archive(0), archive(1)].map(|request| handler.handle(request));
    let (ended, ()) = tokio::join!(futures::future::join_all(archives), beside);
    for answer in ended {
        assert_eq!(answer.expect("an outcome").result, OutcomeResult::Done);
    }

    let end = log.end().await.expect("open");
    let mut shown = node.services().projection.clone();
    soon(async {
        tokio::select! {
            shown = shown.wait_for(|status| status.position == end) => drop(shown.expect("it runs")),
            error = node.died() => panic!("the node died: {error:#}"),
        }
    })
    .await;
    let mut closed = 0;
    let told = tell_again(&*log, |effective| {
        let is_closed = |change: &&Change| matches!(change, Change::Closed(_));
        closed += effective.changes.iter().filter(is_closed).count();
    });
    let told = told.await.expect("the log can be read");
    assert!(closed > 8_000, "{closed}");
    let graph = node.services().graph.clone();
    let held = content_digest(&*graph).await.expect("it answers");
    assert_eq!(held.expect("it stands still").value, told.digest());
    let cursor = graph.cursor().await.expect("it answers").expect("one");
    assert_eq!((cursor.position, cursor.digest), (end, told.digest()));
    let replay = &node.services().replay;
    let same = replay.read(|model| {
        let count = |state: &State| (state.pair_count(), state.pair_count_of(id(0)));
        (model.digest(), count(model.state()))
    });
    let (digest, pairs) = same.await;
    assert_eq!(digest, told.digest());
    let expected = (told.state().pair_count(), told.state().pair_count_of(id(0)));
    assert_eq!(pairs, expected);
    node.stop().await.expect("it stops well");
}

/// A state in which user 1 has `friends` friends, and user 9 has asked user 1, and 1 asked 8.
fn hub(friends: u8) -> State {
    let mut state = State::default();
    let mut events: Vec<_> = (1..=9).map(|number| registered(user(number))).collect();
    events.extend(
        (2..2 + friends).map(|other| pair_event(PairEvent::FriendshipFormed, user(1), user(other))),
    );
    events.push(pair_event(PairEvent::FriendRequested, user(9), user(1)));
    events.push(pair_event(PairEvent::FriendRequested, user(1), user(8)));
    for (event, position) in events.iter().zip(1..) {
        fold(&mut state, event, moment(position)).expect("it fits");
    }
    state
}

#[test]
fn each_way_to_become_friends_asks_for_room_on_both_sides() {
    let too_many = |field| Err(Rejection::new(RejectionCode::TooManyFriends, field));
    let most = NonZeroUsize::new(3);
    for (change, one, other, field) in [
        (P::AddFriend, 1, 7, Field::User),
        (P::AddFriend, 7, 1, Field::Other),
        // A request, and one that meets the other's.
        (P::SendFriendRequest, 1, 7, Field::User),
        (P::SendFriendRequest, 7, 1, Field::Other),
        (P::SendFriendRequest, 8, 1, Field::Other),
        (P::AcceptFriendRequest, 1, 9, Field::User),
        (P::AcceptFriendRequest, 8, 1, Field::Other),
    ] {
        let command = change_pair(change, user(one), user(other));
        let decided = |friends, most| {
            let state = hub(friends);
            let view = RecordingView::new(&state).bounded(most);
            (decide(&view, &command, user(1)), view.into_noted())
        };
        let (refused, noted) = decided(3, most);
        assert_eq!(refused.map(|_| ()), too_many(field), "{command:?}");
        // It is no invariant: nothing more is noted than without it.
        assert_eq!(noted, decided(3, None).1);
        for (friends, most) in [(2, most), (3, NonZeroUsize::new(4)), (3, None)] {
            assert!(decided(friends, most).0.is_ok(), "{command:?}");
        }
    }
    // What ends a friendship, and what asks for none, is not bounded; another reason goes first.
    let state = hub(3);
    let decided = |change, one, other| {
        let view = RecordingView::new(&state).bounded(most);
        decide(&view, &change_pair(change, user(one), user(other)), user(1))
    };
    assert!(decided(P::RemoveFriend, 1, 2).is_ok());
    assert!(decided(P::BlockUser, 1, 7).is_ok());
    assert!(decided(P::DeclineFriendRequest, 1, 9).is_ok());
    let code = decided(P::AddFriend, 1, 2).expect_err("they are").code;
    assert_eq!(code, RejectionCode::AlreadyFriends);
    let between = foaf::domain::Pair::new(user(1), user(2)).expect("two");
    assert!(matches!(state.pair(between), PairState::Friends { .. }));
}

#[test]
fn an_import_obeys_the_bound_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("star.txt").display().to_string();
    for (most, refused) in [("2", 2), ("0", 0)] {
        let log = sqlite(&folder.path().join(most));
        // One after the other: those that are decided at once may exceed it.
        for (edges, refused) in [("0 1\n0 2\n1 2\n", 0), ("0 3\n0 4\n3 4\n", refused)] {
            std::fs::write(&file, edges).expect("a file");
            let output = foaf(&["import", &file, "--log", &log, "--max-friends", most]);
            let said = text(&output.stdout) + &text(&output.stderr);
            assert!(
                said.contains(&format!("refused lines: {refused}")),
                "{said}"
            );
            let told = said.matches("as many friends as one may have").count();
            assert_eq!(told, refused, "{said}");
        }
    }
    let output = foaf(&["import", &file, "--max-friends", "many"]);
    let said = text(&output.stderr);
    assert!(
        said.contains("--max-friends: \"many\" is not a whole number"),
        "{said}"
    );
}
