use proptest::prelude::*;

use super::*;
use crate::page::block::Block;
use crate::page::store::{Store, Want};
use crate::page::testing::{line, message, store_of};

/// The numbers of the rows that a filter shows.
fn shown(store: &Store, text: &str) -> Vec<u64> {
    let filter = Filter::parse(text, false).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    found(store, &filter)
}

fn found(store: &Store, filter: &Filter) -> Vec<u64> {
    let mut scratch = Scratch::default();
    let (first, newest) = store.block_numbers();
    let mut found = Vec::new();
    for number in first..=newest {
        let block = store.block(number, Want::All).expect("a block");
        let info = store.block_info(number).expect("a block");
        let rows = rows(&block, filter, &mut scratch);
        assert!(rows.is_empty() || filter.may_match(&info.digest), "{filter:?}");
        found.extend(rows);
    }
    found
}

fn rows(block: &Block, filter: &Filter, scratch: &mut Scratch) -> Vec<u64> {
    let rows = block.rows_from(0).filter(|row| filter.matches(row, scratch));
    rows.map(|row| row.number).collect()
}

fn sample() -> std::sync::Arc<Store> {
    let binary = |data: &str, size: u64| {
        format!(
            r#""connection":2,"direction":"received","type":"binary","encoding":"base64","data":"{data}","size":{size}"#
        )
    };
    store_of(&[
        line(
            "open",
            0,
            r#""connection":1,"url":"ws://h/Feed","status":101,"reason":"Switching Protocols""#,
        ),
        message("sent", 1, r#"{"op":"tick","n":5,"list":[1,{"Name":"Ann"}],"id":3}"#),
        message("received", 2, r#"{"op":"Order \"x\"","id":3}"#),
        message("received", 3, "two\nlines, caf\u{e9} and \u{200b}"),
        line("message", 4, &binary("aGVsbG8AAQ==", 7)),
        line("ping", 5, r#""direction":"sent","encoding":"base64","data":"cGluZw==","size":4"#),
        line("pong", 9, r#""direction":"received","encoding":"base64","data":"cGluZw==","size":4"#),
        line(
            "message",
            10,
            r#""direction":"client","type":"text","data":"a/b","size":2000,"rule":2,"action":"drop""#,
        ),
        line("close", 11, r#""connection":2,"code":1008,"reason":"not allowed""#),
        line("error", 12, r#""kind":"connect","message":"refused by Host""#),
    ])
}

#[test]
fn values_of_a_path_are_found_however_json_writes_them() {
    let store = store_of(&[
        message("sent", 0, r#"{"op":"order/1"}"#),
        message("sent", 1, r#"{"op":"order\/1"}"#),
        message("sent", 2, r#"{"op":"\u006frder/1"}"#),
        message("sent", 3, r#"{"\u006fp":"order"}"#),
        message("sent", 4, r#"{"op":"caf\u00e9"}"#),
        message("sent", 5, "{\"op\":\"caf\u{e9}\"}"),
        message("sent", 6, r#"{"op":"x\ty"}"#),
        message("sent", 7, r#"{"op":"\u200b"}"#),
        message("sent", 8, "{\"op\":\"\u{200b}\"}"),
        message("sent", 9, r#"{"op":"orders"}"#),
    ]);
    for (filter, rows) in [
        ("$.op == \"order/1\"", &[0, 1, 2][..]),
        ("$.op == order", &[3]),
        ("$.op == caf\u{e9}", &[4, 5]),
        (r#"$.op == "x\ty""#, &[6]),
        ("$.op == \"\u{200b}\"", &[7, 8]),
    ] {
        assert_eq!(shown(&store, filter), rows, "{filter}");
    }
}

#[test]
fn words_say_what_is_shown() {
    let store = sample();
    let all: Vec<u64> = (0..10).collect();
    for (text, expected) in [
        ("", &all[..]),
        ("  ", &all),
        ("dir:out", &[1, 5, 7]),
        ("dir:client type:text", &[1, 7]),
        ("dir:received", &[2, 3, 4, 6]),
        ("-dir:in -dir:out", &[0, 8, 9]),
        ("type:binary", &[4]),
        ("type:ping,pong", &[5, 6]),
        ("type:control", &[5, 6]),
        ("!type:message", &[0, 5, 6, 8, 9]),
        ("size:>1k", &[7]),
        ("size:>2k", &[]),
        ("size:<=7 type:message", &[4]),
        ("size:4..7", &[4, 5, 6]),
        ("size:4", &[5, 6]),
        ("conn:2", &[4, 8]),
        ("conn:1,2", &[0, 4, 8]),
        ("conn:1..3", &[0, 4, 8]),
        ("conn:3..9", &[]),
        ("code:1008", &[8]),
        ("code:1007..1010", &[8]),
        ("code:1000", &[]),
        ("rule:2", &[7]),
        ("late:>3ms", &[6]),
        ("late:<4ms", &[2]),
        ("late:1ms", &[2]),
        ("tick", &[1]),
        ("order", &[2]),
        ("Order", &[2]),
        ("ORDER", &[]),
        (r#""Order \\\"x""#, &[2]),
        (r#""\"op\":\"tick\"""#, &[1]),
        ("feed", &[0]),
        ("café", &[3]),
        ("CAFÉ", &[]),
        ("\u{200b}", &[3]),
        ("u200b", &[]),
        ("n\u{200b}", &[]),
        ("hello", &[4]),
        ("ping", &[5, 6]),
        ("refused -feed", &[9]),
        ("allowed", &[8]),
        ("a/b", &[7]),
        ("/feed", &[0]),
        ("/api/v1", &[]),
        ("/^two$/", &[]),
        ("/(?m)^lines/", &[3]),
        ("/ORDER/i", &[2]),
        (r#"/Order .+x/"#, &[2]),
        (r#"$.op == "Order \"x\"""#, &[2]),
        ("/a\\/b/", &[7]),
        ("-/./", &[]),
        ("$.op", &[1, 2]),
        ("$.op == tick", &[1]),
        ("$.op==\"tick\"", &[1]),
        ("$.op != tick", &[2]),
        ("$.n == 5.0", &[1]),
        ("$.n == \"5\"", &[]),
        ("$.n > 4", &[1]),
        ("$.n >5", &[]),
        ("$.n>=5", &[1]),
        ("$.n < 5.5 tick", &[1]),
        ("$.n <= 4.9", &[]),
        ("-$.id<3 $.id", &[1, 2]),
        ("$.op > 0", &[]),
        ("$.op ~ ord", &[2]),
        ("$.op ~ /^o/i dir:in", &[2]),
        ("$..Name == Ann", &[1]),
        ("$.list[1] == {\"Name\":\"Ann\"}", &[1]),
        ("$.list[?@.Name == 'Ann']", &[1]),
        ("$.x", &[]),
        ("-$.op type:text", &[3, 7]),
    ] {
        let expected: &[u64] = expected;
        assert_eq!(shown(&store, text), expected, "{text}");
    }
}

#[test]
fn numbers_are_compared_exactly() {
    let numbers =
        ["9007199254740993", "9007199254740992", "1e400", "18446744073709551615", "-2.50"];
    let lines = numbers
        .iter()
        .zip(1..)
        .map(|(number, at)| message("received", at, &format!("{{\"n\":{number}}}")));
    let store = store_of(&lines.collect::<Vec<_>>());
    for (text, expected) in [
        ("$.n > 9007199254740992", &[0, 2, 3][..]),
        ("$.n == 9007199254740992", &[1]),
        ("$.n == 9007199254740993.0", &[0]),
        ("$.n != 9007199254740992", &[0, 2, 3, 4]),
        ("$.n >= 18446744073709551615", &[2, 3]),
        ("$.n > 18446744073709551614", &[2, 3]),
        ("$.n > 1e309", &[2]),
        ("$.n < 1e-400", &[4]),
        ("$.n == 10e399", &[2]),
        ("$.n == -2.5", &[4]),
    ] {
        let expected: &[u64] = expected;
        assert_eq!(shown(&store, text), expected, "{text}");
    }
}

#[test]
fn what_is_set_beside_the_text_counts_too() {
    let store = sample();
    let filter = |hides_control, after, connection| {
        found(&store, &Filter { hides_control, after, connection, ..Filter::default() })
    };
    assert_eq!(filter(true, 3, None), [3, 4, 7, 8, 9]);
    assert_eq!(filter(false, 0, Some(2)), [4, 8]);
    assert!(Filter::default().is_empty());
}

#[test]
fn errors_stand_at_their_place() {
    for (text, at, reason) in [
        ("dir:up", 4, "a direction is in or out"),
        ("a type:x", 7, "\"x\" is not a type: use text"),
        ("size:>x", 5, "\"x\" is not a size"),
        ("size:<0", 5, "nothing is less than 0"),
        ("late:5h", 5, "\"5h\" is not a time"),
        ("conn:a", 5, "\"a\" is not a number of a connection"),
        ("code:99999", 5, "\"99999\" is not a close code"),
        ("a \"b", 2, "the closing quote is missing"),
        ("\"\"", 0, "there is nothing between the quotes"),
        ("-/(/", 2, "not a regular expression: unclosed group"),
        ("/ab[c/i", 3, "not a regular expression: unclosed character class"),
        ("é /a{2,1}/", 5, "not a regular expression: invalid repetition count range"),
        ("$.op ~ /é(?=y)/", 10, "not a regular expression: look-around"),
        ("/(a{1000}){1000}/", 1, "the regular expression is too large"),
        ("$.a ==", 6, "a value is missing"),
        ("$.a == {\"b\"", 7, "the value is not JSON"),
        ("$.a ~", 5, "a text is missing"),
        ("$.[", 0, "not a JSONPath: "),
        ("$..*..*", 0, "a path has at most 1 \"..\""),
        ("$[*,*][*,*][*,*][*,*][*,*][*,*][*,*]", 0, "the lists in brackets select more than 64"),
        ("$.room = ops", 7, "a path is compared with ==, !=, ~, <, <=, > or >="),
        ("$.room =~ ops", 7, "a path is compared with"),
        ("$.room !~ ops", 7, "a path is compared with"),
        ("$.n >", 5, "a number is missing"),
        ("$.n < ten", 6, "\"ten\" is not a number"),
        ("$.n > NaN", 6, "\"NaN\" is not a number"),
        ("a /b/x", 5, "\"x\" is not a flag of regular expressions: use i"),
        ("a /[a-z", 2, "the / at the end of the regular expression is missing"),
        ("$.op ~ /(a", 7, "the / at the end of the regular expression is missing"),
        (
            "type:foo",
            5,
            "\"foo\" is not a type: use text, binary, ping, pong, close, open, error, violation, http, redirect, retry, reconnect, held, omitted",
        ),
        ("a foo:bar", 2, "foo: is not known: use dir"),
        ("size:5..2", 5, "the first of a range is greater than the last"),
        ("conn:3..1", 5, "the first of a range is greater than the last"),
        ("$[?$..a]", 0, "a path that begins with $ in a filter must name one value"),
        ("$.a[?(((((((((@.b", 0, "a JSONPath with more than 8 nested brackets"),
    ] {
        let error = Filter::parse(text, false).expect_err(text);
        assert_eq!(error.at, at, "{text}: {}", error.reason);
        assert!(error.reason.starts_with(reason), "{text}: {}", error.reason);
    }
    let long = "a".repeat(5000);
    assert_eq!(Filter::parse(&long, false).expect_err("too long").at, 0);
    assert_eq!(Filter::parse(&"a ".repeat(65), false).expect_err("too many").at, 128);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Looking at the line first must not change what is found.
    #[test]
    fn text_is_found_where_it_is(
        text in "[a-cA-C\"\\\\\n/u\u{200b}\u{e9}k ]{0,12}",
        needle in "[a-cA-C\"\\\\/u\u{200b}\u{e9}\u{c9}k\u{212a}]{1,3}",
    ) {
        let store = store_of(&[message("sent", 1, &text)]);
        let quoted = needle.replace('\\', "\\\\").replace('"', "\\\"");
        let has_capitals = needle.chars().any(char::is_uppercase);
        let expected = match has_capitals {
            true => text.contains(&needle),
            false => text.to_lowercase().contains(&needle.to_lowercase()),
        };
        prop_assert_eq!(shown(&store, &format!("\"{quoted}\"")).len() == 1, expected);
    }

    #[test]
    fn any_text_is_a_filter_or_an_error(text in "[-!a-z:\"/$.\\[\\]()?@ ~=0-9\u{e9}\\\\]{0,40}") {
        match Filter::parse(&text, false) {
            Ok(filter) => drop(found(&sample(), &filter)),
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.at), "{error:?}");
                prop_assert!(!error.reason.is_empty());
            }
        }
    }
}
