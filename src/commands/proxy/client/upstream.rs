//! The connection to the server, and the HTTP exchanges on it.

use std::net::{IpAddr, SocketAddr};

use super::{After, Client, ClientRequest};
use crate::client::{OpenError, dial_only};
use crate::net::reactor::{Leaving, tokens};
use crate::net::tls::TlsInfo;
use crate::net::{Deadline, Dialed, Remote, Timings};
use crate::protocol::TransportEnd;
use crate::protocol::forward::{ForwardedRequest, Refused};
use crate::proxy::{CutOff, End, Exchanged, Lost, LostParts, NoResponse, Outbound, Relay};

/// A connection to the server.
pub(super) struct Upstream {
    pub(super) end: End,
    pub(super) remote: Remote,
    pub(super) local: String,
    pub(super) tls: Option<TlsInfo>,
    pub(super) timings: Timings,
    /// Requests that were answered on it.
    answered: u64,
}

/// Why there is no connection to the server.
pub(super) enum NotConnected {
    /// The client has left meanwhile, in this way.
    ClientLeft(TransportEnd),
    /// Connecting failed.
    Failed(NoUpstream),
}

impl From<NoUpstream> for NotConnected {
    fn from(why: NoUpstream) -> Self {
        Self::Failed(why)
    }
}

/// Why connecting to the server failed.
pub(super) enum NoUpstream {
    /// It cannot be connected to.
    Open(OpenError),
    /// It is this proxy itself.
    Loop(SocketAddr),
    /// The system refused something.
    System(std::io::Error),
}

impl Client<'_> {
    /// A connection to the server: that of the last request, or a new one. What shows meanwhile that the client has left ends the
    /// attempt.
    pub(super) fn upstream(
        &mut self,
        deadline: Deadline,
        leaves_at: Leaving,
    ) -> Result<Upstream, NotConnected> {
        if let Some(mut upstream) = self.upstream.take() {
            upstream.end.assume_ready(); // meanwhile the reactor was used for the client only
            if upstream.end.is_idle() {
                return Ok(upstream);
            }
        }
        let dialed = self.dial_watching(deadline, leaves_at)?;
        let Dialed { mut stream, remote, tls, timings, .. } = dialed;
        let local = stream.local_address();
        if let Remote::Address(remote) = remote {
            let ip = local.as_ref().and_then(|it| it.parse::<SocketAddr>().ok());
            if self.server.is_loop(ip.map(|it| it.ip()).or(None::<IpAddr>), remote) {
                return Err(NoUpstream::Loop(remote).into());
            }
        }
        stream.set_token(self.reactor, tokens::UPSTREAM).map_err(NoUpstream::System)?;
        let (end, local) = (End::new(stream), local.unwrap_or_default());
        Ok(Upstream { end, remote, local, tls, timings, answered: 0 })
    }

    fn dial_watching(
        &mut self,
        deadline: Deadline,
        leaves_at: Leaving,
    ) -> Result<Dialed, NotConnected> {
        self.set_client_token(tokens::WATCHED)?;
        self.reactor.watch(leaves_at);
        let dialed = dial_only(&self.server.config.endpoint, deadline, self.reactor);
        let left = self.reactor.stop_watching();
        // What was announced of the client meanwhile is announced again.
        self.set_client_token(tokens::SOCKET)?;
        match (dialed, left) {
            (Err(OpenError::Interrupted(..)), Some(end)) => Err(NotConnected::ClientLeft(end)),
            (dialed, _) => Ok(dialed.map_err(NoUpstream::Open)?),
        }
    }

    fn set_client_token(&mut self, token: mio::Token) -> Result<(), NoUpstream> {
        let Some(client) = &mut self.stream else { return Ok(()) };
        client.stream().set_token(self.reactor, token).map_err(NoUpstream::System)
    }

    /// Relays one request that is not for a WebSocket.
    pub(super) fn relay_http(
        &mut self,
        request: ClientRequest,
        forwarded: ForwardedRequest,
    ) -> After {
        let outbound = Outbound {
            head: forwarded.head,
            method: request.line.method.clone(),
            body: forwarded.body,
            early: request.early.clone(),
            opens_websocket: false,
            answer_by: None, // it may be a long poll
        };
        match self.exchange(&request, outbound) {
            Ok((exchanged, was_kept)) => self.conclude(&request, exchanged, was_kept),
            Err(after) => after,
        }
    }

    /// One exchange, and whether the connection to the server was kept from one before. If the server cannot be reached, the
    /// client is answered.
    fn exchange(
        &mut self,
        request: &ClientRequest,
        outbound: Outbound,
    ) -> Result<(Exchanged, bool), After> {
        let deadline = Deadline::after(self.server.config.endpoint.connect_timeout);
        let mut upstream = match self.upstream(deadline, Leaving::Reset) {
            Ok(upstream) => upstream,
            Err(NotConnected::ClientLeft(end)) => {
                self.emit_http(request, None, Some(left_text(&end)));
                self.end_as(&end);
                return Err(After::End);
            }
            Err(NotConnected::Failed(why)) => {
                let (refused, _) = self.no_upstream(why);
                self.emit_http(request, Some(refused.status), Some(refused.reason.clone()));
                self.respond(Some(request), &refused);
                return Err(After::End);
            }
        };
        let Some(client) = &mut self.stream else { return Err(After::End) };
        let (server, orders) = (&mut upstream.end, &*self.orders);
        let mut relay = Relay { reactor: self.reactor, client, server, orders };
        let exchanged = relay.exchange(outbound);
        let was_kept = upstream.answered > 0;
        if let Exchanged::Answered { persists: true, .. } = &exchanged {
            upstream.answered += 1;
            self.upstream = Some(upstream);
        }
        Ok((exchanged, was_kept))
    }

    fn conclude(&mut self, request: &ClientRequest, exchanged: Exchanged, was_kept: bool) -> After {
        match exchanged {
            Exchanged::Answered { response, from_client, persists } => {
                self.emit_http(request, Some(response.line.status), None);
                if persists {
                    return After::Request(from_client);
                }
                self.finish();
            }
            Exchanged::Unanswered(failed) => {
                let mut why = unanswered_text(&failed.why);
                if let Some(before) = &failed.client_ended {
                    why = format!("{why}; before that, the client's {before}");
                }
                if failed.is_cut {
                    self.emit_http(request, None, Some(format!("{why}; {NOT_TAKEN}")));
                    self.end_as(&TransportEnd::Reset);
                    return After::End;
                }
                // The server may have ended an idle connection just then: the client knows whether its request can be
                // sent again (RFC 9110 section 9.2.2), and does that itself, as without a proxy.
                if let (true, Some(end)) = (was_kept, failed.end_before_response()) {
                    self.emit_http(request, None, Some(why));
                    self.end_as(end);
                    return After::End;
                }
                let refused = Refused::new(502, why);
                self.emit_http(request, Some(502), Some(refused.reason.clone()));
                self.respond(Some(request), &refused);
            }
            Exchanged::CutOff(response, why, lost) => {
                let note = Some(with_lost(cut_off_text(&why), "client", lost));
                self.emit_http(request, Some(response.line.status), note);
                self.cut_off(&why);
            }
            Exchanged::ClientGone(end, response, lost) => {
                let note = format!("the client ended the connection: {end}");
                let note = Some(with_lost(note, "server", lost));
                self.emit_http(request, response.map(|it| it.line.status), note);
            }
            Exchanged::Ending(response, lost) => {
                let note = match response {
                    Some(_) => "the proxy ended within the response",
                    None => ENDED_UNANSWERED,
                };
                let note = with_both_lost(note.to_owned(), lost);
                let status = response.map(|response| response.line.status);
                self.emit_http(request, status, Some(note));
                self.end_as(&TransportEnd::Reset);
            }
            Exchanged::BadBody(fault) => {
                let refused = Refused::new(400, format!("malformed request body: {fault}"));
                self.emit_http(request, Some(400), Some(refused.reason.clone()));
                self.respond(Some(request), &refused);
            }
            Exchanged::Upgraded { .. } => {} // only for a request that asks for it
        }
        After::End
    }
}

