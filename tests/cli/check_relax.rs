//! `wscope check --relax`: patterns that fail only because values differ, and the files that are rewritten.

use std::fs;

use crate::support::{Outcome, Peer, Server, Wscope, binary, script, text, wscope};

/// A server that sends these messages at once and closes the connection: nothing is waited for.
fn sending(messages: &'static [&'static str]) -> Server {
    Server::script(move |peer| send_all(peer, messages))
}

fn send_all(peer: &mut Peer, messages: &[&str]) {
    peer.accept_request();
    for message in messages {
        peer.send(text(message));
    }
    peer.close_and_expect_reply(1000);
}

/// `wscope check` with this scenario as `s.wscope`, in which `{{url}}` is the server's.
fn check(server: &Server, scenario: &str) -> Wscope {
    let url = format!("url={}", server.url());
    wscope().file("s.wscope", scenario).args(["check", "--variable", &url, "s.wscope"])
}

fn relax(server: &Server, scenario: &str) -> Outcome {
    check(server, scenario).args(["--relax", "--yes"]).run()
}

/// Relaxes a scenario with all steps behind `WS {{url}}`, and compares the file with what is expected.
#[track_caller]
fn relaxes(messages: &'static [&'static str], steps: &str, expected: &str, code: i32) -> Outcome {
    let outcome = relax(&sending(messages), &format!("WS {{{{url}}}}\n{steps}")).code(code);
    let file = String::from_utf8(outcome.file("s.wscope")).expect("UTF-8");
    assert_eq!(file, format!("WS {{{{url}}}}\n{expected}"));
    outcome
}

const SESSION: [&str; 3] = [
    r#"{"type":"welcome","session":"8f3a","version":3}"#,
    r#"{"type":"tick","time":1700000009,"price":7.5}"#,
    "goodbye 8f3a, it is 12:31",
];

/// Scenario language, section 5: "a recorded session, run once or twice with `--relax`, is a check that holds".
#[test]
fn a_recorded_session_becomes_a_check_that_holds() {
    let recorded = r#"### a session
WS {{url}}
< {"type":"welcome","session":"c001","version":3}
< {"type":"tick","time":1600000000,"price":7.5}
[Asserts]
jsonpath "$.price" > 0
< goodbye c001, it is 08:15
< close:1000
"#;
    let relaxed = r#"### a session
WS {{url}}
< {"type":"welcome","version":3}
< {"type":"tick","price":7.5}
[Asserts]
jsonpath "$.price" > 0
< /^goodbye .*, it is .*:.*$/
< close:1000
"#;
    let outcome = relax(&sending(&SESSION), recorded)
        .code(0)
        .stdout_contains("passed s.wscope (1 part, 5 steps, ")
        .stderr_contains(
            "warning: s.wscope:3: the pattern is relaxed: other values were received\n",
        )
        .stdout_contains("1 passed, 0 failed, 0 skipped")
        .stdout_contains(concat!(
            "--- s.wscope\n+++ s.wscope\n@@ -1,8 +1,8 @@\n ### a session\n WS {{url}}\n",
            "-< {\"type\":\"welcome\",\"session\":\"c001\",\"version\":3}\n",
            "-< {\"type\":\"tick\",\"time\":1600000000,\"price\":7.5}\n",
            "+< {\"type\":\"welcome\",\"version\":3}\n+< {\"type\":\"tick\",\"price\":7.5}\n",
            " [Asserts]\n jsonpath \"$.price\" > 0\n",
            "-< goodbye c001, it is 08:15\n+< /^goodbye .*, it is .*:.*$/\n < close:1000\n",
            "relaxed s.wscope (3 patterns)\n",
        ));
    assert_eq!(String::from_utf8_lossy(&outcome.file("s.wscope")), relaxed);
    let others = &[
        r#"{"type":"welcome","session":"77","version":3}"#,
        r#"{"type":"tick","time":1,"price":7.5}"#,
        "goodbye x, it is 23:59",
    ];
    check(&sending(others), relaxed).run().code(0);
}

