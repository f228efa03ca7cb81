//! Tables of what is read and what is refused.

use super::*;

/// Parses, and returns the URL as normalised and the sentence about the scheme.
fn parsed(input: &str) -> (String, String) {
    let target =
        Target::parse(input).unwrap_or_else(|error| panic!("{input}: {error}\n{}", error.marked()));
    let again = Target::parse(&target.url()).expect("a normalised URL parses");
    assert_eq!(again, Target { credentials: None, assumed: None, ..target.clone() }, "{input}");
    (target.url(), target.assumption().unwrap_or_default())
}

fn refused(input: &str) -> TargetError {
    Target::parse(input).map(|target| panic!("{input} is {target}")).unwrap_err()
}

#[test]
fn urls_with_a_scheme() {
    for (input, url) in [
        ("ws://h", "ws://h/"),
        ("WSS://Example.COM:443/A", "wss://example.com/A"),
        ("wss://h:80/", "wss://h:80/"),
        ("ws://h:/x", "ws://h/x"),
        ("ws://h:0080", "ws://h/"),
        (r"ws:\\h\x", "ws://h/x"),
        (" \tws://h/x\r\n", "ws://h/x"),
        ("ws://bücher.example/", "ws://xn--bcher-kva.example/"),
        ("ws://예시.테스트", "ws://xn--vv4b11d.xn--9t4b11yi5a/"),
        ("ws://ex%61mple.com", "ws://example.com/"),
        ("ws://0x7f.1:1", "ws://127.0.0.1:1/"),
        ("ws://[2001:DB8:0::1]:80/", "ws://[2001:db8::1]/"),
        ("ws://[::1]:81?q", "ws://[::1]:81/?q"),
        ("ws://h?", "ws://h/?"),
        ("ws://h/a/./b/../c%2e%zz", "ws://h/a/c%2e%zz"),
        (
            "ws://h/é\"<>`{}'|^?é\"<>`{}'|^",
            "ws://h/%C3%A9%22%3C%3E%60%7B%7D'|%5E?%C3%A9%22%3C%3E`{}%27|^",
        ),
        ("ws://h/x?u=http://a@b:c/d", "ws://h/x?u=http://a@b:c/d"),
        ("ws://h:1/@x:y", "ws://h:1/@x:y"),
        ("ws://h/a  b?c d\u{a0}", "ws://h/a%20%20b?c%20d%C2%A0"),
        ("ws://h/\u{3000}", "ws://h/%E3%80%80"),
    ] {
        assert_eq!(parsed(input), (url.to_owned(), String::new()), "{input}");
    }
}

#[test]
fn http_is_treated_as_ws() {
    let (url, said) = parsed("HTTP://Example.COM:80/a");
    assert_eq!((url.as_str(), said.as_str()), ("ws://example.com/a", "http:// taken as ws://"));
    let (url, said) = parsed("https://h:80");
    assert_eq!((url.as_str(), said.as_str()), ("wss://h:80/", "https:// taken as wss://"));
    for input in ["http://localhost:1", "http://127.0.0.1", "http://[::1]/", "http://a.localhost"] {
        assert_eq!(parsed(input).1, "", "{input}");
    }
}

#[test]
fn at_a_socket_a_missing_scheme_is_ws() {
    for (input, url) in [
        ("foo", "ws://foo/"),
        (" foo:443/x?y ", "ws://foo:443/x?y"),
        ("//foo", "ws://foo/"),
        ("me:pw@foo", "ws://foo/"),
        ("wss://foo", "wss://foo/"),
        ("localhost", "ws://localhost/"),
    ] {
        let target = Target::parse_at_socket(input).expect(input);
        assert_eq!((target.url().as_str(), target.assumption()), (url, None), "{input}");
    }
    assert!(Target::parse_at_socket("foo:x").is_err());
}

#[test]
fn the_host_determines_a_missing_scheme() {
    for (input, url) in [
        ("localhost:9001/p", "ws://localhost:9001/p"),
        ("LOCALHOST.", "ws://localhost./"),
        ("a.localhost", "ws://a.localhost/"),
        ("8080", "ws://localhost:8080/"),
        (":8080", "ws://localhost:8080/"),
        (":8080/x?y=1", "ws://localhost:8080/x?y=1"),
        ("//localhost/x", "ws://localhost/x"),
        ("127.9.9.9:80", "ws://127.9.9.9/"),
        ("0.0.0.0:1", "ws://0.0.0.0:1/"),
        ("[::1]:8080/x", "ws://[::1]:8080/x"),
        ("[::ffff:127.0.0.1]", "ws://[::ffff:7f00:1]/"),
    ] {
        assert_eq!(parsed(input), (url.to_owned(), String::new()), "{input}");
    }
    for (input, url, host) in [
        ("example.com:443/x", "wss://example.com/x", "example.com"),
        ("example.com:80", "wss://example.com:80/", "example.com"),
        ("//h/x", "wss://h/x", "h"),
        ("ws:8080/x", "wss://ws:8080/x", "ws"),
        ("notlocalhost", "wss://notlocalhost/", "notlocalhost"),
        ("[2001:db8::1]", "wss://[2001:db8::1]/", "[2001:db8::1]"),
        ("me:pw@h:1/x", "wss://h:1/x", "h"),
        ("h/x?u=http://y", "wss://h/x?u=http://y", "h"),
    ] {
        let said = format!("no scheme given: wss:// because {host} is not a loopback host");
        assert_eq!(parsed(input), (url.to_owned(), said), "{input}");
    }
}

