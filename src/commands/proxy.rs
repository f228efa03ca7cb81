//! `wscope proxy`: passes on what clients and a server send each other, and shows it. Each client has a thread, which also
//! has the connection to the server.

use std::sync::Arc;

use super::displays;
use super::serving::{self, ControlLoop, Listening, Shared, SharedOptions};
use crate::config::ProxyConfig;
use crate::error::Error;
use crate::input::repl::{Destination, NumberList};
use crate::output::human::Detail;
use crate::proxy::Holding;
use crate::rules::SharedRules;
use crate::server::{ListenError, ReceiveOptions};

mod client;
mod connections;
mod grammar;
mod layout;
mod operator;
mod page_control;
mod server;
mod tables;

use connections::Connections;
use grammar::{COMMANDS, Command};
use operator::Operator;
use server::{Operated, Server};

/// Runs until it is interrupted, or the run is complete.
///
/// # Errors
/// When the address cannot be listened on; why it ended, if not successfully.
pub fn run(config: ProxyConfig) -> Result<(), Error> {
    serving::run(config.stdout, || set_up(config))
}

fn set_up(mut config: ProxyConfig) -> Result<ControlLoop<Operator>, Error> {
    let mut listening = Listening::start(&config.address, cannot_listen)?;
    let (address, hosts) = (listening.address, std::mem::take(&mut listening.hosts));
    let operated = Operated {
        connections: Connections::default(),
        rules: Arc::new(SharedRules::new(std::mem::take(&mut config.rules))),
        holding: Arc::new(Holding::new(config.commentary.takes_commands)),
    };
    let options = shared_options(&mut config, tables::numbers(operated.clone()));
    let (shared, inputs) = Shared::start(options, &mut listening.reactor)?;
    let receive = ReceiveOptions {
        tls: config.tls.clone(),
        time_limit: config.handshake_timeout,
        max_handshakes: config.max_handshakes,
        refusal_headers: Vec::new(),
    };
    let operator = Operator::new(config.once, config.connections);
    let duration = config.duration;
    let server = Arc::new(Server::new(config, shared, operated, address, hosts, receive));
    let mut control_loop =
        ControlLoop::new(Arc::clone(&server), operator, listening, inputs, duration);
    let lines = announcement(&server);
    let control = control_loop.control();
    control.announce(&server.config.notices, &lines);
    for (level, text) in server.shared.serve_page(|| page_control::about(&server))? {
        control.notice(level, &text);
    }
    Ok(control_loop)
}

/// Where clients connect, and where that leads.
fn announcement(server: &Server) -> Vec<String> {
    let config = &server.config;
    let s = if config.tls.is_some() { "s" } else { "" };
    let target = config.redaction.url(&config.endpoint.target.url()).into_owned();
    let mut lines =
        vec![format!("listening on ws{s}://{}/, forwarding to {target}", server.address)];
    if config.commentary.detail >= Detail::Head && config.commentary.takes_commands {
        lines.push("/help lists the commands".to_owned());
    }
    lines
}

fn shared_options(config: &mut ProxyConfig, numbers: NumberList) -> SharedOptions<'_, Command> {
    SharedOptions {
        stdout: config.stdout,
        commentary: config.commentary,
        filters: std::mem::take(&mut config.filters),
        record: &config.record,
        ui: config.ui.as_ref(),
        is_server: false,
        input: config.input,
        commands: &COMMANDS,
        keeps_scenario: true,
        parse_filter: displays::parse_proxy_filter,
        numbers: Some(numbers),
        destination: Destination { messages: None, secrets: config.secrets.clone() },
        history: config.history.clone(),
        programs: config.programs.clone(),
        file_limit: config.close_timeout,
    }
}

fn cannot_listen(error: ListenError) -> Error {
    let message = error.to_string();
    match error {
        ListenError::BadAddress { .. } => {
            let forms =
                "the first argument is where clients connect: HOST:PORT, HOST, :PORT or PORT";
            Error::Usage { message, hint: Some(forms.to_owned()) }
        }
        ListenError::System { error, .. } => Error::Listen(message, error),
    }
}
