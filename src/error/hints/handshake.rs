//! What to do about an opening handshake that the server does not accept.

use crate::error::words::{WantedTls, Words};
use crate::error::{Rejected, Tries, challenges};
use crate::net::upgrade::{Response, UpgradeError};
use crate::protocol::head::{HeadError, is_token};

use super::{banner, tls};

pub(super) const ENGINE_IO: &str = "this is engine.io (socket.io): its WebSocket endpoint is /socket.io/?EIO=4&transport=websocket";

pub(super) fn hint(rejected: &Rejected) -> Option<String> {
    let text = match &rejected.error {
        UpgradeError::Refused(response) => return refused(rejected, response),
        UpgradeError::Malformed(HeadError::NotHttp(_), received) => return not_http(received),
        UpgradeError::Ended(_, received) | UpgradeError::TimedOut(received, _)
            if received.is_empty() =>
        {
            return Some(silence(rejected));
        }
        UpgradeError::Invalid(_, findings) if findings.is_empty() => {
            "--lenient accepts the response in spite of such lines"
        }
        // What is missing may stand in one of those lines.
        UpgradeError::Invalid(response, _) if !response.head.malformed_lines().is_empty() => {
            return None;
        }
        UpgradeError::Invalid(_, findings)
            if findings.iter().any(|f| f.header == "Sec-WebSocket-Accept") =>
        {
            "the server computed Sec-WebSocket-Accept wrongly, or a cache or proxy in between answered"
        }
        UpgradeError::Invalid(_, findings)
            if findings.iter().any(|f| {
                f.header == "Connection" || (f.header == "Upgrade" && f.got == "missing")
            }) =>
        {
            "a proxy in between may have removed the hop-by-hop headers Upgrade and Connection"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// What a second connection has shown.
const SPEAKS_TLS: &str = "the server answers in TLS on this port, as a second connection shows: use wss:// instead of ws://";

/// No response. Servers that route by path or subprotocol often leave, or do not answer, a request for
/// one that they do not know.
fn silence(rejected: &Rejected) -> String {
    if rejected.speaks_tls == Some(true) {
        return SPEAKS_TLS.to_owned();
    }
    let subprotocol = match rejected.offered.is_empty() {
        true => "a subprotocol that is missing (-s NAME)",
        false => "the subprotocol offered (-s NAME)",
    };
    let has_ended = matches!(rejected.error, UpgradeError::Ended(..));
    let speaks_http = !rejected.interim.is_empty();
    let others = match (speaks_http, rejected.tls.is_some(), has_ended) {
        (true, ..) | (_, true, true) => "",
        (false, true, false) => ", or a server of another protocol",
        (false, false, true) if rejected.speaks_tls == Some(false) => "",
        (false, false, true) => ", or a port that expects TLS: then use wss://",
        (false, false, false) => {
            ", a server of another protocol, or one that expects TLS on this port: then use wss://"
        }
    };
    let certificate = match has_ended {
        true => tls::late_certificate(rejected.tls.as_deref()),
        false => String::new(),
    };
    let comma = if others.is_empty() { " or" } else { "," };
    format!("it may be the path, the host name{comma} {subprotocol}{others}{certificate}")
}

fn not_http(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0x15 | 0x16, 0x03, ..] => {
            "the server speaks TLS on this port: use wss:// instead of ws://"
        }
        [0, 0, _, 4, ..] => "the server speaks HTTP/2 only, without an upgrade from HTTP/1.1",
        [0x81..=0x82, ..] => "the server sent a WebSocket frame before its handshake response",
        bytes => {
            let what = banner::protocol(bytes)?;
            return Some(format!("that is {what}: this port does not speak WebSocket"));
        }
    };
    Some(text.to_owned())
}

fn refused(rejected: &Rejected, response: &Response) -> Option<String> {
    let body = String::from_utf8_lossy(&response.body);
    let head = &response.head;
    let said = |name| head.value(name).map(|value| rejected.secrets.mask_text(value));
    let is_html = head.value("Content-Type").is_some_and(|kind| kind.contains("html"))
        || body.trim_start().starts_with('<');
    if let Some(wanted) = wanted_tls(response) {
        return Some(missing_tls(rejected, wanted).to_owned());
    }
    if let Some(hint) = tls::client_certificate_hint(&body) {
        return Some(hint.to_owned());
    }
    if is_engine_io(&body) {
        return Some(ENGINE_IO.to_owned());
    }
    if body.starts_with("Welcome to SockJS!") {
        let path = rejected.path.trim_end_matches('/');
        return Some(format!("this is SockJS: its WebSocket endpoint is {path}/websocket"));
    }
    let status = response.line.status;
    if let Some(hint) = named(rejected, response) {
        return Some(hint);
    }
    let text = match status {
        101 => return None,
        200..=299 if is_html => {
            "an ordinary web page answered: the path is no WebSocket endpoint, or a proxy or login page stands in between"
                .to_owned()
        }
        200..=299 => {
            "an ordinary HTTP answer: the path is no WebSocket endpoint, or a proxy dropped the Upgrade header".to_owned()
        }
        300..=399 => match said("Location") {
            Some(location) if rejected.follows => format!("{status} is no redirect that can be followed, to {}", rejected.redaction.url(&location)),
            Some(location) => format!("the server redirects to {}: -L follows redirects", rejected.redaction.url(&location)),
            None if !head.malformed_lines().is_empty() => return None,
            None => "the server redirects, but names no Location".to_owned(),
        },
        401 => challenges::unauthorized(rejected, response),
        403 => challenges::forbidden(rejected, response).unwrap_or_else(|| forbidden(rejected).to_owned()),
        404 => not_found(rejected),
        405 => "the path does not take GET: it is no WebSocket endpoint".to_owned(),
        407 => challenges::proxy_wants(rejected, response),
        426 => version_hint(said("Sec-WebSocket-Version")),
        429 => retry_hint("too many requests", said("Retry-After")),
        400 => "the server did not like the request: wrong path, Host, Origin or subprotocol, or a proxy removed the Upgrade header; -v shows what was sent".to_owned(),
        502 | 504 => "a proxy answered: the WebSocket server behind it is down or does not answer".to_owned(),
        503 => {
            let text = retry_hint("the server is overloaded or down for now", said("Retry-After"));
            match rejected.tries {
                Tries::One => format!("{text}; --retry does so"),
                Tries::Several => text,
            }
        }
        501 => match rejected.offered.is_empty() {
            true => "is the path right, and does the server want a subprotocol (-s NAME)?".to_owned(),
            false => "is the path right, and the subprotocol offered (-s NAME)?".to_owned(),
        },
        500..=599 => "the server failed while handling the handshake: its log tells more".to_owned(),
        _ => return None,
    };
    Some(text)
}

/// Whether a refusal says that TLS is missing. For that there is also a header (RFC 2817 section 4.2).
pub(in crate::error) fn wanted_tls(response: &Response) -> Option<WantedTls> {
    let status = response.line.status;
    if status < 400 {
        return None;
    }
    let is_upgrade = || {
        let upgrades = response.head.list("Upgrade");
        status == 426 && upgrades.iter().any(|name| name.starts_with("TLS/"))
    };
    let said = Words::of(response).wanted_tls();
    said.or_else(|| is_upgrade().then_some(WantedTls::Somewhere))
}

fn missing_tls(rejected: &Rejected, wanted: WantedTls) -> &'static str {
    match (rejected.tls.is_some(), wanted) {
        (false, WantedTls::Here) => {
            "the server speaks TLS on this port: use wss:// instead of ws://"
        }
        (false, WantedTls::Somewhere) => {
            "the answer asks for TLS: use wss:// instead of ws://, with the port for it"
        }
        (true, _) => {
            "the answer asks for TLS, which this connection has: does a proxy in between end it, and not say so to the server?"
        }
    }
}

