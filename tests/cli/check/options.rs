//! Options of a connection: they are those of `wscope URL`.

use super::{check, run_with};
use crate::proxy::tls::{identity, start_tls};
use crate::support::{Outcome, Server, header, text};

/// Scenario language, section 3: "Options are the long options of `wscope URL` without their dashes, value after the
/// colon"
#[test]
fn options_change_the_request() {
    for (option, name, expected) in [
        ("header: X-A: b", "X-A", Some("b")),
        ("origin: http://o.example", "Origin", Some("http://o.example")),
        ("user-agent: me/1", "User-Agent", Some("me/1")),
        ("subprotocol: chat", "Sec-WebSocket-Protocol", Some("chat")),
        ("bearer: t0ken", "Authorization", Some("Bearer t0ken")),
        ("user: me:pass", "Authorization", Some("Basic bWU6cGFzcw==")),
        ("cookie: a=b", "Cookie", Some("a=b")),
        ("no-compress: true", "Sec-WebSocket-Extensions", None),
        (
            "no-compress: false",
            "Sec-WebSocket-Extensions",
            Some("permessage-deflate; client_max_window_bits"),
        ),
    ] {
        let server = Server::script(move |peer| {
            let head = peer.read_head();
            assert_eq!(header(&head, name), expected, "{option}: {head}");
            peer.accept_with(&head, &[]);
            peer.answer_close(1000);
        });
        run_with(&server, &format!("WS {{{{url}}}}\n[Options]\n{option}\nHTTP 101\n"), &[]).code(0);
    }
}

/// Scenario language, section 3: "value after the colon (`insecure: true` for flags)"
#[test]
fn flags_are_true_or_false() {
    let (certificate, acceptor) = identity("localhost");
    let run = |options: &str, args: &[&str], is_accepted: bool| -> Outcome {
        let acceptor = acceptor.clone();
        let server = Server::script(move |peer| {
            start_tls(peer, &acceptor);
            match is_accepted {
                true => {
                    peer.accept_request();
                    peer.send(text("a"));
                    peer.answer_close(1000);
                }
                false => assert!(peer.read_until_eof().is_empty(), "the client continued"),
            }
        });
        let scenario =
            format!("WS wss://localhost:{}\n[Options]\n{options}\n\n< a\n", server.port());
        let outcome = check(&scenario).file("ca.pem", &certificate).args(args).run();
        outcome.code(i32::from(!is_accepted))
    };
    run("timeout: 5s", &[], false).stdout_contains("self-signed");
    run("insecure: true", &[], true);
    run("insecure: false", &[], false).stdout_contains("self-signed");
    run("cacert: ca.pem", &[], true);
    run("timeout: 5s", &["-k"], true);
    run("timeout: 5s", &["--cacert", "ca.pem"], true);
    run("insecure: true", &["--cacert", "ca.pem"], true);
}

/// Scenario language, section 3: "Options are the long options of `wscope URL`": the route too.
#[test]
fn a_connection_may_go_through_a_proxy() {
    let proxy = || {
        Server::script(|peer| {
            let request = peer.read_head();
            assert!(request.starts_with("CONNECT target.invalid:80 HTTP/1.1\r\n"), "{request}");
            assert_eq!(header(&request, "X-P"), Some("p"), "{request}");
            peer.respond("HTTP/1.1 200 Connection established\r\n\r\n");
            let head = peer.accept_request();
            assert!(head.starts_with("GET /x HTTP/1.1\r\n"), "{head}");
            peer.send(text("a"));
            peer.answer_close(1000);
        })
    };
    let scenario = |options: &str| format!("WS ws://target.invalid/x\n{options}\n< a\n");
    let server = proxy();
    let options = format!("[Options]\nproxy: {}\nproxy-header: X-P: p\n", server.http_url());
    check(&scenario(&options)).run().code(0);
    let server = proxy();
    let args = ["--proxy", &server.http_url(), "--proxy-header", "X-P: p"];
    check(&scenario("")).args(args).run().code(0);
}

/// Scenario language, section 3: "plus `timeout`, `strict`, `ignore`, `max-time`, `max-buffered`", and `retry`
#[test]
fn scenarios_have_six_options_of_their_own() {
    for option in [
        "timeout: 5s",
        "strict: false",
        "ignore: x",
        "max-time: 5s",
        "max-buffered: 1M",
        "retry: 1",
    ] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.send(text("a"));
            peer.answer_close(1000);
        });
        let scenario = format!("WS {{{{url}}}}\n[Options]\n{option}\n\n< a\n");
        run_with(&server, &scenario, &[]).code(0).stderr("");
        let (name, _) = option.split_once(": ").expect("an option");
        for value in ["", "-1", "x y"] {
            if name == "ignore" && !value.is_empty() {
                continue;
            }
            check(&format!("WS ws://h\n[Options]\n{name}: {value}\n\n< a\n"))
                .run()
                .code(2)
                .stderr_contains("s.wscope:3:")
                .stderr_contains(": error: ");
        }
    }
}

/// Scenario language, section 3: "An option that has no meaning in a scenario is an error that says so."
#[test]
fn an_option_without_a_meaning_says_so_before_anything_runs() {
    for name in ["json", "send", "count", "expect", "wait", "echo", "reconnect", "record", "close"]
    {
        let outcome = check(&format!("WS ws://127.0.0.1:1\n[Options]\n{name}: 1\n\n< a\n")).run();
        outcome.code(2).stdout("").stderr_contains("s.wscope:3:1: error: ");
    }
    check("WS ws://h\n[Options]\nsend: 1\n\n< a\n")
        .run()
        .code(2)
        .stderr_contains("error: the option \"send\" has no meaning in a scenario");
}

/// Scenario language, section 1: "Durations are `500ms`, `5s`, `2m`: in scenarios the unit is required. Sizes are `512`,
/// `64K`, `10M`."
#[test]
fn durations_need_a_unit_and_sizes_may_have_one() {
    let scenario = |option: &str| format!("WS ws://127.0.0.1:1\n[Options]\n{option}\n\n< a\n");
    for value in ["500ms", "5s", "2m"] {
        // The syntax is right: what fails is the connection.
        check(&scenario(&format!("timeout: {value}"))).run().code(1).stderr("");
        check(&format!("WS ws://127.0.0.1:1\nSILENCE {value}\n")).run().code(1).stderr("");
    }
    for value in ["5", "5x", "s", "", "-5s", "5 m s"] {
        check(&scenario(&format!("timeout: {value}"))).run().code(2).stdout("");
        check(&format!("WS ws://127.0.0.1:1\nSILENCE {value}\n"))
            .run()
            .code(2)
            .stdout("")
            .stderr_contains("s.wscope:2:");
    }
    for value in ["512", "64K", "10M"] {
        check(&scenario(&format!("max-buffered: {value}"))).run().code(1).stderr("");
    }
    for value in ["64Q", "K", "-1"] {
        check(&scenario(&format!("max-buffered: {value}"))).run().code(2).stdout("");
    }
}
