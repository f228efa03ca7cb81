//! Reads the lines of `[Captures]` and `[Asserts]`.

mod cursor;
mod operand;
mod term;
mod unknown;
mod words;

use self::cursor::Cursor;
use self::unknown::unknown;
use self::words::{FILTERS, PREDICATES, QUANTIFIERS, QUERIES, find, names};
use super::tree::{Assertion, Expression, Filter, Operand, Predicate, PredicateKind, Query};
use super::value::Value;
use crate::scenario::language::Diagnostic;
use crate::scenario::language::units::missing_unit;

#[cfg(test)]
pub(crate) use self::words::all_words;
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
    if word == "not" || find(&PREDICATES, word).is_some() {
        let message = format!("a capture has no predicate such as {word}");
        return Err(Diagnostic::new(cursor.here(), message)
            .with_help("what is checked belongs into [Asserts]"));
    }
    Err(unexpected(&cursor, "filter", &names(&FILTERS)))
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
    if let Some(number) = number_for_duration(&expression, &predicate) {
        return Err(Diagnostic::new(predicate.at, missing_unit(&number)));
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
    let quantifier = find(&QUANTIFIERS, cursor.peek()).map(|(name, quantifier)| {
        cursor.take(name);
        quantifier
    });
    let query = query(cursor, quantifier.is_some())?;
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

fn query(cursor: &mut Cursor<'_>, after_quantifier: bool) -> Result<Query, Diagnostic> {
    let known = || match after_quantifier {
        true => names(&QUERIES),
        false => [names(&QUERIES), names(&QUANTIFIERS)].concat(),
    };
    if !cursor.has_more() {
        let help = format!("known here: {}", known().join(", "));
        return Err(Diagnostic::new(cursor.here(), "a query is missing").with_help(help));
    }
    let Some((word, read)) = find(&QUERIES, cursor.peek()) else {
        return Err(unexpected(cursor, "query", &known()));
    };
    let start = cursor.position();
    cursor.take(word);
    let kind = read(cursor, word)?;
    Ok(Query { at: cursor.since(start), kind })
}

/// The filter that stands here, if one does.
fn filter(cursor: &mut Cursor<'_>) -> Result<Option<Filter>, Diagnostic> {
    let start = cursor.position();
    let Some((word, read)) = find(&FILTERS, cursor.peek()) else { return Ok(None) };
    cursor.take(word);
    let kind = read(cursor, word)?;
    Ok(Some(Filter { at: cursor.since(start), kind }))
}

fn predicate(cursor: &mut Cursor<'_>) -> Result<Predicate, Diagnostic> {
    let help = || format!("predicates are {}", names(&PREDICATES).join(", "));
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
    let Some((word, read)) = find(&PREDICATES, cursor.peek()) else {
        return Err(if is_negated {
            unexpected(cursor, "predicate", &names(&PREDICATES))
        } else {
            let known = [names(&FILTERS), names(&PREDICATES)].concat();
            unexpected(cursor, "filter or predicate", &known)
        });
    };
    cursor.take(word);
    let kind = read(cursor, word)?;
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
        let message = "a comment cannot follow something else in its line";
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
        _ if find(&FILTERS, word).is_some() => "filters stand before the predicate",
        _ => "the assertion ends before this",
    };
    Diagnostic::new(at, "unexpected text after the assertion").with_help(help)
}

/// The number without unit that a duration is compared with.
fn number_for_duration(expression: &Expression, predicate: &Predicate) -> Option<String> {
    let is_duration = expression.query.kind.is_duration() && expression.filters.is_empty();
    match &predicate.kind {
        PredicateKind::Relation(_, Operand::Literal(Value::Number(number))) if is_duration => {
            Some(number.to_string())
        }
        _ => None,
    }
}
