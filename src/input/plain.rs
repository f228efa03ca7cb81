//! Lines and commands typed on a terminal without the line editor: standard output is redirected, or the
//! terminal is dumb.

use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use mio::{Registry, Token, Waker};

use super::repl::{CommandSet, FileLoader, NOT_UTF8, NextLine, Parsed, Prompt, PromptContext};
use super::{Action, ActionSource, Next};
use crate::platform::signals::Signal;
use crate::platform::stdio::StdinReader;
use crate::platform::terminal;

/// A longer line is dropped, in bytes.
const MAX_LINE: usize = 256 << 20;

/// Shown then.
const TOO_LONG: &str = "the line is longer than 256 MiB: it was dropped";

/// The most lines that are read while a file is being loaded.
const MAX_BEHIND: usize = 64;

/// Bytes read at a time.
const READ_SIZE: usize = 4 << 10;

/// A terminal whose lines are parsed to `T`.
#[derive(Debug)]
pub struct PlainLines<T: 'static> {
    commands: &'static CommandSet<T>,
    context: Option<PromptContext>,
    reader: StdinReader,
    waker: Option<Arc<Waker>>,
    /// Bytes that were read and not taken.
    line: Vec<u8>,
    /// Up to where it has no newline.
    searched: usize,
    is_too_long: bool,
    loader: FileLoader<T>,
    /// Read while a file is being loaded, and not taken.
    behind: VecDeque<Parsed<T>>,
    /// How long a line that ends the session waits for a file; `None`: until it is read.
    file_limit: Option<Duration>,
    has_ended: bool,
    /// Ctrl-C ends the other programs of the pipeline, so it always ends this one too.
    is_in_pipeline: bool,
}