#[test]
fn unix_sockets() {
    for (input, path, url) in [
        ("ws+unix:///a/b.sock:/u?q=1", "/a/b.sock", "ws+unix:/a/b.sock:/u?q=1"),
        ("WS+UNIX:/a/b.sock:/u", "/a/b.sock", "ws+unix:/a/b.sock:/u"),
        ("wss+unix:/a.sock", "/a.sock", "wss+unix:/a.sock:/"),
        ("ws+unix:/a.sock:", "/a.sock", "ws+unix:/a.sock:/"),
        ("ws+unix:/a.sock?q", "/a.sock", "ws+unix:/a.sock:/?q"),
        ("ws+unix:/a:0:?q", "/a:0", "ws+unix:/a%3A0:/?q"),
        ("ws+unix:a%20é%:/x:/y", "a é%", "ws+unix:a%20é%25:/x:/y"),
    ] {
        assert_eq!(parsed(input).0, url, "{input}");
        let target = Target::parse(input).unwrap();
        assert_eq!(target.endpoint, Endpoint::Unix(path.into()), "{input}");
        assert_eq!(target.host_header(), "localhost");
    }
}

#[test]
fn the_host_header_omits_the_default_port() {
    for (input, host) in
        [("ws://H:80", "h"), ("wss://h:80", "h:80"), ("ws://u:p@[::1]:9", "[::1]:9")]
    {
        assert_eq!(Target::parse(input).unwrap().host_header(), host);
    }
}

#[test]
fn userinfo_is_decoded_and_not_shown() {
    for (userinfo, expected) in [
        ("", None),
        ("me@", Some(("me", None))),
        ("me:@", Some(("me", Some("")))),
        (":pw@", Some(("", Some("pw")))),
        ("m%40e:p%3a:%C3%A9+%@", Some(("m@e", Some("p::é+%")))),
        ("me@home:p@w@", Some(("me@home", Some("p@w")))),
    ] {
        let target = Target::parse(&format!("ws://{userinfo}h/x")).unwrap();
        assert_eq!(target.url(), "ws://h/x");
        assert!(!format!("{target:?}").contains("pw"));
        let found = target
            .credentials
            .as_ref()
            .map(|found| (found.user.as_str(), found.password.as_deref()));
        assert_eq!(found, expected, "{userinfo}");
    }
}

