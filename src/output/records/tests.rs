use mio::{Poll, Token};

use super::*;
use crate::event::Message;
use crate::output::Outputs;
use crate::output::json::{Json, JsonFrames};
use crate::output::recorders::RecordedFrames;
use crate::platform::batches::BatchQueue;
use crate::protocol::MessageKind;

/// Outputs that record to what is in `recorders`.
fn outputs(recorders: &Arc<Recorders>, late: Option<LateStart>) -> (Outputs, Poll) {
    let poll = Poll::new().expect("a poll");
    let waker = Arc::new(Waker::new(poll.registry(), Token(0)).expect("a waker"));
    let mut outputs = Outputs::default();
    outputs.record(RecordSource {
        recorders: Arc::clone(recorders),
        waker,
        format: Arc::new(|_| Box::new(Json::new(JsonFrames::None))),
        connection: Some(7),
        late,
        notices: None,
    });
    (outputs, poll)
}

fn emit(outputs: &mut Outputs, data: &[u8]) {
    let at = Clock::start().now();
    let what = EventKind::Message(Message::received(MessageKind::Text, data));
    outputs.event(&Event { at, connection: None, mark: None, transit: None, what });
}

#[test]
fn much_is_handed_over_while_more_follows() {
    let recorders = Arc::<Recorders>::default();
    let (mut outputs, _poll) = outputs(&recorders, None);
    let queue = BatchQueue::lossless_in_parts().for_much();
    recorders.add(queue.clone(), RecordedFrames::AsAsked);
    let data = [b'x'; 1 << 10];
    let sent = 2 * EARLY_SIZE / data.len();
    (0..sent).for_each(|_| emit(&mut outputs, &data));
    let early = queue.queued();
    assert!((EARLY_SIZE..2 * EARLY_SIZE + (64 << 10)).contains(&early), "{early}");
    outputs.flush_early();
    let batches: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
    let lines: usize = batches.iter().map(|batch| batch.message_ends.len()).sum();
    assert!(batches.len() > 1, "{}", batches.len());
    assert_eq!(lines, sent);
}

#[test]
fn what_is_recorded_changes_at_any_time() {
    let recorders = Arc::<Recorders>::default();
    let (mut outputs, mut poll) = outputs(&recorders, None);
    emit(&mut outputs, b"zero");
    let [one, other] = [(); 2].map(|()| BatchQueue::lossless());
    let number = recorders.add(one.clone(), RecordedFrames::AsAsked);
    let mut events = mio::Events::with_capacity(1);
    poll.poll(&mut events, Some(Duration::ZERO)).expect("a poll");
    assert!(!events.is_empty(), "the loop is woken");
    emit(&mut outputs, b"one");
    recorders.add(other.clone(), RecordedFrames::AsAsked);
    emit(&mut outputs, b"two");
    recorders.remove(number);
    emit(&mut outputs, b"three");
    outputs.flush_early();
    let texts = |queue: &BatchQueue| {
        let bytes: Vec<u8> =
            std::iter::from_fn(|| queue.take()).flat_map(|batch| batch.bytes).collect();
        let lines = String::from_utf8(bytes).expect("UTF-8");
        let event = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON");
        lines.lines().map(event).collect::<Vec<_>>()
    };
    let data = |queue| texts(queue).iter().map(|it| it["data"].clone()).collect::<Vec<_>>();
    let ended = texts(&one);
    assert_eq!((&ended[0]["data"], &ended[0]["connection"]), (&"one".into(), &7.into()));
    assert_eq!(ended.len(), 2);
    assert_eq!(data(&other), ["two", "three"]);
    one.end();
    assert!(one.wait_for_batch().is_none(), "its sender is dropped");
}

