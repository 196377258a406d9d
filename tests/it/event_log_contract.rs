//! The contract of the event log: one test for each promise of the port, run by every adapter.
//!
//! Must never know which adapter it runs on: what only one of them does is tested elsewhere.

use std::collections::BTreeSet;

use foaf::event_log::{AppendError, LogError, LogReader, MAX_MESSAGE_BYTES, Message};
use futures::FutureExt;
use futures::future::join_all;

use crate::logs::{Place, append_all, message, messages, odd_messages, soon, take};

macro_rules! contract {
    ($($promise:ident),+ $(,)?) => {
        contract!(@ memory $($promise)+);
        contract!(@ sqlite $($promise)+);
        contract!(@ kafka $($promise)+);
    };
    (@ $adapter:ident $($promise:ident)+) => {
        mod $adapter {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    let place = crate::logs::Place::$adapter();
                    super::$promise(&place).await;
                    place.clean().await;
                }
            )+
        }
    };
}

contract![
    offsets_grow,
    two_readers_see_the_same_records,
    records_are_the_same_after_a_restart,
    the_end_is_after_the_last_record,
    a_reader_starts_where_it_is_told,
    what_is_acknowledged_is_read_after_a_crash,
    an_acknowledgement_says_what_readers_will_see,
    a_refused_record_never_comes,
    a_reader_at_the_end_waits_and_wakes,
    next_gives_between_1_and_max,
    append_waits_or_refuses_when_its_queue_is_full,
    dropping_a_next_future_loses_no_record,
    a_reader_that_falls_behind_misses_nothing,
    a_start_beyond_the_end_is_damage,
    picking_gives_what_a_reader_sees,
    nothing_appended_changes_nothing,
];

async fn nothing_appended_changes_nothing(place: &Place) {
    let log = place.open().await;
    append_all(&*log, &messages(1)).await;
    let mut at_the_end = log.read(1).await.unwrap();
    let mut from_the_start = log.read(0).await.unwrap();
    let too_much = || Message {
        value: vec![b'x'; MAX_MESSAGE_BYTES + 1],
        ..Message::default()
    };
    assert_eq!(soon(log.append_all(Vec::new())).await, []);
    let refused = soon(log.append_all(vec![too_much(), too_much()])).await;
    let is_refused = |one: &Result<_, _>| matches!(one, Err(AppendError::Refused(_)));
    assert!(refused.len() == 2 && refused.iter().all(is_refused));
    assert_eq!(log.end().await, Ok(1));
    let mixed = vec![too_much(), message(1), too_much()];
    let mixed = soon(log.append_all(mixed)).await;
    assert!(is_refused(&mixed[0]) && mixed[1].is_ok() && is_refused(&mixed[2]));
    assert_eq!(*take(&mut *at_the_end, 1).await[0].message, message(1));
    let read = take(&mut *from_the_start, 2).await;
    assert!(read.iter().map(message_of).eq(messages(2)));
}

async fn picking_gives_what_a_reader_sees(place: &Place) {
    let log = place.open().await;
    let appends: Vec<_> = messages(900).into_iter().map(|m| log.append(m)).collect();
    join_all(appends).await;
    let records = take(&mut *log.read(0).await.unwrap(), 900).await;
    // Near to each other, far, the first and the last.
    for offsets in [&[0, 1, 2, 90, 400, 401, 899][..], &[899], &[7, 300], &[]] {
        let picked = soon(log.pick(offsets)).await.unwrap();
        let of = |record: &&foaf::event_log::Record| offsets.contains(&record.offset);
        assert!(picked.iter().eq(records.iter().filter(of)), "{offsets:?}");
    }
    log.close().await;
}

async fn offsets_grow(place: &Place) {
    let log = place.open().await;
    append_all(&*log, &messages(50)).await;
    let records = take(&mut *log.read(0).await.unwrap(), 50).await;
    assert!(records.is_sorted_by(|a, b| a.offset < b.offset));
    let read: Vec<_> = records.iter().map(message_of).collect();
    assert_eq!(read, messages(50), "one writer's records keep their order");
}

