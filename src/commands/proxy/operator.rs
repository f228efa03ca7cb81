//! What the control loop does of its own: lines of the prompt, and what connections report.

use super::server::{ConnectionReport, Server};
use crate::commands::serving::{self, Control};
use crate::error::Error;
use crate::event::{EventKind, Shown};
use crate::input::repl::OperatorCommand;
use crate::input::{Action, Show};
use crate::platform::signals::Signal;
use crate::protocol::CloseCode;

/// The operator of a proxy.
#[derive(Debug)]
pub(super) struct Operator {
    /// The run ends after this many connections.
    left: Option<u64>,
    /// The outcome of the only connection is that of the run.
    once: bool,
}

impl Operator {
    pub(super) fn new(once: bool, connections: Option<u64>) -> Self {
        Self { left: if once { Some(1) } else { connections }, once }
    }
}

impl serving::Operator for Operator {
    type Server = Server;
    type Command = OperatorCommand;

    const AWAITED: &'static str = "both sides' Close frames";

    fn execute(&mut self, command: OperatorCommand, control: &mut Control<Self>) {
        match command {
            OperatorCommand::Quit => control.leave(CloseCode::GOING_AWAY, Ok(())),
            OperatorCommand::Action(Action::Leave(signal)) => control.on_signal(signal),
            OperatorCommand::Action(Action::Show(show)) => {
                if let Some(shown) = show.shown() {
                    let connection = match &show {
                        Show::Full(kept) => kept.connection,
                        _ => None,
                    };
                    control.emit(connection, EventKind::Shown(shown));
                }
            }
            _ => control.emit(None, EventKind::Shown(Shown::Problem("not available here"))),
        }
    }

    fn on_report(&mut self, report: ConnectionReport, control: &mut Control<Self>) {
        let ConnectionReport::Ended(result) = report;
        let Some(left) = &mut self.left else { return };
        *left = left.saturating_sub(1);
        if *left == 0 {
            let result = if self.once { result } else { Ok(()) };
            control.finish(result);
        }
    }

    fn result_of_signal(signal: Signal, is_repeated: bool) -> Result<(), Error> {
        match signal {
            Signal::Interrupt | Signal::Terminate if !is_repeated => Ok(()),
            signal => Err(Error::Signal(signal)),
        }
    }

    fn is_message(_: &OperatorCommand) -> bool {
        false
    }
}
