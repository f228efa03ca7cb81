use super::*;
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

/// The differences, in words, and the counts.
fn found(one: &[&str], other: &[&str], comparing: &Comparing) -> (Vec<String>, Compared) {
    let (one, other) = (connections(one), connections(other));
    let mut list = Vec::new();
    let compared = compare(&one, &other, comparing, &mut |found| {
        let text = |item: &Item| format!("{} {}", item.number, String::from_utf8_lossy(&item.data));
        let labels = found.connections.map(|it| it.map_or("-", |it| it.label.as_str()));
        let ms = |gaps: &[Duration; 2]| gaps.map(|gap| gap.as_millis().to_string()).join("/");
        let what = match &found.what {
            Difference::Connection => "connection".to_owned(),
            Difference::Opening => "opening".to_owned(),
            Difference::Head(it) => format!("head {}", it.part),
            Difference::Missing(item) => format!("-{}", text(item)),
            Difference::Added(item) => format!("+{}", text(item)),
            Difference::Changed([one, other], _) => format!("{}~{}", text(one), text(other)),
            Difference::Gap(items, gaps) => {
                let place = items.map_or_else(|| "end".to_owned(), |it| it[0].number.to_string());
                format!("gap {place} {}", ms(gaps))
            }
            Difference::OpeningTime(times) => format!("opening {}", ms(times)),
            Difference::Close(_) => "close".to_owned(),
        };
        list.push(format!("{}|{} {what}", labels[0], labels[1]));
        ControlFlow::Continue(())
    });
    assert_eq!(compared.totals.differences(), list.len() as u64);
    (list, compared)
}

fn differences(one: &[&str], other: &[&str]) -> Vec<String> {
    found(one, other, &Comparing { max_changes: 5, ..Comparing::default() }).0
}

#[test]
fn messages_and_ends_are_compared() {
    let base = ["open ws://a/x", "> hi", "< item:1", "end peer 1000 1000 bye"];
    for (other, expected) in [
        (base, &[][..]),
        // Another host and other times are the same connection.
        (["open wss://b/x", "@50", "> hi", base[2]], &[]),
        (["open ws://a/y", "> hi", "< item:2", base[3]], &["1|1 2 item:1~2 item:2"]),
        ([base[0], "> hi", "@1", base[3]], &["1|1 -2 item:1"]),
        ([base[0], base[1], base[2], "end peer 1000 1001 bye"], &["1|1 close"]),
        ([base[0], base[1], base[2], "end peer 1000 1000 other"], &["1|1 close"]),
        ([base[0], base[1], base[2], "end self 1000 1000 bye"], &["1|1 close"]),
        ([base[0], base[1], base[2], "end peer - 1000 bye"], &["1|1 close"]),
        ([base[0], base[1], base[2], ">ping x"], &["1|1 +3 x"]),
    ] {
        assert_eq!(differences(&base, &other), expected, "{other:?}");
    }
}

#[test]
fn an_end_that_was_not_recorded_is_no_difference() {
    let one = ["open ws://a", "< a", "end peer 1000 1000"];
    for (ours, theirs, lacking) in [(&one[..], &one[..2], 1), (&one[..2], &one[..], 0)] {
        let (list, compared) = found(ours, theirs, &Comparing::default());
        assert_eq!((list.len(), compared.unknown_ends), (0, vec![("1".to_owned(), lacking)]));
    }
    // The recording side did not wait for the answer.
    let [one, other] = ["end self 1000 -", "end self 1000 1000"].map(|end| ["open ws://a", end]);
    assert_eq!(differences(&one, &other), [""; 0]);
}

#[test]
fn both_sides_of_a_connection_can_be_compared() {
    let client = ["open ws://a/x", "> q", "< a", "end self 1000 1001"];
    let server = ["accept ws://a/x", "< q", "> a", "end peer 1001 1000"];
    assert_eq!(differences(&client, &server), [""; 0]);
}

#[test]
fn connections_are_paired_by_path_in_their_order() {
    let one = ["#1", "open ws://a/x", "< 1", "#2", "open ws://a/y", "#3", "open ws://a/x", "< 3"];
    let other = ["#1", "open ws://b/x", "< 1", "#5", "open ws://b/x", "< 4", "#6", "open ws://b/z"];
    assert_eq!(differences(&one, &other), ["2|- connection", "3|5 1 3~1 4", "-|6 connection"]);
}

#[test]
fn gaps_are_compared_between_messages_that_both_have() {
    let comparing = Comparing { timing: true, ..Comparing::default() };
    let one =
        ["open ws://a", "@10", "> q", "@20", "< a", "@30", "< b", "@40", "end peer 1000 1000"];
    let slow = [
        "open ws://a",
        "@10",
        "> q",
        "@200",
        "< x",
        "@320",
        "< a",
        "@330",
        "< b",
        "@400",
        "end peer 1000 1000",
    ];
    let (list, _) = found(&one, &slow, &comparing);
    assert_eq!(list, ["1|1 +2 x", "1|1 gap 2 10/310", "1|1 gap end 10/70"]);
    assert_eq!(found(&one, &slow, &Comparing::default()).0, ["1|1 +2 x"]);
    for (times, expected) in [
        ([0, 50], false),
        ([0, 51], true),
        ([100, 151], false),
        ([100, 201], true),
        ([201, 100], true),
        ([u64::MAX, 0], true),
    ] {
        assert_eq!(differ(times.map(Duration::from_millis)), expected, "{times:?}");
    }
}

/// It was the time since the last pair, which may be a later message of the other direction: less than nothing.
#[test]
fn a_gap_is_the_time_since_the_message_before_in_the_same_recording() {
    let comparing = Comparing { timing: true, ..Comparing::default() };
    let one = ["open ws://a", "> q", "@401", "< a", "@402", "> r", "@403", "> z"];
    let other = ["open ws://a", "> q", "@1", "> r", "@202", "< a", "@203", "< x", "@204", "> z"];
    let (list, _) = found(&one, &other, &comparing);
    let mut gaps: Vec<_> = list.iter().filter(|it| it.contains("gap")).collect();
    gaps.sort();
    assert_eq!(gaps, [""; 0], "{list:?}");
    let slow = ["open ws://a", "> q", "@1", "> r", "@102", "< a", "@104", "> z"];
    let (list, _) = found(&one, &slow, &comparing);
    assert_eq!(list, ["1|1 gap 2 401/101"]);
    // Messages that only one recording has change the order of the pairs.
    let one = ["open ws://a", "< s", "@401", "< a", "@402", "> r"];
    let other = ["open ws://a", "< s", "@1", "> x", "@1", "> r", "@202", "< a"];
    let (list, _) = found(&one, &other, &comparing);
    assert_eq!(list, ["1|1 +2 x"]);
}

#[test]
fn it_ends_when_nobody_wants_more() {
    let (one, other) = (connections(&["< a", "< b"]), connections(&["< c"]));
    let mut count = 0;
    let compared = compare(&one, &other, &Comparing::default(), &mut |_| {
        count += 1;
        ControlFlow::Break(())
    });
    assert_eq!((count, compared.totals.differences()), (1, 1));
}
