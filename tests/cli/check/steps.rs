//! Steps, and the sections behind them.

use super::{check, failures::sending, run, run_with};
use crate::support::{Server, close, script, text};

/// Scenario language, section 1: "`<!` must not come, from here to the end of the part"
#[test]
fn what_a_step_took_before_may_be_forbidden_from_there_on() {
    for (messages, code) in [(&["bad", "ok"][..], 0), (&["bad", "bad", "ok"], 1)] {
        let frames: Vec<_> = messages.iter().map(|message| text(message)).collect();
        let outcome = run(&sending(&frames), "WS {{url}}\n< bad\n<! bad\n< ok\n").code(code);
        if code == 1 {
            outcome.stdout_contains("s.wscope:3:1: this was received\n  <! bad\n");
        }
    }
}

/// Scenario language, section 1: "`<!` must not come, from here to the end of the part"
#[test]
fn what_is_forbidden_may_not_come_while_the_connection_closes() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("ok"));
        peer.expect_close(1000);
        peer.send(text("bad"));
        peer.close(1000, "");
    });
    run(&server, "WS {{url}}\n<! bad\n< ok\n")
        .code(1)
        .stdout_contains("s.wscope:2:1: this was received\n  <! bad\n");
}

/// Scenario language, section 1: "`<!` must not come, from here to the end of the part"
#[test]
fn the_next_part_may_get_what_one_before_forbade() {
    let part = |message: &'static str| {
        script(move |peer| {
            peer.accept_request();
            peer.send(text(message));
            peer.answer_close(1000);
        })
    };
    let server = Server::scripts([part("ok"), part("bad")]);
    run(&server, "### one\nWS {{url}}\n<! bad\n< ok\n### two\nWS {{url}}\n< bad\n").code(0);
}

/// Scenario language, section 1: "`<!` must not come"; section 3: "at the end of its part an open one is closed with
/// 1000", which the peer answers.
#[test]
fn a_forbidden_end_is_one_that_the_peer_began() {
    for pattern in ["close:", "close:1000", "close:1006", "close:4001"] {
        run(&sending(&[text("a")]), &format!("WS {{{{url}}}}\n<! {pattern}\n< a\n")).code(0);
    }
    for (pattern, code) in [("close:", 1000), ("close:4001", 4001)] {
        let server = Server::script(move |peer| {
            peer.accept_request();
            peer.send([text("a"), close(code, "")].concat());
            peer.read_until_eof();
        });
        run(&server, &format!("WS {{{{url}}}}\n<! {pattern}\n< a\nSLEEP 5s\n< b\n"))
            .code(1)
            .stdout_contains(&format!("s.wscope:2:1: this was received\n  <! {pattern}\n"));
    }
}

/// Scenario language, section 1: "each followed by { section }": `<?` too.
#[test]
fn sections_behind_an_optional_pattern_judge_it_if_it_came() {
    let scenario = "WS {{url}}\n<? opt\n[Captures]\nv: size\n[Asserts]\nsize == 9\n< end\n";
    run(&sending(&[text("end")]), scenario).code(0);
    run(&sending(&[text("opt"), text("end")]), scenario)
        .code(1)
        .stdout_contains("s.wscope:6:1: the assertion does not hold\n  size == 9\n");
    run(&sending(&[text("opt"), text("end")]), &scenario.replace('9', "3")).code(0);
}

/// Scenario language, section 1: "each followed by { section }": `<&` too.
#[test]
fn sections_behind_a_further_pattern_judge_what_it_took() {
    let scenario = "WS {{url}}\n< a\n[Asserts]\nsize == 1\n<& /c/\n[Captures]\nc: text\n\
        [Asserts]\nsize == 2\n> {{c}}\n";
    for messages in [["a", "cc"], ["cc", "a"]] {
        let server = Server::script(move |peer| {
            peer.accept_request();
            messages.iter().for_each(|message| peer.send(text(message)));
            peer.expect_text("cc");
            peer.answer_close(1000);
        });
        run(&server, scenario).code(0);
    }
    run(&sending(&[text("a"), text("ccc")]), scenario)
        .code(1)
        .stdout_contains("s.wscope:9:1: the assertion does not hold\n  size == 2\n");
}

