//! `wscope URL`: dial, opening handshake, session, verdict.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::delivery::Delivery;
use super::displays::{self, Failures, SharedView};
use super::verdict::{TimeLimits, verdict};
use super::{RunError, lost};
use crate::config::{ConnectConfig, proxy_remark};
use crate::error::Error;
use crate::event::{Clock, Event, EventKind, Level};
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::output::human::Detail;
use crate::output::json::{Json, JsonFrames};
use crate::output::{Outlet, Output, Outputs, finish_and_drain};
use crate::platform::Signals;
use crate::platform::stdio::{FINAL_FLUSH_LIMIT, Writer, are_one_stream};
use crate::session::{Stop, Unsent};
use crate::view::View;

mod conversation;
mod opening;
pub(super) use opening::events;
mod pause;
mod retry_loop;
mod run;

use conversation::Conversation;
use opening::Opening;
use run::{Ended, Run};

/// After a run that has to end, from the end of its session: for the terminal and for the last lines.
const DELIVERY_LIMIT: Duration = Duration::from_millis(150);

/// The same, and for the report of the failure.
const REPORT_LIMIT: Duration = Duration::from_millis(200);

const STANDARD_OUTPUT: &str = "standard output";

/// Runs the command to its end.
///
/// # Errors
/// Why it failed.
pub fn run(mut config: ConnectConfig) -> Result<(), RunError> {
    let clock = Clock::start();
    let mut reactor = reactor()?;
    let filters = std::mem::take(&mut config.filters);
    let view = displays::view(clock, filters, &config.commentary);
    let mut outputs = outputs(&config, view.as_ref())?;
    let max_time = config.ending.time_left.map(|left| Instant::now() + left);
    let mut command =
        ConnectCommand { clock, config, outputs: &mut outputs, view, max_time, leave_by: None };
    let result = command.run(&mut reactor);
    if let Err(error) = &result
        && let Some(failure) = error.failure()
    {
        command.emit(EventKind::Failure(&failure));
    }
    let result = command.deliver(&mut reactor, result);
    let report_by = match command.leave_by {
        Some(leave_by) => Some(leave_by + REPORT_LIMIT),
        None => command.max_time.map(|end| end.max(Instant::now() + FINAL_FLUSH_LIMIT)),
    };
    result.map_err(|error| RunError { error: Box::new(error), report_by })
}

/// Emits the event of a failure before anything could be set up.
pub fn emit_failure(error: &Error) {
    let (Some(failure), Ok(writer)) = (error.failure(), Writer::stdout()) else { return };
    let mut outputs = Outputs::default();
    let json = Box::new(Json::new(JsonFrames::None));
    outputs.push(Output::new(json, Outlet::stream(STANDARD_OUTPUT, writer)));
    outputs.event(&Event {
        at: Clock::start().now(),
        connection: None,
        mark: None,
        what: EventKind::Failure(&failure),
    });
    if let Ok(mut reactor) = Reactor::new(None) {
        finish_and_drain(&mut outputs, &mut reactor); // the failure itself is reported on standard error
    }
}

struct ConnectCommand<'a> {
    clock: Clock,
    config: ConnectConfig,
    outputs: &'a mut Outputs,
    /// What the prompt can show again, and how messages are shown.
    view: Option<Arc<View>>,
    max_time: Option<Instant>,
    /// A signal or `--max-time` has ended the run: no wait is longer than until then.
    leave_by: Option<Instant>,
}

