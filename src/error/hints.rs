//! What to do about a failure, where that can be known.

use super::{Error, Tries};
use crate::config::ConfigError;
use crate::net::DialError;
use crate::resilience::redirect::RedirectError;

mod dial;
mod ending;
mod handshake;
mod tls;

pub(super) use dial::dial;
use dial::may_be_starting;
pub(super) use handshake::wanted_tls;
use handshake::{ENGINE_IO, is_engine_io};

pub(super) fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Usage { hint, .. } => hint.clone(),
        Error::System(what, error) => system(what, error),
        Error::Config(ConfigError::Configured(error)) => error.hint.clone(),
        Error::Config(ConfigError::ReadTimeout { path, is_fifo: true, .. }) => {
            Some(format!("{path} is a FIFO: it is read until all that write to it have closed it"))
        }
        Error::Config(_) | Error::Signal(_) | Error::Output(_) => None,
        Error::Dial(error @ DialError::Tcp(failures, _), attempt)
            if attempt.tries == Tries::One && may_be_starting(failures) =>
        {
            dial(error).map(|text| format!("{text} --retry waits for one that is starting"))
        }
        Error::Dial(error, attempt) => dial(error).map(|text| attempt.secrets.mask_text(text)),
        Error::Upgrade(rejected) => handshake::hint(rejected),
        Error::NoSubprotocol(_) | Error::NoCompression => {
            Some("without --strict this is only a warning".to_owned())
        }
        Error::Protocol(closed) => ending::protocol(closed),
        Error::Abnormal(closed) => ending::abnormal(closed),
        Error::CloseTimeout { .. } => {
            Some("--close-timeout TIME waits longer, 0 without a limit".to_owned())
        }
        Error::Redirect(_, why) => redirect(why),
        Error::PingTimeout(missed, remedies) => {
            Some(ending::missed_pong(missed.instead, *remedies))
        }
        Error::IdleTimeout(_, remedies) => remedies.ping_interval.then(|| {
            "--ping-interval TIME distinguishes a silent peer from a lost connection".to_owned()
        }),
        Error::Unmet(_, end) => end.as_ref().and_then(|end| hint(end)),
        Error::MaxTime(_) | Error::Input(_) => None,
    }
}

fn system(what: &str, error: &std::io::Error) -> Option<String> {
    let text = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program listens there: choose another port, or :0 for any free one"
        }
        std::io::ErrorKind::InvalidInput if what.contains("[fe80:") => {
            "an address of one link only needs the number of its network interface: [fe80::1%2]:8080"
        }
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need privileges",
        _ => return None,
    };
    Some(text.to_owned())
}

fn redirect(why: &RedirectError) -> Option<String> {
    let text = match why {
        RedirectError::Downgrade { .. } => {
            "others on the way could read and change all that is said; if that is meant, connect to that ws:// URL"
        }
        RedirectError::TooMany { .. } => "--max-redirs N follows more of them",
        RedirectError::Loop(_) => {
            "the server may want a cookie or a login that the request did not have"
        }
        RedirectError::NoLocation | RedirectError::BadLocation { .. } => return None,
    };
    Some(text.to_owned())
}
