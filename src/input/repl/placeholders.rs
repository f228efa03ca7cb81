//! `{{name}}` in a typed text.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::escapes::escape;
use super::json_text::Fault;
use crate::template::is_name;

/// The longest text that values are put into.
const MAX_TEXT: usize = 64 << 20;

/// A text with the values of its placeholders.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// The beginnings of its parts here and in the typed text, in bytes.
    parts: Vec<(usize, usize)>,
}

impl Expanded {
    /// The place in the typed text that led to this one, in bytes; within a value: where its placeholder stands.
    pub(super) fn typed(&self, at: usize) -> usize {
        let part = self.parts.partition_point(|(here, _)| *here <= at).saturating_sub(1);
        let Some((here, typed)) = self.parts.get(part) else { return at };
        let room = self.parts.get(part + 1).map_or(usize::MAX, |(_, next)| next - typed);
        // Parts alternate: texts as they were typed, and what stands for something else.
        let is_literal = part.is_multiple_of(2);
        typed + if is_literal { (at - here).min(room) } else { 0 }
    }

    /// The name of the placeholder whose value this place is in, and what precedes the place in the value. `typed` is the
    /// text that was expanded.
    pub(super) fn value_before<'t>(&self, typed: &'t str, at: usize) -> Option<(&'t str, &str)> {
        let part = self.parts.partition_point(|(here, _)| *here <= at).checked_sub(1)?;
        Some((self.name(typed, part)?, &self.text[self.parts[part].0..at]))
    }

    /// The text with other values: `value` returns that of a name, or `None` for the one that it has.
    pub(super) fn refilled(&self, typed: &str, value: impl Fn(&str) -> Option<String>) -> String {
        let part = |part: usize| {
            let end = self.parts.get(part + 1).map_or(self.text.len(), |(here, _)| *here);
            let own = &self.text[self.parts[part].0..end];
            self.name(typed, part).and_then(&value).map_or(Cow::Borrowed(own), Cow::Owned)
        };
        (0..self.parts.len()).map(part).collect()
    }

    /// The names that were replaced by values, each once.
    pub(super) fn names<'t>(&self, typed: &'t str) -> BTreeSet<&'t str> {
        (0..self.parts.len()).filter_map(|part| self.name(typed, part)).collect()
    }

    /// The name that this part has the value of.
    fn name<'t>(&self, typed: &'t str, part: usize) -> Option<&'t str> {
        let (_, start) = *self.parts.get(part).filter(|_| !part.is_multiple_of(2))?;
        placeholder(&typed[start..]).map(|name| name.trim_matches(' '))
    }

    fn push(&mut self, typed: usize, text: &str) {
        self.parts.push((self.text.len(), typed));
        self.text.push_str(text);
    }
}

/// A text with values in place of `{{name}}`, and `{{` in place of `\{{`; with `reads_escapes` also what escapes stand
/// for. Braces around anything else than a name stay. What a value contains is not looked at.
///
/// # Errors
/// The first name without a value (`unknown` says so), or escape that is wrong.
pub(super) fn expand(
    text: &str,
    reads_escapes: bool,
    value: impl Fn(&str) -> Option<String>,
    unknown: impl Fn(&str) -> String,
) -> Result<Expanded, Fault> {
    let mut expanded = Expanded::default();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = text[at..].find(['\\', '{']).map(|found| at + found) {
        let rest = &text[found..];
        let (replaced, length) = if rest.starts_with("\\{{") {
            ("{{".to_owned(), 3)
        } else if rest.starts_with('\\') && reads_escapes {
            let escape = escape(rest).map_err(|what| Fault { at: found, what })?;
            (escape.text, escape.length)
        } else if let Some(name) = placeholder(rest) {
            let value = value(name.trim_matches(' '));
            let value =
                value.ok_or_else(|| Fault { at: found, what: unknown(name.trim_matches(' ')) })?;
            (value, name.len() + 4)
        } else {
            at = found + 1;
            continue;
        };
        expanded.push(start, &text[start..found]);
        expanded.push(found, &replaced);
        if expanded.text.len() > MAX_TEXT {
            let what = "with its values the text is longer than 64 MiB".to_owned();
            return Err(Fault { at: found, what });
        }
        at = found + length;
        start = at;
    }
    expanded.push(start, &text[start..]);
    Ok(expanded)
}

