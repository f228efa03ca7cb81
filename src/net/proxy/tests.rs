//! Tables: what is written, and what is made of it.

use super::*;
use crate::net::target::Target;

#[test]
fn proxies_are_parsed_as_by_curl() {
    for (text, expected) in [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://proxy.example", "http://proxy.example:1080"),
        ("https://proxy.example", "https://proxy.example:443"),
        ("socks5://proxy.example", "socks5://proxy.example:1080"),
        ("SOCKS5H://[::1]:9/ignored/path", "socks5h://[::1]:9"),
        ("proxy.example", "http://proxy.example:1080"),
        ("127.0.0.1:3128", "http://127.0.0.1:3128"),
        (" localhost:1 ", "http://localhost:1"),
        ("http://me:secret@h:1", "http://h:1"),
        ("me:secret@h:1", "http://h:1"),
        ("http://me:se@cret@h:1/", "http://h:1"),
    ] {
        assert_eq!(Proxy::parse(text).expect(text).to_string(), expected, "{text}");
    }
}

#[test]
fn userinfo_is_decoded() {
    for (text, user, password, basic) in [
        ("http://a%40b:p%3Aq%25@h", "a@b", Some("p:q%"), "Basic YUBiOnA6cSU="),
        ("http://me@h", "me", None, "Basic bWU6"),
        ("http://me:@h", "me", Some(""), "Basic bWU6"),
        ("http://:pw@h", "", Some("pw"), "Basic OnB3"),
    ] {
        let proxy = Proxy::parse(text).expect(text);
        assert_eq!(proxy.basic().as_deref(), Some(basic), "{text}");
        let credentials = proxy.credentials.expect("userinfo");
        assert_eq!((credentials.user.as_str(), credentials.password.as_deref()), (user, password));
    }
    assert_eq!(Proxy::parse("http://h").expect("a proxy").basic(), None);
}

