//! The thread that reads lines.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustyline::error::ReadlineError;
use rustyline::{ColorMode, CompletionType, Config, Editor};

use super::composer::Composer;
use super::composing::{Composed, compose};
use super::context::PromptContext;
use super::editing::{Outcome, Programs};
use super::ending::{Ending, LeftText};
use super::helper::Assistant;
use super::history::{LineEditor, LineHistory};
use super::keys::{Keys, RemovedLine};
use super::names::PromptNames;
use super::parsed::{LongText, Parsed};
use super::set::CommandSet;
use super::visible::{drawn, one_line, remark};
use super::words::Prompt;
use crate::input::{Action, Show};
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
    keys.bind(&mut editor, modes.map(SavedModes::control_keys).unwrap_or_default());
    Ok(editor)
}

/// Starts the thread that reads lines.
pub(super) fn spawn_editor<T: From<Action> + Send + 'static>(
    mut editor: LineEditor,
    mut keyboard: Keyboard,
    commands: &'static CommandSet<T>,
    send: impl FnMut(EditorLine<T>) + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("editor".to_owned()).spawn(move || {
        keyboard.read_lines(&mut editor, commands, send);
        if !keyboard.ending.keeps_modes() {
            keyboard.modes.iter().for_each(line_editor::restore);
        }
    })
}

/// What the thread that reads lines owns beside the editor.
pub(super) struct Keyboard {
    pub(super) history: Option<LineHistory>,
    pub(super) typed_ahead: TypedAhead,
    pub(super) modes: Option<SavedModes>,
    pub(super) keys: Arc<Keys>,
    pub(super) jobs: Option<JobControl>,
    pub(super) names: Arc<PromptNames>,
    pub(super) ending: Arc<Ending>,
    pub(super) composer: Arc<Composer>,
    pub(super) programs: Programs,
    pub(super) context: Option<PromptContext>,
}

