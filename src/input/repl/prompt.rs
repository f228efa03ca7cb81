//! What stands before the line being typed. With times there is a space for the time at which the line is sent, so
//! that it stands below those of received lines; during a pause the number of messages that are held back.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use super::context::PromptContext;
use super::names::PromptNames;
use crate::platform::terminal;
use crate::view::Timestamps;

const PAUSED: &str = "paused, ";

/// The time of day with milliseconds in a UTC time.
const TIME_OF_DAY: std::ops::Range<usize> = 11..23;

/// The columns of this with any number.
const PAUSE_WIDTH: usize = "paused, 999+ held back ".len();

/// The text before the line being typed.
#[derive(Debug, Default)]
pub(super) struct PromptText {
    context: Option<PromptContext>,
    names: Arc<PromptNames>,
    /// The time at which the line was sent.
    stamp: RefCell<Option<String>>,
}

impl PromptText {
    /// That of a prompt with these commands.
    pub(super) fn new(context: Option<PromptContext>, names: Arc<PromptNames>) -> Self {
        Self { context, names, stamp: RefCell::default() }
    }

    /// The connections that lines can be for.
    pub(super) fn names(&self) -> &PromptNames {
        &self.names
    }

    /// What a line is read with. Its width does not change while that is being typed.
    pub(super) fn text(&self) -> String {
        self.stamp.take();
        let prompt = self.names.prompt();
        let Some(context) = &self.context else { return prompt };
        let time =
            context.view.times_of_typed_lines().map_or(0, |timestamps| time_width(timestamps) + 1);
        let paused = context.view.paused().map_or_else(String::new, pause);
        format!("{:time$}{paused}{prompt}", "")
    }

    /// What the commands of the prompt itself work on.
    pub(super) fn context(&self) -> Option<&PromptContext> {
        self.context.as_ref()
    }

    /// The line is sent now. Returns whether the prompt has to be drawn anew for its time.
    pub(super) fn note_sent(&self) -> bool {
        let stamp = self.context.as_ref().and_then(|context| context.view.stamp());
        *self.stamp.borrow_mut() = stamp;
        self.stamp.borrow().is_some()
    }

    /// The prompt as it is drawn now, in the same width.
    pub(super) fn drawn<'p>(&self, prompt: &'p str) -> Cow<'p, str> {
        let Some(context) = &self.context else { return Cow::Borrowed(prompt) };
        let rest = prompt.trim_start_matches(' ');
        let time = prompt.len() - rest.len();
        let stamp = self.stamp.borrow();
        let stamp = stamp.as_deref().filter(|_| time > 0);
        let is_pause = rest.starts_with(PAUSED);
        if stamp.is_none() && !is_pause {
            return Cow::Borrowed(prompt);
        }
        let stamp = stamp.map_or_else(|| " ".repeat(time), |stamp| fitted(stamp, time));
        let rest = match rest.get(PAUSE_WIDTH..).filter(|_| is_pause) {
            // It may have ended while the line is typed.
            Some(prompt) => match context.view.paused() {
                Some(count) => pause(count) + prompt,
                None => " ".repeat(PAUSE_WIDTH) + prompt,
            },
            None => rest.to_owned(),
        };
        Cow::Owned(stamp + &rest)
    }
}

/// The number of messages that are held back.
fn pause(count: u64) -> String {
    let count = if count < 1000 { count.to_string() } else { "999+".to_owned() };
    format!("{:PAUSE_WIDTH$}", format!("{PAUSED}{count} held back "))
}

/// Columns for a time: half of the terminal is for what is typed. A UTC time is without its date then.
fn time_width(timestamps: Timestamps) -> usize {
    let width = timestamps.width();
    if 2 * width > terminal::width() { TIME_OF_DAY.len() + 1 } else { width }
}

/// A time with a space behind it in exactly `width` columns.
fn fitted(stamp: &str, width: usize) -> String {
    let width = width.saturating_sub(1);
    if stamp.len() > width
        && let Some(time) = stamp.get(TIME_OF_DAY)
    {
        return format!("{:>width$} ", time.to_owned() + "Z");
    }
    let stamp = stamp.get(..stamp.len().min(width)).unwrap_or_default();
    format!("{stamp:>width$} ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Clock;
    use crate::view::{Filters, SCROLLBACK, View};

    fn prompt() -> (Arc<View>, PromptText) {
        let view = Arc::new(View::new(Clock::start(), Filters::default(), None, SCROLLBACK));
        let context = PromptContext {
            view: Arc::clone(&view),
            parse_filter: |_| Err(String::new()),
            render: Arc::new(|_| String::new()),
            record: Arc::new(|_| Err(String::new())),
            scenario: None,
            numbers: None,
        };
        (view, PromptText::new(Some(context), Arc::default()))
    }

    #[test]
    fn the_time_of_a_sent_line_takes_the_space_before_it() {
        let (view, prompt) = prompt();
        assert_eq!(prompt.text(), "> ");
        assert!(!prompt.note_sent());
        for timestamps in
            [Timestamps::Utc, Timestamps::Local, Timestamps::Relative, Timestamps::Delta]
        {
            view.set_timestamps(Some(timestamps));
            let text = prompt.text();
            assert_eq!(prompt.drawn(&text), text, "nothing is sent yet");
            assert!(prompt.note_sent());
            let drawn = prompt.drawn(&text);
            assert_eq!(drawn.len(), text.len(), "{drawn}");
            assert!(drawn.trim_start().starts_with(['+', '0', '1', '2']), "{drawn}");
            assert!(drawn.ends_with(" > "), "{drawn}");
        }
    }

    #[test]
    fn a_time_is_fitted_into_its_space() {
        let utc = "2026-11-26T15:31:43.641201Z";
        assert_eq!(fitted(utc, 28), format!("{utc} "));
        assert_eq!(fitted(utc, 14), "15:31:43.641Z ");
        assert_eq!(fitted("+0.1", 10), "     +0.1 ");
        assert_eq!(fitted("+1234.567890", 10), "+1234.567 ");
    }

    #[test]
    fn a_pause_shows_how_many_messages_are_held_back() {
        let (view, prompt) = prompt();
        view.pause();
        let text = prompt.text();
        assert_eq!(text, "paused, 0 held back    > ");
        assert_eq!(prompt.drawn(&text), text);
        assert_eq!(prompt.drawn("(reverse-i-search)`': "), "(reverse-i-search)`': ");
        assert_eq!(pause(999), "paused, 999 held back  ");
        assert_eq!(pause(1000), "paused, 999+ held back ");
        view.resume(true);
        assert_eq!(prompt.drawn(&text), format!("{:>25}", "> "), "until the next line");
    }
}
