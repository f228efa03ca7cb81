//! The searchable text of a refusal.

use std::borrow::Cow;

use crate::net::upgrade::ServerResponse;
use crate::output::escape::is_readable_text;
use crate::output::html;

/// The text of a refusal's body if that is an HTML page.
pub(super) fn of_page(response: &ServerResponse) -> Option<String> {
    if response.body.bytes.is_empty() || response.body.undecoded.is_some() {
        return None;
    }
    let body = readable(&response.body.bytes);
    let kind = response.head.value("Content-Type");
    // The text may be truncated inside a tag.
    let whole = if response.body.is_partial() { body.trim_end_matches('<') } else { &body };
    html::is_html(kind.as_deref(), &body).then(|| html::text(whole))
}

/// Text in UTF-8, or else in Latin-1. It may end in the middle of a character, because only its first bytes are
/// kept.
pub(super) fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(bytes),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// A text may end in the middle of a character, because only its first bytes are kept.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    let whole = match str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    };
    !is_readable_text(whole)
        && bytes.iter().any(|&byte| byte < 0x20 && !b"\r\n\t\x1b".contains(&byte))
}

/// Reason phrase and body of a refusal in lower case, without markup.
pub(super) struct Words {
    text: String,
    /// The body, if it is not an HTML page: pages of servers and frameworks rarely name a cause.
    own: String,
}

/// Responses of nginx, Go, Apache, Tomcat and IIS to plain HTTP on a TLS port.
const TLS_HERE: [&str; 5] = [
    "plain http request was sent to https port",
    "http request to an https server",
    "speaking plain http to an ssl-enabled",
    "combination of host and port requires tls",
    "speaking plain http to an https",
];

/// Phrases that request TLS, on this port or another.
const TLS_SOMEWHERE: [&str; 10] = [
    "requires tls",
    "requires ssl",
    "requires https",
    "tls required",
    "ssl required",
    "https required",
    "tls is required",
    "ssl is required",
    "https is required",
    "secured with secure sockets layer",
];

/// Where TLS is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WantedTls {
    /// On the port of the request.
    Here,
    /// On an unspecified port.
    Somewhere,
    /// With certain versions of TLS.
    Version,
    /// With a client certificate.
    Client,
}

/// Phrases that request a client certificate.
const CLIENT: [&str; 6] = [
    "requires a client certificate",
    "requires client certificate",
    "client certificate required",
    "client certificate is required",
    "requires mutual tls",
    "mutual tls required",
];

/// Words before `protocol` if it is not a subprotocol.
const OTHER_PROTOCOL: [&str; 6] = ["http", "websocket", "socket", "tls", "ssl", "transport"];

/// Words after `protocol` if it is not a subprotocol.
const NOT_A_PROTOCOL: [&str; 3] = ["error", "version", "violation"];

/// Words after `origin` for the upstream server of a proxy, not the header.
const ORIGIN_SERVER: [&str; 5] = ["server", "servers", "web", "host", "dns"];

/// Words near `origin` in pages that are about the header. In other pages the word may be about anything.
const ABOUT_ORIGIN: [&str; 12] = [
    "allowed",
    "bad",
    "blocked",
    "cross",
    "denied",
    "forbidden",
    "header",
    "invalid",
    "mismatch",
    "permitted",
    "rejected",
    "unknown",
];

/// The maximum distance from `origin`, in words.
const NEAR: usize = 4;

/// Phrases about the Host header (Go, Django, Starlette, Vite, webpack-dev-server, Rails, Chromium).
const HOST: [&str; 9] = [
    "host header",
    "http_host",
    "invalid host",
    "untrusted host",
    "blocked host",
    "allowed hosts",
    "allowedhosts",
    "this host (",
    "host not allowed",
];

/// Phrases about a missing upgrade (Tornado, gorilla, coder/websocket, aiohttp, websockets, ws).
const UPGRADE: [&str; 6] = [
    "upgrade header",
    "upgrade hdr",
    "connection header",
    "\"connection\" must be",
    "can \"upgrade\" only",
    "'upgrade' token",
];

/// Further phrases about a missing upgrade that pages also use about browsers.
const OWN_UPGRADE: [&str; 2] = ["missing upgrade", "upgrade required"];

/// Phrases about the version of the WebSocket protocol.
const VERSION: [&str; 2] = ["sec-websocket-version", "websocket version"];

/// Further phrases about the version that pages also use about browsers.
const OWN_VERSION: [&str; 1] = ["unsupported version"];

/// Phrases of proxies whose upstream server is not available (HAProxy, Envoy, Traefik, Varnish).
const BACKEND: [&str; 6] = [
    "no server is available",
    "no healthy upstream",
    "upstream connect error",
    "no available server",
    "backend fetch failed",
    "no backend",
];

/// Words in bodies that do not name a cause.
const NO_CAUSE: &str = "access allowed app bad body cannot code denied description detail details error \
    errors exception failed failure false forbidden found from handshake http https internal message method \
    name null page path reason request response server service status statuscode success text this \
    timestamp title traceid true type unauthorized unknown websocket your";

