//! The server's side: validating the request, building the response (RFC 6455 section 4.2).

use super::client::with_custom;
use super::http::{self, authority, is_upgrade, resource_name};
use super::origin::{self, AllowedOrigins, ListenHosts};
use super::{
    Agreement, Finding, Head, HeaderLine, MALFORMED, RequestLine, Response, contains_ignoring_case,
    derive_accept_key, has_others, is_token, quoted,
};
use crate::protocol::basic;
use crate::protocol::deflate::choose;

/// The configuration of a server's handshake: what it accepts, and from whom.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// Supported subprotocols; the first of the client's that is among them is chosen.
    pub subprotocols: Vec<String>,
    /// Headers given by the user: they replace ours of the same name, or remove it when empty.
    pub headers: Vec<HeaderLine>,
    /// The only path that is accepted; `None`: any path.
    pub path: Option<String>,
    /// The credentials that clients must present; `None`: none.
    pub credentials: Option<RequiredCredentials>,
    /// The origins whose pages may connect.
    pub origins: AllowedOrigins,
    /// The addresses the server listens on, which determine its own origins.
    pub listening: ListenHosts,
    /// Accept permessage-deflate.
    pub compress: bool,
}

const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// A user name and password required by Basic authentication (RFC 7617).
#[derive(Clone)]
pub struct RequiredCredentials {
    pair: Vec<u8>,
}

impl RequiredCredentials {
    /// From `USER:PASSWORD`.
    pub fn new(pair: &str) -> Self {
        Self { pair: pair.as_bytes().to_vec() }
    }

    /// The value of an Authorization header with them.
    pub fn authorization(&self) -> String {
        basic::authorization(&self.pair)
    }

    /// Whether the value of an Authorization header contains them.
    fn match_authorization(&self, value: &str) -> bool {
        basic::pair(value).is_some_and(|given| are_equal(&given, &self.pair))
    }
}

/// Does not show the secret.
impl std::fmt::Debug for RequiredCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequiredCredentials(***)")
    }
}

/// Compares in constant time, so that the duration does not reveal how much of a guess was right.
pub fn are_equal(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).fold(0, |bits, (a, b)| bits | (a ^ b));
    std::hint::black_box(differences) == 0 && one.len() == other.len()
}

/// Why a request is not answered with 101.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The response sent instead.
    pub response: Response,
    /// The violations in the request.
    pub findings: Vec<Finding>,
    /// The request has no Upgrade, as from a browser that opens the URL.
    pub is_plain: bool,
    /// What the operator of the server can do about it.
    pub hint: Option<&'static str>,
}

/// Validates a request and builds the response to it.
///
/// # Errors
/// A [`Refusal`] with status 400, 401, 403, 404, 405 or 426.
pub fn answer(
    options: &ServerOptions,
    line: &RequestLine,
    head: &Head,
) -> Result<(Head, Agreement), Box<Refusal>> {
    let findings = http::validate(line, head);
    if !findings.is_empty() {
        let hint = findings
            .iter()
            .all(|finding| finding.header == MALFORMED)
            .then_some("--lenient accepts requests with such lines");
        return Err(Box::new(Refusal { hint, ..*refuse(line, 400, &[], findings) }));
    }
    validate_origin(options, line, head)?;
    if let Some(finding) = validate_path(options, line) {
        return Err(refuse(line, 404, &[], vec![finding]));
    }
    if let Some(finding) = validate_credentials(options, head) {
        let challenge = "Basic realm=\"wscope\", charset=\"UTF-8\"";
        let challenge = HeaderLine::new("WWW-Authenticate", challenge);
        return Err(refuse(line, 401, &[challenge], vec![finding]));
    }
    let findings = validate_request(line, head);
    if !findings.is_empty() {
        let is_plain = line.method == "GET" && !is_upgrade(line, head);
        return Err(Box::new(Refusal { is_plain, ..*refuse_request(line, findings) }));
    }
    Ok(accept(options, head))
}

