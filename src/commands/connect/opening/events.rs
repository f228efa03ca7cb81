//! The events of an opening handshake, with secrets masked.

use crate::client::{FollowedRedirect, OpenConnection, OpenObserver, RedirectChain};
use crate::event::{EventKind, HeadView, Hop, Level, Mask, Opened, Proxied, ProxyHeads, Redirect};
use crate::net::malformed::objections;
use crate::net::tunnel::Heads;
use crate::protocol::connection::Initiator;
use crate::protocol::handshake::Request;
use crate::protocol::head::Head;
use crate::protocol::vocabulary::Role;
use crate::redact::{Redaction, Secrets};
use crate::session::Journal;

/// An event before a connection is open.
#[derive(Debug)]
pub(in crate::commands) enum OpeningEvent {
    Tunnel(ProxyHeads),
    Request(HeadView),
    Redirect(Redirect),
    Warning(String),
}

impl OpeningEvent {
    /// Emits it with the current time.
    pub(in crate::commands) fn emit(&self, journal: &mut Journal<'_>) {
        match self {
            Self::Tunnel(heads) => journal.emit_now(EventKind::Tunnel(heads)),
            Self::Request(request) => {
                journal.emit_now(EventKind::Request(request));
                journal.outputs().flush_early();
            }
            Self::Redirect(redirect) => journal.emit_now(EventKind::Redirect(redirect)),
            Self::Warning(text) => journal.emit_now(EventKind::Notice(Level::Warning, text)),
        }
    }
}

/// Makes the events before a connection is open.
pub(in crate::commands) struct OpeningEvents<F> {
    pub(in crate::commands) emit: F,
    pub(in crate::commands) redaction: Redaction,
}

impl<F: FnMut(OpeningEvent)> OpenObserver for OpeningEvents<F> {
    fn tunnel_opened(&mut self, heads: &Heads, chain: &RedirectChain, secrets: &Secrets) {
        let heads = proxy_heads(heads, chain, secrets, self.redaction);
        (self.emit)(OpeningEvent::Tunnel(heads));
    }

    fn request_sent(&mut self, request: &Request, chain: &RedirectChain) {
        let request = request_view(&request.head, chain, self.redaction);
        (self.emit)(OpeningEvent::Request(request));
    }

    fn redirected(&mut self, redirect: &FollowedRedirect<'_>) {
        let FollowedRedirect { request, response, from, to, .. } = *redirect;
        let (redaction, secrets) = (self.redaction, &to.secrets);
        let mask = Mask::new(redaction, secrets);
        let url = |chain: &RedirectChain| mask.url(&chain.target.url());
        (self.emit)(OpeningEvent::Redirect(Redirect {
            status: response.line.status,
            reason: mask.text(response.line.reason.clone()),
            from: url(from),
            to: url(to),
            request: request_view(&request.head, from, redaction),
            interim: mask.interim(redirect.interim, Hop::Server),
        }));
        if let Some(lines) = objections(&response.head, redaction, secrets) {
            (self.emit)(OpeningEvent::Warning(format!("{lines}: ignored")));
        }
        if redirect.drops_credentials {
            (self.emit)(OpeningEvent::Warning(format!(
                "credentials and a Host header of your own are not sent on to {}",
                secrets.mask_text(to.target.host_header())
            )));
        }
    }
}

/// The details of an open connection for display.
pub(in crate::commands) fn opened(open: &OpenConnection, redaction: Redaction) -> Opened {
    let OpenConnection { upgraded, request, chain, secrets, .. } = open;
    let mask = Mask::new(redaction, secrets);
    let target = &chain.target;
    Opened {
        initiator: Initiator::Local,
        url: Mask::new(redaction, &chain.secrets).url(&target.url()),
        remote: open.remote.socket(),
        proxy: proxied(open, redaction),
        local: open.stream.local_address().unwrap_or_default(),
        http_minor: upgraded.line.minor_version,
        status: upgraded.line.status,
        reason: mask.text(upgraded.line.reason.clone()),
        request: request_view(&request.head, chain, redaction),
        client_sent: Vec::new(),
        interim: mask.interim(&upgraded.interim, Hop::Server),
        has_credentials: !Redaction::credentials(&target.resource, request.head.fields())
            .is_empty(),
        response: mask.head(&upgraded.head),
        offered: request.subprotocols().iter().cloned().map(|it| mask.text(it)).collect(),
        protocol: upgraded.agreement.subprotocol.clone().map(|it| mask.text(it)),
        extensions: upgraded.agreement.extensions.clone(),
        compression: upgraded.agreement.deflate.map(|agreed| agreed.describe(Role::Client)),
        tls: open.tls.clone(),
        timings: open.timings,
        secrets: secrets.clone(),
    }
}

/// The proxy, if there is one.
fn proxied(open: &OpenConnection, redaction: Redaction) -> Option<Proxied> {
    let heads = open.proxy_heads.as_ref();
    open.remote.via().map(|via| Proxied {
        url: via.proxy.to_string(),
        words: via.to_string(),
        heads: heads.map(|heads| proxy_heads(heads, &open.chain, &open.secrets, redaction)),
    })
}

fn proxy_heads(
    heads: &Heads,
    chain: &RedirectChain,
    secrets: &Secrets,
    redaction: Redaction,
) -> ProxyHeads {
    let mask = Mask::new(redaction, secrets);
    ProxyHeads {
        request: request_view(&heads.request, chain, redaction),
        interim: mask.interim(&heads.interim, Hop::Proxy),
        response: heads.response.as_ref().map(|head| mask.head(head)),
    }
}

/// The request, without the secrets that a redirect has put into it either.
fn request_view(request: &Head, chain: &RedirectChain, redaction: Redaction) -> HeadView {
    Mask::new(redaction, &chain.secrets).head(request)
}
