//! What passes through a proxy: between a client and a server, of which neither is this program.

use std::time::Duration;

use crate::protocol::close::ClosePayload;
use crate::protocol::vocabulary::{Counters, Direction, Partial, TransportEnd};
use crate::protocol::{CloseCode, MessageKind, Side};

use super::decided::Carried;
use super::undelivered::Undelivered;

/// The event is about what passes between two other endpoints: [`Direction::Sent`] is what the client sent,
/// [`Direction::Received`] what the server sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Transit<'a> {
    /// What was done to the message or control frame, if it was not just passed on.
    pub touch: Option<&'a Touch<'a>>,
    /// It was not passed on when it was received: it waits for its time or behind what does, or the proxy is ending the
    /// connection. If it is delivered later, that is an event of its own: [`Decided`](super::Decided).
    pub waits: bool,
    /// What it waits behind, if that is known.
    pub behind: Option<Behind>,
    /// A violation that is tolerated is in the frame that was received only: its message is put together anew, without it.
    pub is_reframed: bool,
}

/// What a message or control frame waits behind: the last before it that does not wait only for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// The held message with this number.
    Held(u64),
    /// One that is delayed.
    Delayed,
    /// The end of the connection: it is not delivered.
    End,
}

impl Transit<'_> {
    /// Of what is received when nothing can be delivered any more.
    pub const fn withheld() -> Self {
        Self { touch: None, waits: true, behind: Some(Behind::End), is_reframed: false }
    }
}

/// What a rule, or the operator, did to a message or control frame. The event has its original form.
#[derive(Clone, Copy, Debug)]
pub struct Touch<'a> {
    /// The number of the rule, from 1; `None`: the operator did it, at the prompt or on the page.
    pub rule: Option<u64>,
    /// The action as it was written: "drop", "delay 500ms".
    pub action: &'a str,
    /// What was delivered in its place.
    pub changed_to: Option<Changed<'a>>,
    /// Its number while it is held. What becomes of it is an event of its own: [`Decided`](super::Decided).
    pub held: Option<u64>,
}

/// What is delivered in place of the original. It is of the same kind: a message replaces a message.
#[derive(Clone, Copy, Debug)]
pub enum Changed<'a> {
    /// A data message with this payload.
    Message(MessageKind, &'a [u8]),
    /// A ping or pong with this payload.
    Control(&'a [u8]),
    /// A Close frame.
    Close(&'a ClosePayload),
}

impl<'a> From<&'a Carried> for Changed<'a> {
    fn from(carried: &'a Carried) -> Self {
        match carried {
            Carried::Message(kind, data) => Self::Message(*kind, data),
            Carried::Ping(data) | Carried::Pong(data) => Self::Control(data),
            Carried::Close(close) => Self::Close(close),
        }
    }
}

/// A data message that has passed and was not kept, because it or all that is kept is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Omitted {
    /// Who sent it, as in [`Transit`].
    pub direction: Direction,
    /// Text or binary.
    pub kind: MessageKind,
    /// The size of its payload, inflated, in bytes; [`Omitted::wire_size`] if that is not known.
    pub size: u64,
    /// The size of frame headers and payloads, in bytes.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub compressed: bool,
    /// The number of frames.
    pub frames: u64,
    /// Why it was not kept; `None`: that is not known.
    pub reason: Option<OmittedFor>,
}

/// Why a data message was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OmittedFor {
    /// It is over `--max-message-size`.
    Size,
    /// It, or all that is kept, is over `--max-memory`.
    Memory,
    /// It is compressed, and cannot be inflated.
    Inflating,
    /// Its sender did not finish it.
    Unfinished,
}

impl OmittedFor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Size, Self::Memory, Self::Inflating, Self::Unfinished];

    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "max_message_size",
            Self::Memory => "max_memory",
            Self::Inflating => "cannot_inflate",
            Self::Unfinished => "unfinished",
        }
    }

    /// What is behind the size of the message on the screen.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Size => "not kept (--max-message-size)",
            Self::Memory => "not kept (--max-memory)",
            Self::Inflating => "not kept (it cannot be inflated)",
            Self::Unfinished => "not kept (it is not finished)",
        }
    }
}

/// A plain HTTP request to a proxy. Secrets are already masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpExchange {
    /// The method of the request.
    pub method: String,
    /// Its target.
    pub target: String,
    /// The status code of the response; `None`: there was no response.
    pub status: Option<u16>,
    /// From the request to the end of the response.
    pub duration: Duration,
    /// What is unusual about it, such as why the proxy itself answered.
    pub note: Option<String>,
}

/// Who ended a connection through a proxy first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyInitiator {
    /// The client.
    Client,
    /// The server.
    Server,
    /// The proxy.
    Local,
}

