use super::*;
use crate::scenario::language::Diagnostic;

/// The message, the text at the place, and the help.
fn parts(line: &str, error: Diagnostic) -> (String, String, String) {
    let at = error.at.start - 100..error.at.end - 100;
    (error.message, line[at].to_owned(), error.help.unwrap_or_default())
}

#[test]
fn each_mistake_in_an_assertion_has_its_message_and_place() {
    for (line, message, place, help) in [
        ("", "a query is missing", "", "known here: jsonpath, "),
        ("foo == 1", "unknown query \"foo\"", "foo", "known here: jsonpath, regex, text"),
        ("sise == 1", "unknown query \"sise\": did you mean size?", "sise", ""),
        ("wire-size == 1", "unknown query \"wire-size\": did you mean wire_size?", "wire-size", ""),
        ("latency < 1s", "unknown query \"latency\": did you mean duration?", "latency", ""),
        ("== 1", "unknown query \"==\"", "==", ""),
        ("\"a\" == 1", "unknown query \"\\\"a\\\"\"", "\"a\"", ""),
        ("each", "a query is missing", "", ""),
        ("text", "a predicate is missing", "", "predicates are ==, !=, "),
        ("text not", "a predicate is missing", "", "predicates are ==, !=, "),
        (
            "text equals \"a\"",
            "unknown filter or predicate \"equals\": did you mean ==?",
            "equals",
            "",
        ),
        ("text = \"a\"", "unknown filter or predicate \"=\": did you mean ==?", "=", ""),
        ("text =~ /a/", "unknown filter or predicate \"=~\": did you mean matches?", "=~", ""),
        (
            "text startswith \"a\"",
            "unknown filter or predicate \"startswith\": did you mean startsWith?",
            "startswith",
            "",
        ),
        ("text not foo", "unknown predicate \"foo\"", "foo", "known here: ==, !=, "),
        ("text not count", "unknown predicate \"count\"", "count", ""),
        ("text 5", "unknown filter or predicate \"5\"", "5", ""),
        (
            "size == 1 # one",
            "unexpected text after the assertion",
            "# one",
            "a comment needs a line of its own",
        ),
        (
            "size # one",
            "a comment cannot follow something else in its line",
            "#",
            "give it a line of its own",
        ),
        (
            "size == 1 2",
            "unexpected text after the assertion",
            "2",
            "the assertion ends before this",
        ),
        (
            "size == 1 count",
            "unexpected text after the assertion",
            "count",
            "filters stand before the predicate",
        ),
        (
            "size == 1 and size == 2",
            "unexpected text after the assertion",
            "and size == 2",
            "give each condition a line of its own",
        ),
        (
            "duration < 5 s",
            "unexpected text after the assertion",
            "s",
            "a unit follows its number without a space",
        ),
        ("duration < 500", "a duration needs a unit: 500ms or 500s", "< 500", ""),
        ("timing \"tcp\" < 1", "a duration needs a unit: 1ms or 1s", "< 1", ""),
    ] {
        let error = parse_assertion(line, 100).expect_err(line);
        let parts = parts(line, error);
        assert_eq!((parts.0.as_str(), parts.1.as_str()), (message, place), "{line}");
        assert!(parts.2.starts_with(help), "{line}: {}", parts.2);
    }
}