async fn two_readers_see_the_same_records(place: &Place) {
    let log = place.open().await;
    let mut at_once = log.read(0).await.unwrap();
    let written: Vec<_> = odd_messages().into_iter().chain(messages(300)).collect();
    let appends = written.iter().map(|message| log.append(message.clone()));
    let (seen, _) = tokio::join!(take(&mut *at_once, written.len()), join_all(appends));
    let later = take(&mut *log.read(0).await.unwrap(), written.len()).await;
    assert_eq!(seen, later);
    let mut sent: Vec<_> = written.iter().collect();
    for record in &seen {
        let place = sent.iter().position(|m| **m == *record.message);
        sent.remove(place.expect("byte for byte what was appended, once"));
    }
}

async fn records_are_the_same_after_a_restart(place: &Place) {
    let log = place.open().await;
    append_all(&*log, &odd_messages()).await;
    let before = take(&mut *log.read(0).await.unwrap(), odd_messages().len()).await;
    log.close().await;
    drop(log);
    let log = place.open().await;
    let after = take(&mut *log.read(0).await.unwrap(), odd_messages().len()).await;
    assert_eq!(before, after);
    let read: Vec<_> = after.iter().map(message_of).collect();
    assert_eq!(read, odd_messages());
    let next = append_all(&*log, &messages(1)).await[0];
    assert_eq!(next.offset, odd_messages().len() as u64, "and it goes on");
}

async fn the_end_is_after_the_last_record(place: &Place) {
    let log = place.open().await;
    assert_eq!(log.end().await, Ok(0));
    let last = append_all(&*log, &messages(3)).await[2];
    assert_eq!(log.end().await, Ok(last.offset + 1));
}

async fn a_reader_starts_where_it_is_told(place: &Place) {
    let log = place.open().await;
    let appended = append_all(&*log, &messages(5)).await;
    for (n, one) in appended.iter().enumerate() {
        let first = take(&mut *log.read(one.offset).await.unwrap(), 1).await;
        assert_eq!(first[0].offset, one.offset);
        assert_eq!(*first[0].message, message(n));
    }
}

async fn what_is_acknowledged_is_read_after_a_crash(place: &Place) {
    let log = place.open().await;
    let appended = append_all(&*log, &messages(20)).await;
    let left = place.after_a_crash();
    let restarted = left.open().await;
    let records = take(&mut *restarted.read(0).await.unwrap(), appended.len()).await;
    let read: Vec<_> = records.iter().map(|r| (r.offset, &*r.message)).collect();
    let written = messages(20);
    let acknowledged: Vec<_> = appended.iter().map(|a| a.offset).zip(&written).collect();
    assert_eq!(read, acknowledged);
}

async fn an_acknowledgement_says_what_readers_will_see(place: &Place) {
    let log = place.open().await;
    let appended = join_all(messages(200).into_iter().map(|m| log.append(m))).await;
    let records = take(&mut *log.read(0).await.unwrap(), 200).await;
    for (n, one) in appended.into_iter().enumerate() {
        let one = one.expect("the log takes it");
        let record = records.iter().find(|r| r.offset == one.offset).unwrap();
        assert_eq!(*record.message, message(n));
        assert_eq!(one.append_time, Some(record.append_time));
    }
}

async fn a_refused_record_never_comes(place: &Place) {
    let log = place.open().await;
    let of_size = |size| Message {
        value: vec![b'x'; size],
        ..Message::default()
    };
    let most = of_size(MAX_MESSAGE_BYTES);
    let too_much = soon(log.append(of_size(MAX_MESSAGE_BYTES + 1))).await;
    assert!(
        matches!(&too_much, Err(AppendError::Refused(why)) if why.contains("1000001 bytes")),
        "{too_much:?}"
    );
    append_all(&*log, std::slice::from_ref(&most)).await;
    assert_eq!(log.end().await, Ok(1));
    let records = take(&mut *log.read(0).await.unwrap(), 1).await;
    assert!(*records[0].message == most);
}