impl ProxyInitiator {
    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Local => "self",
        }
    }
}

/// The end of a connection through a proxy, when both transports have ended. Secrets are already masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyClosed {
    /// Who ended it first.
    pub initiator: ProxyInitiator,
    /// The Close frame that the client sent.
    pub client: Option<ClosePayload>,
    /// The Close frame that the server sent.
    pub server: Option<ClosePayload>,
    /// The Close frame that the proxy itself sent, to both sides or to one.
    pub own: Option<ClosePayload>,
    /// Whether the client and the server got that frame, so that each had to answer it.
    pub awaited: [bool; 2],
    /// The Close frame of the client, of the server, was not delivered to the other side. An answer to that of the proxy is
    /// not meant to be.
    pub not_delivered: [bool; 2],
    /// What of the client's traffic, and of the server's, the other side did not get.
    pub undelivered: [Option<Undelivered>; 2],
    /// How the client's transport ended; `None`: the proxy ended it.
    pub client_end: Option<TransportEnd>,
    /// How the server's transport ended; `None`: the proxy ended it.
    pub server_end: Option<TransportEnd>,
    /// Where what the client sent, and the server, ended, if that was within a frame or message.
    pub cut: [Option<Partial>; 2],
    /// Totals of what the client sent.
    pub from_client: Counters,
    /// Totals of what the server sent.
    pub from_server: Counters,
    /// The number of violations of the protocol, by either side.
    pub violations: u64,
    /// The number of messages and control frames that were not just passed on.
    pub touched: u64,
    /// How long the connection was open.
    pub age: Duration,
    /// Why the proxy ended it, if it did.
    pub why: Option<String>,
    /// `***` stands in a reason for a secret.
    pub is_masked: bool,
}

impl ProxyClosed {
    /// The close code of the connection (RFC 6455 section 7.1.5): that of the first Close frame that was delivered, 1005 if that had
    /// none, 1006 without one.
    pub fn code(&self) -> CloseCode {
        match self.first_close() {
            Some(close) => close.code.unwrap_or(CloseCode::NO_STATUS),
            None => CloseCode::ABNORMAL,
        }
    }

    /// The reason that belongs to [`ProxyClosed::code`] (RFC 6455 section 7.1.6).
    pub fn reason(&self) -> &str {
        self.first_close().map_or("", |close| &close.reason)
    }

    /// The close code that the client got, as the WebSocket API has it: 1005 for a Close frame without a code, 1006 without a Close
    /// frame.
    pub fn code_for_client(&self) -> CloseCode {
        match self.delivered_to(Side::Client) {
            Some(close) => close.code.unwrap_or(CloseCode::NO_STATUS),
            None => CloseCode::ABNORMAL,
        }
    }

    /// Whether both sides sent a Close frame (RFC 6455 section 7.1.4), and each has got one, unless it has reset the connection.
    /// After a violation that the proxy has answered with a Close frame of its own it is not.
    pub fn is_clean(&self) -> bool {
        let has_got = |viewer: usize| {
            !self.not_delivered[1 - viewer] || self.awaited[viewer] || self.has_left(viewer)
        };
        let is_any_delivered = self.not_delivered != [true; 2] || self.awaited != [false; 2];
        let is_delivered = is_any_delivered && (0..2).all(has_got);
        self.client.is_some() && self.server.is_some() && is_delivered && !self.is_failed()
    }

    /// Whether the proxy has answered a violation with a Close frame (`--enforce`).
    fn is_failed(&self) -> bool {
        let fails = |own: &ClosePayload| {
            own.code.is_some_and(|code| matches!(code.get(), 1002 | 1007 | 1009))
        };
        self.violations > 0 && self.own.as_ref().is_some_and(fails)
    }

    /// Whether the client has sent a Close frame and got none, neither of the server nor of the proxy. `wscope URL` ends with 1006 then,
    /// too.
    pub fn leaves_client_unanswered(&self) -> bool {
        // An answer that did not reach a client that has left was there for it.
        let is_answered = self.delivered_to(Side::Client).is_some()
            || (self.server.is_some() && self.why.is_none() && self.has_left(0));
        self.client.is_some() && !is_answered
    }

    /// Whether a side, 0 the client, 1 the server, has reset its connection, or lost it: nothing can be delivered to it.
    fn has_left(&self, side: usize) -> bool {
        let end = [&self.client_end, &self.server_end][side];
        matches!(end, Some(TransportEnd::Reset | TransportEnd::Error(_)))
    }

    /// The Close frame of a side, 0 the client, 1 the server, unless the other one did not get it.
    pub fn delivered_of(&self, side: usize) -> Option<&ClosePayload> {
        let close = [&self.client, &self.server][side];
        close.as_ref().filter(|_| !self.not_delivered[side])
    }

