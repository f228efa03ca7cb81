//! The line editor on the terminal: a thread that reads lines, and one that prints around them.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::Waker;

use super::Action;
use crate::platform::batches::{BatchQueue, BatchSender};
use crate::platform::job_control::JobControl;
use crate::platform::line_editor;
use crate::platform::linger;
use crate::platform::signals::discard_pending;
use crate::platform::terminal::{self, SavedModes, interrupt_self, take_typed};
use crate::platform::user_programs::UserPrograms;

mod closest;
mod colors;
mod completion;
mod composer;
mod composing;
mod connection;
mod context;
mod destination;
mod editing;
mod editor;
mod ending;
mod escapes;
mod filled;
mod help;
mod helper;
mod history;
mod json_text;
mod keys;
mod loader;
mod local;
mod names;
mod next_line;
mod parsed;
mod place;
mod placeholders;
mod prompt;
mod proxy;
mod saved;
mod screen;
mod server;
mod set;
mod settled;
mod several;
mod text_part;
mod visible;
mod words;

pub(crate) use closest::closest;
use composer::Composer;
pub use connection::CONNECTION_COMMANDS;
pub use context::{
    FilterParser, NumberKind, NumberList, PromptContext, RecordControl, RecordRequest,
    ScenarioMaker, SessionScenario,
};
pub use destination::{Destination, Destinations};
use editing::Programs;
pub(super) use editor::NOT_UTF8;
use editor::{EditorLine, Keyboard, editor, editor_config, spawn_editor};
use ending::Ending;
pub use ending::LeftText;
use helper::Assistant;
use history::{LineEditor, LineHistory};
use keys::Keys;
pub(super) use loader::FileLoader;
pub use names::{Liveness, PromptNames, check_name};
pub use next_line::NextLine;
pub use parsed::{FileRequest, Parsed};
use prompt::PromptText;
pub use proxy::{ProxyCommand, ProxyGrammar, proxy_commands};
use screen::Screen;
pub use server::{OperatorCommand, SERVER_COMMANDS};
pub use set::CommandSet;
use set::CommandWords;
pub(crate) use set::close_reason;
use settled::Settled;
pub use several::{PROMPT_COMMANDS, PromptCommand};
pub(super) use words::Prompt;

/// Options of the line editor.
#[derive(Debug)]
pub struct ReplOptions {
    /// The history file; `None`: lines are kept for this session only.
    pub history: Option<PathBuf>,
    /// Colours.
    pub color: bool,
    /// The connections that lines can be for.
    pub names: Arc<PromptNames>,
    /// How long a line that ends the session waits for a file that is being read; `None`: until it is read.
    pub file_limit: Option<Duration>,
    /// The user's text editor and pager.
    pub programs: UserPrograms,
    /// What its commands work on beside the connection; `None`: it has only those on the connection.
    pub context: Option<PromptContext>,
}

/// A running line editor, whose lines are parsed to `T`.
#[derive(Debug)]
pub struct Repl<T: 'static> {
    lines: Receiver<EditorLine<T>>,
    /// Received from `lines` and not taken.
    behind: VecDeque<EditorLine<T>>,
    settled: Arc<Settled>,
    /// How many lines had been sent when none was left to take.
    taken: u64,
    commands: &'static CommandSet<T>,
    loader: FileLoader<T>,
    file_limit: Option<Duration>,
    waker: Arc<Waker>,
    screen: Screen,
    keys: Arc<Keys>,
    jobs: Option<JobControl>,
    ending: Arc<Ending>,
    interrupted: Arc<AtomicBool>,
    editor: Option<JoinHandle<()>>,
    modes: Option<SavedModes>,
    /// Rows and columns of the terminal.
    size: Option<(u16, u16)>,
}

/// The time limit for the editor to end before its terminal is restored anyway.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// The same where the run has to end: half of it for the end, half of it in which the modes of a terminal that
/// accepts no output are set again.
const SHORT_END_TIMEOUT: Duration = Duration::from_millis(100);

