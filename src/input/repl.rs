//! The line editor on the terminal: a thread that reads lines, and one that prints around them.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fs, io};

use mio::{Registry, Token, Waker};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};

use super::{Action, Next, Source};
use crate::platform::terminal::{self, SavedModes, TypedAhead, interrupt_self, take_typed};

mod command;
mod helper;
mod screen;
mod server;
mod set;

pub use command::CONNECTION_COMMANDS;
use helper::Assistant;
pub use screen::Screen;
pub use server::{Order, Recipients, SERVER_COMMANDS};
pub use set::CommandSet;

/// How the line editor is to be.
#[derive(Debug)]
pub struct ReplOptions {
    /// Where lines are remembered.
    pub history: Option<PathBuf>,
    /// Colours.
    pub color: bool,
}

/// A running line editor, whose lines become these.
#[derive(Debug)]
pub struct Repl<T> {
    lines: Receiver<Line<T>>,
    screen: Screen,
    ending: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    editor: Option<JoinHandle<()>>,
    modes: Option<SavedModes>,
}

/// What the editor's thread has to say.
#[derive(Debug)]
enum Line<T> {
    Typed(T),
    /// Ctrl-C.
    Interrupt(T),
    End,
}

/// What was typed.
#[derive(Debug)]
pub enum Typed<T> {
    /// A line.
    Line(T),
    /// Nothing yet.
    Pending,
    /// Nothing ever again: Ctrl-D.
    End,
}

const PROMPT: &str = "> ";

/// Lines that are remembered.
const MAX_HISTORY: usize = 10_000;

/// How long the editor is asked to end before its terminal is taken from it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The same where the run has to end.
const SHORT_PATIENCE: Duration = Duration::from_millis(100);

/// How often it is asked: a signal that comes between two lines is lost on it.
const ASK_EVERY: Duration = Duration::from_millis(5);

impl<T: Send + 'static> Repl<T> {
    /// Puts the terminal into the editor's hands; lines are announced by `waker`.
    ///
    /// # Errors
    /// When the terminal cannot be used so.
    pub fn start(
        options: ReplOptions,
        commands: &'static CommandSet<T>,
        waker: Arc<Waker>,
    ) -> io::Result<Self> {
        let modes = SavedModes::read();
        let typed_ahead = modes.as_ref().map(take_typed).unwrap_or_default();
        if let Some(modes) = &modes {
            modes.quieten();
        }
        let assistant = Assistant::new(commands.commands);
        let mut editor = editor(&options, assistant).map_err(io::Error::other)?;
        let printer = editor.create_external_printer().map_err(io::Error::other)?;
        let screen = Screen::start(printer, Arc::clone(&waker))?;
        let ending = Arc::new(AtomicBool::new(false));
        let (sender, lines) = channel();
        let is_ending = Arc::clone(&ending);
        let interrupted = Arc::new(AtomicBool::new(false));
        let is_interrupted = Arc::clone(&interrupted);
        let thread = thread::Builder::new().name("editor".to_owned()).spawn(move || {
            let keyboard = Keyboard { history: options.history, typed_ahead };
            read_lines(&mut editor, keyboard, commands, &is_ending, |line| {
                let is_interrupt = matches!(line, Line::Interrupt(_));
                // The session has ended when nobody listens: then `is_ending` is set as well.
                let _ = sender.send(line);
                // Behind the line, so that it is not forgotten before that is there.
                is_interrupted.fetch_or(is_interrupt, Ordering::SeqCst);
                let _ = waker.wake();
            });
        })?;
        Ok(Self { lines, screen, ending, interrupted, editor: Some(thread), modes })
    }

    /// The next line.
    pub fn take(&mut self) -> Typed<T> {
        match self.lines.try_recv() {
            Ok(Line::Typed(line)) => Typed::Line(line),
            Ok(Line::Interrupt(line)) => {
                self.forget_interrupt();
                Typed::Line(line)
            }
            Ok(Line::End) | Err(TryRecvError::Disconnected) => Typed::End,
            Err(TryRecvError::Empty) => Typed::Pending,
        }
    }
}

impl<T> Repl<T> {
    /// Where output goes while the editor has the terminal.
    pub fn lane(&self) -> Screen {
        self.screen.clone()
    }

    /// A flag that Ctrl-C sets, for waits that take no lines.
    pub fn interrupted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupted)
    }

    /// Takes the flag back: what was typed until now is in the lines.
    pub fn forget_interrupt(&self) {
        self.interrupted.store(false, Ordering::SeqCst);
    }

    /// Prints what is waiting and gives the terminal back as it was found; a terminal that takes no
    /// output is not waited for beyond `until`.
    pub fn end(&mut self, until: Option<Instant>) {
        let Some(editor) = self.editor.take() else { return };
        let until = || until.unwrap_or_else(|| Instant::now() + PATIENCE);
        self.screen.wait_until_shown(until());
        self.ending.store(true, Ordering::SeqCst);
        let is_over = interrupt(&editor, until().max(Instant::now() + SHORT_PATIENCE));
        self.screen.close();
        self.restore_modes();
        if !is_over && interrupt(&editor, Instant::now() + SHORT_PATIENCE) {
            // It had waited for a terminal that took no output, and has set its modes once more.
            self.restore_modes();
        }
        if editor.is_finished() {
            let _ = editor.join(); // a panic there has been reported by its hook
        }
    }

    fn restore_modes(&self) {
        if let Some(modes) = &self.modes {
            modes.restore();
        }
    }
}

