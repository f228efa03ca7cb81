use proptest::prelude::*;

use super::*;

const WORDS: [&str; 36] = [
    "jsonpath",
    "regex",
    "text",
    "header",
    "timing",
    "certificate",
    "variable",
    "each",
    "not",
    "==",
    "<=",
    "contains",
    "matches",
    "exists",
    "nth",
    "replace",
    "split",
    "toDate",
    "\"$.a[0]\"",
    "\"$..a[?@.b==1]\"",
    "/a(b)?/",
    "/a/i",
    "{{n}}",
    "{{",
    "\"{{text}}\"",
    "\"\\u{e9}\"",
    "hex:01",
    "base64:AQ",
    "500ms",
    "4K",
    "-1",
    "1e9",
    "null",
    "\"",
    "/",
    "\\",
];

/// Lines of words that have a meaning, in any order.
fn lines() -> impl Strategy<Value = String> {
    let word =
        prop_oneof![4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,6}"];
    let sign = prop::sample::select(&[" ", " ", " ", "", "\t"][..]);
    prop::collection::vec((word, sign), 0..9)
        .prop_map(|words| words.into_iter().map(|(word, sign)| word + sign).collect())
}

fn is_in(at: &std::ops::Range<usize>, line: &str) -> bool {
    let (start, end) = (at.start.wrapping_sub(5), at.end.wrapping_sub(5));
    start <= end && end <= line.len() && line.is_char_boundary(start) && line.is_char_boundary(end)
}

fn check(line: &str) -> Result<(), TestCaseError> {
    let data = r#"{"a":[1,"x",null],"b":{"c":1.5}}"#;
    let facts = text(data);
    match parse_capture(line, 5) {
        Ok(expression) => drop(expression.capture(&Facts::Message(&facts), &variables())),
        Err(error) => prop_assert!(is_in(&error.at, line), "{error:?}"),
    }
    match parse_assertion(line, 5) {
        Ok(assertion) => {
            if let Err(failure) = assertion.check(&Facts::Message(&facts), &variables()) {
                prop_assert!(is_in(&failure.at, line), "{failure:?}");
            }
        }
        Err(error) => prop_assert!(is_in(&error.at, line), "{error:?}"),
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(line in "\\PC{0,60}") {
        check(&line)?;
    }

    #[test]
    fn any_words_are_read_or_refused(line in lines()) {
        check(&line)?;
    }

    #[test]
    fn any_path_is_read_or_refused(path in r#"\$[\[\]()?@.*:, 'a-c0-9!<=>&|-]{0,30}"#) {
        check(&format!("jsonpath \"{path}\" exists"))?;
    }

    #[test]
    fn any_regular_expression_is_read_or_refused(regex in r"[\[\](){}?.*+^$|\\a-c0-9,-]{0,30}") {
        check(&format!("regex /{regex}/ exists"))?;
    }

    #[test]
    fn any_quantity_is_read_or_refused(text in r"[-+]?[0-9]{0,25}[.e]?[0-9]{0,5}[a-zA-Z]{0,3}") {
        check(&format!("size == {text}"))?;
    }

    #[test]
    fn filters_and_predicates_take_any_value(
        value in "\\PC{0,20}|[-0-9T:.Z %+]{0,30}",
        argument in "\\PC{0,12}|(%[-_0^#:]?[a-zA-Z.%]){0,5}",
    ) {
        let mut variables = variables();
        variables.0.insert("any", Value::String(argument));
        let facts = text(&value);
        for filter in [
            "", "toDate \"{{any}}\"", "toDate \"%+\"", "split \"{{any}}\" last", "toInt", "toFloat",
            "replace \"{{any}}\" \"{{any}}{{any}}\"", "replace /{{any}}/ \"{{any}}$0\"",
            "regex /({{any}})?/", "base64Decode", "hexDecode", "urlDecode", "base64Decode decode \"msgpack\"", "jsonpath \"$['{{any}}']\"",
            "jsonpath \"$[{{any}}]\"", "jsonpath \"$.{{any}}\"", "nth {{any}}",
        ] {
            for predicate in ["== {{any}}", "< {{any}}", "contains \"{{any}}\"", "isIsoDate", "> 1s"] {
                let line = format!("text {filter} {predicate}");
                let assertion = parse_assertion(&line, 5).expect(&line);
                if let Err(failure) = assertion.check(&Facts::Message(&facts), &variables) {
                    prop_assert!(is_in(&failure.at, &line), "{failure:?}");
                }
            }
        }
    }
}
