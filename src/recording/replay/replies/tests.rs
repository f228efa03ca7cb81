//! A server's side, played by count.

use super::*;
use crate::protocol::MessageKind;
use crate::recording::replay::testing::script;

fn replies(lines: &[&str]) -> Replies {
    Replies::new(Arc::new(script(lines)), Rules::default())
}

fn sent(replies: &mut Replies) -> String {
    let mut sent = Vec::new();
    while let Some(reply) = replies.next_reply() {
        sent.push(match reply {
            Reply::Send(StepKind::Message(content, _)) => {
                String::from_utf8_lossy(&content.data).into_owned()
            }
            Reply::Send(StepKind::Ping(_)) => "ping".to_owned(),
            Reply::Send(other) => format!("{other:?}"),
            Reply::Close(close) => format!("close:{}", close.code.map_or(0, |code| code.get())),
            Reply::End { is_reset } => (if is_reset { "reset" } else { "fin" }).to_owned(),
        });
    }
    sent.join(" ")
}

fn say(replies: &mut Replies, text: &str) -> Option<String> {
    let report = replies.on_message(MessageKind::Text, text.as_bytes());
    report.map(|it| format!("{}: {}", it.summary, it.details))
}

#[test]
fn it_answers_by_count() {
    let lines = [
        "< hi",
        "> a",
        ">ping x",
        "< 1",
        "< 2",
        "> b",
        "> c",
        "<ping y",
        "< 3",
        "end peer 1000 4000",
    ];
    let mut replies = replies(&lines);
    assert_eq!(sent(&mut replies), "hi");
    assert_eq!(say(&mut replies, "a"), None);
    assert_eq!(sent(&mut replies), "1 2");
    assert_eq!(say(&mut replies, "b"), None);
    assert_eq!(sent(&mut replies), "");
    assert_eq!(say(&mut replies, "c"), None);
    assert_eq!(sent(&mut replies), "ping 3 close:4000");
    assert_eq!(sent(&mut replies), "");
}

#[test]
fn a_server_that_sent_no_close_frame_ends_without_one() {
    let mut replies = replies(&["> a", "< 1", "end peer 1000 -"]);
    assert_eq!(sent(&mut replies), "");
    assert_eq!(say(&mut replies, "a"), None);
    assert_eq!(sent(&mut replies), "1 fin");
    assert_eq!(sent(&mut replies), "");
}

#[test]
fn a_client_that_is_ahead_gets_all_answers() {
    let mut replies = replies(&["> a", "< 1", "> b", "< 2", "end self 1000 1000"]);
    for text in ["a", "b"] {
        assert_eq!(say(&mut replies, text), None);
    }
    assert_eq!(sent(&mut replies), "1 2", "the client closed");
}

#[test]
fn what_was_not_recorded_is_reported() {
    let mut replies = replies(&[r#"> {"a":1,"b":2}"#, "< 1", "> b", "< 2"]);
    assert_eq!(say(&mut replies, r#"{"b":2.0,"a":1}"#), None);
    let report = say(&mut replies, "x").expect("a difference");
    assert_eq!(report, "message 2 is not as recorded: character 1: recorded \"b\", now \"x\"");
    assert_eq!(sent(&mut replies), "1 2", "it is answered all the same");
    let report = say(&mut replies, "more").expect("a difference");
    assert_eq!(report, "message 3: only 2 were recorded: \"more\"");
    assert_eq!(sent(&mut replies), "");
}

/// Long values are on lines of their own in lists, and were joined with those: "character 1:; recorded …; now …".
#[test]
fn a_report_is_one_line_however_long_the_messages_are() {
    let [long, other] = ["a", "b"].map(|text| text.repeat(1000));
    let mut replies = replies(&[&format!("> {long}"), r#"> {"a":1,"b":2}"#]);
    let report = say(&mut replies, &other).expect("a difference");
    let [long, other] = [&long[..40], &other[..40]];
    assert_eq!(
        report,
        format!(
            "message 1 is not as recorded: character 1: recorded \"{long}\"…, now \"{other}\"…"
        )
    );
    let report = say(&mut replies, r#"{"a":2,"c":2}"#).expect("a difference");
    assert_eq!(
        report,
        "message 2 is not as recorded: $.a: recorded 1, now 2; $.b: recorded 2, now nothing; \
         $.c: recorded nothing, now 2"
    );
}