/// Gets the editor's thread out of reading a line. False if it has not ended by then.
fn interrupt(editor: &JoinHandle<()>, until: Instant) -> bool {
    while !editor.is_finished() && Instant::now() < until {
        interrupt_self();
        thread::sleep(ASK_EVERY);
    }
    editor.is_finished()
}

impl<T> Drop for Repl<T> {
    fn drop(&mut self) {
        self.end(None);
    }
}

impl Source for Repl<Action<'static>> {
    /// The waker was given at the start.
    fn register(&mut self, _: &Registry, _: Token, _: &Arc<Waker>) -> io::Result<()> {
        Ok(())
    }

    fn set_ready(&mut self) {}

    fn next(&mut self, _: &Registry) -> Next<'_> {
        match self.take() {
            Typed::Line(action) => Next::Action(action),
            Typed::Pending => Next::Pending,
            Typed::End => Next::End,
        }
    }

    fn is_typed(&self) -> bool {
        true
    }

    /// Ctrl-C does not wait for a stalled socket, and neither does what was typed before it.
    fn is_urgent(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}

/// Where lines come from, beside the editor, and where they are remembered.
struct Keyboard {
    history: Option<PathBuf>,
    typed_ahead: TypedAhead,
}

type LineEditor = Editor<Assistant, FileHistory>;

fn editor(options: &ReplOptions, assistant: Assistant) -> rustyline::Result<LineEditor> {
    let config = Config::builder()
        .max_history_size(MAX_HISTORY)?
        .history_ignore_space(true)
        .history_ignore_dups(true)?
        .completion_type(CompletionType::List)
        .color_mode(if options.color { ColorMode::Enabled } else { ColorMode::Disabled })
        .auto_add_history(false)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(assistant));
    if let Some(path) = &options.history {
        prepare_history(path);
        let _ = editor.load_history(path); // there is none yet, or it cannot be read: start afresh
    }
    Ok(editor)
}

/// What was typed may be confidential: nobody else gets to read it.
fn prepare_history(path: &PathBuf) {
    let Some(folder) = path.parent() else { return };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let _ = builder.create(folder); // without it the history lasts as long as the session
    let mut file = fs::OpenOptions::new();
    file.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    let _ = file.open(path);
}

/// Reads lines until told to end. Ctrl-C and Ctrl-D do not end it: the session decides, and while it
/// closes, messages have still to be printed around the prompt.
fn read_lines<T>(
    editor: &mut LineEditor,
    keyboard: Keyboard,
    commands: &CommandSet<T>,
    ending: &AtomicBool,
    mut send: impl FnMut(Line<T>),
) {
    let Keyboard { history, typed_ahead } = keyboard;
    for line in String::from_utf8_lossy(&typed_ahead.lines).lines() {
        remember(editor, history.as_ref(), line);
        let _ = writeln!(io::stdout(), "{PROMPT}{line}"); // as the editor would have shown it
        commands.parse(line).into_iter().for_each(|typed| send(Line::Typed(typed)));
    }
    let mut has_ended = typed_ahead.ended;
    if has_ended {
        send(Line::End);
    }
    let mut prompt = if has_ended { "" } else { PROMPT };
    while !ending.load(Ordering::SeqCst) {
        match editor.readline(prompt) {
            Ok(line) => {
                remember(editor, history.as_ref(), &line);
                if let Some(typed) = commands.parse(&line) {
                    send(Line::Typed(typed));
                }
            }
            Err(_) if ending.load(Ordering::SeqCst) => return erase_blank_prompt(editor),
            Err(ReadlineError::Interrupted) => {
                prompt = "";
                send(Line::Interrupt((commands.interrupt)()));
            }
            // Also a terminal that is gone, which reports its end again and again.
            Err(_) if has_ended => return,
            Err(_) => {
                prompt = "";
                has_ended = true;
                send(Line::End);
            }
        }
    }
}

/// The prompt that nobody will type at any more is taken off the screen.
fn erase_blank_prompt(editor: &LineEditor) {
    if editor.helper().is_some_and(Assistant::is_blank) {
        terminal::write(b"\x1b[A\x1b[2K\r");
    }
}

fn remember(editor: &mut LineEditor, history: Option<&PathBuf>, line: &str) {
    if line.trim().is_empty() {
        return;
    }
    let is_new = editor.add_history_entry(line).unwrap_or(false);
    if let Some(path) = history.filter(|_| is_new) {
        let _ = editor.append_history(path); // a full disk must not stop the conversation
    }
}
