//! `--expect PATTERN`, one or more.

use std::collections::VecDeque;

use super::difference::Comparison;
use super::pattern::{Match, Matcher, Pattern, bare_json};
use crate::event::EventKind;
use crate::hidden::is_hidden;
use crate::observer::{Observed, Observer, ObserverResponse, Progress};
use crate::protocol::vocabulary::Direction;
use crate::protocol::{CloseCode, MessageKind};

/// `--expect`, in order.
#[derive(Debug)]
pub struct Expectations {
    awaited: VecDeque<Pattern>,
    total: usize,
    strict: bool,
    /// The last messages that did not match, shortened.
    unmatched: VecDeque<String>,
    /// Those before the last message that matched.
    skipped: VecDeque<String>,
    /// How many were received after the closest one.
    after_closest: usize,
    /// Of the JSON messages for which a JSON pattern was expected, the closest one, and its text.
    closest: Option<(Comparison, String)>,
    missed: bool,
    /// We have sent a Close frame: what the peer sends after that may only answer it.
    is_closing: bool,
}

/// A control frame that can be awaited.
#[derive(Clone, Copy, Debug)]
enum ControlKind {
    Ping,
    Pong,
}

/// The maximum number of messages that did not match that are shown.
const MAX_SHOWN: usize = 3;

/// The maximum length of each, in bytes.
const MAX_SHOWN_LENGTH: usize = 120;

impl Expectations {
    /// All of these in order; with `strict`, no other message may be received between them.
    pub fn new(patterns: Vec<Pattern>, strict: bool) -> Self {
        let total = patterns.len();
        let awaited = patterns.into();
        Self {
            awaited,
            total,
            strict,
            unmatched: VecDeque::new(),
            skipped: VecDeque::new(),
            after_closest: 0,
            closest: None,
            missed: false,
            is_closing: false,
        }
    }

    /// Takes a received message.
    fn on_message(&mut self, kind: MessageKind, data: &[u8]) {
        let Some(pattern) = self.awaited.front().filter(|_| !self.missed) else { return };
        let text = || shortened(kind, data);
        match pattern.judge(kind, data) {
            Match::Yes => return self.take_match(),
            Match::Differs(comparison) => self.note_difference(comparison, &text()),
            Match::No => self.after_closest += 1,
        }
        self.note_unmatched(text());
        self.missed |= self.strict;
    }

    /// Takes a received ping or pong. It is compared with patterns of its kind only.
    fn on_control(&mut self, kind: ControlKind, data: &[u8]) {
        let Some(pattern) = self.awaited.front().filter(|_| !self.missed) else { return };
        let (name, is_of_kind, is_match) = match kind {
            ControlKind::Ping => {
                ("ping", matches!(pattern.matcher(), Matcher::Ping(_)), pattern.matches_ping(data))
            }
            ControlKind::Pong => {
                ("pong", matches!(pattern.matcher(), Matcher::Pong(_)), pattern.matches_pong(data))
            }
        };
        if is_match {
            self.take_match();
        } else if is_of_kind {
            self.after_closest += 1;
            self.note_unmatched(format!("{name} {}", shortened(MessageKind::Binary, data)));
        }
    }

    /// Takes the end of the connection. One that follows our own Close frame is not what was awaited.
    fn on_close(&mut self, code: CloseCode, reason: &str) {
        let awaited = self.awaited.front().filter(|_| !self.is_closing && !self.missed);
        if awaited.is_some_and(|pattern| pattern.matches_close(code, reason)) {
            self.awaited.pop_front();
        }
    }

    fn take_match(&mut self) {
        self.awaited.pop_front();
        self.skipped = std::mem::take(&mut self.unmatched);
        self.closest = None;
    }

    fn state(&self) -> Progress {
        if self.missed {
            Progress::Missed
        } else if self.awaited.is_empty() {
            Progress::Met
        } else {
            Progress::Open
        }
    }

    fn note_unmatched(&mut self, text: String) {
        if self.unmatched.len() == MAX_SHOWN {
            self.unmatched.pop_front();
        }
        self.unmatched.push_back(text);
    }

    /// Of several that are equally close, the last one counts.
    fn note_difference(&mut self, comparison: Comparison, text: &str) {
        self.after_closest += 1;
        let distance = comparison.distance();
        if self.closest.as_ref().is_none_or(|(closest, _)| distance <= closest.distance()) {
            self.closest = Some((comparison, text.to_owned()));
            self.after_closest = 0;
        }
    }

