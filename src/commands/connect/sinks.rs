//! Where the loops of several connections write: all through the prompt's terminal.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::Waker;

use super::record::RunShared;
use crate::commands::displays::{self, Failures, SharedView};
use crate::config::ConnectConfig;
use crate::output::Outputs;
use crate::platform::batches::BatchQueue;
use crate::platform::stdio::are_one_stream;

/// The queues to the terminal and, where it is something else, to standard error.
#[derive(Clone, Debug)]
pub(super) struct Sinks {
    screen: BatchQueue,
    err: Option<BatchQueue>,
}

impl Sinks {
    /// Those beside a prompt, which writes what is in `screen`.
    ///
    /// # Errors
    /// When the system refuses a thread or what it needs.
    pub(super) fn open(screen: BatchQueue, control: Arc<Waker>) -> io::Result<Self> {
        let err = match are_one_stream() {
            true => None,
            false => Some(displays::log(control)?),
        };
        Ok(Self { screen, err })
    }

    /// Waits until everything is written to standard error.
    pub(super) fn finish(&self, until: Instant) {
        if let Some(err) = &self.err {
            err.wait_until_written(until);
        }
    }

    /// Outputs for a thread whose loop `waker` wakes.
    pub(super) fn outputs(
        &self,
        config: &ConnectConfig,
        shared: &RunShared,
        waker: &Arc<Waker>,
    ) -> Outputs {
        let (out, err) = displays::outlets(&self.screen, self.err.as_ref(), waker);
        let (stdout, commentary) = (config.stdout, &config.commentary);
        // What a pause has held back is shown by the outputs of the main loop.
        let view = shared.view.as_ref().map(|view| SharedView { view, shows_waiting: false });
        displays::outputs(stdout, commentary, out, err, Failures::None, view)
    }
}
