//! Scripts from events.

use super::*;
use crate::protocol::CloseCode;
use crate::recording::replay::testing::{built, events, script};

fn sent(script: &Script) -> Vec<String> {
    let line = |step: &Step| {
        let sign = if step.side == Side::Client { '>' } else { '<' };
        let ms = step.at.as_millis();
        match &step.what {
            StepKind::Message(content, _) => {
                format!("{ms} {sign} {}", String::from_utf8_lossy(&content.data))
            }
            StepKind::Ping(data) => format!("{ms} {sign}ping {}", String::from_utf8_lossy(data)),
            StepKind::Pong(data) => format!("{ms} {sign}pong {}", String::from_utf8_lossy(data)),
            StepKind::Close => format!("{ms} {sign}close"),
        }
    };
    script.steps.iter().map(line).collect()
}

#[test]
fn times_are_counted_from_the_opening_handshake() {
    let script = script(&["@100", "open ws://a", "@150", "> a", "@400", "< b", "@90", "> c"]);
    assert_eq!(sent(&script), ["50 > a", "300 < b", "0 > c"]);
    assert_eq!((script.messages(Side::Client), script.messages(Side::Server)), (2, 1));
    assert_eq!(script.content(Side::Client, 1).expect("a message").data, "c");
    assert_eq!(script.content(Side::Server, 1), None);
}

#[test]
fn a_server_that_recorded_is_the_server() {
    let script = script(&["accept ws://a", "< a", "> b", "end self 1000 1001 bye"]);
    assert_eq!(sent(&script), ["0 > a", "0 < b"]);
    let close = script.close.expect("an end");
    assert_eq!(close.initiator, Some(Side::Server));
    let code = |close: Option<ClosePayload>| close.and_then(|close| close.code);
    assert_eq!(code(close.client), Some(CloseCode::GOING_AWAY));
    assert_eq!(code(close.server), Some(CloseCode::NORMAL));
}

#[test]
fn pongs_that_answer_are_not_part_of_it() {
    let script = script(&[
        "<ping a", "<ping b", ">ping a", ">pong b", ">pong a", "<pong a", "<pong x", ">pong y",
    ]);
    assert_eq!(
        sent(&script),
        ["0 <ping a", "0 <ping b", "0 >ping a", "0 >pong a", "0 <pong x", "0 >pong y",]
    );
}

#[test]
fn a_message_without_data_is_named() {
    let error = built(&["> a", "< b", "file x.bin", "> c"]).expect_err("no data").to_string();
    let expected =
        "message 2 of the client is the file \"x.bin\" (9 bytes), which is not in the recording";
    assert_eq!(error, expected);
}

#[test]
fn memory_is_limited() {
    for limit in [0, 100, OVERHEAD + 3] {
        let mut builder = ScriptBuilder::new(limit);
        events(&["> four", "> a"]).into_iter().for_each(|event| builder.push(event, false));
        assert!(builder.script.steps.is_empty());
        assert_eq!(builder.finish().expect_err("too large"), ScriptError::TooLarge(limit));
    }
    let mut builder = ScriptBuilder::new(0);
    events(&["> four", "< a"]).into_iter().for_each(|event| builder.push(event, true));
    assert_eq!(builder.counts(), [1, 1]);
    assert!(builder.finish().is_ok());
}

#[test]
fn an_end_without_waiting_says_nothing_about_the_server() {
    for (end, is_abandoned) in
        [("end self 1000 -", true), ("end peer - -", false), ("end self 1000 1000", false)]
    {
        assert_eq!(script(&[end]).close.expect("an end").is_abandoned, is_abandoned, "{end}");
    }
}

#[test]
fn all_that_is_kept_counts() {
    let long = "a".repeat(2 << 20);
    for line in [
        format!("open ws://h/{long}"),
        format!(">ping {long}"),
        format!("<pong {long}"),
        format!("end self 1000 1000 {long}"),
    ] {
        let error = built(&[&line, "> a"]).expect_err("too large");
        assert_eq!(error, ScriptError::TooLarge(1 << 20), "{}", &line[..5]);
    }
}

#[test]
fn of_what_is_only_counted_nothing_is_kept() {
    let mut builder = ScriptBuilder::new(1000);
    let long = "a".repeat(1000);
    let lines = [
        format!("open ws://h/{long}"),
        format!("> {long}"),
        format!(">ping {long}"),
        format!("file {long}"),
        format!("end self 1000 1000 {long}"),
    ];
    for event in events(&lines.each_ref().map(String::as_str)) {
        builder.push(event, true);
    }
    assert_eq!(builder.counts(), [2, 0]);
    let script = builder.finish().expect("nothing is kept");
    assert!(script.opened.is_none() && script.close.is_none() && script.steps.is_empty());
}

/// Older recordings do not say that a secret was masked.
#[test]
fn the_first_message_that_may_be_masked_is_known() {
    let script = script(&["> a", "< ***", "> my *** b", "> *** c"]);
    assert_eq!((script.first_unsure, script.masked), (Some(2), 0));
}