#[test]
fn an_invalid_proxy_is_reported_without_its_secrets() {
    let long = format!("socks5://{}:hunter2@h", "u".repeat(256));
    for (text, reason) in [
        ("socks4://h", "version 5"),
        ("socks://h", "version 5"),
        ("ftp://me:hunter2@h", "a proxy is http://"),
        ("http://", "the host is missing"),
        ("http://h:99999", "out of range"),
        ("http://h:x", "is not a port"),
        ("http://me:hunter2/@h", "in a password write %2F"),
        ("http://[::1", "has no ']'"),
        ("http://a b", "host name"),
        (&*long, "at most 255 bytes"),
    ] {
        let error = Proxy::parse(text).expect_err(text);
        assert!(error.contains(reason), "{text}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
        assert!(!Proxy::masked(text).contains("hunter2"), "{text}");
    }
    assert_eq!(Proxy::masked("http://me:x@y@h:1"), "http://***@h:1");
    assert_eq!(Proxy::masked("me:x@h"), "***@h");
    assert_eq!(Proxy::masked("http://h:1"), "http://h:1");
}

#[test]
fn entries_name_hosts() {
    for (list, url, met) in [
        ("*", "ws://a.example/", Some("*")),
        ("a.example", "ws://a.example/", Some("a.example")),
        ("a.example", "ws://A.EXAMPLE./", Some("a.example")),
        ("a.example.", "ws://a.example/", Some("a.example.")),
        ("a.example", "ws://b.a.example/", Some("a.example")),
        (".a.example", "ws://b.a.example/", Some(".a.example")),
        (".a.example", "ws://a.example/", Some(".a.example")),
        ("*.a.example", "ws://b.a.example/", Some("*.a.example")),
        ("a.example", "ws://xa.example/", None),
        ("b.a.example", "ws://a.example/", None),
        ("x.example, a.example", "ws://a.example/", Some("a.example")),
        ("x.example a.example", "ws://a.example/", Some("a.example")),
        (",, a.example ,", "ws://a.example/", Some("a.example")),
        ("", "ws://a.example/", None),
        ("bücher.example", "ws://b%C3%BCcher.example/", Some("bücher.example")),
        ("a.example:81", "ws://a.example:81/", Some("a.example:81")),
        ("a.example:81", "ws://a.example/", None),
        ("a.example:80", "ws://a.example/", Some("a.example:80")),
        ("a.example:443", "wss://a.example/", Some("a.example:443")),
        ("*:81", "ws://a.example:81/", Some("*:81")),
        ("127.0.0.1", "ws://127.0.0.1/", Some("127.0.0.1")),
        ("127.0.0.1:80", "ws://127.0.0.1/", Some("127.0.0.1:80")),
        ("127.0.0.1:81", "ws://127.0.0.1/", None),
        ("127.0.0.0/8", "ws://127.9.9.9:5/", Some("127.0.0.0/8")),
        ("127.0.0.0/8", "ws://128.0.0.1/", None),
        ("10.1.2.3/32", "ws://10.1.2.3/", Some("10.1.2.3/32")),
        ("0.0.0.0/0", "ws://10.1.2.3/", Some("0.0.0.0/0")),
        ("0.0.0.0/0", "ws://[::1]/", None),
        ("10.0.0.0/8", "ws://ten.example/", None),
        ("::1", "ws://[::1]/", Some("::1")),
        ("[::1]", "ws://[::1]/", Some("[::1]")),
        ("[::1]:9", "ws://[::1]:9/", Some("[::1]:9")),
        ("[::1]:9", "ws://[::1]/", None),
        ("fe80::/10", "ws://[fe80::5]/", Some("fe80::/10")),
        ("fe80::/10", "ws://[2001:db8::1]/", None),
        ("localhost", "ws://127.0.0.1/", None),
    ] {
        let target = Target::parse(url).expect(url);
        let super::super::target::Endpoint::Tcp { host, port } = target.endpoint else { panic!() };
        let bypass = Bypass::parse(list).expect(list);
        assert_eq!(
            bypass.find(&host, port).map(BypassEntry::to_string).as_deref(),
            met,
            "{list} {url}"
        );
    }
}

#[test]
fn invalid_entries_are_rejected_or_ignored() {
    for entry in ["10.0.0.0/33", "10.0.0/8", "fe80::/129", "a.example:x", "[::1", "a b/9", "."] {
        assert!(Bypass::parse(entry).is_err(), "{entry}");
        let list = format!("{entry},a.example");
        let found = Bypass::new(&list);
        let host = Host::Domain("a.example".to_owned());
        assert!(found.find(&host, 80).is_some(), "{entry}");
    }
}

fn choice(
    proxy: Option<&str>,
    no_proxy: Option<&str>,
    variables: &[(&'static str, &str)],
    url: &str,
) -> String {
    let variables: Variables =
        variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let target = Target::parse(url).expect(url);
    let choice = ProxyPolicy::new(proxy, no_proxy, &variables)
        .and_then(|policy| policy.choose(target.scheme, &target.endpoint));
    match choice {
        Ok(Choice::Direct) => "direct".to_owned(),
        Ok(Choice::Through(proxy, origin)) => format!("{} {origin}", proxy.port),
        Ok(Choice::Bypassed(proxy, origin, entry, list)) => {
            format!("not {} {origin}: {entry} of {list}", proxy.port)
        }
        Ok(Choice::NotForSockets(proxy, origin)) => format!("not {} {origin}: socket", proxy.port),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_variables_take_precedence_by_scheme_then_http_then_all() {
    let all = [
        ("ws_proxy", "h:1"),
        ("WS_PROXY", "h:2"),
        ("http_proxy", "h:3"),
        ("HTTP_PROXY", "h:4"),
        ("all_proxy", "h:5"),
        ("ALL_PROXY", "h:6"),
        ("wss_proxy", "h:11"),
        ("WSS_PROXY", "h:12"),
        ("https_proxy", "h:13"),
        ("HTTPS_PROXY", "h:14"),
    ];
    for (url, order) in [
        ("ws://x.example", ["1 ws_proxy", "2 WS_PROXY", "3 http_proxy", "4 HTTP_PROXY"]),
        ("wss://x.example", ["11 wss_proxy", "12 WSS_PROXY", "13 https_proxy", "14 HTTPS_PROXY"]),
    ] {
        let mut left = all.to_vec();
        for expected in order.into_iter().chain(["5 all_proxy", "6 ALL_PROXY", "direct"]) {
            assert_eq!(choice(None, None, &left, url), expected, "{left:?}");
            left.retain(|(name, _)| !expected.ends_with(&format!(" {name}")));
        }
    }
    assert_eq!(
        choice(None, None, &[("ws_proxy", ""), ("ALL_PROXY", "h:6")], "ws://x"),
        "6 ALL_PROXY"
    );
}

#[test]
fn in_cgi_http_proxy_is_ignored() {
    let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "h:4")];
    assert_eq!(choice(None, None, &cgi, "ws://x"), "direct");
    let safe = [("REQUEST_METHOD", "GET"), ("http_proxy", "h:3")];
    assert_eq!(choice(None, None, &safe, "ws://x"), "3 http_proxy");
}

#[test]
fn options_take_precedence_over_the_environment() {
    let env = [("ALL_PROXY", "h:6"), ("NO_PROXY", "a.example")];
    for (proxy, no_proxy, url, expected) in [
        (None, None, "ws://b.example", "6 ALL_PROXY"),
        (None, None, "ws://a.example", "not 6 ALL_PROXY: a.example of NO_PROXY"),
        (Some("h:9"), None, "ws://b.example", "9 --proxy"),
        (Some("h:9"), None, "ws://a.example", "not 9 --proxy: a.example of NO_PROXY"),
        (Some("h:9"), Some(""), "ws://a.example", "9 --proxy"),
        (
            Some("h:9"),
            Some("b.example"),
            "ws://b.example",
            "not 9 --proxy: b.example of --no-proxy",
        ),
        (None, Some("b.example"), "ws://a.example", "6 ALL_PROXY"),
        (None, Some("*"), "ws://a.example", "not 6 ALL_PROXY: * of --no-proxy"),
        (Some(""), None, "ws://b.example", "direct"),
        (None, None, "ws+unix:/x.sock", "not 6 ALL_PROXY: socket"),
    ] {
        assert_eq!(choice(proxy, no_proxy, &env, url), expected, "{proxy:?} {no_proxy:?} {url}");
    }
}

#[test]
fn an_invalid_setting_is_an_error_only_if_it_applies() {
    let env = [("WS_PROXY", "socks4://me:hunter2@h"), ("ALL_PROXY", "h:6")];
    assert_eq!(choice(None, None, &env, "wss://x"), "6 ALL_PROXY");
    let error = choice(None, None, &env, "ws://x");
    assert!(error.starts_with("bad WS_PROXY \"socks4://***@h\": "), "{error}");
    assert_eq!(choice(Some("h:1"), None, &env, "ws://x"), "1 --proxy");
    let error = choice(None, Some("10.0.0.0/99"), &env, "ws://x");
    assert!(error.starts_with("bad --no-proxy \"10.0.0.0/99\": entry '10.0.0.0/99': "), "{error}");
}
