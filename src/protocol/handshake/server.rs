//! The server's side: a request to judge, a response to send (RFC 6455 section 4.2).

use super::{
    Agreement, Finding, Head, HeaderLine, RequestLine, contains_ignoring_case, derive_accept_key,
    is_token, quoted,
};

/// What a server is willing to agree to.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// Subprotocols that can be spoken; the first of the client's that is among them is chosen.
    pub subprotocols: Vec<String>,
}

/// Why a request is not answered with 101.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The response, head and body.
    pub response: Vec<u8>,
    /// The points in which the request is wrong.
    pub findings: Vec<Finding>,
}

/// Judges a request and makes the response to it.
///
/// # Errors
/// A [`Refusal`] with status 400, 405 or 426.
pub fn answer(
    options: &ServerOptions,
    line: &RequestLine,
    head: &Head,
) -> Result<(Head, Agreement), Refusal> {
    let findings = judge_request(line, head);
    if !findings.is_empty() {
        return Err(refuse(line, findings));
    }
    let key = head.value("Sec-WebSocket-Key").unwrap_or_default(); // judged: there is one
    let offered = head.list("Sec-WebSocket-Protocol");
    let subprotocol = offered.into_iter().find(|name| options.subprotocols.contains(name));
    let mut fields = vec![
        HeaderLine::new("Upgrade", "websocket"),
        HeaderLine::new("Connection", "Upgrade"),
        HeaderLine::new("Sec-WebSocket-Accept", &derive_accept_key(key.as_bytes())),
    ];
    fields.extend(subprotocol.iter().map(|name| HeaderLine::new("Sec-WebSocket-Protocol", name)));
    let response = Head::build("HTTP/1.1 101 Switching Protocols", &fields);
    Ok((response, Agreement { subprotocol, extensions: None, deflate: None }))
}

/// RFC 6455 section 4.2.1, point by point.
fn judge_request(line: &RequestLine, head: &Head) -> Vec<Finding> {
    const SECTION: &str = "RFC 6455 section 4.2.1";
    let mut findings = Vec::new();
    let mut object =
        |header, got: String, due: &str| findings.push(Finding::new(header, got, due, SECTION));
    if line.method != "GET" {
        object("request line", format!("method {}", line.method), "GET");
    }
    if line.minor_version == 0 {
        object("request line", "HTTP/1.0".to_owned(), "HTTP/1.1");
    }
    if head.value("Host").is_none() {
        object("Host", "missing".to_owned(), "the server's authority");
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

fn refuse(line: &RequestLine, findings: Vec<Finding>) -> Refusal {
    let is_about = |header| findings.iter().any(|finding| finding.header == header);
    let (status, extra) = if line.method != "GET" {
        ("405 Method Not Allowed", "Allow: GET\r\n")
    } else if is_about("Upgrade") || is_about("Sec-WebSocket-Version") {
        ("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n")
    } else {
        ("400 Bad Request", "")
    };
    let body: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    let connection = if extra.starts_with("Upgrade") { "Upgrade, close" } else { "close" };
    let response = format!(
        "HTTP/1.1 {status}\r\n{extra}Connection: {connection}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Refusal { response: response.into_bytes(), findings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::head::parse_request;

    const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
                           Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: soap, wamp\r\n\
                           Sec-WebSocket-Version: 13\r\n\r\n";

    fn ask(request: &str) -> Result<(Head, Agreement), Refusal> {
        let (line, head) = parse_request(request.as_bytes()).unwrap().unwrap();
        answer(&ServerOptions { subprotocols: vec!["wamp".into(), "soap".into()] }, &line, &head)
    }

    #[test]
    fn a_good_request_is_accepted_with_the_clients_first_choice() {
        let (response, agreement) = ask(REQUEST).unwrap();
        assert_eq!(
            response.value("Sec-WebSocket-Accept").as_deref(),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        assert_eq!(agreement.subprotocol.as_deref(), Some("soap"));
    }

    #[test]
    fn each_wrong_point_is_refused_by_name() {
        for (from, to, status, expected) in [
            ("GET", "POST", "405", "method POST"),
            ("HTTP/1.1", "HTTP/1.0", "400", "HTTP/1.0"),
            ("Host: example.com\r\n", "", "400", "Host: missing"),
            ("Upgrade: websocket\r\n", "", "426", "Upgrade: missing"),
            ("keep-alive, Upgrade", "close", "400", "Connection: 'close'"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", "400", "16 bytes in base64"),
            ("Version: 13", "Version: 8", "426", "Sec-WebSocket-Version: '8'"),
            ("soap, wamp", "so ap", "400", "'so ap'"),
        ] {
            let refusal = ask(&REQUEST.replacen(from, to, 1)).unwrap_err();
            let text = String::from_utf8(refusal.response).unwrap();
            assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{to:?}: {text}");
            assert!(text.contains(expected), "{to:?}: {text}");
        }
    }
}
