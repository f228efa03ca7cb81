//! Files that the run reads are not recorded to.

use std::fs;

use crate::scripts::refused_url;
use crate::support::wscope;
use crate::tls::Credentials;

#[test]
fn files_that_options_name_are_not_replaced() {
    const CURL: &str = "curl 'wss://127.0.0.1:9/'";
    let cases = [
        (&["-H", "@in.ndjson"][..], "X-Me: a", "--header"),
        (&["--proxy-header", "@in.ndjson"], "X-Me: a", "--proxy-header"),
        (&["--bearer", "@in.ndjson"], "abc", "--bearer"),
        (&["-u", "@in.ndjson"], "me:abc", "--user"),
        (&["--cookie", "@in.ndjson"], "a=b", "--cookie"),
        (&["--netrc-file", "in.ndjson"], "machine h login a password b", "--netrc-file"),
        (&["--from-curl", "in.ndjson"], CURL, "--from-curl"),
        (&["--send-file", "./in.ndjson"], "abc", "--send-file"),
    ];
    for (options, content, name) in cases {
        let program = wscope().file("in.ndjson", content).arg(refused_url()).args(options);
        let outcome = program.args(["--force", "--record", "in.ndjson"]).stdin_null().run();
        assert_eq!(String::from_utf8_lossy(&outcome.file("in.ndjson")), content, "{name}");
        outcome.code(2).stderr_contains(&format!("it is read by this run ({name})"));
    }
}

#[test]
fn certificates_and_keys_are_not_replaced() {
    let Credentials { certificate, key, .. } = Credentials::for_names(&["127.0.0.1"]);
    let plain = ["--cert", "cert.pem", "--key", "key.pem"];
    for (option, content) in [
        ("--cacert", &certificate),
        ("--cert", &certificate),
        ("--key", &key),
        ("--pass", &"phrase".to_owned()),
    ] {
        let program = wscope().file("in.har", content);
        let program = program.file("cert.pem", &certificate).file("key.pem", &key);
        let mut args: Vec<_> = plain.to_vec();
        match args.iter().position(|it| *it == option) {
            Some(at) => args[at + 1] = "in.har",
            None => args.extend([option, if option == "--pass" { "@in.har" } else { "in.har" }]),
        }
        let record = ["wss://127.0.0.1:9", "--force", "--record", "in.har"];
        let outcome = program.args(record).args(args).stdin_null().run();
        assert_eq!(outcome.file("in.har"), content.as_bytes(), "{option}");
        outcome.code(2).stderr_contains(&format!("it is read by this run ({option})"));
    }
}

#[test]
fn files_that_other_commands_read_are_not_replaced() {
    let talk = "{\"event\":\"open\",\"url\":\"ws://127.0.0.1:9/\"}\n";
    let force = ["--force", "--record", "in.ndjson"];
    for (command, content, name) in [
        (&["listen", ":0", "-H", "@in.ndjson"][..], "X-Me: a", "--header"),
        (&["replay", "r.ndjson", "--bearer", "@in.ndjson"], "abc", "--bearer"),
        (&["replay", "r.ndjson", "-H", "@in.ndjson"], "X-Me: a", "--header"),
        (&["check", "c.wscope", "--bearer", "@in.ndjson"], "abc", "--bearer"),
        (&["check", "c.wscope", "-H", "@in.ndjson"], "X-Me: a", "--header"),
        (&["check", "c.wscope", "--variables-file", "in.ndjson"], "a=b", "--variables-file"),
    ] {
        let program = wscope().file("in.ndjson", content).file("r.ndjson", talk);
        let program = program.file("c.wscope", "WS ws://127.0.0.1:9/\n> a\n");
        let outcome = program.args(command).args(force).stdin_null().run();
        assert_eq!(String::from_utf8_lossy(&outcome.file("in.ndjson")), content, "{command:?}");
        outcome.code(2).stderr_contains(&format!("it is read by this run ({name})"));
    }
}

#[cfg(unix)]
#[test]
fn the_configuration_file_is_not_replaced() {
    let program = wscope();
    let config = program.home().join(".config/wscope/config");
    fs::create_dir_all(config.parent().expect("a folder")).expect("a folder");
    fs::write(&config, "--no-compress\n").expect("a file");
    std::os::unix::fs::symlink(&config, program.home().join("in.ndjson")).expect("a link");
    let args = [&refused_url(), "--force", "--record", "in.ndjson"];
    let outcome = program.args(args).stdin_null().run();
    assert_eq!(outcome.file("in.ndjson"), b"--no-compress\n");
    outcome.code(2).stderr_contains("it is read by this run (configuration file)");
}
