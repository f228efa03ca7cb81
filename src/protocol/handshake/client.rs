//! The client's side: building the request, validating the response.

use super::{
    Agreement, Finding, Head, HeaderLine, StatusLine, contains_ignoring_case, derive_accept_key,
    has_others, quoted, split_list,
};

mod extensions;

const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";

/// The configuration of a request.
#[derive(Clone, Debug, Default)]
pub struct RequestOptions {
    /// Request target: path and query.
    pub resource: String,
    /// Value of the Host header.
    pub host: String,
    /// Value of Sec-WebSocket-Key: 16 bytes in base64. See [`super::generate_key`].
    pub key: String,
    /// Subprotocols to offer, in order of preference.
    pub subprotocols: Vec<String>,
    /// Value of Sec-WebSocket-Extensions.
    pub extensions: Option<String>,
    /// Headers with their own options (User-Agent, Origin, Authorization, Cookie), in order.
    pub common: Vec<HeaderLine>,
    /// Headers given by the user: they replace ours of the same name, or remove it when empty.
    pub custom: Vec<HeaderLine>,
}

/// A request, with what the response has to match.
#[derive(Clone, Debug)]
pub struct Request {
    /// The head, as sent.
    pub head: Head,
    key: Option<String>,
    subprotocols: Vec<String>,
    extensions: Vec<String>,
}

impl Request {
    /// Builds the request (RFC 6455 section 4.1).
    pub fn new(options: &RequestOptions) -> Self {
        let fields = with_custom(standard_fields(options), &options.custom);
        Self::of_head(Head::build(&format!("GET {} HTTP/1.1", options.resource), &fields))
    }

    /// The request with this head, which somebody else has made.
    pub fn of_head(head: Head) -> Self {
        Self {
            key: head.value("Sec-WebSocket-Key"),
            subprotocols: head.list("Sec-WebSocket-Protocol"),
            extensions: head.list("Sec-WebSocket-Extensions"),
            head,
        }
    }

    /// The subprotocols offered, including those in headers given by the user.
    pub fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }

    /// Whether it requests an upgrade to websocket: headers given by the user may have changed that.
    pub fn asks_for_websocket(&self) -> bool {
        contains_ignoring_case(&self.head.list("Upgrade"), "websocket")
            && contains_ignoring_case(&self.head.list("Connection"), "upgrade")
    }

    /// The extensions offered, with their parameters, including those in headers given by the user.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

fn standard_fields(options: &RequestOptions) -> Vec<HeaderLine> {
    let mut fields = vec![HeaderLine::new("Host", &options.host)];
    fields.extend(options.common.iter().cloned());
    fields.extend([
        HeaderLine::new("Connection", "Upgrade"),
        HeaderLine::new("Upgrade", "websocket"),
        HeaderLine::new("Sec-WebSocket-Version", "13"),
        HeaderLine::new("Sec-WebSocket-Key", &options.key),
    ]);
    if !options.subprotocols.is_empty() {
        fields.push(HeaderLine::new("Sec-WebSocket-Protocol", &options.subprotocols.join(", ")));
    }
    if let Some(extensions) = &options.extensions {
        fields.push(HeaderLine::new("Sec-WebSocket-Extensions", extensions));
    }
    fields
}

/// Replaces our headers by the user's of the same name, and appends the other ones.
pub fn with_custom(standard: Vec<HeaderLine>, custom: &[HeaderLine]) -> Vec<HeaderLine> {
    let mut fields = Vec::with_capacity(standard.len() + custom.len());
    for field in &standard {
        let first_of_its_name = !fields.iter().any(|earlier: &HeaderLine| earlier.is(&field.name));
        let mut own = custom.iter().filter(|line| line.is(&field.name)).peekable();
        match own.peek() {
            None => fields.push(field.clone()),
            Some(_) if first_of_its_name => {
                fields.extend(own.filter(|line| !line.is_removal).cloned())
            }
            Some(_) => {}
        }
    }
    let is_new = |line: &&HeaderLine| !standard.iter().any(|field| field.is(&line.name));
    fields.extend(custom.iter().filter(is_new).filter(|line| !line.is_removal).cloned());
    fields
}

/// Validates a 101 response (RFC 6455 section 4.1, page 19, and section 4.2.2).
///
/// # Errors
/// All violations, at least one.
pub fn validate_response(
    request: &Request,
    line: &StatusLine,
    head: &Head,
) -> Result<Agreement, Vec<Finding>> {
    let (agreement, findings) = examine_response(request, line, head);
    if findings.is_empty() { Ok(agreement) } else { Err(findings) }
}

