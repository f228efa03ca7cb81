//! Request and response of an entry, whoever wrote it.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::document::Entry;
use super::entry::unknown_url;
use super::time::{MILLISECONDS, Micros};
use super::values::{base64, bytes, decimal, number, object, pairs, text, unsigned};

/// Request and response of an entry.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// With the scheme `ws` or `wss`.
    pub(super) url: String,
    pub(super) request_version: String,
    pub(super) request_headers: Vec<(String, Vec<u8>)>,
    /// 0: there was no response.
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) response_version: String,
    pub(super) response_headers: Vec<(String, Vec<u8>)>,
    pub(super) redirect_url: String,
    pub(super) body: Vec<u8>,
    /// A file that has the messages, beside the HAR.
    pub(super) file: Option<String>,
    /// How many header fields are left out, as there are too many.
    pub(super) left_out: u64,
    /// Why there was no response.
    pub(super) error: Option<String>,
    /// Values of another type than they must have, which are ignored, with that type.
    pub(super) mistyped: Vec<(&'static str, &'static str)>,
}

#[derive(Default, Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    url: Option<&'a RawValue>,
    #[serde(borrow, rename = "httpVersion")]
    http_version: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow, rename = "statusText")]
    status_text: Option<&'a RawValue>,
    #[serde(borrow, rename = "httpVersion")]
    http_version: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
    #[serde(borrow, rename = "redirectURL")]
    redirect_url: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    /// Chrome, mitmproxy, ours.
    #[serde(borrow, rename = "_error")]
    error: Option<&'a RawValue>,
    /// Playwright.
    #[serde(borrow, rename = "_failureText")]
    failure: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    encoding: Option<&'a RawValue>,
    #[serde(borrow, rename = "_file")]
    file: Option<&'a RawValue>,
}

/// The phases of the opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Phases {
    pub(super) dns: Option<Micros>,
    pub(super) tcp: Option<Micros>,
    pub(super) tls: Option<Micros>,
    pub(super) upgrade: Option<Micros>,
    pub(super) total: Micros,
}

#[derive(Default, Deserialize)]
struct Timings<'a> {
    #[serde(borrow)]
    blocked: Option<&'a RawValue>,
    #[serde(borrow)]
    dns: Option<&'a RawValue>,
    #[serde(borrow)]
    connect: Option<&'a RawValue>,
    #[serde(borrow)]
    ssl: Option<&'a RawValue>,
    #[serde(borrow)]
    send: Option<&'a RawValue>,
    #[serde(borrow)]
    wait: Option<&'a RawValue>,
}

impl Exchange {
    /// What an entry says of it; what is missing or of another type is empty.
    pub(super) fn of(entry: &Entry) -> Self {
        let request: Request<'_> = object(entry.values.request.as_deref());
        let response: Response<'_> = object(entry.values.response.as_deref());
        let content: Content<'_> = object(response.content);
        let string = |value: Option<&RawValue>| value.and_then(text).unwrap_or_default();
        let headers = |value: Option<&RawValue>| value.and_then(pairs).unwrap_or_default();
        let (sent, received) = (headers(request.headers), headers(response.headers));
        let body = content.text.and_then(bytes).unwrap_or_default();
        let is_base64 = string(content.encoding) == "base64";
        let decoded = if is_base64 { base64(&body) } else { None };
        let status = response.status.and_then(unsigned).unwrap_or_default();
        Self {
            url: web_socket_url(string(request.url)),
            request_version: string(request.http_version),
            request_headers: sent.list,
            status: u16::try_from(status).unwrap_or_default(),
            reason: string(response.status_text),
            response_version: string(response.http_version),
            response_headers: received.list,
            left_out: sent.left_out + received.left_out,
            redirect_url: string(response.redirect_url),
            body: decoded.unwrap_or(body),
            file: content.file.and_then(text),
            error: response.error.or(response.failure).and_then(text).filter(|it| !it.is_empty()),
            mistyped: mistyped(entry, &request, &response),
        }
    }

    /// Whether the request asked for a WebSocket.
    pub(super) fn is_upgrade(&self) -> bool {
        let has = |(name, value): &(String, Vec<u8>)| {
            let is_name = |it: &str| name.eq_ignore_ascii_case(it);
            // RFC 8441: an extended CONNECT of HTTP/2.
            (is_name("Upgrade") || is_name(":protocol")) && value.eq_ignore_ascii_case(b"websocket")
        };
        self.request_headers.iter().any(has)
    }