    /// How the closest message differs, with that message if it is not shown already.
    fn difference(&self) -> Option<String> {
        let (closest, text) = self.closest.as_ref()?;
        let difference = closest.phrase()?;
        Some(match self.unmatched.len() {
            0 | 1 => format!(": {difference}"),
            shown if self.after_closest < shown => format!(": closest message: {difference}"),
            _ => format!(": closest message {text}: {difference}"),
        })
    }
}

fn listed(messages: &VecDeque<String>) -> String {
    Vec::from(messages.clone()).join(", ")
}

/// The start of a message, as it is shown: JSON as it is, if it is shown whole.
fn shortened(kind: MessageKind, data: &[u8]) -> String {
    let most = match str::from_utf8(data) {
        Ok(text) => text.floor_char_boundary(MAX_SHOWN_LENGTH),
        Err(_) => data.len().min(MAX_SHOWN_LENGTH),
    };
    let (shown, is_cut) = (&data[..most], most < data.len());
    match (kind, str::from_utf8(shown)) {
        (_, Ok(text)) if !is_cut && is_plain_json(text) => text.trim().to_owned(),
        (MessageKind::Text, _) | (_, Ok(_)) => {
            let text = format!("{:?}", String::from_utf8_lossy(shown));
            match text.strip_suffix('"').filter(|_| is_cut) {
                Some(start) => format!("{start}…\""),
                None => text,
            }
        }
        _ => format!(
            "hex:{}{}",
            data_encoding::HEXLOWER.encode(shown),
            if is_cut { "…" } else { "" }
        ),
    }
}

/// A pattern as it was typed; one that is a text, or has more than a line of characters that are seen, in quotes.
fn written(pattern: &Pattern) -> String {
    let source = pattern.to_string();
    match pattern.matcher() {
        Matcher::Text(_) => format!("{source:?}"),
        _ if source.contains(is_hidden) => format!("{source:?}"),
        _ => source,
    }
}

/// Whether a text is an object or array of JSON of which everything is seen: it needs no quotes.
fn is_plain_json(text: &str) -> bool {
    bare_json(text).is_some() && !text.contains(is_hidden)
}

