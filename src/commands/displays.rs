//! The outputs of a configuration.

use crate::config::{Commentary, Stdout};
use crate::output::human::{Detail, Human, HumanOptions};
use crate::output::json::Json;
use crate::output::json_payload::JsonPayloadFormat;
use crate::output::payload::{OutputFraming, PayloadFormat};
use crate::output::style::Style;
use crate::output::{Format, Joined, Outlet, Output, Outputs};

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

/// Whether messages are written without any escape or encoding.
fn writes_as_it_is(stdout: Stdout) -> bool {
    matches!(
        stdout,
        Stdout::Payload(OutputFraming::Lines | OutputFraming::Nul | OutputFraming::Raw)
    )
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
) -> Outputs {
    let human = HumanOptions {
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
    };
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
            Box::new(Human::new(HumanOptions { detail, failures, ..human }))
        }
        Stdout::Payload(framing) if commentary.json.applies(framing) => {
            Box::new(JsonPayloadFormat::new(framing, commentary.json))
        }
        Stdout::Payload(framing) => Box::new(PayloadFormat::new(framing)),
        Stdout::Json(frames) => Box::new(Json::new(frames)),
    };
    let mut outputs = Outputs::default();
    match (err, is_shared) {
        (_, true) => outputs.push(Output::new(messages, out)),
        (None, false) => {
            let joined = Joined::new(Human::new(beside), messages);
            outputs.push(Output::new(Box::new(joined), out));
        }
        (Some(err), false) => {
            outputs.push(Output::new(messages, out));
            outputs.push(Output::new(Box::new(Human::new(beside)), err));
        }
    }
    outputs
}
