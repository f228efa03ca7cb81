//! The grammars of what the operator types: rules, and payloads as scenarios write what they send.

use std::path::{Path, PathBuf};

use crate::input::repl::{CommandSet, ProxyCommand, ProxyGrammar, proxy_commands};
use crate::page::{self, PayloadKind};
use crate::protocol::MessageKind;
use crate::protocol::Opcode;
use crate::protocol::hex;
use crate::proxy::Payload;
use crate::rules::{self, ProxyRule, Replacement};
use crate::scenario::expect;
use crate::scenario::language::literal;
use crate::scenario::language::prefix::{Form, form};

/// A line of the operator.
pub(super) type Command = ProxyCommand<ProxyRule, Payload>;

/// What the operator can type.
pub(super) static COMMANDS: CommandSet<Command> = proxy_commands::<Grammar>();

/// The grammars.
struct Grammar;

impl ProxyGrammar for Grammar {
    type Rule = ProxyRule;
    type Payload = Payload;

    fn rule_files(source: &str) -> Vec<PathBuf> {
        rules::files(source).into_iter().map(Path::to_owned).collect()
    }

    fn rule(source: &str, contents: Vec<Vec<u8>>) -> Result<ProxyRule, String> {
        ProxyRule::parse(source, contents)
            .map_err(|error| format!("no rule was added: {}", error.in_words(source)))
    }

    fn payload_file(source: &str) -> Option<PathBuf> {
        expect::file(source).map(Path::to_owned)
    }

    fn payload(source: &str, content: Option<Vec<u8>>) -> Result<Payload, String> {
        let control = |opcode, length: usize| {
            let data = literal::control(&source[length..])?;
            Ok(Payload::Control(opcode, data.to_vec().into()))
        };
        match form(source, source) {
            Some((Form::Ping, length)) => control(Opcode::Ping, length),
            Some((Form::Pong, length)) => control(Opcode::Pong, length),
            Some((Form::Close, _)) => Err(format!(
                "a Close frame is sent by /close N [client|server] CODE; text:{source} is this text"
            )),
            _ => {
                let replacement = Replacement::parse(source, content);
                let Replacement { kind, data } =
                    replacement.map_err(|error| error.in_words(source))?;
                Ok(Payload::Message(kind.unwrap_or(MessageKind::Text), data))
            }
        }
    }
}

/// The longest payload that is completed, in bytes.
const MAX_TYPED: usize = 16 << 10;

/// A payload as it is typed; `None` if it is long, or cannot be.
pub(super) fn typed(payload: &Payload) -> Option<String> {
    let (Payload::Message(_, data) | Payload::Control(_, data)) = payload;
    if data.len() > MAX_TYPED {
        return None;
    }
    let forms = match (payload, str::from_utf8(data)) {
        (Payload::Message(MessageKind::Text, _), Ok(text)) => {
            vec![text.to_owned(), format!("text:{}", serde_json::json!(text))]
        }
        (Payload::Message(..), _) => vec![format!("hex:{}", hex::hex(data))],
        (Payload::Control(Opcode::Ping, _), Ok(text)) => vec![format!("ping:{text}")],
        (Payload::Control(Opcode::Pong, _), Ok(text)) => vec![format!("pong:{text}")],
        (Payload::Control(..), _) => Vec::new(),
    };
    let is_typed_so = |form: &String| {
        !form.starts_with(' ')
            && !form.contains(char::is_control)
            && Grammar::payload_file(form).is_none()
            && Grammar::payload(form, None).as_ref() == Ok(payload)
    };
    forms.into_iter().find(is_typed_so)
}

/// What the page sends, or delivers in place of something held.
pub(super) fn payload_of_page(payload: page::Payload) -> Payload {
    let data = payload.data.into();
    match payload.kind {
        PayloadKind::Text => Payload::Message(MessageKind::Text, data),
        PayloadKind::Binary => Payload::Message(MessageKind::Binary, data),
        PayloadKind::Ping => Payload::Control(Opcode::Ping, data),
        PayloadKind::Pong => Payload::Control(Opcode::Pong, data),
        PayloadKind::Close => Payload::Control(Opcode::Close, data),
    }
}

