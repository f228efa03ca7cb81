//! Lines typed on a terminal without a line editor, not truncated by the kernel.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rustix::fs::OFlags;

use super::discipline::{Completed, LineDiscipline};
use crate::platform::job_control::{JobControl, TerminalModes};
use crate::platform::terminal::{self, SavedModes};

/// Reads typed bytes, without blocking.
pub(super) type Read<'a> = &'a mut dyn FnMut(&mut [u8]) -> io::Result<usize>;

/// How long to wait before setting the modes: a pager at the end of a pipeline saves the terminal modes when it
/// starts and restores them at its end, so it must find the original ones.
const PIPELINE_START: Duration = Duration::from_millis(300);

/// The number of bytes read at a time.
const READ_SIZE: usize = 4 << 10;

/// The terminal whose lines are edited, for writers to it.
static EDITED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());

/// Writes to a terminal. The line being typed is cleared meanwhile, and shown again after what was written.
pub(super) fn write_around_line(
    bytes: &[u8],
    write: impl FnOnce(&[u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let edited = EDITED.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    match edited.filter(|shared| shared.has_shown_line()) {
        Some(shared) => shared.write_around_line(bytes, write),
        None => write(bytes),
    }
}

/// The terminal on standard input, whose lines are edited here.
#[derive(Debug)]
pub(super) struct TypedLines {
    shared: Arc<Shared>,
    jobs: JobControl,
    /// Completed and not read yet.
    ready: VecDeque<u8>,
    has_ended: bool,
}

#[derive(Debug)]
struct Shared {
    modes: SavedModes,
    /// The modes are set; until then the kernel edits lines.
    is_taken: AtomicBool,
    line: Mutex<Line>,
    /// The terminal to echo to; without it nothing is shown.
    echo: Option<File>,
}

/// The line being typed.
#[derive(Debug)]
struct Line {
    text: LineDiscipline,
    /// It is not shown: something else is being written to the terminal.
    is_hidden: bool,
}

impl TypedLines {
    /// Takes over line editing; `None` if the kernel does not edit lines: another program, such as a pager,
    /// has set the modes. `typed` reads the bytes typed so far.
    ///
    /// # Errors
    /// If signal handlers cannot be installed.
    pub(super) fn take(typed: Read<'_>) -> io::Result<Option<Self>> {
        let modes = SavedModes::read().filter(SavedModes::edits_lines);
        let Some(modes) = modes.filter(|_| !terminal::is_in_background()) else { return Ok(None) };
        let line = Line { text: LineDiscipline::new(modes.edit_keys()), is_hidden: false };
        let line = Mutex::new(line);
        let (echo, is_taken) = (open_echo(), AtomicBool::new(false));
        let shared = Arc::new(Shared { modes, is_taken, line, echo });
        let (ready, has_ended) = read_typed_ahead(typed);
        let take_after = (!io::stdout().is_terminal()).then_some(PIPELINE_START);
        if take_after.is_none() {
            shared.take();
        }
        *EDITED.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&shared);
        let jobs = JobControl::start(Arc::clone(&shared), take_after)?;
        Ok(Some(Self { shared, jobs, ready, has_ended }))
    }

    /// Reads at most one line.
    ///
    /// # Errors
    /// `WouldBlock` if there is none; those of the system.
    pub(super) fn read(&mut self, typed: Read<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            if std::mem::take(&mut self.has_ended) {
                return Ok(0);
            }
            if terminal::is_in_background() || !self.shared.has_terminal() {
                return Err(io::ErrorKind::WouldBlock.into()); // the input is for another program
            }
            let mut bytes = [0; READ_SIZE];
            let count = typed(&mut bytes)?;
            if count == 0 {
                return Ok(0);
            }
            if self.shared.is_taken.load(Ordering::SeqCst) {
                self.push(&bytes[..count]);
            } else {
                self.ready.extend(&bytes[..count]);
            }
        }
        let line = self.ready.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let count = line.unwrap_or(self.ready.len()).min(buffer.len());
        for (place, byte) in buffer.iter_mut().zip(self.ready.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    /// Bytes after an end of input are read after it.
    fn push(&mut self, bytes: &[u8]) {
        let mut line = self.shared.line();
        for byte in bytes {
            match line.text.push(*byte) {
                Some(Completed::Bytes(bytes)) => self.ready.extend(bytes),
                Some(Completed::End) => self.has_ended = true,
                None => {}
            }
        }
        let echo = line.text.take_echo();
        if !line.is_hidden {
            self.shared.show(&echo);
        }
    }

    /// Discards the line being typed; false if there is none.
    pub(super) fn clear_line(&self) -> bool {
        let mut line = self.shared.line();
        let had_text = line.text.clear();
        if had_text && !line.is_hidden {
            self.shared.show(b"^C\n");
        }
        had_text
    }
}

impl Drop for TypedLines {
    fn drop(&mut self) {
        *EDITED.lock().unwrap_or_else(PoisonError::into_inner) = Weak::new();
        self.jobs.release();
        let mut line = self.shared.line();
        let is_shown = line.text.clear() && !line.is_hidden && !terminal::is_in_background();
        if is_shown {
            self.shared.show(b"\n"); // what follows starts on a new line
        }
        drop(line);
        self.shared.give_back();
    }
}

impl Shared {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a line being typed is shown, which has to be cleared before writing.
    fn has_shown_line(&self) -> bool {
        let is_ours = self.is_taken.load(Ordering::SeqCst) && !terminal::is_in_background();
        is_ours && !self.line().text.shown().0.is_empty()
    }

    fn write_around_line(
        &self,
        bytes: &[u8],
        write: impl FnOnce(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut line = self.line();
        let (text, width) = line.text.shown();
        if !std::mem::replace(&mut line.is_hidden, true) {
            // A line on several rows is not cleared: not every terminal supports that.
            let is_one_row = width < terminal::width();
            let blank = [b"\r", " ".repeat(width).as_bytes(), b"\r"].concat();
            self.show(if is_one_row { &blank } else { b"\n" });
        }
        let written = write(bytes);
        let ends_line = match &written {
            Ok(count) if *count == bytes.len() => bytes.ends_with(b"\n"),
            _ => return written, // the rest follows
        };
        if !ends_line {
            self.show(b"\n");
        }
        self.show(&text);
        line.is_hidden = false;
        written
    }

    /// Whether the modes are those set here, or can be set again: else a program started later, such as a
    /// pager, has set its own. A closed terminal can be read.
    fn has_terminal(&self) -> bool {
        if !self.is_taken.load(Ordering::SeqCst) {
            return true;
        }
        self.modes.keep_unedited() || terminal::is_gone()
    }

    /// Writes as much as the terminal accepts without blocking; the rest is not shown.
    fn show(&self, bytes: &[u8]) {
        if let Some(mut echo) = self.echo.as_ref() {
            let _ = echo.write(bytes);
        }
    }
}

impl TerminalModes for Arc<Shared> {
    fn give_back(&self) {
        if !terminal::is_in_background() {
            self.modes.give_back();
        }
    }

    fn take(&self) {
        self.modes.set_unedited();
        self.is_taken.store(true, Ordering::SeqCst);
    }

    fn redraw(&self) {
        let mut line = self.line();
        line.is_hidden = false;
        self.show(&line.text.shown().0);
    }
}

/// Lines edited by the kernel, and whether Ctrl-D followed.
fn read_typed_ahead(typed: Read<'_>) -> (VecDeque<u8>, bool) {
    let mut ready = VecDeque::new();
    let mut bytes = [0; READ_SIZE];
    loop {
        match typed(&mut bytes) {
            Ok(0) => return (ready, true),
            Ok(count) => ready.extend(&bytes[..count]),
            Err(_) => return (ready, false), // the next read reports it
        }
    }
}

/// The terminal on standard input, to write to without blocking.
fn open_echo() -> Option<File> {
    let linux = cfg!(any(target_os = "linux", target_os = "android"));
    let path = if linux { "/proc/self/fd/0" } else { "/dev/tty" };
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).ok()?;
    OpenOptions::new().write(true).custom_flags(flags).open(path).ok()
}