#[test]
fn a_scenario_that_holds_is_left_as_it_is() {
    let outcome = relaxes(&["one"], "< one\n", "< one\n", 0);
    outcome.stderr("").stdout_contains("1 passed, 0 failed").stderr_lacks("relax");
}

/// Scenario language, section 5: "needs `--yes` elsewhere (without it exit 1 and nothing written".
#[test]
fn without_a_terminal_yes_is_needed() {
    let scenario = "WS {{url}}\n< again 8\n";
    let outcome = check(&sending(&["again 7"]), scenario)
        .arg("--relax")
        .run()
        .code(1)
        .stdout_contains("-< again 8\n+< /^again .*$/\n")
        .stdout_contains(
            "s.wscope:2:1: the pattern matches when it is relaxed, which was not written\n",
        )
        .stdout_contains("1 part: 0 passed, 1 failed, ")
        .stderr_contains("wscope: nothing was written: without a terminal --yes is needed\n");
    assert_eq!(outcome.file("s.wscope"), scenario.as_bytes());
}

/// Scenario language, section 5: "what has nothing in common is left alone".
#[test]
fn what_has_nothing_in_common_is_left_alone_and_fails() {
    let messages = &["one 1", r#"{"b":2}"#, "two 2"];
    relaxes(messages, "< one 7\n< {\"a\":1}\n< two 7\n", "< /^one .*$/\n< {\"a\":1}\n< two 7\n", 1)
        .stdout_contains("failed s.wscope")
        .stdout_contains("s.wscope:3:1: the connection ended: closed by the peer: 1000")
        .stdout_contains("relaxed s.wscope (1 pattern)\n");
}

/// Scenario language, section 5: "after writing, 0 if nothing else failed".
#[test]
fn a_failed_assertion_is_not_relaxed() {
    let steps = |pattern: &str| format!("< {pattern}\n[Asserts]\nsize == 1\n< x\n");
    relaxes(&["one 1", "x"], &steps("one 7"), &steps("/^one .*$/"), 1)
        .stdout_contains("s.wscope:4:1: the assertion does not hold");
}

#[test]
fn patterns_of_control_frames_and_regular_expressions_are_left_alone() {
    for steps in
        ["< /one 7/\n", "< hex:01\n", "< text:@s.wscope\n", "< pong:one\n", "< close:4000\n"]
    {
        relaxes(&["one 1"], steps, steps, 1).stdout_contains("0 passed, 1 failed");
    }
}

#[test]
fn the_message_with_most_in_common_is_taken_and_those_behind_it_stay() {
    let messages = &[
        r#"{"type":"hello","id":"1"}"#,
        r#"{"type":"next","id":"1","n":5}"#,
        r#"{"type":"next","id":"1","n":6}"#,
        r#"{"type":"end"}"#,
    ];
    relaxes(
        messages,
        "< {\"type\":\"next\",\"id\":\"1\",\"n\":1}\n< {\"type\":\"next\",\"n\":6}\n< {\"type\":\"end\"}\n",
        "< {\"type\":\"next\",\"id\":\"1\"}\n< {\"type\":\"next\",\"n\":6}\n< {\"type\":\"end\"}\n",
        0,
    );
}

#[test]
fn patterns_that_are_awaited_together_are_relaxed_together() {
    relaxes(
        &["count 5", "joined at 9", "motd", "end"],
        "<? motd\n< joined at 8\n<& count 4\n< end\n",
        "<? motd\n< /^joined at .*$/\n<& /^count .*$/\n< end\n",
        0,
    );
}

#[test]
fn with_strict_the_next_message_is_the_one() {
    let scenario = "WS {{url}}\n[Options]\nstrict: true\n\n< a 1\n< a 2\n< b\n";
    let outcome = relax(&sending(&["a 5", "a 2", "b"]), scenario).code(0);
    let expected = "WS {{url}}\n[Options]\nstrict: true\n\n< /^a .*$/\n< a 2\n< b\n";
    assert_eq!(outcome.file("s.wscope"), expected.as_bytes());
}

/// Scenario language, section 5: "no value replaces a `{{name}}`".
#[test]
fn messages_that_are_not_considered_are_counted() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send((0..1200).flat_map(|n| text(&format!("other{n}"))).collect::<Vec<_>>());
        peer.send(text("again 7"));
        peer.close_and_expect_reply(1000);
    });
    let scenario = "WS {{url}}\n< again 8\n";
    let outcome = relax(&server, scenario).code(1).stderr_contains(concat!(
        "s.wscope:2: --relax did not consider 201 of 1201 messages: ",
        "it compares at most 1000 messages a step and 256 MiB a run\n"
    ));
    assert_eq!(outcome.file("s.wscope"), scenario.as_bytes());
}

