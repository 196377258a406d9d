//! How the embedded log stores records of ours: shortened, and losing nothing.

use foaf::event_log::{EventLog, Message, sqlite::SqliteLog};
use tempfile::TempDir;

use super::samples;
use crate::logs::{append_all, take, ticking};

/// What every record of ours has is not stored again; whatever differs from it must come back too.
#[tokio::test]
async fn records_of_ours_and_such_as_nearly_are_come_back() {
    let mut all = Vec::new();
    for sample in samples::all() {
        let Message { key, headers, .. } = sample.message;
        let pairs: Vec<(&str, &[u8])> = headers.iter().collect();
        let mut add = |pairs: Vec<(&str, &[u8])>| {
            all.push(Message {
                key: key.clone(),
                headers: pairs.into_iter().collect(),
                value: b"{}".to_vec(),
            });
        };
        for place in 0..pairs.len() {
            let (before, rest) = pairs.split_at(place);
            let name = rest[0].0;
            add([before, &rest[1..]].concat());
            add([before, &[("traceparent", b"\"\\00\"")], rest].concat());
            for value in [&b""[..], b"1", b"\xff"] {
                add([before, &[(name, value)], &rest[1..]].concat());
            }
        }
        add(pairs);
    }
    let folder = TempDir::new().unwrap();
    let log = SqliteLog::open(folder.path(), ticking()).unwrap();
    append_all(&log, &all).await;
    log.close().await;
    drop(log);
    let log = SqliteLog::open(folder.path(), ticking()).unwrap();
    let read = take(&mut *log.read(0).await.unwrap(), all.len()).await;
    assert_eq!(read.len(), all.len());
    assert!(
        read.iter()
            .zip(&all)
            .all(|(read, all)| *read.message == *all)
    );
}
