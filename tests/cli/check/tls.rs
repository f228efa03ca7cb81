//! Connections over TLS and through a proxy: what queries see of them, and options of the command for all of them.

use super::{check, run};
use crate::support::{Outcome, Peer, Server, text};
use crate::tls::{Credentials, start_tls};

/// Serves connections over TLS, each with a message.
fn serve(count: usize, credentials: &Credentials) -> Server {
    let acceptor = credentials.acceptor();
    Server::repeat(count, move |peer| {
        start_tls(peer, &acceptor);
        peer.accept_request();
        peer.send(text("a"));
        peer.answer_close(1000);
    })
}

/// A server whose certificate no client accepts.
fn refused(count: usize, credentials: &Credentials) -> Server {
    let acceptor = credentials.acceptor();
    Server::repeat(count, move |peer| {
        start_tls(peer, &acceptor);
        assert!(peer.read_until_eof().is_empty(), "the client continued");
    })
}

/// Runs a scenario in which `{{url}}` is the server's, and `ca.pem` its authority.
fn run_tls(server: &Server, authority: &str, scenario: &str, args: &[&str]) -> Outcome {
    let url = format!("url=wss://localhost:{}", server.port());
    check(scenario).file("ca.pem", authority).args(["--variable", &url]).args(args).run()
}

/// The days until the certificate of the tests ends.
fn days_left() -> i64 {
    let end: jiff::Timestamp = "2096-05-04T00:00:00Z".parse().expect("a date");
    (end.as_second() - jiff::Timestamp::now().as_second()).div_euclid(86_400)
}

/// Scenario language, section 4: "`tls_version`, `certificate "subject|issuer|not_after|days_left"`".
#[test]
fn queries_of_a_connection_over_tls_see_version_and_certificate() {
    let credentials = Credentials::for_names(&["localhost"]);
    let most = days_left(); // at the time of the connection it may be a day less
    let assertions = |version: &str, subject: &str, date: &str, days: i64| {
        format!(
            "WS {{{{url}}}}\nHTTP 101\n[Asserts]\ntls_version matches {version}\n\
             certificate \"subject\" == \"CN={subject} Server\"\n\
             certificate \"issuer\" == \"CN={subject} Authority\"\n\
             certificate \"not_after\" == \"{date}T00:00:00Z\"\n\
             certificate \"days_left\" <= {days}\ncertificate \"days_left\" >= {}\n",
            days - 1
        )
    };
    let server = serve(2, &credentials);
    let args = ["--cacert", "ca.pem"];
    let right = assertions("/^TLSv1\\.[23]$/", "Test", "2096-05-04", most);
    run_tls(&server, &credentials.authority, &right, &args).code(0);
    let wrong = assertions("/^SSL/", "Other", "2096-05-05", most - 5);
    let outcome = run_tls(&server, &credentials.authority, &wrong, &args).code(1);
    for line in 5..=8 {
        let also = format!("also line {line}: ");
        assert!(outcome.stdout.contains(&also), "{line}\n{}", outcome.stdout);
    }
}

/// Scenario language, section 4: "`timing "dns|tcp|tls|upgrade|total"`".
#[test]
fn each_phase_of_connecting_has_its_time() {
    let credentials = Credentials::for_names(&["localhost"]);
    let scenario = "\
WS {{url}}
HTTP 101
[Captures]
tcp: timing \"tcp\"
tls: timing \"tls\"
upgrade: timing \"upgrade\"
[Asserts]
timing \"dns\" >= 0ms
timing \"tcp\" > 0ms
timing \"tls\" > 0ms
timing \"upgrade\" > 0ms
timing \"total\" > {{tcp}}
timing \"total\" > {{tls}}
timing \"total\" > {{upgrade}}
timing \"total\" < 10s
";
    let server = serve(1, &credentials);
    run_tls(&server, &credentials.authority, scenario, &["--cacert", "ca.pem"]).code(0);
    // A phase that did not happen has no time.
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\nHTTP 101\n[Asserts]\ntiming \"tls\" not exists\n\
        timing \"tcp\" exists\ntiming \"upgrade\" exists\ntiming \"total\" exists\n";
    run(&server, scenario).code(0);
}

/// Scenario language, section 5: "every option of `wscope URL` that has a meaning for all connections (`-k`,
/// `--cacert` …)".
#[test]
fn options_of_the_command_about_tls_are_for_all_connections() {
    let credentials = Credentials::for_names(&["localhost"]);
    let scenario = "### one\nWS {{url}}\n< a\n### two\nWS {{url}}\n< a\n";
    for (args, passed) in [
        (&[][..], 0),
        (&["-k"], 2),
        (&["--insecure"], 2),
        (&["--cacert", "ca.pem"], 2),
        (&["--cacert", "ca.pem", "--servername", "other.example"], 0),
        (&["-k", "--tls-max", "1.2"], 2),
    ] {
        let server = if passed == 0 { refused } else { serve }(2, &credentials);
        run_tls(&server, &credentials.authority, scenario, args)
            .code(i32::from(passed == 0))
            .stdout_contains(&format!("2 parts: {passed} passed, {} failed, ", 2 - passed));
    }
}

/// Scenario language, section 3: "Options are the long options of `wscope URL` without their dashes, value after the
/// colon (`insecure: true` for flags)".
#[test]
fn options_of_the_file_about_tls_are_for_their_connection() {
    let credentials = Credentials::for_names(&["localhost"]);
    for (option, code) in [
        ("insecure: true", 0),
        ("insecure: false", 1),
        ("cacert: ca.pem", 0),
        ("servername: localhost", 1),
    ] {
        let server = if code == 0 { serve } else { refused }(1, &credentials);
        let scenario = format!("WS {{{{url}}}}\n[Options]\n{option}\n\n< a\n");
        run_tls(&server, &credentials.authority, &scenario, &[]).code(code);
    }
}

/// Scenario language, section 5: "every option of `wscope URL` that has a meaning for all connections (…, `--proxy`,
/// `-H` …)".
#[test]
fn a_proxy_of_the_command_or_of_the_file_carries_the_connections() {
    let proxy = || {
        Server::repeat(2, |peer: &mut Peer| {
            let head = peer.read_head();
            assert!(head.starts_with("CONNECT target.invalid:80 HTTP/1.1\r\n"), "{head}");
            peer.respond("HTTP/1.1 200 Connection established\r\n\r\n");
            let head = peer.accept_request();
            assert!(head.contains("\r\nX-All: 1\r\n"), "{head}");
            peer.send(text("a"));
            peer.answer_close(1000);
        })
    };
    let part = |options: &str| format!("###\nWS ws://target.invalid/x\n{options}\n< a\n").repeat(2);
    let server = proxy();
    check(&part("")).args(["--proxy", &server.http_url(), "-H", "X-All: 1"]).run().code(0);
    let server = proxy();
    let options = format!("[Options]\nproxy: {}\n", server.http_url());
    check(&part(&options)).args(["-H", "X-All: 1"]).run().code(0);
}