/// The least time for the end if a program of the user has the terminal, which has to be ended.
const PROGRAM_TIMEOUT: Duration = Duration::from_millis(300);

/// Someone who has pressed a key within this time is typing.
const TYPING: Duration = Duration::from_secs(2);

/// The interval at which the modes of a terminal that accepts no output are set again.
const RESTORE_EVERY: Duration = Duration::from_millis(10);

/// The interval of the signals that end it: one that arrives between two lines has no effect.
const INTERRUPT_EVERY: Duration = Duration::from_millis(5);

impl<T: From<Action> + Send + 'static> Repl<T> {
    /// Starts the editor on the terminal; `waker` announces lines.
    ///
    /// # Errors
    /// When the terminal cannot be used for that.
    pub fn start(
        options: ReplOptions,
        commands: &'static CommandSet<T>,
        waker: Arc<Waker>,
    ) -> io::Result<Self> {
        let modes = SavedModes::read();
        let typed_ahead = modes.as_ref().map(take_typed).unwrap_or_default();
        if let Some(modes) = &modes {
            modes.set_raw();
        }
        let composer = Arc::new(Composer::new(commands.words, Arc::clone(&options.names)));
        let keys = Arc::new(Keys::new(Arc::clone(&composer)));
        let (mut editor, history) =
            new_editor(&options, commands.words, &composer, &keys, modes.as_ref())
                .map_err(io::Error::other)?;
        let printer = editor.create_external_printer().map_err(io::Error::other)?;
        let screen = Screen::start(printer, Arc::clone(&waker), modes.clone())?;
        if let Some(context) = &options.context {
            screen.follow_pauses(Arc::clone(&context.view))?;
        }
        let jobs = modes.clone().map(|modes| JobControl::start(screen.job_modes(modes), None));
        let jobs = jobs.transpose()?;
        let ending = Arc::<Ending>::default();
        let interrupted = Arc::new(AtomicBool::new(false));
        let own_ending = Arc::clone(&ending);
        let programs = Programs::new(options.programs, modes.clone(), screen.gate(), own_ending);
        let settled = Arc::<Settled>::default();
        let (sender, lines) = channel();
        let keyboard = Keyboard {
            history,
            typed_ahead,
            modes: modes.clone(),
            keys: Arc::clone(&keys),
            jobs: jobs.clone(),
            ending: Arc::clone(&ending),
            names: options.names,
            composer,
            programs,
            context: options.context,
        };
        let (passed, to_wake) = (Arc::clone(&settled), Arc::clone(&waker));
        let send = line_sender(sender, passed, Arc::clone(&interrupted), to_wake);
        let thread = spawn_editor(editor, keyboard, commands, send)?;
        Ok(Self {
            lines,
            behind: VecDeque::new(),
            settled,
            taken: 0,
            commands,
            loader: FileLoader::default(),
            file_limit: options.file_limit,
            waker,
            screen,
            keys,
            jobs,
            ending,
            interrupted,
            editor: Some(thread),
            modes,
            size: terminal::size(),
        })
    }

    /// The next line. One that names a file follows when that is loaded.
    pub fn take(&mut self) -> NextLine<T> {
        match self.loader.poll_line() {
            Some(NextLine::Pending) => {
                let interrupt = self.take_interrupt();
                self.limit_loading();
                return interrupt.map_or(NextLine::Pending, NextLine::Line);
            }
            Some(line) => return line,
            None => {}
        }
        let sent = self.settled.sent();
        match self.behind.pop_front().map_or_else(|| self.lines.try_recv(), Ok) {
            Ok(
                EditorLine::Typed(Parsed::Ready(line) | Parsed::Long { line, .. })
                | EditorLine::Interrupt(line),
            ) => NextLine::Line(line),
            Ok(EditorLine::Typed(Parsed::File(file))) => {
                let next = self.loader.start_line(file, &self.waker);
                self.limit_loading(); // for lines that have been announced already
                next
            }
            Ok(EditorLine::End) | Err(TryRecvError::Disconnected) => NextLine::End,
            Err(TryRecvError::Empty) => {
                self.taken = sent;
                NextLine::Pending
            }
        }
    }

    /// All lines that [`Repl::take`] has returned have been carried out.
    pub fn settle(&self) {
        self.settled.set_done(self.taken);
    }

    /// A line that ends the session does not wait for ever for the file before it.
    fn limit_loading(&mut self) {
        self.behind.extend(self.lines.try_iter());
        let ends = |line: &EditorLine<T>| match line {
            EditorLine::Typed(line) => self.commands.is_end(line),
            EditorLine::End => true,
            EditorLine::Interrupt(_) => false,
        };
        if let Some(limit) = self.file_limit
            && self.behind.iter().any(ends)
        {
            self.loader.limit(limit, &self.waker);
        }
    }

    /// Drops the lines that have not been taken, and returns how many of them `is_counted` accepts.
    pub fn take_waiting(&mut self, is_counted: impl Fn(&T) -> bool) -> u64 {
        let loading = self.loader.cancel();
        let lines = self.behind.drain(..).chain(self.lines.try_iter());
        let is_counted = |line: &EditorLine<T>| match line {
            EditorLine::Typed(Parsed::Ready(line) | Parsed::Long { line, .. }) => is_counted(line),
            EditorLine::Typed(Parsed::File(_)) => true,
            EditorLine::Interrupt(_) | EditorLine::End => false,
        };
        loading + lines.filter(is_counted).count() as u64
    }

    /// Ctrl-C, ahead of the lines before it.
    pub fn take_interrupt(&mut self) -> Option<T> {
        self.behind.extend(self.lines.try_iter());
        let at = self.behind.iter().position(|line| matches!(line, EditorLine::Interrupt(_)))?;
        match self.behind.remove(at)? {
            EditorLine::Interrupt(line) => Some(line),
            EditorLine::Typed(_) | EditorLine::End => None,
        }
    }
}