/// A longer body is not considered a short text that names a cause.
const MAX_CAUSE: usize = 500;

impl Words {
    /// The text of this refusal; empty if it repeats the request, which would match falsely.
    pub(super) fn of(response: &ServerResponse) -> Self {
        let page = of_page(response);
        let is_readable = response.body.undecoded.is_none();
        let body = if is_readable { readable(&response.body.bytes) } else { Cow::Borrowed("") };
        let own = if page.is_some() { String::new() } else { body.to_ascii_lowercase() };
        let body = page.map_or(body, Cow::Owned);
        let text = format!("{}\n{body}", response.line.reason).to_ascii_lowercase();
        let is_echo = text.contains("sec-websocket-key") || text.contains("user-agent:");
        match is_echo {
            true => Self { text: String::new(), own: String::new() },
            false => Self { text, own },
        }
    }

    /// Whether the body is a short text with more information than the status and the path: then it names the
    /// cause, and no guess is needed.
    pub(super) fn name_a_cause(&self, path: &str) -> bool {
        let path = path.to_ascii_lowercase();
        let reason = self.text.lines().next().unwrap_or_default();
        let known = [reason, &path].map(|text| words(text).collect::<Vec<_>>()).concat();
        let is_news = |word: &str| {
            word.len() >= 4
                && word.chars().all(char::is_alphabetic)
                && !words(NO_CAUSE).any(|known| known == word)
                && !known.contains(&word)
        };
        let is_short = self.own.len() <= MAX_CAUSE;
        is_short && words(&self.own).nth(1).is_some() && words(&self.own).any(is_news)
    }

    /// Whether it names the Host header.
    pub(super) fn name_host(&self) -> bool {
        self.contain(&HOST)
    }

    /// Whether it names the Upgrade or Connection header.
    pub(super) fn name_upgrade(&self) -> bool {
        self.contain(&UPGRADE) || self.say(&OWN_UPGRADE)
    }

    /// Whether it names the version of the WebSocket protocol.
    pub(super) fn name_version(&self) -> bool {
        self.contain(&VERSION) || self.say(&OWN_VERSION)
    }

    /// Whether it names a protocol which may be a subprotocol.
    pub(super) fn name_protocol(&self) -> bool {
        let mut before = "";
        let mut words = words(&self.own).peekable();
        while let Some(word) = words.next() {
            let is_other = OTHER_PROTOCOL.contains(&before)
                || words.peek().is_some_and(|next| NOT_A_PROTOCOL.contains(next));
            if matches!(word, "protocol" | "protocols") && !is_other {
                return true;
            }
            before = word;
        }
        false
    }

    /// Whether it names the server behind a proxy.
    pub(super) fn name_backend(&self) -> bool {
        self.contain(&BACKEND)
    }

    fn contain(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.text.contains(phrase))
    }

    /// As [`Words::contain`], ignoring pages.
    fn say(&self, phrases: &[&str]) -> bool {
        let (reason, _) = self.parts();
        phrases.iter().any(|phrase| reason.contains(phrase) || self.own.contains(phrase))
    }

    /// The reason phrase, and the text of the body.
    fn parts(&self) -> (&str, &str) {
        self.text.split_once('\n').unwrap_or((&self.text, ""))
    }

    /// Whether it requests TLS.
    pub(super) fn wanted_tls(&self) -> Option<WantedTls> {
        if self.contain(&TLS_HERE) {
            return Some(WantedTls::Here);
        }
        if CLIENT.iter().any(|phrase| self.behind(phrase).is_some()) {
            return Some(WantedTls::Client);
        }
        let what = TLS_SOMEWHERE.iter().find_map(|phrase| self.behind(phrase))?.trim_start();
        let version = what.strip_prefix('v').unwrap_or(what);
        Some(if ["client", "mutual"].iter().any(|word| what.starts_with(word)) {
            WantedTls::Client
        } else if version.starts_with(|c: char| c.is_ascii_digit()) {
            WantedTls::Version
        } else {
            WantedTls::Somewhere
        })
    }

    /// The text after a phrase that does not start or end within a word.
    fn behind(&self, phrase: &str) -> Option<&str> {
        let is_within = |c: char| c.is_alphanumeric() || c == '-';
        let text = self.text.as_str();
        text.match_indices(phrase)
            .map(|(at, _)| (&text[..at], &text[at + phrase.len()..]))
            .find(|(before, rest)| !before.ends_with(is_within) && !rest.starts_with(is_within))
            .map(|(_, rest)| rest)
    }

    /// Whether it names the subprotocol.
    pub(super) fn name_subprotocol(&self) -> bool {
        self.contain(&["subprotocol", "sub-protocol", "sub protocol", "sec-websocket-protocol"])
    }

    /// Whether it names the Origin of the request.
    pub(super) fn name_origin(&self) -> bool {
        let (reason, body) = self.parts();
        let is_page = self.own.is_empty();
        names_origin(reason, false) || names_origin(body, is_page)
    }
}

