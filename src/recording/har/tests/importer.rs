//! What DevTools demands of a HAR when it is imported, and what the specification demands beyond that.
//!
//! Its classes are `HARFormat` and `Importer`, in Chromium 156. One value that they do not take ends the whole import; what
//! they take in another sense is shown wrong.

use std::net::IpAddr;

use serde_json::Value;

/// Panics unless DevTools imports it, with all messages.
pub(super) fn check(har: &[u8]) {
    let har: Value = serde_json::from_slice(har).expect("JSON");
    let log = &har["log"];
    assert_eq!(log["version"], "1.2");
    ["name", "version"].iter().for_each(|key| string(&log["creator"][key]));
    assert!(log["pages"].is_array());
    absent(log, &["browser"]);
    for entry in log["entries"].as_array().expect("entries") {
        date(&entry["startedDateTime"]);
        not_negative(&entry["time"]);
        assert_eq!(entry["_resourceType"], "websocket");
        request(&entry["request"]);
        response(&entry["response"]);
        assert!(entry["cache"].is_object());
        timings(&entry["timings"]);
        // Objects, of which null is none, and names that pages and priorities have to be found by.
        absent(
            entry,
            &["pageref", "_initiator", "_priority", "_fromCache", "_eventSourceMessages"],
        );
        address(entry);
        let Some(messages) = entry.get("_webSocketMessages") else {
            assert_ne!(entry["response"]["status"], 101);
            continue;
        };
        messages.as_array().expect("messages").iter().for_each(message);
    }
}

fn request(request: &Value) {
    ["method", "url", "httpVersion"].iter().for_each(|key| string(&request[key]));
    pairs(&request["headers"]);
    pairs(&request["queryString"]);
    pairs(&request["cookies"]);
    ["headersSize", "bodySize"].iter().for_each(|key| number(&request[key]));
    absent(request, &["postData"]);
    absent_of_each(&request["cookies"], "expires");
}

fn response(response: &Value) {
    number(&response["status"]);
    ["statusText", "httpVersion", "redirectURL"].iter().for_each(|key| string(&response[key]));
    pairs(&response["headers"]);
    pairs(&response["cookies"]);
    ["headersSize", "bodySize"].iter().for_each(|key| number(&response[key]));
    let content = &response["content"];
    number(&content["size"]);
    string(&content["mimeType"]);
    if let Some(text) = content.get("text") {
        string(text);
    }
    assert!(content.get("encoding").is_none_or(|encoding| encoding == "base64"));
    absent(content, &["compression"]);
    absent(response, &["_transferSize"]);
    if let Some(error) = response.get("_error") {
        string(error);
    }
    absent_of_each(&response["cookies"], "expires");
}

/// DevTools takes `connection` as the port of the server, and 80 if it is missing.
fn address(entry: &Value) {
    if let Some(id) = entry.get("_connectionId") {
        string(id);
    }
    let (ip, port) = (entry.get("serverIPAddress"), entry.get("connection"));
    assert_eq!(ip.is_some(), port.is_some());
    let is = |value: &Value, parses: fn(&str) -> bool| value.as_str().is_some_and(parses);
    assert!(ip.is_none_or(|ip| is(ip, |ip| ip.parse::<IpAddr>().is_ok())), "{ip:?}");
    assert!(port.is_none_or(|port| is(port, |port| port.parse::<u16>().is_ok())), "{port:?}");
}

fn timings(timings: &Value) {
    ["send", "wait", "receive"].iter().for_each(|key| not_negative(&timings[key]));
    ["blocked", "dns", "connect", "ssl"].iter().for_each(|key| number(&timings[key]));
    absent(timings, &["_blocked_queueing", "_blocked_proxy"]);
    // The specification: TLS is part of `connect`.
    assert!(timings["connect"].as_f64() >= timings["ssl"].as_f64());
}

/// DevTools passes over a message that lacks one of these, or has another `type`.
fn message(message: &Value) {
    number(&message["time"]);
    string(&message["data"]);
    assert!(["send", "receive"].iter().any(|it| message["type"] == *it), "{message}");
    assert!([1, 2].iter().any(|it| message["opcode"] == *it), "{message}");
}

fn pairs(list: &Value) {
    for pair in list.as_array().expect("a list") {
        string(&pair["name"]);
        string(&pair["value"]);
    }
}

fn absent(object: &Value, keys: &[&str]) {
    assert!(object.is_object(), "not an object: {object}");
    keys.iter().for_each(|key| assert!(object.get(key).is_none(), "{key} in {object}"));
}

fn absent_of_each(list: &Value, key: &str) {
    list.as_array().expect("a list").iter().for_each(|object| absent(object, &[key]));
}

fn string(value: &Value) {
    assert!(value.is_string(), "not a string: {value}");
}

fn number(value: &Value) {
    assert!(value.is_number(), "not a number: {value}");
}

fn not_negative(value: &Value) {
    assert!(value.as_f64().is_some_and(|number| number >= 0.0), "negative: {value}");
}

/// The form that `Date` of JavaScript is required to take.
fn date(value: &Value) {
    let text = value.as_str().expect("a string");
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
}
