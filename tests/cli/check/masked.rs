//! Secrets that are masked in what `check` records, and what is made of such recordings.

use crate::scripts::{answer_close, serve};
use crate::support::{Peer, Server, close, pong, script, text, wscope};

/// A server that repeats what each of two clients says, which is `said`.
fn repeating(said: &'static [&'static str]) -> Server {
    Server::scripts((0..2).map(move |_| {
        script(move |peer: &mut Peer| {
            let head = peer.read_head();
            assert!(head.contains("Authorization: Bearer S3cr3t-one\r\n"), "{head}");
            peer.accept(&head);
            for message in said {
                peer.expect_text(message);
                peer.send(text(message));
            }
            answer_close(peer);
        })
    }))
}

const LOGIN: &str = "Authorization: Bearer {{one}}\n";

/// Contract, section 6: "secrets as `{{variables}}`".
#[test]
fn each_secret_in_messages_is_one_variable() {
    let server =
        repeating(&["key S3cr3t-onexyz", "key two-S3cr3t, two-S3cr3t", "key three-S3cr3t"]);
    let steps = ["{{one}}{{xyz}}", "{{two}}, {{two}}", "{{three}}"];
    let steps = steps.map(|said| format!("> key {said}\n< key {said}\n")).concat();
    let scenario = format!("WS {}\n{LOGIN}{steps}", server.url());
    let args = ["--record", "r.wscope", "--record", "r.ndjson", "--secret", "one=S3cr3t-one"];
    let outcome = wscope()
        .file("s.wscope", &scenario)
        .args(["check", "s.wscope", "--secret", "two=two-S3cr3t", "--secret", "three=three-S3cr3t"])
        .args(["--secret", "xyz=xyz"])
        .args(args)
        .run()
        .code(0);
    let file = |name| String::from_utf8(outcome.file(name)).expect("UTF-8");
    assert!(!file("r.ndjson").contains("secret_ids"), "{}", file("r.ndjson"));
    let recorded = file("r.wscope");
    for line in [
        "\nAuthorization: Bearer {{authorization}}\n",
        "\n> key {{authorization}}{{key}}\n< key {{authorization}}{{key}}\n",
        "\n> key {{key_2}}, {{key_2}}\n< key {{key_2}}, {{key_2}}\n",
        "\n> key {{key_3}}\n< key {{key_3}}\n",
    ] {
        assert!(recorded.contains(line), "{line}: {recorded}");
    }
    wscope()
        .file("r.wscope", &recorded)
        .args(["check", "r.wscope", "--secret", "authorization=S3cr3t-one", "--secret", "key=xyz"])
        .args(["--secret", "key_2=two-S3cr3t", "--secret", "key_3=three-S3cr3t"])
        .run()
        .code(0);
    server.join();
}

/// Contract, section 6, of `replay`: "a value that holds `***` is left out and named".
#[test]
fn secrets_in_pings_pongs_and_reasons_are_variables_too() {
    let server = Server::scripts((0..2).map(|_| {
        script(|peer| {
            peer.accept_request();
            peer.expect_ping(b"S3cr3t-one");
            peer.send(pong(b"S3cr3t-one"));
            peer.expect_pong(b"a two-S3cr3t");
            let reason = peer.expect_close(4000);
            assert_eq!(reason, "bye S3cr3t-one");
            peer.send(close(4000, "for two-S3cr3t"));
        })
    }));
    let steps = "> ping:{{one}}\n< pong:{{one}}\n> pong:a {{two}}\n> close:4000 bye {{one}}\n< close:4000 for {{two}}\n";
    let scenario = format!("WS {}\n{steps}", server.url());
    let args = ["check", "s.wscope", "--secret", "one=S3cr3t-one", "--secret", "two=two-S3cr3t"];
    let records = ["--record", "r.wscope", "--record", "r.ndjson", "--record", "r.har"];
    let outcome = wscope().file("s.wscope", &scenario).args(args).args(records).run().code(0);
    let file = |name| String::from_utf8(outcome.file(name)).expect("UTF-8");
    let (lines, recorded) = (file("r.ndjson"), file("r.wscope"));
    let marked = lines.lines().filter(|line| line.contains(r#""secrets_masked":true"#));
    assert_eq!(marked.count(), 4, "{lines}");
    assert!(!lines.contains("secret_ids"), "{lines}");
    let written = "\n> ping:{{secret}}\n< pong:{{secret}}\n> pong:a {{a}}\n> close:4000 bye {{secret}}\n< close:4000 for {{a}}\n";
    assert!(recorded.contains(written), "{recorded}");
    let program = wscope().file("r.wscope", &recorded).args(["check", "r.wscope"]);
    program.args(["--secret", "secret=S3cr3t-one", "--secret", "a=two-S3cr3t"]).run().code(0);
    for name in ["r.ndjson", "r.har"] {
        let run = |args: &[&str]| wscope().file(name, file(name)).args(args).run();
        run(&["check", name]).code(2).stderr_contains("--secret secret=VALUE");
        run(&["replay", "--check", name]).code(2).stderr_contains(
            "a ping of the client has *** in place of a secret that was masked in the recording, as 2 control frames\n",
        );
    }
    server.join();
}

/// What the server repeats of the credentials.
#[test]
fn a_reason_that_is_masked_is_marked_in_any_run() {
    let server = serve(|peer| {
        peer.close(4001, "no S3cr3t-one here");
        peer.expect_close(4001);
    });
    let url = server.url();
    let args = [url.as_str(), "--bearer", "S3cr3t-one", "--record", "r.ndjson"];
    let lines = wscope().args(args).run().code(6).file("r.ndjson");
    let lines = String::from_utf8(lines).expect("UTF-8");
    let end = lines.lines().find(|line| line.contains(r#""event":"close""#)).expect("an end");
    assert!(
        end.contains(r#""reason":"no *** here""#) && end.contains(r#""secrets_masked":true"#),
        "{end}"
    );
    server.join();
}
