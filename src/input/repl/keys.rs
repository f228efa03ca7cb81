//! Keys that end the line being typed without sending it: Ctrl-C clears it, Ctrl-Z stops the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, Helper, KeyEvent,
    Modifiers, RepeatCount,
};

use crate::platform::terminal::ControlKeys;

/// Why a line that the editor returns is not to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RemovedLine {
    /// Ctrl-C: the line is cleared.
    Cleared,
    /// Ctrl-Z: it is typed on when the program is continued. The cursor was here.
    Suspended(usize),
}

/// What was pressed, between the handlers of keys and the thread that reads lines.
#[derive(Debug, Default)]
pub(super) struct Keys {
    removed_line: Mutex<Option<RemovedLine>>,
    is_closing: AtomicBool,
}

impl Keys {
    /// Binds these keys to handlers.
    pub(super) fn bind<H: Helper, I: History>(
        self: &Arc<Self>,
        editor: &mut Editor<H, I>,
        keys: ControlKeys,
    ) {
        let interrupt = keys.interrupt.map(|key| (key, Key::Interrupt));
        let suspend = keys.suspend.map(|key| (key, Key::Suspend));
        for (byte, key) in interrupt.into_iter().chain(suspend) {
            let event = KeyEvent::new(char::from(byte), Modifiers::NONE);
            let handler = Handler { keys: Arc::clone(self), key };
            editor.bind_sequence(event, EventHandler::Conditional(Box::new(handler)));
        }
    }

    /// From now on Ctrl-C ends the session also with text on the line.
    pub(super) fn set_closing(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
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
        })
    }

    fn removed_line(&self) -> MutexGuard<'_, Option<RemovedLine>> {
        self.removed_line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Key {
    Interrupt,
    Suspend,
}

struct Handler {
    keys: Arc<Keys>,
    key: Key,
}

impl ConditionalEventHandler for Handler {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let removed_line = match self.key {
            Key::Suspend => RemovedLine::Suspended(context.pos()),
            Key::Interrupt
                if context.line().is_empty() || self.keys.is_closing.load(Ordering::SeqCst) =>
            {
                return Some(Cmd::Interrupt);
            }
            Key::Interrupt => RemovedLine::Cleared,
        };
        *self.keys.removed_line() = Some(removed_line);
        Some(Cmd::AcceptLine)
    }
}
