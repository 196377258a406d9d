//! What only the embedded event log promises: its file, its folder, and its groups.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};

use foaf::clock::Clock;
use foaf::domain::LogTime;
use foaf::event_log::sqlite::SqliteLog;
use foaf::event_log::{AppendError, EventLog, LogError, Record};
use futures::FutureExt;
use futures::future::join_all;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::logs::{append_all, message, messages, soon, take, ticking};

/// Records of the logs that the tests damage.
const COUNT: usize = 40;

#[tokio::test]
async fn a_changed_column_is_damage_at_its_position() {
    for change in [
        "UPDATE log SET id = 'another' WHERE position = 7",
        "UPDATE log SET id = NULL WHERE position = 7",
        "UPDATE log SET type = 'foaf.user.erased.v1' WHERE position = 7",
        "UPDATE log SET subject = 'user-7' WHERE position = 7",
        "UPDATE log SET time = time + 1 WHERE position = 7",
        "UPDATE log SET headers = replace(headers, '1.0', '1.1') WHERE position = 7",
        "UPDATE log SET headers = '' WHERE position = 7",
        "UPDATE log SET data = replace(data, 'user6', 'user7') WHERE position = 7",
        "UPDATE log SET data = 7 WHERE position = 7",
        "UPDATE log SET crc = crc + 1 WHERE position = 7",
        "UPDATE log SET crc = -1 WHERE position = 7",
        "UPDATE log SET id = type || id, type = '' WHERE position = 7",
        "DELETE FROM log WHERE position = 7",
        "UPDATE log SET position = 0 WHERE position = 7",
    ] {
        let folder = written().await;
        assert_eq!(in_file(folder.path(), change), 1, "{change}");
        let (read, error) = read_all(folder.path()).await;
        assert!(
            matches!(&error, Some(LogError::Damaged { position: 7, what }) if what.contains("backup")),
            "{change}: {error:?}"
        );
        assert!(read.len() < 7, "{change}");
    }
}

#[tokio::test]
async fn rows_that_changed_places_are_damage() {
    let folder = written().await;
    let swap = "
        UPDATE log SET position = 1000 WHERE position = 5;
        UPDATE log SET position = 5 WHERE position = 6;
        UPDATE log SET position = 6 WHERE position = 1000;";
    let db = Connection::open(folder.path().join("foaf.db")).unwrap();
    db.execute_batch(swap).unwrap();
    drop(db);
    let (_, error) = read_all(folder.path()).await;
    assert!(matches!(error, Some(LogError::Damaged { position: 5, .. })));
}

#[tokio::test]
async fn a_damaged_last_record_is_found_at_the_start() {
    let folder = written().await;
    in_file(
        folder.path(),
        "UPDATE log SET data = '' WHERE position = 40",
    );
    let error = SqliteLog::open(folder.path(), ticking()).err();
    assert!(matches!(
        error,
        Some(LogError::Damaged { position: 40, .. })
    ));
}

#[tokio::test]
async fn a_reader_in_the_middle_sees_that_the_record_before_it_is_missing() {
    let folder = written().await;
    in_file(folder.path(), "DELETE FROM log WHERE position = 7");
    let log = SqliteLog::open(folder.path(), ticking()).unwrap();
    let error = log.read(7).await.unwrap().next(1).await.err();
    assert!(matches!(error, Some(LogError::Damaged { position: 8, .. })));
}

#[tokio::test]
async fn no_flipped_byte_of_the_file_changes_what_is_read() {
    let folder = written().await;
    let (original, error) = read_all(folder.path()).await;
    assert_eq!((original.len(), error), (COUNT, None));
    let path = folder.path().join("foaf.db");
    let sound = std::fs::read(&path).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let mut found = 0;
    for _ in 0..300 {
        let mut bytes = sound.clone();
        let place = random.usize(..bytes.len());
        bytes[place] ^= 1 << random.u8(..8);
        let damaged = tempfile::tempdir().unwrap();
        std::fs::write(damaged.path().join("foaf.db"), bytes).unwrap();
        let (read, error) = read_all(damaged.path()).await;
        assert!(original.starts_with(&read), "byte {place}");
        assert!(error.is_some() || read == original, "byte {place}");
        found += u32::from(error.is_some());
    }
    assert!(found > 100, "most bytes matter: {found}");
}

