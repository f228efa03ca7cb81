//! What is behind the masks of a text.

use std::borrow::Cow;
use std::ops::Range;

use super::{MASK, Secrets, occurrences, replaced};

/// A mask of a masked text.
struct Masked {
    /// Where it begins.
    at: usize,
    /// What it stands for, in the text that was masked.
    part: Range<usize>,
}

impl Secrets {
    /// The parts of a text that [`Secrets::mask`] replaces, in order: one for each `***` of the masked text, of the first `most`
    /// of them. A `***` of the text itself is one of them. `None` if it is ambiguous which asterisks are masks.
    pub fn behind_masks<'a>(&self, text: &'a [u8], most: usize) -> Option<Vec<&'a [u8]>> {
        let mut masked = Cow::Borrowed(text);
        let mut masks = Vec::new();
        for secret in &self.anywhere {
            let found = occurrences(&masked, secret, false).take(most).collect::<Vec<_>>();
            masks = with(masks, &found, most)?;
            if let Some(without) = replaced(&masked, occurrences(&masked, secret, false)) {
                masked = Cow::Owned(without);
            }
        }
        for named in &self.named {
            let found = named.occurrences(&masked).take(most).collect::<Vec<_>>();
            masks = with(masks, &found, most)?;
            if let Some(without) = replaced(&masked, named.occurrences(&masked)) {
                masked = Cow::Owned(without);
            }
        }
        let mut masks = masks.into_iter().peekable();
        let mut parts = Vec::new();
        for at in memchr::memmem::find_iter(&masked, MASK).take(most) {
            match masks.next_if(|mask| mask.at == at) {
                Some(mask) => parts.push(&text[mask.part]),
                None if masks.peek().is_none_or(|mask| mask.at >= at + MASK.len()) => {
                    parts.push(MASK.as_bytes());
                }
                None => return None,
            }
        }
        Some(parts)
    }
}

/// The first `most` masks of a text in which these parts are masked as well; `None` if one of them is partly a mask.
fn with(masks: Vec<Masked>, found: &[Range<usize>], most: usize) -> Option<Vec<Masked>> {
    let mut all = Vec::with_capacity(most.min(masks.len() + found.len()));
    let (mut masks, mut found) = (masks.into_iter().peekable(), found.iter().peekable());
    // Before the place in question: the length of masks, and of what they stand for; the same of what is found.
    let (mut stars, mut hidden, mut new_stars, mut new_hidden) = (0, 0, 0, 0);
    while all.len() < most {
        let next = found.peek().map_or(usize::MAX, |part| part.start);
        if let Some(Masked { at, part }) = masks.next_if(|mask| mask.at < next) {
            if at + MASK.len() > next {
                return None;
            }
            stars += MASK.len();
            hidden += part.len();
            all.push(Masked { at: at + new_stars - new_hidden, part });
            continue;
        }
        let Some(part) = found.next() else { break };
        if masks.peek().is_some_and(|mask| mask.at < part.end) {
            return None;
        }
        let start = part.start - stars + hidden;
        let at = part.start + new_stars - new_hidden;
        all.push(Masked { at, part: start..start + part.len() });
        new_stars += MASK.len();
        new_hidden += part.len();
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn behind<'a>(secrets: &[&str], text: &'a str, most: usize) -> Option<Vec<&'a str>> {
        let secrets: Vec<_> = secrets.iter().map(|it| (*it).to_owned()).collect();
        let parts = Secrets::of_values(secrets.iter()).behind_masks(text.as_bytes(), most)?;
        Some(parts.into_iter().map(|part| str::from_utf8(part).expect("UTF-8")).collect())
    }

    #[test]
    fn each_mask_has_its_secret() {
        for (secrets, text, expected) in [
            (
                &["one1", "two2"][..],
                "two2 one1two2, one1",
                Some(&["two2", "one1", "two2", "one1"][..]),
            ),
            (&["one1"], "*** %6fne1 b25lMQ==", Some(&["***", "%6fne1", "b25lM"])),
            (&["a, b"], "a, b, a, b", Some(&["a, b", "a, b"])),
            (&["one1"], "** one1", Some(&["one1"])),
            (&["one1"], "**one1", None),
            (&["one1", "*"], "one1", None),
            (&["one1"], "nothing", Some(&[])),
        ] {
            let found = behind(secrets, text, 10);
            assert_eq!(found.as_deref(), expected, "{secrets:?} {text}");
        }
    }

    #[test]
    fn names_before_short_secrets_do_not_matter() {
        let fields = [("Authorization", &b"Bearer A1"[..]), ("x-api-key", b"long-secret")];
        let secrets = Secrets::of_request(crate::redact::Redaction::Mask, "/", fields.into_iter());
        let text = b"long-secret bearer A1 long-secret";
        assert_eq!(
            secrets.behind_masks(text, 9),
            Some(vec![&b"long-secret"[..], b"A1", b"long-secret"])
        );
    }

    #[test]
    fn only_the_first_masks_are_looked_at() {
        let text = "b1111 a1111 ".repeat(500);
        let expected = ["b1111", "a1111", "b1111"];
        assert_eq!(behind(&["a1111", "b1111"], &text, 3).as_deref(), Some(&expected[..]));
    }

    proptest! {
        #[test]
        fn the_parts_in_place_of_the_masks_are_the_text(
            secrets in proptest::collection::vec("[ab%]{1,3}|[ab*]{1,3}", 1..4),
            text in "[ab%41 *]{0,30}",
            most in 0..12_usize,
        ) {
            let has_stars = text.contains('*') || secrets.iter().any(|it| it.contains('*'));
            let secrets = Secrets::of_values(secrets.iter());
            let masked = secrets.mask_text(text.clone());
            let masks = masked.matches(MASK).count();
            let Some(parts) = secrets.behind_masks(text.as_bytes(), most) else {
                prop_assert!(has_stars, "{masked}");
                return Ok(());
            };
            prop_assert_eq!(parts.len(), masks.min(most));
            let mut kept = masked.split(MASK).map(str::as_bytes);
            let mut put_back = kept.next().unwrap_or_default().to_vec();
            for (part, kept) in parts.iter().zip(kept) {
                put_back.extend_from_slice(part);
                put_back.extend_from_slice(kept);
            }
            prop_assert!(text.as_bytes().starts_with(&put_back));
            prop_assert!(masks > most || put_back.len() == text.len());
        }
    }
}
