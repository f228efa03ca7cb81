use super::{
    Generated, close, closed, generate, message, now, open, received, scenario, sent, steps,
};
use crate::protocol::MessageKind;
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;
use crate::recording::scenario::{ScenarioBuilder, Settings};
use crate::recording::{Recorded, RecordedKind, RecordedMessage};

#[test]
fn texts_are_written_as_they_are_where_that_means_them() {
    for (text, written) in [
        ("", ""),
        ("hello", "hello"),
        ("/quit", "/quit"),
        ("# no comment", "# no comment"),
        ("### no part", "### no part"),
        ("{\"a\": 1}", "{\"a\": 1}"),
        ("[1,2]", "[1,2]"),
        ("[Options]", "text:[Options]"),
        ("{\"a\":", "text:{\"a\":"),
        ("{{name}}", "text:\\{{name}}"),
        ("a {{name}}", "a \\{{name}}"),
        ("{{{", "\\{{{"),
        ("\\{{a", "\\\\{{a"),
        ("text:a", "text:text:a"),
        ("hex:00", "text:hex:00"),
        ("close:1000", "text:close:1000"),
        ("binary:@/etc/passwd", "text:binary:@/etc/passwd"),
        ("text:@/etc/passwd", "text:text:@/etc/passwd"),
        ("```", "text:```"),
        (" a", "text:\" a\""),
        ("a ", "text:\"a \""),
        ("a\tb", "text:\"a\\tb\""),
        ("a\r\nb", "text:\"a\\r\\nb\""),
        ("a\0", "text:\"a\\u0000\""),
        ("\u{202e}a", "text:\"\\u202ea\""),
        ("\"quoted\"", "\"quoted\""),
        ("> a", "> a"),
        ("42", "42"),
    ] {
        let found = steps(&[open(), sent(text)]);
        assert_eq!(found, [format!("> {written}").trim_end()], "{text:?}");
    }
}

/// In a text they are escapes. A comment has none.
#[test]
fn comments_have_no_hidden_characters() {
    let (kind, size) = (MessageKind::Text, 1);
    let path = "a\u{202e}b\u{200b}c\u{1b}d\u{200d}e".to_owned();
    let file = now(RecordedKind::FileSent { kind, path, size, wire_size: size });
    let text = scenario(&[open(), file]).text;
    assert!(text.contains("is not recorded: a b c d\u{200d}e, 1 byte"), "{text}");
}

#[test]
fn what_would_be_another_pattern_is_written_as_text() {
    for (text, written) in [
        ("/quit/", "text:/quit/"),
        ("/quit", "/quit"),
        ("/a/i", "text:/a/i"),
        ("{\"a\":1} ", "{\"a\":1}"),
        ("{\"a\":\"\u{202e}\"}", "{\"a\":\"\\u202e\"}"),
        ("pong:", "text:pong:"),
        ("<& a", "<& a"),
    ] {
        assert_eq!(steps(&[open(), received(text)]), [format!("< {written}")], "{text:?}");
    }
}

#[test]
fn lines_stand_between_fences() {
    let cases = [
        ("{\n  \"a\": 1\n}", &["```", "{", "  \"a\": 1", "}", "```"][..]),
        ("a\n```\nb", &["````", "a", "```", "b", "````"]),
        ("text:a\nb", &["```", "text:text:a", "b", "```"]),
        ("### a\n> b\n", &["```", "### a", "> b", "", "```"]),
    ];
    for (text, lines) in cases {
        let mut expected: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        expected[0] = format!("> {}", lines[0]);
        assert_eq!(steps(&[open(), sent(text)]), expected, "{text:?}");
    }
}

#[test]
fn bytes_are_hex_or_base64() {
    let binary = |data: &[u8]| message(Direction::Sent, MessageKind::Binary, data);
    assert_eq!(steps(&[open(), binary(&[])]), ["> hex:"]);
    assert_eq!(steps(&[open(), binary(&[1, 0, 10])]), ["> hex:01 00 0a"]);
    assert_eq!(steps(&[open(), binary(&[0; 33])]), [format!("> base64:{}", "A".repeat(44))]);
    let long = message(Direction::Received, MessageKind::Binary, &[7; 70_000]);
    let found = steps(&[open(), long]);
    assert!(found[0].starts_with("< hex:07 07") && found[0].ends_with("07 .."), "{found:?}");
    assert_eq!(found[1..], ["[Asserts]", "size == 70000"]);
}

#[test]
fn what_a_scenario_cannot_hold_is_a_comment() {
    let file = RecordedKind::FileSent {
        kind: MessageKind::Binary,
        path: "a\n> evil".to_owned(),
        size: 5,
        wire_size: 0,
    };
    let broken = message(Direction::Received, MessageKind::Text, &[b'a', 0xff]);
    for what in [now(file), broken, now(RecordedKind::Ping(Direction::Sent, vec![1].into()))] {
        let found = steps(&[open(), what]);
        assert!(found.iter().all(|line| line.starts_with("# ")), "{found:?}");
        assert!(!found.is_empty());
    }
}

#[test]
fn pings_of_the_client_are_steps() {
    let ping = |direction, data: &'static [u8]| now(RecordedKind::Ping(direction, data.into()));
    let pong =
        |direction, data: &'static [u8]| now(RecordedKind::Pong(direction, data.into(), None));
    let events = [
        open(),
        ping(Direction::Sent, b"x"),
        pong(Direction::Received, b"x"),
        ping(Direction::Received, b"theirs"),
        pong(Direction::Sent, b"theirs"),
        pong(Direction::Sent, b"alone"),
        pong(Direction::Received, b"unsolicited"),
        ping(Direction::Sent, b"keepalive 1"),
        pong(Direction::Received, b"keepalive 1"),
    ];
    assert_eq!(steps(&events), ["> ping:x", "< pong:x", "> pong:alone"]);
}