fn accept(options: &ServerOptions, request: &Head) -> (Head, Agreement) {
    let key = request.value("Sec-WebSocket-Key").unwrap_or_default(); // validated: it is present
    let offered = request.list("Sec-WebSocket-Protocol");
    let subprotocol = offered.into_iter().find(|name| options.subprotocols.contains(name));
    let mut fields = vec![
        HeaderLine::new("Upgrade", "websocket"),
        HeaderLine::new("Connection", "Upgrade"),
        HeaderLine::new("Sec-WebSocket-Accept", &derive_accept_key(key.as_bytes())),
    ];
    fields.extend(subprotocol.iter().map(|name| HeaderLine::new("Sec-WebSocket-Protocol", name)));
    let offers = request.list(EXTENSIONS);
    let chosen = if options.compress { choose(&offers) } else { None };
    fields.extend(chosen.iter().map(|(_, element)| HeaderLine::new(EXTENSIONS, element)));
    let fields = with_custom(fields, &options.headers);
    let response = Head::build("HTTP/1.1 101 Switching Protocols", &fields);
    let subprotocol = response.value("Sec-WebSocket-Protocol");
    let extensions = response.value(EXTENSIONS);
    // A header given by the user may differ.
    let deflate = chosen.filter(|(_, element)| extensions.as_ref() == Some(element));
    let deflate = deflate.map(|(params, _)| params);
    let has_others = has_others(&offers, &response.list(EXTENSIONS));
    (response, Agreement { subprotocol, extensions, deflate, has_others })
}

/// Checks the path (RFC 6455 section 4.2.2, /resource name/).
fn validate_path(options: &ServerOptions, line: &RequestLine) -> Option<Finding> {
    let expected = options.path.as_ref()?;
    let resource = resource_name(&line.target);
    let path = resource.split(['?', '#']).next().unwrap_or_default();
    (path != expected).then(|| {
        let got = format!("path '{path}'");
        Finding::new("request line", got, format!("'{expected}'"), "RFC 6455 section 4.2.2")
    })
}

/// RFC 6455 section 4.2.2, item 2. The received credentials are not repeated: they may be almost right.
fn validate_credentials(options: &ServerOptions, head: &Head) -> Option<Finding> {
    let expected = options.credentials.as_ref()?;
    let got = match head.value("Authorization") {
        None => "missing",
        Some(value) if expected.match_authorization(&value) => return None,
        Some(_) => "wrong user name or password",
    };
    let section = "RFC 6455 section 4.2.2, RFC 7617";
    Some(Finding::new("Authorization", got, "Basic, with user name and password", section))
}

/// RFC 6455 section 4.2.2, /origin/. A request for the page with a wrong Host is refused too.
fn validate_origin(
    options: &ServerOptions,
    line: &RequestLine,
    head: &Head,
) -> Result<(), Box<Refusal>> {
    let (authority, origin) = (authority(line, head), head.value("Origin"));
    let origin = origin.as_deref().map(str::trim);
    let (allowed, listening) = (&options.origins, &options.listening);
    origin::validate(allowed, listening, authority.as_ref(), origin, is_upgrade(line, head))
        .map_err(|forbidden| {
            let refusal = refuse(line, 403, &[], vec![forbidden.finding]);
            Box::new(Refusal { hint: Some(forbidden.hint), ..*refusal })
        })
}

/// The requirements of RFC 6455 section 4.2.1.
fn validate_request(line: &RequestLine, head: &Head) -> Vec<Finding> {
    const SECTION: &str = "RFC 6455 section 4.2.1";
    let mut findings = Vec::new();
    let mut object = |header, got: String, expected: &str| {
        findings.push(Finding::new(header, got, expected, SECTION))
    };
    if line.method != "GET" {
        object("request line", format!("method {}", line.method), "GET");
        return findings; // the other requirements apply to GET
    }
    if line.minor_version == 0 {
        object("request line", "HTTP/1.0".to_owned(), "HTTP/1.1");
    }
    for (header, wanted) in [("Upgrade", "websocket"), ("Connection", "Upgrade")] {
        let values = head.list(header);
        if !contains_ignoring_case(&values, wanted) {
            let got = if values.is_empty() { "missing".to_owned() } else { quoted(&values) };
            object(header, got, &format!("'{wanted}'"));
        }
    }
    let keys: Vec<_> = head.values("Sec-WebSocket-Key").collect();
    match keys.as_slice() {
        [key] if decodes_to_16_bytes(key) => {}
        [key] => object("Sec-WebSocket-Key", format!("'{key}'"), "16 bytes in base64"),
        [] => object("Sec-WebSocket-Key", "missing".to_owned(), "16 bytes in base64"),
        _ => object("Sec-WebSocket-Key", format!("sent {} times", keys.len()), "one"),
    }
    match head.value("Sec-WebSocket-Version").as_deref() {
        Some("13") => {}
        Some(version) => object("Sec-WebSocket-Version", format!("'{version}'"), "'13'"),
        None => object("Sec-WebSocket-Version", "missing".to_owned(), "'13'"),
    }
    if let Some(name) = head.list("Sec-WebSocket-Protocol").iter().find(|name| !is_token(name)) {
        object("Sec-WebSocket-Protocol", format!("'{name}'"), "a list of tokens");
    }
    findings
}

