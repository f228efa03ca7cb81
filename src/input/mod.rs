//! Sources of actions.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use data_encoding::HEXLOWER_PERMISSIVE;
use mio::{Registry, Token, Waker};

use crate::platform::signals::Signal;
use crate::protocol::counted::counted;
use crate::protocol::{Cause, MessageKind};

mod action;
mod cutter;
pub mod file;
mod hidden;
mod json;
pub mod plain;
pub mod queue;
pub mod raw;
pub mod repl;
pub mod stdin;

pub use action::{Action, Show};

/// How a source ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// The deadline of the connection.
    pub until: Instant,
    /// A signal was received: a stalled transport or output is not waited for.
    pub is_interrupted: bool,
}

/// What a source yields.
#[derive(Debug)]
pub enum Next<'a> {
    /// [`Action::Send`], with a payload that is still in the buffer of the source: a reference count for
    /// each line of bulk data costs more than cutting it out.
    Message(MessageKind, &'a [u8]),
    /// An action.
    Action(Action),
    /// Nothing yet: readiness will be reported.
    Pending,
    /// There are no more actions.
    End,
    /// There are no more actions, because of this.
    Failed(InputError),
}

/// Why an input can no longer be read. The actions before it have been taken.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A text message is not UTF-8.
    #[error(
        "standard input: {unit} {line}, byte {column}: invalid UTF-8 (byte {} of the input){}; --binary sends any bytes",
        .offset + 1,
        match (.is_utf16, .cause) {
            (true, _) => ": it is UTF-16 according to its byte order mark".to_owned(),
            (false, Some(cause)) => format!(": {cause}"),
            (false, None) => String::new(),
        }
    )]
    NotUtf8 {
        /// What is counted: lines, or records of `--input nul`.
        unit: &'static str,
        /// Which one, from 1.
        line: u64,
        /// Which byte of it, from 1.
        column: u64,
        /// Which byte of the whole input, from 0.
        offset: u64,
        /// It is in UTF-16, as its byte order mark says.
        is_utf16: bool,
        /// The cause, if it is known.
        cause: Option<Cause>,
    },
    /// A line of `--input json` is not an action.
    #[error("standard input: line {line}, byte {column}: {reason}")]
    BadJson {
        /// Which line, from 1.
        line: u64,
        /// Which byte of it, from 1: the start of the value of the member that is wrong, or of the line where no
        /// value is.
        column: u64,
        /// What is wrong.
        reason: String,
    },
    /// A line of `--slash` is not a command that can be carried out.
    #[error("standard input: line {line}: {reason}")]
    BadCommand {
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// A message is too long for memory.
    #[error(
        "standard input: record {line} is longer than {limit} bytes; --input chunks sends any amount"
    )]
    TooLong {
        /// Which record, from 1.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// An action cannot be carried out.
    #[error("{0}")]
    Refused(String),
    /// Reading failed.
    #[error("standard input: {0}")]
    Io(#[from] io::Error),
}

/// A source of actions that an event loop can wait for.
pub trait ActionSource {
    /// Registers readiness as `token`; a source with a thread of its own wakes the
    /// loop instead.
    ///
    /// # Errors
    /// When the system refuses.
    fn register(&mut self, registry: &Registry, token: Token, waker: &Arc<Waker>)
    -> io::Result<()>;

    /// Records that the token was reported, or the loop woken.
    fn set_ready(&mut self);

    /// The loop was woken. Unlike [`ActionSource::next`] this is also called while no actions are taken.
    fn on_woken(&mut self) {}

    /// A signal or `--max-time` is ending the run: `until` then, whatever is stalled.
    fn on_end(&mut self, _until: Instant, _signal: Option<Signal>) {}

    /// Whether the prompt that it is part of stays when the connection has ended.
    fn outlives_connection(&self) -> bool {
        false
    }

    /// The next action.
    fn next(&mut self, registry: &Registry) -> Next<'_>;

    /// Whether what it sends is already visible on the terminal, because it was typed there.
    fn is_typed(&self) -> bool {
        false
    }

    /// The same for the next action alone.
    fn next_is_typed(&self) -> bool {
        self.is_typed()
    }

    /// Whether Ctrl-C was pressed where it sends no signal; for times in which no actions are taken. Lines
    /// that were typed before it are kept.
    fn take_interrupt(&mut self) -> bool {
        false
    }

    /// Whether an action that has not been taken yet ends the session.
    fn is_end_waiting(&self) -> bool {
        false
    }

    /// The session is being closed: from now on Ctrl-C ends it, whatever is on the line being typed.
    fn set_closing(&mut self) {}

    /// Ctrl-C has sent SIGINT: drops the line being typed; `false` if there is none, or the input cannot go on.
    fn clear_line(&mut self) -> bool {
        false
    }

    /// Whether a signal that interrupted the loop and was not reported to it was SIGINT. A line editor
    /// handles that signal itself, but cannot while its terminal accepts no output.
    fn was_interrupted(&mut self) -> bool {
        false
    }

    /// Drops the messages that have been read and not taken, and returns how many.
    fn take_waiting_messages(&mut self) -> u64 {
        0
    }

    /// How the source ends the session, if it does. Actions that are waiting are carried out before, as far
    /// as the socket keeps up.
    fn shutdown(&self) -> Option<Shutdown> {
        None
    }

    /// Whether its actions are taken only while nothing waits to be written: to a peer that does not read, they would say
    /// what is out of date.
    fn waits_until_written(&self) -> bool {
        false
    }

    /// Whether its actions do not wait for a stalled socket: the connection is to be closed.
    fn is_urgent(&self) -> bool {
        false
    }
}

/// A source without actions.
#[derive(Clone, Copy, Debug)]
pub struct NoInput;

impl ActionSource for NoInput {
    fn register(&mut self, _: &Registry, _: Token, _: &Arc<Waker>) -> io::Result<()> {
        Ok(())
    }

    fn set_ready(&mut self) {}

    fn next(&mut self, _: &Registry) -> Next<'_> {
        Next::End
    }
}

/// Whether bytes begin with the byte order mark of UTF-16, which is not UTF-8.
pub fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

/// Parses hex digits; spaces are ignored.
///
/// # Errors
/// The reason, as text.
pub fn decode_hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text.split_whitespace().collect();
    if let Some(c) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
        return Err(format!("not hex: {:?} is not a hex digit", c.to_string()));
    }
    if !digits.len().is_multiple_of(2) {
        let digits = counted(digits.len() as u64, "digit");
        return Err(format!("not hex: {digits}, but every byte requires two"));
    }
    HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|error| format!("not hex: {error}"))
}
