//! Which proxy is used, and the source of the choice.

use super::{ESTABLISHED, TARGET, assert_no_secret};
use crate::scripts::echo_once;
use crate::support::{Outcome, Server, Wscope, wscope};

fn proxy() -> Server {
    Server::script(|peer| {
        peer.read_head();
        peer.respond(ESTABLISHED);
        echo_once(peer);
    })
}

/// Runs with a proxy configured by `name`, which must be used.
#[track_caller]
fn run_with_proxy(name: impl FnOnce(Wscope, String) -> Wscope) -> Outcome {
    let proxy = proxy();
    let url = format!("http://me:hunter2@127.0.0.1:{}", proxy.port());
    let outcome = name(wscope().args(["-x", "hi"]), url).run().code(0).stdout("hi\n");
    assert_no_secret(&outcome, &["hunter2"]);
    outcome
}

#[test]
fn environment_variables_select_the_proxy() {
    for name in ["WS_PROXY", "ws_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let outcome = run_with_proxy(|wscope, url| wscope.env(name, url).args(["-v", TARGET]));
        outcome
            .stderr_contains(&format!("is used because of {name}\n"))
            .stderr_contains(&format!(" from {name})\n"));
    }
}

#[test]
fn other_variables_are_ignored() {
    let server = Server::script(echo_once);
    let mut command = wscope().args(["-x", "hi", "-v"]).arg(server.url());
    for name in ["WSS_PROXY", "HTTPS_PROXY", "FTP_PROXY", "PROXY"] {
        command = command.env(name, "http://127.0.0.1:1");
    }
    command = command.env("ALL_PROXY", "").env("REQUEST_METHOD", "GET");
    command.env("HTTP_PROXY", "127.0.0.1:1").run().code(0).stdout("hi\n").stderr_lacks("proxy");
}

#[test]
fn the_option_takes_precedence_over_variables() {
    run_with_proxy(|wscope, url| {
        wscope.env("ALL_PROXY", "http://127.0.0.1:1").args(["--proxy", &url, TARGET])
    });
    let server = Server::script(echo_once);
    let command = wscope().env("ALL_PROXY", "http://127.0.0.1:1").args(["--proxy", "", "-x", "hi"]);
    command.arg(server.url()).run().code(0).stdout("hi\n");
}

#[test]
fn no_proxy_is_applied_and_reported() {
    for (options, variable, line) in [
        (
            &["-v"][..],
            "127.0.0.0/8",
            "proxy http://127.0.0.1:1 from ALL_PROXY is not used: NO_PROXY has '127.0.0.0/8'\n",
        ),
        (
            &["-v", "--no-proxy", "x.example,*"],
            "",
            "from ALL_PROXY is not used: --no-proxy has '*'\n",
        ),
        (
            &["--proxy", "h:5"],
            "127.0.0.1",
            "--proxy http://h:5 is not used: NO_PROXY has '127.0.0.1'\n",
        ),
    ] {
        let server = Server::script(echo_once);
        let command = wscope().env("ALL_PROXY", "http://127.0.0.1:1").env("NO_PROXY", variable);
        let outcome = command.args(options).args(["-x", "hi"]).arg(server.url()).run().code(0);
        outcome.stdout("hi\n").stderr_contains(line);
    }
}

#[test]
fn an_unused_proxy_of_a_variable_is_reported_only_with_verbose() {
    let server = Server::script(echo_once);
    let command = wscope().env("ALL_PROXY", "http://127.0.0.1:1").env("NO_PROXY", "127.0.0.1");
    command.args(["-x", "hi"]).arg(server.url()).run().code(0).stderr_lacks("proxy");
}

#[test]
fn the_no_proxy_option_replaces_the_variable() {
    run_with_proxy(|wscope, url| {
        let options = ["--no-proxy", "other.invalid", TARGET];
        wscope.env("NO_PROXY", "*").env("ALL_PROXY", url).args(options)
    });
}

#[test]
fn failures_name_the_variable() {
    let command = wscope().env("HTTP_PROXY", "http://me:hunter2@127.0.0.1:1").arg(TARGET);
    let outcome = command.run().code(3);
    assert_no_secret(&outcome, &["hunter2"]);
    outcome
        .stderr_contains("proxy http://127.0.0.1:1 from HTTP_PROXY: TCP connect: ")
        .stderr_contains("HTTP_PROXY names it; --proxy '' connects without it\n");
    let proxy = Server::respond("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n");
    let url = proxy.http_url();
    wscope()
        .env("all_proxy", &url)
        .arg(TARGET)
        .run()
        .code(3)
        .stderr_contains(" from all_proxy refused CONNECT")
        .stderr_contains(
            "hint: the proxy requires a name and password: all_proxy=http://USER:PASS@127.0.0.1:",
        );
}

#[test]
fn an_invalid_proxy_is_a_usage_error() {
    for (option, value, line) in [
        (
            "--proxy",
            "socks4://me:hunter2@h",
            "wscope: bad --proxy \"socks4://***@h\": wscope supports version 5 of SOCKS only",
        ),
        (
            "--proxy",
            "http://me:hunter2@h:x",
            "wscope: bad --proxy \"http://***@h:x\": 'x' is not a port number",
        ),
        (
            "--no-proxy",
            "10.0.0.0/99",
            "wscope: bad --no-proxy \"10.0.0.0/99\": entry '10.0.0.0/99': ",
        ),
        ("--proxy-header", "Proxy-Authorization", "wscope: bad --proxy-header "),
    ] {
        let outcome = wscope().args([option, value, TARGET]).run().code(2).stderr_contains(line);
        assert_no_secret(&outcome, &["hunter2"]);
    }
    wscope()
        .env("WS_PROXY", "gopher://me:hunter2@h")
        .arg(TARGET)
        .run()
        .code(2)
        .stderr_contains("wscope: bad WS_PROXY \"gopher://***@h\": a proxy is http://")
        .stderr_lacks("hunter2");
}
