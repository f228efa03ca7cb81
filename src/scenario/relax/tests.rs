use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::{Relaxation, apply, relax};
use crate::protocol::MessageKind;
use crate::scenario::difference::compare;
use crate::scenario::language::syntax::{Item, Payload, Step, StepKind};
use crate::scenario::language::{Source, parse};

fn values() -> BTreeMap<String, String> {
    let values = [
        ("n", "7"),
        ("name", "Ann Lee"),
        ("path", "/a.b/"),
        ("empty", ""),
        ("object", r#"{"x":1,"y":2}"#),
    ];
    values.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn payload(source: &Source) -> Payload {
    let scenario = parse(source).complete().expect("a valid scenario");
    let steps = scenario.parts.into_iter().flat_map(|part| part.items);
    let receive = |item| match item {
        Item::Step(step) => match *step {
            Step { kind: StepKind::Receive(_, payload), .. } => Some(payload),
            _ => None,
        },
        Item::Connect(_) => None,
    };
    steps.filter_map(receive).next().expect("a pattern")
}

/// The relaxed text of a file with one pattern; `None` if that is left alone.
fn file(text: &str, kind: MessageKind, came: &str) -> Option<(String, u32)> {
    let source = Source::new("x", text.as_bytes().to_vec());
    let payload = payload(&source);
    let Relaxation { edits, left } =
        relax(source.text(), &payload, &values(), kind, came.as_bytes())?;
    Some((apply(source.text(), &edits), left))
}

#[track_caller]
fn check(pattern: &str, came: &str, expected: Option<&str>) {
    let around = ("\u{feff}WS ws://h  \r\n# c \r\n  <  ", "\r\n[Asserts]\r\nsize > 1\r\n  # end ");
    let text = format!("{}{pattern}{}", &around.0[..around.0.len() - 1], around.1);
    let relaxed = file(&text, MessageKind::Text, came).map(|(text, _)| text);
    let expected =
        expected.map(|it| format!("{}{it}{}", &around.0[..around.0.len() - 1], around.1));
    assert_eq!(relaxed, expected, "{pattern} {came}");
}

/// Scenario language, section 5: "members of a JSON pattern that differ from what came in their place are taken out".
#[test]
fn members_that_differ_are_taken_out() {
    for (pattern, came, expected) in [
        (r#"{"a":1,"t":5}"#, r#"{"a":1,"t":6}"#, Some(r#"{"a":1}"#)),
        (r#"{"t":5,"a":1}"#, r#"{"a":1,"t":6}"#, Some(r#"{"a":1}"#)),
        (r#"{"a":1,"t":5,"b":2}"#, r#"{"a":1,"t":6,"b":2}"#, Some(r#"{"a":1,"b":2}"#)),
        (r#"{"t":5,"u":6,"b":2}"#, r#"{"b":2}"#, Some(r#"{"b":2}"#)),
        (r#"{"b":2,"t":5,"u":6}"#, r#"{"b":2}"#, Some(r#"{"b":2}"#)),
        (r#"{"t":1,"b":2,"u":3,"c":4,"v":5}"#, r#"{"b":2,"c":4}"#, Some(r#"{"b":2,"c":4}"#)),
        // White space stays, but for that before a member that is taken out.
        ("{ \"a\" : 1 ,\t\"t\" : 5 }  ", r#"{"a":1}"#, Some("{ \"a\" : 1  }  ")),
        (r#"{ "t": 5, "a": 1 }"#, r#"{"a":1}"#, Some(r#"{ "a": 1 }"#)),
        // The innermost member.
        (r#"{"a":{"b":1,"t":5}}"#, r#"{"a":{"b":1,"t":6}}"#, Some(r#"{"a":{"b":1}}"#)),
        (r#"{"x":1,"a":{"t":5}}"#, r#"{"x":1,"a":{"t":6}}"#, Some(r#"{"x":1,"a":{}}"#)),
        (r#"{"x":1,"a":{"t":5}}"#, r#"{"x":1,"a":5}"#, Some(r#"{"x":1}"#)),
        // An element cannot be taken out, so the member with the array is.
        (r#"{"x":1,"a":[1,2]}"#, r#"{"x":1,"a":[1,3]}"#, Some(r#"{"x":1}"#)),
        (r#"{"x":1,"a":[1]}"#, r#"{"x":1,"a":[1,3]}"#, Some(r#"{"x":1}"#)),
        (r#"{"a":[1,{"i":1,"t":5}]}"#, r#"{"a":[1,{"i":1}]}"#, Some(r#"{"a":[1,{"i":1}]}"#)),
        (r#"["tick",{"n":1}]"#, r#"["tick",{"n":2}]"#, Some(r#"["tick",{}]"#)),
        // Numbers by value, strings with escapes and signs in them.
        (r#"{"a":1.0,"b":"x"}"#, r#"{"a":1,"b":"y"}"#, Some(r#"{"a":1.0}"#)),
        (
            r#"{"a\"}":"]\\","é":[],"t":5}"#,
            r#"{"a\"}":"]\\","é":[]}"#,
            Some(r#"{"a\"}":"]\\","é":[]}"#),
        ),
        (r#"json:{"a":1,"t":5}"#, r#"{"a":1}"#, Some(r#"json:{"a":1}"#)),
        // Of members with the same name the last one counts.
        (r#"{"t":1,"a":1,"t":2}"#, r#"{"t":1,"a":1}"#, Some(r#"{"a":1}"#)),
        (r#"{"t":1,"a":1,"t":2,"u":3}"#, r#"{"t":2,"a":1}"#, Some(r#"{"t":1,"a":1,"t":2}"#)),
        // Nothing in common.
        (r#"{"t":5}"#, r#"{"t":6}"#, None),
        (r#"{"a":{"t":5}}"#, r#"{"a":{"t":6}}"#, None),
        (r#"{"t":5}"#, "[]", None),
        ("[1,2]", "[1,3]", None),
        ("[1,2]", "[1]", None),
        ("json:5", "6", None),
        (r#"{"t":5}"#, "text", None),
        // It matches already.
        (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, Some(r#"{"a":1}"#)),
    ] {
        check(pattern, came, expected);
    }
}

/// Scenario language, section 5: "no value replaces a `{{name}}`".
#[test]
fn variables_stay_unless_their_member_is_taken_out_whole() {
    for (pattern, came, expected) in [
        (r#"{"n":{{n}},"t":5}"#, r#"{"n":7,"t":6}"#, Some(r#"{"n":{{n}}}"#)),
        (r#"{"a":1,"n":{{ n }}}"#, r#"{"a":1,"n":8}"#, Some(r#"{"a":1}"#)),
        (r#"{"a":1,"n":"x{{n}}y","b":2}"#, r#"{"a":1,"b":2}"#, Some(r#"{"a":1,"b":2}"#)),
        (r#"{"a":1,"{{n}}":5}"#, r#"{"a":1,"7":6}"#, Some(r#"{"a":1}"#)),
        // A value is not changed, even if a member in it differs.
        (r#"{"a":1,"o":{{object}}}"#, r#"{"a":1,"o":{"x":1}}"#, Some(r#"{"a":1}"#)),
        (r#"{{object}}"#, r#"{"x":1}"#, None),
        (r#"{"a":"\{{n}}","t":1}"#, r#"{"a":"{{n}}","t":2}"#, Some(r#"{"a":"\{{n}}"}"#)),
        (r#"{"t":"\{{n}}","a":1}"#, r#"{"a":1}"#, Some(r#"{"a":1}"#)),
        (r#"{"a":1{{empty}},"t":1}"#, r#"{"a":1}"#, Some(r#"{"a":1{{empty}}}"#)),
        // Without the member there would be {{{, which begins another variable.
        (r#"{"t":1,{{empty}}"a":1}"#, r#"{"a":1}"#, None),
        ("hi {{name}} at 12:31", "hi Ann Lee at 9:45", Some("/^hi {{name}} at .*:.*$/")),
        ("hi {{name}} at 12", "hi Bob Lee at 12", None),
        ("user{{n}} is {{path}}, 1", "user7 is /a.b/, 2", Some("/^user{{n}} is {{path}}, .*$/")),
        ("hi {{empty}}you 1", "hi you 2", None),
        (r"a\{{b {{n}} 1", "a{{b 7 2", Some(r"/^a\{\{b {{n}} .*$/")),
    ] {
        check(pattern, came, expected);
    }
}

/// Scenario language, section 5: "a text that differs becomes the `/regex/` of what stayed the same".
#[test]
fn a_text_becomes_the_regular_expression_of_what_stayed() {
    for (pattern, came, expected) in [
        ("again 8", "again 7", Some("/^again .*$/")),
        ("8 again", "17 again", Some("/^.* again$/")),
        ("a.b (1) [x] {y} 5", "a.b (1) [x] {y} 6", Some(r"/^a\.b \(1\) \[x\] \{y\} .*$/")),
        ("at 2026-01-02 done", "at 2027-03-04 done", Some("/^at .*-.*-.* done$/")),
        ("one", "one more", Some("/^one.*$/")),
        ("one more", "one", Some("/^one.*$/")),
        ("trailing 1  ", "trailing 2  ", Some("/^trailing .*  $/")),
        ("text:no /slash/ 1", "no /slash/ 2", Some("/^no /slash/ .*$/")),
        (r#"text:"a\r\nb\u0000 1" "#, "a\r\nb\0 2", Some(r"/(?s)^a\r\nb\x{0} .*$/")),
        (r#"text:"say \"{{name}}\" 1""#, "say \"Ann Lee\" 2", Some(r#"/^say "{{name}}" .*$/"#)),
        ("naïve 漢字 1", "naïve 漢字 2", Some("/^naïve 漢字 .*$/")),
        ("one 1", "one\n2", Some("/(?s)^one.*$/")),
        // Nothing in common but signs.
        ("hello, world", "good, bye", None),
        ("", "x", None),
        ("x", "", None),
        ("aa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "aa c", Some("/^aa .*$/")),
        ("aa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "aa c", None),
        // JSON is something else, even with the same words.
        ("a b", r#"{"a":1}"#, None),
        // These are left alone.
        ("/one 1/", "one 2", None),
        ("hex:01", "one", None),
        ("text:@one.txt", "one", None),
        ("json:@one.json", "{}", None),
        ("close:1000", "one", None),
        ("ping:one", "one", None),
    ] {
        check(pattern, came, expected);
    }
    assert_eq!(file("WS h\n< a 1\n", MessageKind::Binary, "a 2"), None);
}

/// Scenario language, section 5: "everything else of the file stays byte for byte".
#[test]
fn fences_and_line_endings_stay() {
    let json = "WS h\r\n< ```  \r\n{\r\n  \"a\": 1,\r\n  \"t\": \"{{n}}\",\r\n  \"u\": 2\r\n}\r\n ``` \r\n# c";
    let expected = "WS h\r\n< ```  \r\n{\r\n  \"a\": 1,\r\n  \"u\": 2\r\n}\r\n ``` \r\n# c";
    let relaxed = file(json, MessageKind::Binary, r#"{"a":1,"t":"8","u":2}"#);
    assert_eq!(relaxed, Some((expected.to_owned(), 666)));
    let expected = "WS h\r\n< ```  \r\n{\r\n  \"a\": 1\r\n}\r\n ``` \r\n# c";
    let relaxed = file(json, MessageKind::Text, r#"{"a":1}"#);
    assert_eq!(relaxed, Some((expected.to_owned(), 333)));
    let text = "WS h\n< ```\none\n\ntwo 1\n```\n> x\n";
    let relaxed = file(text, MessageKind::Text, "one\n\ntwo 2").map(|(text, _)| text);
    assert_eq!(relaxed.as_deref(), Some("WS h\n< /(?s)^one\\n\\ntwo .*$/\n> x\n"));
    let prefixed = "WS h\n< ````\njson:{\"a\":1,\n\"t\":2}\n````\n";
    let relaxed = file(prefixed, MessageKind::Text, r#"{"a":1}"#).map(|(text, _)| text);
    assert_eq!(relaxed.as_deref(), Some("WS h\n< ````\njson:{\"a\":1}\n````\n"));
}

#[test]
fn more_in_common_counts_more() {
    let left = |pattern: &str, came: &str| {
        file(&format!("WS h\n< {pattern}\n"), MessageKind::Text, came).map_or(0, |it| it.1)
    };
    let pattern = r#"{"type":"next","id":"1","n":5}"#;
    let one = left(pattern, r#"{"type":"error","id":"1"}"#);
    let two = left(pattern, r#"{"type":"next","id":"1","n":6}"#);
    assert_eq!((one, two, left(pattern, r#"{"id":"2"}"#)), (333, 666, 0));
    assert!(left("job 12 done", "job 13 done") > left("job 12 done", "job 13 begun"));
}

#[test]
fn of_a_long_text_start_and_end_are_compared() {
    let long = |n: u32| format!("begin{} {} end", "x".repeat(500), format!("{n} ").repeat(5000));
    let relaxed = file(&format!("WS h\n< {}\n", long(1)), MessageKind::Text, &long(2));
    let expected = format!("WS h\n< /^begin{} .*  end$/\n", "x".repeat(500));
    assert_eq!(relaxed.map(|(text, _)| text), Some(expected));
}

/// JSON with few names and values, so that two of them have much in common.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        (0..3).prop_map(Value::from),
        "[ab{}\\[\\]\",\\\\é]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// The pattern that is left matches, is part of the one before, and the rest of the file stays.
    #[test]
    fn a_relaxed_json_pattern_matches(pattern in json(), came in json(), is_pretty: bool) {
        prop_assume!(pattern.is_object() || pattern.is_array()); // anything else is a text
        let written = match is_pretty {
            true => format!("```\n{}\n```", serde_json::to_string_pretty(&pattern).unwrap()),
            false => pattern.to_string(),
        };
        let written = written.replace("{{", "\\{{");
        let (before, after) = ("\u{feff}WS h \n# {\r\n<  ", "\r\n[Asserts]\nsize > 0 \n# }");
        let text = format!("{}{written}{after}", &before[..before.len() - 1]);
        let relaxed = file(&text, MessageKind::Text, &came.to_string());
        if let Some((relaxed, left)) = relaxed {
            prop_assert!((1..=1000).contains(&left));
            let source = Source::new("x", relaxed.clone().into_bytes());
            let payload = payload(&source);
            let rest = relaxed.strip_prefix(&before[..before.len() - 1]);
            let rest = rest.and_then(|rest| rest.strip_suffix(after));
            prop_assert_eq!(rest, source.text().get(payload.at.clone()));
            let content = rest.unwrap().trim_matches('`').replace("\\{{", "{{");
            let content: Value = serde_json::from_str(&content).unwrap();
            prop_assert!(compare(&came, &content).is_match(), "{content} {came}");
            prop_assert!(compare(&pattern, &content).is_match(), "{content} {pattern}");
        }
    }

    #[test]
    fn a_relaxed_text_pattern_matches(
        pattern in "[ab1 .{}/\\\\*é\t-]{0,12}",
        came in "[ab1 .{}/\\\\*é\n\t-]{0,12}",
    ) {
        let text = format!("WS h\n< text:{}\n# end", pattern.replace("{{", "\\{{"));
        let source = Source::new("x", text.clone().into_bytes());
        prop_assume!(parse(&source).errors.is_empty());
        if let Some((relaxed, _)) = file(&text, MessageKind::Text, &came) {
            let expression = relaxed.strip_prefix("WS h\n< /").and_then(|it| it.strip_suffix("/\n# end"));
            let regex = regex::Regex::new(expression.unwrap()).unwrap();
            prop_assert!(regex.is_match(&came) && regex.is_match(&pattern), "{relaxed}");
        }
    }

    /// Whatever stands in the file and comes: no panic, and what is left is a file.
    #[test]
    fn any_file_stays_a_file(
        pattern in r#"(\{"a":|\{\{n\}\}|\\\{\{|"x"|[\[\]{},:1 "]|text:|json:|é){0,12}"#,
        came in r#"(\{"a":|7|"x"|[\[\]{},:1 "]|é){0,12}"#,
    ) {
        let text = format!("WS h\n< {pattern}\n");
        let source = Source::new("x", text.clone().into_bytes());
        prop_assume!(parse(&source).errors.is_empty());
        if let Some((relaxed, _)) = file(&text, MessageKind::Text, &came) {
            let source = Source::new("x", relaxed.into_bytes());
            prop_assert!(parse(&source).errors.is_empty());
        }
    }
}

/// Text with the warning that it is not JSON is probably a mistake, which a regular expression would hide.
#[test]
fn broken_json_is_left_alone() {
    for (pattern, came) in [
        (r#"{"type":"welcome""#, r#"{"type":"welcome","id":7}"#),
        (r#"{"type":"welcome"} # first"#, r#"{"type":"welcome"}"#),
        (r#"{"a":{{name}}}"#, r#"{"a":"Ann Lee"}"#),
        ("{a b}", "{a c}"),
    ] {
        check(pattern, came, None);
    }
    check(
        r#"text:{"type":"welcome""#,
        r#"{"type":"welcome","id":7}"#,
        Some(r#"/^\{"type":"welcome".*$/"#),
    );
}
