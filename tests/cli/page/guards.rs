//! Who gets the page, by raw requests.

use super::{Page, UPGRADE, assert_status};
use crate::listen::listen;
use crate::support::{Peer, Running, header, wscope};

fn page() -> (Running, Page) {
    let (mut running, _) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    (running, page)
}

/// The status of a request for the socket with these fields.
#[track_caller]
fn socket_status(page: &Page, target: &str, fields: &[&str]) -> u16 {
    status_of(&page.upgrade(target, fields).1)
}

fn status_of(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status")
}

#[test]
fn there_is_no_page_unless_it_is_asked_for() {
    let outcome = wscope().args(["listen", "--duration", "10ms", ":0"]).run().code(0);
    assert!(!outcome.stderr.contains("page"), "{}", outcome.stderr);
    let outcome = wscope().args(["listen", "--ui", "--duration", "10ms", ":0"]).run().code(0);
    assert_eq!(outcome.stderr.matches("page: http://127.0.0.1:").count(), 1);
    assert_eq!(outcome.stdout, "");
    let outcome = wscope().args(["listen", "--ui", "-q", "--duration", "10ms", ":0"]).run().code(0);
    assert!(outcome.stderr.starts_with("wscope: page: http://127.0.0.1:"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1, "the only way to the page");
}

#[test]
fn a_host_that_is_no_name_of_the_page_gets_nothing() {
    let (_running, page) = page();
    let port = page.port;
    for (host, status) in [
        (format!("Host: 127.0.0.1:{port}\r\n"), 200),
        (format!("Host: localhost:{port}\r\n"), 200),
        (format!("Host: [::1]:{port}\r\n"), 200),
        (format!("Host: evil.example:{port}\r\n"), 403),
        ("Host: 127.0.0.1\r\n".to_owned(), 403),
        ("Host: localhost\r\n".to_owned(), 403),
        (format!("Host: 127.0.0.1.evil.example:{port}\r\n"), 403),
        (format!("Host: 127.0.0.2:{port}\r\n"), 403),
        (format!("Host: 2130706433:{port}\r\n"), 403),
        ("Host:\r\n".to_owned(), 403),
        (String::new(), 400),
        (format!("Host: 127.0.0.1:{port}\r\n").repeat(2), 400),
        (format!("Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n"), 400),
    ] {
        let targets =
            if status == 200 { &["/"][..] } else { &["/", "/no.js", "/socket", "/save/00"] };
        for target in targets {
            let (head, body) = page.requested(&format!("GET {target} HTTP/1.1\r\n{host}\r\n"));
            assert_status(&head, status);
            assert!(status == 200 || !body.contains('<'), "{host}: {body}");
        }
    }
}

#[test]
fn another_origin_gets_neither_the_cookie_nor_the_socket() {
    let (_running, page) = page();
    let (port, cookie) = (page.port, page.cookie());
    for origin in [
        String::new(),
        "Origin: null".to_owned(),
        format!("Origin: http://evil.example:{port}"),
        "Origin: http://127.0.0.1".to_owned(),
        format!("Origin: http://127.0.0.1:{}", port ^ 1),
        format!("Origin: https://127.0.0.1:{port}"),
        format!("Origin: http://localhost:{port}"),
        format!("Origin: http://127.0.0.1:{port}.evil.example"),
        format!("Origin: http://2130706433:{port}"),
        "Origin: file://".to_owned(),
    ] {
        let fields: Vec<_> = Some(&*origin).filter(|it| !it.is_empty()).into_iter().collect();
        let (head, _) = page.shown(&page.token, &fields);
        assert_status(&head, 403);
        assert_eq!(header(&head, "Set-Cookie"), None, "{origin}");
        let status = socket_status(&page, "/socket", &[&fields[..], &[&cookie]].concat());
        assert_eq!(status, 403, "{origin}");
    }
    assert_eq!(socket_status(&page, "/socket", &[&page.origin(), &cookie]), 101);
}

#[test]
fn the_token_is_compared_whole_and_taken_from_nowhere_else() {
    let (_running, page) = page();
    let (token, origin) = (&page.token, page.origin());
    let last = if token.ends_with('0') { "1" } else { "0" };
    let wrong = format!("{}{last}", &token[..31]);
    for wrong in ["", &token[..31], &format!("{token}0"), &wrong, &token.to_uppercase()] {
        if wrong == token {
            continue; // a token without letters
        }
        let (head, body) = page.shown(wrong, &[&origin]);
        assert_status(&head, 403);
        assert!(!body.contains(token.as_str()) && header(&head, "Set-Cookie").is_none(), "{head}");
    }
    let target = format!("/socket?token={token}");
    assert_eq!(socket_status(&page, &target, &[&origin]), 403, "in the query");
    for cookie in [
        format!("Cookie: wscope-{}={token}", page.port),
        format!("Cookie: token={token}"),
        format!("Authorization: Bearer {token}"),
    ] {
        assert_eq!(socket_status(&page, "/socket", &[&origin, &cookie]), 403, "{cookie}");
    }
    page.cookie(); // the URL stays valid
    page.cookie();
}

#[test]
fn the_cookie_of_another_page_on_the_host_is_not_enough() {
    let ((_one, page), (_other, other)) = (page(), page());
    let foreign = other.cookie();
    assert_eq!(socket_status(&page, "/socket", &[&page.origin(), &foreign]), 403);
    let renamed =
        foreign.replace(&format!("wscope-{}", other.port), &format!("wscope-{}", page.port));
    assert_eq!(socket_status(&page, "/socket", &[&page.origin(), &renamed]), 403);
    let both = format!("{foreign}; {}", page.cookie().trim_start_matches("Cookie: "));
    assert_eq!(socket_status(&page, "/socket", &[&page.origin(), &both]), 101);
    assert_eq!(socket_status(&page, "/socket", &[&page.origin()]), 403, "none");
    let (head, _) = page.get("/save/00112233445566778899aabbccddeeff", &[&foreign]);
    assert_status(&head, 403);
}

#[test]
fn other_sites_cannot_post_or_ask_whether_they_could() {
    let (_running, page) = page();
    let body = format!("{{\"token\":\"{}\"}}", page.token);
    let length = format!("Content-Length: {}", body.len());
    let origin = page.origin();
    for (content_type, status) in [
        ("Content-Type: text/plain", 415),
        ("Content-Type: application/x-www-form-urlencoded", 415),
        ("Content-Type: multipart/form-data; boundary=x", 415),
        ("X-Other: 1", 415),
    ] {
        let fields = [content_type, &length, &origin];
        let (head, _) = page.requested(&page.request("POST", "/session", &fields, &body));
        assert_status(&head, status);
    }
    for target in ["/", "/session", "/socket", "/main.js"] {
        let fields = [
            "Origin: http://evil.example",
            "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: content-type",
        ];
        let (head, _) = page.requested(&page.request("OPTIONS", target, &fields, ""));
        assert_status(&head, 405);
    }
    for (method, target) in [("GET", "/nothing.js"), ("POST", "/session")] {
        for site in ["cross-site", "same-site"] {
            let fields = [
                &*format!("Sec-Fetch-Site: {site}"),
                "Content-Type: application/json",
                &length,
                &origin,
            ];
            let (head, _) = page.requested(&page.request(method, target, &fields, &body));
            assert_status(&head, 403);
        }
    }
}

#[test]
fn every_answer_keeps_other_pages_away() {
    let (_running, page) = page();
    let (origin, cookie) = (page.origin(), page.cookie());
    let upgrade = [&UPGRADE[..], &[&origin, &cookie]].concat();
    let wrong = page.request("POST", "/session", &[&origin], "");
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    for (request, status) in [
        (page.request("GET", "/", &[], ""), 200),
        (page.request("GET", "/nothing", &[], ""), 404),
        (page.request("GET", "/save/00", &[&cookie], ""), 404),
        (page.request("GET", "/save/00", &[], ""), 403),
        (page.request("GET", "/socket", &[&origin, &cookie], ""), 426),
        (page.request("GET", "/socket", &upgrade, ""), 101),
        (page.request("GET", "/socket", &UPGRADE, ""), 403),
        (page.request("PUT", "/", &[], ""), 405),
        (wrong, 415),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(), 403),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_owned(), 400),
        ("nonsense\r\n\r\n".to_owned(), 400),
        (long, 431),
    ] {
        let mut peer = Peer::connect(page.port);
        peer.try_send(request);
        assert_is_guarded(&peer.read_head(), status);
    }
    let (head, _) = page.shown(&page.token, &[&origin]);
    assert_is_guarded(&head, 204);
    let (head, _) = page.shown("wrong", &[&origin]);
    assert_is_guarded(&head, 403);
}

