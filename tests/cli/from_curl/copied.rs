//! A request as each browser copies it.

use super::{fields, request};
use crate::support::header;

/// A request, as all browsers send it, and what is expected of ours.
#[track_caller]
fn check(command: &str, target: &str, expected: &[&str]) {
    let (head, outcome) = request(command, &[]);
    assert!(head.starts_with(&format!("GET {target} HTTP/1.1\r\n")), "{head}");
    assert_eq!(fields(&head), expected, "{head}");
    assert_eq!(header(&head, "Sec-WebSocket-Version"), Some("13"));
    assert!(!head.contains("jA5yIG9LHy1TyzZmIzfdNw=="), "the browser's key: {head}");
    outcome.stderr_lacks("not used");
}

/// What all of them sent.
const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";

#[test]
fn by_chrome_for_bash() {
    let command = r#"curl 'ws://HOST/socket?room=a%20b&filter\[\]=1' \
  -H 'Upgrade: websocket' \
  -H 'Origin: https://app.example.com' \
  -H 'Cache-Control: no-cache' \
  -H 'Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7' \
  -b $'sid=s%3Aabc; prefs={"theme":"dark","q":"it\'s"}; bang=wow\u0021; name=Jürgen' \
  -H 'Pragma: no-cache' \
  -H 'Connection: Upgrade' \
  -H 'Sec-WebSocket-Key: jA5yIG9LHy1TyzZmIzfdNw==' \
  -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36' \
  -H 'Sec-WebSocket-Version: 13' \
  -H 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'
"#;
    let expected = [
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        DEFLATE,
        "Origin: https://app.example.com",
        "Cache-Control: no-cache",
        "Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
        "Cookie: sid=s%3Aabc; prefs={\"theme\":\"dark\",\"q\":\"it's\"}; bang=wow!; name=Jürgen",
        "Pragma: no-cache",
    ];
    check(command, "/socket?room=a%20b&filter[]=1", &expected);
}

#[test]
fn by_chrome_for_cmd() {
    let command = "curl ^\"ws://HOST/socket?room=a^%^20b^&x=1^&f^\\^[^\\^]=1^\" ^\r\n  -H ^\"Upgrade: websocket^\" ^\r\n  -H ^\"Origin: https://app.example.com^\" ^\r\n  -b ^\"sid=s^%^3Aabc; prefs=^{^\\^\"theme^\\^\":^\\^\"d^\\^\\^\\^\\ark^\\^\"^}; bang=wow^!; c=^^; name=J^ürgen; p=50^% ^\" ^\r\n  -H ^\"Connection: Upgrade^\" ^\r\n  -H ^\"Sec-WebSocket-Key: jA5yIG9LHy1TyzZmIzfdNw==^\" ^\r\n  -H ^\"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)^\" ^\r\n  -H ^\"Sec-WebSocket-Version: 13^\" ^\r\n  -H ^\"Sec-WebSocket-Protocol: v2.chat, v1.chat^\" ^\r\n  -H ^\"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits^\"";
    let expected = [
        "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
        "Sec-WebSocket-Protocol: v2.chat, v1.chat",
        DEFLATE,
        "Origin: https://app.example.com",
        "Cookie: sid=s%3Aabc; prefs={\"theme\":\"d\\\\ark\"}; bang=wow!; c=^; name=Jürgen; p=50%",
    ];
    check(command, "/socket?room=a%20b&x=1&f[]=1", &expected);
}

#[test]
fn by_chrome_of_2020_for_cmd() {
    let command = "curl \"ws://HOST/socket?room=a^%^20b^&x=1\" ^\r\n  -H \"Upgrade: websocket\" ^\r\n  -H \"sec-ch-ua: ^\\^\"Chromium^\\^\";v=^\\^\"92^\\^\"\" ^\r\n  -H \"Cookie: sid=s^%^3Aabc; a=^{^}\" ^\r\n  --compressed";
    let expected = [
        concat!("User-Agent: wscope/", env!("CARGO_PKG_VERSION")),
        DEFLATE,
        "sec-ch-ua: \"Chromium\";v=\"92\"",
        "Cookie: sid=s%3Aabc; a={}",
    ];
    check(command, "/socket?room=a%20b&x=1", &expected);
}

#[test]
fn by_chrome_of_2016_for_cmd() {
    let command = "curl \"ws://HOST/socket?room=a\"%\"20b&x=1\" -H \"Upgrade: websocket\" -H \"Cookie: prefs={\"\"a\"\":\"\"b\"\"}\" -H \"Accept-Encoding: gzip, deflate\" --compressed";
    let expected = [
        concat!("User-Agent: wscope/", env!("CARGO_PKG_VERSION")),
        DEFLATE,
        "Cookie: prefs={\"a\":\"b\"}",
    ];
    check(command, "/socket?room=a%20b&x=1", &expected);
}

