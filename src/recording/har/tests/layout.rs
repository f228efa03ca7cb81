//! What the file has while connections are open at the same time, and on a full disk.

use std::collections::BTreeSet;
use std::io;

use proptest::prelude::*;

use super::*;
use crate::recording::sink::Sink;

/// An event of a connection at this time.
fn event(connection: u64, micros: u64, members: &str) -> Recorded {
    let line = format!(
        r#"{{"event":{members},"time":"2026-01-01T00:00:00.{micros:06}Z","elapsed_ms":{},"connection":{connection}}}"#,
        micros as f64 / 1000.0
    );
    parse_event(line.as_bytes()).expect("an event").expect("a known one")
}

const OPEN: &str = r#""open","url":"ws://h/""#;
const CLOSE: &str = r#""close","code":1000"#;

fn message(text: &str) -> String {
    format!(r#""message","direction":"received","type":"text","data":"{text}""#)
}

/// How often each of some texts is in the file.
fn counts<const N: usize>(file: &[u8], texts: [&str; N]) -> [usize; N] {
    let file = String::from_utf8_lossy(file);
    texts.map(|text| file.matches(text).count())
}

#[test]
fn what_is_complete_is_in_the_file_while_an_older_connection_is_open() {
    let mut file = Vec::new();
    let mut writer = HarWriter::new(std::env::temp_dir());
    let mut put = |event| writer.event(&event, &mut file).expect("a Vec");
    put(event(1, 1, OPEN));
    put(event(1, 2, &message("before")));
    for number in 2..5 {
        put(event(number, number * 10, OPEN));
        put(event(number, number * 10 + 1, &message("of another")));
        put(event(number, number * 10 + 2, CLOSE));
        put(event(1, number * 10 + 3, &message("after")));
    }
    put(event(9, 90, r#""error","kind":"connect","message":"none""#));
    assert_eq!(counts(&file, ["before", "after", "of another", "_error"]), [1, 3, 3, 1]);
    let (read, result) = read_all(&file);
    assert_eq!((read.len(), result.expect("only a warning").warnings.len()), (1 + 4 + 9 + 1, 1));
    writer.finish(&mut file).expect("a Vec");
    assert_eq!(events(&file).len(), 1 + 4 + 9 + 1);
}

#[test]
fn a_long_entry_is_moved_once_as_much_is_complete() {
    let mut file = Vec::new();
    let mut writer = HarWriter::new(std::env::temp_dir());
    let mut found = Vec::new();
    let mut put = |event| {
        writer.event(&event, &mut file).expect("a Vec");
        counts(&file, ["_webSocketClose"])[0]
    };
    put(event(1, 1, OPEN));
    put(event(1, 2, &message(&"x".repeat(600_000))));
    for number in 2..6 {
        put(event(number, number * 10, OPEN));
        put(event(number, number * 10 + 1, &message(&"y".repeat(200_000))));
        found.push(put(event(number, number * 10 + 2, CLOSE)));
    }
    writer.finish(&mut file).expect("a Vec");
    assert_eq!(events(&file).len(), 2 + 4 * 3);
    assert_eq!(found, [0, 0, 3, 3]);
}

/// Threads record their events in batches: one of another connection may be behind a later one.
#[test]
fn a_connection_that_was_opened_before_the_last_event_ends_no_other() {
    let lists = [HarWriter::new, HarWriter::for_file_in].map(|writer| {
        let mut file = Vec::new();
        let mut writer = writer(std::env::temp_dir());
        let mut put = |event| writer.event(&event, &mut file).expect("a Vec");
        put(event(1, 5, OPEN));
        put(event(1, 9, &message("one")));
        put(event(2, 8, OPEN));
        put(event(1, 11, &message("two")));
        put(event(2, 12, CLOSE));
        writer.finish(&mut file).expect("a Vec");
        file
    });
    for file in lists {
        assert_eq!(
            counts(&file, ["_webSocketMessages", "unknown.invalid", "earlier_ms"]),
            [2, 0, 0]
        );
        assert_eq!(events(&file).len(), 5);
    }
}

/// A disk with so much room, on which only what is committed stays.
#[derive(Default)]
struct Disk {
    room: usize,
    file: Vec<u8>,
    pending: Vec<u8>,
    messages: u64,
    pending_messages: u64,
}

impl io::Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Disk {
    fn count(&mut self, messages: u64) {
        self.pending_messages += messages;
    }

    fn commit(&mut self) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let messages = std::mem::take(&mut self.pending_messages);
        if self.file.len() + pending.len() > self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.extend(pending);
        self.messages += messages;
        Ok(())
    }

    fn discard(&mut self) {
        self.pending.clear();
        self.pending_messages = 0;
    }

    fn take_back(
        &mut self,
        bytes: u64,
        messages: u64,
        to: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        self.commit()?;
        self.messages -= messages;
        self.file.take_back(bytes, messages, to)
    }
}

/// Two that are open, and many that end, until the disk is full.
fn filled(mut writer: HarWriter, room: usize) -> (Disk, io::Error, usize) {
    let mut disk = Disk { room, ..Disk::default() };
    let mut put = |event: Recorded| {
        writer.event(&event, &mut disk)?;
        disk.commit()
    };
    put(event(1, 1, OPEN)).expect("room");
    put(event(2, 2, OPEN)).expect("room");
    put(event(1, 3, &message("first"))).expect("room");
    put(event(2, 4, &message("second"))).expect("room");
    let mut closed = 0;
    let mut next = |number: u64| {
        let at = number * 10;
        put(event(number, at, OPEN))?;
        put(event(number, at + 1, &message(&"x".repeat(2000))))?;
        put(event(number, at + 2, CLOSE))?;
        closed += 1;
        Ok(())
    };
    let error = (3..10_000).find_map(|number| next(number).err()).expect("a full disk");
    disk.room += 1000; // as for what ends the file
    let _ = writer.finish(&mut disk);
    (disk, error, closed)
}

#[test]
fn of_several_ends_of_a_connection_the_last_is_kept() {
    let close = r#""close","code":1006,"error_follows":true"#;
    let mut file = Vec::new();
    let mut writer = HarWriter::new(std::env::temp_dir());
    let mut put = |event| writer.event(&event, &mut file).expect("a Vec");
    put(event(1, 1, OPEN));
    (2..50).for_each(|at| put(event(1, at, close)));
    put(event(1, 50, r#""error","kind":"abnormal","message":"lost""#));
    writer.finish(&mut file).expect("a Vec");
    assert_eq!(counts(&file, ["_webSocketClose", "_wscopeError"]), [1, 1]);
}

#[test]
fn a_full_disk_has_all_that_was_complete_and_what_fits() {
    for room in [5000, 20_000, 61_000, 61_500, 62_000, 62_500, 63_000] {
        let (disk, error, closed) = filled(HarWriter::new(std::env::temp_dir()), room);
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let (read, result) = read_all(&disk.file);
        assert!(result.is_ok_and(|summary| summary.warnings.is_empty()), "{room}: not whole");
        let messages = read.iter().filter(|event| event.message().is_some()).count();
        assert_eq!(messages as u64, disk.messages, "{room}");
        assert!(counts(&disk.file, ["first"]) == [1] && messages > closed, "{room}: {messages}");
    }
}

#[test]
fn recording_stops_while_there_is_room_for_what_completes_the_file() {
    let mut writer = HarWriter::with_room(|_| Some(300 << 10));
    let mut file = Vec::new();
    let mut put = |event: Recorded| {
        writer.check_room(200)?;
        writer.event(&event, &mut file)
    };
    put(event(1, 1, OPEN)).expect("room");
    put(event(2, 2, OPEN)).expect("room");
    let mut recorded = 0;
    let error = (3..10_000).find_map(|micros| {
        let error = put(event(2, micros, &message("x"))).err();
        recorded += usize::from(error.is_none());
        error
    });
    let error = error.expect("a full disk").to_string();
    assert_eq!(error, "the disk is full but for what completes the file");
    writer.finish(&mut file).expect("a Vec");
    assert!(file.len() < 300 << 10, "{}", file.len());
    let found = events(&file).iter().filter(|event| event.message().is_some()).count();
    assert!(recorded > 50 && found == recorded, "{found} of {recorded}");
}

/// The entries that are added at the end leave room for what is behind them.
#[test]
fn a_disk_that_is_full_at_the_end_has_a_file_that_is_closed() {
    // The end has 5 bytes.
    for room in (2000..6000).step_by(4) {
        let mut writer = HarWriter::new(std::env::temp_dir());
        let mut disk = Disk { room: usize::MAX, ..Disk::default() };
        for number in 1..4 {
            writer.event(&event(number, number, OPEN), &mut disk).expect("room");
            let message = message(&"x".repeat(900));
            writer.event(&event(number, number, &message), &mut disk).expect("room");
            disk.commit().expect("room");
        }
        disk.room = room;
        let finished = writer.finish(&mut disk);
        assert_eq!(finished.is_ok(), disk.messages == 3, "{room}");
        let (read, result) = read_all(&disk.file);
        assert!(result.is_ok_and(|summary| summary.warnings.is_empty()), "{room}: not whole");
        let messages = read.iter().filter(|event| event.message().is_some()).count();
        assert_eq!(messages as u64, disk.messages, "{room}");
    }
}

/// The numbers of messages `m1;` in a file.
fn numbers(file: &[u8]) -> BTreeSet<u64> {
    let file = String::from_utf8_lossy(file);
    let parts = file.split("\"m").skip(1);
    parts.filter_map(|part| part.split_once(';')?.0.parse().ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_disk_that_is_full_at_any_point_keeps_what_was_in_the_file(
        room in 0_usize..40_000,
        steps in prop::collection::vec((1_u64..5, 0_usize..3000, any::<bool>()), 1..60),
    ) {
        let mut disk = Disk { room, ..Disk::default() };
        let mut writer = HarWriter::new(std::env::temp_dir());
        let mut open = BTreeSet::new();
        let mut kept = BTreeSet::new();
        for (at, (number, length, closes)) in (1..).zip(steps) {
            let members = match open.insert(number) {
                true => OPEN.to_owned(),
                false if closes => {
                    open.remove(&number);
                    CLOSE.to_owned()
                }
                false => message(&format!("m{at};{}", "x".repeat(length))),
            };
            kept = numbers(&disk.file);
            let written = writer.event(&event(number, at, &members), &mut disk);
            if written.and_then(|()| disk.commit()).is_err() {
                disk.discard();
                break;
            }
        }
        disk.room += 3000; // for what ends the file
        let finished = writer.finish(&mut disk);
        let (read, result) = read_all(&disk.file);
        prop_assert!(result.is_ok_and(|summary| summary.warnings.is_empty()), "not whole: {finished:?}");
        let messages = read.iter().filter(|event| event.message().is_some()).count();
        prop_assert_eq!(messages as u64, disk.messages);
        prop_assert!(kept.is_subset(&numbers(&disk.file)));
    }
}
