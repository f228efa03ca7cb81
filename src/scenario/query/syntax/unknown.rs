//! Diagnostics for words that are not known, with the most similar one that is.

use std::ops::Range;

use strsim::osa_distance;

use crate::scenario::language::Diagnostic;

/// What hurl or another language calls what has another name here.
const ALIASES: [(&str, &str); 28] = [
    ("=", "=="),
    ("===", "=="),
    ("equals", "=="),
    ("is", "=="),
    ("!==", "!="),
    ("<>", "!="),
    ("notEquals", "!="),
    ("=>", ">="),
    ("greaterThan", ">"),
    ("greaterThanOrEquals", ">="),
    ("=<", "<="),
    ("lessThan", "<"),
    ("lessThanOrEquals", "<="),
    ("=~", "matches"),
    ("~=", "matches"),
    ("match", "matches"),
    ("isCollection", "isList"),
    ("isArray", "isList"),
    ("isDate", "isIsoDate"),
    ("length", "count"),
    ("replaceRegex", "replace"),
    ("json", "jsonpath"),
    ("latency", "duration"),
    ("protocol", "subprotocol"),
    ("message", "text"),
    ("payload", "text"),
    ("exitcode", "exit"),
    ("ssl", "tls"),
];

/// A word that is not one of these. They are listed only if none of them is similar.
pub(super) fn unknown(word: &str, at: Range<usize>, kind: &str, known: &[&str]) -> Diagnostic {
    match similar(word, known) {
        Some(similar) => {
            Diagnostic::new(at, format!("unknown {kind} {word:?}: did you mean {similar}?"))
        }
        None => Diagnostic::new(at, format!("unknown {kind} {word:?}"))
            .with_help(format!("known here: {}", known.join(", "))),
    }
}

/// The word that was probably meant.
fn similar<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let find = |name: &str| known.iter().copied().find(|known| *known == name);
    let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(word));
    if let Some(name) = alias.and_then(|(_, name)| find(name)) {
        return Some(name);
    }
    let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
    let word = plain(&word.chars().take(40).collect::<String>());
    let distances = known.iter().map(|known| (osa_distance(&word, &plain(known)), *known));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= name.len() / 3).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_word_is_suggested() {
        let known = ["==", "matches", "isIsoDate", "wire_size", "size"];
        for (word, expected) in [
            ("equals", Some("==")),
            ("=", Some("==")),
            ("matchs", Some("matches")),
            ("isisodate", Some("isIsoDate")),
            ("wire-size", Some("wire_size")),
            ("sizes", Some("size")),
            ("greaterThan", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(similar(word, &known), expected, "{word}");
        }
    }
}
