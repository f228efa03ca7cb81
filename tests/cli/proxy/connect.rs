//! Successful HTTP CONNECT.

use std::sync::mpsc;

use serde_json::json;

use super::{ESTABLISHED, TARGET, assert_no_secret, run_through};
use crate::events::assert_valid;
use crate::scripts::echo_once;
use crate::support::{Server, header, text, wscope};

/// The CONNECT request sent with these options.
fn connect_request(scheme: &str, options: &[&str]) -> (String, crate::support::Outcome) {
    let (sender, heads) = mpsc::channel();
    let proxy = Server::script(move |peer| {
        sender.send(peer.read_head()).expect("a receiver in the test");
        peer.respond(ESTABLISHED);
        echo_once(peer);
    });
    let outcome = run_through(scheme, &proxy, options).code(0).stdout_contains("hi");
    (heads.recv().expect("a request"), outcome)
}

#[test]
fn the_request_names_host_and_port() {
    let (head, _) = connect_request("http://", &[]);
    let agent = concat!("wscope/", env!("CARGO_PKG_VERSION"));
    let expected = format!(
        "CONNECT target.invalid:80 HTTP/1.1\r\nHost: target.invalid:80\r\nUser-Agent: {agent}\r\n\r\n"
    );
    assert_eq!(head, expected);
}

#[test]
fn a_proxy_without_a_scheme_is_an_http_proxy() {
    let (head, outcome) = connect_request("", &["-A", "me"]);
    assert_eq!(header(&head, "User-Agent"), Some("me"));
    outcome.stderr_contains("connected to ws://target.invalid/x (via proxy http://127.0.0.1:");
}

#[test]
fn userinfo_is_decoded_sent_and_masked() {
    for view in [&[][..], &["-v"], &["-vvv"], &["--json"]] {
        let (head, outcome) = connect_request("http://me:hunter%402@", view);
        assert_eq!(header(&head, "Proxy-Authorization"), Some("Basic bWU6aHVudGVyQDI="));
        assert_no_secret(&outcome, &["hunter", "bWU6aHVudGVyQDI="]);
    }
    let (_, outcome) = connect_request("http://me:hunter2@", &["-v"]);
    outcome.stderr_contains("> Proxy-Authorization: Basic ***\n");
    let (_, outcome) = connect_request("http://me:hunter2@", &["-v", "--show-secrets"]);
    outcome.stderr_contains("> Proxy-Authorization: Basic bWU6aHVudGVyMg==\n");
}

#[test]
fn proxy_headers_are_sent_to_the_proxy_only() {
    for option in ["-H", "--proxy-header"] {
        let (sender, heads) = mpsc::channel();
        let proxy = Server::script(move |peer| {
            let connect = peer.read_head();
            peer.respond(ESTABLISHED);
            let head = peer.accept_request();
            peer.close_and_expect_reply(1000);
            sender.send((connect, head)).expect("a receiver in the test");
        });
        let options = [option, "Proxy-Authorization: Bearer hunter2", "-H", "X-Own: 1", "-v"];
        let proxy_url = format!("http://me:pw@127.0.0.1:{}", proxy.port());
        let outcome =
            wscope().args(["--proxy", &proxy_url]).args(options).arg(TARGET).run().code(0);
        let (connect, head) = heads.recv().expect("two requests");
        assert_eq!(header(&connect, "Proxy-Authorization"), Some("Bearer hunter2"), "{option}");
        assert_eq!(header(&head, "Proxy-Authorization"), None, "{option}");
        assert_eq!((header(&connect, "X-Own"), header(&head, "X-Own")), (None, Some("1")));
        assert_no_secret(&outcome, &["hunter2"]);
    }
}

#[test]
fn the_number_of_reported_malformed_lines_is_limited() {
    let proxy = Server::script(|peer| {
        peer.read_head();
        peer.respond(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "no colon\r\n".repeat(60)));
        echo_once(peer);
    });
    let outcome = run_through("http://", &proxy, &["--lenient"]).code(0).stdout_contains("hi");
    let warnings: Vec<_> =
        outcome.stderr.lines().filter(|line| line.contains("malformed")).collect();
    let [warning] = warnings[..] else { panic!("{warnings:?}") };
    for words in [
        "warning: answer to CONNECT: malformed header field, line 1 (no colon): \"no colon\"; ",
        "; and 57 more: ignored (--lenient)",
    ] {
        assert!(warning.contains(words), "{warning}");
    }
}

