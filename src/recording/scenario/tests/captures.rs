use super::{now, open, opened, received, scenario, sent, steps};
use crate::recording::{Recorded, RecordedKind};

pub(super) fn session(messages: &[&str]) -> Vec<String> {
    let message = |text: &&str| match text.split_at(2) {
        ("> ", text) => sent(text),
        (_, text) => received(text),
    };
    let events: Vec<Recorded> = [open()].into_iter().chain(messages.iter().map(message)).collect();
    steps(&events)
}

#[test]
fn a_value_that_is_sent_back_is_captured() {
    let found = session(&[
        r#"< {"type":"welcome","session":{"id":"9f86d081-884c"}}"#,
        r#"> {"join":"lobby","session":"9f86d081-884c"}"#,
        r#"< {"joined":"lobby","by":"9f86d081-884c"}"#,
    ]);
    assert_eq!(
        found,
        [
            r#"< {"type":"welcome","session":{}}"#,
            "[Captures]",
            r#"id: jsonpath "$.session.id""#,
            r#"> {"join":"lobby","session":"{{id}}"}"#,
            r#"< {"joined":"lobby","by":"{{id}}"}"#,
        ]
    );
}

/// The old value stayed in the line that it is captured from.
#[test]
fn a_value_is_captured_whatever_its_escapes() {
    let found = session(&[
        r#"< {"t":"x","u":"https:\/\/h\/u01234567"}"#,
        r#"> {"u":"https://h/u01234567"}"#,
        r#"< {"again":"https:\/\/h\/u01234567"}"#,
    ]);
    assert_eq!(
        found,
        [
            r#"< {"t":"x"}"#,
            "[Captures]",
            r#"u: jsonpath "$.u""#,
            r#"> {"u":"{{u}}"}"#,
            r#"< {"again":"{{u}}"}"#,
        ]
    );
    let found =
        session(&[r#"< {"u":"https:\/\/h\/u01234567"}"#, r#"> {"u":"https://h/u01234567"}"#]);
    assert_eq!(found[0], r#"< /^\{"u":"[^\s"'<>]+"\}$/"#);
    assert_eq!(found.last().map(String::as_str), Some(r#"> {"u":"{{u}}"}"#));
}

/// The value is what is compared, and the rest of what was sent stays as it was.
#[test]
fn a_value_is_captured_whatever_its_escapes_where_it_is_sent() {
    const CAPTURED: [&str; 3] = [r#"< {"t":"x"}"#, "[Captures]", r#"u: jsonpath "$.u""#];
    for received in [
        "https://h/u01234567",
        r"https:\/\/h\/u01234567",
        r"\u0068ttps:\u002f/h\u002Fu0123456\u0037",
    ] {
        let received = format!(r#"< {{"t":"x","u":"{received}"}}"#);
        for (sent, replaced) in [
            (r#"> {"u":"https://h/u01234567"}"#, r#"> {"u":"{{u}}"}"#),
            (
                r#"> {"a":"\/\u0041","u":"https:\/\/h\/u01234567"}"#,
                r#"> {"a":"\/\u0041","u":"{{u}}"}"#,
            ),
            (
                r#"> {"u":"\u0068ttps:\u002f\/h/u\u003001234567","v":"\u0068ttps:\u002f\/h/u\u00301234567","b":"\/"}"#,
                r#"> {"u":"\u0068ttps:\u002f\/h/u\u003001234567","v":"{{u}}","b":"\/"}"#,
            ),
            (r#"> ["x https:\/\/h\/u01234567\n\/"]"#, r#"> ["x {{u}}\n\/"]"#),
        ] {
            let found = session(&[&received, sent]);
            assert_eq!(found[..3], CAPTURED, "{received} {sent}");
            assert_eq!(found[3..], [replaced], "{received}");
        }
    }
}

/// The client had it first, with other escapes.
#[test]
fn a_value_that_the_client_sent_first_is_its_own_whatever_its_escapes() {
    for first in [r#"> {"mine":"a\/b1234567"}"#, r#"> {"mine":"\u0061/b1234567"}"#] {
        let sent = r#"> {"again":"a\/b1234567"}"#;
        let found = session(&[first, r#"< {"yours":"a/b1234567","n":1}"#, sent]);
        assert_eq!(found, [first, r#"< {"yours":"a/b1234567","n":1}"#, sent]);
    }
}

/// What was sent was the value of the recording.
#[test]
fn a_value_is_replaced_within_words_and_texts_with_escapes() {
    const ID: &str = "f81d4fae7dec11d0a76500a0c91e6bf6";
    for (received, sent, replaced) in [
        (r#"{"id":"ID","n":1}"#, r#"{"m":"msg-ID"}"#, r#"> {"m":"msg-{{id}}"}"#),
        (r#"{"id":"ID","n":1}"#, r#"{"m":"x\nID"}"#, r#"> {"m":"x\n{{id}}"}"#),
        (
            "CONNECTED\nversion:1.2\nsession:ID\n\n\0",
            "SEND\nsession:ID\n\nx\0",
            r#"> text:"SEND\nsession:{{session}}\n\nx\u0000""#,
        ),
    ] {
        let received = format!("< {}", received.replace("ID", ID));
        let sent = format!("> {}", sent.replace("ID", ID));
        let found = session(&[&received, &sent]);
        assert_eq!(found.last().map(String::as_str), Some(replaced), "{found:?}");
        assert!(found.iter().all(|line| !line.contains(ID)), "{found:?}");
    }
}

#[test]
fn a_value_that_is_sent_and_not_captured_is_named() {
    let found = session(&[
        r#"> {"mine":"x1234567"}"#,
        r#"< {"id":"a1b2c3d4e5","yours":"x1234567"}"#,
        r#"> {"short":"a1b2c3d4"}"#,
        r#"> {"again":"a1b2c3d4","mine":"x1234567"}"#,
    ]);
    let comments: Vec<_> = found.iter().filter(|line| line.starts_with('#')).collect();
    let expected = "# The server sent a1b2c3d4 before, and it is not captured: the next time it may be another one.";
    assert_eq!(comments, [expected], "{found:?}");
    assert_eq!(found[2], expected);
}

#[test]
fn captures_are_found_in_numbers_texts_and_lists() {
    for (messages, expected) in [
        (
            [r#"< {"n":1732646346123,"b":2}"#, r#"> {"ack":1732646346123}"#],
            &[r#"< {"b":2}"#, "[Captures]", r#"n: jsonpath "$.n""#, r#"> {"ack":{{n}}}"#][..],
        ),
        (
            ["< your token is ab12cd34. Keep it.", "> login ab12cd34"],
            &[
                r"< /^your token is [\w-]+\. Keep it\.$/",
                "[Captures]",
                r"is: regex /your token is ([\w-]+)/",
                "> login {{is}}",
            ],
        ),
        (
            [r#"< {"t":"x","rooms":["room-0001"]}"#, "> /join room-0001"],
            &[
                r#"< {"t":"x"}"#,
                "[Captures]",
                r#"rooms: jsonpath "$.rooms[0]""#,
                "> /join {{rooms}}",
            ],
        ),
        (
            [r#"< {"only":"abcdefgh"}"#, "> abcdefgh"],
            &[
                r#"< /^\{"only":"[\w-]+"\}$/"#,
                "[Captures]",
                r#"only: jsonpath "$.only""#,
                "> {{only}}",
            ],
        ),
        (
            [r#"< 42["open",{"a b":"x/1234567"}]"#, r#"> 42["go","x/1234567"]"#],
            &[
                r#"< /^42\["open",\{"a b":"[^\s"'<>]+"\}\]$/"#,
                "[Captures]",
                r#"b: regex /\["open",\{"a b":"([^\s"'<>]+)/"#,
                r#"> 42["go","{{b}}"]"#,
            ],
        ),
    ] {
        assert_eq!(session(&messages), expected, "{messages:?}");
    }
}

#[test]
fn what_is_not_the_servers_is_not_captured() {
    for messages in [
        // The client had it first.
        &["> hello my-id-12345", r#"< {"you":"my-id-12345"}"#, "> again my-id-12345"][..],
        // Too short.
        &[r#"< {"id":"a1b2c3d"}"#, "> a1b2c3d"],
        // A word of the protocol.
        &[r#"< {"type":"heartbeat"}"#, r#"> {"type":"heartbeat"}"#],
        // Part of a longer word.
        &[r#"< {"id":"abcd1234"}"#, "> abcd12345 x-abcd1234 abcd1234-5"],
        &[r#"< {"n":12345678}"#, "> 12345678.5"],
        // It comes after it was sent.
        &["> abcd1234", r#"< {"id":"abcd1234"}"#],
        // A name that would need escapes.
        &[r#"< {"a'b":"abcd1234"}"#, "> abcd1234"],
    ] {
        let found = session(messages);
        assert!(!found.concat().contains("[Captures]"), "{found:?}");
        assert!(!found.concat().contains("{{"), "{found:?}");
    }
}

#[test]
fn names_of_captures_differ() {
    let found = session(&[
        r#"< {"id":"first-001","x":1,"other":{"id":"second-02"}}"#,
        "> first-001 second-02",
    ]);
    assert_eq!(
        found,
        [
            r#"< {"x":1,"other":{}}"#,
            "[Captures]",
            r#"id: jsonpath "$.id""#,
            r#"id_2: jsonpath "$.other.id""#,
            "> {{id}} {{id_2}}",
        ]
    );
}

#[test]
fn values_where_no_variable_can_be_written_stay() {
    let found = session(&[r#"< {"id":"abcd1234","x":1}"#, r"> {abcd1234 \abcd1234 abcd1234"]);
    assert_eq!(found.last().map(String::as_str), Some(r"> {abcd1234 \abcd1234 {{id}}"));
}

/// Both take long if each value is compared with everything.
#[test]
fn hostile_values_take_little_time() {
    let id = |start: &str, number: usize| format!(r#"{{"id":"{start}{number:08}"}}"#);
    let ids = |start: &str, count| -> Vec<String> { (0..count).map(|it| id(start, it)).collect() };
    let long = "a".repeat(4000);
    for (before, ids, behind) in [
        ("x ".repeat(1 << 18), ids("", 2000), String::new()),
        (String::new(), ids(&long, 64), "a".repeat(1 << 18)),
    ] {
        let mut events = vec![open(), sent(&before)];
        events.extend(ids.iter().map(|it| received(it)));
        events.extend(ids.iter().map(|it| sent(it)));
        events.push(sent(&behind));
        let text = scenario(&events).text;
        assert!(text.contains("id: jsonpath \"$.id\""), "{}", &text[text.len() - 500..]);
        assert!(text.matches("\n[Captures]\n").count() <= 200);
    }
}

#[test]
fn values_in_the_url_and_headers_of_a_further_connection_are_captured() {
    const TICKET: &str = "7a02c124-eecc-444d-b03f-fbfd098f1f20";
    let further = opened(&format!("ws://h/{TICKET}?z={TICKET}"), &[("X-Room", TICKET)]);
    let events = [
        open().of(1),
        received(&format!(r#"{{"room":"{TICKET}"}}"#)).of(1),
        now(RecordedKind::Open(Box::new(further))).of(2),
        sent(&format!("hi {TICKET}")).of(2),
    ];
    let text = scenario(&events).text;
    assert!(
        text.contains(
            "\nroom: jsonpath \"$.room\"\nWS ws://h/{{room}}?z={{room}} as b\nX-Room: {{room}}\n"
        ),
        "{text}"
    );
    assert!(text.ends_with("\nb> hi {{room}}\n"), "{text}");
}

#[test]
fn values_in_a_url_that_are_not_captured_are_named() {
    let events = [
        open().of(1),
        received(r#"{"text":"a-fragment-0123 of it"}"#).of(1),
        now(RecordedKind::Open(Box::new(opened("ws://h/a-fragment-0123", &[])))).of(2),
    ];
    let text = scenario(&events).text;
    assert!(
        text.contains("# The server sent a-fragment-0123 before, and it is not captured"),
        "{text}"
    );
}