/// The same for an observer: what the server selected, as far as that can be read, and all violations. The client may accept
/// the response in spite of them.
pub fn examine_response(
    request: &Request,
    line: &StatusLine,
    head: &Head,
) -> (Agreement, Vec<Finding>) {
    let mut findings = Vec::new();
    if line.minor_version == 0 {
        findings.push(Finding::new(
            "status line",
            "HTTP/1.0",
            "HTTP/1.1",
            "RFC 6455 section 4.2.2",
        ));
    }
    findings.extend(validate_upgrade(head));
    findings.extend(validate_connection(head));
    findings.extend(validate_accept(request, head));
    findings.extend(validate_subprotocol(request, head));
    let subprotocols: Vec<_> = head.values(SUBPROTOCOL).collect();
    let extensions = head.list("Sec-WebSocket-Extensions");
    let agreement = Agreement {
        subprotocol: (!subprotocols.is_empty()).then(|| subprotocols.join(", ")),
        deflate: extensions::examine(request, head, &mut findings),
        has_others: has_others(&request.extensions, &extensions),
        extensions: (!extensions.is_empty()).then(|| extensions.join(", ")),
    };
    (agreement, findings)
}

fn validate_upgrade(head: &Head) -> Option<Finding> {
    const SECTION: &str = "RFC 6455 section 4.2.2";
    let values = head.list("Upgrade");
    match values.as_slice() {
        [] => Some(Finding::new("Upgrade", "missing", "'websocket'", SECTION)),
        [value] if value.eq_ignore_ascii_case("websocket") => None,
        _ => Some(Finding::new("Upgrade", quoted(&values), "'websocket'", SECTION)),
    }
}

fn validate_connection(head: &Head) -> Option<Finding> {
    const SECTION: &str = "RFC 6455 section 4.2.2";
    let values = head.list("Connection");
    if contains_ignoring_case(&values, "upgrade") {
        return None;
    }
    let got = if values.is_empty() { "missing".to_owned() } else { quoted(&values) };
    Some(Finding::new("Connection", got, "'Upgrade'", SECTION))
}

fn validate_accept(request: &Request, head: &Head) -> Option<Finding> {
    const SECTION: &str = "RFC 6455 section 4.2.2";
    const HEADER: &str = "Sec-WebSocket-Accept";
    let key = request.key.as_ref()?; // removed by the user: nothing can be expected
    let expected = derive_accept_key(key.as_bytes());
    let values: Vec<_> = head.values(HEADER).collect();
    match values.as_slice() {
        [] => Some(Finding::new(HEADER, "missing", format!("'{expected}'"), SECTION)),
        [value] if *value == expected => None,
        [value] => {
            let remark = accept_remark(value, key);
            Some(Finding::new(
                HEADER,
                format!("'{value}'{remark}"),
                format!("'{expected}' for the key '{key}'"),
                SECTION,
            ))
        }
        _ => Some(Finding::new(HEADER, format!("sent {} times", values.len()), "once", SECTION)),
    }
}

/// A remark on a common mistake in computing Sec-WebSocket-Accept.
fn accept_remark(value: &str, key: &str) -> &'static str {
    const RFC_SAMPLE: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    if value == key {
        " (the key itself, not its hash)"
    } else if value == RFC_SAMPLE {
        " (the example in the RFC)"
    } else if value.eq_ignore_ascii_case(&derive_accept_key(key.as_bytes())) {
        " (differs in case)"
    } else if value.is_empty() {
        " (empty)"
    } else {
        ""
    }
}