/// A line that is typed on, and where the cursor is.
type Draft = (String, usize);

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
        let mut draft = Draft::default();
        while !self.is_ending() {
            let (line, cursor) = std::mem::take(&mut draft);
            self.names.settle();
            let prompt = if is_over { String::new() } else { prompt(editor) };
            let read = editor.readline_with_initial(&prompt, line.split_at(cursor));
            match (read, self.keys.take_removed_line()) {
                (Ok(_), Some(RemovedLine::Cleared)) => {}
                (Ok(line), Some(RemovedLine::Suspended(cursor))) => {
                    self.suspend();
                    draft = (line, cursor);
                }
                (Ok(line), Some(RemovedLine::Edited(cursor))) => {
                    let outcome =
                        self.programs.edit(&line, &line, &self.composer, self.context.as_ref());
                    draft = self.take_edited(editor, outcome, cursor, commands, &mut send);
                }
                (Ok(line), None) => draft = self.submit(editor, &line, commands, &mut send),
                (Err(_), _) if self.is_ending() => return self.leave_line(editor),
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

    /// Sends a line, or does what it says. Returns what is typed on.
    fn submit<T: From<Action>>(
        &mut self,
        editor: &mut LineEditor,
        line: &str,
        commands: &CommandSet<T>,
        send: &mut impl FnMut(EditorLine<T>),
    ) -> Draft {
        self.remember(editor, line);
        let problem = |text| Some(Parsed::Ready(Action::problem(text).into()));
        let parsed = match compose(line, &self.composer, self.context.as_ref()) {
            Ok(Composed::AsTyped) => commands.parse(line, Prompt::Editor, self.context.as_ref()),
            Ok(Composed::Command(command)) => {
                let context = self.context.as_ref();
                commands.command(&command, Prompt::Editor, context).map_or_else(problem, Some)
            }
            Ok(Composed::Message(kind, data)) => {
                Some(Parsed::Ready(Action::Composed(kind, data).into()))
            }
            Ok(Composed::Edit(text)) => {
                let context = self.context.as_ref();
                let outcome = self.programs.edit(&text, "", &self.composer, context);
                let is_unchanged = matches!(outcome, Outcome::Unchanged(_));
                let draft = self.take_edited(editor, outcome, 0, commands, send);
                if !is_unchanged {
                    return draft;
                }
                // It was not on the line before.
                self.remember(editor, &draft.0);
                return Draft::default();
            }
            Ok(Composed::Text(text)) => Some(Parsed::Ready(Action::Show(Show::Text(text)).into())),
            Err(reason) => problem(reason),
        };
        if let Some(Parsed::Long { text, line }) = parsed {
            let line = (commands.address)(Parsed::Ready(line), &self.names);
            self.show_long(text, line, send);
            return Draft::default();
        }
        // A line is for the connection that the prompt is at.
        let parsed = match parsed {
            Some(parsed) => Some((commands.address)(parsed, &self.names)),
            None => (commands.enter)(&self.names).map(Parsed::Ready),
        };
        parsed.into_iter().for_each(|parsed| send(EditorLine::Typed(parsed)));
        Draft::default()
    }

    /// Shows a long text in the pager, or between the messages.
    fn show_long<T: From<Action>>(
        &mut self,
        text: LongText,
        line: Parsed<T>,
        send: &mut impl FnMut(EditorLine<T>),
    ) {
        match self.programs.page(text, self.context.as_ref()) {
            Some(Ok(())) => return,
            Some(Err(reason)) => {
                send(EditorLine::Typed(Parsed::Ready(Action::problem(reason).into())));
            }
            None => {}
        }
        send(EditorLine::Typed(line));
    }

    /// What becomes of a line that was in the text editor. Returns what is typed on.
    fn take_edited<T: From<Action>>(
        &mut self,
        editor: &mut LineEditor,
        outcome: Outcome,
        cursor: usize,
        commands: &CommandSet<T>,
        send: &mut impl FnMut(EditorLine<T>),
    ) -> Draft {
        if let (false, Outcome::Send(line)) = (self.is_ending(), &outcome) {
            // As if it had been typed.
            let prompt = editor.helper().map(Assistant::sent_prompt).unwrap_or_default();
            let _ = writeln!(io::stdout(), "{prompt}{}", shown(line));
        }
        self.programs.release_output();
        if self.is_ending() {
            if let Outcome::Send(line) | Outcome::Line(line, _) = outcome {
                self.leave_text(editor, &line, true);
            }
            return Draft::default();
        }
        let show = |action: Action| EditorLine::Typed(Parsed::Ready(action.into()));
        match outcome {
            // Not opened from here, so that an editor that leaves this text ends.
            Outcome::Send(line) if line.starts_with("/edit") => at_end(line),
            Outcome::Send(line) => self.submit(editor, &line, commands, send),
            Outcome::Unchanged(line) => {
                send(show(Action::Show(Show::Text("the text is unchanged: not sent".to_owned()))));
                at_end(line)
            }
            Outcome::Line(line, None) => at_end(line),
            Outcome::Line(line, Some(reason)) => {
                send(show(Action::problem(reason)));
                (line, cursor)
            }
        }
    }

    /// At the end of the session: what is typed on the line is kept in the history.
    fn leave_line(&mut self, editor: &mut LineEditor) {
        let typed = editor.helper().map(|helper| helper.typed().to_owned()).unwrap_or_default();
        match typed.is_empty() {
            true => line_editor::write(ERASED_PROMPT),
            false => self.leave_text(editor, &typed, false),
        }
    }

    fn leave_text(&mut self, editor: &mut LineEditor, line: &str, was_edited: bool) {
        let is_kept = self.remember(editor, line);
        self.ending.leave_text(LeftText { was_edited, is_kept });
    }

    fn send_typed_ahead<T: From<Action>>(
        &mut self,
        editor: &mut LineEditor,
        commands: &CommandSet<T>,
        mut send: impl FnMut(EditorLine<T>),
    ) {
        let typed_ahead = String::from_utf8_lossy(&self.typed_ahead.lines).into_owned();
        for line in typed_ahead.lines() {
            // As the editor would have shown it.
            let _ = writeln!(io::stdout(), "{}{}", prompt(editor), one_line(line));
            self.submit(editor, line, commands, &mut send);
        }
        if self.typed_ahead.ended {
            send(EditorLine::End);
        }
    }

    fn is_ending(&self) -> bool {
        self.ending.has_begun()
    }

    /// Ctrl-Z. The editor is not reading meanwhile: in the background it would take keys that are meant
    /// for the shell, and draw its prompt.
    fn suspend(&self) {
        if let Some(jobs) = &self.jobs {
            jobs.suspend();
        }
    }

    /// Adds a line to the history. Returns whether it was added to the file.
    fn remember(&mut self, editor: &mut LineEditor, line: &str) -> bool {
        if line.trim().is_empty() {
            return false;
        }
        let is_new = editor.add_history_entry(line).unwrap_or(false);
        self.history.as_mut().filter(|_| is_new).is_some_and(|history| history.append(line))
    }
}

/// A line with the cursor behind it.
fn at_end(line: String) -> Draft {
    let end = line.len();
    (line, end)
}

/// What stands before the next line.
fn prompt(editor: &LineEditor) -> String {
    editor.helper().map(Assistant::prompt).unwrap_or_default()
}

/// Removes the unused prompt from the screen.
const ERASED_PROMPT: &[u8] = b"\x1b[A\x1b[2K\r";

/// A line as the line editor draws it.
fn shown(line: &str) -> String {
    let remark = remark(line).unwrap_or_default();
    format!("{}{remark}", drawn(line))
}
