//! Secrets that are masked only after their names, because they are short or common words.

use std::ops::Range;

/// Characters that may separate a name and its value: in a header field, a command line, a URL, JSON.
const BETWEEN: &[u8] = b" \t:=\"'\\";

/// A secret and its name: that of a header field, a scheme, an option or a cookie. Without a name it is not
/// masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// The name; one that ends with a dot is a prefix of the value.
    pub(super) name: String,
    /// The secret.
    pub(super) value: Vec<u8>,
}

impl Named {
    /// Where the value stands behind its name in the text, in order.
    pub(super) fn occurrences(&self, text: &[u8]) -> impl Iterator<Item = Range<usize>> {
        let mut before = 0;
        memchr::memmem::find_iter(text, &self.value).filter_map(move |start| {
            let end = start + self.value.len();
            let ends_there = !text.get(end).is_some_and(|&byte| is_part_of_word(byte));
            let is_it = ends_there && self.stands_at_end_of(&text[before..start]);
            if is_it {
                before = end;
            }
            is_it.then_some(start..end)
        })
    }

    fn stands_at_end_of(&self, before: &[u8]) -> bool {
        let name = self.name.as_bytes();
        let length = before.iter().rposition(|byte| !BETWEEN.contains(byte)).map_or(0, |at| at + 1);
        if length == before.len() && !name.ends_with(b".") {
            return false;
        }
        let Some(start) = length.checked_sub(name.len()) else { return false };
        let is_word_before = start > 0 && is_part_of_name(before[start - 1]);
        before[start..length].eq_ignore_ascii_case(name) && !is_word_before
    }
}

fn is_part_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}

/// A hyphen may precede the name of an option.
fn is_part_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
