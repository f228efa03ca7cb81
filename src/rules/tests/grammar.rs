//! The grammar: `SIDE [PATTERN] [WHEN] => ACTION`.

use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

use super::super::rule::files;
use super::super::split::Parts;
use super::super::{Jitter, MAX_LENGTH, ProxyRule, Replacement, RuleAction, When};
use super::rule;
use crate::protocol::close::ClosePayload;
use crate::protocol::{CloseCode, MessageKind, Side};
use crate::scenario::pattern::PatternClass;

fn count(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap()
}

fn nth(number: u64) -> When {
    When::Nth(count(number))
}

fn every(number: u64) -> When {
    When::Every(count(number))
}

fn after(millis: u64) -> When {
    When::After(Duration::from_millis(millis))
}

fn delay(time: u64, spread: u64) -> RuleAction {
    let millis = Duration::from_millis;
    RuleAction::Delay(Jitter { time: millis(time), spread: millis(spread) })
}

fn replace(kind: impl Into<Option<MessageKind>>, data: &'static [u8]) -> RuleAction {
    RuleAction::Replace(Replacement { kind: kind.into(), data: data.into() })
}

fn close(code: u16, reason: &str) -> RuleAction {
    let code = Some(CloseCode::new(code));
    RuleAction::Close(ClosePayload { code, reason: reason.to_owned() })
}

/// CONTRACT section 7: "SIDE `client`, `server` (who sent it) or `any`; PATTERN as in section 5 (none: every data
/// message)"
#[test]
fn a_rule_has_a_side_a_pattern_and_an_action() {
    use Side::{Client, Server};
    for (source, side, pattern) in [
        ("client => drop", Some(Client), ""),
        ("server => drop", Some(Server), ""),
        ("any => drop", None, ""),
        ("client=>drop", Some(Client), ""),
        ("  client\t =>  drop  ", Some(Client), ""),
        ("client hello => drop", Some(Client), "hello"),
        ("client hello=>drop", Some(Client), "hello"),
        ("client   hello you   => drop", Some(Client), "hello you"),
        ("client client => drop", Some(Client), "client"),
        ("any {\"a\":1} => drop", None, "{\"a\":1}"),
        ("any [1, 2] => drop", None, "[1, 2]"),
        ("any json:\"a\" => drop", None, "json:\"a\""),
        ("any /^a b$/ => drop", None, "/^a b$/"),
        ("any text: => drop", None, "text:"),
        ("any text:\" a \" => drop", None, "text:\" a \""),
        ("any hex:00 ff .. => drop", None, "hex:00 ff .."),
        ("any base64:AP8= => drop", None, "base64:AP8="),
        ("server ping: => drop", Some(Server), "ping:"),
        ("server pong:x => drop", Some(Server), "pong:x"),
        ("server close: => drop", Some(Server), "close:"),
        ("server close:1001 going away => drop", Some(Server), "close:1001 going away"),
        ("server close:4000 /x+/ => drop", Some(Server), "close:4000 /x+/"),
        ("client ü => drop", Some(Client), "ü"),
    ] {
        let parts = Parts::of(source.trim()).unwrap();
        assert_eq!((parts.side, parts.pattern), (side, pattern), "{source}");
        let rule = rule(source);
        assert_eq!((rule.when(), rule.action()), (When::Always, &RuleAction::Drop), "{source}");
        assert_eq!(rule.to_string(), source.trim());
    }
}

