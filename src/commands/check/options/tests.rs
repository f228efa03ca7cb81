use std::time::Duration;

use clap::CommandFactory;

use super::*;
use crate::cli::{Cli, connect_command};
use crate::config::SCENARIO_OPTIONS;

/// Scenario language, section 3: "the time `timeout` (an option of the connection, default 5s)"; "memory is bounded by
/// `max-buffered` (default 256 MiB a connection […])"
#[test]
fn a_pattern_waits_for_5_s_and_256_mib_are_kept_by_default() {
    let own = OwnOptions::default();
    assert_eq!(own.timeout, Duration::from_secs(5));
    assert_eq!(own.max_buffered, 256 * 1024 * 1024);
    assert!(!own.strict);
    assert_eq!(own.retry, None);
}

/// Scenario language, section 3: "Options are the long options of `wscope URL` without their dashes […] plus `timeout`,
/// `strict`, `ignore`, `max-time`, `max-buffered`", and `retry`
#[test]
fn options_are_long_options_of_wscope_url_and_six_more() {
    let command = connect_command();
    let long: Vec<_> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
    for name in SCENARIO_OPTIONS {
        assert!(long.contains(&name), "{name}");
        assert!(!OWN.contains(&name), "{name}");
    }
    assert_eq!(OWN, ["timeout", "strict", "ignore", "max-time", "max-buffered", "retry"]);
}

/// Options of a scenario that the command does not have for all connections.
const OF_SCENARIOS: [(&str, &str); 4] = [
    ("timeout", "how long a step may take is part of what its file expects"),
    ("strict", "the order of messages is part of that too; --strict is about warnings"),
    ("ignore", "which messages mean nothing depends on the server of a file"),
    ("max-buffered", "how much a server sends too"),
];

/// Options of `wscope URL` that the command does not have.
const OF_CONNECTIONS: [(&[&str], &str); 7] = [
    (
        &[
            "send",
            "send-hex",
            "send-file",
            "send-frame",
            "input",
            "slash",
            "binary",
            "text",
            "echo",
        ],
        "the steps of a file say what is sent",
    ),
    (&["output", "json"], "reports have what was received"),
    (&["ui", "open", "ui-history"], "the files run by themselves; --report-html is their page"),
    (&["filter", "mute"], "what is shown of a part belongs to its failure"),
    (
        &["wait", "count", "duration", "stay", "expect", "close-code", "close-reason"],
        "the steps say what is received, and when and how the connection is closed",
    ),
    (&["from-curl"], "it is one connection with its URL, and a scenario says to which it connects"),
    (
        &["reconnect", "reconnect-on-close", "reconnect-delay"],
        "the end of a connection fails its part, or is expected; --retry has waits of its own",
    ),
];

fn check_options() -> Vec<String> {
    let cli = Cli::command();
    let check = cli.find_subcommand("check").expect("the command");
    check.get_arguments().filter_map(|arg| arg.get_long()).map(str::to_owned).collect()
}

#[test]
fn every_option_of_a_connection_is_one_of_the_command() {
    let known = check_options();
    for name in SCENARIO_OPTIONS.iter().chain(&OWN) {
        let alone = OF_SCENARIOS.iter().any(|(own, _)| own == name);
        assert!(alone || known.iter().any(|known| known == name), "{name}");
    }
    for (name, reason) in OF_SCENARIOS {
        assert!(OWN.contains(&name), "{name}: {reason}");
    }
}

#[test]
fn every_option_of_wscope_url_is_one_of_the_command_or_has_no_meaning_there() {
    let known = check_options();
    let command = connect_command();
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    for name in shown.filter_map(|arg| arg.get_long()) {
        let other = OF_CONNECTIONS.iter().any(|(names, _)| names.contains(&name));
        let is_known = known.iter().any(|known| known == name);
        assert!(is_known != other, "{name}");
    }
}

#[test]
fn options_of_the_command_stand_between_those_of_the_file() {
    let options = ["--connect-to=b:1", "--user=c:li", "--cacert=b", "--insecure", "--ipv4"];
    let headers = [HeaderLine::new("X-A", "1"), HeaderLine::parse("X-B:").expect("a header")];
    let own = [
        ("cacert", "a"),
        ("insecure", "false"),
        ("lenient", "true"),
        ("user", "f:ile"),
        ("connect-to", "a:1"),
    ];
    let own = OwnLines { options: own.to_vec(), headers: &headers, has_user: false };
    let expected = [
        "--connect-to=a:1",
        "--connect-to=b:1",
        "--cacert=b",
        "--ipv4",
        "--cacert=a",
        "--lenient",
        "--user=f:ile",
        "--header=X-A: 1",
        "--header=X-B:",
    ];
    assert_eq!(merged(&options.map(OsString::from), &own), expected);
}