/// Input, the part marked, and how the reason begins.
const REFUSED: [(&str, &str, &str); 50] = [
    ("", "", "the URL is empty"),
    (" \t", "", "the URL is empty"),
    ("ftp://h/x", "ftp", "'ftp' is not a scheme of WebSocket URLs: ws, wss, http,"),
    ("file:/x", "file", "'file' is not a scheme"),
    ("mailto:me@h", "mailto", "'mailto' is not a scheme"),
    ("localhost://x", "localhost", "'localhost' is not a scheme"),
    ("ws://", "", "the host is missing"),
    ("wss:", "", "the host is missing"),
    ("ws:///x", "", "the host is missing"),
    ("ws://:80/x", "", "the host is missing"),
    ("ws://me@/x", "", "the host is missing"),
    ("/x", "", "the host is missing"),
    (":/x", "", "the host is missing"),
    (
        "ws://h/x#top?y",
        "#top?y",
        "a WebSocket URL cannot have a fragment ('#…'): encode a literal # as %23",
    ),
    ("h#", "#", "a WebSocket URL cannot have a fragment"),
    ("ws+unix:/a:/b#c", "#c", "a WebSocket URL cannot have a fragment"),
    ("ws://h  b/c", "  ", "a URL cannot contain spaces before its path"),
    ("ws+unix:/a b:/c", " ", "a URL cannot contain spaces before its path"),
    ("ws://h/a\tb", "\t", "a URL cannot contain the character U+0009 unencoded"),
    ("ws://h/\u{1b}[m", "\u{1b}", "a URL cannot contain the character U+001B"),
    ("ws://h\u{3000}/", "\u{3000}", "a URL cannot contain the character U+3000"),
    ("ws://h:0", "0", "port 0 is out of range (1 to 65535)"),
    ("h:99999/x", "99999", "port 99999 is out of range (1 to 65535)"),
    ("localhost:fish", "fish", "'fish' is not a port number"),
    ("ws://h:-1/", "-1", "'-1' is not a port number"),
    ("h:1:2", "1:2", "'1:2' is not a port number"),
    ("ws://[::1:80/x", "[::1:80", "the '[' of an IPv6 address has no ']'"),
    ("ws://[::1]80/x", "80", "'80' is not allowed between the ']'"),
    ("ws://::1/x", "::1", "an IPv6 address is written in brackets: [::1]"),
    ("::1", "::1", "an IPv6 address is written in brackets"),
    ("ws://h]:80/", "]", "']' is not allowed in a host name"),
    ("ws://[::g]/x", "::g", "'::g' is not an IPv6 address"),
    ("ws://[]/x", "", "'' is not an IPv6 address"),
    ("[fe80::1%eth0]:80", "%eth0", "a URL cannot name the zone"),
    ("ws://256.1.1.1/", "256.1.1.1", "'256.1.1.1' is not an IPv4 address"),
    ("ws://a<b/", "<", "'<' is not allowed in a host name"),
    ("ws://a%20b/", "%20", "'%20' is not allowed in a host name"),
    ("ws://a%é/", "%", "'%' is not allowed in a host name"),
    ("ws://xn--a/", "xn--a", "'xn--a' is not a host name that IDNA allows"),
    ("ws://a%3Ab:p@h", "a%3Ab", "a user name for Basic authentication cannot contain a colon"),
    ("ws://u:%ff@h", "%ff", "the password is not UTF-8 once decoded"),
    ("ws+unix://h/a", "h", "a Unix socket has no host"),
    ("ws+unix://", "", "the path of the Unix socket is missing"),
    ("ws:h/x", "", "two slashes must follow the scheme: ws://"),
    ("wss:example.com", "", "two slashes must follow the scheme: wss://"),
    ("ws:/h/x", "", "two slashes must follow the scheme: ws://"),
    ("HTTP:/h", "", "two slashes must follow the scheme: http://"),
    ("http//h", "", "a colon must follow the scheme: http://"),
    ("ws//h:1/x", "", "a colon must follow the scheme: ws://"),
    ("WSS//h", "", "a colon must follow the scheme: wss://"),
];

#[test]
fn errors_mark_the_offending_part() {
    for (input, part, reason) in REFUSED {
        let error = refused(input);
        assert_eq!(&input[error.at.clone()], part, "{input}");
        assert!(error.to_string().starts_with(reason), "{input}: {error}");
    }
}

#[test]
fn a_missing_host_is_marked_at_its_position() {
    assert_eq!(refused("ws:///x").marked(), "  ws:///x\n       ^");
    assert_eq!(refused(" ws://").marked(), "   ws://\n        ^");
    assert_eq!(refused("").marked(), "  \n  ^");
    assert_eq!(refused("ws:h/x").marked(), "  ws:h/x\n     ^");
    assert_eq!(refused("ws:/h/x").marked(), "  ws:/h/x\n      ^");
    assert_eq!(refused("http//h").marked(), "  http//h\n      ^");
    assert_eq!(refused("ws:me:pw@h").marked(), "  ws:me:***@h\n     ^");
}

#[test]
fn marks_stay_aligned() {
    for (input, marked) in [
        ("ws://h:99999/x", "  ws://h:99999/x\n         ^^^^^"),
        ("ws://é:fish", "  ws://é:fish\n         ^^^^"),
        ("ws://h/a\tb\u{1b}", "  ws://h/a\\tb\\u{1b}\n          ^^"),
        ("ws://me:pa'ss@h:x", "  ws://me:***@h:x\n                ^"),
        ("ws://token@h:x", "  ws://***@h:x\n             ^"),
        ("ws://me:@h:x", "  ws://me:@h:x\n             ^"),
        ("ws://me:a b@h", "  ws://me:***@h\n          ^^^"),
        ("ws://me:pa/ss@h", "  ws://me:***@h\n          ^^^"),
        ("ws://me:pa#s:s@h", "  ws://me:***@h\n          ^^^"),
        ("ftp://me:pass@h/x", "  ftp://me:***@h/x\n  ^^^"),
        ("me:pass@h:0", "  me:***@h:0\n           ^"),
    ] {
        assert_eq!(refused(input).marked(), marked, "{input}");
    }
}

#[test]
fn an_unencoded_delimiter_in_a_password_is_reported_without_the_password() {
    assert_eq!(refused("me:pa/ss@h").reason, "'/' ends the host; in a password write %2F");
    assert_eq!(refused("ws://me:pa#ss@h").reason, "'#' ends the host; in a password write %23");
}
