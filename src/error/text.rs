//! Failures in one line each.

use std::fmt;
use std::time::Duration;

use super::{Error, Rejected};
use crate::event::Closed;
use crate::net::upgrade::UpgradeError;
use crate::output::escape::{Newlines, escape, escape_bytes};
use crate::protocol::connection::{EndCause, Party, TransportEnd};
use crate::protocol::head::HeadError;

/// How much of bytes that are no HTTP is quoted.
const MAX_QUOTED: usize = 60;

pub(super) fn message(error: &Error) -> String {
    let text = match error {
        Error::Config(error) => error.to_string(),
        Error::Usage { message, .. } => message.clone(),
        Error::Dial(error, attempt) => {
            let text = attempt.secrets.mask_text(error.to_string());
            format!("could not connect: {text}{}", max_time(attempt.max_time))
        }
        Error::Upgrade(rejected) => match &rejected.via {
            None => upgrade(rejected),
            // Who does not know of the proxy looks for the fault in the wrong place.
            Some(via) => {
                let what = format!("opening handshake via {via}");
                upgrade(rejected).replacen("opening handshake", &what, 1)
            }
        },
        Error::NoSubprotocol(offered) => {
            format!(
                "opening handshake: the server chose none of the subprotocols {}",
                offered.join(", ")
            )
        }
        Error::NoCompression => {
            "opening handshake: the server did not accept permessage-deflate".to_owned()
        }
        Error::Protocol(closed) => protocol(closed),
        Error::Abnormal(closed) => abnormal(closed),
        Error::CloseTimeout(limit) => {
            format!(
                "closing handshake: timed out: the peer did not answer our Close frame within {limit:?}"
            )
        }
        Error::Redirect(_, why) => format!("opening handshake: {why}"),
        Error::PingTimeout(limit) => {
            format!("timed out: the peer did not answer a ping within {limit:?} (--ping-timeout)")
        }
        Error::IdleTimeout(limit) => {
            format!("timed out: nothing was received for {limit:?} (--idle-timeout)")
        }
        Error::MaxTime(limit) => format!("timed out: --max-time {limit:?} ran out"),
        Error::Input(error) => format!("cannot read input: {error}"),
        Error::Output(error) => format!("cannot write {}: {}", error.name, error.error),
        Error::System(what, error) => format!("{what}: {error}"),
        Error::Unmet(goals) => format!("expectation not met: {}", goals.join("; ")),
        Error::Signal(signal) => format!("interrupted by {}", signal.name()),
    };
    escape(&text, Newlines::Escape).into_owned()
}

fn upgrade(rejected: &Rejected) -> String {
    let said = |text: String| rejected.secrets.mask_text(text);
    match &rejected.error {
        UpgradeError::Refused(response) => {
            let line = &response.line;
            let reason = said(reason(line.status, &line.reason));
            let late = max_time(rejected.max_time);
            format!("opening handshake refused: {} {reason}{late}", line.status)
        }
        UpgradeError::Invalid(_, findings) => {
            let list: Vec<_> = findings.iter().map(ToString::to_string).collect();
            format!("invalid opening handshake: {}", said(list.join("; ")))
        }
        UpgradeError::Malformed(HeadError::NotHttp(bytes), _) => {
            let bytes = rejected.secrets.mask_cut(bytes);
            let bytes = &bytes[..bytes.len().min(MAX_QUOTED)];
            format!("opening handshake: the server's answer is not HTTP: {}", quoted(bytes))
        }
        UpgradeError::Malformed(error, _) => {
            format!("opening handshake: invalid HTTP response: {}", said(error.to_string()))
        }
        UpgradeError::Ended(end, received) if received.is_empty() => {
            format!("opening handshake: the server ended the connection without a response: {end}")
        }
        UpgradeError::Ended(end, received) => {
            let count = received.len();
            format!(
                "opening handshake: the server ended the connection after {count} bytes of an incomplete response: {end}"
            )
        }
        UpgradeError::Tls(reason) => format!("opening handshake: TLS: {reason}"),
        UpgradeError::TimedOut(received, waited) => {
            let what = match received.len() {
                0 => "the server accepted the connection and sent no response".to_owned(),
                1 => "the server sent 1 byte of an incomplete response head".to_owned(),
                count => format!("the server sent {count} bytes of an incomplete response head"),
            };
            let limit = rejected.max_time.unwrap_or(rejected.limit);
            let waited = Waited { waited: *waited, limit };
            let late = max_time(rejected.max_time);
            format!("opening handshake: timed out: {what} within {waited}{late}")
        }
        UpgradeError::Interrupted(interrupted) => interrupted.to_string(),
        UpgradeError::System(error) => format!("opening handshake: {error}"),
    }
}

/// What is added to a failure that came with the end of `--max-time`.
fn max_time(spent: Option<Duration>) -> String {
    spent.map_or_else(String::new, |limit| format!("; --max-time {limit:?} ran out"))
}

/// How long was waited for a response: the whole limit, or what earlier steps had left of it.
struct Waited {
    waited: Duration,
    limit: Duration,
}

impl fmt::Display for Waited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waited, limit } = *self;
        if waited.abs_diff(limit) * 20 <= limit {
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

fn quoted(bytes: &[u8]) -> String {
    match bytes.iter().all(|byte| (0x20..0x7f).contains(byte) || b"\r\n\t".contains(byte)) {
        true => format!("\"{}\"", escape_bytes(bytes, Newlines::Escape)),
        false => format!("bytes {}", crate::output::hex_dump::hex(bytes)),
    }
}

fn protocol(closed: &Closed) -> String {
    match &closed.ending.violation {
        Some(violation) if closed.ending.failure().is_some() => {
            format!("protocol error: {violation}; closed with {}", violation.rule.close_code())
        }
        Some(violation) => format!("protocol error: {violation}"),
        None => "protocol error".to_owned(),
    }
}

fn abnormal(closed: &Closed) -> String {
    let ending = &closed.ending;
    let who = match ending.initiator {
        Party::Peer => "by the peer",
        Party::Local => "after our Close frame",
    };
    match (&ending.cause, &ending.received) {
        (_, Some(close)) => {
            let reason = if close.reason.is_empty() {
                String::new()
            } else {
                format!(": \"{}\"", close.reason)
            };
            format!("closed {who}: {}{reason}", ending.code())
        }
        (EndCause::Transport(end, position), None) => {
            let how = match end {
                TransportEnd::Error(error) => format!("connection lost ({error})"),
                end => end.to_string(),
            };
            let what = if ending.sent.is_some() {
                "instead of answering our Close frame"
            } else {
                "without a Close frame"
            };
            format!(
                "closed abnormally by the peer: {}: {how} {what}, {position}{}",
                ending.code(),
                silence(closed.quiet)
            )
        }
        _ => format!("closed abnormally: {}", ending.code()),
    }
}

/// Silence before the end; too short a one tells nothing.
fn silence(duration: Duration) -> String {
    match duration.as_secs_f64() {
        ..0.1 => String::new(),
        short @ ..10.0 => format!(", after {short:.1} s of silence"),
        long => format!(", after {long:.0} s of silence"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::silence;

    #[test]
    fn silence_is_told_where_it_may_be_the_cause() {
        assert_eq!(silence(Duration::from_millis(99)), "");
        assert_eq!(silence(Duration::from_millis(1500)), ", after 1.5 s of silence");
        assert_eq!(silence(Duration::from_secs(60)), ", after 60 s of silence");
    }
}
