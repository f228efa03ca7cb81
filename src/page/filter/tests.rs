use std::sync::Arc;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::*;
use crate::page::block::Block;
use crate::page::row::RowView;
use crate::page::store::{Store, Want};
use crate::page::testing::{message, store_of};

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

/// What the filter of reports (`embedded/filter.js`) is tested with too.
#[derive(Deserialize)]
struct Cases {
    lists: Vec<List>,
    /// Filters, the place of what is wrong in UTF-16 units, and how the reason starts.
    errors: Vec<(String, usize, String)>,
}

#[derive(Deserialize)]
struct List {
    events: Vec<Box<RawValue>>,
    /// Filters, and the rows that they show.
    found: Vec<(String, Vec<u64>)>,
    /// What the list shows: types, previews, and how rows stand out.
    #[serde(default)]
    rows: Vec<(String, String, Option<String>)>,
}

impl List {
    fn store(&self) -> Arc<Store> {
        let lines = self.events.iter().map(|event| format!("{event}\n"));
        store_of(&lines.collect::<Vec<_>>())
    }
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("cases.json")).expect("cases")
}

fn sample() -> Arc<Store> {
    cases().lists[0].store()
}

#[test]
fn words_say_what_is_shown() {
    for list in cases().lists {
        let store = list.store();
        for (number, (kind, preview, level)) in (0..).zip(&list.rows) {
            let block = store.block(store.block_of(number).expect("kept"), Want::All);
            let block = block.expect("a block");
            let row = RowView::new(&block.numbered(number).expect("a row"), None);
            let row = serde_json::to_value(row).expect("JSON");
            let shown = (&row["type"], &row["preview"], row["level"].as_str());
            assert_eq!(shown, (&json!(kind), &json!(preview), level.as_deref()), "{number}");
        }
        for (text, expected) in list.found {
            assert_eq!(shown(&store, &text), expected, "{text}");
        }
    }
    // Paths that reports do not know.
    assert_eq!(shown(&sample(), "$.list[?@.Name == 'Ann']"), [1]);
    assert_eq!(shown(&sample(), "$.list[0:1] == 1"), [1]);
}

#[test]
fn what_is_set_beside_the_text_counts_too() {
    let store = sample();
    let filter = |hides_control, after, connection| {
        found(&store, &Filter { hides_control, after, connection, ..Filter::default() })
    };
    assert_eq!(filter(true, 3, None), [3, 4, 7, 8, 9, 10, 11, 12]);
    assert_eq!(filter(false, 0, Some(2)), [4, 8, 11]);
    assert!(Filter::default().is_empty());
}

#[test]
fn errors_stand_at_their_place() {
    let error_of = |text: &str| {
        let error = Filter::parse(text, false).expect_err(text);
        (text[..error.at].encode_utf16().count(), error.reason)
    };
    for (text, place, start) in cases().errors {
        let (at, reason) = error_of(&text);
        assert_eq!(at, place, "{text}: {reason}");
        assert!(reason.starts_with(&start), "{text}: {reason}");
    }
    for (text, place, start) in [
        ("/(a{1000}){1000}/", 1, "the regular expression is too large"),
        ("$[*,*][*,*][*,*][*,*][*,*][*,*][*,*]", 0, "the lists in brackets select more than 64"),
        ("$[?$..a]", 0, "a path that begins with $ in a filter must name one value"),
        ("$.a[?(((((((((@.b", 0, "a JSONPath with more than 8 nested brackets"),
    ] {
        let (at, reason) = error_of(text);
        assert_eq!(at, place, "{text}: {reason}");
        assert!(reason.starts_with(start), "{text}: {reason}");
    }
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
