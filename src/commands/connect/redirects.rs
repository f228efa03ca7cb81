//! From one hop to the next.

use super::opening::Opening;
use super::request::leaves_credentials;
use crate::error::Error;
use crate::event::{Level, Redirect, What};
use crate::net::upgrade::UpgradeError;
use crate::resilience::redirect::{Route, is_redirect};
use crate::session::Journal;

impl Opening<'_> {
    /// The way on, if this failure is a redirect to be followed. It is told.
    pub(super) fn redirected(
        &self,
        route: &Route,
        error: Error,
        journal: &mut Journal<'_>,
    ) -> Result<Route, Error> {
        let (Some(max), Error::Upgrade(rejected)) = (self.config.resilience.redirects, &error)
        else {
            return Err(error);
        };
        let UpgradeError::Refused(response) = &rejected.error else { return Err(error) };
        if !is_redirect(response.line.status) {
            return Err(error);
        }
        let location = response.head.value("Location");
        let next = match route.redirected(location.as_deref(), max) {
            Ok(next) => next,
            Err(why) => return Err(Error::redirect(error, why)),
        };
        let redaction = self.config.redaction;
        let said = |text: String| rejected.secrets.mask_text(text);
        let url = |route: &Route| said(redaction.url(&route.target.url()).into_owned());
        journal.tell_now(What::Redirect(&Redirect {
            status: response.line.status,
            reason: said(response.line.reason.clone()),
            from: url(route),
            to: url(&next),
        }));
        if leaves_credentials(self.config, route, &next) {
            let text = format!(
                "credentials and a Host header of your own are not sent on to {}",
                next.target.host_header()
            );
            journal.tell_now(What::Notice(Level::Warning, &text));
        }
        Ok(next)
    }
}