/// Scenario language, section 4: "flags as `(?i)`, `/x/i` is an error".
#[test]
fn each_mistake_in_an_argument_has_its_message_and_place() {
    for (line, message, place, help) in [
        ("jsonpath", "jsonpath needs a text in quotes", "", "as in jsonpath \"$.a[0]\""),
        ("bytes decode", "decode needs a text in quotes", "", "as in decode \"msgpack\""),
        (
            "bytes decode \"messagepack\"",
            "unknown format \"messagepack\"",
            "messagepack",
            "known here: msgpack",
        ),
        ("jsonpath $.a", "jsonpath needs a text in quotes", "$.a", ""),
        ("header Upgrade", "header needs a text in quotes", "Upgrade", "as in header \"Name\""),
        ("jsonpath \"$.a", "a text without its closing quote", "\"$.a", ""),
        (
            "jsonpath \"a\"",
            "not a JSONPath from character 1 on: \"a\"",
            "a",
            "a path begins with $",
        ),
        ("jsonpath \"$.a[\"", "not a JSONPath", "[", ""),
        ("jsonpath \"$.a[?@.b=1]\"", "not a JSONPath from character 9 on: \"=1]\"", "=", ""),
        ("jsonpath \"$.\"", "not a JSONPath", "", ""),
        (
            "jsonpath \"$[[[[[[[[[\"",
            "a JSONPath with more than 8 nested brackets",
            "$[[[[[[[[[",
            "",
        ),
        ("jsonpath \"$.{{a\"", "\"{{\" without \"}}\"", "{{", "\\{{ stands for two braces"),
        ("jsonpath \"$.{{a b}}\"", "\"a b\" is not the name of a variable", "{{a b}}", ""),
        ("regex", "regex needs a regular expression", "", "as in regex /^id-([0-9]+)$/"),
        ("regex abc", "regex needs a regular expression", "abc", ""),
        ("regex /abc", "a regular expression without its closing slash", "/abc", "a slash in it"),
        ("regex /(abc/", "not a regular expression: unclosed group", "(abc", ""),
        (r#"regex "[a""#, "not a regular expression: unclosed character class", "[a", ""),
        (
            "regex /a/i",
            "a regular expression has no flags after it",
            "i",
            "put them into it: /(?i)a/",
        ),
        (
            "regex /(?=a)/",
            "not a regular expression: look-around, including look-ahead and look-behind, is not supported",
            "(?=a)",
            "",
        ),
        (r#"header "\q""#, r"\q is not an escape", r"\q", r#"escapes are \" \\"#),
        (r#"header "\u00e9""#, r"\u is not an escape", r"\u", ""),
        (
            r#"header "\u{110000}""#,
            r"\u{110000} is not a character",
            r"\u{110000}",
            "a character is",
        ),
        (r#"header "\u{}""#, r"\u{} is not a character", r"\u{}", ""),
        (r#"header "\u{e9""#, r"\u{e9 is not a character", r"\u{e9", ""),
        (r#"header "a\"#, r"\ is not an escape", r"\", ""),
        ("timing \"ssl\"", "unknown phase \"ssl\": did you mean tls?", "ssl", ""),
        ("timing \"{{n}}\"", "a variable cannot be the phase of timing", "\"{{n}}\"", ""),
        (
            "certificate \"Subject\"",
            "unknown field \"Subject\": did you mean subject?",
            "Subject",
            "",
        ),
        ("variable \"a b\"", "\"a b\" is not the name of a variable", "a b", ""),
        (
            "variable \"{{n}}\"",
            "the name of a variable is written without braces here",
            "\"{{n}}\"",
            "",
        ),
        ("variable n", "variable needs a text in quotes", "n", "as in variable \"name\""),
        ("text nth", "nth needs an index, a whole number", "", "as in nth 0"),
        ("text nth 1.5", "nth needs an index, a whole number", "1.5", ""),
        ("text split ,", "split needs a text in quotes", ",", "as in split \",\""),
        (
            "text replace \"a\"",
            "replace needs a second text in quotes, to put in",
            "",
            "as in replace",
        ),
        ("text replace a b", "replace needs a text in quotes", "a", ""),
        ("text toDate", "toDate needs a text in quotes", "", "as in toDate \"%Y-%m-%d\""),
    ] {
        let error = parse_capture(line, 100).expect_err(line);
        let parts = parts(line, error);
        assert!(parts.0.starts_with(message), "{line}: {}", parts.0);
        assert_eq!(parts.1, place, "{line}: {}", parts.0);
        assert!(parts.2.starts_with(help), "{line}: {}", parts.2);
    }
}

#[test]
fn each_mistake_in_a_value_has_its_message_and_place() {
    for (value, message, place, help) in [
        ("==", "== needs a value", "", "as in == \"text\", == 5 or == {{name}}"),
        ("< ", "< needs a value", "", "as in < 5 or < 500ms"),
        ("contains", "contains needs a value", "", "as in contains \"text\""),
        ("== foo", "foo is not a value", "foo", "text stands in quotes: \"foo\""),
        ("== 'foo'", "'foo' is not a value", "'foo'", "text stands in double quotes: \"foo\""),
        ("== /foo/", "/foo/ is not a value", "/foo/", "a regular expression follows matches"),
        ("== True", "True is not a value", "True", "write true"),
        ("== hex,01;", "hex,01; is not a value", "hex,01;", "bytes are written hex:01 00 0a"),
        ("== hex:0", "an odd number of hexadecimal digits", "0", ""),
        ("== hex:0x", "'x' is not a hexadecimal digit", "0x", ""),
        ("== base64:A", "not base64: ", "A", ""),
        ("== 05", "\"05\" is not a number", "05", "numbers are written 5"),
        ("== 5.", "\"5.\" is not a number", "5.", ""),
        ("== 5x", "\"x\" is not a unit", "5x", "durations have the units ms, s, m and h"),
        ("== 5kb", "\"kb\" is not a unit", "5kb", "write 5K"),
        ("== 1.5M", "a size is a whole number of K, M or G", "1.5M", ""),
        ("== -5s", "a duration cannot be negative", "-5s", ""),
        ("== {{n", "\"{{\" without \"}}\"", "{{", ""),
        ("== {{}}", "a name is missing between \"{{\" and \"}}\"", "{{}}", ""),
        ("== \"a", "a text without its closing quote", "\"a", ""),
        ("== (1)", "(1) is not a value", "(1)", "values are "),
        ("< true", "< cannot be followed by true", "true", "as in < 5 or < 500ms"),
        ("> null", "> cannot be followed by null", "null", ""),
        ("startsWith 5", "startsWith cannot be followed by 5", "5", "as in startsWith \"text\""),
        ("matches abc", "matches needs a regular expression", "abc", "as in matches /^id-"),
        ("matches {{x}}", "matches needs a regular expression", "{{x}}", ""),
    ] {
        let line = format!("text {value}");
        let error = parse_assertion(&line, 100).expect_err(&line);
        let parts = parts(&line, error);
        assert!(parts.0.starts_with(message), "{line}: {}", parts.0);
        assert_eq!(parts.1, place, "{line}: {}", parts.0);
        assert!(parts.2.starts_with(help), "{line}: {}", parts.2);
    }
}

#[test]
fn a_capture_has_no_predicate_and_no_quantifier() {
    for (line, message, place) in [
        ("text == 1", "a capture has no predicate such as ==", "=="),
        ("text not exists", "a capture has no predicate such as not", "not"),
        ("text foo", "unknown filter \"foo\"", "foo"),
        (" each text", "a capture takes one value, not each", "each "),
        ("text \"a\"", "unknown filter \"\\\"a\\\"\"", "\"a\""),
    ] {
        let (found, at, _) = parts(line, parse_capture(line, 100).expect_err(line));
        assert_eq!((found.as_str(), at.as_str()), (message, place), "{line}");
    }
}

#[test]
fn lines_are_limited() {
    let long = format!("text == \"{}\"", "a".repeat(70_000));
    let error = parse_assertion(&long, 0).expect_err("too long");
    assert_eq!(error.message, "a line of 70010 bytes; at most 65536 are allowed");
    let error = parse_capture(&format!("text{}", " first".repeat(65)), 0).expect_err("too many");
    assert_eq!((error.message.as_str(), error.at), ("more than 64 filters", 389..394));
    let long = format!("jsonpath \"$.{}\"", "a".repeat(5000));
    let error = parse_capture(&long, 0).expect_err("too long");
    assert_eq!(error.message, "a JSONPath of 5002 bytes; at most 4096 are allowed");
}

/// A list beside a suggestion would only hide it; what can be written is listed in full otherwise.
#[test]
fn known_words_are_listed_if_none_of_them_is_similar() {
    let help = |line: &str| parse_assertion(line, 0).expect_err(line).help;
    for line in ["sise == 1", "text equals \"a\"", "text not isempty", "eech text exists"] {
        assert_eq!(help(line), None, "{line}");
    }
    let all = help("foo == 1").expect("a list");
    assert!(all.ends_with(", each, any, none"), "{all}");
    assert_eq!(help("").as_deref(), Some(all.as_str()));
    let behind_each = help("each foo == 1").expect("a list");
    assert!(!behind_each.contains("none"), "{behind_each}");
}
