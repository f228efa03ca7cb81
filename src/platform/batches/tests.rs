//! Limits, order, and loss.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mio::{Poll, Token};

use super::*;

mod dropped;

fn waker() -> (Poll, Arc<Waker>) {
    let poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), Token(0)).unwrap();
    (poll, Arc::new(waker))
}

fn is_woken(poll: &mut Poll) -> bool {
    let mut events = mio::Events::with_capacity(1);
    poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
    !events.is_empty()
}

fn batch(size: usize) -> Batch {
    Batch { bytes: vec![b'x'; size], message_ends: vec![size / 2, size], ..Batch::default() }
}

#[test]
fn a_batch_of_any_size_is_accepted_and_the_next_waits_until_it_is_written() {
    let (mut poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    assert!(sender.offer(&mut batch(10 * LANE_LIMIT)));
    let mut next = batch(1);
    assert!(!sender.offer(&mut next));
    assert_eq!(next.bytes.len(), 1, "it is kept");
    assert_eq!(queue.take().unwrap().bytes.len(), 10 * LANE_LIMIT);
    assert!(!sender.offer(&mut next), "it is not written yet");
    assert!(!is_woken(&mut poll));
    assert!(queue.take().is_none());
    assert!(is_woken(&mut poll));
    assert!(sender.offer(&mut next));
    assert!(next.bytes.is_empty());
}

#[test]
fn a_sender_at_its_limit_does_not_block_others_until_the_queue_is_full() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let senders: Vec<_> =
        (0..=TOTAL_LIMIT / LANE_LIMIT).map(|_| queue.sender(Arc::clone(&waker))).collect();
    let taken: Vec<_> = senders.iter().map(|sender| sender.offer(&mut batch(LANE_LIMIT))).collect();
    assert_eq!(taken.iter().filter(|taken| **taken).count(), TOTAL_LIMIT / LANE_LIMIT);
    assert_eq!(taken.last(), Some(&false));
    assert!(!queue.is_idle());
}

#[test]
fn unwritten_messages_are_counted_exactly() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    sender.offer(&mut batch(100));
    sender.offer(&mut batch(LANE_LIMIT));
    queue.set_when_full(WhenFull::DropMessages);
    assert!(sender.offer(&mut batch(100)));
    assert_eq!(queue.shared.state().unwritten().messages, 6);
    let first = queue.take().unwrap();
    queue.progress(&first, 50);
    assert_eq!(queue.shared.state().unwritten().messages, 5);
    queue.take();
    assert_eq!(queue.shared.state().unwritten().messages, 4);
    queue.take();
    assert_eq!(queue.close().messages, 2, "dropped messages stay dropped");
}

#[test]
fn after_a_dropped_message_no_other_is_written() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    assert!(sender.offer(&mut batch(LANE_LIMIT)));
    queue.set_when_full(WhenFull::DropMessages);
    assert!(sender.offer(&mut batch(8)), "it is dropped");
    while queue.take().is_some() {}
    assert!(sender.offer(&mut batch(8)), "there is space, but it is dropped");
    assert!(sender.offer(&mut Batch {
        bytes: b"closed".to_vec(),
        message_ends: Vec::new(),
        ..Batch::default()
    }));
    assert_eq!(queue.take().map(|batch| batch.bytes), Some(b"closed".to_vec()));
    assert_eq!(queue.dropped().messages, 4);
}

#[test]
fn what_is_no_message_is_kept_while_the_stream_accepts_bytes() {
    let (mut poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    sender.offer(&mut batch(LANE_LIMIT));
    queue.take();
    queue.set_when_full(WhenFull::DropMessages);
    is_woken(&mut poll);
    let close = || Batch { bytes: b"closed\n".to_vec(), ..Batch::default() };
    let mut kept = close();
    assert!(!sender.offer(&mut kept), "it is not dropped");
    queue.take();
    assert!(is_woken(&mut poll) && sender.offer(&mut kept));
    assert_eq!(queue.take().map(|batch| batch.bytes), Some(close().bytes));
    sender.offer(&mut Batch { bytes: vec![b'x'; LANE_LIMIT], ..Batch::default() });
    queue.shared.state().current.as_mut().unwrap().last_progress -= STALLED_AFTER;
    assert!(sender.offer(&mut close()), "it is dropped");
    assert_eq!(queue.dropped(), Unwritten { messages: 0, lines: 1 });
}

#[test]
fn a_stalled_log_drops_lines_and_reports_their_number() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossy();
    let sender = queue.sender(waker);
    sender.offer(&mut batch(LANE_LIMIT));
    queue.take();
    queue.shared.state().current.as_mut().unwrap().last_progress -= STALLED_AFTER;
    let lines =
        || Batch { bytes: b"one\ntwo\n".to_vec(), message_ends: Vec::new(), ..Batch::default() };
    assert!(sender.offer(&mut lines()));
    assert!(sender.offer(&mut lines()));
    let note = queue.take().unwrap().bytes;
    assert_eq!(note, b"wscope: warning: 4 lines were not shown: standard error was not read\n");
    assert!(queue.take().is_none());
}

