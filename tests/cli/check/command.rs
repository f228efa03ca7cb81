//! The command: what it runs, how often, and several files at a time.

use std::sync::{Arc, Condvar, Mutex};

use super::check;
use crate::support::{DEADLINE, Outcome, Peer, Server, Wscope, script, text, wscope};

/// Sends its path as a message.
fn sends_its_path(peer: &mut Peer) {
    let head = peer.accept_request();
    let path = head.split(' ').nth(1).expect("a path");
    peer.send(text(path));
    peer.answer_close(1000);
}

/// A part that expects the message of [`sends_its_path`].
fn part(title: &str) -> String {
    format!("### {title}\nWS {{{{url}}}}/{title}\n< /{title}$/\n")
}

fn with_url(program: Wscope, server: &Server) -> Wscope {
    program.args(["--variable", &format!("url={}", server.url())])
}

/// What was reported as JSON.
fn json(outcome: &Outcome) -> serde_json::Value {
    serde_json::from_slice(&outcome.file("r.json")).expect("JSON")
}

/// Scenario language, section 5: "`-`: standard input".
#[test]
fn a_minus_is_a_scenario_on_standard_input() {
    let server = Server::repeat(2, sends_its_path);
    with_url(wscope().args(["check", "-"]), &server)
        .stdin(&part("one"))
        .run()
        .code(0)
        .stdout_contains("passed standard input (1 part, 2 steps, ");
    with_url(wscope().args(["check", "-"]), &server)
        .stdin("WS {{url}}/one\n[Options]\nstrict: true\n\n< two\n")
        .run()
        .code(1)
        .stdout_contains("\nstandard input:5:1: ");
}

/// Waits until as many have come here; fails if they do not come.
#[derive(Default)]
struct Meeting(Mutex<usize>, Condvar);

impl Meeting {
    fn join(&self, count: usize) {
        let mut come = self.0.lock().expect("a number");
        *come += 1;
        self.1.notify_all();
        let limit = self.1.wait_timeout_while(come, DEADLINE, |come| *come < count);
        assert!(!limit.expect("a number").1.timed_out(), "not all are open at the same time");
    }
}

/// The files that lines are about, in order; lines that follow one another are one. Those of the summary are not
/// looked at.
fn order(stdout: &str) -> Vec<char> {
    let file = |line: &str| {
        ['a', 'b', 'c'].into_iter().find(|name| {
            let names = [format!("{name}.wscope"), format!("/{name}")];
            names.iter().any(|it| line.contains(it))
        })
    };
    // A key may contain "/a".
    let is_other = |line: &&str| line.starts_with("failed: ") || line.contains("Sec-WebSocket-");
    let lines = stdout.lines().filter(|line| !is_other(line));
    let mut order: Vec<_> = lines.filter_map(file).collect();
    order.dedup();
    order
}

/// Scenario language, section 5: "`--jobs N` (files side by side; …; output never interleaves)".
#[test]
fn files_run_side_by_side_and_their_output_does_not_interleave() {
    for args in [&["--jobs", "3"][..], &["--jobs", "3", "--verbose"]] {
        let meeting = Arc::new(Meeting::default());
        let server = Server::repeat(3, move |peer| {
            let head = peer.accept_request();
            let path = head.split(' ').nth(1).expect("a path");
            for _ in 0..3 {
                peer.send(text(path));
                meeting.join(3);
            }
            peer.send(text("last"));
            peer.answer_close(1000);
        });
        let names = ["a", "b", "c"];
        let file = |name| format!("WS {{{{url}}}}/{name}\n< last\n[Asserts]\nsize == 1\n");
        let program = names
            .into_iter()
            .fold(wscope(), |program, name| program.file(&format!("{name}.wscope"), file(name)));
        let outcome = with_url(program.arg("check").args(args), &server).run().code(1);
        let mut files = order(&outcome.stdout);
        files.sort_unstable();
        assert_eq!(files, ['a', 'b', 'c'], "{}", outcome.stdout);
        assert!(outcome.stdout.matches(" /").count() >= 9, "{}", outcome.stdout);
    }
}