#[tokio::test]
async fn a_folder_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), ticking()).unwrap();
    let pid = format!("belongs to process {}:", std::process::id());
    assert_unusable(folder.path(), &pid);
    log.close().await;
    let log = SqliteLog::open(folder.path(), ticking()).expect("closed, it is free");
    drop(log);
    SqliteLog::open(folder.path(), ticking()).expect("dropped, it is free");
}

#[test]
fn a_later_format_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteLog::open(folder.path(), ticking()).unwrap());
    in_file(folder.path(), "PRAGMA user_version = 2");
    let before = std::fs::read(folder.path().join("foaf.db")).unwrap();
    assert_unusable(
        folder.path(),
        "has format version 2, and this build knows 1",
    );
    let after = std::fs::read(folder.path().join("foaf.db")).unwrap();
    assert!(before == after);
}

#[test]
fn another_programs_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    in_file(folder.path(), "CREATE TABLE addresses (name TEXT)");
    assert_unusable(folder.path(), "has format version 0");
    std::fs::write(folder.path().join("foaf.db"), vec![b'x'; 5000]).unwrap();
    let error = SqliteLog::open(folder.path(), ticking()).err();
    assert!(matches!(error, Some(LogError::Damaged { position: 0, .. })));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_unusable(&file.join("data"), "file/data cannot be made");
    // Permissions would not stop a test that runs as root.
    std::fs::create_dir_all(folder.path().join("a/foaf.lock")).unwrap();
    assert_unusable(&folder.path().join("a"), "/a cannot be locked");
    std::fs::create_dir_all(folder.path().join("b/foaf.db")).unwrap();
    assert_unusable(&folder.path().join("b"), "b/foaf.db cannot be opened");
}

#[tokio::test]
async fn what_queues_up_is_committed_as_one_group() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, asked, go) = halting();
    let log = SqliteLog::open(folder.path(), clock).unwrap();
    let mut first = std::pin::pin!(log.append(message(0)));
    assert!((&mut first).now_or_never().is_none());
    asked.recv().expect("the first group has begun");
    let mut rest = std::pin::pin!(join_all((1..101).map(|n| log.append(message(n)))));
    assert!((&mut rest).now_or_never().is_none());
    drop(go);
    soon(first).await.unwrap();
    soon(rest).await;
    let records = take(&mut *log.read(0).await.unwrap(), 101).await;
    let times: BTreeSet<_> = records.iter().map(|r| r.append_time).collect();
    assert_eq!(times.len(), 2, "the clock is read once for each group");
}

#[tokio::test]
async fn close_finishes_what_is_queued() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, asked, go) = halting();
    let log = SqliteLog::open(folder.path(), clock).unwrap();
    let mut appends = std::pin::pin!(join_all(messages(50).into_iter().map(|m| log.append(m))));
    assert!((&mut appends).now_or_never().is_none());
    asked.recv().expect("the first group has begun");
    let mut closing = std::pin::pin!(log.close());
    assert!((&mut closing).now_or_never().is_none());
    drop(go);
    soon(closing).await;
    assert!(soon(appends).await.iter().all(Result::is_ok));
    assert!(matches!(
        log.append(message(0)).await,
        Err(AppendError::Refused(_))
    ));
    assert!(matches!(
        log.read(0).await.err(),
        Some(LogError::Unavailable(_))
    ));
    assert_eq!(read_all(folder.path()).await.0.len(), 50);
}

/// What makes an insert fail, and what makes a commit fail.
const FAILING: [&str; 2] = [
    "CREATE TRIGGER fail BEFORE INSERT ON log WHEN new.subject = 'user-13'
     BEGIN SELECT raise(ABORT, 'no more room'); END;",
    "CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
     CREATE TABLE parent (id PRIMARY KEY);
     CREATE TRIGGER fail AFTER INSERT ON log WHEN new.subject = 'user-13'
     BEGIN INSERT INTO child VALUES (1); END;",
];

#[tokio::test]
async fn a_failed_write_is_refused_and_the_log_goes_on() {
    for failing in FAILING {
        let folder = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(folder.path(), ticking()).unwrap();
        let mut live = log.read(0).await.unwrap();
        append_all(&log, &messages(3)).await;
        in_file(folder.path(), failing);
        let refused = soon(log.append(message(13))).await;
        assert!(
            matches!(&refused, Err(AppendError::Refused(why)) if why.contains("foaf.db cannot be written")),
            "{refused:?}"
        );
        let next = append_all(&log, &[message(3)]).await[0];
        assert_eq!(next.offset, 3);
        let records = take(&mut *live, 4).await;
        log.close().await;
        assert_eq!(read_all(folder.path()).await, (records, None));
    }
}

