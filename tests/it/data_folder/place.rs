//! That what is acknowledged stands in the files which the next start will read.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use foaf::event_log::{AppendError, EventLog, LogError, sqlite::SqliteLog};

use crate::{
    callers,
    logs::{append_all, message, messages, soon, ticking},
    program::{Serving, sqlite},
    sqlite_log::read_all,
};

/// What may become of the folder beneath a log that is open.
type Fault = (&'static str, fn(&Path));

fn swap(path: &Path) {
    let aside = path.with_extension("aside");
    fs::rename(path, &aside).expect("it is there");
    fs::copy(aside, path).expect("it can be copied");
}

fn swap_folder(folder: &Path) {
    let aside = folder.with_extension("aside");
    fs::rename(folder, &aside).expect("it is there");
    fs::create_dir(folder).expect("a folder");
    for entry in fs::read_dir(aside).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        // Even the very same files are in another folder then.
        fs::hard_link(&path, folder.join(name)).expect("a link");
    }
}

const FAULTS: [Fault; 9] = [
    ("the folder was removed", |f| {
        fs::remove_dir_all(f).expect("it is there");
    }),
    ("the folder was moved", |f| {
        fs::rename(f, f.with_extension("moved")).expect("it is there");
    }),
    ("the folder was replaced", swap_folder),
    ("foaf.db was removed", |f| {
        fs::remove_file(f.join("foaf.db")).expect("it is there");
    }),
    ("foaf.db was replaced", |f| swap(&f.join("foaf.db"))),
    ("foaf.db-wal was removed", |f| {
        fs::remove_file(f.join("foaf.db-wal")).expect("it is there");
    }),
    ("foaf.db-wal was replaced", |f| swap(&f.join("foaf.db-wal"))),
    ("foaf.lock was removed", |f| {
        fs::remove_file(f.join("foaf.lock")).expect("it is there");
    }),
    ("foaf.lock was replaced", |f| swap(&f.join("foaf.lock"))),
];

#[tokio::test]
async fn nothing_is_acknowledged_that_the_next_start_would_not_read() {
    for (what, harm) in FAULTS {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("data");
        let log = SqliteLog::open(&folder, ticking()).expect("a log");
        append_all(&log, &messages(3)).await;
        assert_eq!(log.end().await, Ok(3), "{what}");
        harm(&folder);
        let end = log.end().await;
        let Err(LogError::Unusable(why)) = &end else {
            panic!("{what}: {end:?}");
        };
        assert!(
            why.contains("foaf") && why.contains("restart"),
            "{what}: {why}"
        );
        let unknown = soon(log.append_all(vec![message(3), message(4)])).await;
        let is_unknown = |one: &Result<_, _>| matches!(one, Err(AppendError::Unknown(_)));
        assert!(unknown.iter().all(is_unknown), "{what}: {unknown:?}");
        for _ in 0..2 {
            let refused = soon(log.append(message(5))).await;
            assert!(
                matches!(refused, Err(AppendError::Refused(_))),
                "{what}: {refused:?}"
            );
        }
        assert!(log.end().await.is_err(), "{what}");
        log.close().await;
    }
}

/// After a move a second foaf can take the old path: the first acknowledges nothing more, and leaves
/// alone what is the second's.
#[tokio::test]
async fn who_takes_the_place_of_a_moved_folder_is_not_harmed() {
    let place = tempfile::tempdir().expect("a folder");
    let (folder, moved) = (place.path().join("data"), place.path().join("moved"));
    let first = SqliteLog::open(&folder, ticking()).expect("a log");
    append_all(&first, &messages(3)).await;
    fs::rename(&folder, &moved).expect("it is there");
    let second = SqliteLog::open(&folder, ticking()).expect("the place is free");
    append_all(&second, &messages(7)).await;
    assert!(soon(first.append(message(3))).await.is_err());
    first.close().await;
    drop(first);
    append_all(&second, &messages(7)).await;
    second.close().await;
    drop(second);
    let (read, fault) = read_all(&folder).await;
    assert_eq!((read.len(), fault), (14, None));
    let (read, fault) = read_all(&moved).await;
    assert!(read.len() >= 3 && fault.is_none(), "{fault:?}");
}

/// Back in its place, a folder that nobody has written to meanwhile is as good as before.
#[tokio::test]
async fn a_folder_that_comes_back_is_the_same() {
    let place = tempfile::tempdir().expect("a folder");
    let (folder, moved) = (place.path().join("data"), place.path().join("moved"));
    let log = SqliteLog::open(&folder, ticking()).expect("a log");
    append_all(&log, &messages(3)).await;
    fs::rename(&folder, &moved).expect("it is there");
    assert!(log.end().await.is_err());
    fs::rename(&moved, &folder).expect("it is there");
    assert_eq!(log.end().await, Ok(3));
    append_all(&log, &messages(3)).await;
    log.close().await;
    assert_eq!(read_all(&folder).await.0.len(), 6);
}

