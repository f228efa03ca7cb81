//! The words that begin a query, a filter or a predicate, each with what reads what follows it.

use super::cursor::Cursor;
use super::operand::operand;
use super::term::{
    CERTIFICATE_FIELDS, ENCODINGS, PHASES, choice, index, json_path, regex, replace, text,
    variable_name,
};
use crate::scenario::language::Diagnostic;
use crate::scenario::query::tree::{
    FilterKind, PredicateKind, Quantifier, QueryKind, Relation, ValueType,
};

/// A word with what reads its arguments.
pub(super) type Word<T> = (&'static str, fn(&mut Cursor<'_>, &str) -> Result<T, Diagnostic>);

/// The queries.
pub(super) const QUERIES: [Word<QueryKind>; 29] = [
    ("jsonpath", |cursor, word| json_path(cursor, word).map(QueryKind::JsonPath)),
    ("regex", |cursor, word| regex(cursor, word).map(QueryKind::Regex)),
    ("text", |_, _| Ok(QueryKind::Text)),
    ("bytes", |_, _| Ok(QueryKind::Bytes)),
    ("type", |_, _| Ok(QueryKind::Type)),
    ("size", |_, _| Ok(QueryKind::Size)),
    ("wire_size", |_, _| Ok(QueryKind::WireSize)),
    ("frames", |_, _| Ok(QueryKind::Frames)),
    ("compressed", |_, _| Ok(QueryKind::Compressed)),
    ("duration", |_, _| Ok(QueryKind::Duration)),
    ("variable", |cursor, _| variable_name(cursor).map(QueryKind::Variable)),
    ("status", |_, _| Ok(QueryKind::Status)),
    ("header", |cursor, word| Ok(QueryKind::Header(text(cursor, word, r#""Name""#)?.template))),
    ("subprotocol", |_, _| Ok(QueryKind::Subprotocol)),
    ("extensions", |_, _| Ok(QueryKind::Extensions)),
    ("body", |_, _| Ok(QueryKind::Body)),
    ("timing", |cursor, word| choice(cursor, word, "phase", &PHASES).map(QueryKind::Timing)),
    ("tls_version", |_, _| Ok(QueryKind::TlsVersion)),
    ("certificate", |cursor, word| {
        choice(cursor, word, "field", &CERTIFICATE_FIELDS).map(QueryKind::Certificate)
    }),
    ("code", |_, _| Ok(QueryKind::Code)),
    ("reason", |_, _| Ok(QueryKind::Reason)),
    ("clean", |_, _| Ok(QueryKind::Clean)),
    ("initiator", |_, _| Ok(QueryKind::Initiator)),
    ("rtt", |_, _| Ok(QueryKind::Rtt)),
    ("count", |_, _| Ok(QueryKind::Count)),
    ("rate", |_, _| Ok(QueryKind::Rate)),
    ("gap", |_, _| Ok(QueryKind::Gap)),
    ("stdout", |_, _| Ok(QueryKind::Stdout)),
    ("exit", |_, _| Ok(QueryKind::Exit)),
];

/// The filters.
pub(super) const FILTERS: [Word<FilterKind>; 16] = [
    ("count", |_, _| Ok(FilterKind::Count)),
    ("nth", |cursor, _| index(cursor).map(FilterKind::Nth)),
    ("first", |_, _| Ok(FilterKind::First)),
    ("last", |_, _| Ok(FilterKind::Last)),
    ("split", |cursor, word| Ok(FilterKind::Split(text(cursor, word, r#"",""#)?.template))),
    ("replace", replace),
    ("regex", |cursor, word| regex(cursor, word).map(FilterKind::Regex)),
    ("toInt", |_, _| Ok(FilterKind::ToInt)),
    ("toFloat", |_, _| Ok(FilterKind::ToFloat)),
    ("toString", |_, _| Ok(FilterKind::ToString)),
    ("toDate", |cursor, word| {
        Ok(FilterKind::ToDate(text(cursor, word, r#""%Y-%m-%d""#)?.template))
    }),
    ("jsonpath", |cursor, word| json_path(cursor, word).map(FilterKind::JsonPath)),
    ("base64Decode", |_, _| Ok(FilterKind::Base64Decode)),
    ("hexDecode", |_, _| Ok(FilterKind::HexDecode)),
    ("urlDecode", |_, _| Ok(FilterKind::UrlDecode)),
    ("decode", |cursor, word| choice(cursor, word, "format", &ENCODINGS)),
];

/// The predicates, each perhaps with `not` before it.
pub(super) const PREDICATES: [Word<PredicateKind>; 21] = [
    ("==", |cursor, _| relation(cursor, Relation::Equal)),
    ("!=", |cursor, _| relation(cursor, Relation::NotEqual)),
    (">", |cursor, _| relation(cursor, Relation::Greater)),
    (">=", |cursor, _| relation(cursor, Relation::GreaterOrEqual)),
    ("<", |cursor, _| relation(cursor, Relation::Less)),
    ("<=", |cursor, _| relation(cursor, Relation::LessOrEqual)),
    ("startsWith", |cursor, _| relation(cursor, Relation::StartsWith)),
    ("endsWith", |cursor, _| relation(cursor, Relation::EndsWith)),
    ("contains", |cursor, _| relation(cursor, Relation::Contains)),
    ("includes", |cursor, _| relation(cursor, Relation::Includes)),
    ("matches", |cursor, word| regex(cursor, word).map(PredicateKind::Matches)),
    ("exists", |_, _| Ok(PredicateKind::Exists)),
    ("isEmpty", |_, _| Ok(PredicateKind::IsEmpty)),
    ("isInteger", |_, _| Ok(PredicateKind::Is(ValueType::Integer))),
    ("isFloat", |_, _| Ok(PredicateKind::Is(ValueType::Float))),
    ("isBoolean", |_, _| Ok(PredicateKind::Is(ValueType::Boolean))),
    ("isString", |_, _| Ok(PredicateKind::Is(ValueType::String))),
    ("isList", |_, _| Ok(PredicateKind::Is(ValueType::List))),
    ("isObject", |_, _| Ok(PredicateKind::Is(ValueType::Object))),
    ("isNumber", |_, _| Ok(PredicateKind::Is(ValueType::Number))),
    ("isIsoDate", |_, _| Ok(PredicateKind::IsIsoDate)),
];

/// What may stand before a query behind `DURING`.
pub(super) const QUANTIFIERS: [(&str, Quantifier); 3] =
    [("each", Quantifier::Each), ("any", Quantifier::Any), ("none", Quantifier::None)];

fn relation(cursor: &mut Cursor<'_>, relation: Relation) -> Result<PredicateKind, Diagnostic> {
    Ok(PredicateKind::Relation(relation, operand(cursor, relation)?))
}

/// What belongs to a word of a table.
pub(super) fn find<T: Copy>(table: &[(&'static str, T)], word: &str) -> Option<(&'static str, T)> {
    table.iter().find(|(name, _)| *name == word).copied()
}

/// The words of a table.
pub(super) fn names<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(name, _)| *name).collect()
}

/// Whether a word begins a line of `[Asserts]`: a query, or `each`, `any`, `none`.
pub fn is_query_word(word: &str) -> bool {
    find(&QUERIES, word).is_some() || find(&QUANTIFIERS, word).is_some()
}

/// All words of `[Captures]` and `[Asserts]`, some of them more than once.
#[cfg(test)]
pub(crate) fn all_words() -> Vec<&'static str> {
    let words = [names(&QUERIES), names(&FILTERS), names(&PREDICATES), names(&QUANTIFIERS)];
    let arguments = [names(&PHASES), names(&CERTIFICATE_FIELDS), names(&ENCODINGS), vec!["not"]];
    [words.concat(), arguments.concat()].concat()
}
