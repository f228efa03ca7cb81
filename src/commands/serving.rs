//! What the commands share that serve connections: the loop that controls a server, and the outputs of all its threads.
//!
//! Such a command provides a [`Served`], which the loop and the thread of each connection share, and an [`Operator`],
//! which belongs to the loop. [`run`] calls the set-up of the command: [`Listening::start`], then [`Shared::start`], and
//! [`ControlLoop::new`] with what these return.

use std::io;

use super::connect::emit_failure;
use crate::config::Stdout;
use crate::error::Error;
use crate::input::{Action, Shutdown};
use crate::output::OutputError;
use crate::platform::signals::Signal;
use crate::platform::stdio::{CLOSED, was_stdout_closed};
use crate::protocol::CloseCode;
use crate::server::{ReceiveOptions, Service};

mod control;
mod evictions;
mod listening;
mod prompt;
mod session_log;
mod shared;
mod streams;
#[cfg(test)]
mod tests;

pub(super) use control::{Control, ControlLoop, LEAVE_TIMEOUT};
pub(super) use listening::Listening;
pub(super) use shared::{Shared, SharedOptions};

/// A server, as its control loop needs it. The loop and the threads of connections share it.
pub(super) trait Served: Service {
    /// What these threads report to the loop.
    type Report: Send + 'static;

    /// What it has in common with the servers of other commands.
    fn shared(&self) -> &Shared<Self::Report>;

    /// How requests are received.
    fn receive_options(&self) -> &ReceiveOptions;

    /// Closes all connections with this code, and admits no more. A later call shortens the time.
    fn shut_down(&self, code: CloseCode, shutdown: Shutdown);

    /// Whether all connections have ended and been reported completely.
    fn have_finished(&self) -> bool;
}

/// The part of a control loop that differs between commands: what lines and reports mean to them.
pub(super) trait Operator: Sized {
    /// The server that it operates.
    type Server: Served;
    /// What a line of the prompt is parsed to.
    type Command: From<Action> + Send + 'static;

    /// What a shutdown waits for, in the notice that it takes long.
    const AWAITED: &'static str;

    /// Carries out a line.
    fn execute(&mut self, command: Self::Command, control: &mut Control<Self>);

    /// Acts on what the thread of a connection reports.
    fn on_report(&mut self, report: <Self::Server as Served>::Report, control: &mut Control<Self>);

    /// The result of a run that this signal ends. `is_repeated`: another signal has ended it before.
    fn result_of_signal(signal: Signal, is_repeated: bool) -> Result<(), Error>;

    /// Whether a line sends a message: those that were not carried out are counted at the end.
    fn is_message(command: &Self::Command) -> bool;

    /// The result of a run that `--duration` ends.
    fn result_of_duration(&self, _server: &Self::Server) -> Result<(), Error> {
        Ok(())
    }

    /// Records that the input was reported to be ready, where it is not a prompt.
    fn set_input_ready(&mut self) {}

    /// Takes what the input has, where it is not a prompt. Returns whether more is left for the next iteration.
    fn take_input(&mut self, _control: &mut Control<Self>) -> bool {
        false
    }

    /// The failure of the input, once: the result of a run that has not failed otherwise.
    fn take_input_error(&mut self) -> Option<Error> {
        None
    }

    /// Drops the messages of the input that were not taken. Returns how many.
    fn take_unsent(&mut self) -> u64 {
        0
    }
}

/// Runs a server to its end.
///
/// # Errors
/// When it cannot be set up; why it ended, if not successfully.
pub(super) fn run<O: Operator>(
    stdout: Stdout,
    set_up: impl FnOnce() -> Result<ControlLoop<O>, Error>,
) -> Result<(), Error> {
    let control_loop = match refuse_closed_stdout().and_then(|()| set_up()) {
        Ok(control_loop) => control_loop,
        Err(error) => {
            if matches!(stdout, Stdout::Json { .. }) {
                emit_failure(&error);
            }
            return Err(error);
        }
    };
    control_loop.run()
}

fn refuse_closed_stdout() -> Result<(), Error> {
    if was_stdout_closed() {
        let error = io::Error::other(CLOSED);
        return Err(Error::Output(OutputError { name: "standard output".into(), error }));
    }
    Ok(())
}

/// The error of a step of the set-up.
pub(super) fn failed(what: &str) -> impl Fn(io::Error) -> Error {
    let what = what.to_owned();
    move |error| Error::System(what.clone(), error)
}
