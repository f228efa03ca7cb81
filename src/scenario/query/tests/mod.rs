//! Queries, filters and predicates from their text to their result.

mod arguments;
mod assertions;
mod filters;
mod predicates;
mod properties;
mod queries;
mod syntax;
mod syntax_errors;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::protocol::MessageKind;
use crate::scenario::language::Values;
use crate::scenario::phrase::Phrase;

/// Variables of the tests.
#[derive(Default)]
struct TestVariables(BTreeMap<&'static str, Value>);

impl Values for TestVariables {
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.get(name).map(|value| Cow::Owned(value.to_text()))
    }
}

impl Variables for TestVariables {
    fn typed(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

fn variables() -> TestVariables {
    let text = |text: &str| Value::String(text.to_owned());
    TestVariables(BTreeMap::from([
        ("n", Value::integer(1)),
        ("float", json("1.5")),
        ("text", text("a.b")),
        ("quote", text("it's \"a\"\\")),
        ("dollar", text("$1")),
        ("limit", text("500ms")),
        ("five", text("5")),
        ("list", json("[1,2]")),
        ("bytes", Value::Bytes(vec![1, 0])),
    ]))
}

/// A value from JSON.
fn json(text: &str) -> Value {
    crate::scenario::json::parse(text.as_bytes()).expect(text).into()
}

fn message(kind: MessageKind, data: &[u8]) -> MessageFacts<'_> {
    MessageFacts {
        kind,
        data,
        wire_size: data.len() as u64 + 2,
        frames: 1,
        is_compressed: false,
        duration: Some(Duration::from_millis(120)),
    }
}

fn text(data: &str) -> MessageFacts<'_> {
    message(MessageKind::Text, data.as_bytes())
}

/// How a failure reads: what was expected and what was there, or why there was no value.
fn outcome(result: Result<(), Failure>) -> String {
    match result {
        Ok(()) => "holds".to_owned(),
        Err(Failure { kind: FailureKind::Mismatch(mismatch), .. }) => mismatch.to_string(),
        Err(Failure { kind: FailureKind::Error(message), .. }) => message,
    }
}

/// The outcome of a line of `[Asserts]`.
fn checked(line: &str, facts: &Facts<'_>) -> String {
    let assertion = parse_assertion(line, 0).expect(line);
    outcome(assertion.check(facts, &variables()))
}

/// The value of a line of `[Captures]` with its type, or why there is none.
fn captured(line: &str, facts: &Facts<'_>) -> String {
    match parse_capture(line, 0).expect(line).value(facts, &variables()) {
        Ok(Some(value)) => value.described(),
        Ok(None) => "nothing".to_owned(),
        Err(error) => error.message,
    }
}

/// The value of a JSON value behind filters.
fn filtered(json: &str, filters: &str) -> String {
    captured(&format!(r#"jsonpath "$" {filters}"#), &Facts::Message(&text(json)))
}

/// The outcome of a predicate for a JSON value.
fn judged(json: &str, predicate: &str) -> String {
    checked(&format!(r#"jsonpath "$" {predicate}"#), &Facts::Message(&text(json)))
}
