//! What a judge decides.

use std::time::Duration;

use super::super::{Effect, Judge, Judged, Replacement};
use super::{decisions, effect, rules, text};
use crate::protocol::close::ClosePayload;
use crate::protocol::{CloseCode, MessageKind, Side};

fn binary(data: &[u8]) -> Judged<'_> {
    Judged::Message { kind: MessageKind::Binary, data }
}

/// CONTRACT section 7: "PATTERN as in section 5 (none: every data message; control frames by `ping: pong: close:`)"
#[test]
fn a_pattern_matches_what_expect_takes() {
    let close = |code: Option<u16>, reason: &str| ClosePayload {
        code: code.map(CloseCode::new),
        reason: reason.to_owned(),
    };
    let (bye, none, forbidden) = (close(Some(1000), "bye"), close(None, ""), close(Some(1006), ""));
    for (pattern, what, expected) in [
        ("", text(""), true),
        ("", text("a"), true),
        ("", binary(&[255]), true),
        ("", Judged::Ping(b""), false),
        ("", Judged::Pong(b""), false),
        ("", Judged::Close(&bye), false),
        ("a", text("a"), true),
        ("a", text("ab"), false),
        ("a", binary(b"a"), true),
        ("a", Judged::Ping(b"a"), false),
        ("/a/", text("ba"), true),
        ("/a/", Judged::Pong(b"a"), false),
        ("{\"a\":1}", text("{\"b\":2,\"a\":1.0}"), true),
        ("{\"a\":1}", text("{\"a\":2}"), false),
        ("hex:00 ..", binary(&[0, 255]), true),
        ("hex:61", text("a"), false),
        ("text:a => b", text("a => b"), true),
        ("/./", Judged::Message { kind: MessageKind::Text, data: &[97, 255] }, false),
        ("", Judged::Message { kind: MessageKind::Text, data: &[97, 255] }, true),
        ("ping:", Judged::Ping(b"x"), true),
        ("ping:", Judged::Ping(&[255]), true),
        ("ping:x", Judged::Ping(b"y"), false),
        ("ping:", Judged::Pong(b"x"), false),
        ("ping:", text("ping:"), false),
        ("pong:x", Judged::Pong(b"x"), true),
        ("close:", Judged::Close(&bye), true),
        ("close:", Judged::Close(&none), true),
        ("close:", Judged::Close(&forbidden), true),
        ("close:1000", Judged::Close(&bye), true),
        ("close:1000 bye", Judged::Close(&bye), true),
        ("close:1000 /y/", Judged::Close(&bye), true),
        ("close:1000 you", Judged::Close(&bye), false),
        ("close:1001", Judged::Close(&bye), false),
        ("close:1005", Judged::Close(&none), true),
        ("close:1000", Judged::Close(&none), false),
        ("close:", text(""), false),
    ] {
        let decided = effect(&format!("client {pattern} => drop"), &what);
        assert_eq!(decided.is_some(), expected, "{pattern:?} {what:?}");
    }
}

#[test]
fn a_rule_is_about_what_its_side_sends() {
    for (side, from_client, from_server) in
        [("client", true, false), ("server", false, true), ("any", true, true)]
    {
        let rules = rules(&[&format!("{side} => drop")]);
        let mut judge = Judge::new(rules.clone(), 1, 1);
        let mut is_decided = |from| judge.judge(from, &text("a"), Duration::ZERO).is_some();
        assert_eq!(
            (is_decided(Side::Client), is_decided(Side::Server)),
            (from_client, from_server)
        );
        let may_touch = (rules.may_touch(Side::Client), rules.may_touch(Side::Server));
        assert_eq!(may_touch, (from_client, from_server));
    }
}

/// CONTRACT section 7: "WHEN …, counted per connection and rule once PATTERN matches"
#[test]
fn what_a_pattern_matches_is_counted() {
    for (source, expected) in [
        ("client nth 2 => drop", &["-", "1 drop", "-", "-", "-", "-"]),
        ("client every 2 => drop", &["-", "1 drop", "-", "1 drop", "-", "1 drop"]),
        ("client every 1 => drop", &["1 drop"; 6]),
        ("client a nth 2 => drop", &["-", "-", "1 drop", "-", "-", "-"]),
        ("client a every 2 => drop", &["-", "-", "1 drop", "-", "-", "1 drop"]),
        ("client nth 7 => drop", &["-"; 6]),
        ("client 0% => drop", &["-"; 6]),
        ("client 100% => drop", &["1 drop"; 6]),
    ] {
        let mut judge = Judge::new(rules(&[source]), 1, 1);
        assert_eq!(decisions(&mut judge, &["a", "b", "a", "b", "a", "a"]), expected, "{source}");
    }
}