impl ConnectCommand<'_> {
    fn run(&mut self, reactor: &mut Reactor) -> Result<(), Error> {
        self.emit_notices();
        let presets = std::mem::take(&mut self.config.presets);
        let config = &self.config;
        if let Some(view) = &self.view {
            view.set_waker(reactor.waker());
        }
        let max_time = self.max_time;
        let mut conversation = Conversation {
            config,
            clock: self.clock,
            outputs: self.outputs,
            view: self.view.clone(),
            reactor,
            source: None,
        };
        let opening = Opening { config, max_time };
        let mut ended = Run { opening, conversation: &mut conversation, presets }.run();
        self.leave_by = ended.as_ref().map_or_else(leave_after, |ended| ended.as_ref()?.leave_by());
        if let Ok(Some(ended)) = &mut ended
            && self.leave_by.is_none()
            && let Some(stop) = conversation.wait_for_text(max_time)
        {
            ended.report.stop = Some(stop);
            self.leave_by = Some(Instant::now());
        }
        let was_lost = matches!(&ended, Ok(Some(ended)) if ended.was_lost());
        let not_shown = conversation.end(self.leave_by, was_lost);
        drop(conversation);
        let Some(mut ended) = ended? else { return Ok(()) };
        ended.report.lost.received += not_shown;
        self.conclude(ended)
    }

    /// Writes what is left to report of the end, however long it takes, unless the run is ended.
    fn deliver(&mut self, reactor: &mut Reactor, result: Result<(), Error>) -> Result<(), Error> {
        self.outputs.finish();
        let registered =
            self.outputs.register(reactor.registry(), tokens::OUTPUTS, &reactor.waker());
        if let Err(error) = registered {
            return result.and(Err(event_loop(error)));
        }
        let leave_by = self.leave_by.map(|leave_by| leave_by + DELIVERY_LIMIT);
        let until = leave_by.or(self.max_time);
        Delivery {
            outputs: &mut *self.outputs,
            reactor,
            until,
            is_leaving: leave_by.is_some(),
            max_time: self.config.ending.max_time.unwrap_or_default(),
            needs_reader: false,
            result,
        }
        .run()
    }

    fn emit_notices(&mut self) {
        let assumption = self.config.endpoint.target.assumption();
        if let Some(text) = assumption {
            self.emit(EventKind::Notice(Level::Info, &text));
        }
        if self.config.warns_unchecked {
            self.emit(EventKind::Notice(
                Level::Warning,
                "-n: the server's certificate is not checked",
            ));
        }
        for (level, text) in std::mem::take(&mut self.config.notices) {
            self.emit(EventKind::Notice(level, &text));
        }
        self.emit_proxy_notice();
        self.outputs.flush_early();
    }

    fn emit_proxy_notice(&mut self) {
        let endpoint = &self.config.endpoint;
        let choice = endpoint.route.choose(&endpoint.target);
        if let Some((is_detail, text)) = choice.ok().as_ref().and_then(proxy_remark)
            && (!is_detail || self.config.commentary.detail >= Detail::Control)
        {
            self.emit(EventKind::Notice(Level::Info, &text));
        }
    }

    fn conclude(&mut self, ended: Ended) -> Result<(), Error> {
        let Ended { mut report, is_reported, failure } = ended;
        let ending = &self.config.ending;
        let limits = TimeLimits { max_time: ending.max_time, close_timeout: ending.close_timeout };
        let closed_itself = matches!(report.stop, Some(Stop::Requested));
        let verdict = verdict(&mut report, limits);
        if !is_reported {
            self.emit(EventKind::Closed(&report.closed));
        }
        let peer_closed =
            report.deadline.is_none() && !closed_itself && report.closed.ending.received.is_some();
        for text in lost::texts(&report.lost, self.outputs.have_display(), peer_closed) {
            self.emit(EventKind::Notice(Level::Warning, &text));
        }
        self.emit_unsent(&report.unsent.unwrap_or_default(), is_reported);
        match (failure, verdict) {
            (None, verdict) => verdict,
            (Some(error), Err(Error::Unmet(unmet, _))) => {
                Err(Error::Unmet(unmet, Some(Box::new(error))))
            }
            (Some(error), _) => Err(error),
        }
    }

    /// Warns of input that `--reconnect` did not deliver.
    fn emit_unsent(&mut self, unsent: &Unsent, was_lost: bool) {
        let texts = [
            match unsent.waiting() {
                0 => None,
                1 => Some("not sent: 1 message that was read from the input".to_owned()),
                many => Some(format!("not sent: {many} messages that were read from the input")),
            },
            match unsent.unconfirmed {
                0 => None,
                1 => Some("1 message may not have arrived".to_owned()),
                many => Some(format!("{many} messages may not have arrived")),
            }
            .filter(|_| was_lost),
        ];
        for text in texts.iter().flatten() {
            self.emit(EventKind::Notice(Level::Warning, text));
        }
    }

    fn emit(&mut self, what: EventKind<'_>) {
        self.outputs.event(&Event { at: self.clock.now(), connection: None, mark: None, what });
    }
}

fn reactor() -> Result<Reactor, Error> {
    let signals =
        Signals::install().map_err(|error| Error::System("signal handlers".to_owned(), error))?;
    Reactor::new(Some(signals)).map_err(event_loop)
}

fn event_loop(error: io::Error) -> Error {
    Error::System("event loop".to_owned(), error)
}

/// Until when a run with this failure has to be over.
fn leave_after(error: &Error) -> Option<Instant> {
    matches!(error, Error::Signal(_) | Error::Interrupted(..) | Error::MaxTime(_))
        .then(Instant::now)
}

fn outputs(config: &ConnectConfig, view: Option<&Arc<View>>) -> Result<Outputs, Error> {
    let open = |writer: io::Result<Writer>, name: &str| {
        writer.map_err(|error| Error::System(name.to_owned(), error))
    };
    let out = Outlet::stream(STANDARD_OUTPUT, open(Writer::stdout(), STANDARD_OUTPUT)?);
    let err = match are_one_stream() {
        true => None,
        false => {
            let writer = open(Writer::stderr(), "standard error")?;
            Some(Outlet::stream("standard error", writer).optional())
        }
    };
    let view = view.map(|view| SharedView { view, shows_waiting: true });
    Ok(displays::outputs(config.stdout, &config.commentary, out, err, Failures::None, view))
}
