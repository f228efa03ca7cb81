//! The message of a failure, in one line.

use std::fmt;
use std::time::Duration;

use super::{Error, RejectedHandshake};
use crate::event::{Closed, LastTraffic};
use crate::net::malformed::{objections, quoted};
use crate::net::upgrade::{ServerResponse, UpgradeError, interim_names};
use crate::output::escape::{Newlines, escape, escape_bytes, quoted as quoted_text};
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Initiator};
use crate::protocol::counted::counted;
use crate::protocol::head::HeadError;
use crate::protocol::keepalive::{MissedPong, PeerActivity};
use crate::protocol::vocabulary::TransportEnd;

const NO_COMPRESSION: &str = "opening handshake: the server did not accept permessage-deflate";

const NO_ARGUMENTS: &str = "the following required arguments were not provided: <URL>";

pub(super) fn message(error: &Error) -> String {
    let text = match error {
        Error::Config(error) => error.to_string(),
        Error::Usage { message, .. } => message.clone(),
        Error::NoArguments(_) => NO_ARGUMENTS.to_owned(),
        Error::Dial(error, attempt) => {
            let text = attempt.secrets.mask_text(error.to_string());
            format!("could not connect: {text}")
        }
        Error::Upgrade(rejected) => match &rejected.via {
            None => upgrade(rejected),
            // The proxy may be the cause.
            Some(via) => {
                let what = format!("opening handshake via {via}");
                upgrade(rejected).replacen("opening handshake", &what, 1)
            }
        },
        Error::NoSubprotocol { offered, .. } => no_subprotocol(offered),
        Error::NoCompression => NO_COMPRESSION.to_owned(),
        Error::Protocol(closed) => protocol(closed),
        Error::Abnormal(closed) => abnormal(closed),
        Error::CloseTimeout { limit, is_unsent: true } => {
            format!(
                "closing handshake: timed out: the peer accepted no data for {limit:?}, so our Close frame could not be sent"
            )
        }
        Error::CloseTimeout { limit, is_unsent: false } => {
            format!(
                "closing handshake: timed out: the peer did not answer our Close frame within {limit:?}"
            )
        }
        Error::ProxyEnded(how) | Error::ProxyViolated(how) => format!("connection {how}"),
        Error::ProxyRefused(why) => format!("request refused: {why}"),
        Error::ProxyUnanswered(why) => format!("opening handshake: {why}"),
        Error::Listen(what, error) => format!("{what}: {error}"),
        Error::Redirect(rejected, why) => {
            let lines = match &rejected.error {
                UpgradeError::Refused(response) => malformed(rejected, response),
                _ => None,
            };
            let lines = lines.map_or_else(String::new, |lines| format!("; {lines}"));
            format!("opening handshake: {why}{lines}")
        }
        Error::PingTimeout(missed, _) => missed_pong(missed),
        Error::IdleTimeout(limit, _) => idle(*limit),
        Error::MaxTime(limit) => format!("timed out: --max-time {limit:?} ran out"),
        Error::Input(error) => format!("cannot read input: {error}"),
        Error::Output(error) => format!("cannot write {}: {}", error.name, error.error),
        Error::Record(error) => error.to_string(),
        Error::System(what, error) => format!("{what}: {error}"),
        Error::Unmet(goals, end) => {
            format!("expectation not met: {}{}", goals.join("; "), cause(end.as_deref()))
        }
        Error::Recording(error) => format!("cannot read the recording: {error}"),
        Error::Entry { message, .. } => message.clone(),
        Error::Differs { counts, end, .. } => format!("{counts}{}", cause(end.as_deref())),
        Error::RecordingsDiffer => "the recordings differ".to_owned(),
        Error::ChecksFailed => "a part failed".to_owned(),
        Error::InvalidScenarios => "a scenario is invalid".to_owned(),
        Error::UnreadableScenarios => "a scenario cannot be read".to_owned(),
        Error::Signal(signal) => format!("interrupted by {}", signal.name()),
        Error::Interrupted(_, failure) | Error::Earlier(failure) => return message(failure),
    };
    let text = match spent_time(error) {
        Some(limit) => format!("{text}; --max-time {limit:?} ran out"),
        None => text,
    };
    escape(&text, Newlines::Escape).into_owned()
}

fn idle(limit: Duration) -> String {
    format!("timed out: nothing was received for {limit:?} (--idle-timeout)")
}