/// With `any`, both sides are counted together: the count is that of the connection and the rule.
#[test]
fn both_sides_are_counted_together() {
    let mut judge = Judge::new(rules(&["any nth 2 => drop"]), 1, 1);
    let mut is_decided = |from| judge.judge(from, &text("a"), Duration::ZERO).is_some();
    assert!(!is_decided(Side::Client) && is_decided(Side::Server) && !is_decided(Side::Client));
}

#[test]
fn a_time_counts_from_the_start_of_the_connection() {
    let mut judge = Judge::new(rules(&["client a after 5s => drop"]), 1, 1);
    for (millis, data, expected) in [
        (0, "a", false),
        (4999, "a", false),
        (5000, "a", true),
        (9000, "b", false),
        (9000, "a", true),
    ] {
        let verdict = judge.judge(Side::Client, &text(data), Duration::from_millis(millis));
        assert_eq!(verdict.is_some(), expected, "{data} after {millis} ms");
    }
}

/// CONTRACT section 7: "first match counts"
#[test]
fn the_first_rule_that_holds_decides_and_later_ones_do_not_count() {
    let mut judge = Judge::new(
        rules(&["client a nth 2 => drop", "client every 2 => hold", "server => abort"]),
        1,
        1,
    );
    assert_eq!(
        decisions(&mut judge, &["a", "a", "a", "b", "a", "b"]),
        ["-", "1 drop", "2 hold", "-", "2 hold", "-"]
    );
}

#[test]
fn effects_have_the_values_of_their_rules() {
    let seconds = Duration::from_secs;
    for (source, what, expected) in [
        ("client => drop", text("a"), Effect::Drop),
        ("client => delay 2s", text("a"), Effect::Delay(seconds(2))),
        ("client => duplicate", text("a"), Effect::Duplicate),
        ("client => hold", text("a"), Effect::Hold),
        ("client ping: => abort", Judged::Ping(b""), Effect::Abort),
        (
            "client ping: => replace hex:00",
            Judged::Ping(b""),
            Effect::Replace(Replacement { kind: None, data: vec![0].into() }),
        ),
        (
            "client => replace hex:00",
            text("a"),
            Effect::Replace(Replacement { kind: Some(MessageKind::Binary), data: vec![0].into() }),
        ),
        (
            "client => close 1008 no",
            text("a"),
            Effect::Close(ClosePayload {
                code: Some(CloseCode::POLICY_VIOLATION),
                reason: "no".to_owned(),
            }),
        ),
    ] {
        let name = source.split("=> ").last().and_then(|action| action.split(' ').next());
        assert_eq!(Some(expected.name()), name);
        assert_eq!(effect(source, &what), Some(expected), "{source}");
    }
}

#[test]
fn times_and_bits_are_drawn_for_each_message() {
    let mut judge = Judge::new(rules(&["client => delay 1s±500ms", "server => corrupt"]), 1, 1);
    let [mut times, mut bits] = [const { Vec::new() }; 2];
    for _ in 0..200 {
        for from in [Side::Client, Side::Server] {
            match judge.judge(from, &text("a"), Duration::ZERO).map(|verdict| verdict.effect) {
                Some(Effect::Delay(time)) => times.push(time.as_millis() as u64),
                Some(Effect::Corrupt { bit }) => bits.push(bit % 8),
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(times.iter().all(|time| (500..=1500).contains(time)));
    assert!(times.iter().any(|time| *time < 600) && times.iter().any(|time| *time > 1400));
    bits.sort_unstable();
    bits.dedup();
    assert_eq!(bits, [0, 1, 2, 3, 4, 5, 6, 7]);
}

/// What a seed decides must not change with the version of the program.
#[test]
fn a_seed_is_a_run() {
    let mut judge = Judge::new(rules(&["client 50% => drop"]), 7, 1);
    let taken = decisions(&mut judge, &["a"; 16]);
    let taken: String = taken.iter().map(|it| if it == "-" { '-' } else { 'x' }).collect();
    assert_eq!(taken, "---xxx---xx-----");
}
