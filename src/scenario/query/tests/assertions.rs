use super::*;

fn period<'a>(messages: &[&'a str]) -> PeriodFacts<'a> {
    let messages = messages.iter().map(|data| (Duration::ZERO, text(data)));
    PeriodFacts { length: Duration::from_secs(1), messages: messages.collect() }
}

/// Scenario language, section 4: "any message query behind `each`, `any` or `none`".
#[test]
fn each_any_and_none_judge_the_messages_of_a_period() {
    let prices = period(&[r#"{"p":1}"#, r#"{"p":5}"#, "hello"]);
    for (line, expected) in [
        ("each size > 4", "holds"),
        ("each size > 5", "expected > 5, got 5 in message 3 of 3"),
        (
            r#"each jsonpath "$.p" > 0"#,
            "message 3 of 3: the message is not JSON: expected value at line 1 column 1",
        ),
        (r#"any jsonpath "$.p" == 5"#, "holds"),
        (r#"any jsonpath "$.p" == 6"#, "expected 6 in any of 3 messages, got 5 in the last one"),
        ("any size == 6", "expected 6 in any of 3 messages, got 5 in the last one"),
        ("none size == 6", "holds"),
        (
            "none size == 5",
            "expected no message that meets it, of 3 messages, got message 3 of 3 meets it",
        ),
        (r#"none jsonpath "$.p" == 6"#, "holds"),
        (r#"none text == "{{x}}""#, "the variable \"x\" has no value"),
        (r#"any text == "{{x}}""#, "the variable \"x\" has no value"),
        ("count == 3", "holds"),
        (r#"any regex /l+/ == "ll""#, "holds"),
    ] {
        assert_eq!(checked(line, &Facts::Period(&prices)), expected, "{line}");
    }
}

#[test]
fn a_period_without_messages() {
    let empty = period(&[]);
    for (line, expected) in [
        ("each size > 4", "holds"),
        ("none size > 4", "holds"),
        ("any size > 4", "expected a message, got nothing"),
        ("count == 0", "holds"),
        ("gap < 1s", "expected < 1s, got nothing"),
    ] {
        assert_eq!(checked(line, &Facts::Period(&empty)), expected, "{line}");
    }
    let broken = period(&["a", "b"]);
    assert_eq!(
        checked(r#"any jsonpath "$" exists"#, &Facts::Period(&broken)),
        "expected a message that meets it in any of 2 messages, got the message is not JSON: expected \
         value at line 1 column 1 in the last one"
    );
}

#[test]
fn a_capture_needs_a_value() {
    let facts = text(r#"{"a":"x"}"#);
    let capture = |line: &str| {
        let expression = parse_capture(line, 3).expect(line);
        expression.capture(&Facts::Message(&facts), &variables())
    };
    assert_eq!(capture(r#"jsonpath "$.a""#), Ok(Value::String("x".to_owned())));
    let failure = capture(r#"jsonpath "$.b" count"#).expect_err("a failure");
    let kind = FailureKind::Error(
        "there is nothing to capture: $ exists with the member \"a\"".to_owned(),
    );
    assert_eq!(failure, Failure { at: 3..23, kind });
    let failure = capture(r#"jsonpath "$.a" count"#).expect_err("a failure");
    let message = "count: a list is expected, got a string: \"x\"".to_owned();
    assert_eq!(failure, Failure { at: 18..23, kind: FailureKind::Error(message) });
}
