//! What a refusal says, in words that can be searched.

use std::borrow::Cow;

use crate::net::upgrade::Response;
use crate::output::html;

/// The text of a refusal's body if that is an HTML page.
pub(super) fn of_page(response: &Response) -> Option<String> {
    let body = readable(&response.body);
    let kind = response.head.value("Content-Type");
    html::is_html(kind.as_deref(), &body).then(|| html::text(&body))
}

/// Text in UTF-8, or else in Latin-1. It may end in the middle of a character, because only its start is
/// kept.
pub(super) fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(bytes),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Reason phrase and body of a refusal in lower case, without markup.
pub(super) struct Words(String);

/// What nginx, Go, Apache, Tomcat and IIS say to a request in plain HTTP where they speak TLS.
const TLS_HERE: [&str; 5] = [
    "plain http request was sent to https port",
    "http request to an https server",
    "speaking plain http to an ssl-enabled",
    "combination of host and port requires tls",
    "speaking plain http to an https",
];

/// How others say that they want TLS, be it on this port or on another.
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

/// Where TLS is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WantedTls {
    /// On the port that the request went to.
    Here,
    /// It is not said on which port.
    Somewhere,
}

/// The server behind a proxy, not the header.
const ORIGIN_SERVER: [&str; 5] = ["server", "servers", "web", "host", "dns"];

impl Words {
    /// Those of this refusal; none if it repeats the request, of which nothing can be concluded.
    pub(super) fn of(response: &Response) -> Self {
        let body = of_page(response).map_or_else(|| readable(&response.body), Cow::Owned);
        let words = format!("{}\n{body}", response.line.reason).to_ascii_lowercase();
        let is_echo = words.contains("sec-websocket-key") || words.contains("user-agent:");
        Self(if is_echo { String::new() } else { words })
    }

    /// Whether they say that TLS is missing.
    pub(super) fn wanted_tls(&self) -> Option<WantedTls> {
        let say = |list: &[&str]| list.iter().any(|words| self.0.contains(words));
        match (say(&TLS_HERE), say(&TLS_SOMEWHERE)) {
            (true, _) => Some(WantedTls::Here),
            (false, true) => Some(WantedTls::Somewhere),
            (false, false) => None,
        }
    }

    /// Whether they name the subprotocol.
    pub(super) fn name_subprotocol(&self) -> bool {
        let names = ["subprotocol", "sub-protocol", "sub protocol", "sec-websocket-protocol"];
        names.iter().any(|name| self.0.contains(name))
    }

    /// Whether they name the Origin of the request.
    pub(super) fn name_origin(&self) -> bool {
        let mut words = self.0.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty());
        let mut words = std::iter::from_fn(|| words.next()).peekable();
        while let Some(word) = words.next() {
            let is_server = words.peek().is_some_and(|next| ORIGIN_SERVER.contains(next));
            if matches!(word, "origin" | "origins") && !is_server {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    fn words(text: &str) -> Words {
        Words(text.to_ascii_lowercase())
    }

    #[test]
    fn an_origin_is_not_an_origin_server() {
        for text in ["Origin not allowed", "bad 'origin'", "cross-origin", "Allowed origins: a"] {
            assert!(words(text).name_origin(), "{text}");
        }
        for text in ["the origin server is down", "Origin DNS error", "original", "aborigin", ""] {
            assert!(!words(text).name_origin(), "{text}");
        }
    }
}
