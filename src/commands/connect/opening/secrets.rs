//! What is not to be shown of an attempt, wherever it comes back.

use super::Opening;
use crate::net::Remote;
use crate::net::tunnel::Heads;
use crate::net::upgrade::UpgradeError;
use crate::protocol::handshake::Request;
use crate::redact::Secrets;
use crate::resilience::redirect::Route;

impl Opening<'_> {
    /// What the server may say again and is not to be shown.
    pub(super) fn secrets(&self, request: &Request, route: &Route) -> Secrets {
        let (redaction, target) = (self.config.redaction, &route.target.resource);
        Secrets::of_request(redaction, target, request.head.fields())
            .and(route.secrets.clone())
            .and(self.config.hidden_secrets())
    }

    /// What the server says itself where it takes a subprotocol that was not offered.
    pub(super) fn answered_secrets(&self, error: &UpgradeError) -> Secrets {
        let UpgradeError::Invalid(response, _) = error else { return Secrets::default() };
        let fields = response.head.fields();
        let subprotocols =
            fields.filter(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Protocol"));
        Secrets::of_response(self.config.redaction, subprotocols)
    }

    /// The secrets sent to the proxy in between, which may have passed them on to the server.
    pub(super) fn proxy_secrets(&self, remote: &Remote, heads: &Option<Heads>) -> Secrets {
        let redaction = self.config.redaction;
        match (remote.via(), heads) {
            (_, Some(heads)) => Secrets::of_request(redaction, "", heads.request.fields()),
            (Some(via), None) => via.proxy.secrets(redaction),
            (None, None) => Secrets::default(),
        }
    }
}
