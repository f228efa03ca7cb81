//! HARs.
//!
//! Input: the bytes of a file.

use std::ops::ControlFlow;

use wscope::recording::har::{HarWriter, read};
use wscope::recording::{Limits, Recorded, RecordedMessage};

/// Nothing panics, what is wrong is named with the file, and what was read can be written and read again.
pub fn run(data: &[u8]) {
    let (events, errors) = read_all(data);
    assert!(errors.iter().all(|error| error.starts_with("x.har:")), "{errors:?}");
    let mut file = Vec::new();
    let mut writer = HarWriter::new(std::env::temp_dir());
    for event in &events {
        writer.event(event, &mut file).expect("a Vec");
    }
    writer.finish(&mut file).expect("a Vec");
    let (again, errors) = read_all(&file);
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(sorted(&events), sorted(&again));
}

/// All events, and what was wrong.
fn read_all(data: &[u8]) -> (Vec<Recorded>, Vec<String>) {
    let mut events = Vec::new();
    let result = read("x.har", data, &Limits { max_size: 1 << 20 }, &mut |event| {
        events.push(event);
        ControlFlow::Continue(())
    });
    let errors = result.map_or_else(|error| vec![error.to_string()], |summary| summary.warnings);
    (events, errors)
}

/// The messages: their order depends on times that may go back.
fn sorted(events: &[Recorded]) -> Vec<(bool, Vec<u8>)> {
    let key = |message: &RecordedMessage| {
        (message.direction == wscope::protocol::vocabulary::Direction::Sent, message.data.to_vec())
    };
    let mut messages: Vec<_> = events.iter().filter_map(Recorded::message).map(key).collect();
    messages.sort();
    messages
}
