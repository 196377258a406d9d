//! The embedded log's files cut and changed: what is read is what was written up to some record, or
//! the log says that it is damaged.

use std::{fs, path::Path};

use fastrand::Rng;
use foaf::event_log::LogError;

use super::{Rounds, row};
use crate::{
    callers::Callers,
    program::{Serving, sqlite},
    sqlite_log::read_all,
};

const FILE: &str = "foaf.db";
const WAL: &str = "foaf.db-wal";

/// What a node that was killed leaves behind.
async fn left_behind() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sqlite(folder.path());
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--log", &log];
    // Twice, so that there are records in the file as well as in the write-ahead log.
    for (prefix, signal) in [("a", "-TERM"), ("b", "-KILL")] {
        let node = Serving::start(&arguments);
        let callers = Callers::named(&node.address, prefix);
        callers.accepted(400).await;
        node.signal(signal);
        node.end();
        callers.give_up().await;
    }
    for rest in fs::read_dir(folder.path()).expect("the folder").flatten() {
        if ![FILE, WAL].map(Into::into).contains(&rest.file_name()) {
            fs::remove_file(rest.path()).expect("it goes");
        }
    }
    folder
}

fn copy(from: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [FILE, WAL] {
        fs::copy(from.join(name), folder.path().join(name)).expect("a copy");
    }
    folder
}

/// Damages copies, and counts those that were found out and those that were shorter.
async fn damage(fault: &str, mut harm: impl FnMut(&Path, &mut Rng)) {
    let original = left_behind().await;
    let (whole, error) = read_all(copy(original.path()).path()).await;
    assert!(whole.len() > 800 && error.is_none(), "{error:?}");
    let mut rng = Rng::with_seed(13);
    let mut rounds = Rounds::at_least(2);
    let (mut loud, mut shorter, mut same) = (0, 0, 0);
    while rounds.next() {
        let copy = copy(original.path());
        harm(copy.path(), &mut rng);
        let (records, error) = read_all(copy.path()).await;
        assert!(
            whole.starts_with(&records),
            "what is read was never written"
        );
        let count = match error {
            Some(LogError::Damaged { .. } | LogError::Unusable(_)) => &mut loud,
            Some(other) => panic!("{other}"),
            None if records.len() < whole.len() => &mut shorter,
            None => &mut same,
        };
        *count += 1;
    }
    let came =
        format!("{loud} loud stops, {shorter} true prefixes, {same} without effect, 0 silent");
    row(fault, rounds.done, &came);
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("it can be read");
    change(&mut bytes);
    fs::write(path, bytes).expect("it can be written");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_write_ahead_log_is_cut() {
    damage("the last 64 KiB of the WAL cut somewhere", |folder, rng| {
        change(&folder.join(WAL), |bytes| {
            let most = bytes.len().min(64 << 10);
            bytes.truncate(bytes.len() - rng.usize(1..=most));
        });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_is_flipped() {
    damage("a bit flipped in the file or the WAL", |folder, rng| {
        let name = if rng.bool() { FILE } else { WAL };
        change(&folder.join(name), |bytes| {
            let place = rng.usize(..bytes.len());
            bytes[place] ^= 1 << rng.u8(..8);
        });
    })
    .await;
}
