//! `$` lines.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::check;
use crate::files::fifo;
use crate::support::{DEADLINE, Outcome, Running, Server, Signal, Wscope, text};

/// A command needs no connection.
fn commands(lines: &str) -> Wscope {
    check(lines).arg("--allow-run")
}

fn one(line: &str) -> Outcome {
    commands(&format!("{line}\n")).run()
}

/// Scenario language, section 3: "secrets `"${WSCOPE_SECRET_name}"`, set only for lines that name them"
#[test]
fn only_the_secrets_that_a_line_names_are_in_its_environment() {
    let scenario = "\
$ echo \"[$WSCOPE_SECRET_a][$WSCOPE_SECRET_b]\" {{b}}
[Asserts]
stdout == \"[][bbbbb] bbbbb\"
$ env | grep -c WSCOPE_SECRET_
[Asserts]
stdout == \"0\"
exit == 1
";
    commands(scenario)
        .env("WSCOPE_SECRET_a", "aaaaa")
        .env("WSCOPE_SECRET_b", "bbbbb")
        .run()
        .code(0);
}

/// Scenario language, section 3: "In a `$` line `{{name}}` becomes `"${WSCOPE_VARIABLE_name}"`"
#[test]
fn values_are_quoted_as_their_place_needs_it() {
    let scenario = "\
$ printf '[%s]' {{v}} \"a{{v}}b\" \"$(printf %s {{v}} \"{{v}}\")\"
[Asserts]
stdout == \"[x  *][ax  *b][x  *x  *]\"
";
    commands(scenario).args(["--variable", "v=x  *"]).run().code(0);
}

/// Scenario language, section 3: "In a `$` line `{{name}}` becomes `"${WSCOPE_VARIABLE_name}"` […] `-` becomes `_`"
#[test]
fn a_value_at_a_place_where_the_shell_does_not_expand_it_is_an_error() {
    for (line, place, message) in [
        ("$ echo 'a {{v}}'", "1:11", "{{v}} cannot be used in single quotes"),
        ("$ echo # {{v}}", "1:10", "{{v}} cannot be used in a comment"),
        ("$ echo {{a-b}} {{a_b}}", "1:16", "\"a-b\" and \"a_b\" have the same name"),
    ] {
        let values = ["v=1", "a-b=1", "a_b=1"].map(|value| ["--variable", value]).concat();
        let expected = format!("s.wscope:{place}: error: {message}");
        commands(line).args(values).run().code(2).stderr_contains(&expected);
    }
}

/// Scenario language, section 1: "a status other than 0 fails"
#[test]
fn a_failed_command_shows_its_errors_and_its_signal() {
    one("$ echo out; echo one >&2; echo two >&2; exit 3")
        .code(1)
        .stdout_contains("the command ended with status 3\n")
        .stdout_contains("output: out\n")
        .stdout_contains("stderr: one\n")
        .stdout_contains("stderr: two\n");
    one("$ kill -SEGV $$").code(1).stdout_contains("SIGSEGV ended the command\n");
    commands("$ echo key {{k}} >&2; exit 1\n")
        .args(["--secret", "k=s3cret"])
        .run()
        .code(1)
        .stdout_contains("stderr: key ***\n");
    one("$ seq 1000 >&2; exit 1")
        .code(1)
        .stdout_contains("stderr: (990 lines before)\n")
        .stdout_contains("stderr: 1000\n");
}

#[test]
fn a_value_that_the_environment_cannot_hold_is_named_as_the_cause() {
    for (message, expected) in [
        ("a\0b".to_owned(), "the value of \"v\" has a NUL character"),
        ("a".repeat(200_000), "the values of its variables are too long"),
    ] {
        let server = Server::script(move |peer| {
            peer.accept_request();
            peer.send(text(&message));
            peer.answer_close(1000);
        });
        let url = format!("url={}", server.url());
        let scenario = "WS {{url}}\n< /a/\n[Captures]\nv: text\n$ printf %s {{v}}\n";
        commands(scenario).args(["--variable", &url]).run().code(1).stdout_contains(expected);
    }
}

/// A command that holds a FIFO open, also in a process that it starts, and what reads that to its end.
const HOLDS: &str = "$ exec 3>fifo; echo ready >&3; sleep 1000; sleep 1000\n";

fn holding(program: Wscope) -> (Running, Receiver<()>) {
    let path = fifo(&program.home());
    let running = program.spawn();
    let (ready, is_ready) = channel();
    let (ended, is_ended) = channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(std::fs::File::open(path).expect("a FIFO"));
        reader.read_line(&mut String::new()).expect("a line");
        ready.send(()).expect("the test");
        reader.read_to_end(&mut Vec::new()).expect("an end");
        let _ = ended.send(()); // the test may have given up
    });
    is_ready.recv_timeout(DEADLINE).expect("the command runs");
    (running, is_ended)
}

/// Scenario language, section 5: "Exit: … 130/143".
#[test]
fn a_signal_ends_a_command_with_all_that_it_started() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let (running, ended) = holding(commands(HOLDS));
        running.signal(signal);
        running.wait().code(code).stdout_contains("s.wscope:1:1: interrupted here\n");
        ended.recv_timeout(DEADLINE).expect("nothing of it runs any more");
    }
}

/// Scenario language, section 5: "`--max-time` for all parts".
/// Scenario language, section 3: "A part has `max-time`"
#[test]
fn max_time_ends_a_command_with_all_that_it_started() {
    let program = commands(HOLDS).args(["-m", "1s"]);
    let (running, ended) = holding(program);
    running.wait().code(1).stdout_contains("the command did not end in time (max-time)");
    ended.recv_timeout(DEADLINE).expect("nothing of it runs any more");
}

#[test]
fn what_a_command_leaves_running_ends_with_the_file() {
    let scenario = "\
$ { exec 3>fifo; echo ready >&3; sleep 1000; } & echo started
[Asserts]
stdout == \"started\"
$ true
";
    let (running, ended) = holding(commands(scenario));
    running.wait().code(0);
    ended.recv_timeout(DEADLINE).expect("nothing of it runs any more");
}

/// Scenario language, section 3: "a server's text is never run"
#[test]
fn a_value_of_a_server_is_never_run() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("\"; echo $(id) `id` '"));
        peer.answer_close(1000);
    });
    let scenario = "\
WS {{url}}
< /id/
[Captures]
v: text
$ printf %s%s {{v}} \"$(printf %s \"{{v}}\")\"
[Asserts]
stdout startsWith {{v}}
stdout endsWith {{v}}
$ printf %s {{v}}
[Asserts]
stdout == {{v}}
";
    let url = format!("url={}", server.url());
    commands(scenario).args(["--variable", &url]).run().code(0);
}
