//! Hints at what a server that ended a connection at once may require.

use crate::event::Opened;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::vocabulary::{Position, TransportEnd};
use crate::protocol::{CloseCode, MessageKind};

/// How much of a first message is searched, in bytes.
const MAX_START: usize = 400;

/// How much of a value of ours is shown, in characters.
const MAX_VALUE: usize = 100;

const CREDENTIALS: &str = "no credentials (-u, --bearer, --cookie)";

/// Words of a message that name something, in lower case.
const ORIGIN: [&str; 1] = ["origin"];
const HOST: [&str; 3] = ["host header", "host/origin", "invalid host"];
const SUBPROTOCOL: [&str; 3] = ["subprotocol", "sub-protocol", "sec-websocket-protocol"];
const LOGIN: [&str; 8] = [
    "unauthorized",
    "unauthorised",
    "unauthenticated",
    "not authorized",
    "not authenticated",
    "authentication",
    "credentials",
    "token",
];

/// Words of a message that refuses something.
const REFUSAL: [&str; 10] = [
    "unauthorized",
    "unauthorised",
    "unauthenticated",
    "not authorized",
    "not authenticated",
    "not allowed",
    "invalid",
    "forbidden",
    "denied",
    "missing",
];

/// The start of a message in lower case, if it is text.
pub(super) fn start(kind: MessageKind, data: &[u8]) -> String {
    match kind {
        MessageKind::Text => {
            String::from_utf8_lossy(&data[..data.len().min(MAX_START)]).to_lowercase()
        }
        MessageKind::Binary => String::new(),
    }
}

/// What the request lacked that the server may require, where the server ended the connection at once, or
/// after the message `first`, without a code or a Close frame. A message that refuses something also counts
/// before a normal closure.
pub(super) fn hint(ending: &Ending, opened: &Opened, first: Option<&str>) -> Option<String> {
    let is_ours = ending.initiator == Initiator::Local || opened.initiator == Initiator::Peer;
    if is_ours {
        return None;
    }
    let has =
        |words: &[&str]| first.is_some_and(|text| words.iter().any(|word| text.contains(word)));
    let is_normal = ending.received.as_ref().and_then(|it| it.code) == Some(CloseCode::NORMAL);
    let is_silent = is_silent(ending);
    let is_refusal = is_normal && ending.failure().is_none() && has(&REFUSAL);
    if !(is_silent || is_refusal) {
        return None;
    }
    let named = [
        has(&ORIGIN).then(|| ("the Origin", header(opened, "Origin", "no Origin (-o)"))),
        has(&HOST).then(|| ("the Host", header(opened, "Host", "no Host"))),
        has(&SUBPROTOCOL).then(|| ("a subprotocol", subprotocol(opened))),
        has(&LOGIN).then(|| ("credentials", credentials(opened).to_owned())),
    ];
    let named: Vec<_> = named.into_iter().flatten().collect();
    if !named.is_empty() {
        let names = list(named.iter().map(|(name, _)| *name));
        let sent = list(named.iter().map(|(_, sent)| sent.as_str()));
        return Some(format!(
            "the server closed right after its first message, which names {names}; the request had {sent}"
        ));
    }
    is_silent.then(|| missing(opened, first.is_some())).flatten()
}

/// Whether the server gave no code. Inside a frame or a message an end is a crash or a cut.
fn is_silent(ending: &Ending) -> bool {
    match (&ending.cause, &ending.received) {
        (_, Some(close)) => close.code.is_none() && ending.failure().is_none(),
        (EndCause::Transport(TransportEnd::Eof | TransportEnd::Truncated, position), None) => {
            *position == Position::Boundary && ending.sent.is_none()
        }
        _ => false,
    }
}

/// A Close frame without a code soon after `sent`: some servers handle an error this way.
pub(super) fn bare_close(ending: &Ending, opened: &Opened, sent: &str) -> Option<String> {
    let is_of_server = ending.initiator == Initiator::Peer && opened.initiator == Initiator::Local;
    let is_bare = ending.received.is_some() && is_silent(ending);
    (is_of_server && is_bare).then(|| {
        format!(
            "the server closed right after {sent} was sent, without a code or an answer: its log may say why"
        )
    })
}

fn missing(opened: &Opened, has_greeted: bool) -> Option<String> {
    let missing = [
        (!has_header(opened, "Origin")).then(|| "no Origin (-o)".to_owned()),
        opened.protocol.is_none().then(|| subprotocol(opened)),
        (!opened.has_credentials).then(|| CREDENTIALS.to_owned()),
    ];
    let missing: Vec<_> = missing.into_iter().flatten().collect();
    let what = match missing.len() {
        0 => return None,
        1 => "it",
        _ => "one of them",
    };
    let when = match has_greeted {
        false => "right after the handshake",
        true => "right after its first message, which may say why",
    };
    let list = list(missing.iter().map(String::as_str));
    Some(format!(
        "the server closed {when}; the request had {list}, and the server may require {what}"
    ))
}

fn has_header(opened: &Opened, name: &str) -> bool {
    opened.request.fields.iter().any(|(field, _)| field.eq_ignore_ascii_case(name))
}

/// A header of the request as text.
fn header(opened: &Opened, name: &str, none: &str) -> String {
    let mut fields = opened.request.fields.iter();
    match fields.find(|(field, _)| field.eq_ignore_ascii_case(name)) {
        None => none.to_owned(),
        Some((_, value)) => {
            let value = String::from_utf8_lossy(value);
            format!("the {name} {}", value.chars().take(MAX_VALUE).collect::<String>())
        }
    }
}

fn subprotocol(opened: &Opened) -> String {
    match (&opened.protocol, opened.offered.as_slice()) {
        (Some(name), _) => format!("the subprotocol {name}"),
        (None, []) => "no subprotocol (-s)".to_owned(),
        (None, offered) => {
            format!("no subprotocol that the server chose (-s {})", offered.join(","))
        }
    }
}

fn credentials(opened: &Opened) -> &'static str {
    if opened.has_credentials { "credentials" } else { CREDENTIALS }
}

/// "a, b and c".
fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<_> = items.collect();
    match items.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}
