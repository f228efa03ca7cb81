//! Secrets that are masked in what `check` records, and what is made of such recordings.

use crate::scripts::answer_close;
use crate::support::{Peer, Server, script, text, wscope};

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
