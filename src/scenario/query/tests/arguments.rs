use std::time::Instant;

use super::*;

fn found(path: &str) -> String {
    let data =
        r#"{"a.b":"dot","it's \"a\"\\":"quote","a":[{"n":1,"v":"one"},{"n":2,"v":"two"}],"n1":3}"#;
    captured(&format!("jsonpath {path}"), &Facts::Message(&text(data)))
}

#[test]
fn a_value_is_data_in_a_json_path() {
    for (path, value) in [
        (r#""$['{{text}}']""#, "a string: \"dot\""),
        (r#""$[\"{{text}}\"]""#, "a string: \"dot\""),
        (r#""$['{{quote}}']""#, "a string: \"quote\""),
        (r#""$[\"{{quote}}\"]""#, "a string: \"quote\""),
        (r#""$.a[{{n}}].v""#, "a string: \"two\""),
        (r#""$.n{{n}}""#, "an integer: 3"),
        (r#""$.a[?@.n=={{n}}].v""#, "a list: [\"one\"]"),
        (r#""$.a[?@.n > {{float}}].v""#, "a list: [\"two\"]"),
        (r#""$.{{text}}""#, "the value \"a.b\" cannot be used there in a JSONPath"),
        (r#""$.a[{{text}}]""#, "the value \"a.b\" cannot be used there in a JSONPath"),
        (r#""$.a[{{list}}]""#, "the value \"[1,2]\" cannot be used there in a JSONPath"),
        (r#""$.a[{{x}}]""#, "the variable \"x\" has no value"),
    ] {
        assert_eq!(found(path), value, "{path}");
    }
    let index = found(r#""$.a[{{float}}]""#);
    assert!(index.starts_with("not a JSONPath"), "{index}");
}

/// Scenario language, section 4: "a singular query gives the value, another a list".
#[test]
fn only_names_and_indices_are_singular() {
    for (path, is_list) in [
        (r#""$""#, false),
        (r#""$.a[0]['v']""#, false),
        (r#""$.a[-1].v""#, false),
        (r#""$['a*b?c:d,e..f']""#, false),
        (r#""$.a.*""#, true),
        (r#""$..v""#, true),
        (r#""$.a[0,1]""#, true),
        (r#""$.a[0:1]""#, true),
        (r#""$.a[?@.n]""#, true),
        (r#""$['a','b']""#, true),
    ] {
        assert_eq!(found(path).starts_with("a list"), is_list, "{path}");
    }
}

#[test]
fn nested_json_paths_are_read_quickly_or_refused() {
    let started = Instant::now();
    for (open, close) in [
        ("[?@", "]"),
        ("[?(@.a)&&(", ")]"),
        ("[?length(", ")>0]"),
        ("[?!(", ")]"),
        ("[?count(@.*", ")]"),
        ("[?match(@", ",@.c)]"),
    ] {
        for depth in 1..40 {
            for end in [close.repeat(depth), String::new()] {
                let path = format!("$.a{}@.b{end}", open.repeat(depth));
                let _ = parse_capture(&format!("jsonpath {:?}", path), 0);
            }
        }
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn a_value_is_data_in_a_regular_expression() {
    let facts = text("a.b aXb $1");
    let facts = Facts::Message(&facts);
    for (line, value) in [
        ("regex /({{text}})/", "a string: \"a.b\""),
        ("regex \"X{{text}}\"", "nothing"),
        ("regex /{{dollar}}/", "a string: \"$1\""),
        ("regex /{{x}}/", "the variable \"x\" has no value"),
    ] {
        assert_eq!(captured(line, &facts), value, "{line}");
    }
}

#[test]
fn a_regular_expression_that_grows_too_large_is_an_error() {
    let mut variables = variables();
    variables.0.insert("long", Value::String("ü".repeat(600_000)));
    let expression = parse_capture("regex /({{long}})+/", 0).expect("a capture");
    let error = expression.value(&Facts::Message(&text("a")), &variables).expect_err("an error");
    assert!(error.message.contains("size limit"), "{error}");
}
