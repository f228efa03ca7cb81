//! Standard output and error, which the control loop and the threads of all connections write to.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::Waker;

use crate::commands::displays;
use crate::output::shared::SharedStream;
use crate::output::{Outlet, OutputError};
use crate::platform::batches::{BatchQueue, WhenFull};
use crate::platform::stdio::{Writer, are_one_stream};

/// The queues to the streams. Nothing that is received is lost while standard output is read, however
/// slowly; standard error is a log, and holds up nothing.
#[derive(Debug)]
pub(super) struct Streams {
    out: BatchQueue,
    /// `None` where it is the same as standard output: output to one place stays in order.
    err: Option<BatchQueue>,
    /// The threads that write; none where the line editor does it.
    threads: Vec<SharedStream>,
}

/// What was not written to standard output.
#[derive(Clone, Copy, Debug)]
pub(super) struct GivenUp {
    /// Received messages.
    pub(super) messages: usize,
    /// It did not accept a byte any more.
    pub(super) is_stalled: bool,
}

impl Streams {
    /// The streams as they are.
    ///
    /// # Errors
    /// When the system refuses a thread or what it needs.
    pub(super) fn open(control: Arc<Waker>) -> io::Result<Self> {
        let out = BatchQueue::lossless_in_parts();
        out.watch(Arc::clone(&control));
        let writer = Writer::stdout()?;
        let thread =
            SharedStream::start("standard output", writer, out.clone(), Arc::clone(&control))?;
        let err = if are_one_stream() { None } else { Some(displays::log(control)?) };
        Ok(Self { out, err, threads: vec![thread] })
    }

    /// The terminal, by way of a line editor with this screen.
    ///
    /// # Errors
    /// As [`Streams::open`].
    pub(super) fn on_screen(screen: &BatchQueue, control: Arc<Waker>) -> io::Result<Self> {
        let out = screen.clone();
        out.watch(Arc::clone(&control));
        Ok(Self { out, err: Some(displays::log(control)?), threads: Vec::new() })
    }

    /// Outlets to standard output and error for a thread whose loop `waker` wakes.
    pub(super) fn outlets(&self, waker: &Arc<Waker>) -> (Outlet, Option<Outlet>) {
        displays::outlets(&self.out, self.err.as_ref(), waker)
    }

    /// Why a stream cannot be written any more, once.
    pub(super) fn take_error(&self) -> Option<OutputError> {
        self.threads.iter().find_map(SharedStream::take_error)
    }

    /// Whether everything was written to standard output.
    pub(super) fn are_written(&self) -> bool {
        self.out.is_idle()
    }

    /// Whether standard output accepts nothing.
    pub(super) fn are_stalled(&self) -> bool {
        self.out.is_stalled()
    }

    /// Stops waiting for a standard output that is stalled; also for one that is slow, if `is_late`.
    pub(super) fn stop_waiting(&self, is_late: bool) {
        self.out.set_when_full(if is_late {
            WhenFull::DropMessages
        } else {
            WhenFull::DropIfStalled
        });
    }

    /// Whether messages are shown to people, around the line being typed.
    pub(super) fn have_prompt(&self) -> bool {
        self.threads.is_empty()
    }

    /// Shows no more messages, so that a flood ends at once on the screen.
    pub(super) fn stop_display(&self) {
        if self.have_prompt() {
            self.out.drop_messages();
        }
    }

    /// Drops what waits for standard output.
    pub(super) fn give_up(&self) -> GivenUp {
        let is_stalled = self.out.is_stalled();
        let unwritten = if self.out.is_idle() { self.out.dropped() } else { self.out.close() };
        GivenUp { messages: unwritten.messages, is_stalled }
    }

    /// Waits until everything is written to standard error.
    pub(super) fn finish_log(&self, deadline: Instant) {
        self.err.as_ref().unwrap_or(&self.out).wait_until_written(deadline);
    }
}
