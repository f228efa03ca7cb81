//! `wscope listen`: accepts clients, each with a session in a thread of its own, and sends them typed
//! lines or standard input.

use std::sync::Arc;

use super::displays;
use super::serving::{self, ControlLoop, Listening, Shared, SharedOptions};
use crate::config::{ListenConfig, ServerInput};
use crate::error::Error;
use crate::input::ActionSource;
use crate::input::repl::{Destination, OperatorCommand, SERVER_COMMANDS};
use crate::input::stdin::{InputFraming, Stdin};
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::protocol::MessageKind;
use crate::server::ListenError;

mod client;
mod clients;
mod failure;
mod mock;
mod observer;
mod operator;
mod page;
mod page_control;
mod server;

use mock::Mock;
use operator::{Operator, announce};
use server::Server;

/// Listens until it is interrupted, or the run is complete.
///
/// # Errors
/// When the address cannot be listened on; why it ended, if not successfully.
pub fn run(config: ListenConfig) -> Result<(), Error> {
    serving::run(config.stdout, || set_up(config))
}

fn set_up(mut config: ListenConfig) -> Result<ControlLoop<Operator>, Error> {
    let mock = Mock::load(&mut config)?;
    let mut listening = Listening::start(&config.address, cannot_listen)?;
    config.accept.rules.listening = std::mem::take(&mut listening.hosts);
    let options = shared_options(&mut config);
    let (shared, inputs) = Shared::start(options, &mut listening.reactor)?;
    let operator = Operator::new(stdin(config.input, &listening.reactor));
    let (duration, address) = (config.duration, listening.address);
    let server = Arc::new(Server::new(config, shared, mock));
    let of_page = server.shared.serve_page(|| page_control::about(&server, address))?;
    let mut control_loop = ControlLoop::new(server, operator, listening, inputs, duration);
    announce(control_loop.control(), &of_page);
    Ok(control_loop)
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

fn shared_options(config: &mut ListenConfig) -> SharedOptions<'_, OperatorCommand> {
    SharedOptions {
        stdout: config.stdout,
        commentary: config.commentary,
        filters: std::mem::take(&mut config.filters),
        record: &config.record,
        ui: config.ui.as_ref(),
        is_server: true,
        input: config.input,
        commands: &SERVER_COMMANDS,
        keeps_scenario: true,
        parse_filter: displays::parse_server_filter,
        numbers: None,
        destination: Destination {
            messages: config.messages.clone(),
            secrets: config.secrets.clone(),
        },
        history: config.history.clone(),
        programs: config.programs.clone(),
        file_limit: config.close_timeout,
    }
}

/// Standard input, if its lines are what is sent.
fn stdin(input: ServerInput, reactor: &Reactor) -> Option<Stdin> {
    if input != ServerInput::Stdin {
        return None;
    }
    let mut stdin = Stdin::new(InputFraming::Lines, MessageKind::Text);
    let registered = stdin.register(reactor.registry(), tokens::INPUT, &reactor.waker());
    registered.is_ok().then_some(stdin) // otherwise standard input is closed: there is nothing to send
}
