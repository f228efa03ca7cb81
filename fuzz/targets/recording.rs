//! Recordings.
//!
//! Input: the bytes of a file.

use std::ops::ControlFlow;

use wscope::output::style::Style;
use wscope::recording::compare::Ignore;
use wscope::recording::diff::{Collecting, Collector, Comparing, Connection, Human, compare, json};
use wscope::recording::reader::{Limits, read};
use wscope::recording::replay::Selector;
use wscope::recording::stats::Statistics;
use wscope::recording::{ReadError, Recorded};

/// The longest line that is read, in bytes.
const MAX_SIZE: u64 = 1 << 16;

/// Nothing panics, in whatever parts a file is read its events are the same, and what is wrong has a place in it.
pub fn run(data: &[u8]) {
    let (events, whole) = events(data, data.len().max(1));
    let (in_parts, other) = self::events(data, 3);
    assert_eq!(format!("{events:?}"), format!("{in_parts:?}"));
    assert_eq!(format!("{whole:?}"), format!("{other:?}"));
    if let Err(ReadError::Broken { place, reason, .. }) = &whole {
        let lines = data.split(|byte| *byte == b'\n').count() as u64;
        assert!((1..=lines).contains(&place.line) && place.column > 0, "{place:?}");
        assert!(place.offset <= data.len() as u64 && !reason.is_empty(), "{place:?}");
    }
    compare_with_itself(&events);
    let mut statistics = Statistics::default();
    events.iter().for_each(|event| statistics.add(event));
    assert_eq!(
        statistics.total.received.messages + statistics.total.sent.messages,
        events.iter().filter(|event| is_message(event)).count() as u64
    );
}

/// A recording is equal to itself, and any two can be compared.
fn compare_with_itself(events: &[Recorded]) {
    let (whole, half) = (connections(events), connections(&events[..events.len() / 2]));
    for any_order in [false, true] {
        let comparing = Comparing {
            any_order,
            handshake: true,
            timing: true,
            max_changes: 3,
            ..Comparing::default()
        };
        let same = compare(&whole, &whole, &comparing, &mut |found| panic!("{found:?}"));
        assert_eq!(same.totals.differences(), 0);
        let names = ["a".to_owned(), "b".to_owned()];
        let mut human = Human::new(Style::plain(), Some(40), names, true);
        let mut count = 0;
        let compared = compare(&half, &whole, &comparing, &mut |found| {
            count += 1;
            let text = human.lines(found);
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
            assert!(json::difference(found).is_object());
            ControlFlow::Continue(())
        });
        assert_eq!(compared.totals.differences(), count);
    }
}

fn connections(events: &[Recorded]) -> Vec<Connection> {
    let (selector, ignore) = (Selector::Only, Ignore::default());
    let mut collector = Collector::new(Collecting { selector, ignore, control: true });
    let all = events.iter().cloned().all(|event| collector.push(event).is_continue());
    assert!(all);
    collector.finish().unwrap_or_default()
}

type Result = std::result::Result<wscope::recording::Summary, ReadError>;

/// The events of a file of which at most so many bytes are read at once.
fn events(data: &[u8], step: usize) -> (Vec<Recorded>, Result) {
    let mut events = Vec::new();
    let limits = Limits { max_size: MAX_SIZE };
    let result = read("file", Steps(data, step), &limits, &mut |event| {
        events.push(event);
        ControlFlow::Continue(())
    });
    (events, result)
}

fn is_message(event: &Recorded) -> bool {
    use wscope::recording::RecordedKind::{FileSent, Message};
    matches!(event.what, Message(_) | FileSent { .. })
}

struct Steps<'a>(&'a [u8], usize);

impl std::io::Read for Steps<'_> {
    fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
        let step = self.1.min(space.len());
        self.0.read(&mut space[..step])
    }
}
