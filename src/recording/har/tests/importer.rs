//! What DevTools demands of a HAR when it is imported, and what the specification demands beyond that.

use serde_json::Value;

/// Panics unless DevTools imports it, with all messages.
pub(super) fn check(har: &[u8]) {
    let har: Value = serde_json::from_slice(har).expect("JSON");
    let log = &har["log"];
    assert_eq!(log["version"], "1.2");
    ["name", "version"].iter().for_each(|key| string(&log["creator"][key]));
    assert!(log["pages"].is_array());
    for entry in log["entries"].as_array().expect("entries") {
        date(&entry["startedDateTime"]);
        not_negative(&entry["time"]);
        assert_eq!(entry["_resourceType"], "websocket");
        request(&entry["request"]);
        response(&entry["response"]);
        assert!(entry["cache"].is_object());
        timings(&entry["timings"]);
        for key in ["serverIPAddress", "connection"] {
            if let Some(value) = entry.get(key) {
                string(value);
            }
        }
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
    // A date that JavaScript does not parse ends the import.
    for cookie in response["cookies"].as_array().into_iter().flatten() {
        assert!(cookie.get("expires").is_none());
    }
}

fn timings(timings: &Value) {
    ["send", "wait", "receive"].iter().for_each(|key| not_negative(&timings[key]));
    ["blocked", "dns", "connect", "ssl"].iter().for_each(|key| number(&timings[key]));
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
