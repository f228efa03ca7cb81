//! Invalid command lines, and those that need no connection.

use crate::scripts::serve;
use crate::support::{Outcome, wscope};

/// Never connected to: the errors are found before.
const URL: &str = "ws://127.0.0.1:1";

/// Exit status 2, nothing on stdout, and one line with the error. Returns that line.
#[track_caller]
fn usage_error(outcome: &Outcome) -> &str {
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "", "{}", outcome.stderr);
    let lines = outcome.stderr.lines().filter(|line| line.starts_with("wscope: "));
    assert_eq!(lines.count(), 1, "{}", outcome.stderr);
    outcome.stderr.lines().next().unwrap_or_default()
}

/// The options are refused, and the line contains these words.
#[track_caller]
fn assert_refused(options: &[&str], words: &[&str]) {
    let outcome = wscope().args(options).arg(URL).run();
    let line = usage_error(&outcome);
    for word in words {
        assert!(line.contains(word), "{options:?}: no {word:?} in {line}");
    }
}

#[test]
fn invalid_urls_are_marked() {
    for (url, reason, marks) in [
        ("ftp://h/x", "'ftp' is not a scheme of WebSocket URLs", "  ftp://h/x\n  ^^^\n"),
        ("ws://h:99999/x", "port 99999 is out of range", "  ws://h:99999/x\n         ^^^^^\n"),
        ("ws://h:0", "port 0 is out of range", "  ws://h:0\n         ^\n"),
        ("localhost:fish", "'fish' is not a port number", "  localhost:fish\n            ^^^^\n"),
        ("ws://h/x#top", "cannot have a fragment", "  ws://h/x#top\n          ^^^^\n"),
        ("ws://h b/", "a URL cannot contain spaces before its path", "  ws://h b/\n        ^\n"),
        ("ws://h/a\tb", "U+0009", "  ws://h/a\\tb\n          ^^\n"),
        ("ws//h", "a colon must follow the scheme", "  ws//h\n    ^\n"),
        ("wss:h/x", "two slashes must follow the scheme", "  wss:h/x\n      ^\n"),
        ("ws://a<b/", "'<' is not allowed in a host name", "  ws://a<b/\n        ^\n"),
        (
            "ws://256.1.1.1",
            "'256.1.1.1' is not an IPv4 address",
            "  ws://256.1.1.1\n       ^^^^^^^^^\n",
        ),
        ("ws://[::1:80/", "has no ']'", "  ws://[::1:80/\n       ^^^^^^^\n"),
        ("::1", "an IPv6 address is written in brackets: [::1]", "  ::1\n  ^^^\n"),
        ("ws://", "the host is missing", "  ws://\n       ^\n"),
        ("ws:///x", "the host is missing", "  ws:///x\n       ^\n"),
        ("/x", "the host is missing", "  /x\n  ^\n"),
        ("", "the URL is empty", "  ^\n"),
    ] {
        let outcome = wscope().arg(url).run();
        let line = usage_error(&outcome);
        assert!(line.starts_with("wscope: bad URL: ") && line.contains(reason), "{url:?}: {line}");
        assert!(outcome.stderr.ends_with(marks), "{url:?}: {}", outcome.stderr);
    }
}

