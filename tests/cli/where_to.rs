//! Connections to another address than that of the URL: options, and Unix sockets.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::sync::mpsc;

use crate::events::assert_valid;
use crate::proxy::tls::{identity, start_tls};
use crate::request::request_of;
use crate::scripts::echo_once;
use crate::support::{Peer, Server, Wscope, header, text, wscope};

#[test]
fn connect_to_changes_the_address_and_not_the_request() {
    for form in [
        "127.0.0.1:{}",
        "echo.invalid:80:127.0.0.1:{}",
        "echo.invalid::127.0.0.1:{}",
        "::127.0.0.1:{}",
    ] {
        let (head, outcome) = request_of(&[], |server| {
            let place = form.replace("{}", &server.port().to_string());
            wscope().args(["--connect-to", &place, "ws://echo.invalid/x"])
        });
        assert!(head.starts_with("GET /x HTTP/1.1\r\n"), "{head}");
        assert_eq!(header(&head, "Host"), Some("echo.invalid"));
        outcome.stderr_contains("connected to ws://echo.invalid/x (127.0.0.1:");
    }
}

#[test]
fn connect_to_applies_to_its_target_only() {
    request_of(&[], |server| {
        let url = server.url();
        wscope().args(["--connect-to", "other.invalid:80:127.0.0.1:1"]).arg(url)
    });
}

#[test]
fn connect_to_applies_to_the_connect_request() {
    let proxy = Server::script(|peer| {
        let head = peer.read_head();
        assert!(head.starts_with("CONNECT b.invalid:9 HTTP/1.1\r\n"), "{head}");
        peer.respond("HTTP/1.1 200 OK\r\n\r\n");
        let head = peer.read_head();
        assert_eq!(header(&head, "Host"), Some("a.invalid"));
        peer.accept(&head);
        peer.close_and_expect_reply(1000);
    });
    let url = proxy.http_url();
    wscope().args(["--proxy", &url, "--connect-to", "b.invalid:9", "ws://a.invalid"]).run().code(0);
}

#[test]
fn resolve_replaces_dns() {
    for (form, extra) in [("echo.invalid:{}:127.0.0.1", ""), ("*:{}:[::1],127.0.0.1", "-4")] {
        let (head, outcome) = request_of(&[], |server| {
            let port = server.port().to_string();
            let command = wscope().args(["--resolve", &form.replace("{}", &port)]);
            let command = if extra.is_empty() { command } else { command.arg(extra) };
            command.arg(format!("ws://echo.invalid:{port}/"))
        });
        assert!(header(&head, "Host").is_some_and(|host| host.starts_with("echo.invalid:")));
        outcome.stderr_contains("(127.0.0.1:");
    }
    wscope()
        .args(["-6", "--resolve", "a.invalid:80:127.0.0.1", "ws://a.invalid"])
        .run()
        .code(3)
        .stderr_contains("a.invalid has no IPv6 address");
}

#[test]
fn invalid_values_are_usage_errors() {
    for (option, value, reason) in [
        ("--connect-to", "somewhere", "write HOST:PORT"),
        ("--connect-to", "h:99999", "out of range"),
        ("--connect-to", "me:pw@h:1", "bad --connect-to"),
        ("--resolve", "a:80", "write HOST:PORT:ADDRESS"),
        ("--resolve", "a:80:b.example", "'b.example' is not an IP address"),
        ("--resolve", "a:x:127.0.0.1", "'x' is not a port number"),
    ] {
        wscope()
            .args([option, value, "ws://a.invalid"])
            .run()
            .code(2)
            .stderr_contains(&format!("wscope: bad {option} "))
            .stderr_contains(reason);
    }
}

#[cfg(target_os = "linux")] // where all of 127.0.0.0/8 is ours
#[test]
fn interface_selects_the_local_address() {
    let (_, outcome) = request_of(&[], |server| {
        wscope().args(["--interface", "127.0.0.9", "--json"]).arg(server.url())
    });
    let local = outcome.json_lines()[0]["local"].as_str().map(ToOwned::to_owned);
    assert!(local.as_deref().is_some_and(|local| local.starts_with("127.0.0.9:")), "{local:?}");
    wscope()
        .args(["--interface", "192.0.2.1", "ws://127.0.0.1:9"])
        .run()
        .code(3)
        .stderr_contains("TCP connect from 192.0.2.1: 127.0.0.1:9: ")
        .stderr_contains("hint: this machine does not have the address of --interface");
    wscope()
        .args(["--interface", "::1", "ws://127.0.0.1:9"])
        .run()
        .code(3)
        .stderr_contains("127.0.0.1 is not an IPv6 address")
        .stderr_contains(
            "hint: --interface names an IPv6 address, which can only reach addresses of that family",
        );
}

