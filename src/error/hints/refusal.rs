//! Hints for responses other than 101: their text takes precedence over their status.

use std::time::SystemTime;

use crate::client::redirect::is_redirect;
use crate::config::SentCredentials;
use crate::error::words::{WantedTls, Words, readable};
use crate::error::{RejectedHandshake, Tries, challenges};
use crate::net::upgrade::ServerResponse;
use crate::output::html;
use crate::resilience::retry_after::{LONGEST, retry_after};
use crate::resilience::transient::{honors_retry_after, is_status_transient};

use super::{engine_io, named, tls};

/// The maximum number of characters repeated from a field's value.
const MAX_VALUE: usize = 60;

/// A response other than 101, with details to explain it.
struct Refusal<'a> {
    rejected: &'a RejectedHandshake,
    response: &'a ServerResponse,
    words: Words,
}

pub(super) fn refused(rejected: &RejectedHandshake, response: &ServerResponse) -> Option<String> {
    let body = readable(&response.body.bytes);
    let words = Words::of(response);
    if let Some(hint) = tls::client_certificate_hint(&body, rejected) {
        return Some(hint.to_owned());
    }
    if let Some(wanted) = tls_in(&words, response) {
        return Some(missing_tls(rejected, wanted));
    }
    if let Some(hint) = engine_io::hint(rejected, &body) {
        return Some(hint);
    }
    if body.starts_with("Welcome to SockJS!") {
        let path = rejected.path.trim_end_matches('/');
        return Some(format!("this is SockJS: its WebSocket endpoint is {path}/websocket"));
    }
    named::hint(rejected, response, &words)
        .or_else(|| Refusal { rejected, response, words }.by_status())
}

/// Whether a refusal requests TLS.
pub(in crate::error) fn wanted_tls(response: &ServerResponse) -> Option<WantedTls> {
    tls_in(&Words::of(response), response)
}

/// TLS can also be requested with a header (RFC 2817 section 4.2).
fn tls_in(words: &Words, response: &ServerResponse) -> Option<WantedTls> {
    let status = response.line.status;
    if status < 400 {
        return None;
    }
    let is_upgrade = || {
        let upgrades = response.head.list("Upgrade");
        status == 426 && upgrades.iter().any(|name| name.starts_with("TLS/"))
    };
    words.wanted_tls().or_else(|| is_upgrade().then_some(WantedTls::Somewhere))
}

fn missing_tls(rejected: &RejectedHandshake, wanted: WantedTls) -> String {
    let text = match (&rejected.tls, wanted) {
        (_, WantedTls::Client) => tls::wanted_certificate(rejected),
        (None, WantedTls::Here) => {
            "the server speaks TLS on this port: use wss:// instead of ws://"
        }
        (None, WantedTls::Somewhere | WantedTls::Version) => {
            "the response requires TLS: use wss:// instead of ws://, with the port for it"
        }
        (Some(version), WantedTls::Version) => {
            return format!(
                "the response requires certain versions of TLS, and this connection has {version}: --tls-min and --tls-max limit it"
            );
        }
        (Some(_), _) => {
            "the response requires TLS, which this connection has: does a proxy in between terminate TLS and not pass that on to the server (X-Forwarded-Proto)?"
        }
    };
    text.to_owned()
}

