//! Patterns that a received message does not match, made less strict so that it does. Only the text of the file
//! is changed, and nothing of the message gets into it: members of JSON are taken out, and a text becomes the
//! regular expression of what stayed the same.

use std::ops::Range;
use std::path::Path;

use super::language::literal::broken_json;
use super::language::syntax::{Item, Payload, PayloadKind, StepKind};
use super::language::template::{Piece, Template, Values};
use super::language::{Source, parse};
use super::message::{Files, Surroundings};
use super::pattern::{Match, bare_json};
use crate::protocol::MessageKind;

mod json;
#[cfg(test)]
mod tests;
mod text;
mod written;

use written::Written;

/// A change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced, in bytes of the file.
    pub at: Range<usize>,
    /// What is put there.
    pub text: String,
}

/// A pattern that was made less strict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relaxation {
    /// The changes, in the order of the file.
    pub edits: Vec<Edit>,
    /// How much of the pattern is left: more than 0, at most 1000.
    pub left: u32,
}

/// Makes a pattern less strict so that it matches this message. `None` if it cannot be, or if the two have no value
/// in common. `source` is the text of the file that the payload is from.
pub fn relax(
    source: &str,
    payload: &Payload,
    values: &dyn Values,
    kind: MessageKind,
    data: &[u8],
) -> Option<Relaxation> {
    let relaxation = match &payload.kind {
        PayloadKind::Json(_) => relax_json(source, payload, "json:".len(), values, data),
        PayloadKind::Bare(template) => {
            let text = template.expand(values).ok()?;
            match bare_json(&text) {
                Some(_) => relax_json(source, payload, 0, values, data),
                // Meant as JSON: a regular expression would hide the mistake.
                None if broken_json(&text).is_some() => None,
                None => relax_text(payload, pieces(source, template, values)?, kind, data),
            }
        }
        PayloadKind::Text(template) => {
            relax_text(payload, pieces(source, template, values)?, kind, data)
        }
        PayloadKind::JsonString(template) => {
            let pieces = unquoted(pieces(source, template, values)?)?;
            relax_text(payload, pieces, kind, data)
        }
        _ => None,
    }?;
    is_match(source, payload, &relaxation.edits, values, kind, data).then_some(relaxation)
}

/// A text with changes, which do not overlap.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.at.start);
    let mut changed = String::with_capacity(text.len());
    let mut copied = 0;
    for edit in edits {
        changed.push_str(&text[copied..edit.at.start]);
        changed.push_str(&edit.text);
        copied = edit.at.end;
    }
    changed.push_str(&text[copied..]);
    changed
}

fn relax_json(
    source: &str,
    payload: &Payload,
    prefix: usize,
    values: &dyn Values,
    data: &[u8],
) -> Option<Relaxation> {
    let received = super::json::parse(data).ok()?;
    let written = Written::new(source, payload, prefix, values)?;
    let (removals, left) = json::relaxed(&written, &received)?;
    let remove = |at| Edit { at, text: String::new() };
    Some(Relaxation { edits: removals.into_iter().map(remove).collect(), left })
}

fn relax_text(
    payload: &Payload,
    pieces: Vec<TextPiece<'_>>,
    kind: MessageKind,
    data: &[u8],
) -> Option<Relaxation> {
    let came = str::from_utf8(data).ok().filter(|_| kind == MessageKind::Text)?;
    // JSON in place of text is something else, whatever words they share.
    let is_json = bare_json(came).is_some();
    let looks_like_json = || pieces.first().is_some_and(|it| it.text.starts_with(['{', '[']));
    if is_json && !looks_like_json() {
        return None;
    }
    let (text, left) = text::relaxed(&pieces, came)?;
    Some(Relaxation { edits: vec![Edit { at: payload.at.clone(), text }], left })
}

/// A piece of a text pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TextPiece<'a> {
    /// The text, or the value of a variable.
    text: String,
    /// `{{name}}` as it is written, of a variable.
    variable: Option<&'a str>,
}

fn pieces<'a>(
    source: &'a str,
    template: &Template,
    values: &dyn Values,
) -> Option<Vec<TextPiece<'a>>> {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => Some(TextPiece { text: text.clone(), variable: None }),
        Piece::Variable(variable) => Some(TextPiece {
            text: values.value(&variable.name)?.into_owned(),
            variable: source.get(variable.at.clone()),
        }),
    };
    template.pieces().iter().map(piece).collect()
}

/// The pieces of a JSON string without its quotation marks and escapes.
fn unquoted(mut pieces: Vec<TextPiece<'_>>) -> Option<Vec<TextPiece<'_>>> {
    let first = pieces.first_mut().filter(|first| first.variable.is_none())?;
    first.text = first.text.strip_prefix('"')?.to_owned();
    let last = pieces.last_mut().filter(|last| last.variable.is_none())?;
    last.text = last.text.trim_end().strip_suffix('"')?.to_owned();
    for piece in pieces.iter_mut().filter(|piece| piece.variable.is_none()) {
        piece.text = serde_json::from_str(&format!("\"{}\"", piece.text)).ok()?;
    }
    pieces.retain(|piece| !piece.text.is_empty() || piece.variable.is_some());
    Some(pieces)
}

/// Whether the changed pattern, read again, matches the message.
fn is_match(
    source: &str,
    payload: &Payload,
    edits: &[Edit],
    values: &dyn Values,
    kind: MessageKind,
    data: &[u8],
) -> bool {
    let shifted = |edit: &Edit| Edit {
        at: edit.at.start - payload.at.start..edit.at.end - payload.at.start,
        text: edit.text.clone(),
    };
    let edits: Vec<_> = edits.iter().map(shifted).collect();
    let written = apply(&source[payload.at.clone()], &edits);
    let line = format!("WS ws://h\n< {written}\n");
    let source = Source::new("pattern", line.into_bytes());
    let Ok(scenario) = parse(&source).complete() else { return false };
    let mut items = scenario.parts.into_iter().flat_map(|part| part.items);
    let (Some(Item::Connect(_)), Some(Item::Step(step)), None) =
        (items.next(), items.next(), items.next())
    else {
        return false;
    };
    let StepKind::Receive(_, payload) = step.kind else { return false };
    let around = Surroundings { values, files: &NoFiles };
    payload.pattern(&written, around).is_ok_and(|it| it.judge(kind, data) == Match::Yes)
}

/// Patterns that are made less strict name no file.
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Result<Vec<u8>, String> {
        Err("not read".to_owned())
    }
}
