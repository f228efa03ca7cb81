//! What is written is read back, and what other programs write is read.

mod dialects;
mod importer;
mod round_trip;
mod sessions;

use std::ops::ControlFlow;

use super::{HarWriter, read};
use crate::output::json::line;
use crate::recording::{Limits, ReadError, Recorded, Summary};

/// The events of a HAR, and how its reading ended.
fn read_all(har: &[u8]) -> (Vec<Recorded>, Result<Summary, ReadError>) {
    let mut events = Vec::new();
    let result = read("x.har", har, &Limits::default(), &mut |event| {
        events.push(event);
        ControlFlow::Continue(())
    });
    (events, result)
}

/// The events of a HAR without mistakes.
fn events(har: &[u8]) -> Vec<Recorded> {
    let (events, result) = read_all(har);
    assert_eq!(result.map(|summary| summary.warnings).map_err(|it| it.to_string()), Ok(vec![]));
    events
}

/// An event as it is in a recording of lines.
fn shown(event: &Recorded) -> String {
    String::from_utf8(event.with_event(line)).expect("UTF-8").trim_end().to_owned()
}

fn written(events: &[Recorded]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = HarWriter::new(std::env::temp_dir());
    for event in events {
        writer.event(event, &mut file).expect("a Vec");
    }
    writer.finish(&mut file).expect("a Vec");
    file
}
