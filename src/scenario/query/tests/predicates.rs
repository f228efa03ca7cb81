use super::*;

/// Scenario language, section 4: the predicates `== !=`.
#[test]
fn values_are_compared_by_type_and_value() {
    for (json, predicate, expected) in [
        ("1", "== 1", "holds"),
        ("1", "== 1.0", "holds"),
        ("4096", "== 4K", "holds"),
        ("1", "== {{n}}", "holds"),
        ("\"1\"", "== \"{{n}}\"", "holds"),
        ("5", "== {{five}}", "holds"),
        ("\"5\"", "== {{five}}", "holds"),
        ("[1,2]", "== {{list}}", "holds"),
        ("null", "== null", "holds"),
        ("true", "== true", "holds"),
        (
            "9007199254740993",
            "== 9007199254740992",
            "expected 9007199254740992, got 9007199254740993",
        ),
        (
            "18446744073709551617",
            "== 18446744073709551616",
            "expected 18446744073709551616, got 18446744073709551617",
        ),
        ("18446744073709551617", "== 18446744073709551617.0", "holds"),
        ("18446744073709551617", "> 18446744073709551616", "holds"),
        ("0.10000000000000000001", "<= 0.1", "expected <= 0.1, got 0.10000000000000000001"),
        ("18446744073709551617", "isInteger", "holds"),
        ("1e400", "isFloat", "holds"),
        ("1e400", "> 1e399", "holds"),
        ("1", "== 2", "expected 2, got 1"),
        ("1", "== \"1\"", "expected a string: \"1\", got an integer: 1"),
        ("\"1\"", "== {{n}}", "expected an integer: 1, got a string: \"1\""),
        ("null", "== 5", "expected an integer: 5, got null"),
        ("1.5", "== 1", "expected 1, got 1.5"),
        ("true", "== false", "expected false, got true"),
        ("\"a\"", "== {{x}}", "the variable \"x\" has no value"),
        ("1", "!= 2", "holds"),
        ("1", "!= \"1\"", "holds"),
        ("1", "!= 1", "expected not 1, got 1"),
        ("1", "not == 2", "holds"),
        ("1", "not == 1.0", "expected not 1.0, got 1"),
        ("1", "not != 1", "holds"),
        ("\"a\\n\"", "== \"a\\n\"", "holds"),
        ("\"a\\n\"", "== \"b\\n\"", "expected \"b\\n\", got \"a\\n\""),
    ] {
        assert_eq!(judged(json, predicate), expected, "{json} {predicate}");
    }
}

