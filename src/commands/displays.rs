//! The outputs of a configuration.

use std::io;
use std::path::Path;
use std::sync::Arc;

use mio::Waker;

use crate::config::{Commentary, Stdout};
use crate::event::Clock;
use crate::input::repl::{FilterParser, PromptContext, RecordControl};
use crate::output::human::{Detail, Human, HumanOptions, whole_message};
use crate::output::json::Json;
use crate::output::json_payload::JsonPayloadFormat;
use crate::output::payload::{OutputFraming, PayloadFormat};
use crate::output::shared::SharedStream;
use crate::output::style::Style;
use crate::output::{Format, Joined, Outlet, Output, Outputs, Silent};
use crate::platform::batches::BatchQueue;
use crate::platform::files;
use crate::platform::stdio::Writer;
use crate::scenario::{display, expect};
use crate::view::{DisplayFilter, Filters, SCROLLBACK, View};

/// The index of standard output among the outputs.
pub(super) const STDOUT: usize = 0;

/// Which failures the human display shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failures {
    /// Those of each connection.
    Each,
    /// None: the one that ends the run is reported with the exit status.
    None,
}

/// The view of a run, for some of its outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedView<'a> {
    pub(super) view: &'a Arc<View>,
    /// These outputs also show what the view has held back; of all outputs only one may.
    pub(super) shows_waiting: bool,
}

/// The view of a run; `None` where everything is shown and nothing is kept.
pub(super) fn view(clock: Clock, filters: Filters, commentary: &Commentary) -> Option<Arc<View>> {
    let limit = if commentary.takes_commands { SCROLLBACK } else { 0 };
    if limit == 0 && filters.is_empty() {
        return None;
    }
    let view = View::new(clock, filters, commentary.timestamps, limit);
    if commentary.are_times_of_frames {
        view.leave_typed_lines();
    }
    Some(Arc::new(view))
}

/// What the commands of a prompt with this view work on.
pub(super) fn context(
    view: &Arc<View>,
    commentary: &Commentary,
    record: RecordControl,
    parse_filter: FilterParser,
) -> PromptContext {
    let options = on_terminal(commentary, Failures::None);
    PromptContext {
        view: Arc::clone(view),
        parse_filter,
        render: Arc::new(move |kept| whole_message(&kept.message(), options)),
        record,
        scenario: None,
        numbers: None,
    }
}

/// Parses a filter that was typed, with the file that it may name.
///
/// # Errors
/// Why it is not valid.
pub(super) fn parse_filter(source: &str) -> Result<Arc<dyn DisplayFilter>, String> {
    display::parse(source, pattern_file(source)?).map_err(|error| error.to_string())
}

/// The same at the prompt of a server.
///
/// # Errors
/// Why it is not valid.
pub(super) fn parse_server_filter(source: &str) -> Result<Arc<dyn DisplayFilter>, String> {
    display::parse_for_server(source, pattern_file(source)?).map_err(|error| error.to_string())
}

/// The same at the prompt of a proxy.
///
/// # Errors
/// Why it is not valid.
pub(super) fn parse_proxy_filter(source: &str) -> Result<Arc<dyn DisplayFilter>, String> {
    display::parse_for_proxy(source, pattern_file(source)?).map_err(|error| error.to_string())
}

/// The content of the file that a filter names.
fn pattern_file(source: &str) -> Result<Option<Vec<u8>>, String> {
    let read = |path: &Path| {
        let name = path.display();
        // Opening anything else may block.
        match path.metadata().map(|found| found.is_file()) {
            Ok(true) => files::read(path, MAX_PATTERN).map_err(|error| format!("{name}: {error}")),
            Ok(false) => Err(format!("{name}: it is not a regular file")),
            Err(error) => Err(format!("{name}: {error}")),
        }
    };
    expect::file(source).map(read).transpose()
}

/// The largest file that is a pattern, in bytes.
const MAX_PATTERN: u64 = 64 << 20;

/// Whether messages are written without any escape or encoding.
fn writes_as_it_is(stdout: Stdout) -> bool {
    matches!(
        stdout,
        Stdout::Payload(OutputFraming::Lines | OutputFraming::Nul | OutputFraming::Raw)
    )
}

