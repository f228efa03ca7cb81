//! What to do about a failure, where that can be known.

use super::{Error, Rejected, Tries, challenges};
use crate::config::ConfigError;
use crate::event::Closed;
use crate::net::DialError;
use crate::net::upgrade::{Response, UpgradeError};
use crate::protocol::connection::EndCause;
use crate::protocol::head::HeadError;
use crate::protocol::violation::Rule;
use crate::resilience::redirect::RedirectError;

mod dial;
mod tls;

pub(super) use dial::dial;
use dial::may_be_starting;

/// Proxies and load balancers cut idle connections after a minute or more.
const IDLE_CUT: u64 = 28;

const ENGINE_IO: &str = "this is engine.io (socket.io): its WebSocket endpoint is /socket.io/?EIO=4&transport=websocket";

pub(super) fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Usage { hint, .. } => hint.clone(),
        Error::System(what, error) => system(what, error),
        Error::Config(ConfigError::Configured(error)) => error.hint.clone(),
        Error::Config(ConfigError::ReadTimeout { path, is_fifo: true, .. }) => Some(format!(
            "{path} is a FIFO: it is read until all that write to it have closed it"
        )),
        Error::Config(_) | Error::Signal(_) | Error::Output(_) => None,
        Error::Dial(error @ DialError::Tcp(failures, _), attempt)
            if attempt.tries == Tries::One && may_be_starting(failures) =>
        {
            dial(error).map(|text| format!("{text} --retry waits for one that is starting"))
        }
        Error::Dial(error, attempt) => dial(error).map(|text| attempt.secrets.mask_text(text)),
        Error::Upgrade(rejected) => upgrade(rejected),
        Error::NoSubprotocol(_) | Error::NoCompression => {
            Some("without --strict this is only a warning".to_owned())
        }
        Error::Protocol(closed) => protocol(closed),
        Error::Abnormal(closed) => abnormal(closed),
        Error::CloseTimeout(_) => Some(
            "the peer may be busy or gone; --close-timeout TIME waits longer, 0 for ever"
                .to_owned(),
        ),
        Error::Redirect(_, why) => redirect(why),
        Error::PingTimeout(_) => Some(
            "the peer hangs, or something in between lost the connection; --reconnect connects again"
                .to_owned(),
        ),
        Error::IdleTimeout(_) => {
            Some("--ping-interval TIME tells a silent peer from one that is gone".to_owned())
        }
        Error::MaxTime(_) | Error::Input(_) | Error::Unmet(_) => None,
    }
}

fn system(what: &str, error: &std::io::Error) -> Option<String> {
    let text = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program listens there: choose another port, or :0 for any free one"
        }
        std::io::ErrorKind::InvalidInput if what.contains("[fe80:") => {
            "an address of one link only needs the number of its network interface: [fe80::1%2]:8080"
        }
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need privileges",
        _ => return None,
    };
    Some(text.to_owned())
}

fn upgrade(rejected: &Rejected) -> Option<String> {
    let text = match &rejected.error {
        UpgradeError::Refused(response) => return refused(rejected, response),
        UpgradeError::Malformed(HeadError::NotHttp(bytes), _) => return not_http(bytes),
        UpgradeError::Ended(_, received) if received.is_empty() && rejected.tls.is_some() => {
            return Some(tls::ended_after_request(rejected.tls.as_deref()));
        }
        UpgradeError::Ended(_, received) if received.is_empty() => {
            "the server ended it once it had the request, which -v shows; if the port expects TLS, use wss://"
        }
        UpgradeError::TimedOut(received, _) if received.is_empty() && rejected.tls.is_none() => {
            "it may be no HTTP server, or one that expects TLS on this port: then use wss://"
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

fn not_http(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0x15 | 0x16, 0x03, ..] => {
            "the server speaks TLS on this port: use wss:// instead of ws://"
        }
        [b'S', b'S', b'H', b'-', ..] => "that is an SSH server",
        [b'2', b'2', b'0', b' ' | b'-', ..] => "that looks like a mail or FTP server",
        [b'+', b'O', b'K', ..] | [b'*', b' ', b'O', b'K', ..] => "that looks like a mail server",
        [b'-', b'E', b'R', b'R', ..] => "that looks like a Redis server",
        [b'R', b'F', b'B', ..] => "that is a VNC server",
        [0, 0, _, 4, ..] => "the server speaks HTTP/2 only, without an upgrade from HTTP/1.1",
        [0x81..=0x82, ..] => "the server sent a WebSocket frame before its handshake response",
        _ => return None,
    };
    Some(text.to_owned())
}

fn refused(rejected: &Rejected, response: &Response) -> Option<String> {
    let body = String::from_utf8_lossy(&response.body);
    let head = &response.head;
    let said = |name| head.value(name).map(|value| rejected.secrets.mask_text(value));
    let is_html = head.value("Content-Type").is_some_and(|kind| kind.contains("html"))
        || body.trim_start().starts_with('<');
    if body.contains("plain HTTP request was sent to HTTPS port")
        || body.contains("HTTP request to an HTTPS server")
    {
        return Some("the server speaks TLS on this port: use wss:// instead of ws://".to_owned());
    }
    if let Some(hint) = tls::client_certificate_hint(&body) {
        return Some(hint);
    }
    if is_engine_io(&body) {
        return Some(ENGINE_IO.to_owned());
    }
    let status = response.line.status;
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
            None => "the server redirects, but names no Location".to_owned(),
        },
        401 => challenges::unauthorized(rejected, response),
        403 => challenges::forbidden(rejected, response).unwrap_or_else(|| forbidden(rejected).to_owned()),
        404 => "no such path on this server; the path and query of the URL count".to_owned(),
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
        500..=599 => "the server failed while handling the handshake: its log tells more".to_owned(),
        _ => return None,
    };
    Some(text)
}

