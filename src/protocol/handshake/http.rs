//! The requirements of HTTP on a request (RFC 9110, RFC 9112), checked before those of the opening
//! handshake: its target, Host, and no body.

use std::borrow::Cow;

use url::Host;

use super::{Finding, Head, MALFORMED, RequestLine, contains_ignoring_case};

/// A host and an optional port, as in Host and in an absolute request target (RFC 9110 section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::protocol) struct Authority {
    /// The host, parsed according to the WHATWG URL standard.
    pub(in crate::protocol) host: Host,
    /// `None`: the default port.
    pub(in crate::protocol) port: Option<u16>,
}

impl Authority {
    /// Parses `host`, `host:port`, `[::1]` and `[::1]:port`.
    pub(in crate::protocol) fn parse(text: &str) -> Option<Self> {
        let end = match text.strip_prefix('[') {
            Some(rest) => rest.find(']')? + 2,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (host, port) = text.split_at(end);
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            None => return None,
            Some("") => None, // RFC 3986 section 3.2.3 allows it
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            Some(_) => return None,
        };
        let is_ascii = host.bytes().all(|byte| byte.is_ascii_graphic());
        let host = Host::parse(host).ok().filter(|_| is_ascii)?;
        Some(Self { host, port })
    }
}

/// A parsed request target (RFC 9112 section 3.2).
pub(in crate::protocol) struct RequestTarget<'a> {
    /// Only in the absolute form.
    pub(in crate::protocol) authority: Option<&'a str>,
    /// Path and query.
    pub(in crate::protocol) resource: Cow<'a, str>,
}

/// The schemes of an absolute target: those of RFC 6455 section 4.2.1, and ws and wss, which some clients
/// send.
const SCHEMES: [&str; 4] = ["http", "https", "ws", "wss"];

impl<'a> RequestTarget<'a> {
    /// Parses the origin form (`/path`) and the absolute form (`http://host/path`); a GET with any other
    /// target is invalid.
    pub(in crate::protocol) fn parse(target: &'a str) -> Option<Self> {
        if target.starts_with('/') {
            return Some(Self { authority: None, resource: target.into() });
        }
        let (scheme, rest) = target.split_once("://")?;
        if !SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let resource = if path.starts_with('/') { path.into() } else { format!("/{path}").into() };
        Some(Self { authority: Some(authority), resource })
    }
}

/// Path and query of a request target: RFC 6455's resource name. A target in neither origin form nor
/// absolute form is returned as it is.
pub fn resource_name(target: &str) -> Cow<'_, str> {
    RequestTarget::parse(target).map_or(target.into(), |target| target.resource)
}

/// The authority that a request is addressed to: that of an absolute target, which overrides Host (RFC 9112
/// section 3.2.2), or else Host.
pub(in crate::protocol) fn authority(line: &RequestLine, head: &Head) -> Option<Authority> {
    match RequestTarget::parse(&line.target).and_then(|target| target.authority) {
        Some(authority) => Authority::parse(authority),
        None => Authority::parse(head.value("Host")?.trim()),
    }
}

/// The violations of HTTP in a request, and a body in an upgrade request.
pub(super) fn validate(line: &RequestLine, head: &Head) -> Vec<Finding> {
    let checks = [validate_target(line), validate_host(line, head), validate_origin(head)];
    let body = if is_upgrade(line, head) { validate_body(head) } else { None };
    validate_lines(head).chain(checks.into_iter().chain([body]).flatten()).collect()
}

/// Malformed lines are rejected: an intermediary may interpret them differently.
fn validate_lines(head: &Head) -> impl Iterator<Item = Finding> {
    head.malformed_lines().iter().map(|line| {
        let got = format!("line {} ({})", line.number, line.fault);
        Finding::new(MALFORMED, got, "", "RFC 9112 section 5")
    })
}

