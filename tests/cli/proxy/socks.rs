//! SOCKS5 (RFC 1928), with name and password (RFC 1929).

use super::{assert_hidden, echo, through};
use crate::support::{Outcome, Peer, Script, Server, script, wscope};

/// The reply that says yes, with an address of each type.
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

#[test]
fn the_proxy_looks_the_name_up() {
    for reply in REPLIES {
        let proxy = Server::script(move |peer| {
            expect(peer, b"\x05\x01\x00");
            peer.send_slowly(b"\x05\x00");
            expect(peer, NAMED);
            peer.send_slowly(reply);
            echo(peer);
        });
        through("socks5h://", &proxy, &[])
            .code(0)
            .stdout("hi\n")
            .stderr_contains("(via proxy socks5h://127.0.0.1:");
    }
}

#[test]
fn the_name_is_looked_up_here() {
    let proxy = Server::script(|peer| {
        expect(peer, b"\x05\x01\x00");
        peer.send(b"\x05\x00");
        expect(peer, b"\x05\x01\x00\x01\x7f\x01\x02\x03\x00\x50");
        peer.send(REPLIES[0]);
        echo(peer);
    });
    through("socks5://", &proxy, &["--resolve", "target.invalid:80:127.1.2.3"]).code(0);
    let proxy = Server::script(Peer::expect_eof);
    through("socks5://", &proxy, &[])
        .code(3)
        .stderr_contains("could not connect: DNS look-up of target.invalid: ");
    drop(Peer::connect(proxy.port()));
}

#[test]
fn every_address_found_here_is_tried() {
    fn asked_for(request: &'static [u8], then: impl Fn(&mut Peer) + Send + 'static) -> Script {
        script(move |peer| {
            expect(peer, b"\x05\x01\x00");
            peer.send(b"\x05\x00");
            expect(peer, request);
            then(peer);
        })
    }
    const FIRST: &[u8] = b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50";
    const SECOND: &[u8] = b"\x05\x01\x00\x01\x7f\x01\x02\x03\x00\x50";
    let resolve = ["--resolve", "target.invalid:80:::1,127.1.2.3"];
    let unreachable = |peer: &mut Peer| peer.send(b"\x05\x03\x00\x01\0\0\0\0\0\0");
    let reached = |peer: &mut Peer| {
        peer.send(REPLIES[0]);
        echo(peer);
    };
    let proxy = Server::scripts([asked_for(FIRST, unreachable), asked_for(SECOND, reached)]);
    through("socks5://", &proxy, &resolve).code(0).stdout("hi\n");
    let refused = |peer: &mut Peer| peer.send(b"\x05\x05\x00\x01\0\0\0\0\0\0");
    let proxy = Server::scripts([asked_for(FIRST, unreachable), asked_for(SECOND, refused)]);
    through("socks5://", &proxy, &resolve).code(3).stderr_contains("(SOCKS5 reply 3)");
    // What is not about the address is not tried again.
    let forbidden = |peer: &mut Peer| peer.send(b"\x05\x02\x00\x01\0\0\0\0\0\0");
    let proxy = Server::scripts([asked_for(FIRST, forbidden)]);
    through("socks5://", &proxy, &resolve).code(3).stderr_contains("(SOCKS5 reply 2)");
}

#[test]
fn addresses_need_no_look_up() {
    for (url, request) in [
        ("ws://127.9.9.9/", &b"\x05\x01\x00\x01\x7f\x09\x09\x09\x00\x50"[..]),
        ("ws://[::1]:9/", b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x09"),
    ] {
        for scheme in ["socks5", "socks5h"] {
            let proxy = Server::script(move |peer| {
                expect(peer, b"\x05\x01\x00");
                peer.send(b"\x05\x00");
                expect(peer, request);
                peer.send(REPLIES[0]);
                echo(peer);
            });
            let proxy_url = format!("{scheme}://127.0.0.1:{}", proxy.port());
            wscope().args(["--proxy", &proxy_url, "-x", "hi", url]).run().code(0).stdout("hi\n");
        }
    }
}

#[test]
fn name_and_password_are_given_and_hidden() {
    for view in [&[][..], &["-vvv"], &["--json"]] {
        let proxy = Server::script(|peer| {
            expect(peer, b"\x05\x02\x00\x02");
            peer.send(b"\x05\x02");
            expect(peer, b"\x01\x02me\x08hunter@2");
            peer.send(b"\x01\x00");
            expect(peer, NAMED);
            peer.send(REPLIES[0]);
            echo(peer);
        });
        let outcome = through("socks5h://me:hunter%402@", &proxy, view).code(0);
        assert_hidden(&outcome, &["hunter"]);
    }
}

#[test]
fn bytes_behind_the_reply_are_the_targets() {
    let proxy = Server::script(|peer| {
        expect(peer, b"\x05\x01\x00");
        peer.send(b"\x05\x00");
        expect(peer, NAMED);
        peer.send([REPLIES[1], b"220 mail.example\r\n"].concat());
        peer.read_head();
    });
    through("socks5h://", &proxy, &[]).code(4).stderr_contains("220 mail.example");
}

/// The proxy takes a greeting and answers with these bytes, whatever comes.
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
    through(scheme, &proxy, &[]).code(3).stdout("")
}

#[test]
fn every_reply_code_has_its_words() {
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
fn an_ipv6_address_is_not_a_name() {
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
fn a_wrong_password_is_said() {
    let proxy = Server::script(|peer| {
        peer.read_exact(4);
        peer.send(b"\x05\x02");
        peer.read_exact(1 + 1 + 2 + 1 + 7);
        peer.send(b"\x01\x01");
    });
    let outcome = through("socks5h://me:hunter2@", &proxy, &["-v"]).code(3);
    assert_hidden(&outcome, &["hunter2"]);
    outcome
        .stderr_contains(
            "it does not accept the name and password (status 1)\nhint: are the user name",
        )
        .stderr_lacks("me:");
}
