//! What becomes of lines where messages are dropped.

use super::*;

#[test]
fn a_log_goes_on_behind_messages_for_which_there_was_no_room() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossy();
    let sender = queue.sender(waker);
    assert!(sender.offer(&mut batch(LANE_LIMIT)));
    queue.set_when_full(WhenFull::DropMessages);
    assert!(sender.offer(&mut batch(8)), "it is dropped");
    while queue.take().is_some() {}
    assert!(sender.offer(&mut batch(8)));
    assert_eq!(queue.take().map(|batch| batch.bytes.len()), Some(8));
}

#[test]
fn messages_are_dropped_and_counted_and_other_lines_kept() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    let message =
        || Batch { bytes: b"one\ntwo\n".to_vec(), message_ends: vec![4, 8], ..Batch::default() };
    let line = || Batch {
        bytes: b"client 1: closed\n".to_vec(),
        message_ends: Vec::new(),
        ..Batch::default()
    };
    assert!(sender.offer(&mut message()));
    assert!(sender.offer(&mut line()));
    queue.drop_messages();
    assert!(sender.offer(&mut message()));
    assert!(sender.offer(&mut line()));
    let shown = [queue.take(), queue.take(), queue.take()].map(|batch| batch.map(|b| b.bytes));
    assert_eq!(shown, [Some(line().bytes), Some(line().bytes), None]);
    assert_eq!(queue.dropped().messages, 4);
    assert_eq!(sender.queued(), 0);
}

/// How a connection has ended is in the same batch as its last messages.
#[test]
fn lines_behind_the_last_message_of_a_batch_are_kept() {
    let (_poll, waker) = waker();
    let mixed =
        || Batch { bytes: b"one\nend\n".to_vec(), message_ends: vec![4], ..Batch::default() };
    let queue = BatchQueue::lossless();
    let sender = queue.sender(Arc::clone(&waker));
    assert!(sender.offer(&mut mixed()));
    queue.drop_messages();
    assert!(sender.offer(&mut mixed()));
    let line = Some(b"end\n".to_vec());
    let shown = [queue.take(), queue.take(), queue.take()].map(|batch| batch.map(|b| b.bytes));
    assert_eq!(shown, [line.clone(), line.clone(), None]);
    assert_eq!((queue.dropped().messages, sender.queued()), (2, 0));
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    sender.offer(&mut batch(LANE_LIMIT));
    queue.set_when_full(WhenFull::DropMessages);
    let mut waiting = mixed();
    assert!(!sender.offer(&mut waiting), "there is no room for the line");
    assert_eq!(Some(waiting.bytes), line);
}