#[test]
fn a_closed_queue_accepts_and_drops_everything() {
    let (mut poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    sender.offer(&mut batch(LANE_LIMIT));
    let mut kept = batch(1);
    assert!(!sender.offer(&mut kept));
    queue.close();
    assert!(is_woken(&mut poll));
    assert!(sender.offer(&mut kept));
    assert!(queue.is_idle());
    assert!(queue.take().is_none());
}

#[test]
fn a_dropped_sender_does_not_wait() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    sender.offer(&mut batch(LANE_LIMIT));
    sender.offer(&mut batch(1));
    while queue.take().is_some() {}
    sender.offer(&mut batch(LANE_LIMIT));
    sender.offer(&mut batch(1));
    drop(sender);
    while queue.take().is_some() {}
    assert!(queue.is_idle());
}

#[test]
fn the_start_and_the_end_of_a_stall_are_reported() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    assert!(sender.offer(&mut Batch {
        bytes: b"x".to_vec(),
        message_ends: Vec::new(),
        ..Batch::default()
    }));
    assert!(queue.take().is_some());
    let mut reported = Vec::new();
    thread::scope(|scope| {
        let (sender, stalls) = channel();
        let watched = queue.clone();
        scope.spawn(move || watched.watch_stalls(|is_stalled| sender.send(is_stalled).unwrap()));
        for is_stalled in stalls.iter().take(2) {
            reported.push(is_stalled);
            if is_stalled {
                assert!(queue.is_stalled());
                queue.take();
            }
        }
        queue.close();
    });
    assert_eq!(reported, [true, false]);
}

fn part(text: &str, continues: bool, is_continued: bool) -> Batch {
    let message_ends = if is_continued { Vec::new() } else { vec![text.len()] };
    Batch {
        bytes: text.as_bytes().to_vec(),
        message_ends,
        continues,
        is_continued,
        is_cut: false,
        ..Batch::default()
    }
}

fn taken(queue: &BatchQueue) -> Option<String> {
    queue.take().map(|batch| String::from_utf8(batch.bytes).unwrap())
}

#[test]
fn nothing_is_written_between_the_parts_of_an_event() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless_in_parts();
    let [first, second] = [(); 2].map(|()| queue.sender(Arc::clone(&waker)));
    first.offer(&mut part("a1", false, true));
    second.offer(&mut part("b1", false, true));
    second.offer(&mut part("b2", true, false));
    first.offer(&mut part("a2", true, true));
    assert_eq!(taken(&queue).as_deref(), Some("a1"));
    assert_eq!(taken(&queue).as_deref(), Some("a2"));
    assert_eq!(taken(&queue), None, "the rest was not sent yet");
    assert!(!queue.is_idle());
    first.offer(&mut part("a3", true, false));
    for text in ["a3", "b1", "b2"] {
        assert_eq!(taken(&queue).as_deref(), Some(text));
    }
    assert_eq!(taken(&queue), None);
    assert!(queue.is_idle());
}

#[test]
fn the_sender_of_the_current_event_may_exceed_the_total_limit() {
    let (mut poll, waker) = waker();
    let (_other_poll, other_waker) = self::waker();
    let queue = BatchQueue::lossless_in_parts();
    let sender = queue.sender(waker);
    sender.offer(&mut part("a1", false, true));
    let others: Vec<_> = (0..=TOTAL_LIMIT / LANE_LIMIT)
        .map(|_| queue.sender(Arc::clone(&other_waker)))
        .filter(|other| other.offer(&mut batch(LANE_LIMIT)))
        .collect();
    let mut rest = part("a2", true, false);
    assert!(!sender.offer(&mut rest), "{} senders fill it", others.len());
    assert_eq!(taken(&queue).as_deref(), Some("a1"));
    assert!(is_woken(&mut poll), "the others wait for it");
    assert!(sender.offer(&mut rest));
    assert_eq!(taken(&queue).as_deref(), Some("a2"));
    assert_eq!(queue.take().unwrap().bytes.len(), LANE_LIMIT);
}

#[test]
fn dropping_a_sender_inside_an_event_ends_the_line() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless_in_parts();
    let [first, second] = [(); 2].map(|()| queue.sender(Arc::clone(&waker)));
    first.offer(&mut part("a1", false, true));
    second.offer(&mut part("b", false, false));
    assert_eq!(taken(&queue).as_deref(), Some("a1"));
    drop(first);
    for text in ["\n", "b"] {
        assert_eq!(taken(&queue).as_deref(), Some(text));
    }
    assert_eq!(queue.close().messages, 1, "the second sender's, until it is written");
}