/// Why a client gets no response of the proxy.
const NOT_TAKEN: &str = "the client did not read the interim responses before";

/// What became of a request that was not answered when the run ended.
pub(super) const ENDED_UNANSWERED: &str = "the proxy ended before the server answered";

/// What became of a request whose client has left before there was a connection to the server.
pub(super) fn left_text(end: &TransportEnd) -> String {
    format!("the client ended the connection before that to the server was open: {end}")
}

/// Why a server gave no response, for its client.
pub(super) fn unanswered_text(why: &NoResponse) -> String {
    match why {
        NoResponse::Ended(end) => format!("the server gave no response: {end}"),
        NoResponse::Malformed(error) => format!("the server's response is not HTTP/1.1: {error}"),
        NoResponse::TooManyInterim => {
            "the server sent interim responses (1xx) without end".to_owned()
        }
        NoResponse::UnaskedUpgrade => {
            "the server switched protocols (101) for a request that was not for a WebSocket: no other protocol is passed on"
                .to_owned()
        }
        NoResponse::Body(fault) => format!("the server's response has a malformed body: {fault}"),
        NoResponse::TimedOut => {
            "the server gave no response in time (--connect-timeout)".to_owned()
        }
        NoResponse::System(error) => error.to_string(),
    }
}

/// The same with what a side did not get of a body.
pub(super) fn with_lost(note: String, side: &str, lost: Lost) -> String {
    match lost.is_nothing() {
        true => note,
        false => format!("{note}; not delivered to the {side}: {lost}"),
    }
}

/// The same for both sides.
pub(super) fn with_both_lost(note: String, lost: LostParts) -> String {
    let note = with_lost(note, "client", lost.response);
    with_lost(note, "server", lost.request)
}

/// Why a response was passed on only in part.
pub(super) fn cut_off_text(why: &CutOff) -> String {
    match why {
        CutOff::Server(end) => {
            format!("the server ended the connection within its response: {end}")
        }
        CutOff::Body(fault) => format!("the server's response has a malformed body: {fault}"),
        CutOff::Request(fault) => format!("malformed request body: {fault}"),
        CutOff::System(error) => error.to_string(),
    }
}
