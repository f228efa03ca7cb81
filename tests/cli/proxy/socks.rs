//! SOCKS5 (RFC 1928), with name and password (RFC 1929).

use super::{assert_no_secret, run_through};
use crate::scripts::echo_once;
use crate::support::{Outcome, Peer, Script, Server, script, wscope};

/// Successful replies, with an address of each type.
const REPLIES: [&[u8]; 3] = [
    b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50",
    b"\x05\x00\x00\x03\x03abc\x00\x50",
    b"\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50",
];

const NAMED: &[u8] = b"\x05\x01\x00\x03\x0etarget.invalid\x00\x50";

#[track_caller]
fn expect(peer: &mut Peer, bytes: &[u8]) {
    let got = peer.read_exact(bytes.len());
    assert_eq!(got.escape_ascii().to_string(), bytes.escape_ascii().to_string());
}

/// Expects the greeting of a client without credentials, selects no authentication, and expects this request.
#[track_caller]
fn expect_request(peer: &mut Peer, request: &[u8]) {
    expect(peer, b"\x05\x01\x00");
    peer.send(b"\x05\x00");
    expect(peer, request);
}

/// A proxy that expects this request, reports success, and then serves as the target.
fn proxy_for(request: &'static [u8]) -> Server {
    Server::script(move |peer| {
        expect_request(peer, request);
        peer.send(REPLIES[0]);
        echo_once(peer);
    })
}

#[test]
fn the_proxy_resolves_the_name_with_socks5h() {
    for reply in REPLIES {
        let proxy = Server::script(move |peer| {
            expect(peer, b"\x05\x01\x00");
            peer.send_slowly(b"\x05\x00");
            expect(peer, NAMED);
            peer.send_slowly(reply);
            echo_once(peer);
        });
        run_through("socks5h://", &proxy, &[])
            .code(0)
            .stdout("hi\n")
            .stderr_contains("(via proxy socks5h://127.0.0.1:");
    }
}

#[test]
fn the_name_is_resolved_locally_with_socks5() {
    let proxy = proxy_for(b"\x05\x01\x00\x01\x7f\x01\x02\x03\x00\x50");
    run_through("socks5://", &proxy, &["--resolve", "target.invalid:80:127.1.2.3"]).code(0);
    let proxy = Server::script(Peer::expect_eof);
    run_through("socks5://", &proxy, &[])
        .code(3)
        .stderr_contains("could not connect: DNS lookup of target.invalid: ");
    drop(Peer::connect(proxy.port()));
}

#[test]
fn every_resolved_address_is_tried() {
    fn attempt(request: &'static [u8], then: impl Fn(&mut Peer) + Send + 'static) -> Script {
        script(move |peer| {
            expect_request(peer, request);
            then(peer);
        })
    }
    const FIRST: &[u8] = b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50";
    const SECOND: &[u8] = b"\x05\x01\x00\x01\x7f\x01\x02\x03\x00\x50";
    let resolve = ["--resolve", "target.invalid:80:::1,127.1.2.3"];
    let unreachable = |peer: &mut Peer| peer.send(b"\x05\x03\x00\x01\0\0\0\0\0\0");
    let reached = |peer: &mut Peer| {
        peer.send(REPLIES[0]);
        echo_once(peer);
    };
    let proxy = Server::scripts([attempt(FIRST, unreachable), attempt(SECOND, reached)]);
    run_through("socks5://", &proxy, &resolve).code(0).stdout("hi\n");
    let refused = |peer: &mut Peer| peer.send(b"\x05\x05\x00\x01\0\0\0\0\0\0");
    let proxy = Server::scripts([attempt(FIRST, unreachable), attempt(SECOND, refused)]);
    run_through("socks5://", &proxy, &resolve).code(3).stderr_contains("(SOCKS5 reply 3)");
    // Failures that do not depend on the address are not retried.
    let forbidden = |peer: &mut Peer| peer.send(b"\x05\x02\x00\x01\0\0\0\0\0\0");
    let proxy = Server::scripts([attempt(FIRST, forbidden)]);
    run_through("socks5://", &proxy, &resolve).code(3).stderr_contains("(SOCKS5 reply 2)");
}

