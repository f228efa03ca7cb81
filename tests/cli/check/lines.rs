//! What is wrong with a file or the command line, found before anything is connected.

use super::check;
use crate::support::wscope;

/// What is wrong with an option of a connection.
fn assert_option(option: &str, expected: &str) {
    let outcome = check(&format!("WS ws://h\n[Options]\n{option}\n< a\n")).run().code(2);
    outcome.stderr_contains(&format!("s.wscope:3:{expected}"));
}

#[test]
fn values_are_judged_where_they_stand() {
    assert_option("ignore: /(/", "9: error: not a regular expression: unclosed group");
    assert_option("ignore: json:{", "14: error: not JSON: ");
    assert_option("ignore:", "1: error: a pattern is missing");
    assert_option("compress: foo", "11: error: bad compress \"foo\": ");
    assert_option("header: X: \u{7}", "9: error: bad header ");
    assert_option("subprotocol: a b", "14: error: ");
    assert_option("proxy: x://h", "8: error: ");
    for (url, place) in [("ftp://x/", "1:4"), ("ws://h/#x", "1:11")] {
        let expected = format!("s.wscope:{place}: error: bad URL: ");
        check(&format!("WS {url}\n< a\n")).run().code(2).stderr_contains(&expected);
    }
    check("WS ws://h\nX-A: 1\nX-B: a\u{7}b\n< a\n")
        .run()
        .code(2)
        .stderr_contains("s.wscope:3:1: error: bad header: ");
}

/// Scenario language, section 1: "`{{name}}` is replaced everywhere"
#[test]
fn values_of_variables_are_judged_where_they_stand() {
    for (lines, place) in [
        ("X-B: {{v}}", "2:1: bad header: "),
        ("[Options]\ncompress: {{v}}", "3:11: bad compress "),
        ("[Options]\nclose-timeout: {{v}}", "3:16: bad close-timeout "),
        ("[Options]\nignore: /{{v}}/", "4:1: "),
    ] {
        check(&format!("WS ws://127.0.0.1:1\n{lines}\n< a\n"))
            .args(["--variable", "v=5\u{7}"])
            .run()
            .code(1)
            .stdout_contains(&format!("s.wscope:{}", place.replace("4:1: ", "1:1: ")));
    }
    check("WS {{v}}\n< a\n")
        .args(["--variable", "v=ftp://x"])
        .run()
        .code(1)
        .stdout_contains("s.wscope:1:4: bad URL: ");
}

/// Scenario language, section 1: "in scenarios the unit is required"; section 3: "(`insecure: true` for flags)"
#[test]
fn options_have_the_values_of_scenarios() {
    assert_option(
        "insecure: maybe",
        "11: error: bad insecure \"maybe\": its value must be true or false",
    );
    assert_option("strict: yes", "9: error: bad strict \"yes\": true or false is needed");
    for name in
        ["ping-interval", "ping-timeout", "idle-timeout", "close-timeout", "connect-timeout"]
    {
        let expected = format!(
            "{}: error: bad {name} \"5\": a duration needs a unit: 5ms or 5s",
            name.len() + 3
        );
        assert_option(&format!("{name}: 5"), &expected);
    }
}

/// Scenario language, section 3: "An option that has no meaning in a scenario is an error that says so."
#[test]
fn options_without_a_meaning_are_named_as_such() {
    for name in ["json", "send", "count", "expect", "wait", "echo", "reconnect", "verbose", "color"]
    {
        let expected = format!("1: error: the option \"{name}\" has no meaning in a scenario");
        assert_option(&format!("{name}: 1"), &expected);
    }
    assert_option("fail-fast: true", "1: error: the option \"fail-fast\" is for the command line");
    assert_option("k: true", "1: error: options have their long names in a scenario, not \"k\"");
    assert_option("nonsense: 1", "1: error: unknown option \"nonsense\"");
}

/// Scenario language, section 1: "file = { part }"
#[test]
fn a_file_without_parts_is_an_error() {
    for text in ["", "# nothing\n\n", "\u{feff}"] {
        let expected = "s.wscope:1:1: error: this file has no parts";
        check(text).run().code(2).stderr_contains(expected);
    }
    wscope()
        .args(["check", "-"])
        .stdin_null()
        .run()
        .code(2)
        .stderr_contains("standard input:1:1: error: this file has no parts");
}

/// Scenario language, section 5: "Exit: … 2 syntax, usage".
#[test]
fn the_command_line_is_judged_first() {
    let program = || check("WS ws://127.0.0.1:1\n< a\n");
    program().args(["--repeat", "0"]).run().code(2).stderr_contains("--repeat");
    program().args(["-H", "X: \u{7}"]).run().code(2).stdout("").stderr_contains("--header");
    for (option, value) in [
        ("--compress", "foo"),
        ("--subprotocol", "a b"),
        ("--user-agent", "a\u{7}"),
        ("--max-message-size", "much"),
        ("--ping-interval", "5 days"),
        ("--idle-timeout", "x"),
    ] {
        let outcome = program().args([option, value, "--no-system-ca", "--cacert", "none"]).run();
        outcome.code(2).stdout("").stderr_contains(&format!("{option} "));
    }
    for option in ["-H", "--proxy-header"] {
        program().args([option, "@none"]).run().code(2).stdout("").stderr_contains("none");
    }
    program().args(["--variables-file", "none"]).run().code(8).stdout("").stderr_contains("none");
}

/// Scenario language, section 1: "built-in < environment < file < option < capture"
#[test]
fn a_variable_of_the_command_line_replaces_a_secret_of_the_environment() {
    let scenario = "### {{v}}\nWS ws://127.0.0.1:1\n> theirs\n< a\n";
    check(scenario)
        .env("WSCOPE_SECRET_v", "secret-value")
        .args(["--variable", "v=own secret-value"])
        .run()
        .code(1)
        .stdout_contains("failed: own ***\n");
    check(scenario)
        .env("WSCOPE_SECRET_v", "secret-value")
        .file("values", "v=of the file\n")
        .args(["--variables-file", "values"])
        .run()
        .code(1)
        .stdout_contains("failed: of the file\n");
    check(scenario)
        .env("WSCOPE_VARIABLE_v", "open")
        .env("WSCOPE_SECRET_v", "secret-value")
        .run()
        .code(1)
        .stdout_contains("failed: ***\n");
}
