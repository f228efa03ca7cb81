//! Small files, large ones, and what changes while it is read.

use std::fs;
use std::time::{Duration, Instant};

use mio::{Poll, Token};

use super::*;

const LARGE: usize = MAX_LOADED as usize + 1;

fn file(contents: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("file");
    fs::write(&path, contents).expect("a file");
    (folder, path)
}

fn loaded(contents: &[u8], kind: FileKind) -> Result<Loaded, String> {
    let (_folder, path) = file(contents);
    load(&path, kind).map_err(|error| error.to_string())
}

/// All pieces joined, and how the file ended.
fn streamed(path: &Path, kind: MessageKind) -> (Option<u64>, Vec<u8>, Option<String>) {
    let poll = Poll::new().expect("a poll");
    let waker = Arc::new(Waker::new(poll.registry(), Token(0)).expect("a waker"));
    let message = FileMessage { path: path.to_owned(), kind, name: String::new() };
    let stream = FileStream::start(&message, waker).expect("a thread");
    let (mut announced, mut all) = (None, Vec::new());
    let deadline = Instant::now() + Duration::from_secs(10);
    while announced.is_none_or(|length| (all.len() as u64) < length) {
        assert!(Instant::now() < deadline, "no piece in time");
        match stream.poll() {
            Some(Piece::First { length, bytes }) => {
                announced = Some(length);
                all.extend(bytes);
            }
            Some(Piece::Next(bytes)) => all.extend(bytes),
            Some(Piece::Failed(error)) => return (announced, all, Some(error.to_string())),
            None => thread::yield_now(),
        }
    }
    (announced, all, None)
}

#[test]
fn a_small_file_is_loaded() {
    let text = Loaded::Payload(MessageKind::Text, b"abc".to_vec());
    assert_eq!(loaded(b"abc", FileKind::Text), Ok(text));
    let binary = |data: &[u8]| Ok(Loaded::Payload(MessageKind::Binary, data.to_vec()));
    assert_eq!(loaded(b"abc", FileKind::Binary), binary(b"abc"));
    assert_eq!(loaded(b"\xff", FileKind::Detected), binary(b"\xff"));
    let fault = "line 2, byte 3: invalid UTF-8 (byte 6 of the file); --binary sends any bytes";
    assert_eq!(loaded(b"ok\nab\xff", FileKind::Text), Err(fault.to_owned()));
}

#[test]
fn only_the_type_of_a_large_file_is_determined() {
    let mut text = vec![b'a'; LARGE];
    text[300_000] = b'\n';
    assert_eq!(loaded(&text, FileKind::Text), Ok(Loaded::Large(MessageKind::Text)));
    assert_eq!(loaded(&text, FileKind::Detected), Ok(Loaded::Large(MessageKind::Text)));
    assert_eq!(loaded(&text, FileKind::Binary), Ok(Loaded::Large(MessageKind::Binary)));
    text[600_000] = 0xff;
    assert_eq!(loaded(&text, FileKind::Detected), Ok(Loaded::Large(MessageKind::Binary)));
    let error = loaded(&text, FileKind::Text).expect_err("it is not UTF-8");
    assert!(error.starts_with("line 2, byte 300000: invalid UTF-8 (byte 600001 "), "{error}");
}

#[test]
fn the_position_of_a_fault_does_not_depend_on_the_pieces() {
    let text = b"one\nt\xc3\xa4o\n\xe2\x82\n";
    for at in 0..text.len() {
        let mut check = TextCheck::default();
        let pushed = check.push(&text[..at]).and_then(|()| check.push(&text[at..]));
        let error = pushed.expect_err("a truncated character").to_string();
        assert!(error.starts_with("line 3, byte 1: invalid UTF-8 (byte 10 "), "{at}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn an_endless_device_is_an_error() {
    let error = load(Path::new("/dev/zero"), FileKind::Binary).expect_err("it has no end");
    assert_eq!(error.to_string(), "more than 64 MiB; only a regular file can be larger");
}

#[test]
fn pieces_are_the_file() {
    let contents: Vec<u8> = (0..LARGE).map(|index| index as u8).collect();
    for size in [0, 1, PIECE, PIECE + 1, LARGE] {
        let (_folder, path) = file(&contents[..size]);
        let (length, all, error) = streamed(&path, MessageKind::Binary);
        assert_eq!((length, error), (Some(size as u64), None));
        assert!(all == contents[..size], "{size}");
    }
}

#[test]
fn text_that_becomes_invalid_utf8_is_not_passed_on() {
    let mut text = vec![b'a'; LARGE];
    *text.last_mut().expect("a byte") = 0xc3;
    let (_folder, path) = file(&text);
    let (length, all, error) = streamed(&path, MessageKind::Text);
    assert_eq!(length, Some(LARGE as u64));
    assert!(all.len() < LARGE, "the message could be completed");
    assert!(error.is_some_and(|error| error.contains("invalid UTF-8")));
}

#[test]
fn a_path_that_is_not_a_file_is_an_error() {
    let (folder, path) = file(b"x");
    fs::remove_file(&path).expect("it is there");
    let (length, _, error) = streamed(&path, MessageKind::Text);
    assert_eq!(length, None);
    assert!(error.is_some_and(|error| error.contains("os error 2")));
    assert!(streamed(folder.path(), MessageKind::Text).2.is_some(), "a folder");
}
