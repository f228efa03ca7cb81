//! Whatever a peer sends: each message is one step that means exactly that message.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use super::{generate, message, open};
use crate::protocol::MessageKind;
use crate::protocol::vocabulary::Direction;
use crate::recording::scenario::Settings;
use crate::recording::{Recorded, RecordedMessage};
use crate::scenario::language::syntax::{Item, StepKind};
use crate::scenario::language::{Source, Values, parse};
use crate::scenario::message::{Files, Outgoing, Surroundings};
use crate::scenario::pattern::{Match, Matcher};
use crate::scenario::plan::plan;
use crate::scenario::query::{Facts, MessageFacts, Value, Variables, parse_capture};

/// Pieces of texts that mean something in a scenario.
const PIECES: [&str; 43] = [
    "{{",
    "}}",
    "\\",
    "\\{{",
    "{",
    "}",
    "[",
    "]",
    "```",
    "````",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "#",
    "###",
    ">",
    "<",
    "<&",
    "$ ",
    "WS ws://evil",
    "HTTP 101",
    "[Options]",
    "[Captures]",
    "/",
    "text:",
    "text:@",
    "binary:@/etc/passwd",
    "hex:",
    "base64:",
    "close:1000",
    "ping:",
    "\"",
    "{\"a\":",
    "abcd1234",
    "1234567890",
    "\u{202e}",
    "\0",
    "{\"id\":\"abcd1234\"}",
    "two \"words\" é",
    r#"{"id":"two \"words\" \u00e9\\ \n"}"#,
    "two \"words\" é\\ \n",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(prop::sample::select(&PIECES[..]), 0..6).prop_map(|pieces| pieces.concat()),
        any::<String>(),
        vec(prop::sample::select(&PIECES[..]), 0..4)
            .prop_map(|pieces| serde_json::json!({"id": "abcd1234", "x": pieces}).to_string()),
        vec(prop::sample::select(&PIECES[..]), 1..4)
            .prop_map(|pieces| serde_json::json!({"y": pieces}).to_string()),
    ]
}

fn any_message() -> impl Strategy<Value = Recorded> {
    let direction = prop_oneof![Just(Direction::Sent), Just(Direction::Received)];
    let data = prop_oneof![
        text().prop_map(|text| (MessageKind::Text, text.into_bytes())),
        vec(any::<u8>(), 0..40).prop_map(|bytes| (MessageKind::Binary, bytes)),
    ];
    (direction, data).prop_map(|(direction, (kind, data))| message(direction, kind, &data))
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &std::path::Path) -> Result<Vec<u8>, String> {
        panic!("a message became a file: {}", path.display())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_is_one_step_that_means_it(messages in vec(any_message(), 1..6)) {
        let events: Vec<_> = std::iter::once(open()).chain(messages.iter().cloned()).collect();
        let text = generate(&events, &Settings::default()).text;
        let source = Source::new("x.wscope", text.clone().into_bytes());
        let parsed = parse(&source);
        let planned = plan(parsed.clone(), &source, &Default::default());
        prop_assert!(planned.errors.is_empty(), "{text}\n{:?}", planned.errors);
        let scenario = parsed.complete().expect("no errors");
        let [part] = &scenario.parts[..] else { panic!("parts: {text}") };
        let (connects, steps): (Vec<_>, Vec<_>) =
            part.items.iter().partition(|item| matches!(item, Item::Connect(_)));
        prop_assert_eq!(connects.len(), 1, "{}", text);
        prop_assert_eq!(steps.len(), messages.len(), "{}", text);
        let mut values = Captured::default();
        for (step, recorded) in steps.iter().zip(&messages) {
            let Item::Step(step) = step else { unreachable!() };
            let message = recorded.message().expect("a message");
            let around = Surroundings { values: &values, files: &NoFiles };
            check(&step.kind, !step.sections.captures.is_empty(), message, around, &text);
            for capture in &step.sections.captures {
                let expression = parse_capture(&capture.query.text, 0).expect("a query");
                let facts = MessageFacts {
                    kind: message.kind,
                    data: &message.data,
                    wire_size: 0,
                    frames: 1,
                    is_compressed: false,
                    duration: None,
                };
                let value = expression.capture(&Facts::Message(&facts), &values);
                values.0.insert(capture.name.clone(), value.expect("a value"));
            }
        }
    }
}

/// Captured values.
#[derive(Default)]
struct Captured(BTreeMap<String, Value>);

impl Values for Captured {
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.get(name).map(|value| value.to_text().into())
    }
}

impl Variables for Captured {
    fn typed(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

fn check(
    step: &StepKind,
    captures: bool,
    message: &RecordedMessage,
    around: Surroundings<'_>,
    text: &str,
) {
    match step {
        StepKind::Send(payload) => {
            assert_eq!(message.direction, Direction::Sent, "{text}");
            let outgoing = payload.outgoing(around).expect("a payload");
            assert_eq!(outgoing, Outgoing::Message(message.kind, message.data.clone()), "{text}");
        }
        StepKind::Receive(_, payload) => {
            assert_eq!(message.direction, Direction::Received, "{text}");
            let pattern = payload.pattern("", around).expect("a pattern");
            assert_eq!(pattern.judge(message.kind, &message.data), Match::Yes, "{text}");
            match pattern.matcher() {
                Matcher::Text(wanted) => assert_eq!(wanted.as_bytes(), &message.data[..]),
                Matcher::Bytes { bytes, is_prefix: false } => assert_eq!(bytes, &message.data[..]),
                Matcher::Json(_) => {}
                Matcher::Regex(_) => assert!(captures, "{text}"),
                other => panic!("{other:?}: {text}"),
            }
        }
        other => panic!("{other:?}: {text}"),
    }
}
