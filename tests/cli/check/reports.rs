//! Reports, and secrets in them.

use super::check;
use crate::support::{Outcome, Server, text, wscope};

const SCENARIO: &str = "\
### passes
WS {{url}}
< a
### fails with a {{token}}
WS {{url}}
[Options]
timeout: 50ms
> {{token}}
< b
";

fn reported(args: &[&str]) -> Outcome {
    let server = Server::repeat(2, |peer| {
        peer.accept_request();
        peer.send(text("a"));
        if peer.read_frame().opcode == 1 {
            peer.send(text("you sent s3cret-token, base64 czNjcmV0LXRva2Vu"));
            peer.answer_close(1000);
        }
    });
    let url = format!("url={}", server.url());
    let values = ["--variable", &url, "--secret", "token=s3cret-token"];
    check(SCENARIO).args(values).args(args).run().code(1)
}

fn assert_no_secret(text: &str) {
    for secret in ["s3cret-token", "czNjcmV0LXRva2Vu"] {
        assert!(!text.contains(secret), "{secret} in:\n{text}");
    }
}

/// Scenario language, section 3: "the report lists what was passed over"
#[test]
fn messages_that_a_step_passed_over_are_counted() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send([text("p1"), text("p2"), text("a")].concat());
        peer.answer_close(1000);
    });
    let outcome = check("WS {{url}}\n< a\n")
        .args(["--variable", &format!("url={}", server.url()), "-v", "--report-json", "r.json"])
        .run()
        .code(0)
        .stdout_contains("(line 2 passed over 2 messages)\n");
    let report: serde_json::Value =
        serde_json::from_slice(&outcome.file("r.json")).expect("a report");
    let steps = &report["files"][0]["parts"][0]["steps"];
    assert_eq!((&steps[0]["passed_over"], &steps[1]["passed_over"]), (&0.into(), &2.into()));
}

/// Scenario language, section 5: "`--report-junit FILE`, … (parents are made)".
/// Scenario language, section 1: "masked as `***` in every output, report and record"
#[test]
fn reports_are_written_and_hold_no_secret() {
    let args =
        ["--report-junit", "r/junit.xml", "--report-tap", "r/tap", "--report-json", "r/json", "-v"];
    let outcome = reported(&args);
    assert_no_secret(&outcome.stdout);
    assert_no_secret(&outcome.stderr);
    let file = |name| String::from_utf8(outcome.file(name)).expect("text");
    let [junit, tap, json] = ["r/junit.xml", "r/tap", "r/json"].map(file);
    for report in [&junit, &tap, &json] {
        assert_no_secret(report);
    }
    assert!(junit.contains("<testsuite name=\"s.wscope\" tests=\"2\" failures=\"1\""), "{junit}");
    assert!(tap.starts_with("TAP version 14\n1..2\nok 1 - s.wscope: passes\nnot ok 2"), "{tap}");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["summary"]["failed"], 1);
    let failure = &json["files"][0]["parts"][1]["failure"];
    assert_eq!((&failure["line"], &failure["type"]), (&9.into(), &"timeout".into()));
    let events = &json["files"][0]["parts"][0]["connections"][0]["events"];
    assert!(events.as_array().expect("events").iter().any(|event| event["event"] == "open"));
}

/// Scenario language, section 5: "with a report on `-` all for people goes to stderr".
#[test]
fn a_report_on_standard_output_has_it_for_itself() {
    let outcome = reported(&["--report-json", "-"]);
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(json["summary"]["parts"], 2);
    outcome.stderr_contains("failed s.wscope");
}

/// Scenario language, section 5: "each failure is also `::error file=…,line=…,col=…::…`".
#[test]
fn failures_are_annotated_for_github() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("::error::evil"));
        peer.answer_close(1000);
    });
    let url = format!("url={}", server.url());
    let outcome = check("### a, b: c\nWS {{url}}\n[Options]\ntimeout: 50ms\n< a\n")
        .args(["--variable", &url])
        .env("GITHUB_ACTIONS", "true")
        .run()
        .code(1);
    let stdout = &outcome.stdout;
    let commands: Vec<_> = stdout.lines().filter(|line| line.starts_with("::")).collect();
    let expected = "::error file=s.wscope,line=5,col=1,title=a%2C b%3A c::nothing matched within 50 ms; expected the text \"a\"";
    assert_eq!(commands, [expected], "{stdout}");
}

