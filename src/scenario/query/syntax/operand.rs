//! Reads the value that a predicate compares with.

use std::ops::Range;

use super::cursor::Cursor;
use crate::scenario::language::{Diagnostic, Template};
use crate::scenario::query::literal::{BytesEncoding, quantity, word};
use crate::scenario::query::tree::{Operand, Relation};
use crate::scenario::query::value::Value;

/// Reads the value behind this predicate.
///
/// # Errors
/// With what is wrong, and where.
pub(super) fn operand(cursor: &mut Cursor<'_>, relation: Relation) -> Result<Operand, Diagnostic> {
    if !cursor.has_more() {
        let message = format!("{} needs a value", relation.name());
        return Err(Diagnostic::new(cursor.here(), message).with_help(help(relation)));
    }
    let rest = cursor.rest();
    if rest.starts_with('"') {
        return Ok(Operand::Text(cursor.quoted()?.template));
    }
    if rest.starts_with("{{") {
        return Ok(Operand::Variable(cursor.bare_variable()?));
    }
    for (prefix, encoding) in [("hex:", BytesEncoding::Hex), ("base64:", BytesEncoding::Base64)] {
        if rest.starts_with(prefix) {
            return bytes(cursor, prefix, encoding);
        }
    }
    let start = cursor.clone();
    let (text, at) = cursor.take_here();
    let operand = literal(&start, text, at.clone())?;
    if is_allowed(relation, &operand) {
        return Ok(operand);
    }
    let message = format!("{} cannot be followed by {text}", relation.name());
    Err(Diagnostic::new(at, message).with_help(help(relation)))
}

fn bytes(
    cursor: &mut Cursor<'_>,
    prefix: &str,
    encoding: BytesEncoding,
) -> Result<Operand, Diagnostic> {
    cursor.take(prefix);
    let (digits, at) = cursor.take_rest();
    let template = Template::parse(digits, at.start)?;
    if let Some(digits) = template.as_literal() {
        encoding.decode(&digits).map_err(|reason| Diagnostic::new(at, reason))?;
    }
    Ok(Operand::Bytes(encoding, template))
}

/// A number, size, duration, boolean or null.
fn literal(start: &Cursor<'_>, text: &str, at: Range<usize>) -> Result<Operand, Diagnostic> {
    if let Some(value) = word(text) {
        return Ok(Operand::Literal(value));
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return quantity(text).map(Operand::Literal).map_err(|error| {
            let diagnostic = Diagnostic::new(at, error.message);
            match error.help {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic,
            }
        });
    }
    let help = match text.chars().next() {
        Some('/') => "a regular expression follows matches".to_owned(),
        Some('\'') => format!("text stands in double quotes: \"{}\"", text.trim_matches('\'')),
        _ if text.starts_with("hex,") => "bytes are written hex:01 00 0a".to_owned(),
        _ if text.starts_with("base64,") => "bytes are written base64:AQAK".to_owned(),
        _ if matches!(text, "True" | "False" | "NULL" | "Null" | "TRUE" | "FALSE") => {
            format!("write {}", text.to_lowercase())
        }
        _ if !start.peek().is_empty() => format!("text stands in quotes: \"{}\"", start.peek()),
        _ => "values are \"text\", numbers, durations, true, false, null, hex:…, base64:… and {{name}}"
            .to_owned(),
    };
    Err(Diagnostic::new(at, format!("{text} is not a value")).with_help(help))
}

/// Whether a literal has a meaning behind this predicate.
fn is_allowed(relation: Relation, operand: &Operand) -> bool {
    match relation {
        Relation::Equal | Relation::NotEqual | Relation::Contains | Relation::Includes => true,
        Relation::StartsWith | Relation::EndsWith => !matches!(operand, Operand::Literal(_)),
        Relation::Greater | Relation::GreaterOrEqual | Relation::Less | Relation::LessOrEqual => {
            !matches!(operand, Operand::Literal(Value::Null | Value::Bool(_)))
        }
    }
}

fn help(relation: Relation) -> String {
    let name = relation.name();
    match relation {
        Relation::StartsWith | Relation::EndsWith | Relation::Contains => {
            format!(r#"as in {name} "text" or {name} hex:01 00"#)
        }
        Relation::Equal | Relation::NotEqual | Relation::Includes => {
            format!(r#"as in {name} "text", {name} 5 or {name} {{{{name}}}}"#)
        }
        _ => format!("as in {name} 5 or {name} 500ms"),
    }
}
