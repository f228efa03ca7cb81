//! Output around the line being typed: a thread passes batches to the line editor, so that no event loop
//! waits for the terminal.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
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
    gate: Arc<Gate>,
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
        let (queue, gate) = (batches.clone(), Arc::<Gate>::default());
        let printers_gate = Arc::clone(&gate);
        thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || print(printer, &queue, &printers_gate))?;
        if let Some(modes) = modes {
            let queue = batches.clone();
            thread::Builder::new().name("stalls".to_owned()).spawn(move || {
                queue.watch_stalls(|is_stalled| modes.set_interruptible(is_stalled));
            })?;
        }
        Ok(Self { batches, fences, waker, gate })
    }

    /// The queue of output.
    pub(super) fn batches(&self) -> &BatchQueue {
        &self.batches
    }

    /// What holds the output back while another program has the terminal.
    pub(super) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
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
                thread::sleep(REDRAW_EVERY);
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
            let is_shown = self.batches.wait_until_written(deadline)
                && self.fences.offer(&mut fence())
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

/// Holds output back. The batches wait in their queue, and when that is full, so do those who fill it.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    is_held: bool,
    is_printing: bool,
}

/// How long a batch that is being printed is waited for: if that takes longer, the line editor has it, which is not
/// reading a line, or the terminal accepts nothing.
const PRINT_TIMEOUT: Duration = Duration::from_millis(200);

impl Gate {
    /// Holds output back from now on.
    pub(super) fn hold(&self) {
        let mut state = self.state();
        state.is_held = true;
        let is_printing = |state: &mut GateState| state.is_printing;
        let _ = self.changed.wait_timeout_while(state, PRINT_TIMEOUT, is_printing);
    }

    /// Lets output through again.
    pub(super) fn release(&self) {
        self.state().is_held = false;
        self.changed.notify_all();
    }

    fn enter(&self) {
        let state = self.changed.wait_while(self.state(), |state| state.is_held);
        state.unwrap_or_else(PoisonError::into_inner).is_printing = true;
    }

    fn leave(&self) {
        self.state().is_printing = false;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn print(mut printer: impl ExternalPrinter, batches: &BatchQueue, gate: &Gate) {
    while let Some(batch) = batches.wait_for_batch() {
        gate.enter();
        print_batch(&mut printer, &batch);
        gate.leave();
    }
}

fn print_batch(printer: &mut impl ExternalPrinter, batch: &Batch) {
    if terminal::is_in_background() {
        // The line editor would draw its prompt over what the shell shows.
        let _ = io::stdout().write_all(&batch.bytes).and_then(|()| io::stdout().flush());
        return;
    }
    let text = String::from_utf8_lossy(&batch.bytes).into_owned();
    let _ = printer.print(text); // the editor has ended, and with it the session
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
        if !terminal::is_lent() {
            self.modes.set_raw();
            line_editor::write(BRACKETED_PASTE_ON);
        }
    }

    /// Output makes the editor redraw its line, if it is reading one.
    fn redraw(&self) {
        redraw(&self.redraws);
    }
}

fn redraw(redraws: &BatchSender) {
    redraws.offer(&mut fence()); // without room there is something else to be printed
}

fn fence() -> Batch {
    Batch { bytes: FENCE.to_vec(), ..Batch::default() }
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
