//! Payloads of a scenario file, with the values of variables put in: what is sent, and patterns.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::json::JsonError;
use super::language::literal;
use super::language::syntax::{FileKind, Payload, PayloadKind};
use super::language::template::{Template, Values, Variable};
use super::pattern::{ClosePattern, Matcher, Pattern, bare_json};
use crate::protocol::{CloseCode, MessageKind};

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A data message.
    Message(MessageKind, Bytes),
    /// A ping.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// A Close frame, with a code and a reason if they are given; 1005: without a code.
    Close(Option<CloseCode>, String),
}

/// Why a payload cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// A variable has no value.
    #[error("the variable {:?} has no value", .0.name)]
    Variable(Variable),
    /// The values do not fit.
    #[error("{0}")]
    Value(String),
    /// A file cannot be read.
    #[error("{}: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl From<Variable> for PayloadError {
    fn from(variable: Variable) -> Self {
        Self::Variable(variable)
    }
}

impl From<String> for PayloadError {
    fn from(reason: String) -> Self {
        Self::Value(reason)
    }
}

impl From<JsonError> for PayloadError {
    fn from(error: JsonError) -> Self {
        Self::Value(error.into())
    }
}

/// Reads a file that a payload names.
pub trait Files {
    /// Its content.
    ///
    /// # Errors
    /// Why not, in words.
    fn read(&self, path: &Path) -> Result<Vec<u8>, String>;
}

/// What a payload needs besides what the file says.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The values of variables.
    pub values: &'a dyn Values,
    /// The files.
    pub files: &'a dyn Files,
}

impl Payload {
    /// What is sent.
    ///
    /// # Errors
    /// When a value is missing or does not fit, or a file cannot be read.
    pub fn outgoing(&self, around: Surroundings<'_>) -> Result<Outgoing, PayloadError> {
        let text = |template: &Template| template.expand(around.values);
        let message = |text: String| Outgoing::Message(MessageKind::Text, text.into());
        let binary = |bytes: Vec<u8>| Outgoing::Message(MessageKind::Binary, bytes.into());
        Ok(match &self.kind {
            PayloadKind::Bare(it) | PayloadKind::Text(it) => message(text(it)?),
            PayloadKind::Regex(it) => message(format!("/{}/", text(it)?)),
            PayloadKind::JsonString(it) => message(json_string(it, around.values)?),
            PayloadKind::Json(it) => {
                let json = text(it)?;
                literal::json(&json)?;
                message(json)
            }
            PayloadKind::Hex(it) => binary(literal::hex(&text(it)?)?),
            PayloadKind::Base64(it) => binary(literal::base64(&text(it)?)?),
            PayloadKind::File(kind, path) => self.file(*kind, path, around)?,
            PayloadKind::Ping(it) => Outgoing::Ping(control(text(it)?)?),
            PayloadKind::Pong(it) => Outgoing::Pong(control(text(it)?)?),
            PayloadKind::Any(_) => return Err("any message is a pattern only".to_owned().into()),
            PayloadKind::Close(it) => {
                let text = text(it)?;
                let (code, reason) = literal::close_to_send(&text)?;
                Outgoing::Close(code, reason.to_owned())
            }
        })
    }

    fn file(
        &self,
        kind: FileKind,
        path: &Template,
        around: Surroundings<'_>,
    ) -> Result<Outgoing, PayloadError> {
        let (path, bytes) = read(path, around)?;
        match kind {
            FileKind::Binary => {}
            FileKind::Text => drop(utf8(&path, &bytes)?),
            FileKind::Json => {
                let json = literal::json(utf8(&path, &bytes)?);
                json.map_err(|error| PayloadError::File { path, reason: error.into() })?;
            }
        }
        let kind = match kind {
            FileKind::Binary => MessageKind::Binary,
            FileKind::Text | FileKind::Json => MessageKind::Text,
        };
        Ok(Outgoing::Message(kind, bytes.into()))
    }

    /// Why a payload that looks like JSON is taken as text, if it is, and only with its values: what the file alone
    /// shows, the parser has found.
    pub fn broken_json(&self, around: Surroundings<'_>) -> Option<String> {
        let PayloadKind::Bare(template) = &self.kind else { return None };
        if template.as_literal().is_some() {
            return None;
        }
        Some(literal::broken_json(&template.expand(around.values).ok()?)?.to_string())
    }

