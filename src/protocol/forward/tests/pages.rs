//! Which requests get the credentials of the configuration.

use super::*;

/// Whether a request with these fields gets the credentials of a proxy that only this machine can connect to, or others
/// too.
fn gets(is_loopback: bool, fields: &str) -> bool {
    let mut options = options(true, "api.example:444", "/");
    options.proxy.is_loopback = is_loopback;
    options.credentials = vec![HeaderLine::new("Authorization", "Bearer s3cret")];
    let request = format!("GET / HTTP/1.1\r\nUpgrade: websocket\r\n{fields}\r\n");
    let forwarded = forwarded(&options, request.as_bytes()).expect("a request that is forwarded");
    let head = String::from_utf8(forwarded.head).expect("UTF-8");
    assert_eq!(head.contains("s3cret"), !forwarded.withholds_credentials, "{fields}");
    !forwarded.withholds_credentials
}

#[test]
fn credentials_are_not_added_to_requests_of_foreign_pages() {
    for (fields, expected) in [
        ("Host: localhost:9000\r\n", true),
        ("Host: localhost:9000\r\nOrigin: http://localhost:9000\r\n", true),
        ("Host: localhost:9000\r\nOrigin: http://localhost:3000\r\n", true),
        ("Host: 127.0.0.1:9000\r\nOrigin: http://app.localhost\r\n", true),
        ("Host: devbox:9000\r\nOrigin: http://devbox:9000\r\n", true),
        ("Host: localhost:9000\r\nOrigin: https://api.example\r\n", true),
        ("Host: api.example:444\r\n", true),
        ("Host: localhost:9000\r\nSec-Fetch-Site: same-origin\r\n", true),
        ("Host: localhost:9000\r\nOrigin: http://evil.example\r\n", false),
        ("Host: localhost:9000\r\nOrigin: http://localhost.evil.example\r\n", false),
        ("Host: localhost:9000\r\nOrigin: null\r\n", false),
        ("Host: localhost:9000\r\nOrigin: chrome-extension://abc\r\n", false),
        ("Host: localhost:9000\r\nSec-Fetch-Site: cross-site\r\n", false),
    ] {
        assert_eq!(gets(true, fields), expected, "{fields}");
        assert_eq!(gets(false, fields), expected, "{fields}");
    }
}

#[test]
fn what_is_removed_is_removed_from_requests_of_foreign_pages_too() {
    let mut options = options(true, "api.example:444", "/");
    options.headers = vec![HeaderLine { is_removal: true, ..HeaderLine::new("Cookie", "") }];
    for origin in ["http://localhost:9000", "http://evil.example"] {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\nOrigin: {origin}\r\nCookie: theirs=1\r\n\r\n"
        );
        let forwarded = forwarded(&options, request.as_bytes()).expect("it is forwarded");
        let head = String::from_utf8(forwarded.head).expect("UTF-8");
        assert!(!head.contains("Cookie"), "{origin}: {head}");
    }
}

#[test]
fn a_host_of_another_name_is_foreign_where_only_this_machine_can_connect() {
    let rebound = "Host: evil.example:9000\r\nOrigin: http://evil.example:9000\r\n";
    assert!(!gets(true, rebound));
    assert!(!gets(true, "Host: evil.example:9000\r\n"));
    assert!(gets(false, "Host: devbox.lan:9000\r\n"), "a name of this machine in a network");
}
