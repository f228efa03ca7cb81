//! Where two long texts begin to differ.

use super::value::quoted;

/// Texts up to this length are seen at a glance, in bytes.
const MIN_LENGTH: usize = 40;
/// How much is shown from the difference on, in characters.
const SHOWN: usize = 20;

/// `at character 17: expected "…", got "…"`, if one of the texts is long.
pub(super) fn first_difference(expected: &str, actual: &str) -> Option<String> {
    if expected.len().max(actual.len()) <= MIN_LENGTH {
        return None;
    }
    let mut expected_rest = expected.chars();
    let mut actual_rest = actual.chars();
    let mut number = 1_usize;
    let (expected, actual) = loop {
        let here = (expected_rest.as_str(), actual_rest.as_str());
        match (expected_rest.next(), actual_rest.next()) {
            (None, None) => return None,
            (one, other) if one == other => number += 1,
            _ => break here,
        }
    };
    let (expected, actual) = (from_here(expected), from_here(actual));
    Some(format!("at character {number}: expected {expected}, got {actual}"))
}

fn from_here(rest: &str) -> String {
    match rest.char_indices().nth(SHOWN) {
        _ if rest.is_empty() => "the end".to_owned(),
        Some((end, _)) => format!("{}…", quoted(&rest[..end])),
        None => quoted(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_texts_have_a_first_difference() {
        let long = "é".repeat(16);
        assert_eq!(first_difference("a", "b"), None);
        assert_eq!(first_difference(&long.repeat(3), &long.repeat(3)), None);
        for (expected, actual, difference) in [
            (
                format!("{long}ab{long}"),
                format!("{long}x\n"),
                "at character 17: expected \"abéééééééééééééééé\", got \"x\\n\"",
            ),
            (
                format!("{long}{long}"),
                format!("{long}{long}b"),
                "at character 33: expected the end, got \"b\"",
            ),
            (
                format!("{long}{}", "a".repeat(30)),
                long.clone(),
                "at character 17: expected \"aaaaaaaaaaaaaaaaaaaa\"…, got the end",
            ),
        ] {
            assert_eq!(first_difference(&expected, &actual).as_deref(), Some(difference));
        }
    }
}
