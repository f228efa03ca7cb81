//! The parts of a rule: `SIDE [PATTERN] [WHEN] => ACTION`.

use super::action::{WrittenAction, is_action, is_misspelt, unknown_action};
use super::problem::Problem;
use super::when::When;
use crate::protocol::Side;
use crate::scenario::language::literal::between_slashes;
use crate::scenario::language::prefix::{Form, form};
use crate::scenario::pattern::bare_json;

/// The longest rule, in bytes. What does not fit is read from a file.
pub const MAX_LENGTH: usize = 16 * 1024;

/// The parts of a rule whose files have not been read.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// `None`: either.
    pub(super) side: Option<Side>,
    /// Empty if there is none.
    pub(super) pattern: &'a str,
    pub(super) when: When,
    pub(super) action: WrittenAction<'a>,
    /// The text of the action.
    pub(super) action_text: &'a str,
}

impl<'a> Parts<'a> {
    /// The parts of a rule without white space around it.
    pub(super) fn of(rule: &'a str) -> Result<Self, Problem<'a>> {
        if rule.len() > MAX_LENGTH {
            return Err(too_long(rule));
        }
        let (side, rest) = side(rule)?;
        let Split { condition, action, action_text } = split(rest)?;
        let (pattern, when) = When::split_off(condition)?;
        Ok(Self { side, pattern, when, action, action_text })
    }
}

fn too_long(rule: &str) -> Problem<'_> {
    let reason = format!(
        "{} bytes: a rule has at most {MAX_LENGTH}; a longer pattern or payload is read from a \
         file, as in text:@FILE",
        rule.len()
    );
    Problem::new(rule, reason)
}

fn side(rule: &str) -> Result<(Option<Side>, &str), Problem<'_>> {
    const WORDS: [&str; 3] = ["client", "server", "any"];
    let end = rule.find(char::is_whitespace).unwrap_or(rule.len());
    let end = rule.find("=>").unwrap_or(rule.len()).min(end);
    let (word, rest) = rule.split_at(end);
    let side = match word {
        "client" => Some(Side::Client),
        "server" => Some(Side::Server),
        "any" => None,
        "" => {
            let reason = "a rule begins with the side that sends: client, server or any";
            return Err(Problem::new(word, reason));
        }
        _ => return Err(Problem::unknown(word, "side", &WORDS)),
    };
    Ok((side, rest))
}

/// A rule without its side, split at a `=>`.
struct Split<'a> {
    condition: &'a str,
    action: WrittenAction<'a>,
    action_text: &'a str,
}

/// Splits at the first `=>` behind which an action stands. An action with an error is one, except inside of a pattern
/// that shows its end: JSON, a JSON string or a regular expression.
fn split(rest: &str) -> Result<Split<'_>, Problem<'_>> {
    let mut invalid: Option<Problem<'_>> = None;
    for (at, arrow) in rest.match_indices("=>") {
        let (condition, action_text) = (rest[..at].trim(), rest[at + arrow.len()..].trim());
        if !is_action(action_text) {
            continue;
        }
        match (WrittenAction::parse(action_text), invalid) {
            (Ok(action), None) => return Ok(Split { condition, action, action_text }),
            (Ok(action), Some(_)) if shows_its_end(condition) => {
                return Ok(Split { condition, action, action_text });
            }
            (_, Some(first)) => invalid = Some(first),
            (Err(first), None) => invalid = Some(first),
        }
    }
    Err(invalid.unwrap_or_else(|| missing_action(rest)))
}

/// Whether this is a pattern, with or without a WHEN, whose end does not depend on what follows.
fn shows_its_end(condition: &str) -> bool {
    let Ok((pattern, _)) = When::split_off(condition) else { return false };
    match form(pattern, pattern) {
        Some((form, _)) => matches!(form, Form::JsonString | Form::Json),
        None => between_slashes(pattern).is_some() || bare_json(pattern).is_some(),
    }
}

/// No action stands behind any `=>`: what was probably meant.
fn missing_action(rest: &str) -> Problem<'_> {
    let texts = rest.match_indices("=>").map(|(at, arrow)| rest[at + arrow.len()..].trim());
    let misspelt = texts.clone().find(|text| is_misspelt(text));
    match (misspelt.or_else(|| texts.last()), rest.rfind("->")) {
        (Some(text), _) => unknown_action(text),
        (None, Some(at)) => Problem::new(
            &rest[at..at + 2],
            "=> is missing before the action: did you mean => by ->?",
        ),
        (None, None) => Problem::new(&rest[rest.len()..], "=> and an action are missing"),
    }
}