    /// The pattern. `written` is how the file says it.
    ///
    /// # Errors
    /// When a value is missing or does not fit, or a file cannot be read.
    pub fn pattern(
        &self,
        written: &str,
        around: Surroundings<'_>,
    ) -> Result<Pattern, PayloadError> {
        let text = |template: &Template| template.expand(around.values);
        let matcher = match &self.kind {
            PayloadKind::Bare(it) => {
                let text = text(it)?;
                bare_json(&text).map_or(Matcher::Text(text), Matcher::Json)
            }
            PayloadKind::Text(it) => Matcher::Text(text(it)?),
            PayloadKind::JsonString(it) => Matcher::Text(json_string(it, around.values)?),
            PayloadKind::Json(it) => Matcher::Json(literal::json(&text(it)?)?),
            // A value is data: what it has of the language of regular expressions means itself.
            PayloadKind::Regex(it) => {
                let text = it.expand_with(around.values, |value| regex::escape(&value))?;
                Matcher::Regex(literal::regex(&text)?)
            }
            PayloadKind::Hex(it) => {
                let (bytes, is_prefix) = literal::hex_pattern(&text(it)?)?;
                Matcher::Bytes { bytes, is_prefix }
            }
            PayloadKind::Base64(it) => {
                Matcher::Bytes { bytes: literal::base64(&text(it)?)?, is_prefix: false }
            }
            PayloadKind::File(kind, path) => file_matcher(*kind, path, around)?,
            PayloadKind::Ping(it) => Matcher::Ping(some(control(text(it)?)?)),
            PayloadKind::Pong(it) => Matcher::Pong(some(control(text(it)?)?)),
            PayloadKind::Any(_) => Matcher::Any,
            PayloadKind::Close(it) => Matcher::Close(ClosePattern::parse(&text(it)?)?),
        };
        Ok(Pattern::new(written, matcher))
    }
}

fn file_matcher(
    kind: FileKind,
    path: &Template,
    around: Surroundings<'_>,
) -> Result<Matcher, PayloadError> {
    let (path, bytes) = read(path, around)?;
    matcher_of_file(kind, &path, bytes)
}

/// The pattern that a file with this content is.
pub(super) fn matcher_of_file(
    kind: FileKind,
    path: &Path,
    bytes: Vec<u8>,
) -> Result<Matcher, PayloadError> {
    Ok(match kind {
        FileKind::Binary => Matcher::Bytes { bytes, is_prefix: false },
        FileKind::Text => Matcher::Text(utf8(path, &bytes)?.to_owned()),
        FileKind::Json => {
            let json = literal::json(utf8(path, &bytes)?);
            let in_file = |error: JsonError| PayloadError::File {
                path: path.to_owned(),
                reason: error.into(),
            };
            Matcher::Json(json.map_err(in_file)?)
        }
    })
}

fn read(path: &Template, around: Surroundings<'_>) -> Result<(PathBuf, Vec<u8>), PayloadError> {
    let path = PathBuf::from(path.expand(around.values)?.trim());
    match around.files.read(&path) {
        Ok(bytes) => Ok((path, bytes)),
        Err(reason) => Err(PayloadError::File { path, reason }),
    }
}

fn utf8<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, PayloadError> {
    str::from_utf8(bytes).map_err(|error| PayloadError::File {
        path: path.to_owned(),
        reason: format!("not UTF-8 at byte {}", error.valid_up_to()),
    })
}

/// The text of a JSON string; values stand in it as text, whatever is in them.
fn json_string(template: &Template, values: &dyn Values) -> Result<String, PayloadError> {
    let quoted = template.expand_with(values, |value| {
        let text = serde_json::Value::from(value.into_owned()).to_string();
        text[1..text.len() - 1].to_owned()
    })?;
    Ok(literal::json_string(&quoted)?)
}

fn control(text: String) -> Result<Bytes, String> {
    literal::control(&text)?;
    Ok(text.into())
}

