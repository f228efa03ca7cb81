//! Idle timeouts of a peer or of a proxy: connections that end repeatedly after the same time without traffic.

use std::time::Duration;

use crate::protocol::CloseCode;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::vocabulary::TransportEnd;

/// Idle timeouts are not shorter: a connection that ends sooner has another cause, unless the peer names this one.
pub const LEAST_IDLE: Duration = Duration::from_secs(5);

/// Whether the peer, or a proxy in between, may have ended a connection because there was no traffic for this time.
/// A ping timeout of the peer is different: pings of ours do not prevent it.
pub fn may_be_idle_timeout(ending: &Ending, quiet: Duration) -> bool {
    let Some(close) = &ending.received else {
        let is_cut = matches!(&ending.cause, EndCause::Transport(end, _)
            if !matches!(end, TransportEnd::Error(_)));
        return is_cut && ending.sent.is_none() && quiet >= LEAST_IDLE;
    };
    let reason = close.reason.to_ascii_lowercase();
    let has_any = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    let is_by_peer = ending.initiator == Initiator::Peer && ending.failure().is_none();
    let is_ordinary =
        matches!(ending.code(), CloseCode::NORMAL | CloseCode::GOING_AWAY | CloseCode::NO_STATUS);
    is_by_peer
        && !has_any(&["ping", "pong"])
        && (has_any(&["idle", "inactiv"])
            || (quiet >= LEAST_IDLE && (is_ordinary || has_any(&["timeout", "timed out"]))))
}

/// The most that two times of silence may differ by, beside a tenth of them.
const TOLERANCE: Duration = Duration::from_millis(100);

/// Recognizes the same idle timeout twice in a row.
#[derive(Debug, Default)]
pub struct IdleTimeouts {
    last: Option<Duration>,
    is_reported: bool,
}

impl IdleTimeouts {
    /// Records a lost connection: `quiet` is the time since the last traffic if that may be the reason. Returns
    /// whether two in a row were lost after the same time, the first time that this is so.
    pub fn note(&mut self, quiet: Option<Duration>) -> bool {
        let last = std::mem::replace(&mut self.last, quiet);
        let (Some(last), Some(quiet)) = (last, quiet) else { return false };
        let is_same = last.abs_diff(quiet) <= TOLERANCE + last.max(quiet) / 10;
        is_same && !std::mem::replace(&mut self.is_reported, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::close::ClosePayload;
    use crate::protocol::vocabulary::Position;

    fn closed(code: u16, reason: &str) -> Ending {
        let code = (code != 1005).then(|| CloseCode::new(code));
        Ending {
            cause: EndCause::Handshake,
            initiator: Initiator::Peer,
            sent: None,
            received: Some(ClosePayload { code, reason: reason.to_owned() }),
            violation: None,
            incomplete: None,
        }
    }

    #[test]
    fn endings_of_idle_connections() {
        for (code, reason, seconds, expected) in [
            (1001, "", 10, true),
            (1000, "", 10, true),
            (1005, "", 10, true),
            (1001, "", 1, false),
            (1001, "Idle Timeout", 1, true),
            (1011, "inactivity", 1, true),
            (4000, "session timed out", 1, false),
            (4000, "session timed out", 10, true),
            (1011, "", 10, false),
            (1011, "keepalive ping timeout", 40, false),
            (1012, "restart", 40, false),
        ] {
            let quiet = Duration::from_secs(seconds);
            assert_eq!(
                may_be_idle_timeout(&closed(code, reason), quiet),
                expected,
                "{code} {reason}"
            );
        }
        for (end, millis, expected) in [
            (TransportEnd::Eof, 5000, true),
            (TransportEnd::Eof, 700, false),
            (TransportEnd::Reset, 5000, true),
            (TransportEnd::Error("Network is down".to_owned()), 5000, false),
        ] {
            let cause = EndCause::Transport(end, Position::Boundary);
            let ending = Ending { cause, received: None, ..closed(1000, "") };
            let quiet = Duration::from_millis(millis);
            assert_eq!(may_be_idle_timeout(&ending, quiet), expected, "{ending:?}");
        }
    }

    #[test]
    fn two_equal_timeouts_in_a_row_are_reported_once() {
        let millis = |millis| Some(Duration::from_millis(millis));
        for (silences, reported) in [
            (&[millis(60_000), millis(60_100), millis(60_000)][..], vec![false, true, false]),
            (&[millis(60_000), millis(30_000), millis(30_000)], vec![false, false, true]),
            (&[millis(60_000), None, millis(60_000)], vec![false, false, false]),
            (&[millis(1000), millis(1300)], vec![false, false]),
        ] {
            let mut timeouts = IdleTimeouts::default();
            let seen: Vec<_> = silences.iter().map(|quiet| timeouts.note(*quiet)).collect();
            assert_eq!(seen, reported, "{silences:?}");
        }
    }
}