/// In a page the surrounding words have to be about the header.
fn names_origin(text: &str, is_page: bool) -> bool {
    let text = without_options(text);
    let words: Vec<&str> = words(&text).collect();
    let is_about_it = |at: usize| {
        let around = &words[at.saturating_sub(NEAR)..words.len().min(at + NEAR + 1)];
        around.iter().any(|word| ABOUT_ORIGIN.contains(word))
    };
    words.iter().enumerate().any(|(at, word)| {
        let is_server = words.get(at + 1).is_some_and(|next| ORIGIN_SERVER.contains(next));
        matches!(*word, "origin" | "origins") && !is_server && (!is_page || is_about_it(at))
    })
}

/// Without command line options, such as `--allow-origin ORIGIN`, which servers name together with other headers.
fn without_options(text: &str) -> String {
    let mut is_behind_option = false;
    let is_kept = |token: &&str| {
        let is_option = token.trim_start_matches(['\'', '"', '`', '(', '[']).starts_with("--");
        !std::mem::replace(&mut is_behind_option, is_option) && !is_option
    };
    text.split_whitespace().filter(is_kept).collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{WantedTls, Words};

    fn words(text: &str) -> Words {
        let text = text.to_ascii_lowercase();
        Words { own: text.clone(), text: format!("forbidden\n{text}") }
    }

    #[test]
    fn requirements_of_tls_are_distinguished() {
        for (text, wanted) in [
            ("The plain HTTP request was sent to HTTPS port", Some(WantedTls::Here)),
            ("this endpoint requires TLS", Some(WantedTls::Somewhere)),
            ("HTTPS required.", Some(WantedTls::Somewhere)),
            ("Requires TLS 1.3", Some(WantedTls::Version)),
            ("requires TLS v1.2 or later", Some(WantedTls::Version)),
            ("This endpoint requires TLS client authentication", Some(WantedTls::Client)),
            ("SSL required: client certificate required", Some(WantedTls::Client)),
            ("this route requires mutual TLS", Some(WantedTls::Client)),
            ("requires TLSX-plan level", None),
            ("your plan requires TLS-enabled", None),
            ("non-TLS required", None),
            ("no", None),
        ] {
            assert_eq!(words(text).wanted_tls(), wanted, "{text}");
        }
    }

    #[test]
    fn a_protocol_may_be_a_subprotocol() {
        for text in ["Client must support 'binary' or 'base64' protocol", "No protocol specified"] {
            assert!(words(text).name_protocol(), "{text}");
        }
        for text in ["bad WebSocket protocol", "protocol error", "HTTP protocol version", "x"] {
            assert!(!words(text).name_protocol(), "{text}");
        }
    }

    #[test]
    fn a_cause_has_more_information_than_the_status() {
        for text in [
            "token expired",
            "{\"detail\":\"Not authenticated\"}",
            "Rejected an incoming WebSocket connection from the http://a origin.",
            "{\"error\":\"quota exceeded\",\"code\":17}",
        ] {
            assert!(words(text).name_a_cause("/ws/chat"), "{text}");
        }
        for text in [
            "",
            "Forbidden",
            "403 Forbidden\n",
            "{\"status\":403,\"error\":\"Forbidden\",\"path\":\"/ws/chat\"}",
            "Access denied",
            "Internal Server Error",
            "Bad Request",
            "404 page not found",
            "nope",
        ] {
            assert!(!words(text).name_a_cause("/ws/chat"), "{text}");
        }
        assert!(!words(&"long ".repeat(200)).name_a_cause("/"), "a long text");
    }

    /// The text of a page.
    fn page(text: &str) -> Words {
        Words { own: String::new(), ..words(text) }
    }

    #[test]
    fn common_words_in_pages_are_ignored() {
        for text in ["Cross-origin request", "The Origin header is missing", "origin not allowed"] {
            assert!(page(text).name_origin(), "{text}");
        }
        let text = "Not found. Filter by country of origin, colour and size";
        assert!(words(text).name_origin() && !page(text).name_origin());
        let text = "Your browser is an unsupported version: upgrade required";
        assert!(words(text).name_version() && !page(text).name_version());
        assert!(words(text).name_upgrade() && !page(text).name_upgrade());
        assert!(page("missing upgrade header").name_upgrade());
    }

    #[test]
    fn an_option_is_not_the_origin() {
        let host = "Host: evil; expected a loopback host, unless --allow-origin is given\n\
                    --allow-origin ORIGIN accepts its pages, and (--allow-origin '*') all";
        assert!(!words(host).name_origin());
        assert!(words(&format!("Origin: null; {host}")).name_origin());
    }

    #[test]
    fn an_origin_server_is_not_an_origin() {
        for text in ["Origin not allowed", "bad 'origin'", "cross-origin", "Allowed origins: a"] {
            assert!(words(text).name_origin(), "{text}");
        }
        for text in ["the origin server is down", "Origin DNS error", "original", "aborigin", ""] {
            assert!(!words(text).name_origin(), "{text}");
        }
    }
}