#[test]
fn heads_are_shown_with_verbose() {
    let (_, outcome) = connect_request("http://", &["-v"]);
    outcome
        .stderr_contains("is used because of --proxy\n")
        .stderr_contains("> CONNECT target.invalid:80 HTTP/1.1\n> Host: target.invalid:80\n")
        .stderr_contains("< HTTP/1.1 200 Connection established\n> GET /x HTTP/1.1\n")
        .stderr_contains(", proxy ");
    let (_, outcome) = connect_request("http://", &[]);
    outcome.stderr_lacks("CONNECT");
}

#[test]
fn the_open_event_names_the_proxy() {
    let proxy = Server::script(|peer| {
        peer.read_head();
        peer.respond(ESTABLISHED);
        echo_once(peer);
    });
    let address = format!("127.0.0.1:{}", proxy.port());
    let outcome = run_through("http://me:pw@", &proxy, &["--json"]).code(0);
    let open = &outcome.json_lines()[0];
    assert_valid(open);
    assert_eq!(open["event"], "open");
    assert_eq!(
        (&open["remote"], &open["proxy"]),
        (&json!(address), &json!(format!("http://{address}")))
    );
    let timings = &open["timings_ms"];
    assert!(timings["proxy"].is_number() && timings["dns"].is_null(), "{timings}");
}

#[test]
fn a_response_may_arrive_byte_by_byte_and_after_interim_ones() {
    let proxy = Server::script(|peer| {
        peer.read_head();
        peer.send_slowly("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.0 200 OK\r\nX-Proxy: yes\r\n\r\n");
        echo_once(peer);
    });
    run_through("http://", &proxy, &[]).code(0).stdout("hi\n");
}

#[test]
fn bytes_after_the_response_belong_to_the_target() {
    // A target that sends first is not an HTTP server: its bytes must be passed on completely.
    let proxy = Server::script(|peer| {
        peer.read_head();
        peer.send(format!("{ESTABLISHED}SSH-2.0-Early"));
        peer.read_head();
        peer.send("Late\r\n");
    });
    run_through("http://", &proxy, &[])
        .code(4)
        .stderr_contains("SSH-2.0-Early")
        .stderr_contains("hint: that is an SSH server");
    let proxy = Server::script(|peer| {
        peer.read_head();
        peer.send(format!("{ESTABLISHED}HTTP/1.1 403 Early\r\nContent-Length: 3\r\n\r\nno!"));
        peer.read_head();
    });
    run_through("http://", &proxy, &[])
        .code(4)
        .stderr_contains("403 Early")
        .stderr_contains("< no!\n");
}

#[test]
fn a_failed_handshake_names_the_proxy() {
    for (answer, line) in [
        ("", ": the server ended the connection without a response"),
        ("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", " refused: 502 No"),
    ] {
        let proxy = Server::script(move |peer| {
            peer.read_head();
            peer.respond(ESTABLISHED);
            peer.read_head();
            peer.respond(answer);
        });
        let url = proxy.http_url();
        wscope()
            .env("ALL_PROXY", &url)
            .arg(TARGET)
            .run()
            .code(4)
            .stderr_contains(&format!("opening handshake via proxy {url} from ALL_PROXY{line}"));
    }
}

#[test]
fn ipv6_targets_keep_their_brackets() {
    let proxy = Server::script(|peer| {
        let head = peer.read_head();
        assert!(head.starts_with("CONNECT [::1]:9 HTTP/1.1\r\nHost: [::1]:9\r\n"), "{head}");
        peer.respond(ESTABLISHED);
        peer.accept_request();
        peer.send(text("x"));
        peer.close_and_expect_reply(1000);
    });
    let url = proxy.http_url();
    wscope().args(["--proxy", &url, "ws://[::1]:9/"]).run().code(0).stdout("x\n");
}
