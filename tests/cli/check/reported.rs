//! What is shown and reported of a run, on a terminal, in a pipe and in files.

use std::sync::mpsc::channel;

use super::{check, run};
use crate::support::{Outcome, Peer, Server, Signal, Terminal, Wscope, text, wscope};

/// Scenario language, section 5: "every message seen since the step began (the last 20 in full …, the rest counted)".
#[test]
fn the_last_twenty_messages_are_shown_and_the_rest_counted() {
    for count in [20, 30] {
        let server = Server::script(move |peer| {
            peer.accept_request();
            peer.send((0..count).flat_map(|n| text(&format!("m{n};"))).collect::<Vec<_>>());
            peer.answer_close(1000);
        });
        let outcome = run(&server, "WS {{url}}\n[Options]\ntimeout: 100ms\n< a\n").code(1);
        let shown: Vec<_> = outcome
            .stdout
            .lines()
            .filter_map(|line| line.rsplit(' ').next()?.strip_prefix('m')?.strip_suffix(';'))
            .filter_map(|number| number.parse().ok())
            .collect();
        // The one that came closest is shown twice.
        let last: Vec<_> = (count - 20..count).collect();
        assert!(shown.starts_with(&last) || shown.ends_with(&last), "{}", outcome.stdout);
        assert!(shown.iter().all(|number| last.contains(number)), "{}", outcome.stdout);
        let counted = outcome.stdout.contains("(10 earlier messages)");
        assert_eq!(counted, count == 30, "{}", outcome.stdout);
    }
}

/// A file with a part that passes and one that fails, and one that passes.
fn two_files() -> Wscope {
    wscope()
        .file("a.wscope", "### good\n$ true\n### bad\n$ echo out; exit 3\n")
        .file("b.wscope", "$ true\n")
}

