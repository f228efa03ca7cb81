use bytes::Bytes;

use super::*;

/// Messages, one a word: `>` before those of the client.
fn items(text: &str) -> Vec<Item> {
    let words = text.split_whitespace().map(|word| match word.strip_prefix('>') {
        Some(word) => (Side::Client, word),
        None => (Side::Server, word),
    });
    let item = |(side, word): (Side, &str)| {
        let data = Bytes::copy_from_slice(word.as_bytes());
        Item::new(ItemKind::Text, side, data, &Ignore::default())
    };
    words.map(item).collect()
}

fn shown(item: &Item) -> String {
    let sign = if item.side == Side::Client { ">" } else { "" };
    format!("{sign}{}", String::from_utf8_lossy(&item.data))
}

/// The pairs that are not equal.
fn paired(one: &str, other: &str, any_order: bool) -> String {
    let (one, other) = (items(one), items(other));
    let found = pairs(&one, &other, any_order, &Ignore::default());
    let (mut ones, mut others): (Vec<_>, Vec<_>) = found.iter().map(|it| places(*it)).unzip();
    for (places, count) in [(&mut ones, one.len()), (&mut others, other.len())] {
        places.retain(Option::is_some);
        places.sort_unstable();
        assert!(places.iter().copied().eq((0..count).map(Some)), "{found:?}");
    }
    let words = found.iter().filter_map(|pair| match *pair {
        Pair::Same(..) => None,
        Pair::Changed(at, to) => Some(format!("{}~{}", shown(&one[at]), shown(&other[to]))),
        Pair::Missing(at) => Some(format!("-{}", shown(&one[at]))),
        Pair::Surplus(to) => Some(format!("+{}", shown(&other[to]))),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn messages_are_aligned_by_side_and_shape() {
    for (one, other, expected) in [
        ("", "", ""),
        ("a b c", "a b c", ""),
        ("a b c", "a c", "-b"),
        ("a c", "a b c", "+b"),
        ("a b c", "a x c", "-b +x"),
        ("a item:1 c", "a item:2 c", "item:1~item:2"),
        // Each side has its own order.
        (">q a >r b", ">q >r a b", ""),
        (">q a", "a >q", ""),
        (">a", "a", "->a +a"),
        // Not the next one, but the one that resembles it.
        ("item:1 note:1 x", "note:2 x", "-item:1 note:1~note:2"),
        (
            r#"{"id":1,"r":"a"} {"id":2,"r":"b"} {"id":3,"r":"c"}"#,
            r#"{"id":1,"r":"A"} {"id":3,"r":"C"}"#,
            concat!(
                r#"{"id":1,"r":"a"}~{"id":1,"r":"A"} -{"id":2,"r":"b"} "#,
                r#"{"id":3,"r":"c"}~{"id":3,"r":"C"}"#
            ),
        ),
        (
            r#"{"type":"a","v":1}"#,
            r#"{"type":"b","v":1}"#,
            r#"-{"type":"a","v":1} +{"type":"b","v":1}"#,
        ),
        (
            r#"{"type":"a","v":1}"#,
            r#"{"type":"a","w":2}"#,
            r#"{"type":"a","v":1}~{"type":"a","w":2}"#,
        ),
        // What moved is missing at one place and added at the other.
        ("a b", "b a", "+b -b"),
        (">a x", ">b y", "->a -x +>b +y"),
    ] {
        assert_eq!(paired(one, other, false), expected, "{one} | {other}");
    }
}

#[test]
fn in_any_order_only_what_is_there_counts() {
    for (one, other, expected) in [
        ("a b c", "c a b", ""),
        ("a a b", "a b b", "-a +b"),
        (">a b", "b >a", ""),
        ("item:1 note:1", "note:2 item:2", "item:1~item:2 note:1~note:2"),
        (r#"{"a":1,"b":2}"#, r#"{"c":9} {"a":1,"b":3}"#, r#"{"a":1,"b":2}~{"a":1,"b":3} +{"c":9}"#),
    ] {
        assert_eq!(paired(one, other, true), expected, "{one} | {other}");
    }
}

#[test]
fn many_different_messages_are_aligned_by_their_shapes() {
    let feed = |from: usize, count: usize| -> String {
        let line = |at: usize| match at % 3 {
            0 => format!(r#"{{"type":"trade","id":{at}}} "#),
            _ => format!(r#"{{"type":"price","v":{at}}} "#),
        };
        (from..from + count).map(line).collect()
    };
    for any_order in [false, true] {
        let found = paired(&feed(0, 6000), &feed(60_000, 6000), any_order);
        assert_eq!(found.split(' ').filter(|it| it.contains('~')).count(), 6000, "{any_order}");
    }
    // One more type, in one recording only.
    let more = format!("{}{}", r#"{"type":"hello"} "#, feed(60_000, 3000));
    let found = paired(&feed(0, 3000), &more, false);
    assert_eq!(found.split(' ').filter(|it| it.contains('~')).count(), 3000);
    assert!(found.starts_with(r#"+{"type":"hello"} "#), "{}", &found[..80]);
}

proptest::proptest! {
    #[test]
    fn every_message_has_one_place(
        one in "(>?[abc]{1,2}[0-9]? ){0,40}",
        other in "(>?[abc]{1,2}[0-9]? ){0,40}",
        any_order: bool,
    ) {
        paired(&one, &other, any_order);
        proptest::prop_assert_eq!(paired(&one, &one, any_order), "");
    }
}
