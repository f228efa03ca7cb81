//! Tables and cases.

use super::*;

#[test]
fn the_memory_of_a_long_record_is_freed() {
    let mut cutter = Cutter::new(InputFraming::Lines, MessageKind::Binary);
    for _ in 0..2 {
        let mut rest = 2 * KEEP_SIZE;
        while rest > 0 {
            let space = cutter.space();
            let count = rest.min(space.len());
            space[..count].fill(b'x');
            rest -= count;
            if rest == 0 {
                space[count - 1] = b'\n';
            }
            cutter.filled(count);
        }
        assert!(cutter.has_record());
        let Next::Message(_, data) = cutter.next() else { panic!("no message") };
        assert_eq!(data.len(), 2 * KEEP_SIZE - 1);
        assert!(!cutter.has_record());
        cutter.release_idle_memory();
        assert_eq!(cutter.buffer.capacity(), 0);
    }
}

#[test]
fn messages_that_were_read_and_not_taken_are_counted() {
    let (text_line, ping_line) = ("{\"type\":\"text\",\"data\":\"a\"}\n", "{\"type\":\"ping\"}\n");
    for (framing, input, expected) in [
        (InputFraming::Lines, &b"one\ntwo\nthree\nhalf"[..], 2),
        (InputFraming::Nul, b"one\0two\nthree\0", 1),
        (InputFraming::Commands, b"/ping\n/ping\ntext\n//text\n/binary 00\n/binary @f\n/close", 4),
        (
            InputFraming::Json,
            [text_line, ping_line, "\n", text_line, "{\"ty"].concat().as_bytes(),
            1,
        ),
        (InputFraming::Chunks, b"bytes", 0),
    ] {
        let mut cutter = Cutter::new(framing, MessageKind::Text);
        cutter.space()[..input.len()].copy_from_slice(input);
        cutter.filled(input.len());
        assert!(cutter.has_record());
        assert!(matches!(cutter.next(), Next::Message(..) | Next::Action(_)));
        assert_eq!(cutter.take_waiting_messages(), expected, "{framing:?}");
        assert_eq!(cutter.take_waiting_messages(), 0);
    }
}

/// Feeds pieces and the end; returns the messages and how the input ended.
fn cut(
    framing: InputFraming,
    kind: MessageKind,
    pieces: &[&[u8]],
) -> (Vec<String>, Option<String>) {
    let mut cutter = Cutter::new(framing, kind);
    let mut messages = Vec::new();
    for piece in pieces.iter().chain([&&b""[..]]) {
        cutter.space()[..piece.len()].copy_from_slice(piece);
        cutter.filled(piece.len());
        while cutter.has_record() {
            match cutter.next() {
                Next::Message(_, data) => messages.push(String::from_utf8_lossy(data).into()),
                Next::Action(Action::Send(_, data)) => {
                    messages.push(String::from_utf8_lossy(&data).into());
                }
                Next::Failed(error) => return (messages, Some(error.to_string())),
                other => panic!("{other:?}"),
            }
        }
        if cutter.has_ended() {
            break;
        }
    }
    match cutter.next() {
        Next::End => (messages, None),
        Next::Failed(error) => (messages, Some(error.to_string())),
        other => panic!("{other:?}"),
    }
}

fn good(framing: InputFraming, bytes: &[u8], expected: &[&str]) {
    for at in 0..=bytes.len() {
        let pieces = [&bytes[..at], &bytes[at..]];
        let pieces: Vec<_> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        let (messages, failure) = cut(framing, MessageKind::Text, &pieces);
        assert_eq!(
            (messages, failure),
            (expected.iter().map(ToString::to_string).collect(), None),
            "cut at {at}"
        );
    }
}

#[test]
fn records_are_split_by_the_framing() {
    good(InputFraming::Lines, "a\n\n한글\nlast".as_bytes(), &["a", "", "한글", "last"]);
    good(InputFraming::Lines, b"a\r\n", &["a\r"]);
    good(InputFraming::Lines, b"", &[]);
    good(InputFraming::Lines, b"\n", &[""]);
    good(InputFraming::Nul, b"a\nb\0c\0", &["a\nb", "c"]);
    good(InputFraming::Whole, b"a\nb\0c", &["a\nb\0c"]);
    good(InputFraming::Whole, b"", &[""]);
}

