//! Tables: what is written, and where it leads.

use super::*;

fn shown(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Tcp { host, port } => format!("{host}:{port}"),
        Endpoint::Unix(path) => path.display().to_string(),
    }
}

#[test]
fn connect_to_replaces_host_and_port() {
    for (written, url, expected) in [
        ("b.example:9", "ws://a.example/", "b.example:9"),
        ("b.example:", "ws://a.example/", "b.example:80"),
        (":9", "wss://a.example/", "a.example:9"),
        ("[::1]:9", "ws://a.example/", "[::1]:9"),
        ("a.example:80:b.example:9", "ws://A.example/", "b.example:9"),
        ("a.example:80:b.example:9", "wss://a.example/", "a.example:443"),
        ("a.example:80:b.example:9", "ws://c.example/", "c.example:80"),
        ("::b.example:", "wss://a.example/", "b.example:443"),
        ("a.example::b.example:9", "wss://a.example/", "b.example:9"),
        ("[::1]:80:127.0.0.1:9", "ws://[::1]/", "127.0.0.1:9"),
        ("b.example:9", "ws+unix:/x.sock", "/x.sock"),
    ] {
        let connect_to = vec![ConnectTo::parse(written).expect(written)];
        let route = RouteOptions { connect_to, ..RouteOptions::default() };
        let target = Target::parse(url).expect(url);
        assert_eq!(shown(&route.endpoint(&target)), expected, "{written} {url}");
    }
    for wrong in ["", "b.example", "9", "a:1:b", "a:1:b:2:c", "a:x", "a:99999", "a:0", "me:pw@a:1"]
    {
        assert!(ConnectTo::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_unix_socket_takes_precedence() {
    let connect_to = vec![ConnectTo::parse("b.example:9").expect("a host")];
    let socket = Some("/own.sock".into());
    let route = RouteOptions { connect_to, socket, ..RouteOptions::default() };
    for url in ["ws://a.example", "ws+unix:/x.sock"] {
        assert_eq!(shown(&route.endpoint(&Target::parse(url).expect(url))), "/own.sock");
    }
}

#[test]
fn resolve_replaces_the_look_up() {
    for (written, host, port, expected) in [
        ("a.example:80:127.0.0.1", "a.example", 80, &["127.0.0.1:80"][..]),
        (
            "A.Example:80:127.0.0.1,::1,[::2]",
            "a.example",
            80,
            &["127.0.0.1:80", "[::1]:80", "[::2]:80"],
        ),
        ("+a.example:80:::1", "a.example", 80, &["[::1]:80"]),
        ("*:80:127.0.0.1", "any.example", 80, &["127.0.0.1:80"]),
        ("[::1]:80:127.0.0.1", "[::1]", 80, &["127.0.0.1:80"]),
        ("a.example:80:127.0.0.1", "a.example", 81, &[]),
        ("a.example:80:127.0.0.1", "b.example", 80, &[]),
    ] {
        let resolve = vec![Resolve::parse(written).expect(written)];
        let route = RouteOptions { resolve, ..RouteOptions::default() };
        let host = Host::parse(host).expect(host);
        let found = route.resolved(&host, port).unwrap_or_default();
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{written}");
    }
    for wrong in
        ["", "a", "a:80", "a:80:", "a::127.0.0.1", ":80:::1", "a:80:b.example", "-a:80", "a:x:::1"]
    {
        assert!(Resolve::parse(wrong).is_err(), "{wrong}");
    }
}
