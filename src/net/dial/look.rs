//! A second look at a server whose certificate was refused.

use std::time::Duration;

use super::{DialError, Dialer};
use crate::net::reactor::Deadline;
use crate::net::stream::Stream;
use crate::net::tls::{self, TlsOptions};

/// How long a failure waits for the certificates that explain it.
const PATIENCE: Duration = Duration::from_secs(2);

impl Dialer<'_> {
    /// Adds the certificates to a failure that lies in them, from a second connection on the same way.
    /// What is known is told without them, if that is not to be had.
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
            failure.chain = tls::certificates(stream, name, options, self.reactor, self.deadline);
        }
        self.deadline = deadline;
        error
    }
}
