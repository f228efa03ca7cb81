//! Ports with another protocol than that of the URL, and incomplete handshakes.

use std::time::Duration;

use super::{Credentials, assert_refused, start_tls, wss};
use crate::scripts::refuse_untrusted_tls;
use crate::support::{Peer, Server, script, wscope};

#[test]
fn wss_to_a_port_without_tls() {
    for (answer, hint) in [
        (
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            "the response is plain HTTP: if the server does not speak TLS on this port, use ws://",
        ),
        ("<html><body>no</body></html>", "the response is plain HTTP: if the server does not"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "that is an SSH server: is the port right?"),
        ("hello\r\n", "the server speaks neither TLS nor HTTP on this port"),
        ("", "the server ended the connection after the ClientHello: if it does not speak TLS"),
    ] {
        let server = Server::script(move |peer| peer.send(answer));
        let outcome = wscope().arg(wss(&server)).run();
        assert_refused(outcome, " for '127.0.0.1': ", hint);
    }
}

#[test]
fn a_plain_answer_to_a_client_hello_is_shown() {
    let answer = "HTTP/1.1 403 Blocked\r\nX-Rule: 17\r\n\r\nnot from here";
    let server = || Server::script(move |peer| peer.send(answer));
    let outcome = wscope().arg(wss(&server())).run().code(3);
    let words = "\n< HTTP/1.1 403 Blocked\n< X-Rule: 17\n< \n< not from here\n";
    outcome.stderr_contains(r#": received "HTTP/1.1 403 Blocked""#).stderr_contains(words);
    let events = wscope().args(["--json", &wss(&server())]).run().code(3).json_lines();
    assert_eq!(events.last().expect("an error")["body"], answer);
}

#[test]
fn alerts_of_the_server_come_with_a_hint() {
    const HANDSHAKE_FAILURE: u8 = 40;
    const PROTOCOL_VERSION: u8 = 70;
    const UNRECOGNIZED_NAME: u8 = 112;
    for (alert, reason) in [
        (HANDSHAKE_FAILURE, "alert handshake failure"),
        (PROTOCOL_VERSION, "alert protocol version"),
        (UNRECOGNIZED_NAME, "unrecognized name"),
    ] {
        let server = Server::script(move |peer| peer.send([0x15, 3, 3, 0, 2, 2, alert]));
        assert_refused(wscope().arg(wss(&server)).run(), reason, "");
    }
}

#[test]
fn ws_to_a_port_with_tls() {
    let answering = |answer: &'static [u8]| Server::respond(answer);
    for server in [
        answering(b"\x15\x03\x01\x00\x02\x02\x0a"),
        answering(
            b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
        ),
        answering(
            b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n\
              <center>The plain HTTP request was sent to HTTPS port</center>",
        ),
    ] {
        let outcome = wscope().arg(server.url()).run().code(4).stdout("");
        let hint = outcome.stderr.lines().find(|line| line.starts_with("hint: "));
        assert!(hint.is_some_and(|hint| hint.contains("use wss://")), "{}", outcome.stderr);
    }
}

/// The alert that a server sends to a ClientHello it does not accept: handshake_failure.
const ALERT: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];