/// Passes on what is typed, and waits until it has been carried out.
fn line_sender<T>(
    lines: Sender<EditorLine<T>>,
    settled: Arc<Settled>,
    interrupted: Arc<AtomicBool>,
    waker: Arc<Waker>,
) -> impl FnMut(EditorLine<T>) {
    move |line| {
        let is_interrupt = matches!(line, EditorLine::Interrupt(_));
        let is_typed = matches!(line, EditorLine::Typed(_));
        // Fails when the session has ended: then `ending` has begun as well.
        let _ = lines.send(line);
        let number = settled.count();
        // After the line, so that the flag is not taken back before the line can be received.
        interrupted.fetch_or(is_interrupt, Ordering::SeqCst);
        let _ = waker.wake();
        if is_typed {
            settled.wait_for(number);
        }
    }
}

impl<T> Repl<T> {
    /// The queue of output for the terminal while the editor has it.
    pub fn screen(&self) -> &BatchQueue {
        self.screen.batches()
    }

    /// A sender to it for the loop that reads the lines.
    pub fn lane(&self) -> BatchSender {
        self.screen.batches().sender(Arc::clone(&self.waker))
    }

    /// The session is being closed: Ctrl-C ends it, whatever is on the line.
    pub fn set_closing(&self) {
        self.keys.set_closing();
    }

