//! Secrets are in no output, in no encoding.

use super::{check, report, reporting};
use crate::support::{CLOSE, Peer, Server, binary, close, ping, switching_protocols, text};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};

const SECRETS: [&str; 4] =
    ["s3cr+t/\"<k&y>'\u{e9}\u{1f511}=", "-----KEY\r\n\tabc/+0=\n", "p4ss", "op3n s3same"];

/// The encodings of a secret in which a server may repeat it.
fn repeated(secret: &str) -> Vec<String> {
    let ascii = |unit: fn(u16) -> String| -> String {
        let text = serde_json::to_string(secret).expect("JSON");
        let escape = |c: char| match c.is_ascii() {
            true => c.to_string(),
            false => c.encode_utf16(&mut [0; 2]).iter().map(|it| unit(*it)).collect(),
        };
        text.chars().map(escape).collect()
    };
    let xml = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let percent = |encode: fn(u8) -> String| -> String { secret.bytes().map(encode).collect() };
    let mut forms = vec![
        secret.to_owned(),
        serde_json::to_string(secret).expect("JSON"),
        ascii(|unit| format!("\\u{unit:04x}")),
        ascii(|unit| format!("\\u{unit:04X}")),
        xml.replace('"', "&quot;").replace('\'', "&#39;"),
        xml.replace('"', "&#34;")
            .replace('\'', "&apos;")
            .replace('\r', "&#13;")
            .replace('\n', "&#10;"),
        percent(|byte| format!("%{byte:02x}")),
        percent(|byte| format!("%{byte:02X}")),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
    ];
    for before in ["", "x", "xy"] {
        let text = format!("{before}{secret}");
        forms.push(BASE64_NOPAD.encode(text.as_bytes()));
        forms.push(BASE64URL_NOPAD.encode(text.as_bytes()));
    }
    forms
}

/// What must not be found: the same, of base64 what the secret alone determines, and hex digits.
fn searched(secret: &str) -> Vec<String> {
    let mut forms: Vec<_> = repeated(secret).into_iter().take(9).collect();
    let quoted = |form: &String| form.trim_matches('"').to_owned();
    let bare: Vec<_> = forms.iter().map(quoted).filter(|form| form.len() >= 4).collect();
    forms.extend(bare);
    for (before, start) in [("", 0), ("x", 2), ("xy", 3)] {
        let text = format!("{before}{secret}");
        for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
            forms.push(encoding.encode(text.as_bytes())[start..text.len() * 8 / 6].to_owned());
        }
    }
    let hex = HEXLOWER.encode(secret.as_bytes());
    let pairs: Vec<_> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    forms.extend([hex, pairs.join(" ")]);
    forms
}

/// Repeats all secrets in all encodings, in every place that a server can write to.
fn peer(peer: &mut Peer) {
    let request = peer.read_head();
    let forms = repeated(SECRETS[0]);
    let headers = [format!("X-Echo: {}", forms[6]), format!("X-Other: {}", forms[9])];
    peer.respond(&switching_protocols(&request, &[&headers[0], &headers[1]]));
    for secret in SECRETS {
        for form in repeated(secret) {
            peer.send(text(&format!("you sent <{form}>")));
            peer.send(binary(&[b"\0\xff", form.as_bytes()].concat()));
            peer.send(text(
                &serde_json::json!({"a": format!("{}{form}", "z".repeat(45))}).to_string(),
            ));
        }
        for before in ["\u{1}", "\u{1}\u{2}", "\u{1}\u{2}\u{3}"] {
            peer.send(binary(format!("{before}{secret}\0").as_bytes()));
        }
        peer.send(ping(secret.as_bytes()));
        peer.send(text(&format!("{}{secret}", "a".repeat(1024 - 2))));
        peer.send(text(&format!("{}{secret}", "a".repeat(60))));
    }
    while peer.read_frame().opcode != CLOSE {}
    peer.send(close(4000, SECRETS[3]));
}

