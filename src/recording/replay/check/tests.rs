//! Comparisons of what was received with what was recorded.

use std::time::Duration;

use super::*;
use crate::protocol::MessageKind;
use crate::recording::replay::testing::{end, script};

fn differences(recorded: &[&str], now: &[&str], rules: Rules) -> Differences {
    let mut check = Check::new(Arc::new(script(recorded)), rules);
    let start = Instant::now();
    for line in now {
        match line.split_once(' ') {
            Some(("<", text)) => {
                check.on_message(MessageKind::Text, text.as_bytes(), start);
            }
            Some(("end", text)) => check.on_closed(&end(text)),
            _ => panic!("{line}"),
        }
    }
    check.differences(&[])
}

fn lines(recorded: &[&str], now: &[&str]) -> String {
    differences(recorded, now, Rules::default()).lines().join("|")
}

#[test]
fn differences_are_listed_and_counted() {
    for (recorded, now, listed, counts) in [
        (
            &["< a", "> x", "< b"][..],
            &["< a", "< b"][..],
            "",
            "the answers are as recorded (compared: 2 messages of the server)",
        ),
        (
            &["< a", "< b"],
            &["< a"],
            "message 2 is missing: \"b\"",
            "1 difference from the recording (compared: 2 messages of the server): 1 missing",
        ),
        (
            &["< a"],
            &["< a", "< b"],
            "surplus after message 1: \"b\"",
            "1 difference from the recording (compared: 1 message of the server): 1 surplus",
        ),
        (
            &["< a"],
            &["< b", "< a"],
            "surplus before message 1: \"b\"",
            "1 difference from the recording (compared: 1 message of the server): 1 surplus",
        ),
        (
            &[r#"< {"a":1,"t":[1]}"#],
            &[r#"< {"t":[2],"a":1.0}"#],
            "message 1 is changed:|    $.t[0]: recorded 1, now 2",
            "1 difference from the recording (compared: 1 message of the server): 1 changed",
        ),
    ] {
        let differences = differences(recorded, now, Rules::default());
        assert_eq!(differences.lines().join("|"), listed);
        assert_eq!(differences.to_string(), counts);
        assert_eq!(differences.is_empty(), listed.is_empty());
    }
}

#[test]
fn a_changed_close_is_a_difference() {
    for (recorded, now, listed) in [
        ("end self 1000 1000", "end self 1000 1000", ""),
        (
            "end peer 1000 1000",
            "end self 1000 1000",
            concat!(
                "the close differs:",
                "|    recorded: closed with 1000 by the server",
                "|    now:      closed with 1000 in answer to the client",
            ),
        ),
        (
            "end peer 1000 4000 bye",
            "end peer 1000 4000 Bye",
            concat!(
                "the close differs:",
                "|    recorded: closed with 4000 \"bye\" by the server",
                "|    now:      closed with 4000 \"Bye\" by the server",
            ),
        ),
        (
            "end self 1000 none",
            "end peer - -",
            concat!(
                "the close differs:",
                "|    recorded: closed without a code in answer to the client",
                "|    now:      ended without a Close frame (1006) by the server",
            ),
        ),
        // Ctrl-C, twice: nobody knows how the server would have answered.
        ("end self 1000 -", "end self 1000 1000", ""),
        ("end peer - -", "end peer - -", ""),
    ] {
        assert_eq!(lines(&[recorded], &[now]), listed, "{recorded} {now}");
    }
    assert_eq!(lines(&["< a"], &["< a", "end peer - -"]), "", "the recording was cut");
}

#[test]
fn an_answer_is_late_if_the_wait_for_it_ran_out() {
    let mut check = Check::new(Arc::new(script(&["< a", "< b", "< c"])), Rules::default());
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    for (text, seconds) in [("a", 1), ("b", 8), ("c", 9)] {
        check.on_message(MessageKind::Text, text.as_bytes(), at(seconds));
    }
    let waits = [ExpiredWait { answers: 2, at: at(6) }, ExpiredWait { answers: 3, at: at(20) }];
    let differences = check.differences(&waits);
    assert_eq!(
        differences.lines(),
        ["message 2 is late: it came 2.0s after the wait for it ran out"]
    );
    assert!(differences.to_string().ends_with(": 1 late"));
}

#[test]
fn order_and_parts_can_be_ignored() {
    let ignore = Ignore::parse(["$.ts"]).expect("a JSONPath");
    let recorded = [r#"< {"n":1,"ts":1}"#, r#"< {"n":2,"ts":2}"#];
    let now = [r#"< {"n":2,"ts":3}"#, r#"< {"n":1}"#];
    for (any_order, count) in [(false, 2), (true, 0)] {
        let rules = Rules { ignore: ignore.clone(), any_order };
        assert_eq!(differences(&recorded, &now, rules).count(), count);
    }
}

#[test]
fn memory_and_list_are_limited() {
    let mut check = Check::new(Arc::new(script(&["< a"])), Rules::default());
    for _ in 0..MAX_SURPLUS + 5 {
        check.on_message(MessageKind::Text, b"b", Instant::now());
    }
    assert_eq!(check.received.len(), MAX_SURPLUS + 1);
    let differences = check.differences(&[]);
    let lines = differences.lines();
    assert_eq!(lines.len(), 52, "{lines:?}");
    assert!(lines[51].starts_with("… and 99"), "{lines:?}");
    let counts = differences.to_string();
    assert!(counts.contains("10004 surplus") && counts.contains("1 changed"), "{counts}");
}

#[test]
fn what_does_not_fit_into_memory_is_known_to_differ() {
    let mut check = Check::new(Arc::new(script(&["< a", "< b"])), Rules::default());
    check.left = 3;
    for data in [&b"long"[..], &b"b"[..]] {
        check.on_message(MessageKind::Text, data, Instant::now());
    }
    assert_eq!(
        check.differences(&[]).lines(),
        ["message 1 is changed:", "    it was not kept: memory is limited"]
    );
}

#[test]
fn a_message_as_recorded_at_its_index_may_belong_to_another_one() {
    for (recorded, now, listed) in [
        (
            &["< x", "< aaaa1", "< aaaa2"][..],
            &["< aaaa1", "< aaaa1", "< cccc"][..],
            concat!(
                "message 1 is missing: \"x\"",
                "|message 3 is changed:|    character 5: recorded \"aaaa2\", now \"aaaa1\"",
                "|surplus after message 3: \"cccc\"",
            ),
        ),
        (
            &["< x", "< a", "< b"],
            &["< a", "< a"],
            concat!(
                "message 1 is missing: \"x\"",
                "|message 3 is changed:|    character 1: recorded \"b\", now \"a\"",
            ),
        ),
        (
            &["< x", "< a"],
            &["< a", "< a"],
            "message 1 is missing: \"x\"|surplus after message 2: \"a\"",
        ),
    ] {
        assert_eq!(lines(recorded, now), listed, "{recorded:?} {now:?}");
    }
}

#[test]
fn a_value_of_the_session_that_is_sent_back_is_named_if_the_server_sent_another_one() {
    let welcome = r#"< {"hello":"you","session":"abcdefgh1"}"#;
    let other = r#"< {"hello":"you","session":"zyxwvuts2"}"#;
    let back = r#"> {"join":"abcdefgh1"}"#;
    let one = |value: &str| format!("< {{\"id\":{value}}}");
    for (recorded, now, place) in [
        (&[welcome, back, "< ok"][..], &[other, "< no"][..], Some((1, "$.session"))),
        (&["< first", welcome, back], &["< first", other], Some((2, "$.session"))),
        // It is all of the message, or a number.
        (&[&one("12345678"), "> get 12345678"], &[&one("87654321")], Some((1, "$.id"))),
        // It is not sent back, or only before; it is too short, or the same.
        (&[welcome, "> a"], &[other], None),
        (&[back, welcome, "> a"], &[other], None),
        (&[&one("1234567"), "> get 1234567"], &[&one("7654321")], None),
        (&[welcome, back, "< ok"], &[welcome, "< no"], None),
        (&[welcome, back, "< ok"], &[r#"< {"hello":"you"}"#], None),
        (&[welcome, back, "< ok"], &[], None),
    ] {
        let differences = differences(recorded, now, Rules::default());
        let hint = differences.hint();
        match place {
            Some((number, place)) => {
                let start = format!("the client sends back {place} of message {number} ");
                assert!(hint.as_ref().is_some_and(|it| it.starts_with(&start)), "{hint:?}");
            }
            None => assert_eq!(hint, None, "{recorded:?} {now:?}"),
        }
    }
}