    /// The values of a header of the response as a list; none without one.
    pub(super) fn answered(&self, name: &str) -> Option<String> {
        let named = self.response_headers.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
        let values: Vec<_> = named.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// What has another type than it must have, and that type.
fn mistyped(
    entry: &Entry,
    request: &Request<'_>,
    response: &Response<'_>,
) -> Vec<(&'static str, &'static str)> {
    let is_object = |value: &RawValue| value.get().starts_with('{');
    let is_text = |value: &RawValue| text(value).is_some();
    let is_list = |value: &RawValue| pairs(value).is_some();
    let is_number = |value: &RawValue| number(value).is_some();
    type Check<'a> = &'a dyn Fn(&RawValue) -> bool;
    let checks: [(&str, Option<&RawValue>, &str, Check<'_>); 10] = [
        ("request", entry.values.request.as_deref(), "an object", &is_object),
        ("request.url", request.url, "a string", &is_text),
        ("request.httpVersion", request.http_version, "a string", &is_text),
        ("request.headers", request.headers, "an array", &is_list),
        ("response", entry.values.response.as_deref(), "an object", &is_object),
        ("response.status", response.status, "a number", &is_number),
        ("response.statusText", response.status_text, "a string", &is_text),
        ("response.httpVersion", response.http_version, "a string", &is_text),
        ("response.headers", response.headers, "an array", &is_list),
        ("response.redirectURL", response.redirect_url, "a string", &is_text),
    ];
    let is_wrong = |value: Option<&RawValue>, is_right: Check<'_>| {
        value.is_some_and(|value| value.get() != "null" && !is_right(value))
    };
    let wrong = checks.into_iter().filter(|(_, value, _, is_right)| is_wrong(*value, is_right));
    wrong.map(|(name, _, wanted, _)| (name, wanted)).collect()
}

/// Whether this is the scheme of a WebSocket, as browsers write it.
pub(super) fn is_web_socket(url: &str) -> bool {
    ["ws:", "wss:", "ws+unix:"].iter().any(|scheme| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// mitmproxy and HTTP Toolkit write the URL of the request for the upgrade. A fragment is not part of what is requested.
fn web_socket_url(mut url: String) -> String {
    if url == unknown_url() {
        return String::new();
    }
    if let Some(fragment) = url.find('#') {
        url.truncate(fragment);
    }
    for (scheme, web_socket) in [("https://", "wss://"), ("http://", "ws://")] {
        if url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
            return web_socket.to_owned() + &url[scheme.len()..];
        }
    }
    url
}

/// Headers as they are in an event.
pub(super) fn fields(headers: &[(String, Vec<u8>)]) -> Value {
    headers.iter().map(|(name, value)| json!([name, String::from_utf8_lossy(value)])).collect()
}

impl Phases {
    /// What an entry says of them. Those that did not occur are -1, or missing.
    pub(super) fn of(entry: &Entry) -> Self {
        let timings: Timings<'_> = object(entry.values.timings.as_deref());
        let phase = |value: Option<&RawValue>| {
            decimal(number(value?)?, MILLISECONDS).filter(|micros| *micros >= 0)
        };
        let [blocked, dns, connect, tls, send, wait] = [
            timings.blocked,
            timings.dns,
            timings.connect,
            timings.ssl,
            timings.send,
            timings.wait,
        ]
        .map(phase);
        let sum = |phases: &[Option<Micros>]| {
            phases.iter().flatten().copied().fold(0, Micros::saturating_add)
        };
        Self {
            dns,
            // That of TLS is part of it.
            tcp: connect.map(|connect| connect.saturating_sub(tls.unwrap_or_default()).max(0)),
            tls,
            upgrade: wait.map(|wait| wait.saturating_add(send.unwrap_or_default())),
            total: sum(&[blocked, dns, connect, send, wait]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(values: &str, key: &str) -> Entry {
        let value = RawValue::from_string(values.to_owned()).expect("JSON");
        let mut entry = Entry::default();
        *entry.values.of(key).expect("a key") = Some(value);
        entry
    }

    #[test]
    fn urls_are_of_web_sockets() {
        for (url, expected, is_web_socket) in [
            ("ws://x/", "ws://x/", true),
            ("WSS://x/", "WSS://x/", true),
            ("ws://x/?a#b?c#d", "ws://x/?a", true),
            ("https://x/#", "wss://x/", false),
            ("https://x/", "wss://x/", false),
            ("HTTP://x/", "ws://x/", false),
            ("ws+unix:///s:/", "ws+unix:///s:/", true),
            ("", "", false),
            ("é", "é", false),
        ] {
            assert_eq!(web_socket_url(url.to_owned()), expected);
            assert_eq!(super::is_web_socket(url), is_web_socket, "{url}");
        }
    }

    #[test]
    fn bodies_are_decoded() {
        for (content, body) in [
            (r#"{"text": "hi\n"}"#, &b"hi\n"[..]),
            (r#"{"text": "AP8=", "encoding": "base64"}"#, &[0, 255]),
            (r#"{"text": "?", "encoding": "base64"}"#, b"?"),
            ("{}", b""),
            ("7", b""),
        ] {
            let exchange = Exchange::of(&entry(
                &format!(r#"{{"status": 403, "content": {content}}}"#),
                "response",
            ));
            assert_eq!((exchange.status, &*exchange.body), (403, body));
        }
    }

    #[test]
    fn phases_that_did_not_occur_are_left_out() {
        let phases = Phases::of(&entry(
            r#"{"blocked": 1.5, "dns": -1, "connect": 10, "ssl": 4.25, "send": 0.5, "wait": 2, "receive": 9000}"#,
            "timings",
        ));
        let expected = Phases {
            dns: None,
            tcp: Some(5750),
            tls: Some(4250),
            upgrade: Some(2500),
            total: 14_000,
        };
        assert_eq!(phases, expected);
        let nothing = entry(r#"{"connect": null, "ssl": "x", "wait": {}}"#, "timings");
        assert_eq!(Phases::of(&nothing), Phases::default());
    }
}