#[test]
fn by_firefox_for_posix() {
    let command = r#"curl 'ws://HOST/socket?f[]=1' \
  --globoff \
  -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0' \
  -H 'Accept: */*' \
  -H 'Accept-Encoding: gzip, deflate, br, zstd' \
  -H 'Sec-WebSocket-Version: 13' \
  -H 'Origin: https://app.example.com' \
  -H 'Sec-WebSocket-Extensions: permessage-deflate' \
  -H 'Sec-WebSocket-Key: jA5yIG9LHy1TyzZmIzfdNw==' \
  -H 'Connection: keep-alive, Upgrade' \
  -H $'Cookie: bang=wow\041; q="it\'s"; name=J\xfcrgen; smile=\ud83d\ude00; back=\\x' \
  -H 'Upgrade: websocket'"#;
    let expected = [
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "Accept: */*",
        "Origin: https://app.example.com",
        "Cookie: bang=wow!; q=\"it's\"; name=Jürgen; smile=\u{1f600}; back=\\x",
    ];
    check(command, "/socket?f[]=1", &expected);
}

#[test]
fn by_firefox_for_windows() {
    let command = "curl.exe ^\"ws://HOST/socket?a=1^&b=^%^C3^%^BC^\" ^\n  -H ^\"Accept: */*^\" ^\n  -H ^\"Accept-Encoding: gzip, deflate, br, zstd^\" ^\n  -H ^\"Sec-WebSocket-Key: jA5yIG9LHy1TyzZmIzfdNw==^\" ^\n  -H ^\"Cookie: bang=wow^!; q=^\\^\"x^\\^\"; back=^\\^\\x^\" ^\n  -H ^\"Upgrade: websocket^\"";
    let expected = [
        concat!("User-Agent: wscope/", env!("CARGO_PKG_VERSION")),
        DEFLATE,
        "Accept: */*",
        "Cookie: bang=wow!; q=\"x\"; back=\\\\x",
    ];
    check(command, "/socket?a=1&b=%C3%BC", &expected);
}

#[test]
fn by_safari() {
    let command = r"curl 'ws://HOST/socket' \
-X 'GET' \
-H 'Origin: https://app.example.com' \
-H 'Sec-WebSocket-Version: 13' \
-H $'Cookie: name=J\xc3\xbcrgen; q=it\'s\041' \
-H 'Connection: Upgrade' \
-H 'Sec-WebSocket-Key: jA5yIG9LHy1TyzZmIzfdNw==' \
-H 'Sec-WebSocket-Extensions: x-webkit-deflate-frame, permessage-deflate; client_max_window_bits' \
-H 'Upgrade: websocket'
";
    let expected = [
        concat!("User-Agent: wscope/", env!("CARGO_PKG_VERSION")),
        DEFLATE,
        "Origin: https://app.example.com",
        "Cookie: name=Jürgen; q=it's!",
    ];
    check(command, "/socket", &expected);
}

#[test]
fn by_burp() {
    let command = r#"curl --path-as-is -i -s -k -X $'GET' \
    -H $'Host: HOST' -H $'Connection: Upgrade' -H $'Pragma: no-cache' -H $'User-Agent: Mozilla/5.0' -H $'Upgrade: websocket' -H $'Origin: https://app.example.com' -H $'Sec-WebSocket-Version: 13' -H $'Accept-Encoding: gzip, deflate, br' -H $'Sec-WebSocket-Key: jA5yIG9LHy1TyzZmIzfdNw==' \
    -b $'sid=abc; q=\"it\'s\"' \
    $'http://HOST/socket?a=1&b=2'
"#;
    let expected = [
        "User-Agent: Mozilla/5.0",
        DEFLATE,
        "Pragma: no-cache",
        "Origin: https://app.example.com",
        "Cookie: sid=abc; q=\"it's\"",
    ];
    check(command, "/socket?a=1&b=2", &expected);
}

#[test]
fn another_host_is_kept() {
    let (head, _) = request("curl http://HOST/ -H 'Host: virtual.example'", &[]);
    assert_eq!(header(&head, "Host"), Some("virtual.example"));
    let (head, _) =
        request("curl http://HOST/ -H 'Sec-WebSocket-Extensions: x-webkit-deflate-frame'", &[]);
    assert_eq!(header(&head, "Sec-WebSocket-Extensions"), None);
}
