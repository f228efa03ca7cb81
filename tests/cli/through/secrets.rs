//! Credentials reach the server, and are masked in all that is shown and recorded.

use super::{Proxied, leave, proxy, proxy_of};
use crate::support::{Outcome, header, wscope};

const SECRETS: [&str; 6] =
    ["hunter2", "s3cr3tC00kie", "t0kenInUrl", "YTpodW50ZXIy", "setC00kie", "pr1vate"];

/// One connection with secrets wherever there may be some.
fn exchange(options: &[&str]) -> (Outcome, String) {
    let program = wscope().stdin_null();
    let mut proxy: Proxied = proxy_of(program, options, "/?token=t0kenInUrl");
    let fields = ["Cookie: sid=s3cr3tC00kie", "Authorization: Bearer pr1vate"];
    let mut client = proxy.client();
    client.request("/x?access_token=pr1vate", &fields);
    let mut server = proxy.target.accept();
    let head = server.read_head();
    server.accept_with(&head, &["Set-Cookie: sid=setC00kie"]);
    let answer = client.read_head();
    assert_eq!(header(&answer, "Set-Cookie"), Some("sid=setC00kie"));
    leave(client, server);
    proxy.running.wait_stderr("closed");
    let mut client = proxy.client();
    client.request("/x?access_token=pr1vate", &fields);
    let mut server = proxy.target.accept();
    server.read_head();
    server.send("HTTP/1.1 401 No\r\nSet-Cookie: sid=setC00kie\r\nContent-Length: 0\r\n\r\n");
    client.read_head();
    drop((client, server));
    (proxy.stop(), head)
}

#[test]
fn credentials_of_options_replace_the_clients() {
    let (_, head) = exchange(&["-u", "a:hunter2"]);
    assert_eq!(header(&head, "Authorization"), Some("Basic YTpodW50ZXIy"), "{head}");
    assert_eq!(header(&head, "Cookie"), Some("sid=s3cr3tC00kie"), "{head}");
    assert!(
        head.starts_with("GET /x?token=t0kenInUrl&access_token=pr1vate HTTP/1.1\r\n"),
        "{head}"
    );
}

#[test]
fn secrets_are_masked_everywhere() {
    for options in [&["-vvv"][..], &["-v", "--json"]] {
        let records = ["--record", "x.ndjson", "--record", "x.har", "--record", "x.wscope"];
        let options = [options, &["-u", "a:hunter2"], &records].concat();
        // With --json stderr has no line of a close.
        let is_json = options.contains(&"--json");
        let (outcome, _) = if is_json { exchange_json(&options) } else { exchange(&options) };
        let mut places =
            vec![("stderr", outcome.stderr.clone()), ("stdout", outcome.stdout.clone())];
        for name in ["x.ndjson", "x.har", "x.wscope"] {
            places.push((name, String::from_utf8_lossy(&outcome.file(name)).into_owned()));
        }
        for (place, text) in places {
            for secret in SECRETS {
                assert!(!text.contains(secret), "{secret} in {place}: {text}");
            }
        }
        let text = if is_json { &outcome.stdout } else { &outcome.stderr };
        assert!(text.contains("***") && text.contains("Basic ***"), "{text}");
    }
}

/// As [`exchange`], without a wait for lines on stderr.
fn exchange_json(options: &[&str]) -> (Outcome, String) {
    let mut proxy: Proxied = proxy_of(wscope().stdin_null(), options, "/?token=t0kenInUrl");
    let fields = ["Cookie: sid=s3cr3tC00kie"];
    let (client, server) =
        proxy.open_with("/x?access_token=pr1vate", &fields, &["Set-Cookie: sid=setC00kie"]);
    leave(client, server);
    proxy.event("close");
    (proxy.stop(), String::new())
}

#[test]
fn secrets_are_shown_on_request() {
    let (outcome, _) = exchange(&["-v", "-u", "a:hunter2", "--show-secrets"]);
    outcome.stderr_contains("Basic YTpodW50ZXIy").stderr_contains("sid=s3cr3tC00kie");
}

/// One variable stood for both.
#[test]
fn different_secrets_of_clients_are_different_variables() {
    for (second, count) in [("token-two-4321", 2), ("token-one-1234", 1)] {
        let files = ["--record", "r.wscope", "--record", "r.ndjson"];
        let mut proxy = proxy(&[&["--json"][..], &files].concat());
        for token in ["token-one-1234", second] {
            let field = format!("Authorization: Bearer {token}");
            let path = format!("/?access_token={token}");
            let (client, server) = proxy.open_with(&path, &[&field], &[]);
            leave(client, server);
            proxy.event("close");
        }
        let outcome = proxy.stop();
        let scenario = String::from_utf8(outcome.file("r.wscope")).expect("UTF-8");
        for name in ["authorization", "access_token"] {
            for (variable, is_there) in
                [(format!("{{{{{name}}}}}"), true), (format!("{{{{{name}_2}}}}"), count == 2)]
            {
                assert_eq!(scenario.contains(&variable), is_there, "{variable}: {scenario}");
            }
        }
        for file in ["r.wscope", "r.ndjson"] {
            let text = String::from_utf8(outcome.file(file)).expect("UTF-8");
            assert!(!text.contains("token-one") && !text.contains("secret_ids"), "{text}");
        }
    }
}