#[tokio::test]
async fn a_killed_process_leaves_all_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut other, acknowledged) = start_other(folder.path(), "");
    let acknowledged = acknowledged.take(500).last().expect("it appends");
    assert_unusable(
        folder.path(),
        &format!("belongs to process {}:", other.id()),
    );
    other.kill().unwrap();
    other.wait().unwrap();
    let (records, error) = read_all(folder.path()).await;
    assert_eq!(error, None);
    assert!(records.len() >= acknowledged);
    assert!(
        records
            .iter()
            .map(|r| &*r.message)
            .eq(&messages(records.len()))
    );
}

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Writing beyond the limit fails, as it does on a full disk.
    let (mut other, acknowledged) = start_other(folder.path(), "trap '' XFSZ; ulimit -f 400;");
    let acknowledged = acknowledged.last().expect("it appends");
    assert!(other.wait().unwrap().success(), "it was told no");
    let (records, error) = read_all(folder.path()).await;
    assert_eq!(error, None);
    assert_eq!(records.len(), acknowledged);
    let log = SqliteLog::open(folder.path(), ticking()).unwrap();
    append_all(&log, &messages(1)).await;
}

/// Not a test of its own: the process that the two above start, with a folder to append to.
#[tokio::test]
async fn other_process() {
    let Some(folder) = std::env::var_os("FOAF_TEST_FOLDER") else {
        return;
    };
    let log = SqliteLog::open(Path::new(&folder), ticking()).unwrap();
    for n in 0.. {
        match log.append(message(n)).await {
            Ok(one) => println!("\nacknowledged {}", one.offset + 1),
            Err(AppendError::Refused(_)) => break,
            Err(e) => panic!("{e}"),
        }
    }
    // It ends like a crash: nothing is closed, nothing flushed.
    std::process::exit(0);
}

/// Starts this binary again, under the limits of a shell; gives the count of each acknowledgement.
fn start_other(folder: &Path, limits: &str) -> (Child, impl Iterator<Item = usize>) {
    let mut other = Command::new("sh")
        .args(["-c", &format!("{limits} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite_log::other_process", "--nocapture"])
        .env("FOAF_TEST_FOLDER", folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines();
    let counts = lines.map_while(Result::ok);
    let counts = counts.filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
    (other, counts)
}

/// A clock that says when it is first read, and then waits until the last part is dropped.
fn halting() -> (Clock, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (asking, asked) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let (gone, tick) = (Mutex::new(gone), ticking());
    let clock = move || {
        let _ = asking.send(());
        let _ = gone.lock().unwrap().recv();
        let LogTime(now) = tick();
        LogTime(now)
    };
    (Arc::new(clock), asked, go)
}

/// A folder with a closed log.
async fn written() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path(), ticking()).unwrap();
    append_all(&log, &messages(COUNT)).await;
    log.close().await;
    folder
}

/// Changes the file behind the log's back; says how many rows changed.
fn in_file(folder: &Path, sql: &str) -> u64 {
    let db = Connection::open(folder.join("foaf.db")).unwrap();
    db.execute_batch(sql).unwrap();
    db.changes()
}

/// Every record up to the end, or up to an error.
pub(crate) async fn read_all(folder: &Path) -> (Vec<Record>, Option<LogError>) {
    let mut read = Vec::new();
    let log = match SqliteLog::open(folder, ticking()) {
        Ok(log) => log,
        Err(e) => return (read, Some(e)),
    };
    let end = log.end().await.unwrap();
    let mut reader = match log.read(0).await {
        Ok(reader) => reader,
        Err(e) => return (read, Some(e)),
    };
    while (read.len() as u64) < end {
        match soon(reader.next(1000)).await {
            Ok(fetched) => read.extend(fetched.records),
            Err(e) => return (read, Some(e)),
        }
    }
    (read, None)
}

#[track_caller]
fn assert_unusable(folder: &Path, expected: &str) {
    match SqliteLog::open(folder, ticking()).err() {
        Some(LogError::Unusable(why)) => assert!(why.contains(expected), "{why}"),
        other => panic!("{other:?}"),
    }
}