/// What is between `{{` at the start of a text and `}}`, if it is a name with spaces around it.
fn placeholder(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("{{")?;
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ');
    let name = &rest[..rest.find(|c| !is_in_name(c))?];
    (rest[name.len()..].starts_with("}}") && is_name(name.trim_matches(' '))).then_some(name)
}

/// The text that [`expand`] makes this one of.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        quoted.push_str(&rest[..at]);
        if rest[..at].ends_with('\\') || placeholder(&rest[at..]).is_some() {
            quoted.push('\\');
        }
        // The second brace may be the first one of another pair.
        let length = if quoted.ends_with('\\') { 2 } else { 1 };
        quoted.push_str(&rest[at..at + length]);
        rest = &rest[at + length..];
    }
    quoted + rest
}

/// Whether [`expand`] may change the text.
pub(super) fn has_placeholders(text: &str) -> bool {
    text.contains("{{")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Option<String> {
        let values = [("a", "1"), ("b-2", "{{a}}\\n"), ("_", "")];
        values.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
    }

    fn expanded(text: &str, reads_escapes: bool) -> Result<Expanded, Fault> {
        expand(text, reads_escapes, value, |name| format!("{name}?"))
    }

    #[test]
    fn values_are_put_in_once() {
        for (text, result) in [
            ("", ""),
            ("plain", "plain"),
            ("{{a}}", "1"),
            ("x{{ a }}y{{_}}z{{a}}", "x1yz1"),
            ("{{b-2}}", "{{a}}\\n"),
            (r"\{{a}} \n", r"{{a}} \n"),
            (r"\\{{a}}", r"\{{a}}"),
            ("{a} }} {", "{a} }} {"),
            (r#"{"n":{{a}}}"#, r#"{"n":1}"#),
            (r#"{{ "a": 1 }} {{}} {{a b}} {{a {{1}}"#, r#"{{ "a": 1 }} {{}} {{a b}} {{a {{1}}"#),
            ("{{{a}}}", "{1}"),
            ("[[{{{{a}}", "[[{{1"),
        ] {
            assert_eq!(expanded(text, false).map(|it| it.text), Ok(result.to_owned()), "{text}");
        }
    }

    #[test]
    fn escapes_are_read_in_what_was_typed_only() {
        for (text, result) in [
            (r"\n{{b-2}}\t", "\n{{a}}\\n\t"),
            (r"\{{a}}\\{{a}}", "{{a}}\\1"),
            (r"\x7b\x7ba}}", "{{a}}"),
        ] {
            assert_eq!(expanded(text, true).map(|it| it.text), Ok(result.to_owned()), "{text}");
        }
        let fault = expanded(r"{{a}}\q", true).expect_err("no escape");
        assert_eq!(fault.at, 5);
    }

    #[test]
    fn an_unknown_name_has_its_place() {
        let fault = Fault { at: 7, what: "x?".to_owned() };
        assert_eq!(expanded("é{{a}}{{x}}", false), Err(fault));
    }

    #[test]
    fn places_lead_back_to_what_was_typed() {
        let expanded = expanded("ab{{b-2}}c\\{{d", false).expect("known");
        assert_eq!(expanded.text, "ab{{a}}\\nc{{d");
        let places: Vec<_> = (0..=expanded.text.len()).map(|at| expanded.typed(at)).collect();
        assert_eq!(places, [0, 1, 2, 2, 2, 2, 2, 2, 2, 9, 10, 10, 13, 14]);
    }

    #[test]
    fn a_quoted_text_stays_as_it_is() {
        for text in [
            "",
            "plain",
            "{{a}}",
            r"\{{a}}",
            r"\\{{",
            "{{{a}}}",
            "{{{{a}}}}",
            r"{\{{a}}",
            "{{ x }",
            "{{a}}{{_}}",
        ] {
            assert_eq!(
                expanded(&quote(text), false).map(|it| it.text),
                Ok(text.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_long_text_takes_linear_time() {
        let text = "{{a ".repeat(1 << 18) + &"{".repeat(1 << 20);
        assert_eq!(expanded(&text, true).map(|it| it.text), Ok(text.clone()));
        assert!(expanded(&format!("{{{{{}", " ".repeat(1 << 20)), true).is_ok());
    }
}