    /// The Close frame that gives the connection its code: that of the side that ended it, or else one that does not answer
    /// that of the proxy. `None`: no such frame was delivered.
    fn first_close(&self) -> Option<&ClosePayload> {
        let own = self.own.as_ref();
        let [client, server] = [0, 1].map(|side| self.delivered_of(side));
        // What came after a side had ended TCP is not why the connection ended: neither our frame nor an answer to it.
        let is_answer = |close: &ClosePayload, side: usize| {
            self.awaited[side] && own.is_some_and(|own| own.code == close.code)
        };
        match self.initiator {
            _ if self.is_closed_by_proxy() => own.or(client).or(server),
            ProxyInitiator::Client => client.or(server.filter(|it| !is_answer(it, 1))),
            ProxyInitiator::Server | ProxyInitiator::Local => {
                server.or(client.filter(|it| !is_answer(it, 0)))
            }
        }
    }

    /// Whether the proxy has ended it, or has sent its Close frame in place of one that was not delivered.
    pub fn is_closed_by_proxy(&self) -> bool {
        let is_in_place_of = |side: usize, close: &Option<ClosePayload>| {
            self.own.is_some() && close.is_some() && self.not_delivered[side]
        };
        match self.initiator {
            ProxyInitiator::Client => is_in_place_of(0, &self.client),
            ProxyInitiator::Server => is_in_place_of(1, &self.server),
            ProxyInitiator::Local => true,
        }
    }

    /// The Close frame that this side got: that of the other one, or that of the proxy. One that followed when a side had ended TCP
    /// is not how the connection ended, as in [`ProxyClosed::code`].
    pub fn delivered_to(&self, viewer: Side) -> Option<&ClosePayload> {
        let [for_client, for_server] = self.awaited;
        let [client_lost, server_lost] = self.not_delivered;
        let (other, is_lost, for_viewer, for_other) = match viewer {
            Side::Client => (&self.server, server_lost, for_client, for_server),
            Side::Server => (&self.client, client_lost, for_server, for_client),
        };
        let other = other.as_ref().filter(|_| !is_lost);
        // The side that violated the protocol has got it, too; only its answer is not awaited.
        let own = self.own.as_ref().filter(|_| for_viewer || !for_other || self.is_failed());
        let own_follows_close = match self.initiator {
            ProxyInitiator::Local => return own.or(other),
            ProxyInitiator::Client => self.client.is_some(),
            ProxyInitiator::Server => self.server.is_some(),
        };
        other.or(own.filter(|_| own_follows_close))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(code: Option<u16>, reason: &str) -> Option<ClosePayload> {
        Some(ClosePayload { code: code.map(CloseCode::new), reason: reason.to_owned() })
    }

    #[test]
    fn the_code_is_that_of_the_first_close_frame() {
        use ProxyInitiator::{Client, Local, Server};
        let [one, two, three] = [1, 2, 3].map(|n| close(Some(4000 + n), &n.to_string()));
        let none = || None::<ClosePayload>;
        for (initiator, client, server, own, code, reason) in [
            (Client, one.clone(), two.clone(), none(), 4001, "1"),
            (Server, one.clone(), two.clone(), none(), 4002, "2"),
            (Local, one.clone(), two.clone(), three.clone(), 4003, "3"),
            (Client, none(), two.clone(), three.clone(), 4002, "2"),
            (Server, none(), none(), three, 1006, ""),
            (Local, none(), two, none(), 4002, "2"),
            (Server, close(None, ""), none(), none(), 1005, ""),
            (Server, none(), none(), none(), 1006, ""),
        ] {
            let is_clean = client.is_some() && server.is_some();
            let closed = ProxyClosed { initiator, client, server, own, ..ProxyClosed::sample() };
            assert_eq!((closed.code().get(), closed.reason()), (code, reason), "{closed:?}");
            assert_eq!(closed.is_clean(), is_clean, "{closed:?}");
        }
    }

    #[test]
    fn close_frames_that_did_not_arrive_are_no_closing_handshake() {
        let side = || close(Some(1000), "");
        let closed = |not_delivered, awaited| {
            let (client, server) = (side(), side());
            ProxyClosed { client, server, not_delivered, awaited, ..ProxyClosed::sample() }
        };
        let lost = closed([false, true], [false; 2]);
        assert!(!lost.is_clean(), "a rule has dropped the answer");
        assert!(lost.leaves_client_unanswered());
        let left = ProxyClosed { client_end: Some(TransportEnd::Reset), ..lost };
        assert!(left.is_clean(), "the client did not wait for the answer");
        assert!(!left.leaves_client_unanswered());
        assert!(closed([true; 2], [true; 2]).is_clean(), "each got that of the proxy");
        assert!(!closed([true; 2], [false; 2]).is_clean());
    }
}