/// A rule that was written on the page. It names no files: a page reads none.
///
/// # Errors
/// Why it is not a rule.
pub(super) fn rule_of_page(source: &str) -> Result<ProxyRule, String> {
    match rules::files(source).first() {
        None => Grammar::rule(source, Vec::new()),
        Some(path) => Err(format!(
            "no rule was added: on the page a rule cannot name a file ({}); at the prompt it can",
            path.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(source: &str, content: Option<&[u8]>) -> Result<Payload, String> {
        Grammar::payload(source, content.map(<[u8]>::to_vec))
    }

    #[test]
    fn payloads_have_the_forms_of_scenarios() {
        let text = |data: &str| Payload::Message(MessageKind::Text, data.to_owned().into());
        let binary = |data: &[u8]| Payload::Message(MessageKind::Binary, data.to_vec().into());
        for (source, expected) in [
            ("hello world", text("hello world")),
            (" {\"a\": 1}", text(" {\"a\": 1}")),
            ("@file", text("@file")),
            ("text:", text("")),
            ("text:ping:x", text("ping:x")),
            (r#"text:"a\n\u00e9""#, text("a\né")),
            (r#"json:{"a": 1}"#, text(r#"{"a": 1}"#)),
            ("hex:00 ff", binary(&[0, 255])),
            ("base64:AP8=", binary(&[0, 255])),
            ("ping:", Payload::Control(Opcode::Ping, Default::default())),
            ("pong:now", Payload::Control(Opcode::Pong, "now".into())),
        ] {
            assert_eq!(payload(source, None), Ok(expected), "{source}");
        }
        for (source, expected) in
            [("text:@f", text("{}")), ("json:@f", text("{}")), ("binary:@f", binary(b"{}"))]
        {
            assert_eq!(Grammar::payload_file(source), Some("f".into()), "{source}");
            assert_eq!(payload(source, Some(b"{}")), Ok(expected), "{source}");
        }
        assert_eq!(Grammar::payload_file("@f"), None);
    }

    #[test]
    fn what_is_held_is_completed_as_it_would_be_typed() {
        let text = |data: &str| Payload::Message(MessageKind::Text, data.to_owned().into());
        for (held, expected) in [
            (text(r#"{"a": 1}"#), Some(r#"{"a": 1}"#)),
            (text("two\nlines"), Some(r#"text:"two\nlines""#)),
            (text("text:x"), Some(r#"text:"text:x""#)),
            (text("ping:x"), Some(r#"text:"ping:x""#)),
            (text(" a"), Some(r#"text:" a""#)),
            (Payload::Message(MessageKind::Binary, vec![0, 255].into()), Some("hex:00 ff")),
            (Payload::Control(Opcode::Ping, "now".into()), Some("ping:now")),
            (Payload::Control(Opcode::Close, Default::default()), None),
            (text(&"x".repeat(MAX_TYPED + 1)), None),
        ] {
            assert_eq!(typed(&held).as_deref(), expected, "{held:?}");
        }
    }

    #[test]
    fn payloads_that_are_not_valid_are_explained() {
        let long = format!("ping:{}", "x".repeat(126));
        for (source, reason) in [
            ("json:{", "not JSON"),
            ("hex:0", "not hex: 1 digit"),
            ("base64:?", "not base64"),
            (r#"text:"\q""#, "not a JSON string"),
            ("close:1000", "sent by /close N [client|server] CODE; text:close:1000 is this text"),
            (&long, "126 bytes: a control frame takes at most 125"),
        ] {
            let problem = payload(source, None).expect_err(source);
            assert!(problem.contains(reason), "{source}: {problem}");
        }
        let problem = payload("text:@f", Some(b"\xff")).expect_err("not UTF-8");
        assert!(problem.contains("f: not UTF-8 at byte 0"), "{problem}");
    }

    #[test]
    fn rules_that_are_not_valid_are_explained() {
        let problem = |source| Grammar::rule(source, Vec::new()).expect_err(source);
        let unknown = "no rule was added: unknown side \"clinet\": did you mean client?";
        assert_eq!(problem("clinet => drop"), unknown);
        assert!(problem("client").starts_with("no rule was added: => and an action are missing"));
        let files = Grammar::rule_files("any json:@a => replace text:@b");
        assert_eq!(files, ["a", "b"].map(PathBuf::from));
    }
}