fn no_subprotocol(offered: &[String]) -> String {
    let offered = offered.join(", ");
    format!("opening handshake: the server chose none of the subprotocols offered: {offered}")
}

/// What ended the run before, behind what was not met because of that.
fn cause(end: Option<&Error>) -> String {
    end.map(|end| format!("; {}", message(end))).unwrap_or_default()
}

/// `--max-time`, if it ran out during an attempt to connect.
fn spent_time(error: &Error) -> Option<Duration> {
    match error {
        Error::Dial(_, attempt) => attempt.max_time,
        Error::Upgrade(rejected) | Error::Redirect(rejected, _) => rejected.max_time,
        _ => None,
    }
}

fn upgrade(rejected: &RejectedHandshake) -> String {
    let said = |text: String| rejected.secrets.mask_text(text);
    match &rejected.error {
        UpgradeError::Refused(response) if response.line.status < 200 => {
            let count = rejected.interim.len();
            format!("opening handshake: the server sent more than {count} interim responses (1xx)")
        }
        UpgradeError::Refused(response) => {
            let line = &response.line;
            let reason = said(reason(line.status, &line.reason));
            let lines = malformed(rejected, response).map(|lines| format!("; {lines}"));
            let lines = lines.unwrap_or_default();
            format!("opening handshake refused: {} {reason}{lines}", line.status)
        }
        UpgradeError::Invalid(response, findings) => {
            let list: Vec<_> = findings.iter().map(|it| said(it.to_string())).collect();
            match malformed(rejected, response) {
                None => format!("invalid opening handshake: {}", list.join("; ")),
                Some(lines) => {
                    let all = [vec![lines], list].concat().join("; ");
                    format!("opening handshake: invalid HTTP response: {all}")
                }
            }
        }
        UpgradeError::Malformed(HeadError::NotHttp(bytes), _) => {
            let bytes = quoted(&rejected.secrets.mask_cut(bytes));
            format!("opening handshake: the server's answer is not HTTP: {bytes}")
        }
        UpgradeError::Malformed(error, _) => {
            format!("opening handshake: invalid HTTP response: {}", said(error.to_string()))
        }
        UpgradeError::Ended(end, received) if received.is_empty() => {
            match interim_names(&rejected.interim, &rejected.secrets) {
                None => format!(
                    "opening handshake: the server ended the connection without a response: {end}"
                ),
                Some(interim) => format!(
                    "opening handshake: the server ended the connection after {interim}, without a final response: {end}"
                ),
            }
        }
        UpgradeError::Ended(end, received) => {
            let bytes = counted(received.len() as u64, "byte");
            format!(
                "opening handshake: the server ended the connection after {bytes} of an incomplete response: {end}"
            )
        }
        UpgradeError::Tls(reason) => format!("opening handshake: TLS: {reason}"),
        UpgradeError::TimedOut(received, waited) => {
            let what = match received.len() {
                0 => interim_names(&rejected.interim, &rejected.secrets).map_or_else(
                    || "the server accepted the connection and sent no response".to_owned(),
                    |interim| format!("the server sent {interim} and no final response"),
                ),
                count => {
                    let bytes = counted(count as u64, "byte");
                    format!("the server sent {bytes} of an incomplete response head")
                }
            };
            let limit = rejected.max_time.unwrap_or(rejected.limit);
            let waited = Waited { waited: *waited, limit };
            format!("opening handshake: timed out: {what} within {waited}")
        }
        UpgradeError::Interrupted(interrupted) => interrupted.to_string(),
        UpgradeError::System(error) => format!("opening handshake: {error}"),
    }
}

/// How much of a limit earlier phases may take without being mentioned.
const TOLERANCE: Duration = Duration::from_millis(50);

/// A description of the malformed lines of a response head.
fn malformed(rejected: &RejectedHandshake, response: &ServerResponse) -> Option<String> {
    objections(&response.head, rejected.redaction, &rejected.secrets)
}

/// How long the response was waited for: the whole limit, or its remainder after earlier phases.
struct Waited {
    waited: Duration,
    limit: Duration,
}

impl fmt::Display for Waited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waited, limit } = *self;
        if waited + (limit / 20).max(TOLERANCE) >= limit {
            return write!(f, "{limit:?}");
        }
        match waited.as_secs() {
            0 => write!(f, "{} ms", waited.as_millis()),
            _ => write!(f, "{:.1} s", waited.as_secs_f64()),
        }
    }
}