/// An end or a reset without a response has many possible causes: a ClientHello on a second connection checks
/// for TLS.
#[test]
fn a_port_that_ends_a_plain_request_is_probed_for_tls() {
    const CERTAIN: &str = "\nhint: the server answers in TLS on this port, as a second connection shows: use wss:// instead of ws://\n";
    let acceptor = Credentials::self_signed().acceptor();
    let handshake = script(move |peer| start_tls(peer, &acceptor));
    let reset = script(|peer| {
        peer.read_head();
        peer.reset();
    });
    let alert = script(|peer| {
        assert_eq!(peer.read_exact(1), [22], "a ClientHello");
        peer.send(ALERT);
    });
    let ended = || script(|peer| _ = peer.read_head());
    for scripts in [[ended(), handshake], [reset, alert]] {
        let server = Server::scripts(scripts);
        wscope().arg(server.url()).run().code(4).stdout("").stderr_contains(CERTAIN);
    }
    let other = script(|peer| peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
    let server = Server::scripts([ended(), other]);
    wscope().arg(server.url()).run().code(4).stderr_contains("\nhint: ").stderr_lacks("wss://");
}

#[test]
fn the_tls_probe_is_limited_to_a_second_and_omitted_before_a_retry() {
    let ended = || script(|peer| _ = peer.read_head());
    let server = Server::scripts([ended(), script(Peer::stall)]);
    let outcome = wscope().arg(server.url()).run().code(4).stderr_lacks("wss://");
    assert!(outcome.elapsed < Duration::from_secs(4), "it took {:?}", outcome.elapsed);
    let again = script(|peer| {
        peer.accept_request();
        peer.close_and_expect_reply(1000);
    });
    let server = Server::scripts([ended(), again]);
    wscope().args(["--retry=1", "--reconnect-delay", "10ms", &server.url()]).run().code(0);
}

/// A ServerHello of TLS 1.2, for a cipher suite and extensions that every client offers.
fn server_hello() -> Vec<u8> {
    let extensions = [0xff, 1, 0, 1, 0, 0, 23, 0, 0];
    let body = [&[3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0, 0, extensions.len() as u8], &extensions];
    let body = body.concat();
    let message = [&[2, 0, 0, body.len() as u8][..], &body].concat();
    [&[22, 3, 3, 0, message.len() as u8][..], &message].concat()
}

#[test]
fn a_handshake_timeout_reports_the_progress() {
    const LIMITS: [[&str; 2]; 2] = [["--connect-timeout", "200ms"], ["-m", "200ms"]];
    for (start, received, hint) in [
        (
            Vec::new(),
            ": nothing was received",
            "the server accepted the connection and did not answer the ClientHello: if it does not speak TLS on this port and waits for an HTTP request, use ws://",
        ),
        (
            b"220 ".to_vec(),
            ": received \"220 \", which is not TLS",
            "that is an SMTP or FTP server: is the port right?",
        ),
        (
            server_hello(),
            ": a ServerHello was received, but not the end of the handshake",
            "the server speaks TLS on this port, but did not complete the handshake in time\n",
        ),
    ] {
        for limit in LIMITS {
            let start = start.clone();
            let server = Server::script(move |peer| {
                peer.send(start);
                peer.stall();
            });
            let outcome = wscope().args(limit).arg(wss(&server)).run().code(7).stdout("");
            assert!(outcome.elapsed < Duration::from_secs(4), "it took {:?}", outcome.elapsed);
            outcome
                .stderr_contains("wscope: could not connect: TLS handshake with 127.0.0.1:")
                .stderr_contains(&format!("timed out after 200ms{received}"))
                .stderr_contains(&format!("\nhint: {hint}"));
        }
    }
}

#[test]
fn a_server_that_ends_the_handshake_after_its_hello_is_recognised_as_tls() {
    let server = Server::script(|peer| {
        peer.read_exact(1);
        peer.send(server_hello());
    });
    wscope()
        .arg(wss(&server))
        .run()
        .code(3)
        .stderr_contains(": after the ServerHello\n")
        .stderr_contains("\nhint: the server speaks TLS on this port, and ended the connection")
        .stderr_lacks("ws://127");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_tls_probe() {
    use crate::support::{DEADLINE, Signal};
    let (sender, requested) = std::sync::mpsc::channel();
    let ended = script(|peer| _ = peer.read_head());
    let silent = script(move |peer| {
        peer.read_exact(1);
        sender.send(()).expect("a receiver in the test");
        peer.stall();
    });
    let server = Server::scripts([ended, silent]);
    let running = wscope().arg(server.url()).spawn();
    requested.recv_timeout(DEADLINE).expect("a ClientHello");
    running.signal(Signal::INT);
    let outcome = running.wait().code(130).stdout("");
    outcome.stderr_contains("wscope: opening handshake: ").stderr_lacks("hint:");
}

/// The failure is known before: a limit that runs out during the second connection is not its cause.
#[test]
fn a_limit_on_the_second_connection_does_not_replace_the_failure() {
    const LIMITS: [[&str; 2]; 3] =
        [["--connect-timeout", "300ms"], ["-m", "300ms"], ["--max-time=300ms", "--expect=x"]];
    for limit in LIMITS {
        let server = Server::scripts([script(|peer| _ = peer.read_head()), script(Peer::stall)]);
        let outcome = wscope().args(limit).arg(server.url()).run().code(4).stdout("");
        assert!(outcome.elapsed < Duration::from_secs(3), "it took {:?}", outcome.elapsed);
        outcome
            .stderr_contains("wscope: opening handshake: ")
            .stderr_contains("\nhint: ")
            .stderr_lacks("ran out")
            .stderr_lacks("not met");
        let server = Server::scripts([script(refuse_untrusted_tls), script(Peer::stall)]);
        let outcome = wscope().args(limit).arg(wss(&server)).run().code(3).stdout("");
        outcome.stderr_contains("\nhint: ").stderr_lacks("ran out").stderr_lacks("not met");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_during_the_second_connection_leaves_the_failure_of_the_certificate() {
    use crate::support::{DEADLINE, Signal};
    let (sender, requested) = std::sync::mpsc::channel();
    let silent = script(move |peer| {
        peer.read_exact(1);
        sender.send(()).expect("a receiver in the test");
        peer.stall();
    });
    let server = Server::scripts([script(refuse_untrusted_tls), silent]);
    let running = wscope().args(["--json", &wss(&server)]).spawn();
    requested.recv_timeout(DEADLINE).expect("a ClientHello");
    running.signal(Signal::TERM);
    let outcome = running.wait().code(143).stdout_contains("\"kind\":\"connect\"");
    outcome.stderr_contains("wscope: could not connect: ").stderr_lacks("hint:");
}
