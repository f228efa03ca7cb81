//! From one hop to the next.

use super::opening::Opening;
use super::request::leaves_credentials;
use crate::error::Error;
use crate::event::{EventKind, Hop, InterimView, Level, Redirect};
use crate::net::malformed::objections;
use crate::net::upgrade::UpgradeError;
use crate::protocol::head::{Head, StatusLine};
use crate::redact::Secrets;
use crate::resilience::redirect::{RedirectError, Route, is_redirect};
use crate::session::Journal;

impl Opening<'_> {
    /// Where this response leads, or why not there; `None` if it is not a redirect to be followed.
    pub(super) fn next(
        &self,
        route: &Route,
        line: &StatusLine,
        head: &Head,
    ) -> Option<Result<Route, RedirectError>> {
        let max = self.config.resilience.redirects.filter(|_| is_redirect(line.status))?;
        let location = head.judged(self.config.lenient).value("Location");
        Some(route.redirected(location.as_deref(), max))
    }

    /// The way on, if this failure is a redirect to be followed. It is told.
    pub(super) fn redirected(
        &self,
        route: &Route,
        error: Error,
        journal: &mut Journal<'_>,
    ) -> Result<Route, Error> {
        let Error::Upgrade(rejected) = &error else { return Err(error) };
        let UpgradeError::Refused(response) = &rejected.error else { return Err(error) };
        let mut next = match self.next(route, &response.line, &response.head) {
            Some(Ok(next)) => next,
            Some(Err(why)) => return Err(Error::redirect(error, why)),
            None => return Err(error),
        };
        let redaction = self.config.redaction;
        // Also those in fields with white space before the colon.
        let answered = Secrets::of_response(redaction, response.head.lenient().fields());
        next.secrets = rejected.secrets.clone().and(answered);
        let said = |text: String| next.secrets.mask_text(text);
        let url = |route: &Route| said(redaction.url(&route.target.url()).into_owned());
        journal.emit_now(EventKind::Redirect(&Redirect {
            status: response.line.status,
            reason: said(response.line.reason.clone()),
            from: url(route),
            to: url(&next),
            interim: InterimView::all(&rejected.interim, Hop::Server, redaction, &next.secrets),
        }));
        if let Some(lines) = objections(&response.head, redaction, &next.secrets) {
            journal.emit_now(EventKind::Notice(Level::Warning, &format!("{lines}: ignored")));
        }
        if leaves_credentials(self.config, route, &next) {
            let text = format!(
                "credentials and a Host header of your own are not sent on to {}",
                said(next.target.host_header())
            );
            journal.emit_now(EventKind::Notice(Level::Warning, &text));
        }
        Ok(next)
    }
}