#[test]
fn nothing_is_written_after_a_truncated_event() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless_in_parts();
    let [first, second] = [(); 2].map(|()| queue.sender(Arc::clone(&waker)));
    let long = "x".repeat(LANE_LIMIT);
    first.offer(&mut part(&long, false, true));
    second.offer(&mut part(&long, false, false));
    queue.take();
    queue.set_when_full(WhenFull::DropMessages);
    assert!(second.offer(&mut part("b1", false, true)));
    assert!(second.offer(&mut part("b2", true, false)), "the first part was dropped too");
    assert_eq!(queue.dropped().messages, 1);
    let mut rest = part("a2", true, true);
    assert!(!first.offer(&mut rest), "what has begun goes on while the stream accepts bytes");
    queue.shared.state().current.as_mut().unwrap().last_progress -= STALLED_AFTER;
    assert!(first.offer(&mut rest));
    assert!(first.offer(&mut part("a3", true, false)));
    assert!(second.offer(&mut part("b", false, false)));
    assert_eq!(taken(&queue), None);
    assert_eq!(queue.close().messages, 4);
}

#[test]
fn an_ended_queue_is_written_to_the_end_of_its_last_sender() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let (one, other) = (queue.sender(Arc::clone(&waker)), queue.sender(waker));
    let reader = queue.clone();
    let writer = thread::spawn(move || {
        std::iter::from_fn(|| reader.wait_for_batch()).map(|batch| batch.bytes.len()).sum::<usize>()
    });
    assert!(one.offer(&mut batch(3)));
    queue.end();
    drop(one);
    assert!(other.offer(&mut batch(4)), "a sender goes on");
    drop(other);
    assert_eq!(writer.join().unwrap(), 7);
}

const NO_LIMIT: Duration = Duration::from_secs(3600);

#[test]
fn small_batches_gather_until_there_are_enough() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    assert!(sender.offer(&mut batch(1)));
    let reader = queue.clone();
    let writer = thread::spawn(move || {
        reader.gather(NO_LIMIT);
        reader.queued()
    });
    for _ in 0..4 {
        assert!(sender.offer(&mut batch(16 << 10)));
    }
    assert_eq!(writer.join().unwrap(), 1 + (64 << 10));
}

#[test]
fn a_queue_that_ends_is_not_waited_for() {
    let close = |queue: &BatchQueue| {
        queue.close();
    };
    for end in [BatchQueue::end, close] {
        let (_poll, waker) = waker();
        let queue = BatchQueue::lossless();
        let sender = queue.sender(waker);
        assert!(sender.offer(&mut batch(1)));
        let reader = queue.clone();
        let writer = thread::spawn(move || reader.gather(NO_LIMIT));
        end(&queue);
        writer.join().unwrap();
        queue.gather(NO_LIMIT);
    }
}

#[test]
fn nothing_gathers_where_nothing_waits_or_the_time_is_over() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let sender = queue.sender(waker);
    queue.gather(NO_LIMIT);
    assert!(sender.offer(&mut batch(3)));
    queue.gather(Duration::from_millis(1));
    assert_eq!(queue.take().expect("a batch").bytes.len(), 3);
}

#[test]
fn batches_of_several_senders_are_in_the_order_of_their_times() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let [one, other] = [(); 2].map(|()| queue.sender(Arc::clone(&waker)));
    let at = |text: &str, millis: Option<u64>| Batch {
        bytes: text.as_bytes().to_vec(),
        since: millis.map(Duration::from_millis),
        ..Batch::default()
    };
    for (sender, text, millis) in [
        (&one, "a", Some(10)),
        (&other, "b", Some(30)),
        (&one, "c", Some(20)),
        (&one, "d", Some(20)),
        (&other, "e", Some(5)), // behind its own sender's
        (&one, "f", None),
        (&other, "g", Some(1)), // not before what has no time
    ] {
        assert!(sender.offer(&mut at(text, millis)));
    }
    let all: String = std::iter::from_fn(|| taken(&queue)).collect();
    assert_eq!(all, "acdbefg");
}

#[test]
fn a_batch_waits_for_what_is_older_of_others() {
    let (_poll, waker) = waker();
    let queue = BatchQueue::lossless();
    let [one, other] = [(); 2].map(|()| queue.sender(Arc::clone(&waker)));
    let at = |text: &str, millis: u64| Batch {
        bytes: text.as_bytes().to_vec(),
        since: Some(Duration::from_millis(millis)),
        ..Batch::default()
    };
    other.announce(Duration::from_millis(1));
    assert!(one.offer(&mut at("b", 2)));
    let reader = queue.clone();
    let (begun, has_begun) = channel();
    let writer = thread::spawn(move || {
        begun.send(()).unwrap();
        std::iter::from_fn(|| reader.take_in_order())
            .map(|batch| String::from_utf8(batch.bytes).unwrap())
            .collect::<String>()
    });
    has_begun.recv().unwrap();
    assert!(other.offer(&mut at("a", 1)));
    other.settle();
    assert_eq!(writer.join().unwrap(), "ab");
    other.announce(Duration::from_millis(9)); // and then it takes long
    assert!(one.offer(&mut at("c", 10)));
    assert_eq!(queue.take_in_order().unwrap().bytes, b"c");
}
