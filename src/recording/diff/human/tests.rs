use std::ops::ControlFlow;

use super::*;
use crate::recording::compare::Ignore;
use crate::recording::diff::compare::{Comparing, compare};
use crate::recording::diff::connection::{Collecting, Collector};
use crate::recording::replay::Selector;
use crate::recording::replay::testing::events;

fn connections(lines: &[&str]) -> Vec<Connection> {
    let (selector, ignore) = (Selector::Only, Ignore::default());
    let mut collector = Collector::new(Collecting { selector, ignore, control: true });
    for event in events(lines) {
        assert!(collector.push(event).is_continue());
    }
    collector.finish().expect("connections")
}

fn text(one: &[&str], other: &[&str], style: Style, columns: Option<usize>) -> String {
    let (one, other) = (connections(one), connections(other));
    let has_several = one.len() > 1 || other.len() > 1;
    let names = ["a".to_owned(), "b".to_owned()];
    let mut human = Human::new(style, columns, names, has_several);
    let comparing =
        Comparing { timing: true, handshake: true, max_changes: 3, ..Default::default() };
    let mut text = String::new();
    compare(&one, &other, &comparing, &mut |found| {
        text += &human.lines(found);
        ControlFlow::Continue(())
    });
    text
}

const ONE: [&str; 9] = [
    "open ws://a/x",
    "> {\"op\":\"sub\"}",
    "< {\"type\":\"price\",\"v\":10,\"name\":\"a\\u202e\"}",
    "< old",
    "< same",
    "@10",
    "< slow",
    "< {\"type\":\"list\",\"l\":[1,1,1,1,1]}",
    "end peer 1000 1000 bye",
];

const OTHER: [&str; 10] = [
    "open ws://a/x",
    "> {\"op\":\"sub\"}",
    "> new",
    "< {\"type\":\"price\",\"v\":11,\"w\":null}",
    "< same",
    "@400",
    "< slow",
    "< {\"type\":\"list\",\"l\":[2,2,2,2,2]}",
    "@401",
    "end peer 1000 1001",
];

#[test]
fn lines_have_signs_numbers_and_places() {
    assert_eq!(
        text(&ONE, &OTHER, Style::plain(), None),
        "\
--- a
+++ b
+   2 > \"new\"
~ 2 3 < {\"type\":\"price\",\"v\":10,\"name\":\"a\\u202e\"}
    $.v: 10 → 11
    - $.name: \"a\\u{202e}\"
    + $.w: null
- 3   < \"old\"
~ 5 5 < after 10 ms → 400 ms: \"slow\"
~ 6 6 < {\"type\":\"list\",\"l\":[1,1,1,1,1]}
    $.l[0]: 1 → 2
    $.l[1]: 1 → 2
    $.l[2]: 1 → 2
    … and 2 more places
~ close
    Close frame of the server: 1000 \"bye\" → 1001
"
    );
}

#[test]
fn lines_fit_into_the_terminal() {
    let long = |tail: &str| format!("< {{\"type\":\"x\",\"text\":\"{}{tail}\"}}", "界 ".repeat(14));
    let (one, other) = (long("1"), long("2"));
    let shown = text(&["open ws://a", &one], &["open ws://a", &other], Style::plain(), Some(40));
    assert!(shown.lines().all(|line| line.width() <= 40), "{shown}");
    assert!(shown.contains("    $.text:\n      - \"界"), "{shown}");
    let painted = text(&ONE, &OTHER, Style::new(true), Some(80));
    assert!(painted.contains("\x1b[33m~ 2 3 < \x1b[0m{"), "{painted:?}");
    assert!(
        painted.contains("$.v:\x1b[0m \x1b[1;91m10\x1b[0m → \x1b[32m11\x1b[0m\n"),
        "{painted:?}"
    );
}

#[test]
fn several_connections_have_a_line_each() {
    let one = ["#1", "open ws://a/x", "< 1", "#2", "open ws://a/y\u{202e}", "< 2"];
    let other = ["#1", "open ws://a/x", "< 1", "#3", "open ws://a/x", "< 2", "< 3"];
    assert_eq!(
        text(&one, &other, Style::plain(), None),
        "\
--- a
+++ b
- connection 2 (ws://a/y\\u{202e}): open, 1 message
+ connection 3 (ws://a/x): open, 2 messages
"
    );
    let other = ["#4", "open ws://a/x", "< 3", "#5", "open ws://a/y\u{202e}", "< 2"];
    assert_eq!(
        text(&one, &other, Style::plain(), None),
        "--- a\n+++ b\nconnection 1 / 4 (ws://a/x)\n~ 1 1 < \"1\"\n    character 1: \"1\" → \"3\"\n"
    );
}
