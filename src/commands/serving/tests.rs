//! The loop with a server whose connections end as their requests say, and an operator that counts them.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::config::{Commentary, RecordConfig, ServerInput};
use crate::input::repl::{Destination, OperatorCommand, SERVER_COMMANDS};
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::output::human::Detail;
use crate::output::json::JsonFrames;
use crate::output::json_payload::JsonLayout;
use crate::output::style::Style;
use crate::platform::record_file::Existing;
use crate::platform::user_programs::UserPrograms;
use crate::server::{AcceptedSocket, BoundListener, bind};
use crate::view::Filters;

/// What the request of a connection asks for.
enum Asked {
    /// The connection ends with this result.
    End(Result<(), Error>),
    /// The server gets these signals.
    Signals(&'static [Signal]),
}

struct TestServer {
    shared: Shared<Asked>,
    options: ReceiveOptions,
}

impl Service for TestServer {
    fn serve(self: Arc<Self>, socket: AcceptedSocket, reactor: &mut Reactor) {
        let received = socket.receive(&self.options, reactor).unwrap();
        let asked = match received.request.line.target.as_str() {
            "/failure" => Asked::End(Err(Error::Unmet(vec!["failure".to_owned()], None))),
            "/signal" => Asked::Signals(&[Signal::Interrupt]),
            "/signals" => Asked::Signals(&[Signal::Interrupt, Signal::Terminate]),
            _ => Asked::End(Ok(())),
        };
        self.shared.report(asked);
    }
}

impl Served for TestServer {
    type Report = Asked;

    fn shared(&self) -> &Shared<Asked> {
        &self.shared
    }

    fn receive_options(&self) -> &ReceiveOptions {
        &self.options
    }

    fn shut_down(&self, code: CloseCode, _: Shutdown) {
        assert_eq!(code, CloseCode::GOING_AWAY);
    }

    fn have_finished(&self) -> bool {
        true
    }
}

/// Ends the server after some connections; with `once`, the result is that of the first.
struct Counter {
    left: usize,
    once: bool,
}

impl Operator for Counter {
    type Server = TestServer;
    type Command = OperatorCommand;

    const AWAITED: &'static str = "nothing";

    fn execute(&mut self, command: OperatorCommand, _: &mut Control<Self>) {
        unreachable!("there is no prompt for {command:?}");
    }

    fn on_report(&mut self, report: Asked, control: &mut Control<Self>) {
        match report {
            Asked::End(result) if self.once => control.finish(result),
            Asked::End(_) => self.left = self.left.saturating_sub(1),
            Asked::Signals(signals) => signals.iter().for_each(|it| control.on_signal(*it)),
        }
        if self.left == 0 {
            control.leave(CloseCode::GOING_AWAY, Ok(()));
        }
    }

    /// The first one is a regular end.
    fn result_of_signal(signal: Signal, is_repeated: bool) -> Result<(), Error> {
        if is_repeated { Err(Error::Signal(signal)) } else { Ok(()) }
    }

    fn is_message(_: &OperatorCommand) -> bool {
        false
    }
}

/// Runs a server for clients with these request targets.
fn run_for(targets: &[&str], left: usize, once: bool) -> Result<(), Error> {
    let mut listening = listening();
    let (shared, inputs) = Shared::start(options(&no_record()), &mut listening.reactor).unwrap();
    let time_limit = Some(Duration::from_secs(10));
    let refusal_headers = Vec::new();
    let options = ReceiveOptions { tls: None, time_limit, max_handshakes: 16, refusal_headers };
    let server = Arc::new(TestServer { shared, options });
    let address = listening.address;
    let clients: Vec<_> = targets.iter().map(|target| connect(address, target)).collect();
    let result = ControlLoop::new(server, Counter { left, once }, listening, inputs, None).run();
    drop(clients);
    result
}

fn connect(address: SocketAddr, target: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    write!(client, "GET {target} HTTP/1.1\r\n\r\n").unwrap();
    client
}

fn listening() -> Listening {
    let BoundListener { mut socket, address, hosts } = bind("127.0.0.1:0").unwrap();
    let reactor = Reactor::new(None).unwrap();
    let interest = mio::Interest::READABLE;
    reactor.registry().register(&mut socket, tokens::LISTENER, interest).unwrap();
    Listening { reactor, socket, address, hosts }
}

/// Of a server that shows nothing and has no prompt.
fn options(record: &RecordConfig) -> SharedOptions<'_, OperatorCommand> {
    SharedOptions {
        stdout: Stdout::Json(JsonFrames::None),
        commentary: Commentary {
            detail: Detail::Quiet,
            stdout_color: false,
            stderr_color: false,
            on_terminal: false,
            stdout_on_terminal: false,
            takes_commands: false,
            pretty: false,
            json: JsonLayout { pretty: false, style: Style::plain() },
            timestamps: None,
            are_times_of_frames: false,
        },
        filters: Filters::default(),
        record,
        ui: None,
        is_server: true,
        input: ServerInput::None,
        commands: &SERVER_COMMANDS,
        keeps_scenario: false,
        parse_filter: crate::commands::displays::parse_filter,
        numbers: None,
        destination: Destination::default(),
        history: None,
        programs: UserPrograms::default(),
        file_limit: None,
    }
}

fn no_record() -> RecordConfig {
    let (files, used) = (Vec::new(), Vec::new());
    let options = Vec::new();
    RecordConfig {
        files,
        existing: Existing::Refuse,
        frames: JsonFrames::None,
        used,
        options,
        server: None,
        is_of_file: false,
    }
}

#[test]
fn the_operator_ends_the_server_after_its_connections() {
    run_for(&["/", "/failure", "/"], 3, false).unwrap();
    let outcome = run_for(&["/failure"], 9, true);
    assert!(matches!(outcome, Err(Error::Unmet(..))), "{outcome:?}");
    run_for(&["/"], 9, true).unwrap();
}

#[test]
fn a_signal_can_be_a_regular_end() {
    run_for(&["/signal"], 9, false).unwrap();
    let outcome = run_for(&["/signals"], 9, false);
    assert!(matches!(outcome, Err(Error::Signal(Signal::Terminate))), "{outcome:?}");
}