#[cfg(target_os = "linux")]
#[test]
fn an_unknown_interface_is_reported() {
    wscope()
        .args(["--interface", "no-such-if0", "ws://127.0.0.1:9"])
        .run()
        .code(3)
        .stderr_contains("TCP connect from interface no-such-if0: 127.0.0.1:9: ")
        .stderr_contains("hint: this machine has no network interface of that name");
}

/// A server on a Unix socket in the home of the command.
fn unix(steps: impl FnOnce(&mut Peer) + Send + 'static) -> (Server, Wscope, String) {
    let command = wscope();
    let path = command.home().join("own.sock");
    let server = Server::unix(&path, steps);
    (server, command, path.to_str().expect("a path in UTF-8").to_owned())
}

#[test]
fn a_unix_socket_by_its_url() {
    let (sender, heads) = mpsc::channel();
    let (_server, command, path) = unix(move |peer| {
        let head = peer.accept_request();
        peer.close_and_expect_reply(1000);
        sender.send(head).expect("a receiver in the test");
    });
    let url = format!("ws+unix:{path}:/chat?x=1");
    let outcome = command.args(["-v", "--json", "--proxy", "h:5", &url]).run().code(0);
    assert_valid(&outcome.json_lines()[0]);
    let head = heads.recv().expect("a request");
    assert!(head.starts_with("GET /chat?x=1 HTTP/1.1\r\nHost: localhost\r\n"), "{head}");
    outcome
        .stderr_contains(&format!("(unix:{path})\n"))
        .stderr_contains("--proxy http://h:5 is not used: a Unix socket is on this machine\n");
}

#[test]
fn a_unix_socket_by_the_option() {
    let (sender, heads) = mpsc::channel();
    let (_server, command, path) = unix(move |peer| {
        let head = peer.read_head();
        sender.send(head.clone()).expect("a receiver in the test");
        peer.accept(&head);
        peer.expect_text("hi");
        peer.send(text("hi"));
        peer.close_and_expect_reply(1000);
    });
    let options = ["--json", "-x", "hi", "--unix-socket", &path, "ws://api.invalid/x"];
    let outcome = command.args(options).run().code(0);
    assert_eq!(header(&heads.recv().expect("a request"), "Host"), Some("api.invalid"));
    let open = &outcome.json_lines()[0];
    assert_valid(open);
    assert_eq!((&open["remote"], &open["local"]), (&format!("unix:{path}").into(), &"".into()));
    assert_eq!((&open["timings_ms"]["dns"], &open["timings_ms"]["tcp"]), (&().into(), &().into()));
}

#[test]
fn a_missing_scheme_is_ws_for_a_unix_socket() {
    let (_server, command, path) = unix(|peer| {
        let head = peer.read_head();
        assert_eq!(header(&head, "Host"), Some("api.invalid"));
        peer.accept(&head);
        peer.close_and_expect_reply(1000);
    });
    let outcome = command.args(["--unix-socket", &path, "api.invalid/x"]).run().code(0);
    outcome.stderr_contains("connected to ws://api.invalid/x ").stderr_lacks("no scheme given");
}

#[test]
fn a_large_message_passes_through_a_unix_socket() {
    let (_server, command, path) = unix(echo_once);
    let data: Vec<u8> = (0..3 << 20).map(|at| (at % 251) as u8).collect();
    let command = command.file("data", &data).args(["-b", "--send-file", "data", "--unix-socket"]);
    command.args([&path, "ws://x"]).run().code(0).stdout_bytes(&data);
}

