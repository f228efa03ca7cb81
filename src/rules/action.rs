//! ACTION: what is done to a message or control frame.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use super::payload::Written;
use super::problem::{Problem, RuleError, any_of, shortened};
use super::random::SplitMix64;
use crate::input::repl::{close_reason, closest};
use crate::protocol::close::ClosePayload;
use crate::protocol::frame::MAX_CONTROL_PAYLOAD;
use crate::protocol::{CloseCode, MessageKind};
use crate::scenario::language::units::parse_duration;
use crate::scenario::pattern::PatternClass;

/// What a rule does to what it matches.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleAction {
    /// It is not delivered.
    Drop,
    /// It is delivered later, and so is what the same side sends behind it.
    Delay(Jitter),
    /// It is delivered twice.
    Duplicate,
    /// Something else is delivered.
    Replace(Replacement),
    /// One bit of its payload is flipped.
    Corrupt,
    /// It waits until the operator decides.
    Hold,
    /// It is not delivered; both sides receive this Close frame.
    Close(ClosePayload),
    /// It is not delivered; both TCP connections are reset.
    Abort,
}

/// A time that is drawn anew for each message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jitter {
    /// The middle of the range.
    pub time: Duration,
    /// How far the time may be from it; at most `time`.
    pub spread: Duration,
}

/// What is delivered in place of a message, ping or pong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The type of the message; `None`: that of the replaced one. Always `None` for a ping or pong.
    pub kind: Option<MessageKind>,
    /// The payload; at most 125 bytes for a ping or pong (RFC 6455 section 5.5).
    pub data: Bytes,
}

/// An action as it is written; the file that it may name has not been read.
#[derive(Clone, Debug)]
pub(super) enum WrittenAction<'a> {
    Complete(RuleAction),
    Replace(Written<'a>),
}

/// The first words of actions.
const WORDS: [&str; 8] =
    ["drop", "delay", "duplicate", "replace", "corrupt", "hold", "close", "abort"];

/// Whether an action begins here.
pub(super) fn is_action(text: &str) -> bool {
    let mut rests = WORDS.iter().filter_map(|word| text.strip_prefix(word));
    rests.any(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Whether the name of an action that begins here is probably misspelt.
pub(super) fn is_misspelt(text: &str) -> bool {
    // Longer than any word that is close to one of them: there may be thousands of `=>` in a rule.
    const LONGEST: usize = 20;
    let start = &text[..text.floor_char_boundary(LONGEST)];
    closest(first_word(start).0, WORDS).is_some()
}

/// What does not begin with the name of an action.
pub(super) fn unknown_action(text: &str) -> Problem<'_> {
    let (word, _) = first_word(text);
    if word.is_empty() {
        return Problem::new(text, format!("an action is missing after =>: {}", any_of(&WORDS)));
    }
    if word.starts_with("close:") {
        let reason = "close: is a pattern; the action is written close CODE [REASON]";
        return Problem::new(word, reason);
    }
    Problem::unknown(word, "action", &WORDS)
}

impl<'a> WrittenAction<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Problem<'a>> {
        let (word, rest) = first_word(text);
        let alone = |action| match rest {
            "" => Ok(Self::Complete(action)),
            rest => {
                let reason = format!("{word} is the whole action, without {:?}", shortened(rest));
                Err(Problem::new(rest, reason))
            }
        };
        match word {
            "drop" => alone(RuleAction::Drop),
            "duplicate" => alone(RuleAction::Duplicate),
            "corrupt" => alone(RuleAction::Corrupt),
            "hold" => alone(RuleAction::Hold),
            "abort" => alone(RuleAction::Abort),
            "delay" => Ok(Self::Complete(RuleAction::Delay(delay(text, rest)?))),
            "replace" => Ok(Self::Replace(Written::parse(rest)?)),
            "close" => Ok(Self::Complete(RuleAction::Close(close(text, rest)?))),
            _ => Err(unknown_action(text)),
        }
    }

    /// The file that it names.
    pub(super) fn file(&self) -> Option<&'a Path> {
        match self {
            Self::Replace(payload) => payload.file(),
            Self::Complete(_) => None,
        }
    }

    /// The action on what a rule is about, if that allows it. `written` is its text; `content` that of the file.
    pub(super) fn read(
        self,
        class: PatternClass,
        written: &'a str,
        content: Vec<u8>,
    ) -> Result<RuleAction, Problem<'a>> {
        let action = match self {
            Self::Complete(action) => action,
            Self::Replace(payload) => {
                let (kind, data) = payload.read(content)?;
                let kind = kind.filter(|_| class == PatternClass::Message);
                RuleAction::Replace(Replacement { kind, data })
            }
        };
        let refused = match (class, &action) {
            (PatternClass::Control, RuleAction::Replace(Replacement { data, .. })) => {
                let is_longer = data.len() > MAX_CONTROL_PAYLOAD;
                is_longer.then(|| {
                    let length = data.len();
                    format!("{length} bytes: a control frame takes at most {MAX_CONTROL_PAYLOAD}")
                })
            }
            (PatternClass::Close, action) => refused_for_close(action).map(str::to_owned),
            _ => None,
        };
        refused.map_or(Ok(action), |reason| Err(Problem::new(written, reason)))
    }
}

