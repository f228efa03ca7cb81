//! The user's programs: a line in the text editor, a long text in the pager.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use unicode_width::UnicodeWidthStr;

use super::composer::Composer;
use super::context::PromptContext;
use super::ending::Ending;
use super::json_text::is_meant_as_json;
use super::parsed::LongText;
use super::screen::Gate;
use super::text_part::text_part;
use crate::platform::lent::Lent;
use crate::platform::pager::page;
use crate::platform::terminal::{self, SavedModes};
use crate::platform::text_editor::{Edited, edit};
use crate::platform::user_programs::UserPrograms;
use crate::view::Hold;

const NO_EDITOR: &str = "no text editor: set VISUAL or EDITOR, and export it";

/// The user's text editor and pager.
pub(super) struct Programs {
    programs: UserPrograms,
    modes: Option<SavedModes>,
    gate: Arc<Gate>,
    ending: Arc<Ending>,
    /// Keeps messages in the view while a program has the terminal, so that reading from the socket does not stop.
    hold: Option<Hold>,
}

/// What becomes of a line that was in the text editor.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is sent, as this.
    Send(String),
    /// This is typed on; nothing is sent, and why. Without a reason it is shown below the line.
    Line(String, Option<String>),
    /// As `Line`, because nothing was changed.
    Unchanged(String),
}

impl Programs {
    /// These, which get the terminal with these modes.
    pub(super) fn new(
        programs: UserPrograms,
        modes: Option<SavedModes>,
        gate: Arc<Gate>,
        ending: Arc<Ending>,
    ) -> Self {
        Self { programs, modes, gate, ending, hold: None }
    }

    /// Opens a line in the text editor, until that ends. If it fails, `otherwise` is the line. Output is held back until
    /// [`Programs::release_output`].
    pub(super) fn edit(
        &mut self,
        line: &str,
        otherwise: &str,
        composer: &Composer,
        context: Option<&PromptContext>,
    ) -> Outcome {
        let Some(command) = self.programs.text_editor.clone() else {
            return Outcome::Line(otherwise.to_owned(), Some(NO_EDITOR.to_owned()));
        };
        let edited = self.lend(context, |stops| edit(&command, line, ending(line), stops));
        outcome(edited, line, otherwise, composer)
    }

    /// Shows a text in the pager if it is longer than the screen; `None` if it is not shown so. An error is in words.
    pub(super) fn page(
        &mut self,
        text: LongText,
        context: Option<&PromptContext>,
    ) -> Option<Result<(), String>> {
        let command = self.programs.pager.clone()?;
        let text = Some(text.make()).filter(|text| is_longer_than_screen(text))?;
        let paged = self.lend(context, |stops| page(&command, text, stops));
        self.release_output();
        Some(paged)
    }

    /// Gives the terminal to a program, which ends when the flag is set. Output is held back until
    /// [`Programs::release_output`].
    fn lend<R>(
        &mut self,
        context: Option<&PromptContext>,
        run: impl FnOnce(&AtomicBool) -> R,
    ) -> R {
        self.hold = context.map(|context| context.view.hold());
        self.gate.hold();
        let lent = Lent::lend(self.modes.as_ref());
        let result = run(self.ending.stops_programs());
        drop(lent);
        result
    }

    /// Lets output through again.
    pub(super) fn release_output(&mut self) {
        self.gate.release();
        self.hold = None;
    }
}

/// Whether a text with colours takes more rows than the terminal has.
fn is_longer_than_screen(text: &str) -> bool {
    let Some((rows, columns)) = terminal::size() else { return false };
    let (rows, columns) = (usize::from(rows), usize::from(columns).max(1));
    text.len() / columns > rows * MAX_BYTES_PER_CELL
        || text.lines().map(|line| visible_width(line).div_ceil(columns).max(1)).sum::<usize>()
            > rows
}

/// A text that has more bytes for each cell of the screen is longer than that, whatever it is: letters with accents and
/// colours take some.
const MAX_BYTES_PER_CELL: usize = 64;

/// Columns of a line without its colours.
fn visible_width(line: &str) -> usize {
    let mut parts = line.split("\x1b[");
    let first = parts.next().unwrap_or_default().width();
    first
        + parts.map(|part| part.split_once('m').map_or(0, |(_, text)| text.width())).sum::<usize>()
}

/// What the name of the file ends with, by which editors choose their colours.
fn ending(line: &str) -> &'static str {
    let text = text_part(line, true).map_or(line, |part| part.text);
    if is_meant_as_json(text) { ".json" } else { ".txt" }
}

fn outcome(edited: Edited, line: &str, otherwise: &str, composer: &Composer) -> Outcome {
    let back = |reason: &str| Outcome::Line(otherwise.to_owned(), Some(reason.to_owned()));
    let text = match edited {
        Edited::Saved(text) => text,
        Edited::Stopped(Some(text)) if !text.is_empty() => return Outcome::Line(text, None),
        Edited::Stopped(_) => return Outcome::Line(otherwise.to_owned(), None),
        Edited::Failed(reason) => return back(&format!("{reason}; nothing was sent")),
    };
    if text.is_empty() {
        return back("the text is empty: nothing was sent");
    }
    if text == line {
        return Outcome::Unchanged(text);
    }
    composer.forget_refusal();
    match composer.accepts(&text) {
        true => Outcome::Send(text),
        false => Outcome::Line(text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::repl::CONNECTION_COMMANDS;

    #[test]
    fn only_a_changed_text_is_sent() {
        let composer = Composer::new(CONNECTION_COMMANDS.words, Arc::default());
        let line = |text: &str, reason: Option<&str>| {
            Outcome::Line(text.to_owned(), reason.map(str::to_owned))
        };
        let saved = |text: &str| Edited::Saved(text.to_owned());
        for (edited, expected) in [
            (saved("new"), Outcome::Send("new".to_owned())),
            (saved("two\nlines\n"), Outcome::Send("two\nlines\n".to_owned())),
            (saved("old"), Outcome::Unchanged("old".to_owned())),
            (saved(""), line("before", Some("the text is empty: nothing was sent"))),
            (saved("{"), line("{", None)),
            (saved("{"), line("{", None)),
            (Edited::Failed("x".to_owned()), line("before", Some("x; nothing was sent"))),
            (Edited::Stopped(None), line("before", None)),
            (Edited::Stopped(Some("new".to_owned())), line("new", None)),
        ] {
            assert_eq!(outcome(edited, "old", "before", &composer), expected);
        }
        assert!(composer.refusal("{").is_some(), "shown below the line");
    }

    #[test]
    fn colours_take_no_columns() {
        for (line, width) in [("abc", 3), ("\x1b[1;34m한국\x1b[0m!", 5), ("", 0), ("\x1b[0m", 0)]
        {
            assert_eq!(visible_width(line), width, "{line:?}");
        }
    }

    #[test]
    fn json_has_an_ending_of_its_own() {
        for (line, expected) in [
            ("{", ".json"),
            ("/text [1", ".json"),
            ("hello", ".txt"),
            ("/binary 00", ".txt"),
            ("", ".txt"),
        ] {
            assert_eq!(ending(line), expected, "{line}");
        }
    }
}