impl Observer for Expectations {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        let before = self.state();
        match event.event {
            EventKind::Message(message) if message.direction == Direction::Received => {
                self.on_message(message.kind, message.data);
            }
            EventKind::Ping(Direction::Received, data) => self.on_control(ControlKind::Ping, data),
            EventKind::Pong(Direction::Received, data, _) => {
                self.on_control(ControlKind::Pong, data);
            }
            EventKind::CloseFrame(Direction::Sent, _) => self.is_closing = true,
            EventKind::CloseFrame(Direction::Received, close) => {
                self.on_close(close.code.unwrap_or(CloseCode::NO_STATUS), &close.reason);
            }
            // An end without a Close frame has the code 1006.
            EventKind::Closed(closed) if closed.ending.received.is_none() => {
                self.on_close(closed.ending.code(), "");
            }
            _ => {}
        }
        let is_decided = before == Progress::Open && self.state() != Progress::Open;
        ObserverResponse { is_decided, ..ObserverResponse::default() }
    }

    fn progress(&self) -> Option<Progress> {
        Some(self.state())
    }

    fn shortfall(&self) -> String {
        let Some(pattern) = self.awaited.front() else {
            return "all expectations were met".to_owned();
        };
        let number = self.total - self.awaited.len() + 1;
        let place =
            if self.total > 1 { format!(" ({number} of {})", self.total) } else { String::new() };
        let came = match self.unmatched.len() {
            0 if number == 1 => "no message was received".to_owned(),
            0 if self.skipped.is_empty() => "no other message was received".to_owned(),
            0 => format!(
                "no message was received after the last match; before it: {}",
                listed(&self.skipped)
            ),
            1 => format!("last message that did not match: {}", self.unmatched[0]),
            _ => format!("last messages that did not match: {}", listed(&self.unmatched)),
        };
        let difference = self.difference().unwrap_or_default();
        format!("expected {}{place}{difference}; {came}", written(pattern))
    }

    fn outranks_abnormal_end(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::event::Message;
    use crate::protocol::close::ClosePayload;

    fn expectations(patterns: &[&str], strict: bool) -> Expectations {
        Expectations::new(
            patterns
                .iter()
                .map(|p| crate::scenario::expect::parse(p, None).expect("pattern"))
                .collect(),
            strict,
        )
    }

    fn on_event(goal: &mut Expectations, event: &EventKind<'_>) -> Option<Progress> {
        let response = goal.on_event(&Observed { at: Instant::now(), event, payload: None });
        let progress = goal.progress();
        assert_eq!(response.is_decided, progress != Some(Progress::Open));
        progress
    }

    fn on_text(goal: &mut Expectations, text: &str) -> Option<Progress> {
        on_event(goal, &EventKind::Message(Message::received(MessageKind::Text, text.as_bytes())))
    }

    #[test]
    fn expectations_are_met_in_order_over_other_messages() {
        let mut goal = expectations(&["a", "/^b/", "close:1000"], false);
        assert_eq!(on_text(&mut goal, "bb"), Some(Progress::Open));
        assert!(
            goal.shortfall()
                .contains("expected \"a\" (1 of 3); last message that did not match: \"bb\"")
        );
        assert_eq!(on_text(&mut goal, "a"), Some(Progress::Open));
        assert_eq!(on_text(&mut goal, "x"), Some(Progress::Open));
        assert_eq!(on_text(&mut goal, "b!"), Some(Progress::Open));
        let close = ClosePayload { code: Some(CloseCode::NORMAL), ..ClosePayload::default() };
        let received = EventKind::CloseFrame(Direction::Received, &close);
        assert_eq!(on_event(&mut goal, &received), Some(Progress::Met));
    }

    #[test]
    fn an_answer_to_our_own_close_is_not_awaited() {
        let mut goal = expectations(&["close:1000"], false);
        let close = ClosePayload { code: Some(CloseCode::NORMAL), ..ClosePayload::default() };
        let sent = EventKind::CloseFrame(Direction::Sent, &close);
        assert_eq!(on_event(&mut goal, &sent), Some(Progress::Open));
        let received = EventKind::CloseFrame(Direction::Received, &close);
        assert_eq!(on_event(&mut goal, &received), Some(Progress::Open));
    }

    #[test]
    fn the_reason_of_a_close_is_compared() {
        let close = ClosePayload { code: Some(CloseCode::NORMAL), reason: "bye".to_owned() };
        let received = EventKind::CloseFrame(Direction::Received, &close);
        for (pattern, expected) in [
            ("close:", Progress::Met),
            ("close:1000 bye", Progress::Met),
            ("close:1000 /^b/", Progress::Met),
            ("close:1000 other", Progress::Open),
        ] {
            let mut goal = expectations(&[pattern], false);
            assert_eq!(on_event(&mut goal, &received), Some(expected), "{pattern}");
        }
    }

    #[test]
    fn control_frames_are_awaited_too() {
        let mut goal = expectations(&["ping:a", "pong:"], true);
        let ping = |data: &'static [u8]| EventKind::Ping(Direction::Received, data.into());
        assert_eq!(on_event(&mut goal, &ping(b"b")), Some(Progress::Open));
        assert!(goal.shortfall().ends_with("last message that did not match: ping \"b\""));
        let pong = EventKind::Pong(Direction::Received, b"a".into(), None);
        for event in
            [&pong, &EventKind::Ping(Direction::Sent, b"a".into()), &ping(b"a"), &ping(b"")]
        {
            assert_eq!(on_event(&mut goal, event), Some(Progress::Open));
        }
        assert!(goal.shortfall().starts_with("expected pong: (2 of 2); no message was"));
        assert_eq!(on_event(&mut goal, &pong), Some(Progress::Met));
    }

    #[test]
    fn control_frames_can_be_expected() {
        let mut goal = expectations(&["ping:", "pong:a", "close:1000 /bye/"], true);
        for event in [
            EventKind::Pong(Direction::Received, b"a".into(), None),
            EventKind::Ping(Direction::Sent, b"a".into()),
            EventKind::Ping(Direction::Received, b"a".into()),
            EventKind::Pong(Direction::Received, b"b".into(), None),
        ] {
            assert_eq!(on_event(&mut goal, &event), Some(Progress::Open));
        }
        assert!(goal.shortfall().contains("expected pong:a (2 of 3)"), "{}", goal.shortfall());
        let pong = EventKind::Pong(Direction::Received, b"a".into(), None);
        assert_eq!(on_event(&mut goal, &pong), Some(Progress::Open));
        let mut closed = |reason: &str| {
            let close = ClosePayload { code: Some(CloseCode::NORMAL), reason: reason.to_owned() };
            on_event(&mut goal, &EventKind::CloseFrame(Direction::Received, &close))
        };
        assert_eq!(closed("no"), Some(Progress::Open));
        assert_eq!(closed("bye."), Some(Progress::Met));
    }

    #[test]
    fn a_message_before_its_expectation_is_shown() {
        let mut goal = expectations(&["a", "b"], false);
        for message in ["b", "a"] {
            on_text(&mut goal, message);
        }
        let end = "no message was received after the last match; before it: \"b\"";
        assert!(goal.shortfall().ends_with(end), "{}", goal.shortfall());
    }

    #[test]
    fn the_closest_json_message_is_compared() {
        let mut goal = expectations(&[r#"{"a":1,"b":{"c":2}}"#, r#"{"d":1}"#], false);
        let mut text = |data: &str| {
            on_text(&mut goal, data);
            goal.shortfall()
        };
        let start = r#"expected {"a":1,"b":{"c":2}} (1 of 2)"#;
        assert!(text("not JSON").starts_with(&format!("{start}; last message")));
        let closest = format!("{start}: closest message: at $.b.c expected 2, got 3; last");
        assert!(text(r#"{"a":1,"b":{"c":3}}"#).starts_with(&closest));
        assert!(text("{}").starts_with(&closest));
        let closest = format!("{start}: closest message: at $.a expected 1, got 2; last");
        assert!(text(r#"{"a":2,"b":{"c":2}}"#).starts_with(&closest), "the last of two");
        text(r#"{"a":1,"b":{"c":2}}"#);
        let end = r#"expected {"d":1} (2 of 2): at $.d expected 1, got 2; last message that did not match: {"d":2}"#;
        assert_eq!(text(r#"{"d":2}"#), end);
    }

    #[test]
    fn of_two_that_differ_as_much_the_one_that_has_the_member_is_closest() {
        let mut goal = expectations(&[r#"{"status":"done"}"#], false);
        on_text(&mut goal, r#"{"status":"running"}"#);
        on_text(&mut goal, r#"{"heartbeat":1}"#);
        let closest = r#"at $.status expected "done", got "running"; last messages"#;
        assert!(goal.shortfall().contains(closest), "{}", goal.shortfall());
    }

    #[test]
    fn the_closest_message_is_shown_after_later_ones() {
        let mut goal = expectations(&[r#"{"a":1,"b":2}"#], false);
        let mut text = |data: &str| {
            on_text(&mut goal, data);
            goal.shortfall()
        };
        text(r#"{"a":1,"b":3}"#);
        text("other");
        let closest = ": closest message: at $.b expected 2, got 3; last messages";
        assert!(text(r#"{"a":9,"b":9}"#).contains(closest));
        let last = text(r#"{"a":9,"b":9}"#);
        let closest = r#": closest message {"a":1,"b":3}: at $.b expected 2, got 3; last messages"#;
        assert!(last.contains(closest), "{last}");
    }

    /// A text that is not JSON, or of which not everything is shown or seen, is in quotes: its end is seen.
    #[test]
    fn messages_are_quoted_unless_they_are_whole_json() {
        let long = format!("{{\"a\":\"{}\"}}", "é".repeat(100));
        for (data, shown) in [
            (r#"{"a":1}"#, r#"{"a":1}"#.to_owned()),
            ("[1]", "[1]".to_owned()),
            ("1", "\"1\"".to_owned()),
            ("{a", "\"{a\"".to_owned()),
            ("[\"\u{202e}\"]", r#""[\"\u{202e}\"]""#.to_owned()),
            (&long, format!("\"{{\\\"a\\\":\\\"{}…\"", "é".repeat(57))),
        ] {
            assert_eq!(shortened(MessageKind::Text, data.as_bytes()), shown);
        }
        let binary = shortened(MessageKind::Binary, &[255; 121]);
        assert!(binary.starts_with("hex:ff") && binary.ends_with("ff…"), "{binary}");
    }

    #[test]
    fn patterns_are_shown_as_they_were_typed() {
        for (source, shown) in [
            ("ready", "\"ready\""),
            ("/^\\w+$/", "/^\\w+$/"),
            ("close:1000 /see/", "close:1000 /see/"),
            ("ping:", "ping:"),
            ("hex:00 ..", "hex:00 .."),
            (r#"{"a":"b"}"#, r#"{"a":"b"}"#),
            ("text:a", "\"text:a\""),
            ("/a\nb/", "\"/a\\nb/\""),
        ] {
            let goal = expectations(&[source], false);
            assert_eq!(goal.shortfall(), format!("expected {shown}; no message was received"));
        }
    }

    #[test]
    fn strict_allows_no_other_message() {
        let mut goal = expectations(&["a"], true);
        assert_eq!(on_text(&mut goal, "x"), Some(Progress::Missed));
    }
}
