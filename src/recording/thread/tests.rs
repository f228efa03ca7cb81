use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use mio::{Poll, Token, Waker};

use super::*;
use crate::platform::record_file::{Existing, RecordFile};
use crate::recording::progress::State;
use crate::recording::scenario::Settings;
use crate::recording::writer::{RecordFormat, RecordWriter};

/// Writes each line between brackets, and refuses one that is "bad".
struct Brackets;

impl RecordWriter for Brackets {
    fn line(&mut self, line: &[u8], file: &mut dyn Sink) -> io::Result<()> {
        match line {
            b"bad" => Err(io::Error::other("a bad line")),
            line => {
                file.count(1);
                write!(file, "[{}]", String::from_utf8_lossy(line))
            }
        }
    }

    fn finish(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        file.write_all(b"end")
    }
}

/// Some bytes in which so many messages end, of an event in parts or not.
fn batch(text: &str, messages: usize, continues: bool, is_continued: bool) -> Batch {
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    let message_ends = ends.take(messages).collect();
    Batch {
        bytes: text.into(),
        message_ends,
        continues,
        is_continued,
        is_cut: false,
        ..Batch::default()
    }
}

/// Writes these batches. Returns the content of the file and how far it was written.
fn written(batches: Vec<Batch>, content: Content) -> (String, State) {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("r");
    let file = RecordFile::open(&path, Existing::Refuse, |_| None).expect("a new file");
    let state = written_to(OpenFile { file, content }, batches);
    (std::fs::read_to_string(&path).expect("the file"), state)
}

fn written_to(open: OpenFile, batches: Vec<Batch>) -> State {
    let (queue, progress) = (BatchQueue::lossless_in_parts().for_much(), Arc::default());
    let poll = Poll::new().expect("a poll");
    let waker = Arc::new(Waker::new(poll.registry(), Token(0)).expect("a waker"));
    let sender = queue.sender(waker);
    for mut batch in batches {
        assert!(sender.offer(&mut batch));
    }
    drop(sender);
    queue.end();
    FileWriter::new(open, queue, Arc::clone(&progress)).run();
    std::mem::take(&mut *progress.state())
}

#[test]
fn lines_are_written_as_they_are_and_counted() {
    let batches = vec![
        batch("open\none\n", 1, false, false),
        batch("a long ", 0, false, true),
        batch("message\n", 1, true, false),
    ];
    let (text, state) = written(batches, Content::Lines);
    assert_eq!(text, "open\none\na long message\n");
    assert_eq!(state.counts, Counts { messages: 2, size: text.len() as u64 });
    assert!(state.failure.is_none());
}

#[test]
fn a_line_whose_rest_does_not_come_is_removed() {
    // The sender is dropped in the middle.
    let batches = vec![batch("one\n", 1, false, false), batch("a long ", 0, false, true)];
    let (text, state) = written(batches, Content::Lines);
    assert_eq!((text.as_str(), state.counts), ("one\n", Counts { messages: 1, size: 4 }));
}

#[test]
fn a_writer_gets_whole_lines() {
    let batches = vec![
        batch("one\ntwo\n", 2, false, false),
        batch("a long ", 0, false, true),
        batch("message\n", 1, true, false),
    ];
    let (text, state) = written(batches, Content::Converted(Box::new(Brackets)));
    assert_eq!(text, "[one][two][a long message]end");
    assert_eq!(state.counts, Counts { messages: 3, size: text.len() as u64 });
}

#[test]
fn a_writer_gets_no_line_whose_rest_does_not_come() {
    let batches = vec![batch("one\n", 1, false, false), batch("a long ", 0, false, true)];
    assert_eq!(written(batches, Content::Converted(Box::new(Brackets))).0, "[one]end");
}

#[test]
fn a_writer_that_fails_ends_the_recording() {
    let batches = vec![
        batch("one\n", 1, false, false),
        batch("two\nbad\n", 2, false, false),
        batch("three\n", 1, false, false),
    ];
    let (text, state) = written(batches, Content::Converted(Box::new(Brackets)));
    assert_eq!((text.as_str(), state.counts.messages), ("[one][two]end", 2));
    assert_eq!(state.failure.map(|error| error.to_string()).as_deref(), Some("a bad line"));
}

/// Counts how often it is asked for the end.
struct Ends(Arc<AtomicUsize>);

impl RecordWriter for Ends {
    fn line(&mut self, line: &[u8], file: &mut dyn Sink) -> io::Result<()> {
        file.write_all(line)
    }

    fn finish(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        file.write_all(b"end")
    }
}

#[test]
fn the_end_is_made_once_if_the_file_fails() {
    for batches in [Vec::new(), vec![batch("one\n", 1, false, false)]] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("r");
        let mut file = RecordFile::open(&path, Existing::Refuse, |_| None).expect("a new file");
        file.file = std::fs::File::open(&path).expect("the file"); // it cannot be written
        let ends = Arc::<AtomicUsize>::default();
        let content = Content::Converted(Box::new(Ends(Arc::clone(&ends))));
        let state = written_to(OpenFile { file, content }, batches);
        assert!(state.failure.is_some());
        assert_eq!(ends.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn what_ends_is_in_a_har_and_counted_before_what_was_opened_first_ends() {
    let event = |connection: u64, at: u64, members: &str| {
        format!(
            r#"{{"event":{members},"time":"2026-01-01T00:00:00.{at:06}Z","elapsed_ms":{at},"connection":{connection}}}"#
        ) + "\n"
    };
    let message = r#""message","direction":"received","type":"text","data":"hi""#;
    let mut lines = event(1, 1, r#""open","url":"ws://h/""#) + &event(1, 2, message);
    for number in 2..500 {
        let at = number * 10;
        lines += &event(number, at, r#""open","url":"ws://h/""#);
        lines += &event(number, at + 1, message);
        lines += &event(number, at + 2, r#""close","code":1000"#);
        lines += &event(1, at + 3, message);
    }
    let ended = batch(&lines, 0, false, false);
    let bad = batch("bad\n", 0, false, false);
    let folder = tempfile::tempdir().expect("a folder");
    let content = RecordFormat::Har.content(&folder.path().join("x.har"), &Settings::default());
    let (text, state) = written(vec![ended, bad], content);
    assert!(state.failure.is_some());
    assert_eq!(state.counts, Counts { messages: 2 * 498 + 1, size: text.len() as u64 });
    let har: serde_json::Value = serde_json::from_str(&text).expect("a whole file");
    let entries = har["log"]["entries"].as_array().expect("entries");
    let messages = entries.iter().map(|it| it["_webSocketMessages"].as_array().map_or(0, Vec::len));
    assert_eq!(messages.collect::<Vec<_>>(), [vec![1; 498], vec![499]].concat());
}