/// Taken rights, as long as they stop a write: what was acknowledged is there when they are back.
#[tokio::test]
async fn revoked_rights_lose_nothing_that_was_acknowledged() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("data");
    let set = |name: &str, mode| {
        let path = folder.join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    for (name, before) in [("foaf.db", 0o600), ("foaf.db-wal", 0o600), ("", 0o700)] {
        let log = SqliteLog::open(&folder, ticking()).expect("a log");
        let known = log.end().await.expect("it can be read");
        append_all(&log, &messages(1)).await;
        set(name, 0o000);
        let acknowledged = soon(log.append(message(1))).await.is_ok();
        set(name, before);
        log.close().await;
        drop(log);
        let (read, fault) = read_all(&folder).await;
        assert_eq!(fault, None, "{name}");
        assert!(
            read.len() as u64 >= known + 1 + u64::from(acknowledged),
            "{name}"
        );
    }
}

/// As callers and probes see it.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_folder_is_gone_says_so_and_takes_nothing() {
    let place = tempfile::tempdir().expect("a folder");
    let data = place.path().join("data");
    let log = sqlite(&data);
    let arguments = ["serve", "--log", &log, "--listen", "127.0.0.1:0"];
    let serving = Serving::start(&[&arguments[..], &["--write-timeout-ms", "500"]].concat());
    let client = reqwest::Client::new();
    let register = async |handle: &str| {
        let query = format!(
            "mutation {{ registerUser(input: {{handle: \"{handle}\", firstName: \"X\"}}) {{ position }} }}"
        );
        let answer = callers::ask(&client, &serving.address, &query).await;
        answer.expect("an answer")
    };
    let ready = async || {
        let asked = client.get(format!("{}/health/ready", serving.address));
        let answer = asked.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    };
    assert!(register("before").await["data"]["registerUser"]["position"].is_string());
    assert_eq!(ready().await.0, 200);
    fs::remove_dir_all(&data).expect("it is there");
    assert_eq!(callers::code(&register("lost").await), "OUTCOME_UNKNOWN");
    assert_eq!(callers::code(&register("later").await), "UNAVAILABLE");
    let not_ready = async {
        loop {
            let (status, said) = ready().await;
            if status == 503 {
                return said;
            }
        }
    };
    let said = soon(not_ready).await;
    assert!(said.contains("the event log"), "{said}");
    serving.signal("-KILL");
    serving.end();
}

/// A disk of its own for a process of this test, which it fills, hides and sees again. Where the system
/// lets nobody mount anything, the limit of `sqlite_log::a_full_disk_refuses_and_loses_nothing` stands
/// in for it.
#[test]
fn a_full_or_hidden_disk_loses_nothing_that_was_acknowledged() {
    let place = tempfile::tempdir().expect("a folder");
    let alone = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-ec", script]);
        command.arg(std::env::current_exe().expect("a program"));
        command.args([
            "--exact",
            "data_folder::place::on_a_disk_of_its_own",
            "--nocapture",
        ]);
        command.env("FOAF_TEST_DISK", place.path());
        command
    };
    let mount = "mount -t tmpfs -o size=2m none \"$FOAF_TEST_DISK\"";
    let can_mount = alone(mount).status().is_ok_and(|status| status.success());
    if can_mount {
        let run = alone(&format!("{mount}; exec \"$0\" \"$@\"")).status();
        assert!(run.expect("it starts").success());
    }
}

/// Not a test of its own: what the one above starts on a disk of its own.
#[tokio::test]
async fn on_a_disk_of_its_own() {
    let Some(disk) = std::env::var_os("FOAF_TEST_DISK") else {
        return;
    };
    let disk = Path::new(&disk);
    let mount = |arguments: &[&str]| {
        let mut command = Command::new("mount");
        let done = command.args(arguments).arg(disk).status();
        assert!(done.expect("it is there").success(), "{arguments:?}");
    };
    let folder = disk.join("data");
    let log = SqliteLog::open(&folder, ticking()).expect("a log");
    fs::write(disk.join("room"), vec![0; 200_000]).expect("there is room");
    let mut acknowledged = 0;
    while soon(log.append(message(acknowledged))).await.is_ok() {
        acknowledged += 1;
    }
    assert!(acknowledged > 10, "{acknowledged}");
    let refused = soon(log.append(message(0))).await;
    assert!(
        matches!(refused, Err(AppendError::Refused(_))),
        "{refused:?}"
    );
    // With room again it goes on.
    fs::remove_file(disk.join("room")).expect("it is there");
    append_all(&log, &messages(5)).await;
    // Something else is mounted over it: the next start would look there.
    mount(&["-t", "tmpfs", "none"]);
    assert!(log.end().await.is_err());
    let unknown = soon(log.append(message(0))).await;
    assert!(
        matches!(unknown, Err(AppendError::Unknown(_))),
        "{unknown:?}"
    );
    log.close().await;
    drop(log);
    let umount = Command::new("umount").arg(disk).status();
    assert!(umount.expect("it is there").success());
    let (read, fault) = read_all(&folder).await;
    assert_eq!(fault, None);
    assert!(
        read.len() >= acknowledged + 5,
        "{} of {acknowledged}",
        read.len()
    );
    // Read-only it cannot be opened to write, and says so; what is there stays.
    mount(&["-o", "remount,ro"]);
    let fault = SqliteLog::open(&folder, ticking()).err();
    assert!(matches!(fault, Some(LogError::Unusable(_))), "{fault:?}");
    mount(&["-o", "remount,rw"]);
    assert_eq!(read_all(&folder).await.0.len(), read.len());
}
