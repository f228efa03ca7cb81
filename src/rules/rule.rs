//! One rule.

use std::fmt;
use std::path::Path;

use super::action::RuleAction;
use super::judged::Judged;
use super::problem::{Problem, RuleError, shortened};
use super::split::Parts;
use super::when::{When, probable_when};
use crate::protocol::{CloseCode, Side};
use crate::scenario::expect;
use crate::scenario::language::prefix::form;
use crate::scenario::pattern::{ClosePattern, Matcher, Pattern, PatternClass, bare_json};

/// A rule: `SIDE [PATTERN] [WHEN] => ACTION`.
#[derive(Clone, Debug)]
pub struct ProxyRule {
    source: String,
    /// Who sends what it is about; `None`: either.
    side: Option<Side>,
    /// `None`: every data message.
    pattern: Option<Pattern>,
    when: When,
    action: RuleAction,
}

/// The files whose content [`ProxyRule::parse`] needs, in the order in which it needs them: at most one for the pattern
/// and one for the payload of `replace`. None if the rule is not valid.
pub fn files(source: &str) -> Vec<&Path> {
    let Ok(parts) = Parts::of(source.trim()) else { return Vec::new() };
    expect::file(parts.pattern).into_iter().chain(parts.action.file()).collect()
}

impl ProxyRule {
    /// Parses a rule. `contents` are those of its [`files`].
    ///
    /// # Errors
    /// With the part that is not valid.
    pub fn parse(source: &str, contents: Vec<Vec<u8>>) -> Result<Self, RuleError> {
        read(source.trim(), contents).map_err(|problem| problem.in_rule(source))
    }

    /// What is done to what it matches.
    pub fn action(&self) -> &RuleAction {
        &self.action
    }

    /// For which of what it matches it holds.
    pub fn when(&self) -> When {
        self.when
    }

    /// What it is about.
    pub fn class(&self) -> PatternClass {
        self.pattern.as_ref().map_or(PatternClass::Message, Pattern::class)
    }

    /// Whether it is about what this side sends.
    pub fn is_about(&self, from: Side) -> bool {
        self.side.is_none_or(|side| side == from)
    }

    /// Whether SIDE and PATTERN match.
    pub(super) fn matches(&self, from: Side, what: &Judged<'_>) -> bool {
        let is_like = |pattern| what.is_like(pattern);
        self.is_about(from) && self.pattern.as_ref().map_or_else(|| what.is_message(), is_like)
    }
}

impl fmt::Display for ProxyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn read(source: &str, contents: Vec<Vec<u8>>) -> Result<ProxyRule, Problem<'_>> {
    let Parts { side, pattern, when, action, action_text } = Parts::of(source)?;
    let mut contents = contents.into_iter();
    let pattern = match pattern {
        "" => None,
        text => Some(read_pattern(text, &mut contents)?),
    };
    let class = pattern.as_ref().map_or(PatternClass::Message, Pattern::class);
    let content = action.file().and_then(|_| contents.next());
    let action = action.read(class, action_text, content.unwrap_or_default())?;
    Ok(ProxyRule { source: source.to_owned(), side, pattern, when, action })
}

fn read_pattern<'a>(
    text: &'a str,
    contents: &mut impl Iterator<Item = Vec<u8>>,
) -> Result<Pattern, Problem<'a>> {
    let is_bare = form(text, text).is_none() && bare_json(text).is_none();
    if let Some(problem) = probable_when(text).filter(|_| is_bare && !text.starts_with('/')) {
        return Err(problem);
    }
    if let Some(word) = text.split_whitespace().next().filter(|word| is_of_filter(word)) {
        let reason = format!(
            "{:?} is of the filter of messages, not of a rule: SIDE is who sent it, a pattern is of \
             the message (ping: of pings); text:{} is the text",
            shortened(word),
            shortened(text)
        );
        return Err(Problem::new(text, reason));
    }
    if let Some(reason) = expect::probable_mistake(text) {
        return Err(Problem::new(text, reason));
    }
    let content = expect::file(text).and_then(|_| contents.next());
    let pattern = expect::parse(text, content)
        .map_err(|error| Problem::new(text, format!("pattern {:?}: {error}", shortened(text))))?;
    match pattern.matcher() {
        Matcher::Close(ClosePattern { code: Some(CloseCode::ABNORMAL), .. }) => {
            let reason =
                "1006 is an end without a Close frame: there is nothing to apply a rule to";
            Err(Problem::new(text, reason))
        }
        _ => Ok(pattern),
    }
}

/// Whether a word is one of the filter of messages, as `conn:1`, `-size:>1k` or `#7`: as text it would hardly ever match.
fn is_of_filter(word: &str) -> bool {
    const KINDS: &[&str] = &[
        "text",
        "binary",
        "ping",
        "pong",
        "close",
        "open",
        "error",
        "violation",
        "http",
        "frame",
        "message",
        "control",
    ];
    let word = word.strip_prefix(['-', '!']).unwrap_or(word);
    let is_number = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    if let Some(number) = word.strip_prefix('#') {
        return !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    }
    match word.split_once(':') {
        Some(("conn" | "code" | "rule", value)) => is_number(value),
        Some(("size" | "late", value)) => is_number(value.trim_start_matches(['<', '>', '='])),
        Some(("dir", value)) => matches!(value, "in" | "out"),
        Some(("type", value)) => value.split(',').all(|kind| KINDS.contains(&kind)),
        _ => false,
    }
}