/// Scenario language, section 5: "`--repeat N`", and "The summary counts what ran: with `--repeat` each run".
#[test]
fn repeat_runs_all_files_again_and_each_run_counts() {
    let server = Server::repeat(6, sends_its_path);
    let program = wscope().file("a.wscope", part("one")).file("b.wscope", part("two"));
    let args = ["check", "--repeat", "3", "--jobs", "1", "--report-json", "r.json"];
    let outcome = with_url(program.args(args), &server)
        .run()
        .code(0)
        .stdout_contains("\n6 files, 6 parts: 6 passed, 0 failed, 0 skipped, ");
    let report = json(&outcome);
    let files = report["files"].as_array().expect("files");
    let names: Vec<_> = files.iter().filter_map(|file| file["file"].as_str()).collect();
    assert_eq!(names, ["a.wscope", "b.wscope"].repeat(3));
    assert_eq!((&report["summary"]["files"], &report["summary"]["passed"]), (&6.into(), &6.into()));
    // One of them fails.
    let server = Server::scripts(["one", "x", "one"].map(|message| {
        script(move |peer: &mut Peer| {
            peer.accept_request();
            peer.send(text(message));
            peer.answer_close(1000);
        })
    }));
    let scenario = part("one").replace("\n< ", "\n[Options]\nstrict: true\n\n< ");
    with_url(check(&scenario), &server)
        .args(["--repeat", "3", "--jobs", "1"])
        .run()
        .code(1)
        .stdout_contains("\n3 files, 3 parts: 2 passed, 1 failed, 0 skipped, ");
}