#[test]
fn captures_and_variables_stay() {
    relaxes(
        &[r#"{"id":"j-7","at":5}"#, r#"{"job":"j-7","at":6}"#, "j-7 took 3 ms", "j-7 {{id}} 4"],
        concat!(
            "< {\"id\":\"j-7\",\"at\":1}\n[Captures]\njob: jsonpath \"$.id\"\n",
            "< {\"job\":\"{{job}}\",\"at\":2}\n< {{job}} took 9 ms\n< {{job}} \\{{id}} 9\n",
        ),
        concat!(
            "< {\"id\":\"j-7\"}\n[Captures]\njob: jsonpath \"$.id\"\n",
            "< {\"job\":\"{{job}}\"}\n< /^{{job}} took .* ms$/\n< /^{{job}} \\{\\{id\\}\\} .*$/\n",
        ),
        0,
    );
}

/// Scenario language, section 5: "everything else of the file stays byte for byte".
#[test]
fn everything_else_stays_byte_for_byte() {
    let scenario = |pattern: &str, fenced: &str| {
        format!(
            "\u{feff}# {{\"t\":1}}  \r\n\r\n  WS   {{{{url}}}} \r\n # c\r\n\t<  {pattern}  \r\n\
             [Asserts]\r\n  size > 1  \r\n< ````  \r\n{fenced}\r\n ```` \r\n\r\n#   end"
        )
    };
    let messages = &[r#"{"a":1,"t":2}"#, r#"{"list":[{"id":1,"t":2}],"t":3}"#];
    let before = scenario(
        "{ \"a\": 1, \"t\": 1 }",
        "{\r\n\t\"t\": 1,\r\n\t\"list\": [ { \"id\": 1, \"t\": 1 } ]\r\n}",
    );
    let after = scenario("{ \"a\": 1 }", "{\r\n\t\"list\": [ { \"id\": 1 } ]\r\n}");
    let outcome = relax(&sending(messages), &before).code(0);
    assert_eq!(String::from_utf8_lossy(&outcome.file("s.wscope")), after);
}

#[test]
fn all_parts_and_files_are_relaxed_and_asked_about_once() {
    let servers =
        || Server::scripts((0..3).map(|_| script(|peer: &mut Peer| send_all(peer, &["a 5"]))));
    let two = "WS {{url}}\n< a 1\n###\nWS {{url}}\n< a 2\n";
    let server = servers();
    let outcome = check(&server, two)
        .file("t.wscope", "WS {{url}}\n< a 3")
        .args(["t.wscope", "--relax", "--yes", "--jobs", "1"])
        .run()
        .code(0)
        .stdout_contains("\\ No newline at end of file\nrelaxed s.wscope (2 patterns)\n")
        .stdout_contains("relaxed t.wscope (1 pattern)\n");
    let expected = "WS {{url}}\n< /^a .*$/\n###\nWS {{url}}\n< /^a .*$/\n";
    assert_eq!(outcome.file("s.wscope"), expected.as_bytes());
    assert_eq!(outcome.file("t.wscope"), b"WS {{url}}\n< /^a .*$/");
}

#[test]
fn a_binary_message_may_be_the_json() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(binary(br#"{"a":1,"t":2}"#));
        peer.close_and_expect_reply(1000);
    });
    let outcome = relax(&server, "WS {{url}}\n< {\"a\":1,\"t\":1}\n").code(0);
    assert_eq!(outcome.file("s.wscope"), b"WS {{url}}\n< {\"a\":1}\n");
}

#[test]
fn the_time_of_relaxed_steps_does_not_count() {
    let server = Server::script(|peer| {
        peer.accept_request();
        for message in ["a 1", "b 1", "c 1", "d 1"] {
            peer.send(text(message));
        }
        peer.answer_close(1000);
    });
    let steps = "< a 5\n< b 5\n< c 5\n< d 5\n";
    let scenario = format!("WS {{{{url}}}}\n[Options]\ntimeout: 700ms\nmax-time: 2s\n\n{steps}");
    relax(&server, &scenario).code(0).stdout_contains("relaxed s.wscope (4 patterns)\n");
}

#[test]
fn secrets_are_masked_in_the_difference_and_stay_in_the_file() {
    let messages = &[r#"{"a":1,"token":"hunter22","t":2}"#, "hunter22 is the word 2", "x {{k}} 2"];
    let steps =
        |json: &str| format!("# hunter22\n< {json}\n# aHVudGVyMjI=\n< hunter22 is the word 1\n");
    let scenario = |json: &str| format!("WS {{{{url}}}}\n{}", steps(json));
    let before = scenario(r#"{"a":1,"token":"hunter22","t":1}"#);
    let outcome = check(&sending(messages), &before)
        .args(["--relax", "--yes", "--secret", "k=hunter22"])
        .run()
        .code(1)
        .stdout_contains(concat!(
            " # ***\n-< {\"a\":1,\"token\":\"***\",\"t\":1}\n+< {\"a\":1,\"token\":\"***\"}\n",
            " # ***",
        ));
    let shown = ["hunter22", "aHVudGVy", "word .*"].map(|text| outcome.stdout.contains(text));
    assert_eq!(shown, [false; 3], "{}", outcome.stdout);
    // What is left of a secret in the middle of a text could not be masked: such a pattern is left alone.
    let after = scenario(r#"{"a":1,"token":"hunter22"}"#);
    assert_eq!(String::from_utf8_lossy(&outcome.file("s.wscope")), after);
}

#[test]
fn a_file_that_changed_meanwhile_is_not_written() {
    let program = wscope().file("s.wscope", "WS {{url}}\n< a 1\n");
    let home = program.home();
    let path = home.join("s.wscope");
    let server = Server::script(move |peer| {
        peer.accept_request();
        fs::write(path, "# mine\n").expect("the scenario");
        peer.send(text("a 2"));
        peer.close_and_expect_reply(1000);
    });
    let url = format!("url={}", server.url());
    let outcome = program
        .args(["check", "--relax", "--yes", "--variable", &url, "s.wscope"])
        .run()
        .code(8)
        .stderr_contains("s.wscope was not written: the file was changed by another program");
    assert_eq!(outcome.file("s.wscope"), b"# mine\n");
    let names = fs::read_dir(home).expect("a folder").count();
    assert_eq!(names, 1, "a temporary file is left");
}

#[test]
fn an_invalid_file_and_those_with_it_are_not_touched() {
    let valid = "WS ws://h\n< a 1\n";
    let outcome = wscope()
        .file("a.wscope", valid)
        .file("b.wscope", "WS ws://h\n< /a(/\n")
        .args(["check", "--relax", "--yes", "a.wscope", "b.wscope"])
        .run()
        .code(2)
        .stderr_contains("b.wscope:2:3: error: not a regular expression");
    assert_eq!(outcome.file("a.wscope"), valid.as_bytes());
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_its_target_is_rewritten() {
    let server = sending(&["a 2"]);
    let program = check(&server, "WS {{url}}\n< a 1\n").args(["link.wscope", "--relax", "--yes"]);
    std::os::unix::fs::symlink("s.wscope", program.home().join("link.wscope")).expect("a link");
    program.run().code(2).stderr_contains("link.wscope: --relax: the same file was given before");
    let program = wscope().file("s.wscope", "WS {{url}}\n< a 1\n");
    let link = program.home().join("link.wscope");
    std::os::unix::fs::symlink("s.wscope", &link).expect("a link");
    let url = format!("url={}", server.url());
    let args = ["check", "--relax", "--yes", "--variable", &url, "link.wscope"];
    let outcome = program.args(args).run().code(0);
    assert_eq!(outcome.file("s.wscope"), b"WS {{url}}\n< /^a .*$/\n");
    assert!(link.is_symlink());
}

#[test]
fn options_that_do_not_go_together_are_usage_errors() {
    for (args, message) in [
        (&["--relax"][..], "<FILE|FOLDER>"),
        (&["--relax", "-"], "standard input cannot be rewritten: name a file"),
        (&["--relax", "--list", "a.wscope"], "'--relax' cannot be used with '--list'"),
        (&["--relax", "--repeat", "2", "a.wscope"], "'--relax' cannot be used with '--repeat <N>'"),
        (&["--relax", "--report-tap", "-", "a.wscope"], "--report-tap <FILE>"),
        (&["--relax", "--report-json", "x", "a.wscope"], "--report-json <FILE>"),
        (&["--yes", "a.wscope"], "--relax"),
    ] {
        let program = wscope().file("a.wscope", "WS ws://h\n< a\n").arg("check");
        program.args(args).stdin("").run().code(2).stdout("").stderr_contains(message);
    }
}

#[cfg(unix)]
mod terminal {
    use super::{send_all, sending};
    use crate::support::{Key, Peer, Server, Terminal, close_terminal, script, text};

    const SCENARIO: &str = r"WS {{url}}\n< again 8\n";

    fn start(server: &Server, redirection: &str) -> Terminal {
        let url = server.url();
        let command = format!(
            "printf '{SCENARIO}' >s.wscope; exec \"$WSCOPE\" check --relax --variable url={url} s.wscope {redirection}"
        );
        Terminal::spawn_shell(&command, 100, 30)
    }

    fn file(terminal: &Terminal) -> String {
        std::fs::read_to_string(terminal.home().join("s.wscope")).expect("the scenario")
    }

    /// Scenario language, section 5: "It shows the difference and asks on a terminal".
    #[test]
    fn the_question_comes_behind_the_difference() {
        let relaxed = "WS {{url}}\n< /^again .*$/\n";
        for (answer, code, expected) in [
            ("y\r", 0, relaxed),
            ("YES\r", 0, relaxed),
            ("n\r", 1, "WS {{url}}\n< again 8\n"),
            ("\r", 1, "WS {{url}}\n< again 8\n"),
            ("\u{4}", 1, "WS {{url}}\n< again 8\n"),
        ] {
            let server = sending(&["again 7"]);
            let mut terminal = start(&server, "");
            terminal.wait_for("Write s.wscope? [y/N]");
            assert!(terminal.screen().contains("+< /^again .*$/"), "{}", terminal.screen());
            terminal.type_text(answer);
            assert_eq!(terminal.wait_exit(), code, "{answer:?}: {}", terminal.screen());
            assert_eq!(file(&terminal), expected, "{answer:?}");
        }
    }

    #[test]
    fn the_difference_is_where_the_question_is() {
        let server = sending(&["again 7"]);
        let mut terminal = start(&server, ">out");
        terminal.wait_for("Write s.wscope? [y/N]");
        assert!(terminal.screen().contains("+< /^again .*$/"), "{}", terminal.screen());
        terminal.type_text("y\r");
        assert_eq!(terminal.wait_exit(), 0);
    }

    #[test]
    fn ctrl_c_ends_the_question() {
        let server = Server::scripts([script(|peer: &mut Peer| send_all(peer, &["again 7"]))]);
        let mut terminal = start(&server, "");
        terminal.wait_for("Write s.wscope? [y/N]");
        terminal.type_text("\u{3}");
        assert_eq!(terminal.wait_exit(), 130, "{}", terminal.screen());
        assert_eq!(file(&terminal), "WS {{url}}\n< again 8\n");
        let (column, row) = terminal.cursor();
        let question = terminal.screen().lines().position(|line| line.contains("[y/N]"));
        assert_eq!((column, usize::from(row)), (0, question.expect("the question") + 1));
    }

    /// A server that sends a message when the test releases it, and closes.
    fn on_release() -> Server {
        Server::script(|peer| {
            peer.accept_request();
            peer.stall();
            peer.send(text("again 7"));
            peer.close_and_expect_reply(1000);
        })
    }

    #[test]
    fn what_was_typed_before_the_question_does_not_answer_it() {
        let server = on_release();
        let mut terminal = start(&server, "");
        terminal.wait_for("running s.wscope");
        terminal.type_text("y\ryes");
        terminal.wait_for("yes");
        server.release();
        terminal.wait_for("Write s.wscope? [y/N]");
        terminal.type_text("\r");
        assert_eq!(terminal.wait_exit(), 1, "{}", terminal.screen());
        assert_eq!(file(&terminal), "WS {{url}}\n< again 8\n");
    }

    #[test]
    fn an_answer_without_the_end_of_its_line_is_none() {
        let server = sending(&["again 7"]);
        let mut terminal = start(&server, "");
        terminal.wait_for("Write s.wscope? [y/N]");
        terminal.type_text("y\u{4}\u{4}");
        assert_eq!(terminal.wait_exit(), 1, "{}", terminal.screen());
        assert_eq!(file(&terminal), "WS {{url}}\n< again 8\n");
    }

    #[test]
    fn the_question_is_shown_again_after_a_stop() {
        let server = sending(&["again 7"]);
        let terminal = Terminal::spawn_job_shell("bash", 100, 40);
        let url = server.url();
        terminal.type_line(&format!(
            "clear; printf '{SCENARIO}' >s.wscope; \"$WSCOPE\" check --relax --variable url={url} s.wscope"
        ));
        terminal.wait_for("Write s.wscope? [y/N]");
        terminal.type_text("y");
        terminal.press(Key::CtrlZ);
        terminal.wait_for_stop();
        terminal.type_text("fg\n");
        terminal.wait_until("the question again", |screen| {
            screen.trim_end().ends_with("\nWrite s.wscope? [y/N]")
        });
        terminal.type_line("yes");
        terminal.wait_for("relaxed s.wscope (1 pattern)");
        assert_eq!(file(&terminal), "WS {{url}}\n< /^again .*$/\n");
    }

    #[test]
    fn a_closed_terminal_ends_the_question() {
        for trap in ["trap : HUP;", "trap '' HUP;"] {
            let server = sending(&["again 7"]);
            let url = server.url();
            let run = format!("\"$WSCOPE\" check --relax --variable url={url} s.wscope");
            let script = format!("{trap} printf '{SCENARIO}' >s.wscope; {run}; echo $? >status");
            assert_eq!(close_terminal(&script, "Write s.wscope? [y/N]"), "129", "{trap}");
        }
    }
}

/// A pattern with the warning that it is not JSON fails as without `--relax`, and the file stays as it is.
#[test]
fn broken_json_is_not_relaxed() {
    let steps = "[Options]\ntimeout: 200ms\n< {\"type\":\"welcome\"\n";
    let outcome = relaxes(&SESSION, steps, steps, 1);
    outcome.stderr_contains("warning: taken as text, as it is not JSON");
}

#[test]
fn a_recorded_scenario_that_differs_has_a_hint() {
    const FIRST: &str = "# Written by wscope from a recording.\n";
    const HINT: &str = "hint: the file was made from a recording: wscope check --relax s.wscope leaves out what \
                        differs from run to run\n";
    const OTHER: &str = "### a\nWS {{url}}\n< {\"type\":\"tick\",\"time\":1}\n";
    const ENDED: &str = "### a\nWS {{url}}\n< close:4000\n";
    let messages: &[&str] = &[r#"{"type":"tick","time":2}"#];
    for (first, steps, options, has_hint) in [
        (FIRST, OTHER, &[][..], true),
        (FIRST, OTHER, &["--repeat", "2"], true),
        (FIRST, OTHER, &["--relax"], false),
        (FIRST, OTHER, &["-q"], false),
        ("", OTHER, &[], false),
        (FIRST, ENDED, &[], false),
    ] {
        let server = sending(messages).optional();
        let outcome = check(&server, &format!("{first}{steps}")).args(options).run();
        assert_eq!(
            outcome.stderr.matches(HINT).count(),
            usize::from(has_hint),
            "{}",
            outcome.stderr
        );
    }
}
