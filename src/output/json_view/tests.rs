use super::*;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;

fn plain(text: &str, width: usize) -> String {
    render(text, on_terminal(Style::plain()), width, 0)
}

fn on_terminal(style: Style) -> Look {
    Look { style, escapes: true }
}

/// The text without the blanks between its tokens.
fn squeezed(text: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    text.chars()
        .filter(|c| {
            inside ^= *c == '"' && !escaped;
            escaped = inside && *c == '\\' && !escaped;
            inside || !is_blank(*c)
        })
        .collect()
}

#[test]
fn json_is_detected() {
    for text in ["{}", "[]", " \r\n\t{\"a\": [1, -0, 1e+5]} ", "[\"\\ud800\"]"] {
        assert!(looks_like_json(text), "{text:?}");
    }
    for text in ["", " ", "1", "\"a\"", "null", "{", "[1,]", "{} x", "[1] [2]", "\u{a0}[]"] {
        assert!(!looks_like_json(text), "{text:?}");
    }
}

#[test]
fn deep_nesting_is_not_json() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    for depth in [MAX_DEPTH, MAX_DEPTH + 1] {
        let text = nested(depth);
        assert_eq!(looks_like_json(&text), serde_json::from_str::<Value>(&text).is_ok());
        assert_eq!(looks_like_json(&text), depth <= MAX_DEPTH);
    }
    assert!(!looks_like_json(&nested(1_000_000)));
    assert!(!looks_like_json(&"{\"a\":".repeat(1_000_000)));
}

#[test]
fn short_text_stays_on_its_line() {
    for (text, shown) in [
        ("{\"a\":1,  \"b\" : [ ]}", "{\"a\":1,  \"b\" : [ ]}"),
        (" {\n  \"a\": 1,\r\n\t\"b\": {}\n}\n", "{ \"a\": 1, \"b\": {} }"),
        ("[\"a\u{202e}b\\n\u{7f}\"]", "[\"a\\u{202e}b\\n\\x7f\"]"),
    ] {
        assert_eq!(plain(text, 80), shown);
    }
}

#[test]
fn width_is_in_columns_and_inclusive() {
    assert_eq!(plain("[\"世界\",1]", 10), "[\"世界\",1]");
    assert_eq!(plain("[\"世界\",1]", 9), "[\n  \"世界\",\n  1\n]");
    assert_eq!(plain("[\"\u{ad}\"]", 9), "[\n  \"\\u{ad}\"\n]");
}

#[test]
fn long_text_is_indented_and_short_parts_stay_together() {
    let text = r#"{"id":12,"tags":["x","y"],"empty":[ ],"user":{"name":"Ann","roles":["admin","author"]}}"#;
    let expected = r#"{
  "id": 12,
  "tags": ["x", "y"],
  "empty": [],
  "user": {
    "name": "Ann",
    "roles": [
      "admin", "author"
    ]
  }
}"#;
    assert_eq!(plain(text, 24), expected);
    assert!(plain(text, 40).contains("    \"roles\": [\"admin\", \"author\"]\n"));
}

#[test]
fn a_nested_part_reserves_a_column_for_its_comma() {
    assert_eq!(plain("[[1,2],[3,4]]", 9), "[\n  [1, 2],\n  [3, 4]\n]");
    assert_eq!(plain("[[1],[3,4]]", 8), "[\n  [1],\n  [\n    3,\n    4\n  ]\n]");
}