/// What is not in the scenario is counted, and does not count as written.
#[test]
fn messages_that_a_scenario_cannot_express_are_counted() {
    let broken = || message(Direction::Received, MessageKind::Text, b"bad\xffend");
    let events = [open(), received("ok"), broken(), broken()];
    let generated = generate(&events, &Settings::default());
    let warning =
        "a text message that is not UTF-8 is left out: a scenario cannot express it (2 times)";
    assert_eq!(generated.warnings, [warning]);
    let mut builder = ScenarioBuilder::default();
    events.into_iter().for_each(|event| builder.push(event));
    assert_eq!(builder.messages(), 1);
}

/// Contract, section 6: "secrets as `{{variables}}`".
#[test]
fn secrets_that_were_masked_in_messages_are_variables() {
    let masked = |event: Recorded| {
        let RecordedKind::Message(message) = event.what else { panic!("{event:?}") };
        let message = RecordedMessage { is_masked: true, ..message };
        Recorded { what: RecordedKind::Message(message), ..event }
    };
    let events = [
        open(),
        masked(received("welcome, ***")),
        sent("***"),
        masked(sent(r#"{"auth":"***","b":"***"}"#)),
        masked(received(r#"{"auth":"***"}"#)),
        masked(sent(r#"{"a":***}"#)),
        masked(received(r#"{"a":***,"x":"***"}"#)),
        masked(sent("***")),
    ];
    let Generated { text, unknown, warnings, .. } = scenario(&events);
    let (head, steps) = text.split_once("HTTP 101\n").expect("a handshake");
    assert_eq!(
        steps,
        "< welcome, {{secret}}\n> ***\n> {\"auth\":\"{{auth}}\",\"b\":\"{{b}}\"}\n< {\"auth\":\"{{auth}}\"}\n\
         > {\"a\":{{a}}}\n< {\"a\":{{a}},\"x\":\"{{a}}\"}\n> {{secret}}\n"
    );
    assert!(
        head.contains("#   the secret behind \"auth\" in messages: --secret auth=VALUE"),
        "{head}"
    );
    let names: Vec<_> = unknown.iter().map(|value| (&*value.name, value.is_secret)).collect();
    assert_eq!(names, [("auth", true), ("b", true), ("a", true), ("secret", true)]);
    assert_eq!(warnings, [""; 0]);
}

/// Of a message no recording says which of its secrets are the same.
#[test]
fn each_secret_that_was_masked_in_a_message_is_a_variable_of_its_own() {
    let masked = |event: Recorded| {
        let RecordedKind::Message(message) = event.what else { panic!("{event:?}") };
        Recorded {
            what: RecordedKind::Message(RecordedMessage { is_masked: true, ..message }),
            ..event
        }
    };
    let events = [
        open(),
        masked(sent("login *** ***")),
        masked(received("login *** ***")),
        masked(sent(r#"["list","***","***"]"#)),
        masked(sent("login ***")),
    ];
    let text = scenario(&events).text;
    let (head, steps) = text.split_once("HTTP 101\n").expect("a handshake");
    assert_eq!(
        steps,
        "> login {{login}} {{login_2}}\n< login {{login}} {{login_2}}\n> [\"list\",\"{{list}}\",\"{{list_2}}\"]\n\
         > login {{login}}\n"
    );
    assert!(
        head.contains("#   secret number 2 behind \"login\" in messages: --secret login_2=VALUE"),
        "{head}"
    );
}

#[test]
fn masks_in_control_frames_that_are_sent_are_named() {
    let ping = RecordedKind::Ping(Direction::Sent, "***".into());
    let pong = RecordedKind::Pong(Direction::Sent, "a***".into(), None);
    let end = closed(Initiator::Local, close(1000, "bye ***"), close(1000, ""));
    let events = [open(), now(ping), now(pong), end];
    let is_of_file = Settings { is_of_file: true, ..Settings::default() };
    let Generated { text, warnings, .. } = generate(&events, &is_of_file);
    assert!(
        text.ends_with(
            "HTTP 101\n# This ping has ***, maybe in place of a secret.\n> ping:***\n\
             # This pong has ***, maybe in place of a secret.\n> pong:a***\n\
             # This reason has ***, maybe in place of a secret.\n> close:1000 bye ***\n< close:1000\n"
        ),
        "{text}"
    );
    let warned = ["ping", "pong", "reason"].map(|what| {
        format!(
            "a {what} is sent with ***: the recording does not say whether it stands for a secret"
        )
    });
    assert_eq!(warnings, warned);
    // A recording of this version says of all what is masked.
    let Generated { text, warnings, .. } = scenario(&events);
    assert!(
        text.ends_with("> ping:***\n> pong:a***\n> close:1000 bye ***\n< close:1000\n"),
        "{text}"
    );
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn secrets_that_were_masked_in_binary_messages_are_named() {
    let event = message(Direction::Sent, MessageKind::Binary, b"***");
    let RecordedKind::Message(binary) = event.what else { panic!("{event:?}") };
    let what = RecordedKind::Message(RecordedMessage { is_masked: true, ..binary });
    let Generated { text, warnings, .. } = scenario(&[open(), now(what)]);
    assert!(
        text.contains("# In place of a secret that was masked this message has ***.\n> hex:"),
        "{text}"
    );
    assert_eq!(
        warnings,
        ["a binary message is sent with *** in place of a secret that was masked"]
    );
}