fn some(payload: Bytes) -> Option<Vec<u8>> {
    (!payload.is_empty()).then(|| payload.to_vec())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::scenario::language::syntax::{Item, StepKind};
    use crate::scenario::language::{Source, parse};
    use crate::scenario::pattern::Match;

    struct OneFile;

    impl Files for OneFile {
        fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
            match path.to_str() {
                Some("a.json") => Ok(br#"{"a":1}"#.to_vec()),
                Some("b.bin") => Ok(vec![0, 255]),
                Some("bad.json") => Ok(b"{\n\"a\":".to_vec()),
                _ => Err("No such file".to_owned()),
            }
        }
    }

    fn values() -> BTreeMap<String, String> {
        let values = [("n", "7"), ("q", "a\"b"), ("r", "a.b"), ("p", "text:x"), ("f", "a.json")];
        values.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// The payload behind a sign.
    fn payload(line: &str) -> Payload {
        let source = Source::new("x", format!("WS h\n{line}\n").into_bytes());
        let scenario = parse(&source).complete().expect("valid");
        let Some(Item::Step(step)) = scenario.parts[0].items.last() else { panic!("a step") };
        match &step.kind {
            StepKind::Send(payload) | StepKind::Receive(_, payload) => payload.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn sent(line: &str) -> Result<Outgoing, String> {
        let around = Surroundings { values: &values(), files: &OneFile };
        payload(line).outgoing(around).map_err(|error| error.to_string())
    }

    /// Scenario language, section 2: the column "sent" of the table of payloads
    #[test]
    fn payloads_become_messages() {
        let text = |text: &str| Ok(Outgoing::Message(MessageKind::Text, text.to_owned().into()));
        let binary =
            |bytes: &[u8]| Ok(Outgoing::Message(MessageKind::Binary, bytes.to_vec().into()));
        for (line, expected) in [
            (r#"> {"n":{{n}}}"#, text(r#"{"n":7}"#)),
            ("> {{p}}", text("text:x")),
            ("> text:{{p}}", text("text:x")),
            (r#"> text:"{{q}}\n""#, text("a\"b\n")),
            (r#"> json:{"a":{{n}}}"#, text(r#"{"a":7}"#)),
            (
                r#"> json:"{{q}}""#,
                Err("not JSON: trailing characters at line 1 column 4".to_owned()),
            ),
            ("> hex:0{{n}}", binary(&[7])),
            ("> base64:AP8=", binary(&[0, 255])),
            ("> text:@{{f}}", text(r#"{"a":1}"#)),
            ("> binary:@b.bin", binary(&[0, 255])),
            ("> json:@a.json", text(r#"{"a":1}"#)),
            (
                "> json:@bad.json",
                Err("bad.json: not JSON: EOF while parsing a value at line 2 column 4".to_owned()),
            ),
            ("> text:@b.bin", Err("b.bin: not UTF-8 at byte 1".to_owned())),
            ("> text:@c", Err("c: No such file".to_owned())),
            ("> ping:{{n}}", Ok(Outgoing::Ping("7".into()))),
            (
                "> close:1000 bye {{n}}",
                Ok(Outgoing::Close(Some(CloseCode::NORMAL), "bye 7".into())),
            ),
            ("> close:", Ok(Outgoing::Close(None, String::new()))),
            ("> close:1005", Ok(Outgoing::Close(Some(CloseCode::NO_STATUS), String::new()))),
            (
                "> close:1005 {{n}}",
                Err("close:1005 is a Close frame without a code: it has no reason, which could only stand behind a code"
                    .to_owned()),
            ),
            (
                "> close:100{{n}}0",
                Err("close code 10070 Invalid must not be sent: use 1000 to 1003, 1007 to 1014 or 3000 to 4999, or 1005 \
                     for a Close frame without a code"
                    .to_owned()),
            ),
            ("> {{x}}", Err("the variable \"x\" has no value".to_owned())),
        ] {
            assert_eq!(sent(line), expected, "{line}");
        }
    }

    /// Scenario language, section 2: the column "as a pattern" of the table of payloads
    #[test]
    fn patterns_take_what_they_should() {
        let text = MessageKind::Text;
        for (line, kind, data, expected) in [
            ("< {{p}}", text, "text:x", true),
            ("< /{{r}}/", text, "axb", false),
            ("< /{{r}}/", text, "xa.by", true),
            ("< /a.b/", text, "axb", true),
            ("< /a.b/", MessageKind::Binary, "axb", false),
            (r#"< {"n":{{n}}}"#, MessageKind::Binary, r#"{"n":7.0,"m":1}"#, true),
            (r#"< json:{"n":8}"#, text, r#"{"n":7}"#, false),
            ("< json:@a.json", text, r#"{"a":1,"b":2}"#, true),
            ("< text:@a.json", text, r#"{"a":1,"b":2}"#, false),
            ("< hex:61 ..", MessageKind::Binary, "ab", true),
            ("< hex:61", MessageKind::Binary, "ab", false),
            ("< hex:61", text, "a", false),
            ("< a", MessageKind::Binary, "a", false),
        ] {
            let around = Surroundings { values: &values(), files: &OneFile };
            let pattern = payload(line).pattern(line, around).expect(line);
            let judged = pattern.judge(kind, data.as_bytes());
            assert_eq!(judged == Match::Yes, expected, "{line} {data}");
        }
    }

    /// Scenario language, section 2: the rows `ping:DATA` · `pong:DATA` and `close:CODE REASON`, `close:`
    #[test]
    fn ends_and_control_frames_have_patterns_of_their_own() {
        let around = Surroundings { values: &values(), files: &OneFile };
        let pattern = |line: &str| payload(line).pattern(line, around).expect(line);
        let normal = |line| pattern(line).matches_close(CloseCode::NORMAL, "see you");
        assert!(normal("< close:") && normal("< close:1000") && normal("< close:1000 see you"));
        assert!(
            normal("< close:1000 /you/") && !normal("< close:1000 you") && !normal("< close:1001")
        );
        assert!(pattern("< close:1006").matches_close(CloseCode::ABNORMAL, ""));
        assert!(!pattern("< close:").matches_close(CloseCode::ABNORMAL, ""));
        assert!(pattern("< ping:").matches_ping(b"x") && !pattern("< ping:y").matches_ping(b"x"));
        assert!(pattern("< pong:x").matches_pong(b"x") && !pattern("< pong:x").matches_ping(b"x"));
    }
}
