//! The thread that reads lines.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustyline::error::ReadlineError;
use rustyline::{ColorMode, CompletionType, Config, Editor};

use super::context::PromptContext;
use super::helper::Assistant;
use super::history::{LineEditor, LineHistory};
use super::keys::{Keys, RemovedLine};
use super::names::PromptNames;
use super::set::{CommandSet, Parsed, Prompt};
use super::visible::one_line;
use crate::input::Action;
use crate::platform::job_control::JobControl;
use crate::platform::line_editor;
use crate::platform::signals::Signal;
use crate::platform::terminal::{self, SavedModes, TypedAhead};

/// The maximum number of lines in the history.
const MAX_HISTORY: usize = 10_000;

/// Shown when the editor drops a line for this reason.
pub(in crate::input) const NOT_UTF8: &str = "the line is not valid UTF-8: it was dropped";

/// What the thread sends to the session.
#[derive(Debug)]
pub(super) enum EditorLine<T> {
    Typed(Parsed<T>),
    /// Ctrl-C.
    Interrupt(T),
    End,
}

/// The settings of every line editor here.
pub(super) fn editor_config() -> rustyline::Result<Config> {
    Ok(Config::builder()
        .max_history_size(MAX_HISTORY)?
        .history_ignore_space(true)
        .history_ignore_dups(true)?
        .completion_type(CompletionType::List)
        .color_mode(ColorMode::Forced) // else it draws without its helper, which has the colours
        .auto_add_history(false)
        .build())
}

/// A line editor with this assistant and these keys.
pub(super) fn editor(
    config: &Config,
    assistant: Assistant,
    modes: Option<&SavedModes>,
    keys: &Arc<Keys>,
) -> rustyline::Result<LineEditor> {
    let mut editor = Editor::with_config(config.clone())?;
    editor.set_helper(Some(assistant));
    if let Some(modes) = modes {
        keys.bind(&mut editor, modes.control_keys());
    }
    Ok(editor)
}

/// What the thread that reads lines owns beside the editor.
pub(super) struct Keyboard {
    pub(super) history: Option<LineHistory>,
    pub(super) typed_ahead: TypedAhead,
    pub(super) modes: Option<SavedModes>,
    pub(super) keys: Arc<Keys>,
    pub(super) jobs: Option<JobControl>,
    pub(super) ending: Arc<AtomicBool>,
    pub(super) names: Arc<PromptNames>,
    pub(super) context: Option<PromptContext>,
}

impl Keyboard {
    /// Reads lines until the session ends it. Ctrl-C and Ctrl-D do not: the session decides, and while it is
    /// closing, messages are still printed around the prompt.
    pub(super) fn read_lines<T: From<Action>>(
        &mut self,
        editor: &mut LineEditor,
        commands: &CommandSet<T>,
        mut send: impl FnMut(EditorLine<T>),
    ) {
        self.send_typed_ahead(editor, commands, &mut send);
        let mut has_ended = self.typed_ahead.ended;
        if has_ended {
            self.keys.set_closing();
        }
        let mut is_over = has_ended; // without a prompt
        let mut text = (String::new(), 0);
        while !self.is_ending() {
            let (line, cursor) = std::mem::take(&mut text);
            let prompt = if is_over { String::new() } else { prompt(editor) };
            let read = editor.readline_with_initial(&prompt, line.split_at(cursor));
            match (read, self.keys.take_removed_line()) {
                (Ok(_), Some(RemovedLine::Cleared)) => {}
                (Ok(line), Some(RemovedLine::Suspended(cursor))) => {
                    self.suspend();
                    text = (line, cursor);
                }
                (Ok(line), None) => {
                    self.remember(editor, &line);
                    if let Some(typed) = self.parse(commands, &line) {
                        send(EditorLine::Typed(typed));
                    }
                }
                (Err(_), _) if self.is_ending() => return erase_blank_prompt(editor),
                (Err(ReadlineError::Interrupted), _) => {
                    if let Some(cancel) = (commands.cancel)(&self.names) {
                        send(EditorLine::Interrupt(cancel));
                        continue;
                    }
                    is_over = true;
                    self.keys.set_closing();
                    send(EditorLine::Interrupt(Action::Leave(Signal::Interrupt).into()));
                }
                (Err(ReadlineError::Io(error)), _)
                    if error.kind() == io::ErrorKind::InvalidData =>
                {
                    send(EditorLine::Typed(Parsed::Ready(Action::problem(NOT_UTF8).into())));
                }
                // Also a closed terminal, which reports its end repeatedly.
                (Err(_), _) if has_ended => return,
                (Err(_), _) => {
                    is_over = true;
                    has_ended = true;
                    self.keys.set_closing();
                    send(if terminal::is_gone() {
                        EditorLine::Typed(Parsed::Ready(Action::Leave(Signal::Hangup).into()))
                    } else {
                        EditorLine::End
                    });
                }
            }
        }
    }

    fn send_typed_ahead<T: From<Action>>(
        &mut self,
        editor: &mut LineEditor,
        commands: &CommandSet<T>,
        mut send: impl FnMut(EditorLine<T>),
    ) {
        let typed_ahead = String::from_utf8_lossy(&self.typed_ahead.lines).into_owned();
        for line in typed_ahead.lines() {
            self.remember(editor, line);
            let _ = writeln!(io::stdout(), "{}{}", prompt(editor), one_line(line)); // as the editor would have shown it
            if let Some(typed) = self.parse(commands, line) {
                send(EditorLine::Typed(typed));
            }
        }
        if self.typed_ahead.ended {
            send(EditorLine::End);
        }
    }

    /// Parses a line for the connection that the prompt is at.
    fn parse<T: From<Action>>(&self, commands: &CommandSet<T>, line: &str) -> Option<Parsed<T>> {
        match commands.parse(line, Prompt::Editor, self.context.as_ref()) {
            Some(parsed) => Some((commands.address)(parsed, &self.names)),
            None => (commands.enter)(&self.names).map(Parsed::Ready),
        }
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Ctrl-Z. The editor is not reading meanwhile: in the background it would take keys that are meant
    /// for the shell, and draw its prompt.
    fn suspend(&self) {
        if let Some(jobs) = &self.jobs {
            jobs.suspend();
        }
    }

    fn remember(&mut self, editor: &mut LineEditor, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        let is_new = editor.add_history_entry(line).unwrap_or(false);
        if let Some(history) = self.history.as_mut().filter(|_| is_new) {
            history.append(line);
        }
    }
}

/// What stands before the next line.
fn prompt(editor: &LineEditor) -> String {
    editor.helper().map(Assistant::prompt).unwrap_or_default()
}

/// Removes the unused prompt from the screen at the end.
fn erase_blank_prompt(editor: &LineEditor) {
    if editor.helper().is_some_and(Assistant::is_blank) {
        line_editor::write(b"\x1b[A\x1b[2K\r");
    }
}
