//! What is behind each mask of a masked text.

use super::MASK;

/// The parts of `text` that `masked` replaces with a mask, in order; `None` if they cannot be determined.
pub fn masked_parts<'a>(text: &'a [u8], masked: &[u8]) -> Option<Vec<&'a [u8]>> {
    let mut kept = Vec::new();
    let mut rest = masked;
    while let Some(at) = memchr::memmem::find(rest, MASK.as_bytes()) {
        kept.push(&rest[..at]);
        rest = &rest[at + MASK.len()..];
    }
    let mut kept = kept.into_iter();
    let Some(first) = kept.next() else { return Some(Vec::new()) };
    let mut text = text.strip_prefix(first)?.strip_suffix(rest)?;
    let mut parts = Vec::new();
    for between in kept {
        let at = memchr::memmem::find(text, between).filter(|_| !between.is_empty())?;
        parts.push(&text[..at]);
        text = &text[at + between.len()..];
    }
    parts.push(text);
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_between_what_is_kept() {
        for (text, masked, expected) in [
            ("a", "a", Some(&[][..])),
            ("secret", "***", Some(&["secret"])),
            ("Bearer x", "Bearer ***", Some(&["x"])),
            ("/?a=1&b=&c=3 HTTP", "/?a=***&b=***&c=*** HTTP", Some(&["1", "", "3"])),
            ("x.1, y.2", "x.***, y.***", Some(&["1", "2"])),
            ("ab", "******", None),
            ("ab", "x***", None),
            ("aba", "ab***ba", None),
        ] {
            let found = masked_parts(text.as_bytes(), masked.as_bytes());
            let expected: Option<Vec<_>> =
                expected.map(|parts| parts.iter().map(|part| part.as_bytes()).collect());
            assert_eq!(found, expected, "{text} {masked}");
        }
    }
}