async fn a_reader_at_the_end_waits_and_wakes(place: &Place) {
    let log = place.open().await;
    append_all(&*log, &messages(1)).await;
    let mut reader = log.read(1).await.unwrap();
    for n in 1..50 {
        let mut next = std::pin::pin!(reader.next(10));
        assert!((&mut next).now_or_never().is_none(), "nothing is there yet");
        let appended = append_all(&*log, &[message(n)]).await[0];
        let records = soon(next).await.unwrap().records;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].offset, appended.offset);
        assert_eq!(*records[0].message, message(n));
    }
}

async fn next_gives_between_1_and_max(place: &Place) {
    let log = place.open().await;
    let mut live = log.read(0).await.unwrap();
    append_all(&*log, &messages(30)).await;
    let mut late = log.read(0).await.unwrap();
    for reader in [&mut live, &mut late] {
        let mut read = Vec::new();
        for max in [1, 2, 7, 100].into_iter().cycle() {
            let records = soon(reader.next(max)).await.unwrap().records;
            assert!((1..=max).contains(&records.len()));
            read.extend(records.iter().map(message_of));
            if read.len() == 30 {
                break;
            }
        }
        assert_eq!(read, messages(30));
    }
}

async fn append_waits_or_refuses_when_its_queue_is_full(place: &Place) {
    const COUNT: usize = 20_000;
    let log = place.open().await;
    let appends = messages(COUNT).into_iter().map(|m| log.append(m));
    let mut acknowledged = BTreeSet::new();
    for outcome in soon(join_all(appends)).await {
        match outcome {
            Ok(one) => assert!(acknowledged.insert(one.offset), "one place for each"),
            Err(AppendError::Refused(_)) => {}
            Err(e) => panic!("{e}"),
        }
    }
    assert_eq!(log.end().await, Ok(acknowledged.len() as u64));
    let records = take(&mut *log.read(0).await.unwrap(), acknowledged.len()).await;
    assert!(records.iter().map(|r| r.offset).eq(acknowledged));
}

async fn dropping_a_next_future_loses_no_record(place: &Place) {
    let log = place.open().await;
    let mut live = log.read(0).await.unwrap();
    let written = messages(500);
    let writing = append_all(&*log, &written);
    let (read, _) = soon(async { tokio::join!(impatiently(&mut *live, 500), writing) }).await;
    assert_eq!(read, written);
    let mut late = log.read(0).await.unwrap();
    assert_eq!(soon(impatiently(&mut *late, 500)).await, written);
}

/// Reads with futures that are polled once, and dropped where they wait.
async fn impatiently(reader: &mut dyn LogReader, count: usize) -> Vec<Message> {
    let mut read = Vec::new();
    while read.len() < count {
        match reader.next(3).now_or_never() {
            Some(fetched) => read.extend(fetched.unwrap().records.iter().map(message_of)),
            None => tokio::task::yield_now().await,
        }
    }
    read
}

async fn a_reader_that_falls_behind_misses_nothing(place: &Place) {
    const COUNT: usize = 3000;
    let log = place.open().await;
    let mut reader = log.read(0).await.unwrap();
    append_all(&*log, &messages(1)).await;
    let mut read = take(&mut *reader, 1).await;
    append_all(&*log, &messages(COUNT)[1..1000]).await;
    read.extend(take(&mut *reader, 500).await);
    let rest = messages(COUNT);
    let writing = async { append_all(&*log, &rest[1000..]).await };
    let (more, _) = tokio::join!(take(&mut *reader, COUNT - read.len()), writing);
    read.extend(more);
    assert!(read.iter().map(|r| r.offset).eq(0..COUNT as u64));
    assert!(read.iter().map(|r| &*r.message).eq(&messages(COUNT)));
}

async fn a_start_beyond_the_end_is_damage(place: &Place) {
    let log = place.open().await;
    append_all(&*log, &messages(2)).await;
    assert!(log.read(2).await.is_ok());
    let error = log.read(5).await.err();
    assert!(
        matches!(&error, Some(LogError::Damaged { position: 3, what }) if what.contains("ends at position 2")),
        "{error:?}"
    );
}

fn message_of(record: &foaf::event_log::Record) -> Message {
    Message::clone(&record.message)
}