const KINDS: [(&str, &str); 4] = [
    ("--report-junit", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "),
    ("--report-tap", "TAP version 14\n1..3\n"),
    ("--report-json", "{\"files\":[{\"file\":\"a.wscope\","),
    ("--report-html", "<!doctype html>\n<html lang=\"en\">\n"),
];

/// Scenario language, section 5: "`--report-junit FILE`, … (one file each, `-` for standard output; parents are made".
#[test]
fn each_report_is_one_file_whose_folders_are_made() {
    let paths = ["new/a/junit", "new/tap", "new/b/c/json", "html"];
    let args = KINDS.iter().zip(paths).flat_map(|((option, _), path)| [*option, path]);
    let program = two_files().args(["check", "--allow-run", "-j1"]).args(args);
    let outcome = program.run().code(1);
    for ((_, start), path) in KINDS.iter().zip(paths) {
        let report = String::from_utf8(outcome.file(path)).expect("UTF-8");
        assert!(report.starts_with(start), "{report}");
    }
}

/// Scenario language, section 5: "with a report on `-` all for people goes to stderr".
#[test]
fn each_report_may_have_standard_output_for_itself() {
    let normal = two_files().args(["check", "--allow-run", "-j1", "-v"]).run().code(1).stderr("");
    for (option, start) in KINDS {
        let args = ["check", "--allow-run", "-j1", "-v", option, "-"];
        let outcome = two_files().args(args).run().code(1);
        assert!(outcome.stdout.starts_with(start), "{}", outcome.stdout);
        assert!(!outcome.stdout.contains("failed a.wscope"), "{}", outcome.stdout);
        assert_eq!(without_times(&outcome.stderr), without_times(&normal.stdout));
    }
}

/// Scenario language, section 5: "JUnit: one `testsuite` a file, one `testcase` a part".
#[test]
fn junit_has_a_suite_for_each_file_and_a_case_for_each_part() {
    let args = ["check", "--allow-run", "-j1", "--report-junit", "-"];
    let xml = two_files().args(args).run().code(1).stdout;
    let names = |start: &str| -> Vec<String> {
        let parts = xml.split(start).skip(1);
        parts.map(|rest| rest.split('"').next().expect("a name").to_owned()).collect()
    };
    assert_eq!(names("<testsuite name=\""), ["a.wscope", "b.wscope"], "{xml}");
    assert_eq!(names("<testcase name=\""), ["good", "bad", "part 1"], "{xml}");
    assert_eq!(xml.matches("<failure type=\"command\" message=\"").count(), 1, "{xml}");
}

/// A text without the times in it.
fn without_times(text: &str) -> String {
    let time = regex::Regex::new(r"\d+(\.\d+)? m?s\b").expect("an expression");
    time.replace_all(text, "TIME").into_owned()
}

/// Scenario language, section 5: "In a pipe it reads as on a terminal, without the live lines".
#[test]
fn a_pipe_gets_what_a_terminal_shows() {
    let program = two_files();
    let folder = program.home();
    let piped = program.args(["check", "--allow-run", "-j1"]).arg(&folder).run().code(1).stderr("");
    let folder_again = tempfile::tempdir().expect("a folder");
    for name in ["a.wscope", "b.wscope"] {
        std::fs::write(folder_again.path().join(name), piped.file(name)).expect("a file");
    }
    let shown = folder_again.path().to_str().expect("UTF-8");
    let mut terminal = Terminal::spawn(["check", "--allow-run", "-j1", shown], 200, 40);
    assert_eq!(terminal.wait_exit(), 1);
    terminal.wait_for("2 files, 3 parts: 2 passed, 1 failed, 0 skipped, ");
    assert!(terminal.raw_output().contains("\u{1b}["), "a terminal has colours");
    let screen: Vec<_> = terminal.screen().lines().map(|line| line.trim_end().to_owned()).collect();
    let expected = piped.stdout.replace(folder.to_str().expect("UTF-8"), shown);
    assert_eq!(without_times(screen.join("\n").trim_end()), without_times(expected.trim_end()));
}

/// Scenario language, section 5: "Results go to stdout, errors and warnings to stderr".
#[test]
fn results_go_to_standard_output_and_errors_and_warnings_to_standard_error() {
    let server = Server::script(|peer: &mut Peer| {
        peer.accept_request();
        peer.send(text("a"));
        peer.answer_close(1000);
    });
    let outcome = run(&server, "WS {{url}}\n< a\n### asserts nothing\nSLEEP 1ms\n").code(0);
    let outcome =
        outcome.stdout_contains("passed s.wscope (2 parts, ").stderr_contains("warning: ");
    assert!(!outcome.stdout.contains("warning"), "{}", outcome.stdout);
    assert!(!outcome.stderr.contains("passed"), "{}", outcome.stderr);
    check("nonsense\n").run().code(2).stdout("").stderr_contains("s.wscope:1:1: error: ");
}

/// A run of a file with all reports that a signal interrupts in the second of three parts.
fn interrupted(signal: Signal) -> Outcome {
    let (waits, waiting) = channel();
    let server = Server::script(move |peer: &mut Peer| {
        peer.accept_request();
        peer.expect_text("go");
        waits.send(()).expect("the test");
        peer.read_until_eof();
    });
    let scenario = "### one\nSLEEP 1ms\n### two\nWS {{url}}\n> go\n< a\n### three\nSLEEP 1ms\n";
    let url = format!("url={}", server.url());
    let reports = KINDS.map(|(option, _)| format!("{option}={}", &option[9..]));
    let running = check(scenario).args(["--variable", &url]).args(reports).spawn();
    waiting.recv().expect("part two");
    running.signal(signal);
    running.wait()
}

/// Scenario language, section 5: "Exit: … 130/143 (reports are written)".
#[test]
fn reports_are_written_after_either_signal() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let outcome = interrupted(signal).code(code);
        for (name, expected) in [
            ("junit", "<skipped message=\"interrupted at line 6\"/>"),
            ("tap", "\nok 2 - s.wscope: two # SKIP interrupted at line 6\n"),
            ("json", "\"interrupted\":true"),
            ("html", "<span class=\"skipped\">interrupted</span></h1>"),
        ] {
            let report = String::from_utf8(outcome.file(name)).expect("UTF-8");
            assert!(report.contains(expected), "{expected}\n{report}");
        }
    }
}

/// Scenario language, section 5: "Exit: 0 all passed · 1 some part failed, whatever the reason · 2 syntax, usage,
/// `--only` or a folder that matches nothing · 8 unreadable file, unwritable report".
#[test]
fn the_exit_status_says_what_kind_of_failure_there_was() {
    for (args, code) in [
        (&["good.wscope"][..], 0),
        (&["good.wscope", "bad.wscope"], 1),
        (&["unreachable.wscope"], 1),
        (&["assertion.wscope"], 1),
        (&["missing_path.wscope"], 1),
        (&["good.wscope", "syntax.wscope"], 2),
        (&["good.wscope", "--nonsense"], 2),
        (&["good.wscope", "--only", "/nothing/"], 2),
        (&["good.wscope", "empty"], 2),
        (&["good.wscope", "none.wscope"], 8),
        (&["good.wscope", "--report-json", "good.wscope/report"], 8),
    ] {
        let program = wscope()
            .file("good.wscope", "$ true\n")
            .file("bad.wscope", "$ false\n")
            .file("unreachable.wscope", "WS ws://127.0.0.1:1\n< a\n")
            .file("assertion.wscope", "$ true\n[Asserts]\nexit == 1\n")
            .file("missing_path.wscope", "WS ws://127.0.0.1:1\n[Options]\ncacert: none\n< a\n")
            .file("syntax.wscope", "nonsense\n");
        std::fs::create_dir(program.home().join("empty")).expect("a folder");
        program.args(["check", "--allow-run", "-j1"]).args(args).run().code(code);
    }
}