/// RFC 6455 section 4.1: at most one, and one that was offered, compared case-sensitively.
fn validate_subprotocol(request: &Request, head: &Head) -> Option<Finding> {
    const SECTION: &str = "RFC 6455 section 4.1";
    let values: Vec<_> = head.values(SUBPROTOCOL).collect();
    let offered = &request.subprotocols;
    let expected = if offered.is_empty() {
        "no such header, since no subprotocol was offered".to_owned()
    } else {
        format!("one of {}", quoted(offered))
    };
    let got = match values.as_slice() {
        [] => return None,
        [value] if offered.contains(value) => return None,
        [value] if split_list(value).len() > 1 => format!("a list, '{value}'"),
        [value] if contains_ignoring_case(offered, value) => {
            format!("'{value}' (subprotocols are case-sensitive)")
        }
        [value] => format!("'{value}', which was not offered"),
        _ => format!("sent {} times ({})", values.len(), quoted(&values)),
    };
    Some(Finding::new(SUBPROTOCOL, got, expected, SECTION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::head::parse_response;

    fn options() -> RequestOptions {
        RequestOptions {
            resource: "/chat".into(),
            host: "server.example.com".into(),
            key: "dGhlIHNhbXBsZSBub25jZQ==".into(),
            subprotocols: vec!["chat".into(), "superchat".into()],
            common: vec![HeaderLine::new("Origin", "http://example.com")],
            ..RequestOptions::default()
        }
    }

    fn validate(options: &RequestOptions, response: &str) -> Result<Agreement, String> {
        let (line, head) = parse_response(response.as_bytes()).unwrap().unwrap();
        validate_response(&Request::new(options), &line, &head).map_err(|findings| {
            findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        })
    }

    /// A response with the fields of RFC 6455 section 1.3, one of them replaced or removed.
    fn response(name: &str, replacement: &str) -> String {
        let fields = [
            ("Upgrade", "Upgrade: websocket\r\n"),
            ("Connection", "Connection: Upgrade\r\n"),
            ("Accept", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            ("Protocol", "Sec-WebSocket-Protocol: chat\r\n"),
            ("Extra", ""),
        ];
        let lines: String =
            fields.iter().map(|(n, line)| if *n == name { replacement } else { line }).collect();
        format!("HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n")
    }

    #[test]
    fn the_handshake_of_the_rfc_is_valid() {
        let request = Request::new(&options());
        assert_eq!(
            String::from_utf8_lossy(request.head.bytes()),
            "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nOrigin: http://example.com\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n"
        );
        let agreement = validate(&options(), &response("", "")).unwrap();
        assert_eq!(agreement.subprotocol.as_deref(), Some("chat"));
    }

    #[test]
    fn harmless_variants_are_accepted() {
        for (name, line) in [
            ("Connection", "connection: keep-alive, UPGRADE\r\n"),
            ("Connection", "Connection: keep-alive\r\nConnection: Upgrade\r\n"),
            ("Upgrade", "upgrade: WebSocket\r\n"),
            ("Protocol", ""),
            ("Extra", "Server: x\r\nDate: y\r\n"),
        ] {
            assert!(validate(&options(), &response(name, line)).is_ok(), "{line:?}");
        }
    }

    #[test]
    fn every_violation_is_named() {
        for (name, line, expected) in [
            ("Upgrade", "", "Upgrade: missing; expected 'websocket'"),
            ("Upgrade", "Upgrade: h2c\r\n", "Upgrade: 'h2c'"),
            ("Connection", "", "Connection: missing"),
            ("Connection", "Connection: close\r\n", "Connection: 'close'; expected 'Upgrade'"),
            ("Accept", "", "Sec-WebSocket-Accept: missing"),
            (
                "Accept",
                "Sec-WebSocket-Accept: nope\r\n",
                "'nope'; expected 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' for the key",
            ),
            ("Accept", "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n", "the key itself"),
            (
                "Protocol",
                "Sec-WebSocket-Protocol: soap\r\n",
                "'soap', which was not offered; expected one of 'chat', 'superchat'",
            ),
            ("Protocol", "Sec-WebSocket-Protocol: CHAT\r\n", "case-sensitive"),
            ("Protocol", "Sec-WebSocket-Protocol: chat, superchat\r\n", "a list"),
            (
                "Protocol",
                "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n",
                "sent 2 times",
            ),
            (
                "Extra",
                "Sec-WebSocket-Extensions: foo; a=1\r\n",
                "'foo; a=1', which was not offered",
            ),
        ] {
            let verdict = validate(&options(), &response(name, line)).unwrap_err();
            assert!(verdict.contains(expected), "{line:?}: {verdict}");
            assert!(verdict.contains("RFC 6455 section 4."), "{verdict}");
        }
    }

    #[test]
    fn what_an_invalid_response_selects_is_known() {
        let offers = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-own";
        let custom = vec![HeaderLine::parse(offers).unwrap()];
        let request = Request::new(&RequestOptions { custom, ..options() });
        let bare = Request::new(&options());
        for (request, extensions, window, others) in [
            (&request, "permessage-deflate", Some(15), false),
            (&request, "permessage-deflate; server_max_window_bits=7; foo=1", Some(15), false),
            (&request, "permessage-deflate; server_max_window_bits=9; foo", Some(9), false),
            (&request, "x-own, permessage-deflate; server_max_window_bits=12", Some(12), true),
            (&request, "permessage-deflate; =, permessage-deflate", Some(15), false),
            (&bare, "permessage-deflate; server_max_window_bits=10", Some(10), false),
            (&bare, "x-own", None, false), // it was not offered
            (&request, "x-other", None, false),
        ] {
            let response = format!(
                "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\
                 Sec-WebSocket-Protocol: unasked\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n"
            );
            let (line, head) = parse_response(response.as_bytes()).unwrap().unwrap();
            let (agreement, findings) = examine_response(request, &line, &head);
            assert!(findings.len() >= 2, "{extensions}: {findings:?}");
            assert_eq!(agreement.subprotocol.as_deref(), Some("unasked"));
            assert_eq!(agreement.extensions.as_deref(), Some(extensions));
            let bits = agreement.deflate.map(|params| params.server_max_window_bits);
            assert_eq!((bits, agreement.has_others), (window, others), "{extensions}");
        }
    }

    #[test]
    fn custom_headers_replace_remove_and_repeat() {
        let mut options = options();
        options.custom = [
            "hOst: other",
            "Origin:",
            "X-A: 1",
            "x-a: 2",
            "X-Empty:",
            "Sec-WebSocket-Protocol: v2",
        ]
        .map(|line| HeaderLine::parse(line).unwrap())
        .to_vec();
        let request = Request::new(&options);
        let text = String::from_utf8_lossy(request.head.bytes()).into_owned();
        assert!(
            text.starts_with("GET /chat HTTP/1.1\r\nhOst: other\r\nConnection: Upgrade\r\n"),
            "{text}"
        );
        assert!(text.ends_with("Sec-WebSocket-Protocol: v2\r\nX-A: 1\r\nx-a: 2\r\n\r\n"), "{text}");
        assert_eq!(request.subprotocols(), ["v2"]);
    }
}