/// What is recorded is rendered once for both.
#[test]
fn messages_are_shown_as_they_are_recorded_but_with_the_number_that_they_have_there() {
    let recorders = Arc::<Recorders>::default();
    let (mut outputs, _poll) = outputs(&recorders, None);
    let queue = BatchQueue::lossless_in_parts();
    recorders.add(queue.clone(), RecordedFrames::AsAsked);
    let shown = BatchQueue::lossless();
    let poll = Poll::new().expect("a poll");
    let waker = Arc::new(Waker::new(poll.registry(), Token(0)).expect("a waker"));
    let outlet = Outlet::batches("shown", shown.sender(waker)).in_batches_of(BATCH_SIZE);
    outputs.push(crate::output::Output::new(Box::new(Json::new(JsonFrames::None)), outlet));
    let at = Clock::start().now();
    let long = "\u{1b}".repeat(15_000);
    for connection in [None, Some(3)] {
        for text in ["short", "\u{202e}\"", "", &long] {
            let message = Message::received(MessageKind::Text, text.as_bytes());
            let what = EventKind::Message(message);
            outputs.event(&Event { at, connection, mark: None, transit: None, what });
            outputs.event(&Event {
                at,
                connection,
                mark: None,
                transit: None,
                what: EventKind::Pong(
                    crate::protocol::vocabulary::Direction::Sent,
                    b"".into(),
                    None,
                ),
            });
        }
    }
    outputs.flush_early();
    let [recorded, shown] = [queue, shown].map(|queue| {
        let bytes = std::iter::from_fn(|| queue.take()).flat_map(|batch| batch.bytes).collect();
        String::from_utf8(bytes).expect("UTF-8")
    });
    assert_eq!(shown.lines().count(), 16);
    let without = |text: &str| text.replace(",\"connection\":7", "");
    assert!(!shown.contains("\"connection\":7"), "{shown}");
    assert_eq!(without(&recorded), shown);
    assert_eq!(recorded.matches("\"connection\":7,").count(), 8);
}

#[test]
fn a_file_that_begins_later_has_all_open_connections_of_a_proxy() {
    let recorders = Arc::<Recorders>::default();
    let (mut outputs, _poll) = outputs(&recorders, Some(Box::new(|| None)));
    let opened = Opened::sample("ws://host/");
    let closed = crate::event::ProxyClosed::sample();
    let mut emit = |connection, what| {
        let at = Clock::start().now();
        let transit = Some(Transit::default());
        outputs.event(&Event { at, connection: Some(connection), mark: None, transit, what });
    };
    for number in 1..=3 {
        emit(number, EventKind::Open(&opened));
    }
    emit(2, EventKind::ProxyClosed(&closed));
    let queue = BatchQueue::lossless();
    recorders.add(queue.clone(), RecordedFrames::AsAsked);
    emit(1, EventKind::ProxyClosed(&closed));
    outputs.flush_early();
    let bytes: Vec<u8> = std::iter::from_fn(|| queue.take()).flat_map(|it| it.bytes).collect();
    let text = String::from_utf8(bytes).expect("UTF-8");
    let found: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|it| (it["event"].clone(), it["connection"].clone(), it["initiator"].clone()))
        .collect();
    let expected = [("open", 1), ("open", 3), ("close", 1)]
        .map(|(event, number)| (event.into(), number.into(), "client".into()));
    assert_eq!(found, expected);
}

#[test]
fn a_file_that_takes_nothing_stops_the_reading_and_at_the_end_messages_are_dropped() {
    let recorders = Arc::<Recorders>::default();
    let (mut outputs, _poll) = outputs(&recorders, None);
    let queue = BatchQueue::lossless();
    let number = recorders.add(queue.clone(), RecordedFrames::AsAsked);
    let long = vec![b'x'; 100_000];
    let mut count = 0;
    while !outputs.are_backed_up() {
        emit(&mut outputs, &long);
        outputs.flush_early();
        count += 1;
    }
    assert!(count < 20, "{count} messages were taken");
    outputs.end(false);
    for _ in 0..300 {
        emit(&mut outputs, &long);
    }
    let at = Clock::start().now();
    let failure = crate::event::Failure::new(crate::event::FailureKind::Local, "end".to_owned());
    let what = EventKind::Failure(&failure);
    outputs.event(&Event { at, connection: None, mark: None, transit: None, what });
    assert!(outputs.held() < 2 * LAST_BYTES);
    let reader = queue.clone();
    let writer = std::thread::spawn(move || {
        let mut lines = Vec::new();
        while let Some(batch) = reader.wait_for_batch() {
            lines.extend_from_slice(&batch.bytes);
        }
        String::from_utf8(lines).expect("UTF-8")
    });
    while !outputs.are_drained() {
        outputs.set_all_ready();
        outputs.flush_early();
        std::thread::yield_now();
    }
    drop(outputs);
    queue.end();
    let text = writer.join().expect("a writer");
    let written = text.matches("\"message\",\"time\"").count();
    assert_eq!(written as u64 + recorders.lost(number), count + 300);
    assert!(recorders.lost(number) > 100 && text.ends_with("}\n"));
    assert!(text.lines().last().is_some_and(|line| line.starts_with("{\"event\":\"error\"")));
}
