//! What is said over an open connection: input, session, verdict.

use std::time::Instant;

use super::opening::Open;
use crate::commands::displays;
use crate::config::{ConnectConfig, Input};
use crate::error::Error;
use crate::event::Clock;
use crate::input::repl::{CONNECTION_COMMANDS, Repl, ReplOptions};
use crate::input::stdin::Stdin;
use crate::input::{Action, Source};
use crate::net::Reactor;
use crate::output::Outputs;
use crate::scenario::{Count, Expectations, Goal};
use crate::session::{Journal, Plan, Report, Session};

/// What a conversation needs beside the connection.
pub(super) struct Conversation<'a> {
    pub(super) config: &'a ConnectConfig,
    pub(super) clock: Clock,
    pub(super) outputs: &'a mut Outputs,
    pub(super) reactor: &'a mut Reactor,
}

impl Conversation<'_> {
    /// Holds it to its end, with input from where the configuration says.
    ///
    /// # Errors
    /// When there can be no input.
    pub(super) fn hold(&mut self, open: Open, plan: Plan) -> Result<Report, Error> {
        match self.config.input {
            Input::Stdin(framing, kind) => {
                let mut source = Stdin::new(framing, kind);
                Ok(self.session(open, plan, &mut source))
            }
            Input::Repl => {
                self.reactor.leave_signals_to_loop();
                let _ = self.outputs.flush();
                let options = ReplOptions {
                    history: self.config.history.clone(),
                    color: self.config.commentary.stdout_color,
                };
                let mut repl = Repl::start(options, &CONNECTION_COMMANDS, self.reactor.waker())
                    .map_err(|error| Error::System("line editor".to_owned(), error))?;
                self.outputs.redirect(displays::STDOUT, Box::new(repl.lane()));
                let report = self.session(open, plan, &mut repl);
                repl.end();
                self.outputs.restore(displays::STDOUT);
                Ok(report)
            }
        }
    }

    fn session(&mut self, open: Open, plan: Plan, source: &mut dyn Source) -> Report {
        let journal = Journal::new(self.outputs, self.clock);
        let Open { stream, connection, opened } = open;
        Session::new(stream, connection, self.reactor, source, journal, plan, &opened).run()
    }
}

/// The plan that the configuration asks for, with what is to be sent first.
pub(super) fn plan(
    config: &ConnectConfig,
    presets: Vec<Action<'static>>,
    max_time: Option<Instant>,
) -> Plan {
    let ending = &config.ending;
    let mut goals: Vec<Box<dyn Goal>> = Vec::new();
    if let Some(count) = ending.count {
        goals.push(Box::new(Count::new(count)));
    }
    if !ending.expect.is_empty() {
        goals.push(Box::new(Expectations::new(ending.expect.clone(), ending.strict)));
    }
    Plan {
        presets: presets.into(),
        echo: config.echo,
        after_input: ending.after_input,
        max_time,
        close_code: Some(ending.close_code),
        close_reason: ending.close_reason.clone(),
        goals,
        on_message: None,
    }
}
