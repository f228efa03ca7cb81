//! Where a text is not JSON once values are in it, and which value is the reason.

use super::json_text::{Fault, fault};
use super::place::place;
use super::placeholders::Expanded;

/// What stands in place of a value to see whether the text around it is JSON: one fits in strings and where values are,
/// the other one where keys are.
const FILLERS: [&str; 2] = ["0", "\"\""];

/// Why the text that begins at `start` of a line is not JSON with its values; `None` if it is.
pub(super) fn not_json(line: &str, start: usize, expanded: &Expanded) -> Option<String> {
    let Fault { at, what } = fault(&expanded.text)?;
    let typed = &line[start..];
    let place = place(line, start + expanded.typed(at));
    if let Some((name, before)) = expanded.value_before(typed, at) {
        let cause = replaced(name);
        let character = before.chars().count() + 1;
        return Some(format!("{cause}: {place}, character {character} of the value: {what}"));
    }
    let cause = cause(typed, expanded).unwrap_or_else(|| "not JSON".to_owned());
    Some(format!("{cause}: {place}: {what}"))
}

/// The values that make the text something else than JSON, if it is JSON without them.
fn cause(typed: &str, expanded: &Expanded) -> Option<String> {
    let is_json = |text: String| fault(&text).is_none();
    let filler = FILLERS
        .into_iter()
        .find(|filler| is_json(expanded.refilled(typed, |_| Some((*filler).to_owned()))))?;
    let breaks = |name: &&str| {
        !is_json(expanded.refilled(typed, |other| (other != *name).then(|| filler.to_owned())))
    };
    let names = expanded.names(typed);
    Some(match names.iter().copied().find(breaks) {
        Some(name) => replaced(name),
        None => "not JSON after its placeholders were replaced by their values".to_owned(),
    })
}

fn replaced(name: &str) -> String {
    format!("not JSON after {{{{{name}}}}} was replaced by its value")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::repl::placeholders::expand;

    fn reason(line: &str, start: usize) -> Option<String> {
        let value = |name: &str| {
            let values = [
                ("quote", "it\"s"),
                ("end", "한\\"),
                ("open", "{"),
                ("close", "}"),
                ("none", ""),
                ("key", "\"k\""),
                ("n", "1"),
            ];
            values.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
        };
        let expanded = expand(&line[start..], false, value, str::to_owned).expect("known names");
        not_json(line, start, &expanded)
    }

    #[test]
    fn json_with_its_values_is_none() {
        for text in ["{}", r#"{"a":"{{n}}","b":{{n}},{{key}}:"{{none}}"}"#, "{{open}}{{close}}"] {
            assert_eq!(reason(text, 0), None, "{text}");
        }
    }

    #[test]
    fn a_value_that_is_the_reason_is_named() {
        for (line, start, expected) in [
            (
                r#"{"n":{{n}},"a":"{{quote}}"}"#,
                0,
                "after {{quote}} was replaced by its value: column 17, character 4 of the value: expected \",\" or",
            ),
            (
                r#"/text {"a":"{{ end }}"}"#,
                6,
                "after {{end}} was replaced by its value: column 12: the string that begins here has no closing",
            ),
            (
                r#"{"a":{{none}},"n":{{n}}}"#,
                0,
                "after {{none}} was replaced by its value: column 14: expected a value, got \",\"",
            ),
            (
                "[{{open}}{{n}}{{close}}]",
                0,
                "after {{n}} was replaced by its value: column 10, character 1 of the value: expected a key",
            ),
            ("[{{open}}", 0, ": column 10: expected a key"),
            (r#"["{{none}}" "{{end}}"]"#, 0, ": column 13: expected \",\""),
            (r#"{"n" "{{n}}"}"#, 0, ": column 6: expected \":\""),
        ] {
            let reason = reason(line, start).expect(line);
            let rest = reason.strip_prefix("not JSON").expect("not JSON").trim_start();
            assert!(rest.starts_with(expected), "{line}: {reason}");
        }
    }
}
