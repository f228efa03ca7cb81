//! Keys with a meaning of their own. Some end the line being typed without sending it: Ctrl-C clears it, Ctrl-Z stops
//! the program, Ctrl-X Ctrl-E opens the text editor. Enter may not send it, or start a new line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, Helper, KeyEvent,
    Modifiers, RepeatCount,
};

use super::composer::Composer;
use crate::platform::raise_quit;
use crate::platform::terminal::ControlKeys;

/// Why a line that the editor returns is not to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RemovedLine {
    /// Ctrl-C: the line is cleared.
    Cleared,
    /// Ctrl-Z: it is typed on when the program is continued. The cursor was here.
    Suspended(usize),
    /// Ctrl-X Ctrl-E: it is edited in the text editor. The cursor was here.
    Edited(usize),
}

/// What was pressed, between the handlers of keys and the thread that reads lines.
#[derive(Debug)]
pub(super) struct Keys {
    composer: Arc<Composer>,
    removed_line: Mutex<Option<RemovedLine>>,
    last_pressed: Mutex<Option<Instant>>,
    is_closing: AtomicBool,
    /// The prompt shows what is searched for in the history.
    is_searching: AtomicBool,
    /// Enter replaces the backslash before the cursor by a newline, by way of completion: no other command of the line
    /// editor replaces and leaves the cursor behind that.
    continues_line: AtomicBool,
}

impl Keys {
    /// Those of a prompt.
    pub(super) fn new(composer: Arc<Composer>) -> Self {
        let (removed_line, last_pressed) = (Mutex::default(), Mutex::default());
        Self {
            composer,
            removed_line,
            last_pressed,
            is_closing: AtomicBool::new(false),
            is_searching: AtomicBool::new(false),
            continues_line: AtomicBool::new(false),
        }
    }

    /// Binds the keys to handlers; `control` are those of the terminal.
    pub(super) fn bind<H: Helper, I: History>(
        self: &Arc<Self>,
        editor: &mut Editor<H, I>,
        control: ControlKeys,
    ) {
        let mut bind = |event: Event, key| {
            let handler = Handler { keys: Arc::clone(self), key };
            editor.bind_sequence(event, EventHandler::Conditional(Box::new(handler)));
        };
        let event = |c, modifiers| Event::from(KeyEvent::new(c, modifiers));
        bind(Event::Any, Key::Other);
        for enter in ['\r', '\n'] {
            bind(event(enter, Modifiers::NONE), Key::Enter);
            bind(event(enter, Modifiers::ALT), Key::NewLine);
        }
        bind(Event::KeySeq(vec![KeyEvent::ctrl('X'), KeyEvent::ctrl('E')]), Key::Edit);
        let interrupt = control.interrupt.map(|key| (key, Key::Interrupt));
        let suspend = control.suspend.map(|key| (key, Key::Suspend));
        let quit = control.quit.map(|key| (key, Key::Quit));
        for (byte, key) in interrupt.into_iter().chain(suspend).chain(quit) {
            bind(event(char::from(byte), Modifiers::NONE), key);
        }
    }

    /// Whether a key was pressed within this time.
    pub(super) fn were_pressed_within(&self, time: Duration) -> bool {
        self.last_pressed().is_some_and(|at| at.elapsed() <= time)
    }

    /// From now on Ctrl-C ends the session also with text on the line.
    pub(super) fn set_closing(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
    }

    /// Whether history is searched: then Ctrl-C ends only that if nothing is found.
    pub(super) fn set_searching(&self, is_searching: bool) {
        self.is_searching.store(is_searching, Ordering::SeqCst);
    }

    /// Whether the backslash before the cursor is to be replaced by a newline, once.
    pub(super) fn take_continuation(&self) -> bool {
        self.continues_line.swap(false, Ordering::SeqCst)
    }

    /// Why the line just read is not to be sent, if so.
    pub(super) fn take_removed_line(&self) -> Option<RemovedLine> {
        self.removed_line().take()
    }

    /// What is shown behind a line that is not sent, so that it does not look like one that was.
    pub(super) fn mark(&self) -> Option<&'static str> {
        self.removed_line().as_ref().map(|removed_line| match removed_line {
            RemovedLine::Cleared => "^C",
            RemovedLine::Suspended(_) => "^Z",
            RemovedLine::Edited(_) => "",
        })
    }

    fn removed_line(&self) -> MutexGuard<'_, Option<RemovedLine>> {
        self.removed_line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_pressed(&self) -> MutexGuard<'_, Option<Instant>> {
        self.last_pressed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Key {
    Interrupt,
    Suspend,
    Quit,
    Edit,
    Enter,
    NewLine,
    Other,
}

struct Handler {
    keys: Arc<Keys>,
    key: Key,
}

impl ConditionalEventHandler for Handler {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        *self.keys.last_pressed() = Some(Instant::now());
        self.keys.continues_line.store(false, Ordering::SeqCst);
        let removed_line = match self.key {
            Key::Other => return None,
            Key::NewLine => return Some(Cmd::Newline),
            Key::Enter => return self.enter(context),
            Key::Suspend => RemovedLine::Suspended(context.pos()),
            Key::Quit => {
                raise_quit(); // in raw mode the terminal sends no signal
                return Some(Cmd::Noop);
            }
            Key::Edit => RemovedLine::Edited(context.pos()),
            Key::Interrupt if self.keys.is_closing.load(Ordering::SeqCst) => {
                return Some(Cmd::Interrupt);
            }
            Key::Interrupt if context.line().is_empty() => {
                let is_searching = self.keys.is_searching.load(Ordering::SeqCst);
                return Some(if is_searching { Cmd::Abort } else { Cmd::Interrupt });
            }
            Key::Interrupt => RemovedLine::Cleared,
        };
        *self.keys.removed_line() = Some(removed_line);
        Some(Cmd::AcceptLine)
    }
}

impl Handler {
    /// What Enter does, unless it sends the line.
    fn enter(&self, context: &EventContext) -> Option<Cmd> {
        let line = context.line();
        if continues(line) && context.pos() == line.len() {
            self.keys.continues_line.store(true, Ordering::SeqCst);
            return Some(Cmd::Complete);
        }
        // Drawn again, it has the reason below it.
        (!self.keys.composer.accepts(line)).then_some(Cmd::Repaint)
    }
}

/// Whether a line ends with a backslash that is not the second one of a pair.
fn continues(line: &str) -> bool {
    let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
    !backslashes.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_number_of_backslashes_continues_a_line() {
        for (line, is_continued) in [
            ("", false),
            ("a", false),
            ("a\\", true),
            ("a\\\\", false),
            ("\\\\\\", true),
            ("\\a", false),
        ] {
            assert_eq!(continues(line), is_continued, "{line}");
        }
    }
}