/// How much of what a server names is repeated, in characters.
const MAX_NAMED: usize = 100;

/// A refusal that names what it is about.
fn named(rejected: &Rejected, response: &Response) -> Option<String> {
    let (head, status) = (&response.head, response.line.status);
    if status < 400 || head.value("WWW-Authenticate").is_some() || status == 407 {
        return None;
    }
    let offered = rejected.offered.join(", ");
    let names = head.list("Sec-WebSocket-Protocol");
    let are_names = !names.is_empty() && names.iter().all(|name| is_token(name));
    if are_names && !names.iter().any(|name| rejected.offered.contains(name)) {
        let first = rejected.secrets.mask_text(names[0].clone());
        let names = rejected.secrets.mask_text(names.join(", "));
        if names.chars().count() <= MAX_NAMED {
            return Some(match rejected.offered.is_empty() {
                true => format!(
                    "the server names the subprotocol {names}, and none was offered: -s {first} offers it"
                ),
                false => format!(
                    "the server names the subprotocol {names}, and {offered} was offered: -s {first} offers it"
                ),
            });
        }
    }
    let words = Words::of(response);
    if words.name_subprotocol() {
        return Some(match rejected.offered.is_empty() {
            true => "the answer names a subprotocol, and none was offered: -s NAME offers one"
                .to_owned(),
            false => format!(
                "the answer names a subprotocol: does the server know the one offered ({offered})? -s NAME offers another"
            ),
        });
    }
    if status < 500 && words.name_origin() {
        return Some(match rejected.sent_origin {
            false => {
                "the answer names the Origin, and the request had none: -o https://HOST sends one"
            }
            true => {
                "the answer names the Origin: does the server accept the one sent? -o ORIGIN sends another"
            }
        }.to_owned());
    }
    None
}

fn not_found(rejected: &Rejected) -> String {
    let text = "no such path on this server; the path and query of the URL count";
    match rejected.sent_origin {
        // Rails does so.
        false => format!(
            "{text}; some servers answer like this without an Origin that they accept (-o https://HOST)"
        ),
        true => text.to_owned(),
    }
}

pub(super) fn is_engine_io(body: &str) -> bool {
    let marks = [
        "Transport unknown",
        "Session ID unknown",
        "Bad handshake method",
        "Unsupported protocol version",
    ];
    body.contains("\"code\":") && marks.iter().any(|mark| body.contains(mark))
}

fn forbidden(rejected: &Rejected) -> &'static str {
    match rejected.sent_origin {
        false => {
            "not allowed: bad or missing credentials, or the server checks the Origin header (-o https://HOST)"
        }
        true => {
            "not allowed: bad or missing credentials, or an Origin that the server does not accept"
        }
    }
}

fn version_hint(versions: Option<String>) -> String {
    match versions {
        Some(versions) if !versions.split(',').any(|version| version.trim() == "13") => {
            format!("the server speaks WebSocket version {versions}, not 13 (RFC 6455)")
        }
        _ => "the server saw no valid upgrade: a proxy may have removed the Upgrade header, or it wants another protocol".to_owned(),
    }
}

fn retry_hint(what: &str, retry_after: Option<String>) -> String {
    match retry_after {
        Some(after) => format!(
            "{what}; it asks to try again after {after}{}",
            if after.bytes().all(|b| b.is_ascii_digit()) { " s" } else { "" }
        ),
        None => format!("{what}; try again later"),
    }
}