fn reason(status: u16, given: &str) -> String {
    if !given.is_empty() {
        return given.to_owned();
    }
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "(no reason given)",
    }
    .to_owned()
}

fn protocol(closed: &Closed) -> String {
    let Some(violation) = &closed.ending.violation else { return "protocol error".to_owned() };
    let reason = match violation.close_reason() {
        Some(reason) => {
            format!("; reason of the Close frame: \"{}\"", escape_bytes(reason, Newlines::Escape))
        }
        None => String::new(),
    };
    let answer = match (&closed.ending.sent, &closed.ending.received, closed.ending.failure()) {
        // Ours may have been sent before the violation, with another code.
        (Some(ClosePayload { code: Some(code), .. }), _, Some(_)) => {
            format!("; closed with {code}")
        }
        // The frame follows the peer's Close frame.
        (_, Some(close), None) => {
            let reason = match close.reason.as_str() {
                "" => String::new(),
                reason => format!(": {}", quoted_text(reason, false)),
            };
            format!("; the peer had closed with {}{reason}", closed.ending.code())
        }
        _ => String::new(),
    };
    format!("protocol error: {violation}{reason}{answer}")
}

fn abnormal(closed: &Closed) -> String {
    let ending = &closed.ending;
    match (&ending.cause, &ending.received) {
        (_, Some(close)) => {
            let reason = if close.reason.is_empty() {
                String::new()
            } else {
                format!(": {}", quoted_text(&close.reason, false))
            };
            match ending.initiator {
                Initiator::Peer => format!("closed by the peer: {}{reason}", ending.code()),
                Initiator::Local => {
                    format!("the peer answered our Close frame with {}{reason}", ending.code())
                }
            }
        }
        (EndCause::Transport(end, position), None) => {
            let who = match end {
                TransportEnd::Error(_) => "connection lost",
                _ => "closed abnormally by the peer",
            };
            let what = match (end, &ending.sent) {
                (TransportEnd::Error(_), Some(_)) => ", before our Close frame was answered",
                (TransportEnd::Error(_), None) => ", without a Close frame",
                (_, Some(_)) => " instead of answering our Close frame",
                (_, None) => " without a Close frame",
            };
            let (code, circumstances) = (ending.code(), circumstances(closed));
            format!("{who}: {code}: {end}{what}, {position}{circumstances}")
        }
        _ => format!("closed abnormally: {}", ending.code()),
    }
}

/// A ping without a pong, with what was received instead.
fn missed_pong(missed: &MissedPong) -> String {
    let limit = missed.limit;
    let instead = match missed.instead {
        PeerActivity::NotReading => {
            return format!(
                "timed out: the peer accepted no data for {limit:?}, so a ping could not be sent (--ping-timeout)"
            );
        }
        PeerActivity::OtherPongs => "; the payload of its pongs does not match".to_owned(),
        PeerActivity::Messages(count) => {
            format!("; it sent {}, and no pong", counted(count, "message"))
        }
        PeerActivity::Other => "; it sent something else, and no pong".to_owned(),
        PeerActivity::Nothing => String::new(),
    };
    format!("timed out: the peer did not answer a ping within {limit:?} (--ping-timeout){instead}")
}

/// What preceded an end without a Close frame, and how long before.
fn circumstances(closed: &Closed) -> String {
    let quiet = span(closed.quiet);
    let sent = closed.last.sent().filter(|_| closed.ending.sent.is_none());
    if let Some((what, ago)) = sent {
        return format!(", {} after {what} was sent", span(ago));
    }
    match closed.last {
        LastTraffic::Handshake if closed.is_right_after_opening() => {
            format!(", right after the handshake ({quiet})")
        }
        LastTraffic::Handshake => {
            format!(", {quiet} after the handshake, with nothing sent or received")
        }
        _ if closed.is_right_after_traffic() => format!(", {quiet} after the last byte"),
        _ => format!(", after {quiet} of silence"),
    }
}

/// A duration with its unit.
pub(super) fn span(duration: Duration) -> String {
    match duration.as_secs_f64() {
        ..1.0 => format!("{} ms", duration.as_millis()),
        short @ ..10.0 => format!("{short:.1} s"),
        long => format!("{long:.0} s"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::span;

    #[test]
    fn durations_have_a_suitable_precision() {
        assert_eq!(span(Duration::from_micros(99_900)), "99 ms");
        assert_eq!(span(Duration::from_millis(1500)), "1.5 s");
        assert_eq!(span(Duration::from_secs(60)), "60 s");
    }
}