#[test]
fn requests_that_are_never_complete_make_room_for_others() {
    let (_running, page) = page();
    let begin = |_| {
        let mut peer = Peer::connect(page.port);
        peer.send("GET / HTTP/1.1\r\n");
        peer
    };
    // Half of the handshakes may be from one address.
    let mut peers: Vec<_> = (0..40).map(begin).collect();
    assert_is_guarded(&peers[0].read_head(), 503);
    assert_status(&page.get("/", &[]).0, 200);
}

#[track_caller]
fn assert_is_guarded(head: &str, status: u16) {
    assert_status(head, status);
    let policy = header(head, "Content-Security-Policy").unwrap_or_else(|| panic!("{head}"));
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.split("; ").any(|it| it == directive), "{directive} in {policy}");
    }
    for (name, value) in [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Origin-Agent-Cluster", "?1"),
    ] {
        assert_eq!(header(head, name), Some(value), "{name} in {head}");
        let count = head.matches(&format!("\r\n{name}: ")).count();
        assert_eq!(count, 1, "{name} in {head}");
    }
    assert!(!head.to_ascii_lowercase().contains("access-control-"), "{head}");
}

#[test]
fn an_address_that_others_can_reach_is_warned_of_and_is_a_name_of_the_page() {
    let (mut running, _) = listen(&["--ui=0.0.0.0:0"]);
    let page = Page::of(&mut running);
    running.wait_stderr("the page can be reached from other machines");
    let (head, _) = page.get("/", &[]);
    assert_status(&head, 200);
    for host in ["evil.example", "192.0.2.1"] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}:{}\r\n\r\n", page.port);
        assert_status(&page.requested(&request).0, 403);
    }
}

