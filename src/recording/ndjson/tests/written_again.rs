//! What is written, read and written again is the same.

use std::io;

use proptest::collection::vec;
use proptest::prelude::*;

use super::generate::event;
use super::{events, json};
use crate::output::json::JsonFrames;
use crate::recording::{Recorded, RecordedKind};

/// Reads at most so many bytes at once.
struct Steps<'a>(&'a [u8], usize);

impl io::Read for Steps<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let step = self.1.min(space.len());
        self.0.read(&mut space[..step])
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_events_are_the_same_after_reading(
        written in vec(event(), 1..8),
        step in 1..300usize,
        has_payloads in any::<bool>(),
    ) {
        let frames = if has_payloads { JsonFrames::Payloads } else { JsonFrames::Headers };
        let text = json(&written, frames);
        let (found, result) = events(Steps(text.as_bytes(), step));
        let summary = result.unwrap_or_else(|error| panic!("{error}\n{text}"));
        prop_assert!(summary.warnings.is_empty(), "{summary:?}");
        prop_assert_eq!(found.len(), written.len());
        prop_assert_eq!(json(&found, frames), text);
        for (found, written) in found.iter().zip(&written) {
            prop_assert_eq!((found.at, found.connection), (written.at, written.connection));
            if let Some(message) = written.message() {
                prop_assert_eq!(found.message(), Some(message));
            }
        }
    }

    #[test]
    fn any_changed_byte_is_read_or_named(
        written in vec(event(), 1..4),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut text = json(&written, JsonFrames::Payloads).into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let (found, result) = events(&text[..]);
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let lines = lines.count() as u64;
        let accounted = match result {
            Ok(summary) => {
                let cut = summary.warnings.iter().filter(|it| it.contains("is cut")).count();
                summary.events + summary.unknown + cut as u64
            }
            Err(crate::recording::ReadError::Broken { others, .. }) => {
                found.len() as u64 + 1 + others // at most one more line has become unknown
            }
            Err(error) => panic!("{error}"),
        };
        prop_assert!(accounted == lines || accounted + 1 == lines, "{accounted} of {lines}");
    }
}

#[test]
fn frames_without_their_payload_have_none_when_written_with_payloads() {
    let line = r#"{"event":"frame","direction":"sent","opcode":"text","size":1,"header":"8101"}"#;
    let (found, _) = events(line.as_bytes());
    let [Recorded { what: RecordedKind::Frame(frame), .. }] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(frame.payload.is_empty());
    assert!(!json(&found, JsonFrames::Payloads).contains("\"data\""));
}