#[test]
fn arrays_of_short_values_fill_their_lines() {
    let numbers = r#"{"n":[1,-0,1.0e+5,12345678901234567890123,true,null,0.10,1E400,7]}"#;
    let expected = r#"{
  "n": [
    1, -0, 1.0e+5,
    12345678901234567890123,
    true, null, 0.10,
    1E400, 7
  ]
}"#;
    assert_eq!(plain(numbers, 22), expected);
    for (text, width, expected) in [
        // A comma is counted, also where a value ends the array.
        ("[11,22,33]", 8, "[\n  11,\n  22,\n  33\n]"),
        ("[11,22,33]", 9, "[\n  11, 22,\n  33\n]"),
        ("[ 11 ,\n22\t,33 ]", 9, "[\n  11, 22,\n  33\n]"),
        // In columns, not in characters or bytes.
        (r#"["한국","한글","é","👩‍👧"]"#, 17, "[\n  \"한국\", \"한글\",\n  \"é\", \"👩‍👧\"\n]"),
        (r#"["한국","한글","é","👩‍👧"]"#, 16, "[\n  \"한국\",\n  \"한글\", \"é\",\n  \"👩‍👧\"\n]"),
        // A matrix: a row on a line, and a long row fills lines.
        ("[[1,2,3],[4,5,6]]", 12, "[\n  [1, 2, 3],\n  [4, 5, 6]\n]"),
        ("[[1,2],[3,4,5,6]]", 10, "[\n  [1, 2],\n  [\n    3, 4,\n    5, 6\n  ]\n]"),
        // Anything else among the values: each on its own line.
        ("[1,2,{},3]", 5, "[\n  1,\n  2,\n  {},\n  3\n]"),
        ("[1,[],2]", 5, "[\n  1,\n  [],\n  2\n]"),
    ] {
        assert_eq!(plain(text, width), expected, "{text} {width}");
    }
}

#[test]
fn long_strings_have_lines_of_their_own() {
    let lines = |length: usize| {
        let text = format!("[1,\"{0}\",\"{0}\",2,3]", "x".repeat(length));
        plain(&text, 50).lines().count()
    };
    assert_eq!(lines(MAX_FILLED - 2), 4);
    assert_eq!(lines(MAX_FILLED - 1), 7);
}

#[test]
fn what_precedes_the_text_counts_on_its_first_line_only() {
    let at = |lead| render("[10,20,30]", on_terminal(Style::plain()), 12, lead);
    assert_eq!(at(2), "[10,20,30]");
    assert_eq!(at(3), "[\n  10, 20,\n  30\n]");
    assert_eq!(at(usize::MAX), at(3));
}

#[test]
fn in_a_pipe_tokens_are_not_escaped() {
    let text = "{\"\u{7f}\":\"\u{9b}\u{202e}\u{200b}\",\"list\":[\"\u{7f}\",\"\u{202e}\"]}";
    for width in [0, 20, 80] {
        let shown = render(text, Look { style: Style::plain(), escapes: false }, width, 0);
        assert_eq!(squeezed(&shown), text, "{width}");
    }
}

#[test]
fn colouring_changes_nothing_else() {
    for text in ["\t{ \"a\" :\r\n [1 ,\u{7f}\"\u{202e}\"]}\n", "[", "\"\\", "한, [\u{1b}"] {
        assert_eq!(colored(text, Style::plain()), text);
    }
    let style = Style::new(true);
    let (key, number) = (style.paint(Role::Key, "\"a\""), style.paint(Role::Number, "1.0"));
    assert_eq!(colored("{\"a\" :\n1.0}", style), format!("{{{key} :\n{number}}}"));
}

#[test]
fn tokens_are_unchanged() {
    let text =
        r#"{"n":[1.0e+5,12345678901234567890123,-0,0.10,1E400],"n":"\u0041\/","\ud800":true}"#;
    assert_eq!(plain(text, usize::MAX), text);
    assert_eq!(squeezed(&plain(text, 0)), text);
}

#[test]
fn tokens_are_coloured_by_kind() {
    let text = r#"{"k" : ["s",-1,true]}"#;
    let style = Style::new(true);
    let [key, string, number, literal] =
        [(Role::Key, "\"k\""), (Role::Str, "\"s\""), (Role::Number, "-1"), (Role::Literal, "true")]
            .map(|(role, text)| style.paint(role, text));
    assert_eq!(
        render(text, on_terminal(style), 80, 0),
        format!("{{{key} : [{string},{number},{literal}]}}")
    );
    assert_eq!(
        render(text, on_terminal(style), 0, 0),
        format!("{{\n  {key}: [\n    {string},\n    {number},\n    {literal}\n  ]\n}}")
    );
}

#[test]
fn hostile_sizes_are_processed_quickly() {
    let deep = "[".repeat(MAX_DEPTH) + &"\u{300}".repeat(200_000) + &" ".repeat(200_000);
    assert!(plain(&deep, 100).len() < 3 * deep.len());
    let wide = "[".repeat(MAX_DEPTH) + &"1,".repeat(20_000);
    assert!(plain(&wide, 100).len() < wide.len() * MAX_INDENT);
    plain(&"[".repeat(20_000), usize::MAX);
    // Each value is examined for its own array only, at whatever depth.
    let filled =
        format!("[{}", "1,".repeat(1_000)).repeat(MAX_DEPTH) + "1" + &"]".repeat(MAX_DEPTH);
    assert!(plain(&filled, 100).len() < filled.len() * MAX_INDENT);
}

/// Source text with varied spacing, which serde_json itself would not write.
fn json_text() -> impl Strategy<Value = String> {
    let string =
        "[a-z \\n\\t\"\\\\{}\\[\\],:é世👩]{0,8}".prop_map(|text| Value::from(text).to_string());
    let scalars = "true null -0 1.0e+5 12345678901234567890123 0.10";
    let scalar = select(scalars.split(' ').collect::<Vec<_>>()).prop_map(str::to_owned);
    let blank = select(vec!["", " ", "\n    ", "\t"]);
    let leaf = prop_oneof![string.clone(), scalar];
    let value = leaf.prop_recursive(5, 40, 6, move |inner| {
        let member = (string.clone(), blank.clone(), inner.clone())
            .prop_map(|(key, blank, value)| format!("{key}{blank}:{blank}{value}"));
        let array = (vec(inner, 0..6), blank.clone())
            .prop_map(|(items, blank)| format!("[{blank}{}]", items.join(&format!(",{blank}"))));
        let object = (vec(member, 0..6), blank.clone())
            .prop_map(|(items, blank)| format!("{{{}{blank}}}", items.join(&format!("{blank},"))));
        prop_oneof![array, object]
    });
    value.prop_map(|value| format!("[{value}]"))
}

proptest! {
    #[test]
    fn rendering_changes_only_blanks(text in json_text(), width in 0..60_usize) {
        prop_assert!(looks_like_json(&text));
        let shown = plain(&text, width);
        prop_assert_eq!(squeezed(&shown), squeezed(&text));
        let parse = |text: &str| serde_json::from_str::<Value>(text).expect("valid JSON");
        prop_assert_eq!(parse(&shown), parse(&text));
        prop_assert_eq!(plain(&shown, 0), plain(&text, 0));
    }

    #[test]
    fn any_text_is_shown_safely(
        text in "[\\[\\]{},:\"\\\\1a \n\r\x1b\u{9b}\u{202e}é世]{0,40}",
        width in 0..40_usize,
    ) {
        let shown = plain(&text, width);
        let harmful = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        prop_assert!(!shown.contains(harmful));
    }
}