fn decodes_to_16_bytes(key: &str) -> bool {
    data_encoding::BASE64.decode(key.trim().as_bytes()).is_ok_and(|bytes| bytes.len() == 16)
}

fn refuse_request(line: &RequestLine, findings: Vec<Finding>) -> Box<Refusal> {
    let is_about = |header| findings.iter().any(|finding| finding.header == header);
    if line.method != "GET" {
        return refuse(line, 405, &[HeaderLine::new("Allow", "GET")], findings);
    }
    if is_about("Upgrade") || is_about("Sec-WebSocket-Version") {
        let fields = [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")];
        let fields = fields.map(|(name, value)| HeaderLine::new(name, value));
        return refuse(line, 426, &fields, findings);
    }
    refuse(line, 400, &[], findings)
}

fn refuse(
    line: &RequestLine,
    status: u16,
    fields: &[HeaderLine],
    findings: Vec<Finding>,
) -> Box<Refusal> {
    let body: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    let response = Response::text(status, fields, &body).to(line);
    Box::new(Refusal { response, findings, is_plain: false, hint: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::head::parse_request;

    const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
                           Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                           Sec-WebSocket-Protocol: soap, wamp\r\nSec-WebSocket-Version: 13\r\n\r\n";

    fn options() -> ServerOptions {
        let subprotocols = vec!["wamp".into(), "soap".into()];
        ServerOptions { subprotocols, ..ServerOptions::default() }
    }

    fn ask(options: &ServerOptions, request: &str) -> Result<(Head, Agreement), Box<Refusal>> {
        let (line, head) = parse_request(request.as_bytes()).unwrap().unwrap();
        answer(options, &line, &head)
    }

    /// The request with one more header line.
    fn with(line: &str) -> String {
        REQUEST.replacen("Upgrade: websocket", &format!("{line}\r\nUpgrade: websocket"), 1)
    }

    #[track_caller]
    fn assert_refused(options: &ServerOptions, request: &str, status: u16, reason: &str) {
        let refusal = ask(options, request).unwrap_err();
        let text = String::from_utf8(refusal.response.bytes()).unwrap();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {text}");
        assert!(text.contains(reason), "{request:?}: {text}");
    }

    #[test]
    fn a_valid_request_is_accepted_with_the_clients_first_choice() {
        let (response, agreement) = ask(&options(), REQUEST).unwrap();
        assert_eq!(
            response.value("Sec-WebSocket-Accept").as_deref(),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        assert_eq!(agreement.subprotocol.as_deref(), Some("soap"));
    }

    #[test]
    fn every_violation_is_refused_and_named() {
        for (from, to, status, expected) in [
            ("GET", "POST", 405, "method POST"),
            ("HTTP/1.1", "HTTP/1.0", 400, "HTTP/1.0"),
            ("Host: example.com\r\n", "", 400, "Host: missing"),
            ("Upgrade: websocket\r\n", "", 426, "Upgrade: missing"),
            ("keep-alive, Upgrade", "close", 400, "Connection: 'close'"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400, "16 bytes in base64"),
            ("Version: 13", "Version: 8", 426, "Sec-WebSocket-Version: '8'"),
            ("soap, wamp", "so ap", 400, "'so ap'"),
        ] {
            assert_refused(&options(), &REQUEST.replacen(from, to, 1), status, expected);
        }
    }

    #[test]
    fn a_response_to_head_has_no_body() {
        let refusal = ask(&options(), &REQUEST.replacen("GET", "HEAD", 1)).unwrap_err();
        assert_eq!((refusal.response.status, refusal.response.body.len()), (405, 0));
        assert!(refusal.response.bytes().ends_with(b"\r\n\r\n"));
    }

    #[test]
    fn only_a_request_without_upgrade_is_plain() {
        for (to, is_plain) in [("", true), ("Upgrade: h2c\r\n", false)] {
            let request = REQUEST.replacen("Upgrade: websocket\r\n", to, 1);
            assert_eq!(ask(&options(), &request).unwrap_err().is_plain, is_plain, "{to:?}");
        }
    }

    #[test]
    fn other_paths_are_refused_if_a_path_is_set() {
        let path = |path: &str| ServerOptions { path: Some(path.to_owned()), ..options() };
        assert!(ask(&path("/chat"), REQUEST).is_ok());
        for other in ["/", "/chat/", "/chatter", "/chat?room=1"] {
            assert_refused(&path(other), REQUEST, 404, "path '/chat'; expected '");
        }
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let origins = vec!["https://a.example".into(), "http://b.example:81".into()];
        let options = ServerOptions { origins: AllowedOrigins::Only(origins), ..options() };
        for origin in ["https://a.example", "HTTPS://A.EXAMPLE", "http://b.example:81"] {
            assert!(ask(&options, &with(&format!("Origin: {origin}"))).is_ok(), "{origin}");
        }
        for origin in ["http://a.example", "https://a.example.evil", "null"] {
            let reason =
                format!("Origin: '{origin}'; expected one of 'https://a.example', 'http://b");
            assert_refused(&options, &with(&format!("Origin: {origin}")), 403, &reason);
        }
        assert_refused(&options, REQUEST, 403, "Origin: missing");
    }

    #[test]
    fn invalid_requests_and_foreign_origins_are_refused_first() {
        let path = Some("/other".to_owned());
        let listening = ListenHosts { is_loopback: true, hosts: Vec::new() };
        let options = ServerOptions { path, listening, ..options() };
        assert_refused(&options, REQUEST, 403, "Host: 'example.com'; expected a loopback host");
        let plain = "GET / HTTP/1.1\r\nHost: example.com\r\nAccept: text/html\r\n\r\n";
        assert_refused(&options, plain, 403, "Host: 'example.com'");
        assert!(!ask(&options, plain).unwrap_err().is_plain, "no page");
        assert_refused(&options, &with("Host: localhost"), 400, "Host: sent 2 times");
        assert_refused(&options, &with("Content-Length: 2"), 400, "Content-Length: '2'");
        let local = REQUEST.replacen("example.com", "localhost", 1);
        assert_refused(&options, &local, 404, "path '/chat'");
        let absolute = local.replacen("/chat", "http://evil.example/other", 1);
        assert_refused(&options, &absolute, 403, "Host: 'evil.example'");
        assert!(ask(&options, &local.replacen("/chat", "ws://localhost:1/other", 1)).is_ok());
    }

    #[test]
    fn credentials_are_required_and_not_repeated() {
        let credentials = Some(RequiredCredentials::new("Aladdin:open sesame"));
        let options = ServerOptions { credentials, ..options() };
        for right in ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "bAsIc QWxhZGRpbjpvcGVuIHNlc2FtZQ=="] {
            assert!(ask(&options, &with(&format!("Authorization: {right}"))).is_ok(), "{right}");
        }
        let challenge = "WWW-Authenticate: Basic realm=\"wscope\", charset=\"UTF-8\"\r\n";
        assert_refused(&options, REQUEST, 401, challenge);
        for wrong in
            ["Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic QWxhZGRpbjo=", "Basic", "Basic ?"]
        {
            let request = with(&format!("Authorization: {wrong}"));
            assert_refused(&options, &request, 401, "wrong user name");
            let body = ask(&options, &request).unwrap_err().response.body;
            assert!(!String::from_utf8(body).unwrap().contains("QWxh"), "{wrong}");
        }
        assert!(!format!("{options:?}").contains("sesame"));
    }

    #[test]
    fn custom_headers_replace_remove_and_add() {
        let headers = ["Set-Cookie: a=b", "Sec-WebSocket-Protocol: x", "Connection:"];
        let headers = headers.map(|line| HeaderLine::parse(line).unwrap()).to_vec();
        let (response, agreement) = ask(&ServerOptions { headers, ..options() }, REQUEST).unwrap();
        assert_eq!(response.value("Set-Cookie").as_deref(), Some("a=b"));
        assert_eq!(response.value("Connection"), None);
        assert_eq!(agreement.subprotocol.as_deref(), Some("x"));
    }
}
