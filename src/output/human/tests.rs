use std::time::SystemTime;

use super::*;
use crate::event::{Message, Stamp};
use crate::protocol::MessageKind;

pub(in crate::output) fn options() -> HumanOptions {
    HumanOptions {
        style: Style::plain(),
        width: Some(40),
        messages: true,
        detail: Detail::Head,
        full_command: true,
        pretty: true,
        notes_binary: false,
        notes_controls: false,
        answers: true,
        timestamps: None,
        escapes: true,
        failures: true,
    }
}

fn shown(options: HumanOptions, what: EventKind<'_>) -> String {
    let at = Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::from_millis(1500) };
    let mut out = Outlet::memory();
    Human::new(options).event(&Event { at, connection: None, mark: None, what }, &mut out);
    out.text()
}

fn received(kind: MessageKind, data: &[u8]) -> EventKind<'_> {
    EventKind::Message(Message::received(kind, data))
}

#[test]
fn text_is_shown_safe_and_multi_line_text_aligned() {
    assert_eq!(shown(options(), received(MessageKind::Text, b"hello")), "< hello\n");
    assert_eq!(
        shown(options(), received(MessageKind::Text, b"a\nb\x1b[31m\x07")),
        "< a\n  b\\e[31m\\x07\n"
    );
    assert_eq!(shown(options(), received(MessageKind::Text, b"")), "< (empty message)\n");
}

#[test]
fn json_is_indented_only_when_long() {
    assert_eq!(
        shown(options(), received(MessageKind::Text, b"{\"a\":1.0e5}")),
        "< {\"a\":1.0e5}\n"
    );
    let long = b"{\"name\":\"a long enough value\",\"list\":[1,2,3]}";
    let expected = "< {\n    \"name\": \"a long enough value\",\n    \"list\": [1, 2, 3]\n  }\n";
    assert_eq!(shown(options(), received(MessageKind::Text, long)), expected);
}

#[test]
fn binary_and_text_are_distinguished() {
    assert_eq!(
        shown(options(), received(MessageKind::Binary, "안녕".as_bytes())),
        "< (binary) 안녕\n"
    );
    let dump = shown(options(), received(MessageKind::Binary, &[0, 1, b'A']));
    assert!(dump.starts_with("< binary, 3 bytes\n  0000  00 01 41"), "{dump}");
}

#[test]
fn long_messages_are_cut_and_their_size_is_shown() {
    let text = "é".repeat(10_000);
    let shown = shown(options(), received(MessageKind::Text, text.as_bytes()));
    assert!(shown.len() < 8500, "{}", shown.len());
    assert!(
        shown.ends_with(
            "\n  … cut: 8,192 bytes of 20,000 bytes\n  shown; /full shows the last message\n  whole\n"
        ),
        "{shown}"
    );
}

/// Of connection 12.
fn numbered(options: HumanOptions, what: EventKind<'_>) -> String {
    let at = Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::from_millis(1500) };
    let mut out = Outlet::memory();
    Human::new(options).event(&Event { at, connection: Some(12), mark: None, what }, &mut out);
    out.text()
}

#[test]
fn the_prefix_of_a_line_counts_too() {
    let notice = || EventKind::Notice(Level::Warning, "one two three four five");
    assert_eq!(
        shown(options(), notice()),
        "wscope: warning: one two three four five\n",
        "40 columns"
    );
    assert_eq!(
        numbered(options(), notice()),
        "#12 wscope: warning: one two three four\n#12   five\n"
    );
    let timestamps = Some(Timestamps::Relative);
    assert_eq!(
        shown(HumanOptions { timestamps, ..options() }, notice()),
        "  1.500000 wscope: warning: one two\n  1.500000   three four five\n"
    );
    let piped = HumanOptions { escapes: false, width: None, ..options() };
    assert_eq!(numbered(piped, notice()), "#12 wscope: warning: one two three four five\n");
}

#[test]
fn a_dump_fits_behind_the_number_of_its_connection() {
    let at_80 = HumanOptions { width: Some(80), ..options() };
    let bytes: Vec<u8> = (0..32).collect();
    for text in [
        shown(at_80, received(MessageKind::Binary, &bytes)),
        numbered(at_80, received(MessageKind::Binary, &bytes)),
    ] {
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert_eq!(text.lines().count(), 3, "{text}");
    }
}

#[test]
fn times_precede_lines() {
    let timed = |timestamps| {
        shown(
            HumanOptions { timestamps: Some(timestamps), ..options() },
            received(MessageKind::Text, b"x"),
        )
    };
    assert_eq!(timed(Timestamps::Utc), "1970-01-01T00:00:00.000000Z < x\n");
    assert_eq!(timed(Timestamps::Relative), "  1.500000 < x\n");
    assert_eq!(timed(Timestamps::Delta), "+1.500000 < x\n");
}

#[test]
fn the_time_precedes_every_line_of_a_connection() {
    let options = HumanOptions { timestamps: Some(Timestamps::Relative), ..options() };
    for (kind, data, lines) in
        [(MessageKind::Text, &b"a\nb"[..], 2), (MessageKind::Binary, &[0; 20], 4)]
    {
        let alone = shown(options, received(kind, data));
        assert_eq!(alone.lines().count(), lines, "{alone}");
        assert!(alone.lines().all(|line| line.starts_with("  1.500000 ")), "{alone}");
        let one_of_many = numbered(options, received(kind, data));
        assert!(
            one_of_many.lines().all(|line| line.starts_with("  1.500000 #12 ")),
            "{one_of_many}"
        );
    }
}

#[test]
fn durations_are_short() {
    for (micros, text) in [
        (5, "5 µs"),
        (1_234, "1.2 ms"),
        (250_000, "250 ms"),
        (2_500_000, "2.5 s"),
        (185_000_000, "3 min 5 s"),
    ] {
        assert_eq!(stamp::short(Duration::from_micros(micros)), text);
    }
}
