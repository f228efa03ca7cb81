//! Reads the lines of `[Captures]` and `[Asserts]`.

mod cursor;
mod operand;
mod term;
mod unknown;
mod words;

use std::ops::Range;

use self::cursor::Cursor;
use self::operand::operand;
use self::term::{
    CERTIFICATE_FIELDS, PHASES, choice, index, json_path, regex, replace, text, variable_name,
};
use self::unknown::unknown;
use self::words::{FILTERS, PREDICATES, QUANTIFIERS, QUERIES};
use super::tree::{
    Assertion, Expression, Filter, FilterKind, Operand, Predicate, PredicateKind, Query, QueryKind,
    Relation, ValueType,
};
use super::value::Value;
use crate::scenario::language::Diagnostic;

pub use self::words::is_query_word;

/// The longest line, in bytes.
const MAX_LINE: usize = 64 * 1024;
/// The most filters of a line.
const MAX_FILTERS: usize = 64;

/// Reads what stands behind `name:` in `[Captures]`: `query [filter …]`. It starts at `offset` of the file.
///
/// # Errors
/// With what is wrong, and where.
pub fn parse_capture(text: &str, offset: usize) -> Result<Expression, Diagnostic> {
    let mut cursor = cursor(text, offset)?;
    let expression = expression(&mut cursor)?;
    if let Some(quantifier) = expression.quantifier {
        let at = cursor_start(text, offset)..expression.query.at.start;
        let message = format!("a capture takes one value, not {}", quantifier.name());
        return Err(
            Diagnostic::new(at, message).with_help("each, any and none belong into [Asserts]")
        );
    }
    if !cursor.has_more() {
        return Ok(expression);
    }
    let word = cursor.peek();
    if word == "not" || PREDICATES.contains(&word) {
        let message = format!("a capture has no predicate such as {word}");
        return Err(Diagnostic::new(cursor.here(), message)
            .with_help("what is checked belongs into [Asserts]"));
    }
    Err(unexpected(&cursor, "filter", &FILTERS))
}

/// Reads a line of `[Asserts]`: `query [filter …] [not] predicate`. It starts at `offset` of the file.
///
/// # Errors
/// With what is wrong, and where.
pub fn parse_assertion(text: &str, offset: usize) -> Result<Assertion, Diagnostic> {
    let mut cursor = cursor(text, offset)?;
    let expression = expression(&mut cursor)?;
    let predicate = predicate(&mut cursor)?;
    if cursor.has_more() {
        return Err(trailing(&cursor, &predicate));
    }
    if let Some(at) = number_for_duration(&expression, &predicate) {
        return Err(Diagnostic::new(at, "a duration needs a unit")
            .with_help("durations are written 500ms, 5s or 2m"));
    }
    Ok(Assertion { expression, predicate })
}

fn cursor(text: &str, offset: usize) -> Result<Cursor<'_>, Diagnostic> {
    if text.len() > MAX_LINE {
        let message = format!("a line of {} bytes; at most {MAX_LINE} are allowed", text.len());
        return Err(Diagnostic::new(offset..offset + text.len(), message));
    }
    Ok(Cursor::new(text, offset))
}

/// Where the first word of a line is.
fn cursor_start(text: &str, offset: usize) -> usize {
    offset + text.len() - text.trim_start_matches([' ', '\t']).len()
}

fn expression(cursor: &mut Cursor<'_>) -> Result<Expression, Diagnostic> {
    cursor.has_more();
    let word = cursor.peek();
    let quantifier = QUANTIFIERS.iter().find(|(name, _)| *name == word);
    let quantifier = quantifier.map(|(name, quantifier)| {
        cursor.take(name);
        *quantifier
    });
    let query = query(cursor)?;
    let mut filters = Vec::new();
    while cursor.has_more() {
        let Some(filter) = filter(cursor)? else { break };
        if filters.len() == MAX_FILTERS {
            let message = format!("more than {MAX_FILTERS} filters");
            return Err(Diagnostic::new(filter.at, message));
        }
        filters.push(filter);
    }
    Ok(Expression { quantifier, query, filters })
}

