//! Command lines of `wscope proxy` that are not valid.

use crate::support::{Outcome, wscope};

fn run(args: &[&str]) -> Outcome {
    wscope().arg("proxy").args(args).run()
}

/// Exit status 2, with this error.
#[track_caller]
fn refused(args: &[&str], error: &str) {
    let outcome = run(args);
    assert_eq!(outcome.code, Some(2), "{args:?}: {}", outcome.stderr);
    assert_eq!(outcome.stdout, "", "{args:?}");
    let first = outcome.stderr.lines().next().unwrap_or_default();
    assert_eq!(first, format!("wscope: {error}"), "{args:?}");
}

#[test]
fn a_bad_value_is_named_with_its_option_and_the_reason() {
    const STATUS: &str = "a status that refuses a request is one from 200 to 599";
    const DURATION: &str = "a duration is written 500ms, 5s, 2m, 1h or as a number of seconds";
    for (option, value, reason) in [
        ("--refuse", "99", STATUS),
        ("--refuse", "101", STATUS),
        ("--refuse", "503,200%", "a share is more than 0% and at most 100%"),
        ("--refuse", "503,20", "a share is written with %, as in 503,20%"),
        ("--latency", "5±", "a time is missing after ±"),
        ("--latency", "100±20ms", "both times need a unit, as in 100ms±20ms"),
        ("--latency", "10ms±20ms", "the time after ± is longer than that before it"),
        ("--latency", "5 parsecs", "\"parsecs\" is not a unit of time; use ms, s, m or h"),
        ("--throttle", "0", "nothing would be passed on; without the option there is no limit"),
        ("--throttle", "fast", "a size is a number of bytes, or written 64K, 10M, 1G"),
        ("--connections", "0", "it must be at least 1"),
        ("--max-clients", "0", "it must be at least 1"),
        ("--max-memory", "0", "it must be at least 1"),
        ("--handshake-timeout", "x", DURATION),
        ("--connect-timeout", "x", DURATION),
        ("--duration", "x", DURATION),
        ("--close-timeout", "x", DURATION),
        ("--record", "x.txt", "the name has to end in .ndjson, .har or .wscope"),
        ("--filter", "", "the pattern is empty"),
        ("--origin", "a\nb", "'\\n' is not allowed in a header value"),
    ] {
        let reason = format!("bad {option} {value:?}: {reason}");
        refused(&[":0", "ws://h", option, value], &reason);
    }
}

#[test]
fn a_bad_rule_is_quoted_with_the_place_and_the_reason() {
    for (rule, reason) in [
        ("clinet => drop", "unknown side \"clinet\": did you mean client?"),
        ("client a", "=> and an action are missing"),
        ("client => drpo", "unknown action \"drpo\": did you mean drop?"),
        ("client => delay", "delay needs a time, as in delay 500ms or delay 1s±200ms"),
        ("any nth 0 => drop", "\"0\" is not a number of messages, from 1"),
        ("any 5 => close 1006", "close code 1006 Abnormal Closure must not be sent"),
        (
            "client => hold",
            "hold needs a prompt, where /go and /drop are typed, or the page: run it on a terminal or with --ui",
        ),
    ] {
        let args = [":0", "ws://h", "--rule", "any => drop", "--rule", rule];
        let outcome = run(&args).code(2).stdout("");
        let first = outcome.stderr.lines().next().unwrap_or_default();
        let start = format!("wscope: bad --rule {rule:?}: ");
        assert!(first.starts_with(&start) && first.contains(reason), "{first}");
    }
    let missing = ["--rule", "any => replace text:@no-such-file"];
    run(&[&[":0", "ws://h"], &missing[..]].concat()).code(2).stderr_contains("--rule no-such-file");
}

#[test]
fn what_is_not_a_number_is_explained() {
    for (option, value, reason) in [
        ("--seed", "abc", "a seed is a whole number from 0 to 18446744073709551615"),
        ("--connections", "abc", "expected a whole number"),
        ("--connections", "1.5", "expected a whole number"),
        ("--connections", "99999999999999999999", "the number is too large"),
        ("--seed", "1.5", "a seed is a whole number from 0 to 18446744073709551615"),
    ] {
        let text = format!("invalid value '{value}' for '{option} <N>': {reason}");
        refused(&[":0", "ws://h", option, value], &text);
    }
}

#[test]
fn options_that_exclude_each_other_are_named() {
    let once = "the argument '--once' cannot be used with '--connections <N>'";
    refused(&[":0", "ws://h", "--once", "--connections", "2"], once);
    let quiet = "the argument '--quiet' cannot be used with '--verbose...'";
    refused(&[":0", "ws://h", "-q", "-v"], quiet);
    refused(&[":0", "ws://h", "--force"], "--force requires --record FILE");
}

#[test]
fn both_addresses_are_required() {
    refused(&[], "the following required arguments were not provided: <ADDR> <URL>");
    refused(&[":0"], "the following required arguments were not provided: <URL>");
    refused(&[":0", "ws://h", "ws://i"], "unexpected argument 'ws://i' found");
}

/// Redirects, subprotocols and compression are up to the client.
#[test]
fn options_for_a_client_of_its_own_are_unknown() {
    for option in ["-s", "-L", "--compress", "--no-compress", "--max-redirs", "--lenient", "-x"] {
        refused(&[":0", "ws://h", option], &format!("unexpected argument '{option}' found"));
    }
}

#[test]
fn a_bad_address_is_refused() {
    for address in [":99999", "ws://localhost:3000", "@staging", ""] {
        let outcome = run(&[address, "ws://h"]).code(2);
        let error = outcome.stderr.lines().next().unwrap_or_default();
        assert!(error.starts_with(&format!("wscope: bad address {address:?}: ")), "{error}");
        outcome.stderr_contains("HOST:PORT, HOST, :PORT or PORT");
    }
}

#[test]
fn a_bad_url_is_shown_without_its_secrets() {
    for url in ["ws://me:hunter2@h/#x", "ftp://me:hunter2@h", "ws://h/?token=hunter2#x"] {
        let outcome = run(&[":0", url]).code(2).stderr_lacks("hunter2");
        outcome.stderr_contains("wscope: bad URL: ").stderr_contains("***");
    }
    refused(
        &[":0", "@staging", "--no-config"],
        "--no-config: it ignores the file with the endpoints",
    );
}

#[test]
fn a_bad_value_is_an_event_with_json() {
    let outcome = run(&[":0", "ws://h", "--json", "--refuse", "99"]).code(2);
    let events = outcome.json_lines();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((&event["event"], &event["kind"]), (&"error".into(), &"usage".into()), "{event}");
}
