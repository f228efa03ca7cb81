//! The fields of an entry that are not messages.

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::json::put;
use super::time::{Micros, Millis, micros_of};
use crate::event::{FailedResponse, Opened};
use crate::net::Timings;

/// Names and values as they are in an event: `[["Host", "x"], …]`.
pub(super) type Fields = Value;

/// Keys of an event that are in every one.
pub(super) const COMMON: [&str; 3] = ["event", "connection", "time"];

/// Takes members out of an object: what is in the fields of the entry is not written twice.
pub(super) fn take(object: &mut Map<String, Value>, keys: &[&str]) {
    keys.iter().for_each(|key| drop(object.shift_remove(*key)));
}

/// The text of a member.
pub(super) fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A request. Sizes that are not known are -1.
pub(super) fn request(url: &str, http_version: &str, fields: &Fields) -> Value {
    json!({
        "method": "GET",
        "url": url,
        "httpVersion": http_version,
        "headers": headers(fields),
        "queryString": query(url),
        "cookies": cookies(fields),
        "headersSize": -1,
        "bodySize": 0,
    })
}

/// The start of a response.
pub(super) struct StatusLine<'a> {
    pub(super) status: u16,
    pub(super) reason: &'a str,
    pub(super) http_version: &'a str,
}

/// A response with this content.
pub(super) fn response(line: &StatusLine<'_>, fields: &Fields, content: Value) -> Value {
    json!({
        "status": line.status,
        "statusText": line.reason,
        "httpVersion": line.http_version,
        "headers": headers(fields),
        "cookies": set_cookies(fields),
        "bodySize": content["size"].clone(),
        "content": content,
        "redirectURL": value_of(fields, "Location").unwrap_or_default(),
        "headersSize": -1,
    })
}

/// No content.
pub(super) fn no_content() -> Value {
    json!({ "size": 0, "mimeType": "x-unknown" })
}

/// The body of a refusal.
pub(super) fn content(response: &FailedResponse, fields: &Fields) -> Value {
    let mime_type = value_of(fields, "Content-Type").unwrap_or("x-unknown");
    let size = response.body.len();
    match str::from_utf8(&response.body) {
        Ok(text) => json!({ "size": size, "mimeType": mime_type, "text": text }),
        Err(_) => {
            let text = data_encoding::BASE64.encode(&response.body);
            json!({ "size": size, "mimeType": mime_type, "text": text, "encoding": "base64" })
        }
    }
}

/// The phases, in milliseconds. That of TLS is part of `connect`, as the specification says; a phase that did not occur
/// is -1.
pub(super) fn put_timings(out: &mut Vec<u8>, timings: &Timings) {
    let micros = |span: Option<std::time::Duration>| span.map(micros_of);
    let connect = [timings.tcp, timings.proxy, timings.tls].into_iter().flatten().map(micros_of);
    let connect = connect.reduce(Micros::saturating_add);
    let phase =
        |span: Option<Micros>| span.map_or_else(|| "-1".to_owned(), |it| Millis(it).to_string());
    let text = format!(
        "{{\"blocked\":-1,\"dns\":{},\"connect\":{},\"ssl\":{},\"send\":0,\"wait\":{},\"receive\":0}}",
        phase(micros(timings.dns)),
        phase(connect),
        phase(micros(timings.tls)),
        Millis(micros(timings.upgrade).unwrap_or_default()),
    );
    out.extend_from_slice(text.as_bytes());
}

/// The address of the server, if that is known: through a proxy it is not. As in Chrome, `connection` is its port, which
/// the specification allows; the client's port identifies the connection.
pub(super) fn put_addresses(out: &mut Vec<u8>, opened: &Opened) {
    use crate::protocol::connection::Initiator;
    let (server, client) = match opened.initiator {
        Initiator::Local => (&opened.remote, &opened.local),
        Initiator::Peer => (&opened.local, &opened.remote),
    };
    if let Some((ip, port)) = socket(server).filter(|_| opened.proxy.is_none()) {
        out.extend_from_slice(b",\"serverIPAddress\":");
        put(out, ip);
        out.extend_from_slice(b",\"connection\":");
        put(out, port);
    }
    if let Some((_, port)) = socket(client) {
        out.extend_from_slice(b",\"_connectionId\":");
        put(out, port);
    }
}

