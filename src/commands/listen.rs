//! `wscope listen`: accept clients, each with a session of its own in a thread of its own; hand them
//! what is typed or piped.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::channel;

use mio::Interest;
use mio::net::TcpListener;
use url::Host;

use super::connect::emit_failure;
use crate::config::{ListenConfig, ServerInput, Stdout};
use crate::error::Error;
use crate::input::Source;
use crate::input::plain::PlainLines;
use crate::input::repl::{Repl, ReplOptions, SERVER_COMMANDS};
use crate::input::stdin::{InputFraming, Stdin};
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::net::resolve::loopback;
use crate::output::OutputError;
use crate::platform::stdio::{CLOSED, was_stdout_closed};
use crate::platform::{Signals, limits};
use crate::protocol::MessageKind;
use crate::protocol::handshake::{ListenHosts, is_localhost};

mod address;
mod client;
mod clients;
mod control;
mod door;
mod failure;
mod handshakes;
mod page;
mod server;
mod streams;

use control::{Control, OperatorInput};
use door::Door;
use server::{Server, failed};
use streams::Streams;

/// Listens until it is told to end, or has done what it was asked for.
///
/// # Errors
/// When the address cannot be listened on; why it ended, if that was no success.
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
    control.end();
    result
}

fn set_up(mut config: ListenConfig) -> Result<Control, Error> {
    if was_stdout_closed() {
        let error = io::Error::other(CLOSED);
        return Err(Error::Output(OutputError { name: "standard output", error }));
    }
    limits::raise_open_files();
    let signals = Signals::install().map_err(failed("signal handlers"))?;
    let mut reactor = Reactor::new(Some(signals)).map_err(failed("event loop"))?;
    let host_and_port = resolvable(&config.address)?;
    let mut listener = bind(&host_and_port)?;
    limits::widen_backlog(&listener);
    let address = listener.local_addr().map_err(failed("listen"))?;
    config.handshake.listening = listen_hosts(&host_and_port, address);
    let registry = reactor.registry();
    registry
        .register(&mut listener, tokens::LISTENER, Interest::READABLE)
        .map_err(failed("event loop"))?;
    let input = input(&config, &mut reactor)?;
    let streams = match &input {
        OperatorInput::Repl(repl) => Streams::with_repl(repl, reactor.waker()),
        _ => Streams::open(reactor.waker()),
    };
    let streams = streams.map_err(failed("output"))?;
    let (sender, client_event) = channel();
    let server = Arc::new(Server::new(config, streams, sender, reactor.waker()));
    let door = Door::new(Arc::clone(&server), listener);
    let mut control = Control::new(server, reactor, door, address, input, client_event);
    control.announce();
    Ok(control)
}

/// See [`address::with_host_and_port`].
fn resolvable(given: &str) -> Result<String, Error> {
    address::with_host_and_port(given).map_err(|reason| bad_address(given, &reason))
}

fn bad_address(address: &str, reason: &str) -> Error {
    let hint = match address.starts_with('@') {
        true => format!("@NAME is an endpoint to connect to; to listen, {}", address::FORMS),
        false => address::FORMS.to_owned(),
    };
    Error::Usage { message: format!("bad address {address:?}: {reason}"), hint: Some(hint) }
}

fn bind(address: &str) -> Result<TcpListener, Error> {
    let addresses: Vec<SocketAddr> = match (address.to_socket_addrs(), port_of_localhost(address)) {
        (Ok(found), _) => found.collect(),
        (Err(_), Some(port)) => loopback(port).into_iter().rev().collect(), // IPv4 as by default
        (Err(error), None) => {
            let text = error.to_string();
            let reason = text.strip_prefix("failed to lookup address information: ");
            let reason = format!("the name cannot be looked up: {}", reason.unwrap_or(&text));
            return Err(bad_address(address, &reason));
        }
    };
    let mut result = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in addresses {
        result = TcpListener::bind(address);
        if result.is_ok() {
            break;
        }
    }
    result.map_err(failed(&format!("cannot listen on {address}")))
}

/// The port behind a name of this machine, which means it also where the system does not know the name.
fn port_of_localhost(address: &str) -> Option<u16> {
    let (name, port) = address.rsplit_once(':')?;
    port.parse().ok().filter(|_| is_localhost(name))
}

/// How requests may name this server: by the address listened on, and as the user wrote it.
fn listen_hosts(given: &str, address: SocketAddr) -> ListenHosts {
    let ip = address.ip().to_canonical();
    let name = given.rsplit_once(':').and_then(|(host, _)| Host::parse(host).ok());
    let bound = match ip {
        IpAddr::V4(ip) => Host::Ipv4(ip),
        IpAddr::V6(ip) => Host::Ipv6(ip),
    };
    ListenHosts {
        is_loopback: ip.is_loopback(),
        hosts: [Some(bound), name].into_iter().flatten().collect(),
    }
}

fn input(config: &ListenConfig, reactor: &mut Reactor) -> Result<OperatorInput, Error> {
    match config.input {
        ServerInput::None => Ok(OperatorInput::None),
        ServerInput::Repl => {
            reactor.leave_signals_to_loop();
            let options = ReplOptions {
                history: config.history.clone(),
                secrets: config.secrets.clone(),
                color: config.commentary.stdout_color,
            };
            Repl::start(options, &SERVER_COMMANDS, reactor.waker())
                .map(OperatorInput::Repl)
                .map_err(failed("line editor"))
        }
        ServerInput::Plain => {
            reactor.leave_signals_to_loop();
            let mut lines = PlainLines::new(&SERVER_COMMANDS);
            lines
                .register(reactor.registry(), tokens::INPUT, &reactor.waker())
                .map_err(failed("standard input"))?;
            Ok(OperatorInput::Plain(lines))
        }
        ServerInput::Stdin => {
            let mut stdin = Stdin::new(InputFraming::Lines, MessageKind::Text);
            match stdin.register(reactor.registry(), tokens::INPUT, &reactor.waker()) {
                Ok(()) => Ok(OperatorInput::Stdin(stdin)),
                Err(_) => Ok(OperatorInput::None), // it is closed: there is nothing to send
            }
        }
    }
}
