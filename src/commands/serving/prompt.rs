//! The prompt of a server's operator.

use std::time::Instant;

use super::failed;
use crate::config::ServerInput;
use crate::error::Error;
use crate::input::Action;
use crate::input::plain::PlainLines;
use crate::input::repl::{CommandSet, NextLine, Repl, ReplOptions};
use crate::net::Reactor;
use crate::net::reactor::tokens;

/// A source of lines that are parsed to `C`.
pub(in crate::commands) enum Prompt<C: 'static> {
    /// The line editor.
    Repl(Repl<C>),
    /// Lines typed without it.
    Plain(PlainLines<C>),
    /// No source.
    None,
}

impl<C: From<Action> + Send + 'static> Prompt<C> {
    /// Starts it, if the input is one.
    ///
    /// # Errors
    /// When the terminal cannot be used for it.
    pub(super) fn start(
        input: ServerInput,
        commands: &'static CommandSet<C>,
        options: ReplOptions,
        reactor: &mut Reactor,
    ) -> Result<Self, Error> {
        match input {
            ServerInput::Repl => {
                reactor.leave_signals_to_loop();
                Repl::start(options, commands, reactor.waker())
                    .map(Self::Repl)
                    .map_err(failed("line editor"))
            }
            ServerInput::Plain => {
                reactor.leave_signals_to_loop();
                let mut lines = PlainLines::new(commands, options.context, options.file_limit);
                lines
                    .register(reactor.registry(), tokens::INPUT, &reactor.waker())
                    .map_err(failed("standard input"))?;
                Ok(Self::Plain(lines))
            }
            ServerInput::Stdin | ServerInput::None => Ok(Self::None),
        }
    }

    /// Whether somebody may type.
    pub(super) fn is_typed(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Records that the token of the input was reported.
    pub(super) fn set_ready(&mut self) {
        if let Self::Plain(lines) = self {
            lines.set_ready();
        }
    }

    /// The next line.
    pub(super) fn take(&mut self) -> NextLine<C> {
        match self {
            Self::Repl(repl) => repl.take(),
            Self::Plain(lines) => lines.take(),
            Self::None => NextLine::Pending,
        }
    }

    /// All lines that [`Prompt::take`] has returned have been carried out.
    pub(super) fn settle(&self) {
        if let Self::Repl(repl) = self {
            repl.settle();
        }
    }

    /// What Ctrl-C stands for in the line editor, ahead of the lines before it.
    pub(super) fn take_interrupt(&mut self) -> Option<C> {
        match self {
            Self::Repl(repl) => repl.take_interrupt(),
            Self::Plain(_) | Self::None => None,
        }
    }

    /// Drops the line being typed after SIGINT; `false` if there is none.
    pub(super) fn clear_line(&mut self) -> bool {
        match self {
            Self::Plain(lines) => lines.clear_line(),
            Self::Repl(_) | Self::None => false,
        }
    }

    /// Whether a signal that cut a wait short, and is none that was reported, was SIGINT: see
    /// [`Repl::was_interrupted_while_stalled`].
    pub(super) fn was_interrupted_while_stalled(&mut self) -> bool {
        match self {
            Self::Repl(repl) => repl.was_interrupted_while_stalled(),
            Self::Plain(_) | Self::None => false,
        }
    }

    /// The connections are being closed: Ctrl-C ends the run, whatever is on the line.
    pub(super) fn set_closing(&self) {
        if let Self::Repl(repl) = self {
            repl.set_closing();
        }
    }

    /// Drops the lines that have not been taken, and returns how many of them `is_counted` accepts.
    pub(super) fn take_waiting(&mut self, is_counted: impl Fn(&C) -> bool) -> u64 {
        match self {
            Self::Repl(repl) => repl.take_waiting(is_counted),
            Self::Plain(lines) => lines.take_waiting(is_counted),
            Self::None => 0,
        }
    }

    /// Restores the terminal, which is waited for until then.
    pub(super) fn end(&mut self, until: Instant) {
        if let Self::Repl(repl) = self {
            repl.end(Some(until), false);
        }
    }
}
