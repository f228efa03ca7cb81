//! The parts of a URL on the wire and in the output.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv6Addr, TcpListener};
use std::thread;

use crate::request::request_of;
use crate::support::{DEADLINE, Outcome, Server, close, header, switching_protocols, wscope};

/// All display options.
const VIEWS: [&[&str]; 6] = [&[], &["-q"], &["-v"], &["-vvv"], &["--json"], &["--json", "-vv"]];

#[track_caller]
fn assert_no_secret(outcome: &Outcome, secrets: &[&str]) {
    for secret in secrets {
        for (stream, text) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            assert!(!text.contains(secret), "{secret} on {stream}:\n{text}");
        }
    }
}

#[test]
fn this_machine_needs_no_scheme_and_no_notice() {
    for host in ["localhost", "127.0.0.1", ""] {
        let (head, outcome) = request_of(&[], |server| {
            let url = format!("{host}:{}/a/b?x=1", server.port());
            wscope().arg(url)
        });
        assert!(head.starts_with("GET /a/b?x=1 HTTP/1.1\r\n"), "{head}");
        let host = if host.is_empty() { "localhost" } else { host };
        assert!(
            header(&head, "Host").is_some_and(|value| value.starts_with(&format!("{host}:"))),
            "{head}"
        );
        outcome.stderr_lacks("no scheme").stderr_contains("connected to ws://");
    }
}