/// Scenario language, section 1: "each followed by { section }"
#[test]
fn every_step_and_connection_can_have_sections() {
    for steps in [
        "",
        "> a\n",
        "< a\n",
        "< a\n<& b\n",
        "< a\n<! z\n",
        "SILENCE 1ms\n",
        "DURING 1ms\n",
        "SLEEP 1ms\n",
        "$ true\n",
    ] {
        if cfg!(not(unix)) && steps.starts_with('$') {
            continue;
        }
        let messages = if steps.contains('<') { &["a", "b"][..] } else { &[] };
        let line = steps.lines().count() + 5;
        for (value, code) in [("x", 0), ("y", 1)] {
            let server = Server::script(|peer| {
                peer.accept_request();
                messages.iter().for_each(|message| peer.send(text(message)));
                if peer.read_frame().opcode == 1 {
                    peer.read_frame();
                }
                peer.close(1000, "");
            });
            let scenario = format!(
                "WS {{{{url}}}}\n{steps}[Captures]\nc: variable \"v\"\n[Asserts]\nvariable \"c\" == \"{value}\"\n"
            );
            let args = ["--variable", "v=x", "--allow-run"];
            let outcome = run_with(&server, &scenario, &args).code(code);
            if code == 1 {
                outcome.stdout_contains(&format!("s.wscope:{line}:1: the assertion does not hold"));
            }
        }
    }
}

/// Scenario language, section 1: "`$` […] a status other than 0 fails, unless `exit` is asserted"
#[test]
#[cfg(unix)]
fn a_status_other_than_0_fails_unless_it_is_asserted() {
    for (command, asserts, code) in [
        ("exit 0", "", 0),
        ("exit 3", "", 1),
        ("exit 3", "exit == 3", 0),
        ("exit 3", "exit != 0", 0),
        ("exit 3", "exit == 4", 1),
        ("exit 0", "exit == 3", 1),
        ("echo a; exit 3", "stdout == \"a\"", 1),
        ("echo a; exit 3", "stdout == \"a\"\nexit > 0", 0),
    ] {
        let asserts = if asserts.is_empty() { "" } else { &format!("[Asserts]\n{asserts}\n") };
        check(&format!("$ {command}\n{asserts}")).arg("--allow-run").run().code(code);
    }
}

/// Scenario language, section 1: "`$` […] runs it with `sh -c`; only with --allow-run (else exit 2 before anything
/// connects)"
#[test]
#[cfg(unix)]
fn without_permission_no_file_runs_if_one_has_a_command() {
    check("### a\nWS ws://127.0.0.1:1\n< a\n### b\n$ echo ran > ran\n")
        .file("z.wscope", "WS ws://127.0.0.1:1\n< a\n")
        .args(["z.wscope"])
        .run()
        .code(2)
        .stdout("")
        .stderr_contains("s.wscope:5:1: error: ");
    let outcome = check("$ X=a; [ \"$X\" = a ] && echo \"$0\" > ran\n").arg("--allow-run").run();
    assert_eq!(outcome.code(0).file("ran"), b"sh\n");
}

/// Scenario language, section 3: "In a `$` line `{{name}}` becomes `"${WSCOPE_VARIABLE_name}"` (secrets
/// `"${WSCOPE_SECRET_name}"`, […]; `-` becomes `_`)"
#[test]
#[cfg(unix)]
fn a_minus_in_a_name_becomes_an_underscore_in_the_environment() {
    let scenario = "\
$ printf '%s ' {{a-b}} \"$WSCOPE_VARIABLE_a_b\" {{c-d}} \"$WSCOPE_SECRET_c_d\"
[Asserts]
stdout == \"one one secret secret \"
";
    check(scenario)
        .args(["--allow-run", "--variable", "a-b=one", "--secret", "c-d=secret"])
        .run()
        .code(0);
}

/// Scenario language, section 1: "`SLEEP` nothing is done; what comes is kept"
#[test]
fn a_sleep_takes_nothing() {
    let scenario = "WS {{url}}\n[Options]\nstrict: true\n\nSLEEP 50ms\n< a\nSLEEP 1ms\n< b\n";
    run(&sending(&[text("a"), text("b")]), scenario).code(0);
}

/// Scenario language, section 1: "`DURING` takes all that comes for that long; the sections below judge it"
#[test]
fn during_takes_what_the_next_step_does_not_get() {
    let scenario = "WS {{url}}\n[Options]\nstrict: true\n\nDURING 300ms\n[Asserts]\ncount == 2\n";
    let frames = [text("a"), text("b")];
    run(&sending(&frames), scenario).code(0);
    run(&sending(&frames), &scenario.replace("== 2", "== 1"))
        .code(1)
        .stdout_contains("s.wscope:7:1: the assertion does not hold");
    run(&sending(&frames), &format!("{scenario}SILENCE 10ms\n")).code(0);
}

/// Scenario language, section 1: `part = [ "###" title ] { connect | step }`, `"WS" URL [ "as" NAME ]`
#[test]
fn connections_and_steps_may_alternate() {
    let server = Server::scripts(["a", "b"].map(|name| {
        script(move |peer| {
            peer.accept_request();
            peer.expect_text(name);
            peer.send(text(name));
            peer.answer_close(1000);
        })
    }));
    let scenario = "WS {{url}} as a\na> a\na< a\nWS {{url}} as b\nb> b\nb< b\n";
    run(&server, scenario).code(0);
}
