//! `wscope URL`: dial, opening handshake, session, verdict.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::displays::{self, Failures};
use super::verdict::{Limits, verdict};
use crate::config::{ConnectConfig, Input};
use crate::error::{Error, Rejected};
use crate::event::{Clock, Event, HeadView, Level, Opened, What};
use crate::input::Source;
use crate::input::repl::{CONNECTION_COMMANDS, Repl, ReplOptions};
use crate::input::stdin::Stdin;
use crate::net::upgrade::{UpgradeError, Upgraded, upgrade};
use crate::net::{Deadline, DialError, Dialed, Reactor, Stream, dial};
use crate::output::human::Detail;
use crate::output::json::{Frames, Json};
use crate::output::{Outlet, Output, Outputs};
use crate::platform::Signals;
use crate::platform::stdio::Writer;
use crate::protocol::CloseCode;
use crate::protocol::connection::{Connection, Options, Party, Role};
use crate::protocol::frame::Masks;
use crate::protocol::handshake::{Request, RequestOptions, generate_key};
use crate::protocol::head::HeaderLine;
use crate::scenario::{Count, Expectations, Goal};
use crate::session::{Journal, Plan, Report, Session};

const STANDARD_OUTPUT: &str = "standard output";

/// Connects and works until it is over.
///
/// # Errors
/// Why it was no success.
pub fn run(config: ConnectConfig) -> Result<(), Error> {
    let clock = Clock::start();
    let mut outputs = outputs(&config)?;
    let mut attempt = Attempt { clock, config, outputs: &mut outputs };
    let result = attempt.run();
    if let Err(error) = &result
        && let Some(failure) = error.failure()
    {
        attempt.tell(What::Failure(&failure));
    }
    finish(outputs, result)
}

/// Events of a run that failed before anything could be set up.
pub fn tell_failure(error: &Error) {
    let (Some(failure), Ok(writer)) = (error.failure(), Writer::stdout()) else { return };
    let mut outputs = Outputs::default();
    outputs.push(Output::new(Json::new(Frames::None), Outlet::stream(STANDARD_OUTPUT, writer)));
    outputs.event(&Event {
        at: Clock::start().now(),
        connection: None,
        what: What::Failure(&failure),
    });
    let _ = outputs.flush(); // the failure itself is told on standard error
}

struct Attempt<'a> {
    clock: Clock,
    config: ConnectConfig,
    outputs: &'a mut Outputs,
}