fn redirect(why: &RedirectError) -> Option<String> {
    let text = match why {
        RedirectError::Downgrade { .. } => {
            "others on the way could read and change all that is said; if that is meant, connect to that ws:// URL"
        }
        RedirectError::TooMany { .. } => "--max-redirs N follows more of them",
        RedirectError::Loop(_) => {
            "the server may want a cookie or a login that the request did not have"
        }
        RedirectError::NoLocation | RedirectError::BadLocation { .. } => return None,
    };
    Some(text.to_owned())
}

fn is_engine_io(body: &str) -> bool {
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

fn protocol(closed: &Closed) -> Option<String> {
    let violation = closed.ending.violation.as_ref()?;
    let text = match violation.rule {
        Rule::HttpAfterUpgrade => {
            if is_engine_io(&String::from_utf8_lossy(&violation.excerpt)) {
                return Some(ENGINE_IO.to_owned());
            }
            "the server accepted the upgrade and then answered with a plain HTTP error; socket.io does so for a wrong path or query"
        }
        Rule::OverMemory => "listen --max-memory SIZE allows more for all clients together",
        Rule::MessageTooBig => "--max-message-size SIZE allows more",
        Rule::InvalidUtf8 => {
            "the peer sends bytes that are not UTF-8 as text; it has to send them as binary"
        }
        // With compression agreed on, RSV1 alone is no objection.
        Rule::ReservedBits if violation.frame.is_some_and(|it| !it.rsv2 && !it.rsv3) => {
            "RSV1 is used by compression (permessage-deflate), which was not negotiated"
        }
        Rule::ReservedBits | Rule::ReservedOpcode => {
            "if the frame before declared a wrong length, this is no frame header at all"
        }
        Rule::MaskedByServer => "only clients mask their frames",
        Rule::UnmaskedByClient => "clients mask every frame they send",
        Rule::CorruptDeflate => "--no-compress does without compression",
        Rule::MisplacedRsv1 => "RSV1 marks the first frame of a compressed message, no other",
        Rule::LengthNotMinimal => {
            "up to 125 bytes the length has 7 bits, up to 65535 it has 16, and above 64"
        }
        Rule::FrameAfterClose => "a Close frame is the last frame: what follows it is lost",
        Rule::ControlTooLong | Rule::FragmentedControl => {
            "Close, ping and pong frames carry at most 125 bytes, and are never fragmented"
        }
        Rule::ContinuationWithoutStart | Rule::MessageInsideMessage => {
            "a message's first frame has the opcode 1 or 2, each further one has 0, and the last has FIN"
        }
        Rule::InvalidCloseCode => {
            "1000 to 1003, 1007 to 1014 and 3000 to 4999 may be sent; 'wscope codes' tells more"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn abnormal(closed: &Closed) -> Option<String> {
    let ending = &closed.ending;
    if ending.received.is_some() {
        let code = ending.code();
        let explanation = code.explain();
        let cause =
            explanation.causes.first().map(|cause| format!("often: {}; ", inner_sentence(cause)));
        return Some(format!(
            "{}'wscope codes {}' tells more",
            cause.unwrap_or_default(),
            code.get()
        ));
    }
    match &ending.cause {
        EndCause::Transport(..) if ending.sent.is_some() => {
            Some("the peer ends TCP without completing the closing handshake".to_owned())
        }
        EndCause::Transport(..) if closed.quiet.as_secs() >= IDLE_CUT => Some(format!(
            "after {} s without traffic: the idle time limit of a proxy or load balancer? --ping-interval TIME keeps a connection busy",
            closed.quiet.as_secs()
        )),
        EndCause::Transport(..) => Some(
            "the peer crashed, was stopped, or something in between cut the connection".to_owned(),
        ),
        _ => None,
    }
}

/// A sentence as part of another: "An exit status." → "an exit status", but "AWS" stays.
fn inner_sentence(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut letters = sentence.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(sentence.chars().skip(1)).collect()
        }
        _ => sentence.to_owned(),
    }
}
