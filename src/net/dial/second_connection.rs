//! A second connection to a server whose certificate was refused, or that ended the first one without a response.

use std::time::Duration;

use super::{ConnectError, DialError, DialOptions, Dialer, Remote, Target, certificate_name};
use crate::net::reactor::{Deadline, Interrupted, Reactor, WaitError};
use crate::net::stream::Stream;
use crate::net::tcp;
use crate::net::tls::{self, TlsOptions};
use crate::net::tls_hello::TlsAnswer;

/// The time limit for retrieving the certificates of a failure.
const PATIENCE: Duration = Duration::from_secs(2);

impl Dialer<'_> {
    /// Adds the certificates to a failure that they cause, from a second connection over the same route. If that
    /// fails, the error is unchanged; if a signal ends it, the error is that of the signal, with the failure.
    pub(super) fn explain(
        &mut self,
        mut error: DialError,
        options: &TlsOptions,
        reconnect: impl FnOnce(&mut Self) -> Result<Stream, DialError>,
    ) -> DialError {
        let DialError::Tls(failure) = &mut error else { return error };
        if !failure.fault.is_in_the_chain() {
            return error;
        }
        let deadline = self.deadline;
        self.deadline = deadline.or_after(PATIENCE);
        let certificates = reconnect(self).and_then(|stream| {
            let name = &failure.name;
            tls::peer_certificates(stream, name, options, self.reactor, self.deadline)
                .map_err(|interrupted| DialError::Interrupted(interrupted, None))
        });
        self.deadline = deadline;
        match certificates {
            Ok(chain) => failure.chain = chain,
            Err(DialError::Interrupted(interrupted, _)) => {
                return DialError::Interrupted(interrupted, Some(Box::new(error)));
            }
            Err(_) => {}
        }
        error
    }
}

/// The time limit for an answer in TLS.
const TLS_PATIENCE: Duration = Duration::from_secs(1);

/// Whether a server answers a ClientHello with a ServerHello or an alert; `None` if that was not tested, because
/// the server is behind a proxy or a Unix socket, cannot be reached again, or had no time to answer before
/// `deadline`. Nothing else is sent, and no client certificate.
///
/// # Errors
/// When a signal ends the wait.
pub fn answers_in_tls(
    remote: &Remote,
    target: &Target,
    options: DialOptions<'_>,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Option<bool>, Interrupted> {
    let Remote::Address(address) = remote else { return Ok(None) };
    let (whole, deadline) = (deadline, deadline.or_after(TLS_PATIENCE));
    let source = options.route.source.as_ref();
    let tcp = match tcp::connect(&[*address], source, reactor, deadline) {
        Ok((tcp, _)) => tcp,
        Err(ConnectError::Wait(WaitError::Interrupted(interrupted), ..)) => {
            return Err(interrupted);
        }
        Err(_) => return Ok(None),
    };
    let options = options.tls.options();
    let name = certificate_name(target, options);
    let answer = tls::first_answer(Stream::Plain(tcp), &name, options, reactor, deadline)?;
    match answer {
        TlsAnswer::ServerHello | TlsAnswer::Alert => Ok(Some(true)),
        TlsAnswer::Nothing | TlsAnswer::Record if whole.has_passed() => Ok(None),
        _ => Ok(Some(false)),
    }
}
