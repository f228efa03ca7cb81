//! The words that begin a query, a filter or a predicate.

use crate::scenario::query::tree::Quantifier;

/// The queries.
pub(super) const QUERIES: [&str; 29] = [
    "jsonpath",
    "regex",
    "text",
    "bytes",
    "type",
    "size",
    "wire_size",
    "frames",
    "compressed",
    "duration",
    "variable",
    "status",
    "header",
    "subprotocol",
    "extensions",
    "body",
    "timing",
    "tls_version",
    "certificate",
    "code",
    "reason",
    "clean",
    "initiator",
    "rtt",
    "count",
    "rate",
    "gap",
    "stdout",
    "exit",
];

/// The filters.
pub(super) const FILTERS: [&str; 15] = [
    "count",
    "nth",
    "first",
    "last",
    "split",
    "replace",
    "regex",
    "toInt",
    "toFloat",
    "toString",
    "toDate",
    "jsonpath",
    "base64Decode",
    "hexDecode",
    "urlDecode",
];

/// The predicates, each perhaps with `not` before it.
pub(super) const PREDICATES: [&str; 21] = [
    "==",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "startsWith",
    "endsWith",
    "contains",
    "includes",
    "matches",
    "exists",
    "isEmpty",
    "isInteger",
    "isFloat",
    "isBoolean",
    "isString",
    "isList",
    "isObject",
    "isNumber",
    "isIsoDate",
];

/// What may stand before a query behind `DURING`.
pub(super) const QUANTIFIERS: [(&str, Quantifier); 3] =
    [("each", Quantifier::Each), ("any", Quantifier::Any), ("none", Quantifier::None)];

/// Whether a word begins a line of `[Asserts]`: a query, or `each`, `any`, `none`.
pub fn is_query_word(word: &str) -> bool {
    QUERIES.contains(&word) || QUANTIFIERS.iter().any(|(name, _)| *name == word)
}