#[test]
fn addresses_that_are_not_valid_and_options_without_a_page_are_refused() {
    for (address, reason) in [
        ("--ui=ws://x", "bad --ui \"ws://x\": write host:port, not a URL"),
        ("--ui=:99999", "bad --ui \":99999\": port 99999 is out of range"),
    ] {
        let outcome = wscope().args(["listen", address, ":0"]).run().code(2);
        assert!(outcome.stderr.contains(reason), "{}", outcome.stderr);
    }
    for option in [&["--open"][..], &["--ui-history", "1M"]] {
        let outcome = wscope().arg("listen").args(option).arg(":0").run().code(2);
        assert!(outcome.stderr.contains("--ui"), "{}", outcome.stderr);
    }
    let outcome = wscope().args(["listen", "--ui", "--ui-history", "x", ":0"]).run().code(2);
    let reason = "bad --ui-history \"x\": a size is a number of bytes, or written 64K, 10M, 1G";
    assert!(outcome.stderr.contains(reason), "{}", outcome.stderr);
    let (_running, page) = page();
    let taken = format!("--ui=127.0.0.1:{}", page.port);
    let outcome = wscope().args(["listen", &taken, "--record", "x.ndjson", ":0"]).run().code(8);
    assert!(outcome.stderr.contains("for the page"), "{}", outcome.stderr);
    assert!(!outcome.path("x.ndjson").exists(), "nothing is left behind");
}
