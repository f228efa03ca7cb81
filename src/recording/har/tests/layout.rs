//! What the file has while connections are open at the same time, and on a full disk.

use std::io;

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
    let mut put = |event| writer.event(&event, &mut file);
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
    assert!(recorded > 100 && found == recorded, "{found} of {recorded}");
}
