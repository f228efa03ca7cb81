//! Values in texts of any kind: each is a variable, or named in a comment.

use super::captures::session;
use super::{
    Settings, close, closed, generate, message, now, open, opened, received, scenario, sent, steps,
};
use crate::protocol::MessageKind;
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;
use crate::recording::{Recorded, RecordedKind};

const ID: &str = "9f86d081-884c";

fn welcome() -> Recorded {
    received(r#"{"type":"welcome","id":"9f86d081-884c"}"#)
}

fn ping(direction: Direction, data: &'static [u8]) -> Recorded {
    now(RecordedKind::Ping(direction, data.into()))
}

fn pong(direction: Direction, data: &'static [u8]) -> Recorded {
    now(RecordedKind::Pong(direction, data.into(), None))
}

fn binary(direction: Direction, data: &[u8]) -> Recorded {
    message(direction, MessageKind::Binary, data)
}

/// The steps behind the capture.
fn behind(events: Vec<Recorded>) -> Vec<String> {
    let all: Vec<_> = [open(), welcome()].into_iter().chain(events).collect();
    steps(&all)
}

#[test]
fn values_in_control_frames_and_reasons_are_variables() {
    let found = behind(vec![
        ping(Direction::Sent, b"9f86d081-884c"),
        pong(Direction::Received, b"9f86d081-884c"),
        pong(Direction::Sent, b"is 9f86d081-884c"),
        closed(
            Initiator::Local,
            close(1000, "bye 9f86d081-884c"),
            close(1000, "bye 9f86d081-884c"),
        ),
    ]);
    assert_eq!(
        found,
        [
            r#"< {"type":"welcome"}"#,
            "[Captures]",
            r#"id: jsonpath "$.id""#,
            "> ping:{{id}}",
            "< pong:{{id}}",
            "> pong:is {{id}}",
            "> close:1000 bye {{id}}",
            "< close:1000 bye {{id}}",
        ]
    );
}

#[test]
fn values_in_binary_messages_are_named() {
    let packed = [b"\x81\xa2id\xad", ID.as_bytes(), b"\xc0"].concat();
    let found = behind(vec![binary(Direction::Sent, &packed), sent(ID)]);
    assert_eq!(
        found[3],
        "# The server sent 9f86d081-884c before, and no variable can stand in binary data: \
         the next time it may be another one."
    );
    assert_eq!(found.last().map(String::as_str), Some("> {{id}}"));
}

/// Nothing is captured from these.
#[test]
fn values_that_came_in_binary_messages_pings_and_reasons_are_named() {
    let further = || now(RecordedKind::Open(Box::new(opened("ws://h/9f86d081-884c", &[]))));
    for first in [
        binary(Direction::Received, b"\x81\xa2id\xad9f86d081-884c"),
        ping(Direction::Received, b"9f86d081-884c"),
        closed(Initiator::Peer, None, close(4000, "resume=9f86d081-884c")),
    ] {
        let text = scenario(&[open().of(1), first.of(1), further().of(2)]).text;
        let comment = "# The server sent 9f86d081-884c before, and it is not captured: ";
        assert!(text.contains(comment), "{text}");
    }
}

/// What the client had first is its own, wherever it sent it.
#[test]
fn values_of_the_client_are_not_named() {
    for first in [
        ping(Direction::Sent, b"9f86d081-884c"),
        binary(Direction::Sent, b"\x00\xad9f86d081-884c\xff"),
    ] {
        let events = [open(), first, welcome(), sent(ID), binary(Direction::Sent, ID.as_bytes())];
        let text = scenario(&events).text;
        assert!(!text.contains("The server sent") && !text.contains("{{"), "{text}");
    }
}

/// JSON can hold them, and so can a variable: with the escapes that they need there.
#[test]
fn values_with_any_characters_are_captured() {
    const ESCAPES: &str = r#" replace "\\" "\\\\" replace "\"" "\\\"""#;
    for (value, filters) in [
        ("two words here", ""),
        ("žluťoučký kůň", ""),
        ("日本語の文字列です", ""),
        ("a{b}c[d]e<f>'g'`h`", ""),
        (r#"say \"hi\" now"#, ESCAPES),
        (r"C:\\temp\\file", ESCAPES),
        (r"line one\nline two", &format!("{ESCAPES} replace \"\\n\" \"\\\\n\"")),
    ] {
        let given = format!(r#"< {{"type":"x","v":"{value}"}}"#);
        let found = session(&[&given, &format!(r#"> {{"again":["{value}"]}}"#)]);
        let capture = format!(r#"v: jsonpath "$.v"{filters}"#);
        let expected = [r#"< {"type":"x"}"#, "[Captures]", &capture, r#"> {"again":["{{v}}"]}"#];
        assert_eq!(found, expected, "{value}");
    }
}

/// Python escapes what JavaScript does not.
#[test]
fn values_are_the_same_whatever_their_escapes() {
    let found = session(&[
        r#"< {"type":"x","v":"caf\u00e9 \ud83d\ude00 cr\u00e8me \u0022x\u0022"}"#,
        r#"> {"v":"café 😀 crème \"x\""}"#,
        r#"< {"only":"caf\u00e9 \ud83d\ude00 cr\u00e8me \"x\""}"#,
    ]);
    assert_eq!(found[0], r#"< {"type":"x"}"#);
    assert_eq!(found[3..], [r#"> {"v":"{{v}}"}"#, r#"< {"only":"{{v}}"}"#]);
    let found = session(&[r#"< {"v":"caf\u00e9 cr\u00e8me"}"#, r#"> {"v":"café crème"}"#]);
    assert_eq!(found[0], r#"< /^\{"v":"(?:[^"\\]|\\.)+"\}$/"#);
}

#[test]
fn values_in_other_forms_are_named() {
    for (value, form) in [
        ("a b/c d+é", "a%20b%2Fc%20d%2B%C3%A9"),
        ("a b/c d+é", "a%20b/c%20d+%C3%A9"),
        ("two words", "two+words"),
        ("secret-words", "c2VjcmV0LXdvcmRz"),
    ] {
        let events = [
            open().of(1),
            received(&format!(r#"{{"v":"{value}"}}"#)).of(1),
            now(RecordedKind::Open(Box::new(opened(&format!("ws://h/x?q={form}"), &[])))).of(2),
        ];
        let text = scenario(&events).text;
        let comment = format!("# The server sent {value} before, here as {form}, and it is not ");
        assert!(text.contains(&comment), "{text}");
    }
}

/// Several in one message, and words without a digit that no capture has.
#[test]
fn all_values_that_stay_are_named() {
    let found = session(&[
        r#"< {"type":"x","text":"one is a-0000001, two is b-0000002","a'b":"abcdefgh"}"#,
        r#"> {"v":["a-0000001","b-0000002","abcdefgh"]}"#,
    ]);
    let named: Vec<_> = found
        .iter()
        .filter_map(|line| line.strip_prefix("# The server sent ")?.split(' ').next())
        .collect();
    assert_eq!(named, ["abcdefgh", "a-0000001", "b-0000002"], "{found:?}");
}

#[test]
fn a_subprotocol_with_a_value_has_a_variable() {
    let mut further = opened("ws://h/x", &[("Sec-WebSocket-Protocol", "chat, t.9f86d081-884c")]);
    further.offered = Vec::new();
    further.protocol = Some("t.9f86d081-884c".to_owned());
    let events = [open().of(1), welcome().of(1), now(RecordedKind::Open(Box::new(further))).of(2)];
    let text = scenario(&events).text;
    assert!(text.contains("\nsubprotocol: chat, t.{{id}}\n"), "{text}");
    assert!(text.ends_with("\nHTTP 101\nSec-WebSocket-Protocol: t.{{id}}\n"), "{text}");
}

/// What was masked by older versions has no mark, as what a user has written.
#[test]
fn messages_that_may_be_masked_are_named() {
    let events = [open(), received("***"), sent("login ***")];
    let settings = Settings { is_of_file: true, ..Settings::default() };
    let generated = generate(&events, &settings);
    assert!(generated.text.ends_with(
        "\n< ***\n# This message has ***, maybe in place of a secret: recordings of older versions do not say.\n\
         > login ***\n"
    ));
    assert_eq!(
        generated.warnings,
        ["a message is sent with ***: the recording does not say whether it stands for a secret"]
    );
    let live = scenario(&events);
    assert!(live.text.ends_with("\n< ***\n> login ***\n"), "{}", live.text);
    assert_eq!(live.warnings, [""; 0], "this version says what is masked");
}

/// Each word is looked for in what was named before it.
#[test]
fn hostile_words_are_few_and_take_little_time() {
    let words = |count: usize| (0..count).map(|it| format!("w-{it:07}")).collect::<Vec<_>>();
    let quoted = words(20_000).iter().map(|it| format!("{it}'")).collect::<Vec<_>>().join(" ");
    let again = words(20_000).join("!");
    let text = scenario(&[open(), received(&format!(r#"["{quoted}"]"#)), sent(&again)]).text;
    assert_eq!(text.matches("# The server sent").count(), 5);
}

/// It is a variable where it stands: a comment would tell it.
#[test]
fn values_with_secrets_are_not_named() {
    let request = [("X-Api-Key", "s3cr3t-0123")];
    let events = [
        now(RecordedKind::Open(Box::new(opened("ws://h/x", &request)))),
        received(r#"{"a'b":"s3cr3t-0123 of you"}"#),
        sent("czNjcjN0LTAxMjMgb2YgeW91"),
    ];
    let text = scenario(&events).text;
    assert!(text.contains("X-Api-Key: {{x_api_key}}"), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

/// The recording begins with the message: it is the first event of its connection, and the last before the Close frame.
#[test]
fn values_are_named_once() {
    let events = [
        received(r#"{"text":"a-fragment-0123 of it"}"#).of(1),
        sent("a-fragment-0123").of(2),
        closed(Initiator::Local, close(1000, "a-fragment-0123"), None).of(2),
    ];
    let text = scenario(&events).text;
    assert_eq!(text.matches("# The server sent").count(), 1, "{text}");
}

#[test]
fn values_in_pings_that_are_no_text_are_in_binary_data() {
    let found = behind(vec![ping(Direction::Sent, b"\xff 9f86d081-884c")]);
    assert!(found[1].contains("and no variable can stand in binary data"), "{found:?}");
}
