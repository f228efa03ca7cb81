use std::time::SystemTime;

use super::*;
use crate::event::{Mark, Message, Shown, Stamp};
use crate::protocol::MessageKind;

pub(crate) fn options() -> HumanOptions {
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
    let mark = Mark { number: 7, latency: None };
    let mark = matches!(what, EventKind::Message(_)).then_some(&mark);
    Human::new(options).event(&Event { at, connection: None, mark, transit: None, what }, &mut out);
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
fn an_answer_to_a_typed_ping_is_shown_whatever_the_detail() {
    let rtt = Some(Duration::from_millis(2));
    let pong = |data: &'static [u8]| EventKind::Pong(Direction::Received, data.into(), rtt);
    let quiet = HumanOptions { detail: Detail::Quiet, ..options() };
    assert_eq!(shown(quiet, pong(b"hi")), "< pong \"hi\", round trip 2.0 ms\n");
    assert_eq!(shown(HumanOptions { full_command: false, ..quiet }, pong(b"hi")), "", "no prompt");
}

#[test]
fn lines_to_be_copied_are_not_laid_out() {
    let long = format!("> {}\n< b", "word ".repeat(20));
    assert_eq!(shown(options(), EventKind::Shown(Shown::Lines(&long))), format!("{long}\n"));
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
        shown
            .ends_with("\n  … cut: 8,192 bytes of 20,000 bytes\n  shown; /full 7 shows it whole\n"),
        "{shown}"
    );
}

#[test]
fn readable_binary_is_cut_as_text_is() {
    let text = "é".repeat(10_000);
    let [as_text, as_binary] = [MessageKind::Text, MessageKind::Binary]
        .map(|kind| shown(options(), received(kind, text.as_bytes())));
    assert_eq!(as_binary, as_text.replace("< ", "< (binary) "));
    let json = format!("[{}1]", "\"한국 👋\",\n".repeat(100));
    let [as_text, as_binary] = [MessageKind::Text, MessageKind::Binary]
        .map(|kind| shown(options(), received(kind, json.as_bytes())));
    assert_eq!(as_binary, as_text.replace("< ", "< (binary) "));
}

/// Of connection 12.
fn numbered(options: HumanOptions, what: EventKind<'_>) -> String {
    let at = Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::from_millis(1500) };
    let mut out = Outlet::memory();
    Human::new(options)
        .event(&Event { at, connection: Some(12), mark: None, transit: None, what }, &mut out);
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
        "#12 wscope: warning: one two three four\n      five\n"
    );
    let timestamps = Some(Timestamps::Relative);
    assert_eq!(
        shown(HumanOptions { timestamps, ..options() }, notice()),
        "  1.500000 wscope: warning: one two\n  three four five\n"
    );
    let wider = HumanOptions { timestamps, width: Some(44), ..options() };
    assert_eq!(
        shown(wider, notice()),
        "  1.500000 wscope: warning: one two three\n             four five\n"
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
    assert_eq!(timed(Timestamps::Delta), "  +1.500000 < x\n");
}

#[test]
fn lines_that_continue_a_message_are_behind_blanks() {
    let timed = HumanOptions { timestamps: Some(Timestamps::Relative), ..options() };
    let at_80 = HumanOptions { width: Some(80), ..timed };
    let number = "  1.500000 #12 ".to_owned();
    let blanks = " ".repeat(number.len());
    for (data, lines) in [
        (&b"a\nb\n\nc"[..], &["< a", "  b", "  ", "  c"][..]),
        (
            b"{\"name\":\"a value\",\"numbers\":[100,200,300,400,500,600,700,800,900]}",
            &[
                "< {",
                "    \"name\": \"a value\",",
                "    \"numbers\": [100, 200, 300, 400, 500, 600, 700, 800, 900]",
                "  }",
            ],
        ),
    ] {
        let shown = numbered(at_80, received(MessageKind::Text, data));
        let expected: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| format!("{}{line}", if index == 0 { &number } else { &blanks }))
            .collect();
        assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
    }
    let dump = numbered(at_80, received(MessageKind::Binary, &[0; 20]));
    let starts =
        [format!("{number}< binary"), format!("{blanks}  0000"), format!("{blanks}  0000")];
    assert!(dump.lines().zip(starts).all(|(line, start)| line.starts_with(&start)), "{dump}");
}

#[test]
fn in_a_narrow_terminal_only_the_first_line_is_moved() {
    let timed = HumanOptions { timestamps: Some(Timestamps::Utc), ..options() };
    let json = b"{\"numbers\":[100,200,300,400,500,600,700,800,900,1000]}";
    assert_eq!(
        numbered(timed, received(MessageKind::Text, json)),
        "1970-01-01T00:00:00.000000Z #12 < {\n    \"numbers\": [\n      \
         100, 200, 300, 400, 500, 600, 700,\n      800, 900, 1000\n    ]\n  }\n"
    );
    // What fits into a whole line, but not behind the time, is laid out too.
    assert_eq!(
        shown(timed, received(MessageKind::Text, b"[100,200,300]")),
        "1970-01-01T00:00:00.000000Z < [\n    100, 200, 300\n  ]\n"
    );
}

#[test]
fn lines_that_are_no_continuation_keep_time_and_number() {
    let options = HumanOptions {
        timestamps: Some(Timestamps::Relative),
        style: Style::new(true),
        width: Some(80),
        ..options()
    };
    let human = Human { margin: Margin { first: 2, rest: 2 }, ..Human::new(options) };
    let text = format!("a\n{}\nb\n", Style::new(true).paint(Role::Dim, "  continued"));
    assert_eq!(human.behind("1 ", &text), "1 a\n  \u{1b}[2m  continued\u{1b}[0m\n1 b\n");
    let piped = HumanOptions { escapes: false, ..options };
    assert_eq!(Human::new(piped).behind("1 ", "a\n  b\n"), "1 a\n1   b\n");
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
        assert_eq!(short(Duration::from_micros(micros)), text);
    }
}