fn is_busy(peer: &mut Peer) {
    peer.read_head();
    peer.respond("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
}

/// Scenario language, section 5: "`--retry[=N]`, `--max-time` for all parts".
#[test]
fn retry_is_for_the_connections_of_all_parts() {
    for (args, attempts, code) in [
        (&["--retry"][..], &[false, true, false, true][..], 0),
        (&["--retry=1"], &[false, true, false, true], 0),
        (&["--retry=1"], &[false, true, false, false], 1),
        (&[], &[true, false], 1),
    ] {
        let steps = attempts.iter().map(|accepts| {
            let accepts = *accepts;
            script(
                move |peer: &mut Peer| if accepts { sends_its_path(peer) } else { is_busy(peer) },
            )
        });
        let server = Server::scripts(steps);
        let scenario = part("one") + &part("two");
        with_url(check(&scenario), &server).args(args).run().code(code);
    }
}

#[test]
fn only_without_retry_is_it_advised() {
    for (args, is_advised) in [(&[][..], true), (&["--retry=1"], false)] {
        let outcome = check("WS ws://127.0.0.1:1\n").args(args).run().code(1);
        let output = outcome.stdout + &outcome.stderr;
        assert!(output.contains("is the server running"), "{output}");
        assert_eq!(output.contains("--retry waits for"), is_advised, "{output}");
    }
}

/// Scenario language, section 5: "`--retry[=N]`, `--max-time` for all parts".
#[test]
fn max_time_is_the_limit_of_each_part() {
    let outcome = check("### one\nSLEEP 60s\n### two\nSLEEP 60s\n### three\nSLEEP 1ms\n")
        .args(["--max-time", "150ms"])
        .run()
        .code(1)
        .stdout_contains("3 parts: 1 passed, 2 failed, 0 skipped, ");
    assert_eq!(outcome.stdout.matches("(max-time)").count(), 2, "{}", outcome.stdout);
}

/// Scenario language, section 5: "`--list` (files, parts, lines; runs nothing)".
#[test]
#[cfg(unix)]
fn list_names_files_parts_and_lines_and_runs_nothing() {
    let program = wscope()
        .file(
            "a.wscope",
            "# a comment\n### first\n$ touch ran\n### second\nWS ws://127.0.0.1:1\n< a\n",
        )
        .file("b.wscope", "$ touch ran\n");
    let home = program.home();
    program
        .args(["check", "--list", "--allow-run", "--report-tap", "report"])
        .run()
        .code(0)
        .stdout("a.wscope:2: first\na.wscope:4: second\nb.wscope:1: part 1\n")
        .stderr("");
    assert!(!home.join("ran").exists() && !home.join("report").exists(), "nothing is run");
}

/// Scenario language, section 5: "`--only /regex/` (titles)", and "`name` the title, or `part N`".
#[test]
#[cfg(unix)]
fn a_part_without_a_title_is_called_by_its_number_everywhere() {
    let args = ["check", "--allow-run", "--report-json", "r.json", "--report-tap", "r.tap"];
    let program = || wscope().file("a.wscope", "$ true\n###\n$ exit 1\n### named\n$ true\n");
    let args = [&args[..], &["--report-junit", "r.xml", "--report-html", "r.html", "-v"]].concat();
    let outcome = program().args(args).run().code(1).stdout_contains("### a.wscope: part 1\n");
    let report = json(&outcome);
    let titles: Vec<_> = (0..3).map(|part| &report["files"][0]["parts"][part]["title"]).collect();
    assert_eq!(titles, ["part 1", "part 2", "named"]);
    for (file, expected) in [
        ("r.tap", "not ok 2 - a.wscope: part 2\n"),
        ("r.xml", "<testcase name=\"part 2\" classname=\"a.wscope\" file=\"a.wscope\" line=\"2\""),
        ("r.html", ">part 2<"),
    ] {
        let text = String::from_utf8(outcome.file(file)).expect("UTF-8");
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    outcome.stdout_contains("\nfailed: part 2\n");
    program()
        .args(["check", "--allow-run", "--only", "/^part 1$/"])
        .run()
        .code(0)
        .stdout_contains("1 file, 1 part: 1 passed, ");
}

/// Scenario language, section 5: "`-v` the transcripts of all parts as they happen".
#[test]
fn verbose_shows_the_transcripts_of_all_parts_of_all_files() {
    let server = Server::repeat(4, sends_its_path);
    let outcome = with_url(
        wscope()
            .file("a.wscope", part("one") + &part("two"))
            .file("b.wscope", part("three") + &part("four"))
            .args(["check", "-v"]),
        &server,
    )
    .run()
    .code(0);
    let mut rest = outcome.stdout.as_str();
    for expected in [
        "### a.wscope: one\n",
        "/one\n",
        "### a.wscope: two\n",
        "/two\n",
        "passed a.wscope (2 parts, ",
        "### b.wscope: three\n",
        "/three\n",
        "### b.wscope: four\n",
        "/four\n",
        "passed b.wscope (2 parts, ",
        "2 files, 4 parts: 4 passed, ",
    ] {
        let at = rest.find(expected).unwrap_or_else(|| panic!("{expected}\n{}", outcome.stdout));
        rest = &rest[at + expected.len()..];
    }
}

/// Scenario language, section 5, exit status 1: "a missing `@PATH` or a capture whose part did not run: the report says
/// which".
#[test]
fn a_missing_file_or_value_fails_its_part_and_is_named() {
    let server = Server::repeat(3, sends_its_path);
    for line in ["> text:@nope", "< json:@nope"] {
        let scenario = format!("### missing\nWS {{{{url}}}}\n{line}\n") + &part("one");
        let server = Server::scripts([
            script(|peer: &mut Peer| {
                peer.accept_request();
                peer.answer_close(1000);
            }),
            script(sends_its_path),
        ]);
        with_url(check(&scenario), &server)
            .run()
            .code(1)
            .stdout_contains("s.wscope:3:3: nope: ")
            .stdout_contains("2 parts: 1 passed, 1 failed, ");
    }
    let scenario = "### first\nWS {{url}}/v\n< /v/\n[Captures]\nx: text\n### second\nWS {{url}}/v\n\
        < {{x}}\n";
    with_url(check(scenario), &server).run().code(0);
    with_url(check(scenario), &server).args(["--only", "/second/"]).run().code(1).stdout_contains(
        "s.wscope:8:3: the variable \"x\" has no value: what captures it did not run\n",
    );
}

/// What may be wrong with a part is of no interest if it is not run.
#[test]
fn parts_that_are_not_chosen_have_no_warnings() {
    let server = Server::script(sends_its_path);
    let scenario = "### first\nWS {{url}}/a\n< {\"a\":1\n### second\nWS {{url}}/v\n< /v/\n";
    let outcome = with_url(check(scenario), &server).args(["--only", "/second/"]).run().code(0);
    outcome.stderr("");
    let outcome = check(scenario).args(["--list", "--variable", "url=ws://h"]).run().code(0);
    outcome.stderr_contains("s.wscope:3:").stderr_contains("taken as text");
}

/// Scenario language, section 5: "`--jobs N` (…; default: …, 1 with `--verbose`".
#[test]
fn verbose_runs_one_file_at_a_time() {
    let open = Arc::new(Mutex::new(false));
    let server = Server::repeat(3, move |peer| {
        peer.accept_request();
        let before = std::mem::replace(&mut *open.lock().expect("a flag"), true);
        assert!(!before, "another one is open");
        peer.send(text("a"));
        peer.expect_close(1000);
        *open.lock().expect("a flag") = false;
        peer.close(1000, "");
    });
    let program = ["a", "b", "c"].into_iter().fold(wscope(), |program, name| {
        program.file(&format!("{name}.wscope"), "WS {{url}}\n< a\nSLEEP 30ms\n")
    });
    with_url(program.args(["check", "-v"]), &server).run().code(0);
}