/// Scenario language, section 5: "an unwritable one is exit 8 before anything runs".
#[test]
fn a_report_that_cannot_be_written_is_found_before_anything_runs() {
    check("WS ws://127.0.0.1:1\n< a\n")
        .file("f", "")
        .args(["--report-tap", "f/report"])
        .run()
        .code(8)
        .stdout("");
}

/// Scenario language, section 1: "built-in < environment < file < option < capture"
#[test]
fn variables_come_from_the_environment_files_and_options() {
    let program = wscope()
        .env("WSCOPE_VARIABLE_a", "environment")
        .env("WSCOPE_VARIABLE_b", "environment")
        .env("WSCOPE_VARIABLE_c", "environment")
        .file("v", "# values\nb=file\nc=file\n")
        .file("s.wscope", "### {{a}} {{b}} {{c}}\nWS ws://127.0.0.1:1\n< a\n");
    program
        .args(["check", "s.wscope", "--variables-file", "v", "--variable", "c=option"])
        .run()
        .code(1)
        .stdout_contains("failed: environment file option\n");
}

/// Scenario language, section 5: "one file each".
#[test]
fn a_report_replaces_no_scenario_and_no_other_report() {
    let scenario = "WS ws://127.0.0.1:1\n< a\n";
    for (args, error) in [
        (
            ["--report-tap", "./s.wscope", "--report-json", "r"],
            "wscope: ./s.wscope is a scenario: a report would replace it\n",
        ),
        (["--report-tap", "r", "--report-json", "./r"], "wscope: two reports go to ./r\n"),
        (
            ["--report-tap", "-", "--report-json", "-"],
            "wscope: only one report can go to standard output\n",
        ),
    ] {
        check(scenario).args(args).run().code(2).stdout("").stderr(error);
    }
}

/// Scenario language, section 5: "one file each": a file has several names.
#[test]
#[cfg(unix)]
fn a_report_replaces_nothing_that_the_run_reads() {
    let scenario = "WS ws://127.0.0.1:1\n> text:@payload\n< a\n";
    for (args, error) in [
        (["--report-json", "vars"], "vars is read by this run (--variables-file)"),
        (["--report-tap", "payload"], "payload is a payload of a scenario"),
        (["--report-tap", "link"], "link is a payload of a scenario"),
        (["--report-html", "s.link"], "s.link is a scenario"),
    ] {
        let program = check(scenario).file("payload", "data").file("vars", "x=5\n");
        for (file, link) in [("payload", "link"), ("s.wscope", "s.link")] {
            let home = program.home();
            std::fs::hard_link(home.join(file), home.join(link)).expect("a link");
        }
        let outcome = program.args(["--variables-file", "vars"]).args(args).run().code(2);
        outcome.stdout("").stderr(&format!("wscope: {error}: a report would replace it\n"));
    }
    let program = check(scenario).file("payload", "").file("a", "");
    std::fs::hard_link(program.home().join("a"), program.home().join("b")).expect("a link");
    let program = program.args(["--report-json", "a", "--report-tap", "b"]);
    program.run().code(2).stderr("wscope: two reports go to a\n");
}

/// Scenario language, section 5: "The summary counts what ran: … with `--only` the parts chosen".
#[test]
fn only_what_is_chosen_is_counted() {
    wscope()
        .file("a.wscope", "### one\nWS ws://127.0.0.1:1\n< a\n### two\nWS ws://127.0.0.1:1\n< a\n")
        .file("b.wscope", "### three\nWS ws://127.0.0.1:1\n< a\n")
        .args(["check", "--only", "/two/"])
        .run()
        .code(1)
        .stdout_contains("failed a.wscope (1 part, ")
        .stdout_contains("\n1 file, 1 part: 0 passed, 1 failed, 0 skipped, ");
}

/// Scenario language, section 5: "Results go to stdout, errors and warnings to stderr".
/// Scenario language, section 3: "after the last step a code other than 1000, 1001, 1005 is a warning"
#[test]
fn warnings_go_to_standard_error() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("a"));
        peer.send(crate::support::close(4001, "kicked"));
    });
    let url = format!("url={}", server.url());
    let outcome = check("WS {{url}}\n< a\nSLEEP 100ms\n").args(["--variable", &url]).run().code(0);
    assert!(!outcome.stdout.contains("warning"), "{}", outcome.stdout);
    outcome.stderr_contains("warning: s.wscope:1: ").stderr_contains("4001");
}
