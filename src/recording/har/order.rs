//! The events of several entries, in the order of time.

use std::time::Duration;

use super::events::{EntryEvents, Part};
use super::time::{Micros, wall};
use crate::event::Stamp;
use crate::recording::Recorded;

/// All events in the order of time; those of an entry stay in theirs. Connections are told apart by their numbers: those
/// that were recorded, else from 1 if there are several in the file of another program.
pub(super) fn in_order(lists: Vec<EntryEvents>) -> impl Iterator<Item = Recorded> {
    let numbers = numbers(&lists);
    let has_elapsed = lists.iter().flat_map(|list| &list.events).all(|it| it.elapsed.is_some());
    let first = lists.iter().flat_map(|list| &list.events).map(|event| event.time).min();
    let first = first.unwrap_or_default();
    let count = lists.iter().map(|list| list.events.len()).sum();
    let mut all: Vec<(Micros, Recorded)> = Vec::with_capacity(count);
    for (list, connection) in lists.into_iter().zip(numbers) {
        let mut key = Micros::MIN;
        for event in list.events {
            let since = event.time.saturating_sub(first);
            let elapsed = event.elapsed.unwrap_or(since);
            // The clock may have been set back, but what elapsed only grows.
            let order = if has_elapsed { list.earlier.saturating_add(elapsed) } else { event.time };
            key = key.max(order);
            let elapsed = Duration::from_micros(u64::try_from(elapsed).unwrap_or_default());
            let at = Stamp { wall: wall(event.time), elapsed };
            all.push((key, Recorded { at, connection, transit: event.transit, what: event.what }));
        }
    }
    all.sort_by_key(|(key, _)| *key);
    all.into_iter().map(|(_, event)| event)
}

/// The numbers of the connections of the entries.
fn numbers(lists: &[EntryEvents]) -> Vec<Option<u64>> {
    // What this program recorded without numbers were connections one after the other.
    if lists.iter().any(|list| list.connection.is_some()) || lists.iter().all(|list| list.is_own) {
        return lists.iter().map(|list| list.connection).collect();
    }
    let is_connection = |list: &&EntryEvents| list.part == Part::Connection;
    if lists.iter().filter(is_connection).count() < 2 {
        return vec![None; lists.len()];
    }
    let mut number = 1;
    let mut next = |list: &EntryEvents| match list.part {
        Part::Run => None,
        Part::Redirect => Some(number),
        Part::Connection => {
            number += 1;
            Some(number - 1)
        }
    };
    lists.iter().map(&mut next).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::events::EntryEvent;
    use super::*;
    use crate::protocol::vocabulary::Direction;
    use crate::recording::RecordedKind;

    fn list(part: Part, connection: Option<u64>, times: &[Micros]) -> EntryEvents {
        let event = |time: &Micros| EntryEvent {
            time: *time,
            elapsed: None,
            transit: None,
            what: RecordedKind::Ping(Direction::Sent, Bytes::new().into()),
        };
        EntryEvents {
            events: times.iter().map(event).collect(),
            connection,
            part,
            skipped: None,
            is_own: false,
            earlier: 0,
        }
    }

    fn order(lists: Vec<EntryEvents>) -> Vec<(Option<u64>, u128)> {
        in_order(lists).map(|event| (event.connection, event.at.elapsed.as_micros())).collect()
    }

    #[test]
    fn entries_are_numbered_if_there_are_several() {
        use Part::{Connection, Redirect, Run};
        let one = vec![list(Redirect, None, &[10]), list(Connection, None, &[11, 15])];
        assert_eq!(order(one), [(None, 0), (None, 1), (None, 5)]);
        let several = vec![
            list(Redirect, None, &[10]),
            list(Connection, None, &[11, 15]),
            list(Connection, None, &[12]),
            list(Run, None, &[20]),
        ];
        assert_eq!(
            order(several),
            [(Some(1), 0), (Some(1), 1), (Some(2), 2), (Some(1), 5), (None, 10)]
        );
        let recorded = vec![list(Connection, Some(7), &[10]), list(Connection, None, &[11])];
        assert_eq!(order(recorded), [(Some(7), 0), (None, 1)]);
    }

    #[test]
    fn the_order_of_an_entry_is_kept_if_the_clock_was_set_back() {
        let lists = vec![
            list(Part::Connection, None, &[10, 20, 5, 30]),
            list(Part::Connection, None, &[15, 25]),
        ];
        assert_eq!(
            order(lists),
            [
                (Some(1), 5),
                (Some(2), 10),
                (Some(1), 15),
                (Some(1), 0),
                (Some(2), 20),
                (Some(1), 25)
            ]
        );
    }

    #[test]
    fn any_time_is_possible() {
        let lists = vec![list(Part::Connection, None, &[Micros::MIN, Micros::MAX, 0])];
        assert_eq!(order(lists).len(), 3);
    }
}