/// Why this cannot be done to a Close frame.
fn refused_for_close(action: &RuleAction) -> Option<&'static str> {
    match action {
        RuleAction::Replace(_) => {
            Some("a Close frame is replaced by another one with close CODE [REASON]")
        }
        RuleAction::Duplicate => {
            Some("a Close frame is not duplicated: nothing follows it (RFC 6455 section 5.5.1)")
        }
        RuleAction::Corrupt => Some(
            "a Close frame is not corrupted: one with another code is sent with close CODE [REASON]",
        ),
        _ => None,
    }
}

impl Replacement {
    /// Parses a payload that is written as behind `replace`; `content` is that of the file that it names, which
    /// [`expect::file`](crate::scenario::expect::file) finds.
    ///
    /// # Errors
    /// With the part that is not valid.
    pub fn parse(source: &str, content: Option<Vec<u8>>) -> Result<Self, RuleError> {
        let written = Written::parse(source);
        let read = written.and_then(|written| written.read(content.unwrap_or_default()));
        let (kind, data) = read.map_err(|problem| problem.in_rule(source))?;
        Ok(Self { kind, data })
    }
}

impl Jitter {
    /// Reads `TIME`, `TIME±TIME` or `TIME+-TIME`.
    fn parse(text: &str) -> Result<Self, Problem<'_>> {
        let time = |text| parse_duration(text).map_err(|reason| Problem::new(text, reason));
        let Some((middle, spread)) = text.split_once('±').or_else(|| text.split_once("+-")) else {
            return Ok(Self { time: time(text)?, spread: Duration::ZERO });
        };
        let (middle, spread) = (middle.trim_end(), spread.trim_start());
        let jitter = Self { time: time(middle)?, spread: time(spread)? };
        if jitter.spread > jitter.time {
            let reason = format!("{spread} is longer than {middle}: no time is less than 0");
            return Err(Problem::new(spread, reason));
        }
        Ok(jitter)
    }

    /// The time for a random number from 0 to 1: from `time - spread` to `time + spread`.
    pub fn at(self, random: f64) -> Duration {
        let range = self.spread.saturating_mul(2);
        self.time.saturating_sub(self.spread) + range.mul_f64(random.clamp(0.0, 1.0))
    }

    /// A time from `time - spread` to `time + spread`.
    pub(super) fn draw(self, random: &mut SplitMix64) -> Duration {
        let range = self.spread.saturating_mul(2);
        self.time.saturating_sub(self.spread).saturating_add(random.time_up_to(range))
    }
}

fn delay<'a>(action: &'a str, rest: &'a str) -> Result<Jitter, Problem<'a>> {
    match rest {
        "" => Err(Problem::new(action, "delay needs a time, as in delay 500ms or delay 1s±200ms")),
        time => Jitter::parse(time),
    }
}

fn close<'a>(action: &'a str, rest: &'a str) -> Result<ClosePayload, Problem<'a>> {
    if rest.is_empty() {
        return Err(Problem::new(action, "close needs a code, as in close 1001"));
    }
    let (code, reason) = first_word(rest);
    let number: CloseCode = code.parse().map_err(|error| Problem::new(code, format!("{error}")))?;
    let reason = close_reason(reason).map_err(|error| Problem::new(rest, error))?;
    ClosePayload::to_send(Some(number), reason)
        .map_err(|error| Problem::new(rest, error.to_string()))
}

/// The first word, and what is behind it without white space at its start.
fn first_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}