/// Whether the client requests an upgrade: what follows the head is not HTTP then.
pub(super) fn is_upgrade(line: &RequestLine, head: &Head) -> bool {
    line.method == "GET" && head.value("Upgrade").is_some()
}

fn validate_target(line: &RequestLine) -> Option<Finding> {
    let is_valid = match RequestTarget::parse(&line.target) {
        _ if line.method != "GET" => true, // refused for its method
        Some(RequestTarget { authority: Some(authority), .. }) => {
            Authority::parse(authority).is_some()
        }
        target => target.is_some(),
    };
    let expected = "a path, or http:// with a host and a path";
    let got = format!("target '{}'", line.target);
    (!is_valid).then(|| Finding::new("request line", got, expected, "RFC 9112 section 3.2"))
}

/// Exactly one valid Host: of several, two intermediaries might choose different ones.
fn validate_host(line: &RequestLine, head: &Head) -> Option<Finding> {
    let values: Vec<_> = head.values("Host").collect();
    let got = match values.as_slice() {
        [] if line.minor_version == 0 => return None,
        [] => "missing".to_owned(),
        [value] if Authority::parse(value.trim()).is_some() => return None,
        [value] => format!("'{value}'"),
        several => format!("sent {} times", several.len()),
    };
    Some(Finding::new("Host", got, "one host, optionally with a port", "RFC 9112 section 3.2"))
}

fn validate_origin(head: &Head) -> Option<Finding> {
    let count = head.values("Origin").count();
    let got = format!("sent {count} times");
    (count > 1).then(|| Finding::new("Origin", got, "at most one", "RFC 6454 section 7.3"))
}

/// The bytes of a body would be interpreted as frames.
fn validate_body(head: &Head) -> Option<Finding> {
    let expected = "no body in an upgrade request";
    let object = |header, got| Some(Finding::new(header, got, expected, "RFC 9110 section 9.3.1"));
    if let Some(coding) = head.value("Transfer-Encoding") {
        return object("Transfer-Encoding", format!("'{coding}'"));
    }
    let lengths: Vec<_> = head.values("Content-Length").collect();
    let has_body = |length: &String| length.is_empty() || length.bytes().any(|byte| byte != b'0');
    let wrong = lengths.iter().find(|length| has_body(length))?;
    object("Content-Length", format!("'{wrong}'"))
}