/// CONTRACT section 7: "a WHEN at the end is never part of PATTERN"
#[test]
fn a_condition_stands_at_the_end() {
    for (source, pattern, when) in [
        ("any nth 3 => drop", "", nth(3)),
        ("any every 2 => drop", "", every(2)),
        ("any 5% => drop", "", When::Share(0.05)),
        ("any 0.5% => drop", "", When::Share(0.005)),
        ("any .5% => drop", "", When::Share(0.005)),
        ("any 0% => drop", "", When::Share(0.0)),
        ("any 100% => drop", "", When::Share(1.0)),
        ("any after 500ms => drop", "", after(500)),
        ("any after 5s => drop", "", after(5000)),
        ("any after 1.5m => drop", "", after(90_000)),
        ("any after 0s => drop", "", after(0)),
        ("any   nth \t 3=> drop", "", nth(3)),
        ("any hello nth 3 => drop", "hello", nth(3)),
        ("any hello  every  12 => drop", "hello", every(12)),
        ("any {\"a\": 1} 50% => drop", "{\"a\": 1}", When::Share(0.5)),
        ("any /a b/ after 2s => drop", "/a b/", after(2000)),
        ("any ping: nth 2 => drop", "ping:", nth(2)),
        ("any close:1000 every 2 => drop", "close:1000", every(2)),
        ("any close:1000 bye 5% => drop", "close:1000 bye", When::Share(0.05)),
        ("any hex:01 02 nth 3 => drop", "hex:01 02", nth(3)),
        ("any text:battery 50% => drop", "text:battery", When::Share(0.5)),
        ("any text:\"battery 50%\" => drop", "text:\"battery 50%\"", When::Always),
        ("any text:50% => drop", "text:50%", When::Always),
        ("any text:nth 3x => drop", "text:nth 3x", When::Always),
        ("any {\"a\":\"b nth 3\"} => drop", "{\"a\":\"b nth 3\"}", When::Always),
        (
            "any {\"a\":\"every 3\", \"b\": 50} => drop",
            "{\"a\":\"every 3\", \"b\": 50}",
            When::Always,
        ),
        ("any /after 5s/ => drop", "/after 5s/", When::Always),
        ("any the day after tomorrow => drop", "the day after tomorrow", When::Always),
        ("any month 3 => drop", "month 3", When::Always),
    ] {
        let parts = Parts::of(source).unwrap();
        assert_eq!((parts.pattern, parts.when), (pattern, when), "{source}");
        assert_eq!(rule(source).when(), when);
    }
}

/// CONTRACT section 7: "The rule is split at the first `=>` behind which an action stands"
#[test]
fn a_pattern_may_contain_arrows() {
    for (source, pattern, action) in [
        ("client text:a => b => drop", "text:a => b", RuleAction::Drop),
        ("client a=>b => drop", "a=>b", RuleAction::Drop),
        ("client => => drop", "=>", RuleAction::Drop),
        ("client {\"a\":\"=>\"} => hold", "{\"a\":\"=>\"}", RuleAction::Hold),
        ("client {\"a\":\"=> drop\"} => hold", "{\"a\":\"=> drop\"}", RuleAction::Hold),
        ("client {\"a\":\"=> drop it\"} => hold", "{\"a\":\"=> drop it\"}", RuleAction::Hold),
        ("client text:\"=> drop it\" 5% => hold", "text:\"=> drop it\"", RuleAction::Hold),
        ("client json:\"=> close x\" => hold", "json:\"=> close x\"", RuleAction::Hold),
        ("client /=>/ => drop", "/=>/", RuleAction::Drop),
        ("client /=> drop/ => hold", "/=> drop/", RuleAction::Hold),
        ("client /=> drop it/ => hold", "/=> drop it/", RuleAction::Hold),
        ("client text:=>x nth 2 => drop", "text:=>x", RuleAction::Drop),
        ("client dropped => drop", "dropped", RuleAction::Drop),
        ("client => dropped => drop", "=> dropped", RuleAction::Drop),
        ("client a => replace b => drop", "a", replace(MessageKind::Text, b"b => drop")),
        ("client a => close 1000 => x", "a", close(1000, "=> x")),
    ] {
        assert_eq!(Parts::of(source).unwrap().pattern, pattern, "{source}");
        assert_eq!(rule(source).action(), &action, "{source}");
    }
}

