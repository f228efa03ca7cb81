//! The arguments of queries, filters and `matches`.

use super::cursor::{Cursor, Quoted};
use super::unknown::unknown;
use crate::scenario::language::{Diagnostic, Template, is_name};
use crate::scenario::query::argument::{JsonPathArgument, RegexArgument};
use crate::scenario::query::tree::{CertificateField, FilterKind, Index, Phase, Replaced};

/// The phases of `timing`.
pub(super) const PHASES: [(&str, Phase); 5] = [
    ("dns", Phase::Dns),
    ("tcp", Phase::Tcp),
    ("tls", Phase::Tls),
    ("upgrade", Phase::Upgrade),
    ("total", Phase::Total),
];

/// The fields of `certificate`.
pub(super) const CERTIFICATE_FIELDS: [(&str, CertificateField); 4] = [
    ("subject", CertificateField::Subject),
    ("issuer", CertificateField::Issuer),
    ("not_after", CertificateField::NotAfter),
    ("days_left", CertificateField::DaysLeft),
];

/// The formats of `decode`.
pub(super) const ENCODINGS: [(&str, FilterKind); 1] = [("msgpack", FilterKind::DecodeMsgpack)];

/// A text in quotes, as the argument of this word.
pub(super) fn text(
    cursor: &mut Cursor<'_>,
    word: &str,
    example: &str,
) -> Result<Quoted, Diagnostic> {
    if cursor.has_more() && cursor.rest().starts_with('"') {
        return cursor.quoted();
    }
    let message = format!("{word} needs a text in quotes");
    Err(Diagnostic::new(cursor.here(), message).with_help(format!("as in {word} {example}")))
}

pub(super) fn json_path(
    cursor: &mut Cursor<'_>,
    word: &str,
) -> Result<JsonPathArgument, Diagnostic> {
    let Quoted { template, is_verbatim } = text(cursor, word, r#""$.a[0]""#)?;
    JsonPathArgument::new(template, is_verbatim)
}

pub(super) fn regex(cursor: &mut Cursor<'_>, word: &str) -> Result<RegexArgument, Diagnostic> {
    cursor.has_more();
    RegexArgument::new(match cursor.rest().chars().next() {
        Some('/') => cursor.slashed()?,
        Some('"') => cursor.quoted()?.template,
        _ => {
            let message = format!("{word} needs a regular expression");
            let help = format!(r#"as in {word} /^id-([0-9]+)$/ or {word} "^id-""#);
            return Err(Diagnostic::new(cursor.here(), message).with_help(help));
        }
    })
}

pub(super) fn replace(cursor: &mut Cursor<'_>, word: &str) -> Result<FilterKind, Diagnostic> {
    cursor.has_more();
    let replaced = if cursor.rest().starts_with('/') {
        Replaced::Regex(regex(cursor, word)?)
    } else {
        Replaced::Text(text(cursor, word, r#""old" "new""#)?.template)
    };
    let new: Template = if cursor.has_more() && cursor.rest().starts_with('"') {
        cursor.quoted()?.template
    } else {
        let message = "replace needs a second text in quotes, to put in";
        return Err(
            Diagnostic::new(cursor.here(), message).with_help(r#"as in replace "old" "new""#)
        );
    };
    Ok(FilterKind::Replace(replaced, new))
}

pub(super) fn index(cursor: &mut Cursor<'_>) -> Result<Index, Diagnostic> {
    if cursor.has_more() && cursor.rest().starts_with("{{") {
        return cursor.bare_variable().map(Index::Variable);
    }
    let (word, at) = cursor.take_here();
    word.parse().map(Index::Literal).map_err(|_| {
        let help = "as in nth 0 for the first, nth -1 for the last";
        Diagnostic::new(at, "nth needs an index, a whole number").with_help(help)
    })
}

/// The literal text in quotes that names one of these.
pub(super) fn choice<T: Clone>(
    cursor: &mut Cursor<'_>,
    word: &str,
    kind: &str,
    choices: &[(&str, T)],
) -> Result<T, Diagnostic> {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let Quoted { template, .. } = text(cursor, word, &format!("{:?}", names[0]))?;
    let Some(name) = template.as_literal() else {
        let message = format!("a variable cannot be the {kind} of {word}");
        return Err(Diagnostic::new(template.at, message));
    };
    let found = choices.iter().find(|(choice, _)| *choice == name);
    found
        .map(|(_, choice)| choice.clone())
        .ok_or_else(|| unknown(&name, template.at.clone(), kind, &names))
}

pub(super) fn variable_name(cursor: &mut Cursor<'_>) -> Result<String, Diagnostic> {
    let Quoted { template, .. } = text(cursor, "variable", r#""name""#)?;
    match template.as_literal() {
        Some(name) if is_name(&name) => Ok(name.into_owned()),
        Some(name) => {
            let message = format!("{name:?} is not the name of a variable");
            Err(Diagnostic::new(template.at.clone(), message))
        }
        None => {
            let message = "the name of a variable is written without braces here";
            Err(Diagnostic::new(template.at.clone(), message))
        }
    }
}
