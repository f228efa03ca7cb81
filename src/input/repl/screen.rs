//! Output around the line being typed: a thread passes batches to the line editor, so that no event loop
//! waits for the terminal.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::Waker;
use rustyline::ExternalPrinter;

use crate::platform::batches::{Batch, BatchQueue, BatchSender};
use crate::platform::job_control::TerminalModes;
use crate::platform::line_editor;
use crate::platform::terminal::{self, SavedModes};
use crate::view::View;

/// The terminal as an output.
#[derive(Debug)]
pub(super) struct Screen {
    batches: BatchQueue,
    /// For the output at the end.
    fences: BatchSender,
    waker: Arc<Waker>,
}

/// The editor sets this itself when it begins to read a line.
const BRACKETED_PASTE_ON: &[u8] = b"\x1b[?2004h";

/// Moves up and down again: shows nothing. The editor accepts one text at a time, so once this one has been
/// taken, those before it are on the screen.
const FENCE: &[u8] = b"\x1b[A\n";

/// The interval at which a number in the prompt is drawn anew.
const REDRAW_EVERY: Duration = Duration::from_millis(200);

impl Screen {
    /// While the terminal accepts no output, the editor does not read its keys: Ctrl-C sends a signal
    /// then. `modes` are those that the editor found.
    pub(super) fn start(
        printer: impl ExternalPrinter + Send + 'static,
        waker: Arc<Waker>,
        modes: Option<SavedModes>,
    ) -> io::Result<Self> {
        let batches = BatchQueue::lossless();
        let fences = batches.sender(Arc::clone(&waker));
        let queue = batches.clone();
        thread::Builder::new().name("screen".to_owned()).spawn(move || print(printer, &queue))?;
        if let Some(modes) = modes {
            let queue = batches.clone();
            thread::Builder::new().name("stalls".to_owned()).spawn(move || {
                queue.watch_stalls(|is_stalled| modes.set_interruptible(is_stalled));
            })?;
        }
        Ok(Self { batches, fences, waker })
    }

    /// The queue of output.
    pub(super) fn batches(&self) -> &BatchQueue {
        &self.batches
    }

    /// Takes no more batches. Returns how many received messages have not been shown.
    pub(super) fn close(&self) -> usize {
        self.batches.close().messages
    }

    /// Draws the prompt anew when a pause of `view` holds more messages back, so that their number is up to date.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn follow_pauses(&self, view: Arc<View>) -> io::Result<()> {
        let redraws = self.batches.sender(Arc::clone(&self.waker));
        thread::Builder::new().name("pauses".to_owned()).spawn(move || {
            let mut shown = 0;
            loop {
                shown = view.wait_for_held_back(shown);
                redraw(&redraws);
                thread::park_timeout(REDRAW_EVERY);
            }
        })?;
        Ok(())
    }

    /// The modes of the terminal for when the program is stopped and continued.
    pub(super) fn job_modes(&self, modes: SavedModes) -> impl TerminalModes + use<> {
        let redraws = self.batches.sender(Arc::clone(&self.waker));
        JobModes { modes, redraws }
    }

    /// Waits until all batches are on the screen, but not beyond this time.
    pub(super) fn wait_until_shown(&self, deadline: Instant) {
        for _ in 0..2 {
            let mut fence =
                Batch { bytes: FENCE.to_vec(), message_ends: Vec::new(), ..Batch::default() };
            let is_shown = self.batches.wait_until_written(deadline)
                && self.fences.offer(&mut fence)
                && self.batches.wait_until_written(deadline);
            if !is_shown {
                return;
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.batches.close();
    }
}

fn print(mut printer: impl ExternalPrinter, batches: &BatchQueue) {
    while let Some(batch) = batches.wait_for_batch() {
        if terminal::is_in_background() {
            // The line editor would draw its prompt over what the shell shows.
            let _ = io::stdout().write_all(&batch.bytes).and_then(|()| io::stdout().flush());
            continue;
        }
        let text = String::from_utf8_lossy(&batch.bytes).into_owned();
        let _ = printer.print(text); // the editor has ended, and with it the session
    }
}

struct JobModes {
    modes: SavedModes,
    redraws: BatchSender,
}

impl TerminalModes for JobModes {
    fn give_back(&self) {
        line_editor::restore(&self.modes);
    }

    fn take(&self) {
        self.modes.set_raw();
        line_editor::write(BRACKETED_PASTE_ON);
    }

    /// Output makes the editor redraw its line, if it is reading one.
    fn redraw(&self) {
        redraw(&self.redraws);
    }
}

fn redraw(redraws: &BatchSender) {
    let mut fence = Batch { bytes: FENCE.to_vec(), message_ends: Vec::new(), ..Batch::default() };
    redraws.offer(&mut fence); // without room there is something else to be printed
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use mio::{Poll, Token};

    use super::*;

    /// A terminal that accepts nothing until it is dropped.
    struct Stopped(Sender<()>);

    impl ExternalPrinter for Stopped {
        fn print(&mut self, _: String) -> rustyline::Result<()> {
            let _ = self.0.send(()); // the test has ended
            loop {
                thread::park();
            }
        }
    }

    #[test]
    fn the_wait_for_a_stopped_terminal_is_limited() {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let (sender, printed) = channel();
        let screen = Screen::start(Stopped(sender), Arc::clone(&waker), None).unwrap();
        let lane = screen.batches().sender(waker);
        let line = || Batch {
            bytes: vec![b'x'; 1 << 20],
            message_ends: vec![1 << 20],
            ..Batch::default()
        };
        assert!(lane.offer(&mut line()));
        printed.recv().unwrap();
        assert!(!lane.offer(&mut line()), "it is full, and the sender does not wait");
        screen.wait_until_shown(Instant::now());
        assert_eq!(screen.batches().close().messages, 1);
    }
}
