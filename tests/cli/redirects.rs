//! `--location`: which redirects are followed, and which headers are sent on.

mod secrets;

use serde_json::json;

use crate::events::{assert_valid, events};
use crate::scripts::{answer_close, serve_tls};
use crate::support::{Peer, Script, Server, header, script, wscope};

/// Responds with a redirect; `check` receives the head of the request.
fn redirect(
    status: &'static str,
    location: impl Into<String>,
    check: impl FnOnce(&str) + Send + 'static,
) -> Script {
    let location = location.into();
    script(move |peer: &mut Peer| {
        check(&peer.read_head());
        peer.respond(&format!(
            "HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ));
    })
}

/// Without Content-Length and end the body could be endless.
#[test]
fn a_redirect_is_followed_without_its_body() {
    let target = Server::scripts([accept(|_| {})]);
    let location = target.url();
    let first = Server::script(move |peer| {
        peer.read_head();
        peer.respond(&format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\nsee"));
        peer.stall();
    });
    let args = ["-L", "-w", "0", "--connect-timeout", "1500ms"];
    wscope().args(args).arg(first.url()).run().code(0);
}

/// Accepts; `check` receives the head of the request.
fn accept(check: impl FnOnce(&str) + Send + 'static) -> Script {
    script(move |peer: &mut Peer| {
        let head = peer.read_head();
        check(&head);
        peer.accept(&head);
        answer_close(peer);
    })
}

/// The number of wscat's `--max-redirects` is optional, and the URL is not taken for it.
#[test]
fn the_number_of_redirects_may_be_missing() {
    let servers = || {
        let last = Server::scripts([accept(|_| {})]);
        let second = Server::scripts([redirect("302 Found", last.url(), |_| {})]);
        let first = Server::scripts([redirect("302 Found", second.url(), |_| {})]);
        [first, second, last]
    };
    for (before, after) in [
        (&["-L", "--max-redirects"][..], &[][..]),
        (&["-L", "--max-redirects", "-c"], &[]),
        (&["-L", "-c"], &["--max-redirects"]),
        (&["-L", "--max-redirs", "0", "--max-redirects=2"], &[]),
        (&["-L", "--max-redirects", "0", "--max-redirs", "2"], &[]),
    ] {
        let servers = servers();
        let program = wscope().args(before).arg(servers[0].url()).args(after);
        program.args(["-w", "0"]).run().code(0);
        servers.into_iter().for_each(Server::join);
    }
    for args in [
        &["--max-redirects", "x", "ws://127.0.0.1:1"][..],
        &["-c", "ws://127.0.0.1:1", "--max-redirects", "x"],
        &["ws://127.0.0.1:1", "--max-redirects", "99999999999999999999"],
    ] {
        wscope().args(args).run().code(2).stderr_contains("for '--max-redirects [<N>]'");
    }
}

#[test]
fn each_redirect_is_followed_and_reported() {
    for (status, code) in
        [("301 Moved Permanently", 301), ("302 Found", 302), ("303 See Other", 303)]
            .into_iter()
            .chain([("307 Temporary Redirect", 307), ("308 Permanent Redirect", 308)])
    {
        let target = Server::scripts([accept(|head| assert!(head.starts_with("GET /b HTTP/1.1")))]);
        let first = Server::scripts([redirect(
            status,
            format!("http://127.0.0.1:{}/b", target.port()),
            |_| {},
        )]);
        let outcome = wscope().args(["-L", "-w", "0", &first.url()]).run().code(0);
        outcome
            .stderr_contains(&format!("wscope: {status}: redirected to {}/b\n", target.url()))
            .stderr_contains(&format!("connected to {}/b ", target.url()));
        assert!((301..=308).contains(&code));
    }
}

#[test]
fn a_redirect_is_a_refusal_without_the_option() {
    let server = Server::scripts([redirect("302 Found", "/b?token=hunter2", |_| {})]);
    wscope()
        .arg(server.url())
        .run()
        .code(4)
        .stderr_contains("refused: 302 Found")
        .stderr_contains("hint: the server redirects to /b?token=***: -L follows redirects")
        .stderr_lacks("hunter2");
}

#[test]
fn credentials_and_cookies_are_sent_again_to_the_same_origin() {
    let check = |head: &str| {
        assert_eq!(header(head, "Authorization"), Some("Basic dTpw"), "{head}");
        assert_eq!(header(head, "Cookie"), Some("a=b"), "{head}");
        assert_eq!(header(head, "Host"), Some("virtual"), "{head}");
    };
    let server = Server::scripts([redirect("302 Found", "/b", check), accept(check)]);
    let url = server.url().replace("ws://", "ws://u:p@");
    wscope()
        .args(["-L", "-w", "0", "-H", "Cookie: a=b", "-H", "Host: virtual", &url])
        .run()
        .code(0)
        .stderr_lacks("not sent on");
}

#[test]
fn credentials_and_cookies_are_not_sent_to_another_origin() {
    let target = Server::scripts([accept(|head| {
        for name in ["Authorization", "Cookie", "Proxy-Authorization"] {
            assert_eq!(header(head, name), None, "{head}");
        }
        assert!(header(head, "Host").is_some_and(|host| host.starts_with("127.0.0.1:")), "{head}");
        assert_eq!(header(head, "Origin"), Some("https://app.example"), "{head}");
        assert_eq!(header(head, "X-Other"), Some("1"), "{head}");
        assert_eq!(header(head, "Sec-WebSocket-Protocol"), Some("chat"), "{head}");
    })]);
    let first = Server::scripts([redirect("307 Temporary Redirect", target.url(), |head| {
        assert_eq!(header(head, "Authorization"), Some("Bearer abc"), "{head}");
    })]);
    wscope()
        .args(["-L", "-w", "0", "-s", "chat", "-o", "https://app.example"])
        .args(["-H", "Authorization: Bearer abc", "-H", "cookie: a=b"])
        .args(["-H", "Proxy-Authorization: Basic eA==", "-H", "Host: virtual", "-H", "X-Other: 1"])
        .arg(first.url())
        .run()
        .code(0)
        .stderr_contains("are not sent on to 127.0.0.1:");
}

#[test]
fn userinfo_is_not_sent_after_a_redirect_to_another_origin_and_back() {
    let back = Server::scripts([
        redirect("302 Found", "/away", |head| assert!(header(head, "Authorization").is_some())),
        redirect("302 Found", "/PORT", |head| assert!(header(head, "Authorization").is_some())),
    ]);
    drop(
        wscope()
            .args(["-L", "--max-redirs", "1"])
            .arg(back.url().replace("//", "//u:p@"))
            .run()
            .code(4),
    );
    // To another server and back: the second request to the first server has no credentials.
    let (sender, port) = std::sync::mpsc::channel::<String>();
    let away = Server::scripts([script(move |peer: &mut Peer| {
        let head = peer.read_head();
        assert_eq!(header(&head, "Authorization"), None, "{head}");
        let home = port.recv().expect("the URL of the first server");
        peer.respond(&format!(
            "HTTP/1.1 302 Found\r\nLocation: {home}/back\r\nContent-Length: 0\r\n\r\n"
        ));
    })]);
    let home = Server::scripts([
        redirect("302 Found", away.url(), |_| {}),
        accept(|head| assert_eq!(header(head, "Authorization"), None, "{head}")),
    ]);
    sender.send(home.url()).expect("a receiver in the server");
    wscope().args(["-L", "-w", "0"]).arg(home.url().replace("//", "//u:p@")).run().code(0);
}

#[test]
fn a_redirect_from_wss_to_ws_is_not_followed() {
    let server = Server::script(|peer| {
        crate::scripts::start_untrusted_tls(peer);
        peer.read_head();
        peer.respond(
            "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        );
    });
    let url = format!("wss://127.0.0.1:{}", server.port());
    wscope()
        .args(["-L", "-k", &url])
        .run()
        .code(4)
        .stderr_contains(
            "opening handshake: the server redirects from wss to ws://127.0.0.1:1/, which is not encrypted: not followed",
        )
        .stderr_contains("< HTTP/1.1 302 Found");
}

#[test]
fn a_redirect_from_ws_to_wss_is_followed() {
    let target = serve_tls(answer_close);
    let location = format!("https://127.0.0.1:{}/", target.port());
    let first = Server::scripts([redirect("308 Permanent Redirect", location, |_| {})]);
    wscope().args(["-L", "-k", "-w", "0", &first.url()]).run().code(0);
}

#[test]
fn a_redirect_loop_that_sets_a_cookie_has_a_hint() {
    for (field, hint) in [("Set-Cookie: a=b", "hint: the server sets a cookie"), ("X: y", "")] {
        let server = Server::respond(format!(
            "HTTP/1.1 302 Found\r\nLocation: /\r\n{field}\r\nContent-Length: 0\r\n\r\n"
        ));
        let outcome = wscope().args(["-L", &server.url()]).run().code(4);
        assert_eq!(outcome.stderr.contains("hint: "), !hint.is_empty(), "{}", outcome.stderr);
        outcome.stderr_contains(hint);
    }
}

/// Interim responses are shown, although nothing else of the redirect is.
#[test]
fn interim_responses_before_a_followed_redirect_are_shown() {
    const EARLY: &str =
        "HTTP/1.1 103 Early Hints\r\nX-Debug: routed\r\nSet-Cookie: a=hunter2\r\n\r\n";
    let servers = || {
        let target = Server::scripts([accept(|_| {})]);
        let location = target.url();
        let first = Server::respond(format!(
            "{EARLY}HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ));
        (first, target)
    };
    let (first, target) = servers();
    wscope()
        .args(["-L", "-v", "-w", "0", &first.url()])
        .run()
        .code(0)
        .stderr_lacks("hunter2")
        .stderr_contains(&format!(
            "< HTTP/1.1 103 Early Hints\n< X-Debug: routed\n< Set-Cookie: ***\n\
             wscope: 302 Found: redirected to {}",
            target.url()
        ));
    let (first, _there) = servers();
    let outcome = wscope().args(["-L", "-w", "0", "--json", &first.url()]).run().code(0);
    let events = outcome.json_lines();
    assert_valid(&events[0]);
    outcome.stderr_lacks("103 Early");
    let expected = json!([{
        "from": "server", "status": 103, "reason": "Early Hints",
        "headers": [["X-Debug", "routed"], ["Set-Cookie", "***"]]
    }]);
    assert_eq!(events[0]["interim"], expected);
    assert_eq!(events[1].get("interim"), None);
}

#[test]
fn redirect_loops_and_too_many_redirects_are_explained() {
    let server =
        Server::scripts([redirect("302 Found", "/b", |_| {}), redirect("302 Found", "/", |_| {})]);
    let url = server.url();
    wscope()
        .args(["-L", &url])
        .run()
        .code(4)
        .stderr_contains(&format!("opening handshake: redirect loop: {url}/ → {url}/b → {url}/"));
    let hops = (0..3).map(|hop| redirect("302 Found", format!("/{hop}?key=hunter2"), |_| {}));
    let server = Server::scripts(hops);
    wscope()
        .args(["-L", "--max-redirs", "2", &server.url()])
        .run()
        .code(4)
        .stderr_contains("more redirects than --max-redirs 2: ")
        .stderr_contains("/0?key=*** → ")
        .stderr_contains("hint: --max-redirs N")
        .stderr_lacks("hunter2");
}

#[test]
fn invalid_redirects_are_refused_with_the_reason() {
    for (location, why) in [
        ("ftp://h/", "ftp: is not a WebSocket URL scheme"),
        ("ws+unix:///run/docker.sock", "ws+unix: is not a WebSocket URL scheme"),
        ("http://", "empty host"),
    ] {
        let server = Server::scripts([redirect("302 Found", location, |_| {})]);
        wscope().args(["-L", &server.url()]).run().code(4).stderr_contains(why);
    }
    let server = Server::respond("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
    wscope()
        .args(["-L", &server.url()])
        .run()
        .code(4)
        .stderr_contains("redirects without a Location header");
}

#[test]
fn a_redirect_is_an_event() {
    let server =
        Server::scripts([redirect("302 Found", "/b?token=hunter2", |_| {}), accept(|_| {})]);
    let url = server.url();
    let (outcome, events) = events(wscope().args(["-L", "-w", "0", &url]));
    outcome.code(0);
    assert_eq!(events[0]["event"], "redirect");
    assert_eq!(events[0]["status"], 302);
    assert_eq!(events[0]["from"], json!(format!("{url}/")));
    assert_eq!(events[0]["to"], json!(format!("{url}/b?token=***")));
    assert_eq!(events[0]["request_headers"][0], json!(["Host", url.trim_start_matches("ws://")]));
    assert_eq!(events[1]["event"], "open");
}

/// What only the first server got is in the recordings: a scenario made from them passes.
#[test]
fn a_scenario_of_a_redirect_has_the_headers_of_the_first_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let read = |name: &str| std::fs::read_to_string(path(name)).expect("a scenario");
    let (scenario, har, again) = (path("x.wscope"), path("x.har"), path("again.wscope"));
    let last = Server::scripts([accept(|head| assert!(!head.contains("tok12345"), "{head}"))]);
    let first = Server::scripts([redirect("302 Found", last.url(), |head| {
        assert!(header(head, "Authorization").is_some(), "{head}");
    })]);
    wscope()
        .args(["-L", "-q", "-w", "0", "--bearer", "tok12345", &first.url()])
        .args(["--record", &scenario, "--record", &har])
        .run()
        .code(0);
    let text = read("x.wscope");
    assert!(text.contains("\nAuthorization: Bearer {{authorization}}\n"), "{text}");
    assert!(!text.contains("\nHost:"), "{text}");
    wscope().args(["view", "-q", &har, "--record", &again]).run().code(0);
    assert_eq!(read("again.wscope"), text);
}

/// The scheme comes from the redirect: another one in the URL would lead to the same redirect.
#[test]
fn a_redirect_to_a_port_without_tls_is_explained() {
    let plain = Server::script(|peer| peer.respond("HTTP/1.1 400 Bad Request\r\n\r\n"));
    let location = format!("https://127.0.0.1:{}/", plain.port());
    let first = Server::scripts([redirect("302 Found", location, |_| {})]);
    let outcome = wscope().args(["-L", &first.url()]).run().code(3);
    outcome
        .stderr_contains("the redirect leads to a wrong port or scheme")
        .stderr_lacks("use ws://");
}