#[test]
fn actions_have_their_values() {
    use MessageKind::{Binary, Text};
    let reason = "r".repeat(123);
    for (action, expected) in [
        ("drop", RuleAction::Drop),
        ("duplicate", RuleAction::Duplicate),
        ("corrupt", RuleAction::Corrupt),
        ("hold", RuleAction::Hold),
        ("abort", RuleAction::Abort),
        ("delay 500ms", delay(500, 0)),
        ("delay   1.5s", delay(1500, 0)),
        ("delay 0s", delay(0, 0)),
        ("delay 1s±200ms", delay(1000, 200)),
        ("delay 1s ± 200ms", delay(1000, 200)),
        ("delay 1s+-200ms", delay(1000, 200)),
        ("delay 1s±1s", delay(1000, 1000)),
        ("replace", replace(None, b"")),
        ("replace a b", replace(Text, b"a b")),
        ("replace   a", replace(Text, b"a")),
        ("replace /a/", replace(Text, b"/a/")),
        ("replace { \"a\" : 1 }", replace(Text, b"{ \"a\" : 1 }")),
        ("replace {\"a\":", replace(Text, b"{\"a\":")),
        ("replace [1]", replace(Text, b"[1]")),
        ("replace text:", replace(Text, b"")),
        ("replace text:ping:", replace(Text, b"ping:")),
        ("replace text: a", replace(Text, b" a")),
        ("replace text:\"a\\n \"", replace(Text, b"a\n ")),
        ("replace json:{\"b\":1, \"a\":2}", replace(Text, b"{\"b\":1, \"a\":2}")),
        ("replace hex:00 ff", replace(Binary, &[0, 255])),
        ("replace hex:", replace(Binary, b"")),
        ("replace base64:AP8=", replace(Binary, &[0, 255])),
        ("replace drop", replace(Text, b"drop")),
        ("close 1001", close(1001, "")),
        ("close 1008 not  today ", close(1008, "not  today")),
        ("close 4999 ü", close(4999, "ü")),
        ("close 1012 \"come  back\"", close(1012, "come  back")),
        ("close 1012 'restart'", close(1012, "restart")),
        ("close 1012 don't", close(1012, "don't")),
        (&format!("close 1000 {reason}"), close(1000, &reason)),
    ] {
        assert_eq!(rule(&format!("any => {action}")).action(), &expected, "{action}");
    }
}

#[test]
fn control_frames_have_actions() {
    let payload = "a".repeat(125);
    for (source, class) in [
        ("any ping: => drop", PatternClass::Control),
        ("any ping: => delay 1s", PatternClass::Control),
        ("any ping: => duplicate", PatternClass::Control),
        ("any ping:a => corrupt", PatternClass::Control),
        ("any pong: => hold", PatternClass::Control),
        ("any pong: => close 1001", PatternClass::Control),
        ("any pong: => abort", PatternClass::Control),
        ("any close: => drop", PatternClass::Close),
        ("any close: => delay 1s±1s", PatternClass::Close),
        ("any close: => hold", PatternClass::Close),
        ("any close:1000 => close 1001", PatternClass::Close),
        ("any close:1005 => abort", PatternClass::Close),
    ] {
        assert_eq!(rule(source).class(), class, "{source}");
    }
    let longest = replace(None, payload.clone().into_bytes().leak());
    for (action, expected) in [
        ("replace", replace(None, b"")),
        ("replace a", replace(None, b"a")),
        ("replace hex:00", replace(None, &[0])),
        (&format!("replace {payload}"), longest),
    ] {
        assert_eq!(rule(&format!("any ping: => {action}")).action(), &expected, "{action}");
    }
}