    /// A flag that Ctrl-C sets, for waits during which no lines are taken.
    pub fn interrupted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupted)
    }

    /// Clears the flag: everything typed until now is in the lines.
    pub fn forget_interrupt(&self) {
        self.interrupted.store(false, Ordering::SeqCst);
    }

    /// Whether the text editor or the pager of the user has the terminal.
    pub fn is_terminal_lent(&self) -> bool {
        terminal::is_lent()
    }

    /// From now on no lines are sent; a text that is being edited is kept in the history.
    pub fn begin_end(&self) {
        self.settled.end();
        self.ending.begin();
    }

    /// The text that was being written when the session ended.
    pub fn left_text(&self) -> Option<LeftText> {
        self.ending.left_text()
    }

    /// Prints the queued output and restores the original modes of the terminal. For a terminal that accepts no output it
    /// waits until `until`, or for 0.1 s if that is later. If `lingers` and someone is typing, the modes are restored by
    /// [`linger::finish`]. Returns how many received messages were not shown.
    pub fn end(&mut self, until: Option<Instant>, lingers: bool) -> usize {
        let Some(editor) = self.editor.take() else { return 0 };
        self.settled.end();
        let until = || until.unwrap_or_else(|| Instant::now() + END_TIMEOUT);
        self.screen.wait_until_shown(until());
        if lingers {
            self.ending.keep_modes();
        }
        self.ending.begin();
        let is_lent = terminal::is_lent();
        self.ending.stop_programs();
        if let Some(jobs) = &self.jobs {
            jobs.release();
        }
        // In the background an editor that is reading a line is left there: restoring the terminal would
        // stop the program.
        let least = if is_lent { PROGRAM_TIMEOUT } else { SHORT_END_TIMEOUT };
        let end = until().max(Instant::now() + least);
        let mut is_over =
            terminal::is_in_background() || interrupt(&editor, end - SHORT_END_TIMEOUT / 2);
        let not_shown = self.screen.close();
        if lingers && is_over && self.is_being_typed() && !terminal::is_in_background() {
            self.modes.iter().for_each(linger::begin);
        } else {
            self.restore_modes();
        }
        while !is_over && Instant::now() < end {
            // It was waiting for a terminal that accepts no output, and sets its modes once more.
            is_over = interrupt(&editor, end.min(Instant::now() + RESTORE_EVERY));
            self.restore_modes();
        }
        discard_pending(); // interrupts that came when the editor had already ended
        if editor.is_finished() {
            let _ = editor.join(); // a panic there has been reported by its hook
        }
        not_shown
    }

    fn is_being_typed(&self) -> bool {
        self.ending.left_text().is_some() || self.keys.were_pressed_within(TYPING)
    }

    /// Whether a signal that interrupted a wait of the loop, and is none of those that it handles, was
    /// SIGINT. The line editor takes over that one and SIGWINCH, which is detected by the size of the
    /// terminal; while the terminal accepts no output the editor cannot react to it.
    pub fn was_interrupted_while_stalled(&mut self) -> bool {
        let size = terminal::size();
        let was_resized = std::mem::replace(&mut self.size, size) != size;
        !was_resized && !terminal::is_lent() && self.screen.batches().is_stalled()
    }

    fn restore_modes(&self) {
        if let Some(modes) = &self.modes {
            line_editor::restore(modes);
        }
    }
}

/// A line editor, and the history file if it can be used.
fn new_editor(
    options: &ReplOptions,
    words: CommandWords,
    composer: &Arc<Composer>,
    keys: &Arc<Keys>,
    modes: Option<&SavedModes>,
) -> rustyline::Result<(LineEditor, Option<LineHistory>)> {
    let config = editor_config()?;
    let prompt = PromptText::new(options.context.clone(), Arc::clone(&options.names));
    let (composer, own_keys) = (Arc::clone(composer), Arc::clone(keys));
    let assistant = Assistant::new(words, options.color, own_keys, composer, prompt);
    let mut editor = editor(&config, assistant, modes, keys)?;
    let history = options
        .history
        .clone()
        .and_then(|path| LineHistory::load(path, Arc::clone(&options.names), &config, &mut editor));
    Ok((editor, history))
}

/// Interrupts the editor's thread, which is reading a line; `false` if it has not ended by then.
fn interrupt(editor: &JoinHandle<()>, until: Instant) -> bool {
    while !editor.is_finished() && Instant::now() < until {
        interrupt_self();
        thread::sleep(INTERRUPT_EVERY);
    }
    editor.is_finished()
}

impl<T> Drop for Repl<T> {
    fn drop(&mut self) {
        self.end(None, false);
    }
}
