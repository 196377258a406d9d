//! The control socket as its path, its rights and its callers have it.

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::{UnixDatagram, UnixListener as Listener},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use foaf::{
    control::{Desk, Socket},
    event_log::{EventLog, memory::MemoryLog},
    graph::{Graph, embedded::EmbeddedGraph, swap::Swappable},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use crate::{
    logs::{soon, ticking},
    program::{Serving, command, foaf, sqlite, text},
};

fn empty() -> Arc<dyn Graph> {
    Arc::new(EmbeddedGraph::new())
}

async fn desk() -> Arc<Desk> {
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(ticking()));
    crate::logs::append_all(&*log, &crate::logs::messages(3)).await;
    let graph = Arc::new(Swappable::new(empty()));
    Arc::new(Desk::new(log, graph, empty, watch::Sender::new(0)))
}

/// Listens at a path while `work` goes on.
async fn listening(socket: Socket, work: impl Future<Output = ()>) {
    let stop = CancellationToken::new();
    let serving = socket.serve(desk().await, stop.clone());
    let working = async {
        work.await;
        stop.cancel();
    };
    tokio::join!(serving, working);
}

async fn refusal(path: &Path) -> String {
    let bound = Socket::bind(path).await.map(drop);
    format!("{:#}", bound.expect_err("the place is taken"))
}

#[tokio::test]
async fn nothing_but_a_socket_that_nobody_listens_at_is_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("notes"), "mine").expect("a file");
    fs::create_dir(at("inside")).expect("a folder");
    fs::write(at("inside/notes"), "mine").expect("a file");
    drop(Listener::bind(at("stale")).expect("a socket"));
    std::os::unix::fs::symlink(at("notes"), at("link")).expect("a link");
    std::os::unix::fs::symlink(at("stale"), at("to-a-socket")).expect("a link");
    let _datagrams = UnixDatagram::bind(at("datagrams")).expect("a socket");
    for name in ["notes", "inside", "link", "to-a-socket", "datagrams"] {
        let before = fs::symlink_metadata(at(name)).expect("it is there");
        let said = refusal(&at(name)).await;
        let after = fs::symlink_metadata(at(name)).expect("it is still there");
        assert_eq!(before.file_type(), after.file_type(), "{name}: {said}");
    }
    assert_eq!(fs::read(at("notes")).expect("a file"), b"mine");
    assert_eq!(fs::read(at("inside/notes")).expect("a file"), b"mine");
    assert!(refusal(&at("notes")).await.contains("is no socket"));

    let socket = Socket::bind(&at("stale")).await.expect("nobody is there");
    let said = refusal(&at("stale")).await;
    assert!(said.contains("another process listens"), "{said}");
    listening(socket, async {}).await;
    assert!(!at("stale").exists(), "it takes away what it made");

    // And only that.
    let socket = Socket::bind(&at("new")).await.expect("the place is free");
    let replace = async {
        fs::remove_file(at("new")).expect("a socket");
        fs::write(at("new"), "mine").expect("a file");
    };
    listening(socket, replace).await;
    assert_eq!(fs::read(at("new")).expect("a file"), b"mine");
}

#[tokio::test]
async fn a_socket_is_for_its_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("control.sock");
    let socket = Socket::bind(&path).await.expect("the place is free");
    let found = fs::symlink_metadata(&path).expect("it is there");
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    listening(socket, async {}).await;
}

/// `echo … | nc -U` says all it has to say, and waits.
#[tokio::test]
async fn who_has_nothing_more_to_say_is_still_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("control.sock");
    let socket = Socket::bind(&path).await.expect("the place is free");
    let asking = async {
        for request in [
            "{\"verify\":{\"repair\":\"no\"}}\n",
            "\"rebuild\"\n",
            "what?",
        ] {
            for more in ["", "and more\n"] {
                let mut stream = UnixStream::connect(&path).await.expect("it listens");
                let said = format!("{request}{more}");
                stream.write_all(said.as_bytes()).await.expect("it listens");
                stream.shutdown().await.expect("it is open");
                let mut lines = BufReader::new(stream).lines();
                let mut last = None;
                while let Some(line) = soon(lines.next_line()).await.expect("text") {
                    last = Some(line);
                }
                let last = last.expect("an answer");
                let is_answer = last.contains("\"done\"") || last.contains("\"failed\"");
                assert!(is_answer, "{request}: {last}");
            }
        }
    };
    listening(socket, asking).await;
}

/// A data folder whose own socket would have too long a path.
fn deep(folder: &Path) -> PathBuf {
    (0..12).fold(folder.to_owned(), |path, n| {
        path.join(format!("deep-{n:04}"))
    })
}

#[tokio::test]
async fn a_path_that_is_too_long_keeps_no_folder_from_being_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(&deep(folder.path()));
    let serving = Serving::start(&["serve", "--log", &log, "--listen", "127.0.0.1:0"]);
    let answer = reqwest::get(format!("{}/health/ready", serving.address)).await;
    assert_eq!(answer.expect("an answer").status(), 200);
    // Whoever looks for it there is not told of a fault.
    let output = foaf(&["verify", "--log", &log]);
    let said = text(&output.stderr);
    assert!(
        said.contains("nobody serves this log, or not with a control socket"),
        "{said}"
    );
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("WARN") && said.contains("there is no control socket"),
        "{said}"
    );
    assert!(said.contains("--control"), "{said}");
}

#[test]
fn a_path_that_is_named_and_too_long_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, path) = (folder.path().join("data"), deep(folder.path()));
    let output = command(&["serve", "--log", &sqlite(&log), "--listen", "127.0.0.1:0"])
        .args(["--control", &path.display().to_string()])
        .output()
        .expect("the program starts");
    let said = text(&output.stderr);
    assert!(!output.status.success(), "{said}");
    let bytes = format!("{} bytes", path.as_os_str().len());
    for part in ["--control", &bytes, "the most is 1", "name a shorter one"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!log.exists(), "nothing has begun");
}