#[test]
fn files_are_read_by_others() {
    let named = |source: &str| files(source).into_iter().map(Path::to_owned).collect::<Vec<_>>();
    for (source, paths) in [
        ("any => drop", &[][..]),
        ("any text:@a => drop", &["a"]),
        (" any json:@a b.json nth 3 => replace binary:@ c d ", &["a b.json", "c d"]),
        ("any => replace text:@a => drop", &["a => drop"]),
        ("any text:a@b => replace @c", &[]),
        ("any text:@a => drpo", &[]),
        ("any text:@a nth 0 => drop", &[]),
        (&format!("any text:@{} => drop", "a".repeat(MAX_LENGTH)), &[]),
    ] {
        let paths: Vec<_> = paths.iter().map(Path::new).collect();
        assert_eq!(named(source), paths, "{source}");
    }
    let parse = |source, contents: &[&[u8]]| {
        let contents = contents.iter().map(|content| content.to_vec()).collect();
        ProxyRule::parse(source, contents).map(|rule| rule.action().clone())
    };
    use MessageKind::{Binary, Text};
    for (source, contents, action) in [
        ("any text:@a => replace b", &[&b"a"[..]][..], replace(Text, b"b")),
        ("any text:@a => replace text:@b", &[b"a", b"b"], replace(Text, b"b")),
        ("any => replace binary:@b", &[&[0, 255]], replace(Binary, &[0, 255])),
        ("any => replace json:@b", &[b"{}\n"], replace(Text, b"{}\n")),
        ("any pong: => replace text:@b", &[b"b"], replace(None, b"b")),
    ] {
        assert_eq!(parse(source, contents), Ok(action), "{source}");
    }
    for (source, content, reason) in [
        ("any text:@a => drop", &[255][..], "pattern \"text:@a\": a: not UTF-8 at byte 0"),
        ("any => replace text:@a", &[97, 255], "a: not UTF-8 at byte 1"),
        ("any => replace json:@a", b"{", "a: not JSON: EOF"),
        ("any ping: => replace binary:@a", &[0; 126], "126 bytes: a control frame takes at most"),
    ] {
        let error = parse(source, &[content]).unwrap_err();
        assert!(error.reason.starts_with(reason), "{source}: {error}");
    }
}

#[test]
fn a_path_of_the_filter_of_the_page_is_not_a_pattern() {
    for (source, example) in [
        ("server $.type==presence => drop", Some(r#"{"type":"presence"}"#)),
        ("server $.type==msg => drop", Some(r#"{"type":"msg"}"#)),
        (r#"server $.a.b == "x y" => drop"#, Some(r#"{"a":{"b":"x y"}}"#)),
        ("server $.n==3 => drop", Some(r#"{"n":3}"#)),
        ("any $['a'] nth 3 => drop", Some(r#"{"type":"presence"}"#)),
        ("any $.n > 3 => drop", Some(r#"{"type":"presence"}"#)),
        ("server text:$.type => drop", None),
        ("server {\"type\":\"presence\"} => drop", None),
        ("client $5 => drop", None),
        ("client nth 3 => drop", None),
    ] {
        let reason = ProxyRule::parse(source, Vec::new()).err().map(|error| error.reason);
        let expected = example.map(|example| format!("write the members, as {example}, or text:$"));
        match expected {
            Some(expected) => {
                assert!(reason.is_some_and(|reason| reason.contains(&expected)), "{source}");
            }
            None => assert_eq!(reason, None, "{source}"),
        }
    }
}

#[test]
fn a_word_of_the_filter_is_not_a_pattern() {
    for (source, word) in [
        ("client conn:1 => drop", Some("conn:1")),
        ("client conn:1..3 hello => drop", Some("conn:1..3")),
        ("any size:>1k => drop", Some("size:>1k")),
        ("any -size:<=64 nth 3 => drop", Some("-size:<=64")),
        ("client dir:out => hold", Some("dir:out")),
        ("any type:ping => drop", Some("type:ping")),
        ("any type:text,binary => drop", Some("type:text,binary")),
        ("any code:1008 => drop", Some("code:1008")),
        ("any late:>100ms => drop", Some("late:>100ms")),
        ("client #7 => drop", Some("#7")),
        ("client text:conn:1 => drop", None),
        ("client #tag => drop", None),
        ("client #7a => drop", None),
        ("client type:presence => drop", None),
        ("client code:red => drop", None),
        ("client dir:up => drop", None),
        ("client hello conn:1 => drop", None),
    ] {
        let reason = ProxyRule::parse(source, Vec::new()).err().map(|error| error.reason);
        match word {
            Some(word) => {
                let start = format!("{word:?} is of the filter of messages");
                assert!(reason.is_some_and(|reason| reason.starts_with(&start)), "{source}");
            }
            None => assert_eq!(reason, None, "{source}"),
        }
    }
}