#[test]
fn the_password_of_an_invalid_url_is_masked() {
    let outcome = wscope().arg("ws://me:hunter2@h:x").run().stderr_lacks("hunter2");
    assert!(usage_error(&outcome).contains("'x' is not a port number"));
    assert!(
        outcome.stderr.ends_with("  ws://me:***@h:x\n                ^\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn the_token_of_an_invalid_url_is_masked() {
    let outcome = wscope().arg("ws://h/x?token=hunter2#top").run().stderr_lacks("hunter2");
    assert!(usage_error(&outcome).contains("cannot have a fragment"));
}

#[test]
fn invalid_headers_are_refused() {
    for (header, words) in [
        ("nonsense", "\"nonsense\": no colon"),
        ("A: b\r\nInjected: c", r"'\r' is not allowed in a header value"),
        ("A: b\nInjected: c", r"'\n' is not allowed in a header value"),
        ("A: b\u{1}", r"'\u{1}' is not allowed in a header value"),
        ("A b: c", "' ' is not allowed in a header name"),
        ("Ä: c", "'Ä' is not allowed in a header name"),
        (": c", "the name is empty"),
    ] {
        assert_refused(&["-H", header], &["bad --header", words]);
    }
    assert_refused(&["-o", "http://a\r\nX: y"], &["bad --origin", r"'\r' is not allowed"]);
    assert_refused(&["-A", "me\nX: y"], &["bad --user-agent", r"'\n' is not allowed"]);
}

#[test]
fn a_nul_in_a_header_file_is_refused() {
    let outcome = wscope().file("h", b"A: b\0c\n").args(["-H", "@h", URL]).run();
    assert!(usage_error(&outcome).contains(r"'\0' is not allowed in a header value"));
}

#[test]
fn an_invalid_secret_header_is_refused_without_its_value() {
    for header in [
        "Authorization: Bearer hunter2\u{7}",
        "Cookie: a=hunter2\u{7}",
        "Authorization hunter2",
        "Authorization=Bearer hunter2",
        " Authorization: Bearer hunter2",
        "\tCookie=a=hunter2",
    ] {
        let outcome = wscope().args(["-H", header, URL]).run().stderr_lacks("hunter2");
        assert!(usage_error(&outcome).contains("bad --header"));
    }
}

#[test]
fn unreadable_header_files_are_reported() {
    assert_refused(&["-H", "@missing"], &["--header", "missing", "No such file"]);
}

#[test]
fn an_invalid_line_of_a_header_file_is_reported() {
    let outcome =
        wscope().file("my-headers", "A: 1\n\nnonsense\n").args(["-H", "@my-headers", URL]).run();
    let line = usage_error(&outcome);
    for word in ["my-headers", "line 3", "no colon"] {
        assert!(line.contains(word), "no {word:?} in {line}");
    }
}

#[test]
fn invalid_and_duplicate_subprotocols_are_refused() {
    for (names, words) in [
        ("a b", "a subprotocol is a token"),
        ("", "a subprotocol is a token"),
        ("a,,b", "a subprotocol is a token"),
        ("chät", "a subprotocol is a token"),
        ("a;b", "a subprotocol is a token"),
        ("v1, v2,v1", "\"v1\": it is offered twice"),
    ] {
        assert_refused(&["-s", names], &["bad --subprotocol", words]);
    }
    assert_refused(&["-s", "v1", "--subprotocol", "v1"], &["\"v1\": it is offered twice"]);
}

#[test]
fn invalid_durations_and_sizes_are_refused() {
    for option in ["--connect-timeout", "--wait", "--max-time", "--close-timeout"] {
        for (value, words) in [
            ("5x", "not a unit of time"),
            ("", "a duration is"),
            ("1.2.3", "a duration is"),
            ("abc", "a duration is"),
        ] {
            assert_refused(&[option, value], &["bad", option, words]);
        }
    }
    for (value, words) in [("10T", "not a unit of size"), ("", "a size is"), ("1.5M", "a size is")]
    {
        assert_refused(&["--max-message-size", value], &["bad --max-message-size", words]);
    }
}

#[test]
fn negative_numbers_are_invalid_values() {
    assert_refused(&["--count", "-5"], &["--count", "-5"]);
    assert_refused(&["--max-time", "-1"], &["--max-time", "-1"]);
    assert_refused(
        &["--connect-timeout", "-1"],
        &["a value is required for '--connect-timeout <TIME>': '-1' is an option"],
    );
}

#[test]
fn invalid_hex_is_refused() {
    assert_refused(&["--send-hex", "zz"], &["bad --send-hex \"zz\"", "not hex"]);
    assert_refused(&["--send-hex", "abc"], &["bad --send-hex \"abc\"", "not hex"]);
}

#[test]
fn invalid_patterns_are_refused() {
    for (pattern, words) in [
        ("/a(/", "not a regular expression: unclosed group"),
        ("json:{", "not JSON"),
        ("hex:0g", "not hex"),
        ("close:abc", "is not a close code"),
        ("close:70000", "is not a close code"),
    ] {
        assert_refused(&["--expect", pattern], &["bad --expect", pattern, words]);
    }
}

#[test]
fn invalid_close_frames_are_refused() {
    for code in ["1006", "1005", "1015", "999", "2000", "5000"] {
        assert_refused(
            &["--close-code", code],
            &["bad --close-code", "must not be sent: use 1000"],
        );
    }
    assert_refused(&["--close-code", "abc"], &["bad --close-code", "is not a close code"]);
    assert_refused(
        &["--close-reason", &"é".repeat(62)],
        &["bad --close-reason", "at most 123 bytes, not 124"],
    );
}

#[test]
fn a_count_is_at_least_one() {
    assert_refused(&["--count", "0"], &["bad --count \"0\"", "at least 1"]);
    assert_refused(&["--count", "many"], &["'many'", "--count"]);
}

#[test]
fn unknown_options_have_a_hint() {
    assert_refused(&["--verbos"], &["unexpected argument '--verbos'"]);
    wscope()
        .args(["--verbos", URL])
        .run()
        .code(2)
        .stderr_contains("hint: a similar argument exists: '--verbose'");
}

#[test]
fn an_unknown_option_is_not_taken_for_a_value() {
    wscope().args(["--quux", URL]).run().code(2).stderr(
        "wscope: unexpected argument '--quux' found\nhint: 'wscope --help' lists the options\n",
    );
}

#[test]
fn the_help_of_the_command_is_named() {
    for (args, command) in [
        (&["view"][..], "view "),
        (&["view", "a", "b"], "view "),
        (&["diff", "a"], "diff "),
        (&["replay"], "replay "),
        (&["check", "--quux"], "check "),
        (&["listen", "--quux"], "listen "),
        (&["codes", "1", "2", "--quux"], "codes "),
        (&["--quux", URL], ""),
    ] {
        let hint = format!("hint: 'wscope {command}--help' lists the options\n");
        wscope().args(args).run().code(2).stderr_contains(&hint);
    }
}

#[test]
fn conflicting_options_are_named() {
    for (options, words) in [
        (&["--json", "--output", "lines"][..], ["--json", "--output"]),
        (&["-v", "-q"], ["--verbose", "--quiet"]),
        (&["-b", "-t"], ["--binary", "--text"]),
        (&["-0", "--input", "lines"], ["-0", "--input"]),
        (&["-4", "-6"], ["--ipv4", "--ipv6"]),
        (&["-1", "--count", "3"], ["-1", "--count"]),
        (&["-c", URL], ["--connect", "URL"]),
    ] {
        let outcome = wscope().args(options).arg(URL).run().code(2);
        let line = outcome.stderr.lines().next().unwrap_or_default();
        let is_named =
            line.contains("cannot be used with") && words.iter().all(|word| line.contains(word));
        assert!(line.starts_with("wscope: ") && is_named, "{options:?}: {line}");
    }
}

#[test]
fn invalid_values_are_reported_with_the_valid_ones() {
    assert_refused(&["--input", "nope"], &["'nope'", "--input", "lines, nul, whole, chunks, json"]);
    assert_refused(&["--color", "red"], &["'red'", "--color", "auto, always, never"]);
}

#[test]
fn a_url_is_required() {
    let outcome = wscope().arg("-v").run();
    assert!(usage_error(&outcome).contains("required arguments were not provided: <URL>"));
    assert!(outcome.stderr.contains("hint: 'wscope --help'"), "{}", outcome.stderr);
}

#[test]
fn an_empty_command_line_gets_examples() {
    let outcome = wscope().run();
    assert!(usage_error(&outcome).contains("required arguments were not provided: <URL>"));
    let examples = outcome.stderr.lines().filter(|line| line.starts_with("  "));
    assert_eq!(
        examples.clone().filter(|line| line.contains("wscope ")).count(),
        5,
        "{}",
        outcome.stderr
    );
    assert_eq!(examples.count(), 5, "{}", outcome.stderr);
    let lines: Vec<_> = outcome.stderr.lines().collect();
    assert!(lines.len() <= 24 && lines.iter().all(|line| line.len() <= 80), "{}", outcome.stderr);
    assert!(outcome.stderr.ends_with("hint: 'wscope --help' lists the options\n"));
}

#[test]
fn a_second_url_is_not_reported_as_a_subcommand() {
    let outcome = wscope().args([URL, "ws://127.0.0.1:2"]).run();
    let line = usage_error(&outcome);
    assert!(line.contains("ws://127.0.0.1:2") && !line.contains("subcommand"), "{line}");
}

#[test]
fn a_port_after_a_space_has_a_suggestion() {
    wscope().args(["localhost", "8080"]).run().code(2).stderr(
        "wscope: unexpected argument '8080': a URL has already been given\n\
         hint: did you mean localhost:8080?\n",
    );
    wscope().args(["ws://localhost", "8080"]).run().code(2).stderr_lacks("did you mean");
}

#[test]
fn a_value_that_needs_an_equals_sign_has_a_suggestion() {
    for (args, meant) in [
        (&["--retry", "20", URL][..], "--retry=20"),
        (&["--reconnect", "3", "-v", URL], "--reconnect=3"),
        (&["--ui", ":9000", URL], "--ui=:9000"),
        (&["--timestamps", "relative", URL], "--timestamps=relative"),
        (&["listen", "--timestamps", "utc", ":0"], "--timestamps=utc"),
    ] {
        wscope()
            .args(args)
            .run()
            .code(2)
            .stderr_contains(&format!("hint: did you mean {meant}?\n"));
    }
    for args in [
        &["--retry", "many", URL][..],
        &["--retry", "ws://u:secret@h", URL],
        &["-v", "2", URL],
        &["--timestamps", "host", URL],
    ] {
        let outcome = wscope().args(args).run().code(2);
        outcome.stderr_lacks("did you mean -").stderr_lacks("secret");
    }
}

#[test]
fn an_option_of_another_command_is_named() {
    for (args, hint) in [
        (&["--latency", "5s", URL][..], "--latency is an option of 'wscope proxy'"),
        (&["listen", "--expect", "hi"], "--expect is an option of 'wscope URL'"),
        (
            &["codes", "--entry", "2"],
            "--entry is an option of 'wscope listen', 'wscope view', 'wscope replay' and 'wscope diff'",
        ),
    ] {
        wscope().args(args).run().code(2).stderr_contains(&format!("hint: {hint}\n"));
    }
    wscope().args(["--latencies", "5s", URL]).run().code(2).stderr_lacks("is an option of");
}

#[test]
fn an_option_without_the_one_that_it_requires_names_it() {
    for (args, message) in [
        (&["--open", URL][..], "--open requires --ui[=ADDR]"),
        (&["-v", "--append", URL], "--append requires --record FILE"),
        (&["listen", "--strict"], "--strict requires --replay FILE"),
        (&["listen", "--once", "--entry=2", ":0"], "--entry requires --replay FILE"),
        (&["--key", "k.pem", URL], "--key requires --cert FILE"),
        (&["replay", "--ignore", "$.ts", "a.har"], "--ignore requires --check"),
        (&["--origin", "http://a", "--open", URL], "--open requires --ui[=ADDR]"),
        (&["--open", "--origin", "http://a", URL], "--open requires --ui[=ADDR]"),
        (&["--origin", "http://a", URL, "--key", "k.pem"], "--key requires --cert FILE"),
    ] {
        assert_eq!(usage_error(&wscope().args(args).run()), format!("wscope: {message}"));
    }
    let outcome = wscope().args(["--wait", "5"]).run();
    assert!(usage_error(&outcome).contains("<URL>"), "{}", outcome.stderr);
}

#[cfg(unix)]
#[test]
fn the_usage_does_not_depend_on_the_file_name() {
    use std::os::unix::process::CommandExt;
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_wscope"));
    let output = program.arg0("wscope-1.0").args(["listen", "-h"]).output().expect("a program");
    let help = String::from_utf8_lossy(&output.stdout);
    assert!(help.contains("Usage: wscope listen "), "{help}");
}

#[test]
fn unreadable_certificates_are_refused() {
    assert_refused(&["--cacert", "missing"], &["--cacert", "missing", "No such file"]);
    let outcome = wscope().file("c", "no certificate").args(["--cacert", "c", URL]).run();
    assert!(usage_error(&outcome).contains("it contains no PEM certificate"));
}

#[test]
fn usage_errors_are_events() {
    for args in [
        &["--json", "ftp://h"][..],
        &["--output", "json", "ws://h:0"],
        &["--json", "--quux", URL],
        &["--json", "-H", "nonsense", URL],
        &["--json"],
    ] {
        assert_usage_event(args);
    }
}

#[test]
fn unknown_options_are_events_with_output_json() {
    assert_usage_event(&["--output", "json", "--quux", URL]);
    assert_usage_event(&["--output=json", "--quux", URL]);
}

#[track_caller]
fn assert_usage_event(args: &[&str]) {
    let outcome = wscope().args(args).run().code(2).stderr_contains("wscope: ");
    let events = outcome.json_lines();
    let [event] = events.as_slice() else { panic!("{args:?}: {events:?}") };
    assert_eq!((&event["event"], &event["kind"]), (&"error".into(), &"usage".into()), "{event}");
    let message = event["message"].as_str().expect("a message");
    assert!(
        outcome.stderr.starts_with(&format!("wscope: {message}\n")),
        "{message}\n{}",
        outcome.stderr
    );
    for key in ["status", "response_headers", "body"] {
        assert!(event[key].is_null() && event.get(key).is_some(), "{key}: {event}");
    }
}

#[test]
fn help_fits_the_page_and_has_groups_and_examples() {
    for flag in ["--help", "-h"] {
        let help = wscope().arg(flag).run().code(0).stderr("").stdout;
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        for part in [
            "Usage: wscope",
            "Commands:",
            "Opening handshake:",
            "Proxy and routing:",
            "TLS:",
            "Sending:",
        ] {
            assert!(help.contains(part), "no {part:?} in\n{help}");
        }
    }
    let lines = wscope().arg("-h").run().stdout.lines().count();
    assert!(lines <= 96, "-h fits two screens of 48 lines: {lines}");
    let help = wscope().arg("--help").run().stdout;
    for part in ["Receiving:", "Ending:", "Display:", "Examples:\n  wscope wss://", "Exit status:"]
    {
        assert!(help.contains(part), "no {part:?} in\n{help}");
    }
}

#[test]
fn examples_in_the_help_are_not_wrapped() {
    let help = wscope().arg("--help").run().stdout;
    let (_, examples) = help.split_once("Examples:\n").expect("examples");
    let examples = examples.lines().take_while(|line| !line.is_empty());
    let broken: Vec<_> = examples.filter(|line| !line.contains("wscope")).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn the_version_is_shown() {
    for flag in ["--version", "-V"] {
        wscope()
            .arg(flag)
            .run()
            .code(0)
            .stdout(concat!("wscope ", env!("CARGO_PKG_VERSION"), "\n"))
            .stderr("");
    }
}

#[test]
fn close_codes_are_explained() {
    let table = wscope().arg("codes").run().code(0).stderr("");
    table.stdout_contains("1000        Normal Closure").stdout_contains("4000-4999   Private Use");
    let one = wscope().args(["codes", "1006"]).run().code(0).stderr("");
    one.stdout_contains("1006 Abnormal Closure\n").stdout_contains("Usual causes:");
    for code in ["abc", "70000", "-1", ""] {
        let outcome = wscope().args(["codes", code]).run();
        let line = usage_error(&outcome);
        assert!(line.contains(code), "{line}");
    }
}

#[test]
fn several_close_codes_and_words_are_explained() {
    let one = |code: &str| wscope().args(["codes", code]).run().code(0).stderr("").stdout;
    let both = wscope().args(["codes", "1006", "4401"]).run().code(0).stderr("");
    both.stdout(&format!("{}\n{}", one("1006"), one("4401")));
    wscope().args(["codes", "going"]).run().code(0).stderr("").stdout(&one("1001"));
    let list = wscope().args(["codes", "AUTH", "1006"]).run().code(0).stderr("");
    let list = list.stdout_contains("3000        Unauthorized ").stdout_contains("\n4401 ");
    list.stdout_contains("\n1008        Policy").stdout_contains("\n1006 Abnormal Closure\n");
}

#[test]
fn codes_that_do_not_exist_are_named_and_the_others_explained() {
    let outcome = wscope().args(["codes", "1006", "nosuchword", "99999"]).run().code(2);
    outcome
        .stdout_contains("1006 Abnormal Closure\n")
        .stderr_contains("wscope: no close code matches \"nosuchword\"; \"99999\" is not a close code: expected ")
        .stderr_contains("hint: 'wscope codes' lists all codes\n");
}

/// As in curl, so that the options of an alias can be overridden.
#[test]
fn the_last_value_of_a_repeated_option_applies() {
    let server = serve(|peer| {
        peer.expect_text("x");
        peer.answer_close(4001);
    });
    let twice = ["--close-code", "4000", "--close-code", "4001", "--max-time", "1", "-m", "20s"];
    wscope().args(twice).args(["-x", "x", "--wait", "0", &server.url()]).run().code(0);
}