/// A display of messages on a terminal.
fn on_terminal(commentary: &Commentary, failures: Failures) -> HumanOptions {
    HumanOptions {
        style: Style::new(commentary.stdout_color),
        width: None,
        messages: true,
        detail: commentary.detail,
        full_command: commentary.takes_commands,
        pretty: commentary.pretty,
        notes_binary: false,
        notes_controls: false,
        answers: true,
        timestamps: commentary.timestamps,
        escapes: true,
        failures: failures == Failures::Each,
    }
}

/// Starts a thread that writes a queue to standard error. That is a log: it holds up nothing, and what it does not
/// accept is dropped. An error on it cannot be reported anywhere.
///
/// # Errors
/// When the system refuses a thread or what it needs.
pub(super) fn log(control: Arc<Waker>) -> io::Result<BatchQueue> {
    let queue = BatchQueue::lossy();
    SharedStream::start("standard error", Writer::stderr()?, queue.clone(), control)?;
    Ok(queue)
}

/// Bytes for standard output that are handed over at a time, at most.
const MOST_AT_A_TIME: usize = 256 << 10;

/// Outlets to the queues for standard output and error, for a thread whose loop `waker` wakes.
pub(super) fn outlets(
    out: &BatchQueue,
    err: Option<&BatchQueue>,
    waker: &Arc<Waker>,
) -> (Outlet, Option<Outlet>) {
    let outlet = |name, queue: &BatchQueue| Outlet::batches(name, queue.sender(Arc::clone(waker)));
    // All that there is at a time costs no copy.
    let out = outlet("standard output", out).in_batches_of(MOST_AT_A_TIME);
    (out, err.map(|queue| outlet("standard error", queue).optional()))
}

/// Builds them on these outlets. On a terminal, messages and what is reported beside them share standard
/// output, also where both streams are the same file or pipe (`err` is `None`): through two
/// outlets one would overtake the other.
pub(super) fn outputs(
    stdout: Stdout,
    commentary: &Commentary,
    out: Outlet,
    err: Option<Outlet>,
    failures: Failures,
    view: Option<SharedView<'_>>,
) -> Outputs {
    let display = |options| {
        let view = view.map(|shared| Arc::clone(shared.view));
        Human::new(options).with_view(view)
    };
    let human = on_terminal(commentary, failures);
    let is_shared = stdout == Stdout::Decorated && commentary.on_terminal;
    let beside = HumanOptions {
        style: Style::new(commentary.stderr_color),
        messages: false,
        notes_binary: stdout == Stdout::Payload(OutputFraming::Lines),
        notes_controls: commentary.stdout_on_terminal && writes_as_it_is(stdout),
        answers: stdout != Stdout::Decorated,
        escapes: commentary.on_terminal,
        ..human
    };
    let messages: Box<dyn Format> = match stdout {
        Stdout::Decorated => {
            let detail = if is_shared { commentary.detail } else { Detail::Quiet };
            let failures = human.failures && is_shared;
            Box::new(display(HumanOptions { detail, failures, ..human }))
        }
        Stdout::Payload(framing) if commentary.json.applies(framing) => {
            Box::new(JsonPayloadFormat::new(framing, commentary.json))
        }
        Stdout::Payload(framing) => Box::new(PayloadFormat::new(framing)),
        Stdout::Json(frames) => Box::new(Json::new(frames)),
        Stdout::Nothing => Box::new(Silent),
    };
    let mut outputs = Outputs::default();
    if let Some(SharedView { view, shows_waiting }) = view {
        outputs.set_view(Arc::clone(view), shows_waiting);
    }
    match (err, is_shared) {
        (_, true) => outputs.push(Output::new(messages, out)),
        (None, false) => {
            let joined = Joined::new(display(beside), messages);
            outputs.push(Output::new(Box::new(joined), out));
        }
        (Some(err), false) => {
            outputs.push(Output::new(messages, out));
            outputs.push(Output::new(Box::new(display(beside)), err));
        }
    }
    outputs
}