impl Attempt<'_> {
    fn run(&mut self) -> Result<(), Error> {
        let signals = Signals::install()
            .map_err(|error| Error::System("signal handlers".to_owned(), error))?;
        let mut reactor = Reactor::new(Some(signals))
            .map_err(|error| Error::System("event loop".to_owned(), error))?;
        self.say_assumptions();
        let max_time = self.config.ending.max_time.map(|limit| Instant::now() + limit);
        let (mut stream, upgraded, opened) = self.open(&mut reactor, max_time)?;
        self.tell(What::Open(&opened));
        self.judge_subprotocol(&opened)?;
        let mut connection = self.connection(&upgraded);
        self.judge_compression(&upgraded, &mut connection, &mut stream)?;
        let plan = self.plan(max_time);
        let report = self.session(stream, connection, plan, &mut reactor, &opened)?;
        self.conclude(report)
    }

    fn say_assumptions(&mut self) {
        let assumption = self.config.target.assumption();
        if let Some(text) = assumption {
            self.tell(What::Notice(Level::Info, &text));
        }
        if self.config.says_unchecked {
            self.tell(What::Notice(Level::Warning, "-n: the server's certificate is not checked"));
        }
        let _ = self.outputs.flush(); // a failure shows again later
    }

    fn open(
        &mut self,
        reactor: &mut Reactor,
        max_time: Option<Instant>,
    ) -> Result<(Stream, Upgraded, Opened), Error> {
        let config = &self.config;
        let mut deadline = Deadline::after(config.connect_timeout);
        if let Some(end) = max_time.filter(|end| deadline.at.is_none_or(|at| *end < at)) {
            deadline =
                Deadline { at: Some(end), limit: config.ending.max_time.unwrap_or_default() };
        }
        let request = Request::new(&self.request_options());
        let Dialed { mut stream, remote, tls, mut timings } =
            dial(&config.target, &config.dial, reactor, deadline)
                .map_err(|error| self.dial_failed(error, max_time))?;
        let upgraded = upgrade(&mut stream, &request, reactor, deadline)
            .map_err(|error| self.upgrade_failed(error, &request, remote, deadline, max_time))?;
        timings.upgrade = Some(upgraded.took);
        timings.total += upgraded.took;
        let config = &self.config;
        let opened = Opened {
            initiator: Party::Local,
            url: config.redaction.url(&config.target.url()).into_owned(),
            remote: remote.to_string(),
            local: stream.local_address().map_or_else(String::new, |address| address.to_string()),
            http_minor: upgraded.line.minor_version,
            status: upgraded.line.status,
            reason: upgraded.line.reason.clone(),
            request: HeadView::new(&request.head, config.redaction),
            response: HeadView::new(&upgraded.head, config.redaction),
            offered: request.subprotocols().to_vec(),
            protocol: upgraded.agreement.subprotocol.clone(),
            extensions: upgraded.agreement.extensions.clone(),
            compression: upgraded.agreement.deflate.map(|agreed| agreed.describe(Role::Client)),
            tls,
            timings,
        };
        Ok((stream, upgraded, opened))
    }

    fn request_options(&self) -> RequestOptions {
        let (target, handshake) = (&self.config.target, &self.config.handshake);
        let mut common = vec![HeaderLine::new("User-Agent", &handshake.user_agent)];
        common.extend(handshake.origin.as_ref().map(|origin| HeaderLine::new("Origin", origin)));
        common.extend(target.credentials.as_ref().map(|credentials| {
            let pair = format!(
                "{}:{}",
                credentials.user,
                credentials.password.as_deref().unwrap_or_default()
            );
            let value = format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()));
            HeaderLine::new("Authorization", &value)
        }));
        RequestOptions {
            resource: target.resource.clone(),
            host: target.host_header(),
            key: generate_key(),
            subprotocols: handshake.subprotocols.clone(),
            extensions: handshake.extensions.clone(),
            common,
            custom: handshake.headers.clone(),
        }
    }

    /// A connection that does not come about within `--max-time` misses what was expected of it.
    fn dial_failed(&self, error: DialError, max_time: Option<Instant>) -> Error {
        match error {
            DialError::Interrupted(interrupted) => Error::Signal(interrupted.0),
            DialError::Timeout { .. } if max_time.is_some_and(|end| Instant::now() >= end) => {
                self.out_of_time()
            }
            error => Error::Dial(error),
        }
    }

    fn upgrade_failed(
        &self,
        error: UpgradeError,
        request: &Request,
        remote: SocketAddr,
        deadline: Deadline,
        max_time: Option<Instant>,
    ) -> Error {
        if let UpgradeError::Interrupted(interrupted) = error {
            return Error::Signal(interrupted.0);
        }
        if let UpgradeError::Tls(reason) = error {
            let name = self.config.target.host_header();
            return Error::Dial(DialError::Tls { address: remote, name, reason, seen: Vec::new() });
        }
        let is_awaiting = !self.config.ending.expect.is_empty();
        if is_awaiting
            && matches!(error, UpgradeError::TimedOut(_))
            && max_time.is_some_and(|end| Instant::now() >= end)
        {
            return self.out_of_time();
        }
        Error::Upgrade(Box::new(Rejected {
            error,
            tls: self.config.target.scheme.is_tls(),
            sent_origin: request.head.value("Origin").is_some(),
            limit: deadline.limit,
            redaction: self.config.redaction,
            request: (self.config.commentary.detail >= Detail::Control)
                .then(|| HeadView::new(&request.head, self.config.redaction)),
        }))
    }

    fn judge_subprotocol(&mut self, opened: &Opened) -> Result<(), Error> {
        if opened.offered.is_empty() || opened.protocol.is_some() {
            return Ok(());
        }
        if self.config.handshake.strict {
            return Err(Error::NoSubprotocol(opened.offered.clone()));
        }
        let text = format!(
            "the server chose none of the subprotocols offered ({})",
            opened.offered.join(", ")
        );
        self.tell(What::Notice(Level::Warning, &text));
        Ok(())
    }

    /// RFC 6455 section 7.4.1: a client that cannot do without an extension closes with 1010.
    fn judge_compression(
        &mut self,
        upgraded: &Upgraded,
        connection: &mut Connection,
        stream: &mut Stream,
    ) -> Result<(), Error> {
        if !self.config.handshake.wants_compression || upgraded.agreement.deflate.is_some() {
            return Ok(());
        }
        if !self.config.handshake.strict {
            let text = "the server did not accept permessage-deflate: nothing is compressed";
            self.tell(What::Notice(Level::Warning, text));
            return Ok(());
        }
        let code = Some(CloseCode::MANDATORY_EXTENSION);
        if connection.close(code, "permessage-deflate", Instant::now()).is_ok() {
            let _ = stream.write_all(connection.pending_output()); // the failure is told all the same
            stream.finish_sending();
        }
        Err(Error::NoCompression)
    }

    fn connection(&self, upgraded: &Upgraded) -> Connection {
        let observe_frames = self.config.commentary.observes_frames();
        let options = Options {
            role: Role::Client,
            max_message_size: self.config.max_message_size,
            close_timeout: self.config.ending.close_timeout,
            observe_frames,
            lenient: self.config.lenient,
            deflate: upgraded.agreement.deflate,
            masks: Masks::random(),
        };
        Connection::new(options, &upgraded.early)
    }

    fn plan(&mut self, max_time: Option<Instant>) -> Plan {
        let ending = &mut self.config.ending;
        let mut goals: Vec<Box<dyn Goal>> = Vec::new();
        if let Some(count) = ending.count {
            goals.push(Box::new(Count::new(count)));
        }
        if !ending.expect.is_empty() {
            goals.push(Box::new(Expectations::new(
                std::mem::take(&mut ending.expect),
                ending.strict,
            )));
        }
        Plan {
            presets: std::mem::take(&mut self.config.presets).into(),
            echo: self.config.echo,
            after_input: ending.after_input,
            max_time,
            close_code: Some(ending.close_code),
            close_reason: ending.close_reason.clone(),
            goals,
            on_message: None,
        }
    }

    fn session(
        &mut self,
        stream: Stream,
        connection: Connection,
        plan: Plan,
        reactor: &mut Reactor,
        opened: &Opened,
    ) -> Result<Report, Error> {
        match self.config.input {
            Input::Stdin(framing, kind) => {
                let mut source = Stdin::new(framing, kind);
                Ok(self.work(stream, connection, plan, reactor, &mut source, opened))
            }
            Input::Repl => {
                reactor.leave_signals_to_loop();
                let _ = self.outputs.flush();
                let options = ReplOptions {
                    history: self.config.history.clone(),
                    color: self.config.commentary.stdout_color,
                };
                let mut repl = Repl::start(options, &CONNECTION_COMMANDS, reactor.waker())
                    .map_err(|error| Error::System("line editor".to_owned(), error))?;
                self.outputs.redirect(displays::STDOUT, Box::new(repl.lane()));
                let report = self.work(stream, connection, plan, reactor, &mut repl, opened);
                repl.end();
                self.outputs.restore(displays::STDOUT);
                Ok(report)
            }
        }
    }

    fn work(
        &mut self,
        stream: Stream,
        connection: Connection,
        plan: Plan,
        reactor: &mut Reactor,
        source: &mut dyn Source,
        opened: &Opened,
    ) -> Report {
        let journal = Journal::new(self.outputs, self.clock);
        Session::new(stream, connection, reactor, source, journal, plan, opened).run()
    }

    fn conclude(&mut self, mut report: Report) -> Result<(), Error> {
        let ending = &self.config.ending;
        let limits = Limits { max_time: ending.max_time, close_timeout: ending.close_timeout };
        let verdict = verdict(&mut report, limits);
        self.tell(What::Closed(&report.closed));
        verdict
    }

    fn out_of_time(&self) -> Error {
        let limit = self.config.ending.max_time.unwrap_or(Duration::ZERO);
        if let Some(pattern) = self.config.ending.expect.first() {
            let awaited = format!("awaited {:?}", pattern.to_string());
            return Error::Unmet(vec![awaited, format!("not open within --max-time {limit:?}")]);
        }
        Error::MaxTime(limit)
    }

    fn tell(&mut self, what: What<'_>) {
        self.outputs.event(&Event { at: self.clock.now(), connection: None, what });
    }
}

/// Hands the last events on; an output that fails now counts only if all else was well.
fn finish(mut outputs: Outputs, result: Result<(), Error>) -> Result<(), Error> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match outputs.flush() {
            Err(error) if !error.is_closed_pipe() && result.is_ok() => {
                return Err(Error::Output(error));
            }
            _ if outputs.are_drained() || Instant::now() >= deadline => return result,
            _ => {
                std::thread::sleep(Duration::from_millis(1));
                outputs.set_all_ready();
            }
        }
    }
}

fn outputs(config: &ConnectConfig) -> Result<Outputs, Error> {
    let open = |writer: io::Result<Writer>, name: &str| {
        writer.map_err(|error| Error::System(name.to_owned(), error))
    };
    let out = Outlet::stream(STANDARD_OUTPUT, open(Writer::stdout(), STANDARD_OUTPUT)?);
    let err =
        Outlet::stream("standard error", open(Writer::stderr(), "standard error")?).optional();
    Ok(displays::outputs(config.stdout, &config.commentary, out, err, Failures::None))
}