const SCENARIO: &str = "\
### a {{one}}
WS {{url}}/?q={{one}}
X-Echo: {{one}}
[Options]
timeout: 100ms
> {{one}} {{two}} {{three}}
> json:{\"k\":\"{{three}}\"}
> text:s3cr+t/\"<k&y>'\u{e9}\u{1f511}=
< {\"a\":\"{{three}}\"}
### b {{three}}
WS {{url}}
HTTP 101
X-Echo: {{one}}
### c {{two}}
WS {{url}}
< /^a{10,80}[^a]/
[Captures]
it: text
[Asserts]
text == \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaas3cr+other\"
variable \"it\" == \"{{two}}\"
text matches /{{three}}$/
### d {{one}}
WS {{url}}
> close:1000
< close:4000 other
### g {{one}} on several connections
WS {{url}}/?q={{one}} as alice
WS {{url}} as bob
[Options]
timeout: 100ms
alice< /^you sent/
bob> {{one}}
bob< {\"never\":\"{{two}}\"}
### h {{two}} was passed over
WS {{url}}
[Options]
timeout: 100ms
< /^a{1000}/
< you sent <{{one}}>
### i {{three}} strict
WS {{url}}
[Options]
strict: true
< you sent <{{one}}>
< {{three}}
### e {{one}}
WS ws://127.0.0.1:1/{{one}}
< a
### f {{one}}{{two}}
WS {{url}}
[Options]
timeout: 100ms
< a
";

fn assert_no_secret(sink: &str, text: &str) {
    let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let on_one_line = joined(text);
    for secret in SECRETS {
        assert!(!on_one_line.contains(&joined(secret)), "{secret:?} in {sink}, in several lines");
        for form in searched(secret) {
            let Some(at) = text.find(&form) else { continue };
            let start = text.floor_char_boundary(at.saturating_sub(200));
            let end = text.ceil_char_boundary((at + 200).min(text.len()));
            panic!("{form:?} in {sink}:\n{}", &text[start..end]);
        }
    }
}

fn assert_masked(args: &[&str], peers: usize) {
    let server = Server::repeat(peers, peer);
    let names = ["one", "two", "three", "four"];
    let values = names.iter().zip(SECRETS);
    let secrets = values.map(|(name, secret)| format!("--secret={name}={secret}"));
    let command = check(&server, SCENARIO, &[]).args(secrets);
    let outcome = reporting(command).args(args).env("GITHUB_ACTIONS", "true").run().code(1);
    assert_no_secret("standard output", &outcome.stdout);
    assert_no_secret("standard error", &outcome.stderr);
    assert!(
        outcome.stdout.contains("::error ") && outcome.stdout.contains("***"),
        "{}",
        outcome.stdout
    );
    for kind in ["junit", "tap", "json", "html"] {
        let text = report(&outcome, kind);
        assert_no_secret(kind, &text);
        assert!(text.contains("***"), "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&report(&outcome, "json")).expect("JSON");
    assert_no_encoded_secret(&json);
}

/// The document stays one, and payloads are masked before they are encoded.
fn assert_no_encoded_secret(value: &serde_json::Value) {
    match value {
        serde_json::Value::Array(values) => values.iter().for_each(assert_no_encoded_secret),
        serde_json::Value::Object(members) => {
            members.values().for_each(assert_no_encoded_secret);
            let data = members.get("data").and_then(|it| it.as_str()).unwrap_or_default();
            let bytes = match members.get("encoding").and_then(|it| it.as_str()) {
                Some("base64") => data_encoding::BASE64.decode(data.as_bytes()).expect("base64"),
                Some("hex") => HEXLOWER.decode(data.as_bytes()).expect("hex digits"),
                _ => return,
            };
            assert_no_secret("a binary message", &String::from_utf8_lossy(&bytes));
        }
        serde_json::Value::String(text) => assert_no_secret("a value", text),
        _ => {}
    }
}

/// Scenario language, section 1: "`--secret` (masked as `***` in every output, report and record …)".
/// Scenario language, section 1: "masked as `***` in every output, report and record, before anything is encoded, and
/// also where it comes base64- or percent-encoded"
#[test]
fn secrets_are_in_no_output() {
    assert_masked(&["-v"], 9);
}

#[test]
fn secrets_are_in_no_output_if_parts_are_skipped() {
    assert_masked(&["-q", "--fail-fast"], 1);
}

/// Secrets that are words of the formats mask values only.
/// Scenario language, section 1: "only inside values, never the syntax of a document"
#[test]
fn secrets_cannot_break_a_report() {
    let server = Server::script(|peer: &mut Peer| {
        peer.accept_request();
        peer.send(text("the message, \",\" and text"));
        peer.answer_close(1000);
    });
    let words =
        ["message", "\",\"", "text", "failed", "<td", "testcase", "ok ", "received", ":", "size"];
    let secrets = words.iter().enumerate().map(|(index, word)| format!("--secret=w{index}={word}"));
    let outcome = reporting(check(&server, "WS {{url}}\n[Options]\ntimeout: 50ms\n< a\n", &[]))
        .args(secrets)
        .run()
        .code(1);
    let json: serde_json::Value = serde_json::from_str(&report(&outcome, "json")).expect("JSON");
    let part = &json["files"][0]["parts"][0];
    assert_eq!(part["failure"]["received"][0]["data"], "the ***, *** and ***");
    assert_eq!(part["failure"]["received"][0]["type"], "text");
    assert_eq!(part["failure"]["expected"], "the text \"a\"");
    assert_eq!(part["failure"]["closest"], serde_json::Value::Null);
    let notes = part["failure"]["notes"][0].as_str().expect("a note");
    assert!(notes.starts_with("the connection is open; the last message came "), "{notes}");
    let tap = report(&outcome, "tap");
    assert!(tap.contains("\n  message: \"line 4: < a: nothing matched within 50 ms\"\n"), "{tap}");
    let events = part["connections"][0]["events"].as_array().expect("events");
    let message = events.iter().find(|event| event["event"] == "message").expect("a message");
    assert_eq!((&message["data"], &message["size"]), (&"the ***, *** and ***".into(), &25.into()));
    roxmltree::Document::parse(&report(&outcome, "junit")).expect("XML");
    assert!(report(&outcome, "tap").contains("\nnot ok 1 - s.wscope"));
    assert!(report(&outcome, "html").contains("<td role=\"cell\" class=\"data\">"));
}
