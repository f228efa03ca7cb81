//! Responses of the page: each has the fields that keep other pages away.

use crate::page::assets::Asset;
use crate::page::guard::{Denied, headers};
use crate::protocol::handshake::Response;
use crate::protocol::head::HeaderLine;

/// What each response has by itself.
const OWN: [&str; 4] = ["Connection", "Content-Type", "X-Content-Type-Options", "Content-Length"];

/// A file of the page. `host`: the value of Host, if it is valid.
pub(super) fn page_answer(asset: &Asset, host: Option<&str>) -> Response {
    Response::new(200, &headers(host), asset.content_type, asset.content.as_bytes())
}

/// A line of text.
pub(super) fn text(status: u16, host: Option<&str>, line: &str) -> Response {
    Response::text(status, &headers(host), &format!("{line}\n"))
}

/// The response to a request that does not pass.
pub(super) fn denied(why: &Denied, host: Option<&str>) -> Response {
    let fields: Vec<_> = headers(host).into_iter().chain(why.field()).collect();
    Response::text(why.status, &fields, &format!("{}\n", why.reason))
}

/// A response of the server, with the fields of the page.
pub(super) fn with_headers(response: &Response, host: Option<&str>) -> Response {
    let is_kept = |name: &str| !OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
    let kept = response.head.fields().filter(|(name, _)| is_kept(name));
    let kept = kept.map(|(name, value)| HeaderLine::new(name, &String::from_utf8_lossy(value)));
    let fields: Vec<_> = headers(host).into_iter().chain(kept).collect();
    Response::text(response.status, &fields, &String::from_utf8_lossy(&response.body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_of_the_server_keeps_its_own_fields_once() {
        let upgrade = [HeaderLine::new("Upgrade", "websocket")];
        let response = with_headers(&Response::text(426, &upgrade, "no upgrade\n"), Some("a:1"));
        let head = String::from_utf8(response.head.bytes().to_vec()).unwrap();
        assert!(head.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{head}");
        for field in ["Upgrade: websocket", "Connection: Upgrade, close", "Content-Length: 11"] {
            assert_eq!(head.matches(&format!("\r\n{field}\r\n")).count(), 1, "{field} in {head}");
        }
        for name in ["X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"] {
            assert_eq!(head.matches(&format!("\r\n{name}: ")).count(), 1, "{name} in {head}");
        }
        assert_eq!(response.body, b"no upgrade\n");
    }
}
