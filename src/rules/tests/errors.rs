//! Rules that are not valid: what is wrong, and where.

use super::super::{MAX_LENGTH, ProxyRule};

/// The rule, with the part that is not valid in `«»`, and why.
fn error(source: &str) -> (String, String) {
    let error = ProxyRule::parse(source, Vec::new()).expect_err(source);
    let (before, rest) = source.split_at(error.at.start);
    let (part, after) = rest.split_at(error.at.len());
    (format!("{before}«{part}»{after}"), error.reason)
}

fn check(rows: &[(&str, &str)]) {
    for (marked, reason) in rows {
        let source = marked.replace(['«', '»'], "");
        let (place, found) = error(&source);
        assert_eq!(place, *marked, "{found}");
        assert!(found.contains(reason), "{source}: {found}");
    }
}

#[test]
fn sides() {
    check(&[
        ("«»", "a rule begins with the side that sends: client, server or any"),
        ("«»=> drop", "a rule begins with the side"),
        ("«clinet» => drop", "unknown side \"clinet\": did you mean client?"),
        ("«Server» => drop", "unknown side \"Server\": did you mean server?"),
        ("«sever»=>drop", "did you mean server?"),
        ("«both» => drop", "unknown side \"both\": use client, server or any"),
        ("«text:a» => drop", "unknown side \"text:a\": use client, server or any"),
        ("«drop»", "unknown side \"drop\""),
    ]);
}

#[test]
fn arrows_and_actions() {
    check(&[
        ("client«»", "=> and an action are missing"),
        ("client hello«»", "=> and an action are missing"),
        ("client drop«»", "=> and an action are missing"),
        ("client text:a «->» drop", "did you mean => by ->?"),
        (
            "client =>«»",
            "an action is missing after =>: drop, delay, duplicate, replace, corrupt, hold, close or abort",
        ),
        ("client a =>«»", "an action is missing"),
        ("client => «drpo»", "unknown action \"drpo\": did you mean drop?"),
        ("client => «Drop»", "did you mean drop?"),
        ("client => «dealy» 5s", "unknown action \"dealy\": did you mean delay?"),
        ("client => «duplciate»", "did you mean duplicate?"),
        ("client => «reject»", "unknown action \"reject\": use drop, delay,"),
        ("client a => b => «drpo»", "did you mean drop?"),
        ("client a => «drpo» => b", "did you mean drop?"),
        ("client a => «b»", "unknown action \"b\""),
        ("client => «close:1000»", "written close CODE [REASON]"),
        ("client => drop «it»", "drop is the whole action, without \"it\""),
        ("client => hold «5s»", "hold is the whole action"),
        ("client => abort «1000»", "abort is the whole action"),
        ("client => corrupt «1 bit»", "corrupt is the whole action, without \"1 bit\""),
        ("client => duplicate «2»", "duplicate is the whole action"),
        ("client a => drop «=> delay 1s»", "drop is the whole action, without \"=> delay 1s\""),
        ("client a => delay «1s => drop»", "is not a duration"),
        ("client text:a => drop «it => hold»", "drop is the whole action"),
    ]);
}

#[test]
fn values_of_actions() {
    let long = "r".repeat(124);
    check(&[
        ("client => «delay»", "delay needs a time, as in delay 500ms"),
        ("client => delay «5»", "a duration needs a unit: 5ms or 5s"),
        ("client => delay «5x»", "\"5x\" is not a duration: 500ms, 5s or 2m"),
        ("client => delay «-5s»", "not a duration"),
        ("client => delay «5 s»", "write 5s"),
        ("client => delay «101y»", "not a duration"),
        ("client => delay «9999999h»", "longer than 100 years"),
        ("client => delay 5s±«»", "\"\" is not a duration"),
        ("client => delay «»±5s", "\"\" is not a duration"),
        ("client => delay 5s±«1»", "a duration needs a unit"),
        ("client => delay 1s±«2s»", "2s is longer than 1s"),
        ("client => delay 1s±«1s±1s»", "not a duration"),
        ("client => «close»", "close needs a code, as in close 1001"),
        ("client => close «going» away", "\"going\" is not a close code"),
        ("client => close «70000»", "\"70000\" is not a close code"),
        ("client => close «1005»", "close code 1005 No Status Received must not be sent"),
        ("client => close «999 x»", "must not be sent: use 1000 to 1003"),
        ("client => close «1000 \"x»", "the quote \" before the reason is not closed: \"x"),
        ("client => replace «json:{»", "not JSON"),
        ("client => replace «hex:0»", "not hex: 1 digit"),
        ("client => replace «hex:xy»", "\"x\" is not a hex digit"),
        ("client => replace «base64:A»", "not base64"),
        ("client => replace «text:\"\\q\"»", "not a JSON string"),
        ("client => replace «ping:a»", "is written text:ping:a"),
        ("client => replace «pong:»", "is not a payload"),
        ("client => replace «close:1000»", "is not a payload"),
        (&format!("client => close «1000 {long}»"), "at most 123 bytes, not 124"),
    ]);
}

