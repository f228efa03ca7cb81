//! `wscope listen`: accepts clients, each with a session in a thread of its own, and sends them typed
//! lines or standard input.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::channel;

use mio::Interest;

use super::connect::emit_failure;
use super::displays;
use super::recording::RunRecordings;
use crate::config::{ListenConfig, ServerInput, Stdout};
use crate::error::Error;
use crate::event::Clock;
use crate::input::ActionSource;
use crate::input::plain::PlainLines;
use crate::input::repl::{
    Destination, PromptContext, PromptNames, Repl, ReplOptions, SERVER_COMMANDS, ScenarioMaker,
};
use crate::input::stdin::{InputFraming, Stdin};
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::output::OutputError;
use crate::platform::stdio::{CLOSED, was_stdout_closed};
use crate::platform::{Signals, limits};
use crate::protocol::MessageKind;
use crate::server::{Acceptor, BoundListener, ListenError, bind};

mod client;
mod clients;
mod control;
mod failure;
mod mock;
mod observer;
mod page;
mod server;
mod session_log;
mod streams;

use control::{Control, OperatorInput};
use mock::Mock;
use server::{Server, failed};
use session_log::SessionLog;
use streams::Streams;

/// Listens until it is interrupted, or the run is complete.
///
/// # Errors
/// When the address cannot be listened on; why it ended, if not successfully.
pub fn run(config: ListenConfig) -> Result<(), Error> {
    let is_json = matches!(config.stdout, Stdout::Json { .. });
    let mut control = match set_up(config) {
        Ok(control) => control,
        Err(error) => {
            if is_json {
                emit_failure(&error);
            }
            return Err(error);
        }
    };
    let result = control.run();
    control.end(result)
}

fn set_up(mut config: ListenConfig) -> Result<Control, Error> {
    if was_stdout_closed() {
        let error = io::Error::other(CLOSED);
        return Err(Error::Output(OutputError { name: "standard output".into(), error }));
    }
    let mock = Mock::load(&mut config)?;
    limits::raise_open_files();
    let signals = Signals::install().map_err(failed("signal handlers"))?;
    let mut reactor = Reactor::new(Some(signals)).map_err(failed("event loop"))?;
    let BoundListener { mut socket, address, hosts } =
        bind(&config.address).map_err(cannot_listen)?;
    config.accept.rules.listening = hosts;
    let registry = reactor.registry();
    registry
        .register(&mut socket, tokens::LISTENER, Interest::READABLE)
        .map_err(failed("event loop"))?;
    let clock = Clock::start();
    let filters = std::mem::take(&mut config.filters);
    let view = displays::view(clock, filters, &config.commentary);
    let takes_commands = config.commentary.takes_commands;
    let recordings = RunRecordings::start(&config.record, clock, takes_commands, reactor.waker())?;
    let log = takes_commands.then(SessionLog::default);
    let context = view.as_ref().map(|view| {
        let context = displays::context(view, &config.commentary, recordings.control());
        let log = log.clone();
        let scenario = log.map(|log| Arc::new(move || log.scenario()) as ScenarioMaker);
        PromptContext { scenario, ..context }
    });
    let input = input(&config, context, &mut reactor)?;
    let streams = match &input {
        OperatorInput::Repl(repl) => Streams::with_repl(repl, reactor.waker()),
        _ => Streams::open(reactor.waker()),
    };
    let streams = streams.map_err(failed("output"))?;
    let (sender, client_event) = channel();
    let waker = reactor.waker();
    let server = Server::new(config, clock, view, streams, recordings, sender, waker);
    let server = Arc::new(server.with_mock(mock).with_log(log));
    let acceptor = Acceptor::new(Arc::clone(&server), socket, &server.config.accept.receive);
    let mut control = Control::new(server, reactor, acceptor, address, input, client_event);
    control.announce();
    Ok(control)
}

/// The forms of an address, for messages.
const ADDRESS_FORMS: &str =
    "write HOST:PORT, HOST, :PORT or PORT, for example 'wscope listen localhost:8080'";

fn cannot_listen(error: ListenError) -> Error {
    let message = error.to_string();
    match error {
        ListenError::BadAddress { address, .. } => {
            let hint = match address.starts_with('@') {
                true => format!("@NAME is an endpoint to connect to; to listen, {ADDRESS_FORMS}"),
                false => ADDRESS_FORMS.to_owned(),
            };
            Error::Usage { message, hint: Some(hint) }
        }
        ListenError::System { error, .. } => Error::System(message, error),
    }
}

fn input(
    config: &ListenConfig,
    context: Option<PromptContext>,
    reactor: &mut Reactor,
) -> Result<OperatorInput, Error> {
    match config.input {
        ServerInput::None => Ok(OperatorInput::None),
        ServerInput::Repl => {
            reactor.leave_signals_to_loop();
            let options = ReplOptions {
                names: Arc::new(PromptNames::alone(Destination {
                    messages: config.messages.clone(),
                    secrets: config.secrets.clone(),
                })),
                history: config.history.clone(),
                color: config.commentary.stdout_color,
                file_limit: config.close_timeout,
                programs: config.programs.clone(),
                context,
            };
            Repl::start(options, &SERVER_COMMANDS, reactor.waker())
                .map(OperatorInput::Repl)
                .map_err(failed("line editor"))
        }
        ServerInput::Plain => {
            reactor.leave_signals_to_loop();
            let mut lines = PlainLines::new(&SERVER_COMMANDS, context, config.close_timeout);
            lines
                .register(reactor.registry(), tokens::INPUT, &reactor.waker())
                .map_err(failed("standard input"))?;
            Ok(OperatorInput::Plain(lines))
        }
        ServerInput::Stdin => {
            let mut stdin = Stdin::new(InputFraming::Lines, MessageKind::Text);
            match stdin.register(reactor.registry(), tokens::INPUT, &reactor.waker()) {
                Ok(()) => Ok(OperatorInput::Stdin(stdin)),
                Err(_) => Ok(OperatorInput::None), // standard input is closed: there is nothing to send
            }
        }
    }
}
