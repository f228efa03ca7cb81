//! What to do about a failure, where that can be known.

use super::{DialAttempt, Error, Tries};
use crate::config::ConfigError;
use crate::net::DialError;

pub(super) mod banner;
mod dial;
mod ending;
mod engine_io;
mod handshake;
mod named;
mod redirect;
mod refusal;
mod tcp;
pub(super) mod tls;

pub(super) use dial::dial;
use engine_io::{ENGINE_IO, is_engine_io};
pub(super) use refusal::wanted_tls;
use tcp::may_be_starting;

pub(super) fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Usage { hint, .. } => hint.clone(),
        Error::System(what, error) => system(what, error),
        Error::Config(ConfigError::Configured(error)) => error.hint.clone(),
        Error::Config(ConfigError::ReadTimeout { path, is_fifo: true, .. }) => {
            Some(format!("{path} is a FIFO: it is read until all that write to it have closed it"))
        }
        Error::Config(_) | Error::Signal(_) | Error::Output(_) => None,
        Error::Dial(error, attempt) => {
            attempted(error, attempt).map(|text| attempt.secrets.mask_text(text))
        }
        Error::Upgrade(rejected) => handshake::hint(rejected),
        Error::NoSubprotocol(_) | Error::NoCompression => {
            Some("without --strict this is only a warning".to_owned())
        }
        Error::Protocol(closed) => ending::protocol(closed),
        Error::Abnormal(closed) => ending::abnormal(closed),
        Error::CloseTimeout { .. } => {
            Some("--close-timeout TIME waits longer, 0 without a limit".to_owned())
        }
        Error::Redirect(rejected, why) => redirect::hint(rejected, why),
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

fn attempted(error: &DialError, attempt: &DialAttempt) -> Option<String> {
    let text = dial(error)?;
    Some(match error {
        DialError::Tcp(failures, _) if attempt.tries == Tries::One && may_be_starting(failures) => {
            format!("{text} --retry waits for one that is starting")
        }
        DialError::Dns { .. } if let Some(command) = &attempt.similar_command => {
            format!("{text} Or did you mean 'wscope {command}'?")
        }
        _ => text,
    })
}

fn system(what: &str, error: &std::io::Error) -> Option<String> {
    let text = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program uses that address: choose another port, or :0 for any free one"
        }
        std::io::ErrorKind::InvalidInput if what.contains("[fe80:") => {
            "a link-local address needs the number of its network interface: [fe80::1%2]:8080"
        }
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need privileges",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Redaction, Secrets};

    #[test]
    fn no_hint_shows_a_secret() {
        let fields = [("X-Api-Key", &b"s3cr3t-v4lue"[..])];
        for similar in [None, Some("listen")] {
            let secrets = Secrets::of_request(Redaction::Mask, "/", fields.into_iter());
            let similar_command = similar.map(str::to_owned);
            let attempt = Box::new(DialAttempt {
                tries: Tries::One,
                secrets,
                max_time: None,
                similar_command,
            });
            let (host, error) = ("s3cr3t-v4lue".to_owned(), std::io::Error::other("unknown"));
            let hint = hint(&Error::Dial(DialError::Dns { host, error }, attempt));
            let hint = hint.unwrap_or_default();
            assert!(hint.starts_with("is *** spelled right"), "{hint}");
        }
    }

    #[test]
    fn a_command_is_asked_about_where_there_is_no_such_host() {
        let attempt = |similar: Option<&str>| {
            let similar_command = similar.map(str::to_owned);
            let (tries, secrets) = (Tries::One, Secrets::default());
            Box::new(DialAttempt { tries, secrets, max_time: None, similar_command })
        };
        let unknown =
            || DialError::Dns { host: "lisen".to_owned(), error: std::io::Error::other("unknown") };
        let asked = hint(&Error::Dial(unknown(), attempt(Some("listen")))).unwrap_or_default();
        assert!(asked.ends_with("Or did you mean 'wscope listen'?"), "{asked}");
        let plain = hint(&Error::Dial(unknown(), attempt(None))).unwrap_or_default();
        assert!(!plain.contains("wscope"), "{plain}");
        let other = Error::Dial(DialError::Tcp(Vec::new(), None), attempt(Some("listen")));
        assert_eq!(hint(&other), None);
    }
}