#[test]
fn chunks_never_cut_a_character() {
    let text = "a한b😀".as_bytes();
    for at in 1..text.len() {
        let (messages, failure) =
            cut(InputFraming::Chunks, MessageKind::Text, &[&text[..at], &text[at..]]);
        assert_eq!((messages.concat().as_bytes(), failure), (text, None), "cut at {at}");
    }
}

#[test]
fn invalid_utf8_is_located_and_earlier_records_are_kept() {
    let bytes = b"one\ntwo\nth\xffee\nfour\n";
    for at in 0..=bytes.len() {
        let pieces = [&bytes[..at], &bytes[at..]];
        let pieces: Vec<_> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        let (messages, failure) = cut(InputFraming::Lines, MessageKind::Text, &pieces);
        assert_eq!(messages, ["one", "two"], "cut at {at}");
        assert!(
            failure
                .as_deref()
                .is_some_and(|text| text.contains("line 3, byte 3: invalid UTF-8 (byte 11"))
        );
    }
    let (messages, failure) = cut(InputFraming::Lines, MessageKind::Text, &[b"ok\nab\xe2\x82"]);
    assert_eq!(messages, ["ok"]);
    assert!(failure.is_some_and(|text| text.contains("line 2, byte 3")));
    for (bytes, cause) in [
        (&b"ok\nab\xe2\x82"[..], "of the input): a truncated character; "),
        (b"ok\nab\xed\xa0\x80c\n", "of the input): a UTF-16 surrogate; "),
        (b"ok\nab\xe9", "of the input); "),
    ] {
        for at in 1..bytes.len() {
            let pieces = [&bytes[..at], &bytes[at..]];
            let (_, failure) = cut(InputFraming::Lines, MessageKind::Text, &pieces);
            assert!(failure.as_deref().is_some_and(|it| it.contains(cause)), "{at}: {failure:?}");
        }
    }
    for (framing, bytes, place) in [
        (
            InputFraming::Whole,
            &b"one\ntwo\nth\xffee"[..],
            "line 3, byte 3: invalid UTF-8 (byte 11 ",
        ),
        (InputFraming::Chunks, b"one\ntwo\nth\xffee", "line 3, byte 3: invalid UTF-8 (byte 11 "),
        (InputFraming::Nul, b"one\ntwo\0th\xffee", "record 2, byte 3: invalid UTF-8 (byte 11 "),
        (InputFraming::Whole, b"\xff", "line 1, byte 1: invalid UTF-8 (byte 1 "),
    ] {
        for at in 0..bytes.len() {
            let pieces = [&bytes[..at], &bytes[at..]];
            let pieces: Vec<_> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
            let (_, failure) = cut(framing, MessageKind::Text, &pieces);
            assert!(failure.as_deref().is_some_and(|it| it.contains(place)), "{at}: {failure:?}");
        }
    }
    let (messages, failure) = cut(InputFraming::Lines, MessageKind::Binary, &[b"\xff\n"]);
    assert_eq!((messages.len(), failure), (1, None));
}

/// Regression: the search for more went on behind the end of the input, a panic.
#[test]
fn nothing_waits_behind_a_failure() {
    for (framing, bytes) in [
        (InputFraming::Json, &b"{}\nnext"[..]),
        (InputFraming::Commands, b"/nope\nnext"),
        (InputFraming::Lines, b"\xff\nnext"),
    ] {
        let mut cutter = Cutter::new(framing, MessageKind::Text);
        cutter.space()[..bytes.len()].copy_from_slice(bytes);
        cutter.filled(bytes.len());
        assert!(cutter.has_record());
        assert!(matches!(cutter.next(), Next::Failed(_)), "{framing:?}");
        assert_eq!(cutter.take_waiting_messages(), 0, "{framing:?}");
    }
}

#[test]
fn invalid_json_is_located() {
    let (messages, failure) = cut(
        InputFraming::Json,
        MessageKind::Text,
        &[b"{\"type\":\"text\",\"data\":\"a\"}\n\n{\"type\":\n"],
    );
    assert_eq!(messages, ["a"]);
    assert!(failure.as_deref().is_some_and(|text| text.contains("line 3, byte ")), "{failure:?}");
}
