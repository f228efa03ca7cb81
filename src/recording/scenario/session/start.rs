//! Where a handshake began, of which a recording has the end.

use std::time::{Duration, SystemTime};

use crate::protocol::connection::Initiator;
use crate::recording::{Recorded, RecordedKind};

/// How many events of other connections are looked at, back from the end of a handshake.
const MAX_EVENTS: usize = 10_000;

const MILLISECOND: Duration = Duration::from_millis(1);

/// The number of the first event behind the start of the handshake whose end is the event `number`, and which took `took`.
pub(super) fn place_of(number: usize, took: Duration, events: &[Recorded]) -> usize {
    let opened = &events[number];
    if took.is_zero() {
        return number;
    }
    let Some(wall) = opened.at.wall.checked_sub(took) else { return number };
    let elapsed = opened.at.elapsed.saturating_sub(took);
    let imprecision = imprecision(wall);
    let first = number.saturating_sub(MAX_EVENTS);
    let is_before = |event: &Recorded| {
        // Both clocks: what elapsed begins again where a run was appended to the recording of another.
        let is_behind = event.at.elapsed > elapsed.saturating_add(imprecision)
            && event.at.wall.duration_since(wall).is_ok_and(|since| since > imprecision);
        !is_behind || comes_first(event, opened)
    };
    let before = events[first..number].iter().rposition(is_before);
    before.map_or(first, |before| first + before + 1)
}

/// How much later than its recorded time a handshake may have begun: browsers write milliseconds without a fraction.
fn imprecision(wall: SystemTime) -> Duration {
    let fraction = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().subsec_micros();
    match fraction % 1000 {
        0 => MILLISECOND - Duration::from_micros(1),
        _ => Duration::ZERO,
    }
}

/// Whether an event is one of the same connection, or of an earlier one with its number, or the end of one that its client
/// closed. The event of such an end does not say when the Close frame was sent: clients close one connection, and at once
/// open the next.
fn comes_first(event: &Recorded, opened: &Recorded) -> bool {
    match &event.what {
        RecordedKind::Redirect(_) => false,
        RecordedKind::Closed(closed) if closed.ending.initiator == Initiator::Local => true,
        _ => event.connection == opened.connection,
    }
}
