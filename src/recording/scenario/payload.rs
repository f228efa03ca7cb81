//! Messages as payloads and patterns of a scenario.
//!
//! A message is data of a peer: whatever it holds, what is written has to mean exactly this message. So each form that
//! a message can have is read again, as `check` does, and the first that means the same is taken.

use std::path::Path;

use data_encoding::BASE64;

use super::lines::{escaped, is_awkward, is_block, is_line, literal_expression, push_escape};
use super::values::{Piece, Recordings};
use crate::protocol::hex::hex;
use crate::protocol::{CloseCode, MessageKind};
use crate::scenario::language::syntax::{Item, Payload, StepKind};
use crate::scenario::language::{Source, parse};
use crate::scenario::message::{Files, Outgoing, Surroundings};
use crate::scenario::pattern::{Match, Matcher, Pattern, bare_json};

/// The longest binary message that is written in hexadecimal digits, in bytes.
const MAX_HEX: usize = 32;

/// The longest binary message that is expected whole, in bytes; of a longer one the start and the size are.
pub(super) const MAX_WHOLE: usize = 64 << 10;

/// How much of such a message is expected, in bytes.
const START: usize = 64;

/// A text message that is sent.
pub(super) fn sent_text(pieces: &[Piece<'_>], values: &Recordings) -> String {
    let text = joined(pieces);
    let means_it = |written: &str| {
        let wanted = Outgoing::Message(MessageKind::Text, text.clone().into());
        read(&format!("> {written}")).is_some_and(|payload| {
            payload.outgoing(around(values)).is_ok_and(|outgoing| outgoing == wanted)
        })
    };
    written(pieces, means_it).unwrap_or_else(|| quoted(&[Piece::Text(text.as_str().into())]))
}

/// A text message that is expected: JSON as JSON, anything else as text.
pub(super) fn expected_text(pieces: &[Piece<'_>], values: &Recordings) -> String {
    let text = joined(pieces);
    let is_json = bare_json(&text).is_some();
    let means_it = |written: &str| {
        pattern(written, values).is_some_and(|pattern| match pattern.matcher() {
            Matcher::Text(wanted) => *wanted == text,
            Matcher::Json(_) => pattern.judge(MessageKind::Text, text.as_bytes()) == Match::Yes,
            _ => false,
        })
    };
    let as_json = || {
        let pieces: Vec<_> = pieces.iter().map(Piece::with_visible_json).collect();
        written(&pieces, means_it)
    };
    is_json
        .then(as_json)
        .flatten()
        .or_else(|| written(pieces, means_it))
        .unwrap_or_else(|| quoted(&[Piece::Text(text.as_str().into())]))
}

/// A regular expression that is expected to be found in a text message; `None` if it does not match this one.
pub(super) fn expected_regex(expression: &str, text: &str, values: &Recordings) -> Option<String> {
    let written = format!("/{expression}/");
    let pattern = pattern(&written, values)?;
    let is_regex = matches!(pattern.matcher(), Matcher::Regex(_));
    (is_regex && pattern.judge(MessageKind::Text, text.as_bytes()) == Match::Yes).then_some(written)
}

/// A binary message that is sent.
pub(super) fn sent_binary(data: &[u8]) -> String {
    match data.len() {
        0..=MAX_HEX => format!("hex:{}", hex(data)),
        _ => format!("base64:{}", BASE64.encode(data)),
    }
}

/// A binary message that is expected; of a long one the start.
pub(super) fn expected_binary(data: &[u8]) -> String {
    match data.len() {
        0..=MAX_WHOLE => sent_binary(data),
        _ => format!("hex:{} ..", hex(&data[..START])),
    }
}

/// A ping or pong (`word`) with this payload; `None` if that is not a text that a line can hold.
pub(super) fn control(
    word: &str,
    pieces: &[Piece<'_>],
    is_sent: bool,
    values: &Recordings,
) -> Option<String> {
    let text = joined(pieces);
    let sign = if is_sent { '>' } else { '<' };
    let means_it = |written: &String| {
        let outgoing = read(&format!("{sign} {written}")).map(|it| it.outgoing(around(values)));
        match outgoing {
            Some(Ok(Outgoing::Ping(bytes))) => word == "ping" && bytes == text.as_bytes(),
            Some(Ok(Outgoing::Pong(bytes))) => word == "pong" && bytes == text.as_bytes(),
            _ => false,
        }
    };
    let forms = [template(pieces), escaped(&text)].map(|form| format!("{word}:{form}"));
    forms.into_iter().filter(|_| is_line(&text)).find(means_it)
}

/// A Close frame of ours, and whether it has the reason, which is left out if a scenario cannot hold it. `None` if the
/// code must not be sent.
pub(super) fn sent_close(
    code: Option<u16>,
    reason: &[Piece<'_>],
    values: &Recordings,
) -> Option<(String, bool)> {
    // Without a code it is not `close:`, which sends 1000.
    let code = code.unwrap_or(CloseCode::NO_STATUS.get());
    let means_it = |written: &str, wanted: &str| {
        let outgoing = read(&format!("> {written}")).map(|it| it.outgoing(around(values)));
        matches!(outgoing, Some(Ok(Outgoing::Close(_, reason))) if reason == wanted)
    };
    let bare = format!("close:{code}");
    let text = joined(reason);
    let mut forms = Vec::new();
    for form in [template(reason), escaped(&text)] {
        let whole = format!("{bare} {form}");
        forms.extend((is_line(&text) && !text.is_empty()).then(|| whole.clone()));
        forms.extend(is_block(&text).then(|| fenced(&whole)));
    }
    match forms.into_iter().find(|form| means_it(form, &text)) {
        Some(form) => Some((form, true)),
        None => means_it(&bare, "").then_some((bare, text.is_empty())),
    }
}

/// A Close frame of the peer, or an end without one.
pub(super) fn expected_close(
    code: u16,
    pieces: &[Piece<'_>],
    values: &Recordings,
) -> Option<String> {
    let reason = joined(pieces);
    let means_it = |written: &String| {
        let code = code.to_string().parse();
        let pattern = pattern(written, values).zip(code.ok());
        pattern.is_some_and(|(pattern, code)| pattern.matches_close(code, &reason))
    };
    let is_plain = !reason.is_empty()
        && is_line(&reason)
        && !(reason.starts_with('/') && reason.ends_with('/'));
    let plain = |form: String| is_plain.then(|| format!("close:{code} {form}"));
    let regex =
        (!reason.is_empty()).then(|| format!("close:{code} /^{}$/", literal_expression(&reason)));
    let code_only = Some(format!("close:{code}"));
    let forms = [plain(template(pieces)), plain(escaped(&reason)), regex, code_only];
    forms.into_iter().flatten().find(means_it)
}

/// The pieces as they are written in a scenario.
fn template(pieces: &[Piece<'_>]) -> String {
    pieces.iter().map(Piece::written).collect()
}

/// The first form that means the message.
fn written(pieces: &[Piece<'_>], means_it: impl Fn(&str) -> bool) -> Option<String> {
    let text = joined(pieces);
    let template = template(pieces);
    let mut forms = Vec::new();
    if text.is_empty() || is_line(&text) {
        forms.push(template.clone());
        forms.push(format!("text:{template}"));
    } else if is_block(&text) {
        forms.push(fenced(&template));
        forms.push(fenced(&format!("text:{template}")));
    }
    let form = forms.into_iter().find(|form| means_it(form));
    form.or_else(|| Some(quoted(pieces)).filter(|form| means_it(form)))
}

/// `text:"…"`.
fn quoted(pieces: &[Piece<'_>]) -> String {
    let mut quoted = String::from("text:\"");
    for piece in pieces {
        match piece {
            Piece::Variable { .. } => quoted.push_str(&piece.written()),
            Piece::Text(text) => {
                let mut string = String::with_capacity(text.len());
                for c in text.chars() {
                    match c {
                        '"' => string.push_str("\\\""),
                        '\\' => string.push_str("\\\\"),
                        '\n' => string.push_str("\\n"),
                        '\r' => string.push_str("\\r"),
                        '\t' => string.push_str("\\t"),
                        c if is_awkward(c) => push_escape(c, &mut string),
                        c => string.push(c),
                    }
                }
                quoted.push_str(&escaped(&string));
            }
        }
    }
    quoted + "\""
}

/// Lines between fences that none of them closes.
fn fenced(text: &str) -> String {
    let is_fence = |line: &&str| line.len() >= 3 && line.bytes().all(|byte| byte == b'`');
    let longest = text.split('\n').map(str::trim).filter(is_fence).map(str::len).max();
    let fence = "`".repeat(longest.map_or(3, |length| length + 1));
    format!("{fence}\n{text}\n{fence}")
}

fn joined(pieces: &[Piece<'_>]) -> String {
    pieces.iter().map(Piece::text).collect()
}

/// The payload of a step that is written like this, if that is one step and nothing else.
pub(super) fn read(step: &str) -> Option<Payload> {
    let source = Source::new("step", format!("WS ws://h\nHTTP 101\n{step}\n").into_bytes());
    let scenario = parse(&source).complete().ok().filter(|it| it.warnings.is_empty())?;
    let mut items = scenario.parts.into_iter().flat_map(|part| part.items);
    let (Some(Item::Connect(_)), Some(Item::Step(step)), None) =
        (items.next(), items.next(), items.next())
    else {
        return None;
    };
    match step.kind {
        StepKind::Send(payload) | StepKind::Receive(_, payload) => Some(payload),
        _ => None,
    }
}

fn pattern(written: &str, values: &Recordings) -> Option<Pattern> {
    read(&format!("< {written}"))?.pattern(written, around(values)).ok()
}

fn around(values: &Recordings) -> Surroundings<'_> {
    Surroundings { values, files: &NoFiles }
}

/// What is written from a recording names no file.
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Result<Vec<u8>, String> {
        Err("not read".to_owned())
    }
}