/// Whether the client expects "100 Continue". A server that accepts the upgrade has to send it before the
/// 101 (RFC 9110 section 7.8).
pub fn expects_continue(line: &RequestLine, head: &Head) -> bool {
    line.minor_version > 0 && contains_ignoring_case(&head.list("Expect"), "100-continue")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::head::parse_request;

    fn parsed(request: &str) -> (RequestLine, Head) {
        parse_request(request.as_bytes()).unwrap().unwrap()
    }

    /// The violations in an upgrade request, as text.
    fn faults(start_line: &str, fields: &str) -> String {
        let (line, head) = parsed(&format!("{start_line}\r\nUpgrade: websocket\r\n{fields}\r\n"));
        validate(&line, &head).iter().map(|finding| format!("{finding}\n")).collect()
    }

    #[test]
    fn authorities_are_parsed_as_in_urls() {
        for (text, host, port) in [
            ("example.com", "example.com", None),
            ("EXAMPLE.com:8080", "example.com", Some(8080)),
            ("example.com:", "example.com", None),
            ("a_b.example:080", "a_b.example", Some(80)),
            ("127.1:1", "127.0.0.1", Some(1)),
            ("[0:0::1]", "[::1]", None),
            ("[::1]:65535", "[::1]", Some(65535)),
        ] {
            let authority = Authority::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((&*authority.host.to_string(), authority.port), (host, port), "{text}");
        }
        for text in [
            "",
            ":80",
            "a b",
            "a/b",
            "a\\b",
            "a?b",
            "a#b",
            "user@a",
            "a:b",
            "a:+1",
            "a:65536",
            "a:1:2",
            "::1",
            "[::1",
            "[::1]x",
            "[::1]1",
            "[x]",
            "a\tb",
            "münchen.example",
            "1.2.3.256",
        ] {
            assert_eq!(Authority::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_resource_is_what_follows_the_authority() {
        for (target, resource) in [
            ("/chat?room=1", "/chat?room=1"),
            ("//host/x", "//host/x"),
            ("http://host/chat?room=1", "/chat?room=1"),
            ("HTTPS://host:1/", "/"),
            ("ws://host", "/"),
            ("wss://host?a=b", "/?a=b"),
            ("*", "*"),
        ] {
            assert_eq!(resource_name(target), resource, "{target}");
        }
    }

    #[test]
    fn the_authority_of_an_absolute_target_overrides_host() {
        let name = |request: &str| {
            let (line, head) = parsed(request);
            authority(&line, &head).map(|authority| authority.host.to_string())
        };
        let host = "Host: b.example\r\n\r\n";
        assert_eq!(name(&format!("GET / HTTP/1.1\r\n{host}")).unwrap(), "b.example");
        assert_eq!(
            name(&format!("GET http://a.example/ HTTP/1.1\r\n{host}")).unwrap(),
            "a.example"
        );
        assert_eq!(name("GET / HTTP/1.0\r\n\r\n"), None);
    }

    #[test]
    fn violations_of_http_are_found() {
        let (get, host) = ("GET / HTTP/1.1", "Host: a.example:1\r\n");
        for (start_line, fields, fault) in [
            (get, "", "Host: missing"),
            (get, "Host:\r\n", "Host: ''"),
            (get, "Host: a/b\r\n", "Host: 'a/b'"),
            (get, "Host: a\r\nhost: a\r\n", "Host: sent 2 times"),
            (get, "Host: a\r\nOrigin: http://a\r\nOrigin: null\r\n", "Origin: sent 2 times"),
            ("GET chat HTTP/1.1", host, "target 'chat'"),
            ("GET ftp://a/ HTTP/1.1", host, "target 'ftp://a/'"),
            ("GET http:///x HTTP/1.1", host, "target 'http:///x'"),
            ("GET http://me@a/ HTTP/1.1", host, "target 'http://me@a/'"),
            ("GET http://a/ HTTP/1.1", "", "Host: missing"),
            (get, "Host: a\r\nContent-Length: 5\r\n", "Content-Length: '5'"),
            (get, "Host: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n", "Content-Length: '5'"),
            (get, "Host: a\r\nContent-Length: -0\r\n", "Content-Length: '-0'"),
            (get, "Host: a\r\nContent-Length:\r\n", "Content-Length: ''"),
            (get, "Host: a\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: 'chunked'"),
        ] {
            let faults = faults(start_line, fields);
            assert!(faults.contains(fault), "{start_line} {fields:?}: {faults}");
        }
    }

    #[test]
    fn valid_requests_are_accepted() {
        for (start_line, fields) in [
            ("GET / HTTP/1.1", "Host: a.example:1\r\nOrigin: null\r\n"),
            ("GET / HTTP/1.1", "Host: a\r\nContent-Length: 0\r\n"),
            ("GET http://a.example/x HTTP/1.1", "Host: b.example\r\n"),
            ("GET / HTTP/1.0", ""),
            ("OPTIONS * HTTP/1.1", "Host: a\r\n"),
            ("POST / HTTP/1.1", "Host: a\r\nContent-Length: 5\r\n"),
        ] {
            assert_eq!(faults(start_line, fields), "", "{start_line} {fields:?}");
        }
    }

    #[test]
    fn only_http_1_1_clients_expect_100_continue() {
        for (request, expected) in [
            ("GET / HTTP/1.1\r\nExpect: 100-Continue\r\n\r\n", true),
            ("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nExpect: x\r\n\r\n", false),
        ] {
            let (line, head) = parsed(request);
            assert_eq!(expects_continue(&line, &head), expected, "{request:?}");
        }
    }
}