#[test]
fn patterns() {
    let long = "a".repeat(126);
    check(&[
        ("client «/a(/» => drop", "pattern \"/a(/\": not a regular expression: unclosed group"),
        ("client «/a/i» => drop", "flags are written inside: /(?i)error/"),
        ("client «{a}» nth 3 => drop", "not JSON: "),
        ("client «json:{» => drop", "pattern \"json:{\": not JSON"),
        ("client «hex:0» => drop", "not hex: 1 digit"),
        ("client «base64:?» => drop", "not base64"),
        ("client «text:\"\\q\"» => drop", "not a JSON string"),
        ("client «close:abc» => drop", "\"abc\" is not a close code"),
        ("client «close:1000 /(/» => drop", "unclosed group"),
        ("client «close:1006» => drop", "1006 is an end without a Close frame"),
        (&format!("client «ping:{long}» => drop"), "126 bytes: a control frame takes at most 125"),
    ]);
}

#[test]
fn conditions() {
    check(&[
        ("client nth «0» => drop", "\"0\" is not a number of messages, from 1"),
        ("client every «0» => drop", "\"0\" is not a number of messages, from 1"),
        ("client a nth «-1» => drop", "not a number of messages"),
        ("client nth «+1» => drop", "not a number of messages"),
        ("client nth «1.5» => drop", "\"1.5\" is not a number of messages"),
        ("client nth «99999999999999999999» => drop", "not a number of messages"),
        ("client every «3rd» => drop", "\"3rd\" is not a number of messages"),
        ("client «101%» => drop", "\"101%\" is more than 100%"),
        ("client a «-5%» => drop", "\"-5%\" is not a share from 0% to 100%, such as 0.5%"),
        ("client «1,5%» => drop", "\"1,5%\" is not a share"),
        ("client «1.2.3%» => drop", "is not a share"),
        ("client «1e1%» => drop", "is not a share"),
        ("client after «5» => drop", "a duration needs a unit: 5ms or 5s"),
        ("client a after «5x» => drop", "\"5x\" is not a duration"),
        ("client after «9999999h» => drop", "longer than 100 years"),
        ("client «nth 2 50%» => drop", "a rule has one condition, not \"nth 2\" and \"50%\""),
        ("client «a 5% every 3» => drop", "a rule has one condition, not \"5%\" and \"every 3\""),
        ("client «nth 0 5%» => drop", "a rule has one condition"),
        ("client «nth» => drop", "nth stands before => and needs a value, as in nth 3"),
        ("client «every day» => drop", "the text is written text:every day"),
        ("client «nth 3 text:a» => drop", "nth stands before =>"),
        ("client «nht» 3 => drop", "unknown condition \"nht\": did you mean nth 3?"),
        ("client a «evry» 3 => drop", "did you mean every 3? The text is written text:a evry 3"),
        ("client «afetr» 5s => drop", "did you mean after 5s?"),
        ("client a «5 %» => drop", "a share is written without white space: 5%"),
    ]);
}

#[test]
fn what_a_control_frame_does_not_allow() {
    let long = "a".repeat(126);
    check(&[
        ("any close: => «replace»", "replaced by another one with close CODE [REASON]"),
        ("any close:1000 => «replace a»", "replaced by another one with close CODE"),
        ("any close: => «duplicate»", "nothing follows it (RFC 6455 section 5.5.1)"),
        ("any close: nth 1 => «corrupt»", "a Close frame is not corrupted"),
        (&format!("any ping: => «replace {long}»"), "126 bytes: a control frame takes at most 125"),
        (&format!("any pong: => «replace text:{long}»"), "a control frame takes at most 125"),
    ]);
}

#[test]
fn a_rule_and_what_is_shown_of_it_are_limited() {
    let rule = |length: usize| {
        let start = "client text:";
        format!("{start}{} => drop", "a".repeat(length - start.len() - " => drop".len()))
    };
    assert!(ProxyRule::parse(&rule(MAX_LENGTH), Vec::new()).is_ok());
    let (_, reason) = error(&rule(MAX_LENGTH + 1));
    assert!(reason.contains("16385 bytes: a rule has at most 16384"), "{reason}");
    for source in [
        format!("{} => drop", "a".repeat(10_000)),
        format!("client => {}", "é".repeat(5000)),
        format!("client /({}/ => drop", "a".repeat(10_000)),
        format!("client nth {} => drop", "1".repeat(10_000)),
        format!("client nth {} => drop", "a".repeat(10_000)),
        format!("client => replace ping:{}", "a".repeat(10_000)),
    ] {
        let (_, reason) = error(&source);
        assert!(reason.len() < 400, "{reason}");
    }
}

/// White space around a rule does not count, but the place is one in the rule as it is written.
#[test]
fn the_place_is_one_in_the_rule_as_it_is_written() {
    check(&[("  client => «drpo»  ", "did you mean drop?")]);
}