/// Scenario language, section 4: the predicates `> >= < <=`.
#[test]
fn values_of_one_type_have_an_order() {
    for (json, predicate, expected) in [
        ("2", "> 1", "holds"),
        ("1", "> 1", "expected > 1, got 1"),
        ("1", ">= 1", "holds"),
        ("1", ">= 1.5", "expected >= 1.5, got 1"),
        ("1", "< 1.5", "holds"),
        ("2", "< 1", "expected < 1, got 2"),
        ("1", "<= 1", "holds"),
        ("2", "<= 1", "expected <= 1, got 2"),
        ("9007199254740993", "> 9007199254740992.0", "holds"),
        ("2", "not > 1", "expected not > 1, got 2"),
        ("1", "not > 1", "holds"),
        ("\"b\"", "> \"a\"", "holds"),
        ("\"12\"", "> 5", "expected a number (> 5), got a string: \"12\""),
        ("\"12\"", "not > 5", "expected a number (not > 5), got a string: \"12\""),
        ("12", "> \"5\"", "expected a string (> \"5\"), got an integer: 12"),
        ("12", "> 5s", "expected a duration (> 5s), got an integer: 12"),
        ("[]", "> 5", "expected a number (> 5), got a list: []"),
        ("null", "< 5", "expected a number (< 5), got null"),
        (r#""2027-01-02""#, r#"toDate "%F" > "2027-01-01""#, "holds"),
        (r#""2027-01-02""#, r#"toDate "%F" < "2027-01-02T00:00:01Z""#, "holds"),
        (
            r#""2027-01-02""#,
            r#"toDate "%F" == "2027-01-01""#,
            "expected 2027-01-01T00:00:00Z, got 2027-01-02T00:00:00Z",
        ),
        (
            r#""2027-01-02""#,
            r#"toDate "%F" > "soon""#,
            "expected a string (> \"soon\"), got a date: 2027-01-02T00:00:00Z",
        ),
    ] {
        assert_eq!(judged(json, predicate), expected, "{json} {predicate}");
    }
}

#[test]
fn durations_are_compared_with_durations() {
    let facts = text("x");
    for (predicate, expected) in [
        ("< 500ms", "holds"),
        ("== 120ms", "holds"),
        ("== 0.12s", "holds"),
        ("< {{limit}}", "holds"),
        ("> 1s", "expected > 1s, got 120ms"),
        ("> {{limit}}", "expected > 500ms, got 120ms"),
        ("< {{n}}", "expected a number (< 1), got a duration: 120ms"),
        ("isNumber", "expected a number, got a duration: 120ms"),
    ] {
        let line = format!("duration {predicate}");
        assert_eq!(checked(&line, &Facts::Message(&facts)), expected, "{predicate}");
    }
}

/// Scenario language, section 4: the predicates `startsWith endsWith contains includes matches`.
#[test]
fn parts_of_texts_bytes_and_lists() {
    for (json, predicate, expected) in [
        ("\"abc\"", "startsWith \"ab\"", "holds"),
        ("\"abc\"", "startsWith \"b\"", "expected startsWith \"b\", got \"abc\""),
        ("1", "startsWith \"b\"", "expected a string (startsWith \"b\"), got an integer: 1"),
        ("\"abc\"", "endsWith \"bc\"", "holds"),
        ("\"abc\"", "not endsWith \"bc\"", "expected not endsWith \"bc\", got \"abc\""),
        ("[]", "endsWith \"bc\"", "expected a string (endsWith \"bc\"), got a list: []"),
        ("\"abc\"", "contains \"b\"", "holds"),
        ("\"abc\"", "contains \"d\"", "expected contains \"d\", got \"abc\""),
        ("\"abc\"", "not contains \"d\"", "holds"),
        ("5", "not contains \"d\"", "expected a string (not contains \"d\"), got an integer: 5"),
        ("\"abc\"", "contains hex:61", "expected bytes (contains hex:61), got a string: \"abc\""),
        ("[1,\"a\"]", "contains \"a\"", "holds"),
        ("[1,\"a\"]", "includes 1.0", "holds"),
        ("[1,\"a\"]", "includes \"1\"", "expected includes \"1\", got [1,\"a\"]"),
        ("[[1,2]]", "includes {{list}}", "holds"),
        ("\"a\"", "includes \"a\"", "expected a list (includes \"a\"), got a string: \"a\""),
        ("\"id-7\"", r"matches /^id-\d$/", "holds"),
        ("\"id-7\"", r#"matches "^id""#, "holds"),
        ("\"ID\"", "matches /(?i)id/", "holds"),
        ("\"a/b\"", r"matches /a\/b/", "holds"),
        ("\"id\"", r"matches /\d/", r#"expected matches /\d/, got "id""#),
        ("\"id\"", r"not matches /id/", r#"expected not matches /id/, got "id""#),
        ("7", r"matches /\d/", r"expected a string (matches /\d/), got an integer: 7"),
        ("\"aXb\"", "matches /{{text}}/", r#"expected matches /a\.b/, got "aXb""#),
    ] {
        assert_eq!(judged(json, predicate), expected, "{json} {predicate}");
    }
    let bytes = message(MessageKind::Binary, &[1, 0, 10]);
    for (line, expected) in [
        ("bytes == hex:01 00 0a", "holds"),
        ("bytes == base64:AQAK", "holds"),
        ("bytes startsWith hex:01", "holds"),
        ("bytes endsWith hex:{{bytes}}", "expected endsWith hex:01 00, got hex:01 00 0a"),
        ("bytes startsWith {{bytes}}", "holds"),
        ("bytes contains hex:00", "holds"),
        ("bytes contains \"a\"", "expected a string (contains \"a\"), got bytes: hex:01 00 0a"),
        ("bytes == hex:{{text}}", "'.' is not a hexadecimal digit"),
        ("bytes isEmpty", "expected empty, got hex:01 00 0a"),
    ] {
        assert_eq!(checked(line, &Facts::Message(&bytes)), expected, "{line}");
    }
}

/// Scenario language, section 4: the predicates `isInteger isFloat isBoolean isString isList isObject isNumber`.
#[test]
fn types_are_told_apart() {
    let predicates =
        ["isInteger", "isFloat", "isNumber", "isBoolean", "isString", "isList", "isObject"];
    for (json, met) in [
        ("1", &["isInteger", "isNumber"][..]),
        ("1.0", &["isFloat", "isNumber"]),
        ("18446744073709551615", &["isInteger", "isNumber"]),
        ("true", &["isBoolean"]),
        ("\"a\"", &["isString"]),
        ("[]", &["isList"]),
        ("{}", &["isObject"]),
        ("null", &[]),
    ] {
        for predicate in predicates {
            let holds = judged(json, predicate) == "holds";
            assert_eq!(holds, met.contains(&predicate), "{json} {predicate}");
            let is_negated_met = judged(json, &format!("not {predicate}")) == "holds";
            assert_ne!(holds, is_negated_met, "{json} not {predicate}");
        }
    }
    assert_eq!(judged("\"1\"", "isInteger"), "expected an integer, got a string: \"1\"");
    assert_eq!(judged("1", "not isInteger"), "expected not an integer, got an integer: 1");
}

/// Scenario language, section 4: the predicates `exists isEmpty isIsoDate`.
#[test]
fn existence_emptiness_and_dates() {
    for (json, predicate, expected) in [
        ("null", "exists", "holds"),
        ("1", "not exists", "expected not exists, got 1"),
        ("{}", r#"jsonpath "$.a" exists"#, "expected exists, got nothing"),
        ("{}", r#"jsonpath "$.a" not exists"#, "holds"),
        ("{}", r#"jsonpath "$.a" == 5"#, "expected 5, got nothing"),
        ("{}", r#"jsonpath "$.a" not == 5"#, "expected not 5, got nothing"),
        ("{}", r#"jsonpath "$.a" isEmpty"#, "expected empty, got nothing"),
        ("{}", r#"jsonpath "$.a" > {{x}}"#, "the variable \"x\" has no value"),
        ("{}", r#"jsonpath "$..a" exists"#, "expected exists, got nothing"),
        ("{}", r#"jsonpath "$..a" not exists"#, "holds"),
        ("{}", r#"jsonpath "$..a" count == 0"#, "holds"),
        ("{}", r#"jsonpath "$..a" isEmpty"#, "holds"),
        (r#"{"a":[]}"#, r#"jsonpath "$.a" exists"#, "holds"),
        ("\"\"", "isEmpty", "holds"),
        ("[]", "isEmpty", "holds"),
        ("{}", "isEmpty", "holds"),
        ("[1]", "isEmpty", "expected empty, got [1]"),
        ("\"\"", "not isEmpty", "expected not empty, got \"\""),
        (
            "5",
            "isEmpty",
            "expected a string, a list, an object or bytes (empty), got an integer: 5",
        ),
        (r#""2027-01-02T03:04:05Z""#, "isIsoDate", "holds"),
        (r#""2027-01-02T03:04:05Z""#, r#"toDate "%+" isIsoDate"#, "holds"),
        (
            r#""2027-01-02""#,
            "isIsoDate",
            "expected a date and time as in RFC 3339, got \"2027-01-02\"",
        ),
        ("5", "isIsoDate", "expected a string (a date and time as in RFC 3339), got an integer: 5"),
    ] {
        assert_eq!(judged(json, predicate), expected, "{json} {predicate}");
    }
}

#[test]
fn failures_are_short_and_show_the_first_difference() {
    let long = "a".repeat(2000);
    let facts = text(&long);
    let line = format!("text == \"{}b\"", &long[..50]);
    let failure = parse_assertion(&line, 7).expect("an assertion");
    let failure = failure.check(&Facts::Message(&facts), &variables()).expect_err("a failure");
    assert_eq!(failure.at, 12..7 + line.len());
    let FailureKind::Mismatch(mismatch) = failure.kind else { panic!("no mismatch") };
    assert!(mismatch.actual.len() < 1100 && mismatch.actual.ends_with("…\" (2000 bytes)"));
    assert_eq!(
        mismatch.difference.map(|it| it.to_string()).as_deref(),
        Some(
            "at character 51, after \"…aaaaaaaaaa\": expected \"b\", got \"aaaaaaaaaaaaaaaaaaaa…\""
        )
    );
}