#[test]
fn literal_addresses_are_not_resolved() {
    for (url, request) in [
        ("ws://127.9.9.9/", &b"\x05\x01\x00\x01\x7f\x09\x09\x09\x00\x50"[..]),
        ("ws://[::1]:9/", b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x09"),
    ] {
        for scheme in ["socks5", "socks5h"] {
            let proxy = proxy_for(request);
            let proxy_url = format!("{scheme}://127.0.0.1:{}", proxy.port());
            wscope().args(["--proxy", &proxy_url, "-x", "hi", url]).run().code(0).stdout("hi\n");
        }
    }
}

#[test]
fn name_and_password_are_sent_and_masked() {
    for view in [&[][..], &["-vvv"], &["--json"]] {
        let proxy = Server::script(|peer| {
            expect(peer, b"\x05\x02\x00\x02");
            peer.send(b"\x05\x02");
            expect(peer, b"\x01\x02me\x08hunter@2");
            peer.send(b"\x01\x00");
            expect(peer, NAMED);
            peer.send(REPLIES[0]);
            echo_once(peer);
        });
        let outcome = run_through("socks5h://me:hunter%402@", &proxy, view).code(0);
        assert_no_secret(&outcome, &["hunter"]);
    }
}

#[test]
fn bytes_after_the_reply_belong_to_the_target() {
    let proxy = Server::script(|peer| {
        expect_request(peer, NAMED);
        peer.send([REPLIES[1], b"220 mail.example\r\n"].concat());
        peer.read_head();
    });
    run_through("socks5h://", &proxy, &[]).code(4).stderr_contains("220 mail.example");
}

/// A run in which the proxy reads the greeting and sends these bytes, whatever the requests.
#[track_caller]
fn refused(scheme: &str, answers: &[&[u8]]) -> Outcome {
    let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
    let proxy = Server::script(move |peer| {
        peer.read_exact(3);
        for (at, answer) in answers.iter().enumerate() {
            if at > 0 {
                peer.read_exact(10);
            }
            peer.send(answer);
        }
    });
    run_through(scheme, &proxy, &[]).code(3).stdout("")
}

#[test]
fn every_reply_code_is_described() {
    for (reply, words, hint) in [
        (
            &[&b"\x05\x00"[..], b"\x05\x01\x00\x01\0\0\0\0\0\0"],
            "general SOCKS server failure (SOCKS5 reply 1)",
            "the proxy gives no other reason",
        ),
        (
            &[b"\x05\x00", b"\x05\x02\x00\x01\0\0\0\0\0\0"],
            "connection not allowed by ruleset (SOCKS5 reply 2)",
            "rules do not allow connections to target.invalid:80",
        ),
        (
            &[b"\x05\x00", b"\x05\x03\x00\x01\0\0\0\0\0\0"],
            "network unreachable (SOCKS5 reply 3)",
            "reports that it cannot reach target.invalid:80",
        ),
        (
            &[b"\x05\x00", b"\x05\x04\x00\x01\0\0\0\0\0\0"],
            "host unreachable (SOCKS5 reply 4)",
            "reports that it cannot reach target.invalid:80",
        ),
        (
            &[b"\x05\x00", b"\x05\x05\x00\x01\0\0\0\0\0\0"],
            "connection refused (SOCKS5 reply 5)",
            "reports that target.invalid:80 refused its connection: no program listens",
        ),
        (&[b"\x05\x00", b"\x05\x06\x00\x01\0\0\0\0\0\0"], "TTL expired (SOCKS5 reply 6)", ""),
        (
            &[b"\x05\x00", b"\x05\x07\x00\x01\0\0\0\0\0\0"],
            "command not supported (SOCKS5 reply 7)",
            "does not support the command CONNECT",
        ),
        (
            &[b"\x05\x00", b"\x05\x08\x00\x01\0\0\0\0\0\0"],
            "address type not supported (SOCKS5 reply 8)",
            "does not support names: with socks5:// wscope looks them up",
        ),
        (&[b"\x05\x00", b"\x05\x63"], "unassigned code (SOCKS5 reply 99)", ""),
    ] {
        let line = format!(" did not connect to target.invalid:80: {words}\n");
        refused("socks5h://", reply).stderr_contains(&line).stderr_contains(hint);
    }
}

#[test]
fn an_unreachable_ipv6_address_has_no_hint_about_names() {
    let proxy = Server::script(|peer| {
        peer.read_exact(3);
        peer.send(b"\x05\x00");
        peer.read_exact(22);
        peer.send(b"\x05\x04\x00\x01\0\0\0\0\0\0");
    });
    let url = format!("socks5://127.0.0.1:{}", proxy.port());
    wscope()
        .args(["--proxy", &url, "ws://[2001:db8::abcd]:9/"])
        .run()
        .code(3)
        .stderr_contains("hint: the proxy reports that it cannot reach [2001:db8::abcd]:9")
        .stderr_lacks("socks5h");
}

#[test]
fn other_refusals() {
    for (scheme, answers, line, hint) in [
        (
            "socks5h://",
            &[&b"\x05\xff"[..]][..],
            "does not accept clients without authentication",
            "--proxy socks5h://USER:PASS@127.0.0.1:",
        ),
        (
            "socks5h://u:p@",
            &[b"\x05\xff"],
            "accepts neither clients without authentication nor",
            "GSSAPI",
        ),
        ("socks5h://", &[b"\x05\x01"], "authentication method 1, which was not offered", ""),
        (
            "socks5h://",
            &[b"\x05\x02"],
            "authentication method 2, which was not offered",
            "gives it a name and password",
        ),
        (
            "socks5h://",
            &[b"HTTP/1.1 400 Bad Request\r\n\r\n"],
            "its answer is not SOCKS5: \"HTTP/1.1 400",
            "use http:// for the proxy",
        ),
        (
            "socks5h://",
            &[b"\x15\x03\x01\0\x02\x02\x46"],
            "is not SOCKS5: bytes 15 03 01 00",
            "use https://",
        ),
        (
            "socks5h://",
            &[b"\x00\x5b"],
            "is not SOCKS5",
            "a SOCKS4 proxy, which wscope does not support",
        ),
        ("socks5h://", &[], "ended the connection without an answer", "may be an HTTP proxy"),
        ("socks5h://", &[b"\x05"], "after 1 byte of an answer", ""),
        ("socks5h://", &[b"\x05\x00", b"\x04\x5a"], "its version is 4, not 5", ""),
        ("socks5h://", &[b"\x05\x00", b"\x05\x00\x00\x09"], "address type 9 is not known", ""),
    ] {
        refused(scheme, answers).stderr_contains(line).stderr_contains(hint);
    }
}

#[test]
fn a_wrong_password_is_reported() {
    let proxy = Server::script(|peer| {
        peer.read_exact(4);
        peer.send(b"\x05\x02");
        peer.read_exact(1 + 1 + 2 + 1 + 7);
        peer.send(b"\x01\x01");
    });
    let outcome = run_through("socks5h://me:hunter2@", &proxy, &["-v"]).code(3);
    assert_no_secret(&outcome, &["hunter2"]);
    outcome
        .stderr_contains(
            "it does not accept the name and password (status 1)\nhint: are the user name",
        )
        .stderr_lacks("me:");
}
