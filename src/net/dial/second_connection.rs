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
    /// fails, the error is unchanged.
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
        let (deadline, patience) = (self.deadline, Deadline::after(Some(PATIENCE)));
        self.deadline.at = deadline.at.into_iter().chain(patience.at).min();
        if let Ok(stream) = reconnect(self) {
            let name = &failure.name;
            failure.chain =
                tls::peer_certificates(stream, name, options, self.reactor, self.deadline);
        }
        self.deadline = deadline;
        error
    }
}

/// The time limit for an answer in TLS.
const TLS_PATIENCE: Duration = Duration::from_secs(1);

/// Whether a server answers a ClientHello with a ServerHello or an alert; `None` if that was not tested, because
/// the server is behind a proxy or a Unix socket, or cannot be reached again. Nothing else is sent, and no client
/// certificate.
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
    let deadline = deadline.or_after(TLS_PATIENCE);
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
    Ok(Some(matches!(answer, TlsAnswer::ServerHello | TlsAnswer::Alert)))
}