fn query(cursor: &mut Cursor<'_>) -> Result<Query, Diagnostic> {
    if !cursor.has_more() {
        let help = format!("known here: {}", QUERIES.join(", "));
        return Err(Diagnostic::new(cursor.here(), "a query is missing").with_help(help));
    }
    let word = cursor.peek();
    if !QUERIES.contains(&word) {
        return Err(unexpected(cursor, "query", &QUERIES));
    }
    let start = cursor.position();
    cursor.take(word);
    let kind = match word {
        "jsonpath" => QueryKind::JsonPath(json_path(cursor, word)?),
        "regex" => QueryKind::Regex(regex(cursor, word)?),
        "header" => QueryKind::Header(text(cursor, word, r#""Name""#)?.template),
        "variable" => QueryKind::Variable(variable_name(cursor)?),
        "timing" => QueryKind::Timing(choice(cursor, word, "phase", &PHASES)?),
        "certificate" => {
            QueryKind::Certificate(choice(cursor, word, "field", &CERTIFICATE_FIELDS)?)
        }
        word => plain_query(word),
    };
    Ok(Query { at: cursor.since(start), kind })
}

/// The query of a word that takes no argument.
fn plain_query(word: &str) -> QueryKind {
    match word {
        "bytes" => QueryKind::Bytes,
        "type" => QueryKind::Type,
        "size" => QueryKind::Size,
        "wire_size" => QueryKind::WireSize,
        "frames" => QueryKind::Frames,
        "compressed" => QueryKind::Compressed,
        "duration" => QueryKind::Duration,
        "status" => QueryKind::Status,
        "subprotocol" => QueryKind::Subprotocol,
        "extensions" => QueryKind::Extensions,
        "body" => QueryKind::Body,
        "tls_version" => QueryKind::TlsVersion,
        "code" => QueryKind::Code,
        "reason" => QueryKind::Reason,
        "clean" => QueryKind::Clean,
        "initiator" => QueryKind::Initiator,
        "rtt" => QueryKind::Rtt,
        "count" => QueryKind::Count,
        "rate" => QueryKind::Rate,
        "gap" => QueryKind::Gap,
        "stdout" => QueryKind::Stdout,
        "exit" => QueryKind::Exit,
        _ => QueryKind::Text,
    }
}

/// The filter that stands here, if one does.
fn filter(cursor: &mut Cursor<'_>) -> Result<Option<Filter>, Diagnostic> {
    let start = cursor.position();
    let word = cursor.peek();
    if !FILTERS.contains(&word) {
        return Ok(None);
    }
    cursor.take(word);
    let kind = match word {
        "nth" => FilterKind::Nth(index(cursor)?),
        "first" => FilterKind::First,
        "last" => FilterKind::Last,
        "split" => FilterKind::Split(text(cursor, word, r#"",""#)?.template),
        "replace" => replace(cursor, word)?,
        "regex" => FilterKind::Regex(regex(cursor, word)?),
        "toInt" => FilterKind::ToInt,
        "toFloat" => FilterKind::ToFloat,
        "toString" => FilterKind::ToString,
        "toDate" => FilterKind::ToDate(text(cursor, word, r#""%Y-%m-%d""#)?.template),
        "jsonpath" => FilterKind::JsonPath(json_path(cursor, word)?),
        "base64Decode" => FilterKind::Base64Decode,
        "hexDecode" => FilterKind::HexDecode,
        "urlDecode" => FilterKind::UrlDecode,
        _ => FilterKind::Count,
    };
    Ok(Some(Filter { at: cursor.since(start), kind }))
}

fn predicate(cursor: &mut Cursor<'_>) -> Result<Predicate, Diagnostic> {
    let help = || format!("predicates are {}", PREDICATES.join(", "));
    let missing = |cursor: &Cursor<'_>| {
        Diagnostic::new(cursor.here(), "a predicate is missing").with_help(help())
    };
    if !cursor.has_more() {
        return Err(missing(cursor));
    }
    let start = cursor.position();
    let is_negated = cursor.peek() == "not";
    if is_negated {
        cursor.take("not");
        if !cursor.has_more() {
            return Err(missing(cursor));
        }
    }
    let word = cursor.peek();
    if !PREDICATES.contains(&word) {
        return Err(if is_negated {
            unexpected(cursor, "predicate", &PREDICATES)
        } else {
            unexpected(cursor, "filter or predicate", &[&FILTERS[..], &PREDICATES[..]].concat())
        });
    }
    cursor.take(word);
    let relation = Relation::ALL.into_iter().find(|relation| relation.name() == word);
    let kind = match (relation, word) {
        (Some(relation), _) => PredicateKind::Relation(relation, operand(cursor, relation)?),
        (None, "matches") => PredicateKind::Matches(regex(cursor, word)?),
        (None, "isEmpty") => PredicateKind::IsEmpty,
        (None, "isInteger") => PredicateKind::Is(ValueType::Integer),
        (None, "isFloat") => PredicateKind::Is(ValueType::Float),
        (None, "isBoolean") => PredicateKind::Is(ValueType::Boolean),
        (None, "isString") => PredicateKind::Is(ValueType::String),
        (None, "isList") => PredicateKind::Is(ValueType::List),
        (None, "isObject") => PredicateKind::Is(ValueType::Object),
        (None, "isNumber") => PredicateKind::Is(ValueType::Number),
        (None, "isIsoDate") => PredicateKind::IsIsoDate,
        (None, _) => PredicateKind::Exists,
    };
    Ok(Predicate { at: cursor.since(start), is_negated, kind })
}

/// What stands here is not one of these.
fn unexpected(cursor: &Cursor<'_>, kind: &str, known: &[&str]) -> Diagnostic {
    let here = cursor.here();
    let word = match cursor.peek() {
        "" => &cursor.rest()[..here.len()],
        word => word,
    };
    if word.starts_with('#') {
        let message = "a comment cannot stand behind something else";
        return Diagnostic::new(here, message).with_help("give it a line of its own");
    }
    unknown(word, here.start..here.start + word.len(), kind, known)
}

/// What stands behind a whole assertion.
fn trailing(cursor: &Cursor<'_>, predicate: &Predicate) -> Diagnostic {
    let at = cursor.position()..cursor.position() + cursor.rest().trim_end().len();
    let word = cursor.peek();
    let help = match &predicate.kind {
        _ if cursor.rest().starts_with('#') => "a comment needs a line of its own",
        PredicateKind::Relation(_, Operand::Literal(Value::Number(_)))
            if matches!(word, "ms" | "s" | "m" | "h" | "K" | "M" | "G") =>
        {
            "a unit follows its number without a space"
        }
        _ if matches!(word, "and" | "or" | "&&" | "||") => "give each condition a line of its own",
        _ if FILTERS.contains(&word) => "filters stand before the predicate",
        _ => "the assertion ends before this",
    };
    Diagnostic::new(at, "unexpected text behind the assertion").with_help(help)
}

/// Where a number without unit is that a duration is compared with.
fn number_for_duration(expression: &Expression, predicate: &Predicate) -> Option<Range<usize>> {
    let is_duration = expression.query.kind.is_duration() && expression.filters.is_empty();
    match &predicate.kind {
        PredicateKind::Relation(_, Operand::Literal(Value::Number(_))) if is_duration => {
            Some(predicate.at.clone())
        }
        _ => None,
    }
}