#[test]
fn a_number_is_a_port_of_this_machine() {
    for tail in ["", "/a/b?x=1"] {
        let (head, outcome) =
            request_of(&[], |server| wscope().arg(format!("{}{tail}", server.port())));
        let path = if tail.is_empty() { "/" } else { tail };
        assert!(head.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{head}");
        assert!(header(&head, "Host").is_some_and(|it| it.starts_with("localhost:")), "{head}");
        outcome.stderr_lacks("no scheme").stderr_contains("connected to ws://localhost:");
    }
    wscope()
        .arg("70000/x")
        .run()
        .code(2)
        .stderr_contains("bad URL: port 70000 is out of range (1 to 65535)\n  70000/x\n  ^^^^^");
    let outcome = wscope().args(["--proxy", "3128", "ws://a.example"]).run().code(2);
    outcome.stderr_contains("a port alone is not a proxy: write localhost:3128");
}

#[test]
fn http_is_treated_as_ws_and_reported() {
    let (_, outcome) =
        request_of(&[], |server| wscope().arg(format!("http://127.0.0.1:{}/", server.port())));
    outcome.stderr_lacks("taken as").stderr_contains("connected to ws://127.0.0.1:");
    let (_, outcome) = request_of(&[], |server| {
        let place = format!("127.0.0.1:{}", server.port());
        wscope().args(["--connect-to", &place, "http://a.invalid/"])
    });
    outcome
        .stderr_contains("http:// taken as ws://")
        .stderr_contains("connected to ws://a.invalid/ ");
}

#[test]
fn the_port_is_part_of_the_host_header() {
    let mut port = 0;
    let (head, _) = request_of(&[], |server| {
        port = server.port();
        wscope().arg(server.url())
    });
    assert_eq!(header(&head, "Host"), Some(&*format!("127.0.0.1:{port}")));
}

#[test]
fn path_and_query_arrive_as_sent() {
    for (typed, sent) in [
        ("", "/"),
        ("?", "/?"),
        ("?q", "/?q"),
        ("/a%2Fb/%zz?q=%20%26+", "/a%2Fb/%zz?q=%20%26+"),
        ("/a//b/?u=http://x:1/?y=%23", "/a//b/?u=http://x:1/?y=%23"),
        ("/a/./b/../c", "/a/c"),
        ("/é?é", "/%C3%A9?%C3%A9"),
        ("/socket.io/?EIO=4&transport=websocket", "/socket.io/?EIO=4&transport=websocket"),
    ] {
        let (head, _) = request_of(&[], |server| wscope().arg(server.url() + typed));
        assert_eq!(head.lines().next(), Some(&*format!("GET {sent} HTTP/1.1")), "{typed}");
    }
}

#[test]
fn userinfo_is_sent_as_basic_auth_and_masked() {
    for view in VIEWS {
        let (head, outcome) = request_of(&[], |server| {
            wscope().args(view).arg(format!("ws://me:hunter%402@127.0.0.1:{}/", server.port()))
        });
        assert_eq!(header(&head, "Authorization"), Some("Basic bWU6aHVudGVyQDI="));
        assert_eq!(header(&head, "Host").and_then(|host| host.find('@')), None);
        assert_no_secret(&outcome, &["hunter", "bWU6aHVudGVyQDI="]);
    }
}

#[test]
fn userinfo_without_a_password_or_with_an_empty_one() {
    for (userinfo, expected) in [("me", "Basic bWU6"), ("me:", "Basic bWU6"), (":pw", "Basic OnB3")]
    {
        let (head, _) = request_of(&[], |server| {
            wscope().arg(format!("ws://{userinfo}@127.0.0.1:{}/", server.port()))
        });
        assert_eq!(header(&head, "Authorization"), Some(expected));
    }
}

#[test]
fn secrets_are_masked_in_failures() {
    for view in VIEWS {
        let server = Server::respond("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
        let url = format!("ws://me:hunter2@127.0.0.1:{}/?token=hunter2", server.port());
        let outcome = wscope().args(view).arg(url).run().code(4);
        assert_no_secret(&outcome, &["hunter2", "bWU6aHVudGVyMg=="]);
        let outcome =
            wscope().args(view).arg("ws://me:hunter2@no-such-host.invalid/?token=hunter2").run();
        assert_no_secret(&outcome.code(3), &["hunter2"]);
    }
}

#[test]
fn tokens_in_the_query_are_sent_and_masked() {
    const QUERY: &str = "a=1&access_token=hunter2&api_key=hunter3&sig=&flag";
    for view in VIEWS {
        let (head, outcome) = request_of(&[], |server| {
            wscope().args(view).arg(format!("{}/x?{QUERY}", server.url()))
        });
        assert!(head.starts_with(&format!("GET /x?{QUERY} HTTP/1.1\r\n")), "{head}");
        assert_no_secret(&outcome, &["hunter"]);
    }
    let (_, outcome) =
        request_of(&[], |server| wscope().arg(format!("{}/x?{QUERY}", server.url())));
    outcome.stderr_contains("/x?a=1&access_token=***&api_key=***&sig=&flag");
}

#[test]
fn secret_headers_are_sent_and_masked() {
    const HEADERS: [&str; 8] = [
        "-H",
        "Authorization: Bearer hunter2",
        "-H",
        "cookie: sid=hunter2",
        "-H",
        "Proxy-Authorization: Basic hunter2",
        "-H",
        "Cookie: other=hunter2",
    ];
    for view in VIEWS {
        let (head, outcome) = request_of(&["Set-Cookie: sid=hunter2; HttpOnly"], |server| {
            wscope().args(HEADERS).args(view).arg(server.url())
        });
        assert_eq!(head.matches("hunter2").count(), 4, "{head}");
        assert_no_secret(&outcome, &["hunter2"]);
    }
    let (_, outcome) = request_of(&["Set-Cookie: sid=hunter2; HttpOnly"], |server| {
        wscope().args(HEADERS).arg("-v").arg(server.url())
    });
    for line in [
        "> Authorization: Bearer ***\n",
        "> cookie: ***\n",
        "> Cookie: ***\n",
        "< Set-Cookie: ***\n",
    ] {
        assert!(outcome.stderr.contains(line), "no {line:?} in\n{}", outcome.stderr);
    }
}

#[test]
fn secrets_are_shown_on_request() {
    let (_, outcome) = request_of(&["Set-Cookie: sid=hunter3"], |server| {
        let url = format!("ws://me:hunter1@127.0.0.1:{}/?token=hunter2", server.port());
        wscope().args(["-v", "--show-secrets"]).arg(url)
    });
    outcome
        .stderr_contains("> GET /?token=hunter2 HTTP/1.1\n")
        .stderr_contains("> Authorization: Basic bWU6aHVudGVyMQ==\n")
        .stderr_contains("< Set-Cookie: sid=hunter3\n")
        .stderr_contains("/?token=hunter2");
}

#[test]
fn an_ipv6_literal_keeps_its_brackets() {
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
        let _ = writeln!(std::io::stderr(), "skipped: there is no IPv6 loopback address here");
        return;
    };
    let port = listener.local_addr().expect("an address").port();
    let server = thread::spawn(move || accept_and_close(&listener));
    wscope()
        .arg(format!("[::1]:{port}/x"))
        .run()
        .code(0)
        .stderr_lacks("no scheme")
        .stderr_contains(&format!("connected to ws://[::1]:{port}/x ([::1]:{port})"));
    let head = server.join().expect("a server without errors");
    assert_eq!(header(&head, "Host"), Some(&*format!("[::1]:{port}")));
}

/// The scripted server supports IPv4 only.
fn accept_and_close(listener: &TcpListener) -> String {
    let (stream, _) = listener.accept().expect("a client");
    stream.set_read_timeout(Some(DEADLINE)).expect("a read timeout");
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(
            reader.read_line(&mut head).expect("a request") > 0,
            "the request ended early: {head}"
        );
    }
    let answer = [switching_protocols(&head, &[]).into_bytes(), close(1000, "")].concat();
    reader.get_mut().write_all(&answer).expect("a client that reads the response");
    reader.read_to_end(&mut Vec::new()).expect("the end of the client");
    head
}