impl Refusal<'_> {
    fn by_status(&self) -> Option<String> {
        if let Some(hint) = self.replaced() {
            return Some(hint);
        }
        let retry = self.retry();
        Some(match self.response.line.status {
            200..=299 => self.success(),
            status @ 300..=399 => return self.redirect(status),
            400 => return self.bad_request(),
            401 => challenges::unauthorized(self.rejected, self.response, self.names_a_cause()),
            403 => return self.forbidden(),
            404 => self.not_found(),
            405 => return self.method_not_allowed(),
            407 => challenges::proxy_requires(self.rejected, self.response),
            408 => format!("the server did not receive the whole request in time{retry}"),
            426 => self.upgrade_required(),
            429 => format!("too many requests{}", self.wait()),
            501 => self.not_implemented(),
            502 => format!(
                "a gateway or proxy answered{}: the server behind it is down, or gave no valid response{retry}",
                self.sender()
            ),
            503 => self.unavailable(),
            504 => format!(
                "a gateway or proxy answered{}: the server behind it did not respond in time{retry}",
                self.sender()
            ),
            511 => format!(
                "this network requires a login (captive portal): open a web page in a browser{retry}"
            ),
            status @ 520..=527 if self.is_cloudflare() => {
                format!("Cloudflare answered: {}{retry}", cloudflare_status(status))
            }
            500..=599 if self.names_a_cause() => return None,
            500 => format!("the server failed to handle the request: its log may say why{retry}"),
            500..=599 if !retry.is_empty() => retry.trim_start_matches("; ").to_owned(),
            _ => return None,
        })
    }

    /// Mentions `--retry`, if it would repeat the request and was not given.
    fn retry(&self) -> &'static str {
        let status = self.response.line.status;
        let delay = self.demanded_delay().and_then(|after| retry_after(&after, SystemTime::now()));
        let is_repeated = is_status_transient(status) && delay.is_none_or(|delay| delay <= LONGEST);
        match is_repeated && self.rejected.tries == Tries::One {
            true => "; --retry tries again",
            false => "",
        }
    }

    /// `Retry-After`, if it is honored for the status and valid.
    fn demanded_delay(&self) -> Option<String> {
        let counts = honors_retry_after(self.response.line.status);
        let has_meaning = |after: &String| retry_after(after, SystemTime::now()).is_some();
        self.field("Retry-After").filter(|after| counts && has_meaning(after))
    }

    /// Mentions when to try again.
    fn wait(&self) -> String {
        let retry = match self.retry() {
            "" => "",
            _ => "; --retry does so",
        };
        match self.demanded_delay() {
            Some(after) => {
                let unit = if after.bytes().all(|b| b.is_ascii_digit()) { " s" } else { "" };
                format!("; the server requests a retry after {after}{unit}{retry}")
            }
            None => format!("; try again later{retry}"),
        }
    }

    /// The value of a field, masked and truncated.
    fn field(&self, name: &str) -> Option<String> {
        let value = self.rejected.secrets.mask_text(self.response.head.value(name)?);
        Some(match value.char_indices().nth(MAX_VALUE) {
            Some((end, _)) => format!("{}…", &value[..end]),
            None => value,
        })
    }

    /// The gateway that responded, as far as it identifies itself.
    fn sender(&self) -> String {
        let fields = ["Server", "Via"];
        let named = fields.iter().filter_map(|name| Some(format!("{name}: {}", self.field(name)?)));
        let named = named.collect::<Vec<_>>().join(", ");
        if named.is_empty() { named } else { format!(" ({named})") }
    }

    fn is_cloudflare(&self) -> bool {
        self.field("Server").is_some_and(|server| server.eq_ignore_ascii_case("cloudflare"))
    }

    fn names_a_cause(&self) -> bool {
        self.words.name_a_cause(&self.rejected.path)
    }

    fn is_html(&self) -> bool {
        let kind = self.response.head.value("Content-Type");
        html::is_html(kind.as_deref(), &readable(&self.response.body.bytes))
    }

    /// Mentions headers of the handshake that the user replaced, if the status may be caused by that.
    fn replaced(&self) -> Option<String> {
        let (rejected, status) = (self.rejected, self.response.line.status);
        if let (Some(Some(host)), 200..=299 | 400 | 403 | 404 | 421) =
            (rejected.replaced("Host"), status)
        {
            return Some(format!(
                "the request had the Host {host} (-H): the server may not accept it"
            ));
        }
        let (removed, replaced): (Vec<_>, Vec<_>) =
            rejected.replaced.iter().partition(|(_, value)| value.is_none());
        let [removed, replaced] = [removed, replaced]
            .map(|list| list.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" and "));
        let what = match (replaced.as_str(), removed.as_str()) {
            _ if status != 400 => return None,
            ("", "") => return None,
            (names, "") => format!("replaced {names} in the request"),
            ("", names) => format!("removed {names} from the request"),
            (names, others) => format!("replaced {names} in the request and removed {others}"),
        };
        Some(format!("-H {what}: the server may accept the handshake without that -H"))
    }

    /// Whether the response has headers of an upgrade to websocket: then the server received the upgrade request.
    fn upgrade_arrived(&self) -> bool {
        let head = &self.response.head;
        head.value("Sec-WebSocket-Accept").is_some()
            || head.list("Upgrade").iter().any(|name| name.eq_ignore_ascii_case("websocket"))
    }

    fn success(&self) -> String {
        let what = match self.is_html() {
            true => "the response is an ordinary web page",
            false => "an ordinary HTTP response",
        };
        let mut causes = vec!["a path that is not a WebSocket endpoint"];
        if !self.upgrade_arrived() {
            causes.push(LOST_UPGRADE);
        }
        if self.is_html() {
            causes.push("a login page in between");
        }
        format!("{what}; {}", usual(&causes))
    }

    fn redirect(&self, status: u16) -> Option<String> {
        let (rejected, head) = (self.rejected, &self.response.head);
        let location = head.value("Location").map(|location| {
            rejected.redaction.url(&rejected.secrets.mask_text(location)).into_owned()
        });
        match (status, location) {
            (300, Some(location)) => {
                Some(format!("the server offers a choice and prefers {location}: try that URL"))
            }
            (status, Some(location)) if is_redirect(status) => {
                Some(format!("the server redirects to {location}: -L follows redirects"))
            }
            (status, None) if is_redirect(status) && head.malformed_lines().is_empty() => {
                Some("the server redirects without a Location header".to_owned())
            }
            _ => None,
        }
    }

    /// The response either names the cause, or the request has to be checked.
    fn bad_request(&self) -> Option<String> {
        let shows_request = self.rejected.request.is_some();
        let body = readable(&self.response.body.bytes);
        let path = match body.trim_start().starts_with('{') {
            true => "is the path that of a WebSocket endpoint?",
            false => "",
        };
        match (self.names_a_cause(), shows_request) {
            (true, _) if self.words.name_protocol() => Some(
                "the response mentions a protocol: if a subprotocol is meant, -s NAME offers it"
                    .to_owned(),
            ),
            (true, true) => Some(path.to_owned()).filter(|path| !path.is_empty()),
            (true, false) => {
                let text = format!("{path} -v shows the request that was sent");
                Some(text.trim_start().to_owned())
            }
            (false, _) => {
                let show = if shows_request { "" } else { " (-v shows it)" };
                let proxy = match self.upgrade_arrived() {
                    true => "",
                    false => ", and whether a reverse proxy forwards Upgrade and Connection",
                };
                Some(format!(
                    "the server does not accept the request{show}: check path, Host, Origin (-o) and subprotocol (-s){proxy}"
                ))
            }
        }
    }

    fn forbidden(&self) -> Option<String> {
        if let Some(hint) = challenges::bad_token(self.rejected, self.response) {
            return Some(hint);
        }
        if self.names_a_cause() {
            return None;
        }
        let origin = match self.rejected.sent_origin {
            false => "an Origin check (-o https://HOST)",
            true => "an Origin that is not accepted",
        };
        let credentials = match &self.rejected.credentials {
            None => "missing credentials".to_owned(),
            Some(SentCredentials { scheme: Some(scheme), source }) => {
                format!("a permission that the {scheme} credentials sent ({source}) lack")
            }
            Some(SentCredentials { scheme: None, source }) => {
                format!("credentials that are wrong or lack a permission (sent: {source})")
            }
        };
        // ASGI servers, such as uvicorn, respond so if no application handles the path.
        Some(format!("usual causes: a wrong path, {credentials}, or {origin}"))
    }

    fn not_found(&self) -> String {
        let mut causes = vec!["a wrong path or query"];
        if !self.upgrade_arrived() {
            causes.extend(["a server without WebSocket support", LOST_UPGRADE]);
        }
        if !self.rejected.sent_origin {
            causes.push("a missing Origin (-o https://HOST)"); // Rails responds so
        }
        usual(&causes)
    }

    /// RFC 9110 section 15.5.6.
    fn method_not_allowed(&self) -> Option<String> {
        let allowed = self.response.head.list("Allow");
        if allowed.iter().any(|method| method == "GET") {
            return None;
        }
        let allowed = match self.field("Allow").filter(|allowed| !allowed.is_empty()) {
            Some(allowed) => format!(" (the server allows {allowed})"),
            None => String::new(),
        };
        Some(format!(
            "GET is not allowed at this path{allowed}, and a WebSocket is opened with GET: check the path"
        ))
    }

    fn upgrade_required(&self) -> String {
        let wanted = self.response.head.list("Upgrade");
        let is_websocket = |name: &String| name.eq_ignore_ascii_case("websocket");
        if !wanted.is_empty() && !wanted.iter().any(is_websocket) {
            let wanted = self.field("Upgrade").unwrap_or_default();
            return format!("the server requests an upgrade to {wanted}, not to websocket");
        }
        let evidence = "the server saw no valid Upgrade and Connection header";
        named::missing_upgrade(self.rejected, evidence)
    }

    fn not_implemented(&self) -> String {
        let subprotocol = match self.rejected.offered.is_empty() {
            true => "whether a subprotocol is missing (-s NAME)",
            false => "the subprotocol offered (-s NAME)",
        };
        format!(
            "the server does not support such a request here: check the path, and {subprotocol}"
        )
    }

    fn unavailable(&self) -> String {
        let wait = self.wait();
        match self.words.name_backend() {
            true => format!(
                "a gateway or proxy answered{}: the server behind it is not available{wait}",
                self.sender()
            ),
            false => format!(
                "the server{}, or one behind it, is overloaded, down or in maintenance{wait}",
                self.sender()
            ),
        }
    }
}

const LOST_UPGRADE: &str = "a reverse proxy that does not forward Upgrade and Connection";

/// A sentence with these causes.
fn usual(causes: &[&str]) -> String {
    match causes {
        [] => String::new(),
        [only] => format!("usual cause: {only}"),
        [others @ .., last] => format!("usual causes: {}, or {last}", others.join(", ")),
    }
}

/// The meaning of Cloudflare's own status codes.
fn cloudflare_status(status: u16) -> &'static str {
    match status {
        520 => "the server behind it gave an empty or invalid response",
        521 => "the server behind it refuses connections",
        522 => "connecting to the server behind it timed out",
        523 => "the server behind it is unreachable",
        524 => "the server behind it did not respond in time",
        525 => "the TLS handshake with the server behind it failed",
        526 => "the certificate of the server behind it is not valid",
        _ => "its connection to the server behind it failed",
    }
}