/// Address and port of `127.0.0.1:80` or `[::1]:80`.
fn socket(text: &str) -> Option<(&str, &str)> {
    let (ip, port) = text.rsplit_once(':')?;
    let ip = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(ip);
    (ip.parse::<std::net::IpAddr>().is_ok() && port.parse::<u16>().is_ok()).then_some((ip, port))
}

fn pairs(fields: &Fields) -> impl Iterator<Item = (&str, &str)> {
    let list = fields.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|pair| Some((pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)))
}

fn value_of<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    pairs(fields).find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn headers(fields: &Fields) -> Value {
    pairs(fields).map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn query(url: &str) -> Value {
    let Some((_, query)) = url.split_once('?') else { return json!([]) };
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn cookies(fields: &Fields) -> Value {
    let lists = pairs(fields).filter(|(name, _)| name.eq_ignore_ascii_case("Cookie"));
    let each =
        lists.flat_map(|(_, list)| list.split(';')).filter_map(|it| it.trim().split_once('='));
    each.map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// Without `expires`, which servers write in many forms, and importers take in one.
fn set_cookies(fields: &Fields) -> Value {
    let all = pairs(fields).filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"));
    let cookie = |(_, text): (&str, &str)| {
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let mut cookie = json!({ "name": name, "value": value });
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match &*key.to_ascii_lowercase() {
                "path" => cookie["path"] = value.into(),
                "domain" => cookie["domain"] = value.into(),
                "samesite" => cookie["sameSite"] = value.into(),
                "httponly" => cookie["httpOnly"] = true.into(),
                "secure" => cookie["secure"] = true.into(),
                _ => {}
            }
        }
        Some(cookie)
    };
    all.filter_map(cookie).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn requests_have_query_and_cookies() {
        let fields = json!([["Host", "x"], ["cookie", "a=1; b=2=3"], ["X", ""], ["X", "y"]]);
        let request = request("ws://x/p?q=%C3%A9&r=a+b&s", "HTTP/1.1", &fields);
        assert_eq!(
            request["queryString"],
            json!([{"name": "q", "value": "é"}, {"name": "r", "value": "a b"}, {"name": "s", "value": ""}])
        );
        assert_eq!(
            request["cookies"],
            json!([{"name": "a", "value": "1"}, {"name": "b", "value": "2=3"}])
        );
        assert_eq!(request["headers"][3], json!({"name": "X", "value": "y"}));
        assert_eq!(super::request("ws://x", "HTTP/1.1", &json!([]))["queryString"], json!([]));
        let masked = json!([["Cookie", "***"]]);
        assert_eq!(super::request("ws://x", "HTTP/1.1", &masked)["cookies"], json!([]));
    }

    #[test]
    fn responses_have_cookies_and_a_target() {
        let line = StatusLine { status: 302, reason: "Found", http_version: "HTTP/1.1" };
        let fields = json!([
            ["set-cookie", "a=b; Path=/; HttpOnly; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure"],
            ["Set-Cookie", "***"],
            ["location", "/there"],
        ]);
        let response = response(&line, &fields, no_content());
        assert_eq!(
            response["cookies"],
            json!([{"name": "a", "value": "b", "path": "/", "httpOnly": true, "secure": true}])
        );
        assert_eq!(response["redirectURL"], "/there");
    }

    #[test]
    fn tls_is_part_of_connect() {
        let mut out = Vec::new();
        put_timings(
            &mut out,
            &Timings {
                dns: None,
                tcp: Some(Duration::from_micros(1500)),
                proxy: None,
                tls: Some(Duration::from_micros(2001)),
                upgrade: Some(Duration::from_micros(7)),
                total: Duration::from_millis(4),
            },
        );
        assert_eq!(
            str::from_utf8(&out),
            Ok(
                "{\"blocked\":-1,\"dns\":-1,\"connect\":3.501,\"ssl\":2.001,\"send\":0,\"wait\":0.007,\"receive\":0}"
            )
        );
    }

    #[test]
    fn addresses_have_ports() {
        for (text, parts) in [
            ("127.0.0.1:80", Some(("127.0.0.1", "80"))),
            ("[::1]:80", Some(("::1", "80"))),
            ("unix:/tmp/x:80", None),
            ("", None),
        ] {
            assert_eq!(socket(text), parts, "{text}");
        }
    }
}
