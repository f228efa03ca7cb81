//! Patterns, queries and what they make of messages.
//!
//! Input: a line with a pattern, a line with an assertion, then the message.

use std::collections::BTreeMap;
use std::path::Path;

use wscope::protocol::MessageKind;
use wscope::scenario::Pattern;
use wscope::scenario::language::syntax::Payload;
use wscope::scenario::language::{Source, parse};
use wscope::scenario::message::{Files, Surroundings};
use wscope::scenario::pattern::{Match, Matcher, bare_json};
use wscope::scenario::plan::{PlannedAction, plan};
use wscope::scenario::query::{parse_assertion, parse_capture};
use wscope::scenario::relax::{apply, relax};

/// Nothing panics, a relaxed pattern matches, what a message is compared with itself matches, and a judgement does not depend on anything else.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let mut line = || str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let (written, assertion) = (line(), line());
    let message = parts.next().unwrap_or_default();
    for text in [written, assertion] {
        let _ = parse_assertion(text, 0);
        let _ = parse_capture(text, 0);
    }
    if let Some(pattern) = pattern(written) {
        for kind in [MessageKind::Text, MessageKind::Binary] {
            let first = pattern.judge(kind, message);
            assert_eq!(first, pattern.judge(kind, message));
            check_relaxed(written, kind, message);
        }
    }
    check_itself(message);
}

/// The pattern of a step in a file.
fn pattern(written: &str) -> Option<Pattern> {
    let around = Surroundings { values: &BTreeMap::new(), files: &NoFiles };
    payload(&source(written))?.pattern(written, around).ok()
}

fn source(written: &str) -> Source {
    Source::new("file", format!("WS ws://h\n< {written}\n# end").into_bytes())
}

fn payload(source: &Source) -> Option<Payload> {
    let plan = plan(parse(source), source, &Default::default()).complete().ok()?;
    let PlannedAction::Receive(group) = &plan.parts.first()?.steps.get(1)?.action else {
        return None;
    };
    Some(group.wanted.first()?.payload.clone())
}

fn check_relaxed(written: &str, kind: MessageKind, message: &[u8]) {
    let relaxation = || {
        let source = source(written);
        let relaxation = relax(source.text(), &payload(&source)?, &BTreeMap::new(), kind, message)?;
        Some(apply(source.text(), &relaxation.edits))
    };
    let Some(relaxed) = relaxation() else { return };
    let written = relaxed.strip_prefix("WS ws://h\n< ").and_then(|it| it.strip_suffix("\n# end"));
    let pattern = pattern(written.expect("the rest stays")).expect("a pattern stays one");
    assert_eq!(pattern.judge(kind, message), Match::Yes, "{relaxed}");
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Result<Vec<u8>, String> {
        Err("not in a fuzz target".to_owned())
    }
}

fn check_itself(message: &[u8]) {
    let bytes = Matcher::Bytes { bytes: message.to_vec(), is_prefix: false };
    assert_matches(bytes, MessageKind::Binary, message);
    let Ok(text) = str::from_utf8(message) else { return };
    assert_matches(Matcher::Text(text.to_owned()), MessageKind::Text, message);
    if let Some(json) = bare_json(text) {
        assert_matches(Matcher::Json(json), MessageKind::Text, message);
    }
}

fn assert_matches(matcher: Matcher, kind: MessageKind, message: &[u8]) {
    assert_eq!(Pattern::new("itself", matcher).judge(kind, message), Match::Yes);
}