#[test]
fn tls_through_a_unix_socket() {
    let (trusted, acceptor) = identity("localhost");
    let (_server, command, path) = unix(move |peer| {
        start_tls(peer, &acceptor);
        echo_once(peer);
    });
    let command = command.file("ca.pem", trusted).args(["--cacert", "ca.pem", "-x", "hi"]);
    let outcome = command.arg(format!("wss+unix:{path}:/")).run().code(0).stdout("hi\n");
    outcome.stderr_contains(&format!("connected to wss+unix:{path}:/ (unix:{path}), TLSv1."));
}

#[test]
fn sockets_that_cannot_be_connected_to() {
    let command = wscope().file("plain", "");
    let home = command.home();
    let stale = home.join("stale.sock");
    drop(UnixListener::bind(&stale).expect("a socket"));
    let long = "x".repeat(200);
    for (path, reason, hint) in [
        ("none.sock", "No such file or directory", "is the server running"),
        ("plain", "that is not a socket", ""),
        ("stale.sock", "Connection refused", "no program listens on that socket"),
        (&*long, "path must be shorter", ""),
    ] {
        let path = home.join(path);
        let path = path.to_str().expect("a path in UTF-8");
        wscope()
            .args(["--unix-socket", path, "ws://x"])
            .run()
            .code(3)
            .stderr_contains(&format!("wscope: could not connect: Unix socket {path}: {reason}"))
            .stderr_contains(hint);
        wscope().arg(format!("ws+unix:{path}:/")).run().code(3).stderr_contains(reason);
    }
}

#[test]
fn a_socket_without_permission() {
    let command = wscope();
    let path = command.home().join("own.sock");
    let _listener = UnixListener::bind(&path).expect("a socket");
    fs::set_permissions(&path, Permissions::from_mode(0o0)).expect("permissions");
    if std::os::unix::net::UnixStream::connect(&path).is_ok() {
        return; // the superuser has all permissions
    }
    command
        .arg("--unix-socket")
        .arg(&path)
        .arg("ws://x")
        .run()
        .code(3)
        .stderr_contains("Permission denied")
        .stderr_contains("hint: connecting takes permission to write to the socket");
}

#[test]
fn a_unix_socket_with_a_full_queue_times_out() {
    use socket2::{Domain, SockAddr, Socket, Type};
    let command = wscope();
    let path = command.home().join("full.sock");
    let address = SockAddr::unix(&path).expect("a path for a unix socket");
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    listener.bind(&address).expect("a free path");
    listener.listen(0).expect("a listening socket");
    let first = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    first.connect(&address).expect("room for one");
    let options = ["--connect-timeout", "200ms", "--unix-socket"];
    command
        .args(options)
        .arg(&path)
        .arg("ws://x")
        .run()
        .code(7)
        .stderr_contains("full.sock: timed out after 200ms");
}

#[test]
fn wscat_and_curl_spellings() {
    let server = Server::script(echo_once);
    let command = wscope().env("ALL_PROXY", "h:1").args(["--noproxy", "*", "-x", "hi"]);
    command.arg(server.url()).run().code(0).stdout("hi\n");
}

#[test]
fn the_local_address_must_be_of_the_selected_family() {
    for (family, address, reason) in [
        ("-4", "::1", "that is an IPv6 address, and -4 leaves only IPv4"),
        ("-6", "127.0.0.1", "that is an IPv4 address, and -6 leaves only IPv6"),
    ] {
        wscope()
            .args([family, "--interface", address, "ws://localhost:1"])
            .run()
            .code(2)
            .stderr_contains(&format!("wscope: bad --interface \"{address}\": {reason}\n"));
    }
}

#[test]
fn localhost_names_are_resolved_locally() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.close_and_expect_reply(1000);
    });
    let url = format!("ws://wscope-test.localhost:{}/", server.port());
    wscope().arg(url).run().code(0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_local_address_is_explained() {
    let outcome = wscope().arg("ws://[fe80::1]:9/").run().code(3);
    outcome.stderr_contains("hint: fe80::1 is a link-local address: --interface NAME names");
    let outcome = wscope().arg("ws://[fe80::1%25eth0]:9/").run().code(2);
    outcome.stderr_contains("a URL cannot name the zone of an IPv6 address: --interface NAME does");
    let outcome = wscope().args(["listen", "[fe80::1]:0"]).run().code(8);
    outcome.stderr_contains("hint: a link-local address requires the number of its network");
}