impl<T: From<Action> + Send + 'static> PlainLines<T> {
    /// One with these commands. A line that ends the session waits for a file for `file_limit`; `None`: until it is
    /// read.
    pub fn new(
        commands: &'static CommandSet<T>,
        context: Option<PromptContext>,
        file_limit: Option<Duration>,
    ) -> Self {
        Self {
            commands,
            context,
            reader: StdinReader::default(),
            waker: None,
            line: Vec::new(),
            searched: 0,
            is_too_long: false,
            loader: FileLoader::default(),
            behind: VecDeque::new(),
            file_limit,
            has_ended: false,
            is_in_pipeline: !io::stdout().is_terminal(),
        }
    }

    /// Registers lines as `token`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        self.waker = Some(Arc::clone(waker));
        self.reader.register(registry, token, waker)
    }

    /// Records that the token was reported.
    pub fn set_ready(&mut self) {
        self.reader.set_ready();
    }

    /// The next line. One that names a file follows when that is loaded.
    pub fn take(&mut self) -> NextLine<T> {
        match self.loader.poll_line() {
            Some(NextLine::Pending) => {
                self.read_behind();
                return match terminal::is_gone() && !self.has_ended {
                    true => self.hang_up(),
                    false => NextLine::Pending,
                };
            }
            Some(line) => return line,
            None => {}
        }
        loop {
            let next = self.behind.pop_front().map_or_else(|| self.read_parsed(), NextLine::Line);
            match (next, &self.waker) {
                (NextLine::Line(Parsed::Ready(line) | Parsed::Long { line, .. }), _) => {
                    return NextLine::Line(line);
                }
                (NextLine::Line(Parsed::File(file)), Some(waker)) => {
                    let next = self.loader.start_line(file, waker);
                    self.read_behind(); // lines that have been announced already
                    return next;
                }
                (NextLine::Line(Parsed::File(_)), None) => {}
                (NextLine::Pending, _) => return NextLine::Pending,
                (NextLine::End, _) if terminal::is_gone() && !self.has_ended => {
                    return self.hang_up();
                }
                (NextLine::End, _) => return NextLine::End,
            }
        }
    }

    fn hang_up(&mut self) -> NextLine<T> {
        self.has_ended = true;
        NextLine::Line(Action::Leave(Signal::Hangup).into())
    }

    /// Reads the lines behind the file that is being loaded: one that ends the session does not wait for ever.
    fn read_behind(&mut self) {
        while self.behind.len() < MAX_BEHIND {
            match self.read_parsed() {
                NextLine::Line(line) => self.behind.push_back(line),
                NextLine::Pending | NextLine::End => break,
            }
        }
        if let (Some(limit), Some(waker)) = (self.file_limit, &self.waker)
            && self.behind.iter().any(|line| self.commands.is_end(line))
        {
            self.loader.limit(limit, waker);
        }
    }

    /// The next line that is not empty.
    fn read_parsed(&mut self) -> NextLine<Parsed<T>> {
        loop {
            let parsed = match self.read_line() {
                NextLine::Line(Some(line)) => self.parse(line),
                NextLine::Line(None) => Some(Parsed::Ready(Action::problem(TOO_LONG).into())),
                NextLine::Pending => return NextLine::Pending,
                NextLine::End => return NextLine::End,
            };
            if let Some(parsed) = parsed {
                return NextLine::Line(parsed);
            }
        }
    }

    /// Drops the lines that have not been taken, and returns how many of them `is_counted` accepts.
    pub fn take_waiting(&mut self, is_counted: impl Fn(&T) -> bool) -> u64 {
        let mut count = self.loader.cancel();
        while let NextLine::Line(line) =
            self.behind.pop_front().map_or_else(|| self.read_parsed(), NextLine::Line)
        {
            count += match line {
                Parsed::Ready(line) | Parsed::Long { line, .. } => u64::from(is_counted(&line)),
                Parsed::File(_) => 1, // its action is one
            };
        }
        count
    }

    /// Drops the line being typed after Ctrl-C; `false` if there is none.
    pub fn clear_line(&mut self) -> bool {
        let had_start = !std::mem::take(&mut self.line).is_empty();
        self.searched = 0;
        let had_text = self.reader.clear_line() || had_start;
        had_text && !self.is_in_pipeline
    }

    fn prompt(&self) -> Prompt {
        if self.is_in_pipeline { Prompt::Redirected } else { Prompt::Dumb }
    }

    fn parse(&self, line: Vec<u8>) -> Option<Parsed<T>> {
        match String::from_utf8(line) {
            Ok(line) => self.commands.parse(&line, self.prompt(), self.context.as_ref()),
            Err(_) => Some(Parsed::Ready(Action::problem(NOT_UTF8).into())),
        }
    }

    /// The next line; `None` for one that was dropped.
    fn read_line(&mut self) -> NextLine<Option<Vec<u8>>> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.line[self.searched..]) {
                let rest = self.line.split_off(self.searched + at + 1);
                let line = std::mem::replace(&mut self.line, rest);
                self.searched = 0;
                let is_too_long = std::mem::take(&mut self.is_too_long);
                return NextLine::Line(Some(line).filter(|_| !is_too_long));
            }
            if self.line.len() > MAX_LINE {
                self.line = Vec::new();
                self.is_too_long = true;
            }
            self.searched = self.line.len();
            let Some(reader) = self.reader.get_mut().filter(|_| !self.has_ended) else {
                return NextLine::End;
            };
            let mut bytes = [0; READ_SIZE];
            match reader.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return NextLine::Pending;
                }
                Ok(0) | Err(_) if terminal::is_gone() => return NextLine::End,
                Ok(count @ 1..) => self.line.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => {
                    self.has_ended = true;
                    let line = std::mem::take(&mut self.line);
                    self.searched = 0;
                    return if line.is_empty() {
                        NextLine::End
                    } else {
                        NextLine::Line(Some(line))
                    };
                }
            }
        }
    }
}

impl ActionSource for PlainLines<Action> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        PlainLines::register(self, registry, token, waker)
    }

    fn set_ready(&mut self) {
        PlainLines::set_ready(self);
    }

    fn next(&mut self, _: &Registry) -> Next<'_> {
        self.take().into()
    }

    fn is_typed(&self) -> bool {
        true
    }

    fn clear_line(&mut self) -> bool {
        PlainLines::clear_line(self)
    }

    fn take_waiting_messages(&mut self) -> u64 {
        self.take_waiting(Action::is_message)
    }
}
