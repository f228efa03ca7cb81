//! `wscope replay`: what a recorded client sent is sent again.

use std::sync::Arc;

use super::connect::{self, Playback};
use super::recorded;
use super::{RunError, configured};
use crate::config::{ConnectConfig, ReplayConfig};
use crate::error::Error;
use crate::event::Level;
use crate::output::escape::{Newlines, escape};
use crate::protocol::counted::counted;
use crate::recording::replay::{Check, Player, Script, Side};
use request::Repeated;

mod request;

/// Runs the command to its end.
///
/// # Errors
/// Why it failed.
pub fn run(config: ReplayConfig) -> Result<(), RunError> {
    let (connect, playback) = configured(config.is_json, || prepare(&config))?;
    connect::run_with(connect, Some(playback))
}

/// The connection to open, and what is played on it.
fn prepare(config: &ReplayConfig) -> Result<(ConnectConfig, Playback), Error> {
    let recorded::Loaded { script, warnings, incomplete } = recorded::load(&config.recording)?;
    if let Some(error) = incomplete.filter(|_| config.check.is_some()) {
        return Err(error.into());
    }
    let masked = masked(&script);
    if let Some(text) = masked.as_ref().filter(|_| config.check.is_some()) {
        return Err(Error::Usage { message: text.clone(), hint: Some(MASKED_HINT.to_owned()) });
    }
    let lacking = not_kept(&script);
    if let Some(message) = lacking.as_ref().filter(|_| config.check.is_some()) {
        return Err(Error::Usage { message: message.clone(), hint: None });
    }
    let Repeated { request, notices, refusal_hint } = request::repeated(&script, config)?;
    let mut connect = config.resolve(&request)?;
    // They name what the file has.
    let warning = |text: String| (Level::Warning, escape(&text, Newlines::Escape).into_owned());
    let notices = config.notices.iter().cloned().chain(
        warnings
            .into_iter()
            .chain(notices)
            .chain(masked)
            .chain(unsure(&script))
            .chain(lacking)
            .chain(unrepeated(&script))
            .map(warning),
    );
    connect.notices.splice(0..0, notices);
    let file = config.recording.file.clone();
    connect.record.used.extend(file.map(|file| (file, READ.to_owned())));
    let script = Arc::new(script);
    let player = Player::new(Arc::clone(&script), config.pace, config.timeout);
    let check = config.check.clone().map(|rules| Check::new(Arc::clone(&script), rules));
    Ok((connect, Playback::new(&script, player, check, refusal_hint)))
}

/// What the recording is for a run that records as well.
const READ: &str = "the recording that is replayed";

/// How messages are sent whose secrets were masked.
const MASKED_HINT: &str = "'wscope view FILE --record x.wscope' writes a scenario for 'wscope check' that has variables in their place";

/// That messages, pings, pongs or a Close frame were recorded without their secrets.
fn masked(script: &Script) -> Option<String> {
    let (first, messages, control) = match (script.first_masked, script.first_masked_control) {
        (Some(first), _) => (format!("message {first}"), script.masked - 1, script.masked_control),
        (None, first) => (first?.to_owned(), 0, script.masked_control - 1),
    };
    let others = [(messages, "other message"), (control, "control frame")];
    let others = others.into_iter().filter(|(count, _)| *count > 0);
    let others: Vec<_> = others.map(|(count, what)| counted(count, what)).collect();
    let others = match others.is_empty() {
        true => String::new(),
        false => format!(", as {}", others.join(" and ")),
    };
    Some(format!(
        "{first} of the client has *** in place of a secret that was masked in the recording{others}"
    ))
}

/// That messages may have been recorded without their secrets. It may as well be what the user has written: that is no
/// reason to refuse.
fn unsure(script: &Script) -> Option<String> {
    // A recording that marks one marks all.
    let first = script.first_unsure.filter(|_| script.masked == 0)?;
    Some(format!(
        "message {first} of the client has ***, and is sent like that: recordings of older versions do not say whether it \
         stands for a secret"
    ))
}

/// That the recording lacks messages of the server.
fn not_kept(script: &Script) -> Option<String> {
    let count = Some(script.not_kept).filter(|count| *count > 0)?;
    let messages = counted(count, "message");
    Some(format!(
        "the recording lacks {messages} of the server that the proxy did not keep: the answers cannot be checked"
    ))
}

/// What of the recorded client is not repeated.
fn unrepeated(script: &Script) -> Option<String> {
    if script.raw_frames > 0 {
        let frames = counted(script.raw_frames, "frame");
        return Some(format!(
            "not sent again: {frames} of --send-frame, whose contents were not recorded"
        ));
    }
    let has_no_messages = script.messages(Side::Client) == 0 && script.messages(Side::Server) == 0;
    has_no_messages.then(|| "the recorded connection has no messages".to_owned())
}
