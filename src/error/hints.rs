//! Hints: what to do about a failure, if known.

use super::{DialAttempt, Error, Tries};
use crate::config::ConfigError;
use crate::net::DialError;

mod banner;
mod dial;
mod ending;
mod engine_io;
mod handshake;
mod named;
mod proxy;
mod redirect;
mod refusal;
mod tcp;
mod tls;

use engine_io::{ENGINE_IO, is_engine_io};
use refusal::wanted_tls;
use tcp::may_be_starting;

pub(super) fn hint(error: &Error) -> Option<String> {
    if matches!(error, Error::Interrupted(..)) {
        return None; // what would explain it was not waited for
    }
    match error.cause() {
        Error::Usage { hint, .. } => hint.clone(),
        Error::NoArguments(_) => Some("'wscope --help' lists the options".to_owned()),
        Error::System(what, error) | Error::Listen(what, error) => system(what, error),
        Error::Config(ConfigError::Configured(error)) => error.hint.clone(),
        Error::Config(ConfigError::ReadTimeout { path, is_fifo: true, .. }) => {
            Some(format!("{path} is a FIFO: it is read until all writers have closed it"))
        }
        Error::Recording(error) => error.hint(),
        Error::Config(_)
        | Error::ProxyEnded(_)
        | Error::ProxyViolated(_)
        | Error::ProxyRefused(_)
        | Error::ProxyUnanswered(_)
        | Error::Signal(_)
        | Error::Output(_)
        | Error::Record(_)
        | Error::RecordingsDiffer
        | Error::ChecksFailed
        | Error::InvalidScenarios
        | Error::UnreadableScenarios => None,
        Error::Dial(error, attempt) => {
            attempted(error, attempt).map(|text| attempt.secrets.mask_text(text))
        }
        Error::Upgrade(rejected) if rejected.is_forwarded => None,
        Error::Upgrade(rejected) => handshake::hint(rejected),
        Error::NoSubprotocol { .. } | Error::NoCompression => {
            Some("without --strict this is only a warning".to_owned())
        }
        Error::Protocol(closed) => ending::protocol(closed),
        Error::Abnormal(closed) => ending::abnormal(closed),
        Error::CloseTimeout { .. } => {
            Some("--close-timeout TIME changes the limit, and 0 disables it".to_owned())
        }
        Error::Redirect(rejected, why) => redirect::hint(rejected, why),
        Error::PingTimeout(missed, silence_advice) => {
            Some(ending::missed_pong(missed.instead, *silence_advice))
        }
        Error::IdleTimeout(_, silence_advice) => silence_advice.ping_interval.then(|| {
            "--ping-interval TIME distinguishes a silent peer from a lost connection".to_owned()
        }),
        Error::Differs { hint, .. } => hint.clone(),
        Error::Unmet(..)
        | Error::Entry { .. }
        | Error::Interrupted(..)
        | Error::Earlier(_)
        | Error::MaxTime(_)
        | Error::Input(_) => None,
    }
}

fn attempted(error: &DialError, attempt: &DialAttempt) -> Option<String> {
    let text = match error {
        DialError::Proxy(error) => proxy::hint(error),
        other => dial::hint(other, attempt.is_redirected),
    }?;
    Some(match error {
        DialError::Tcp(failures, _) if attempt.tries == Tries::One && may_be_starting(failures) => {
            format!("{text} --retry waits for a server that is starting")
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
            "a link-local address requires the number of its network interface: [fe80::1%2]:8080"
        }
        std::io::ErrorKind::PermissionDenied if has_privileged_port(what) => {
            "ports below 1024 require privileges"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Whether listening failed on an address with a port that may require privileges.
fn has_privileged_port(what: &str) -> bool {
    let port = what.strip_prefix("cannot listen on ").and_then(|address| address.rsplit_once(':'));
    port.and_then(|(_, port)| port.parse().ok()).is_some_and(|port: u16| (1..1024).contains(&port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::DialAttempt;
    use crate::event::AttemptView;
    use crate::net::tcp::{TcpCause, TcpFailure};
    use crate::redact::{Redaction, Secrets};

    #[test]
    fn no_hint_shows_a_secret() {
        let fields = [("X-Api-Key", &b"s3cr3t-v4lue"[..])];
        let secrets = Secrets::of_request(Redaction::Mask, "/", fields.into_iter());
        let attempt = Box::new(DialAttempt {
            tries: Tries::One,
            secrets,
            max_time: None,
            is_redirected: false,
            attempt: AttemptView::default(),
        });
        let (host, error) = ("s3cr3t-v4lue".to_owned(), std::io::Error::other("unknown"));
        let failure = DialError::Dns { host, error, lacks_configuration: false };
        let hint = hint(&Error::Dial(failure, attempt));
        let hint = hint.unwrap_or_default();
        assert!(hint.starts_with("is *** spelled right"), "{hint}");
    }

    #[test]
    fn the_hint_of_the_cause_is_given_for_unmet_expectations() {
        let unmet = |tries| {
            let failure = TcpFailure {
                address: "127.0.0.1:80".parse().expect("an address"),
                cause: TcpCause::Refused,
                error: std::io::ErrorKind::ConnectionRefused.into(),
            };
            let secrets = Secrets::default();
            let attempt = DialAttempt {
                tries,
                secrets,
                is_redirected: false,
                max_time: None,
                attempt: AttemptView::default(),
            };
            let end = Error::Dial(DialError::Tcp(vec![failure], None), Box::new(attempt));
            Error::Unmet(vec!["awaited".to_owned()], Some(Box::new(end)))
        };
        let given = |tries| hint(&unmet(tries)).unwrap_or_default();
        assert!(given(Tries::One).ends_with("--retry waits for a server that is starting"));
        let several = given(Tries::Several);
        assert!(several.ends_with("is the port right?"), "{several}");
    }

    #[test]
    fn only_low_ports_require_privileges() {
        let denied = |what: &str| {
            let error = std::io::ErrorKind::PermissionDenied.into();
            hint(&Error::System(what.to_owned(), error))
        };
        for (what, is_low) in [
            ("cannot listen on 127.0.0.1:80", true),
            ("cannot listen on [::1]:1023", true),
            ("cannot listen on 127.0.0.1:1024", false),
            ("cannot listen on 127.0.0.1:0", false),
            ("line editor", false),
        ] {
            assert_eq!(denied(what).is_some(), is_low, "{what}");
        }
    }
}
