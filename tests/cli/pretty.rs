//! JSON laid out and in colours in a pipe, if that was asked for.

use crate::listen::{client, start};
use crate::scripts::serve_bytes;
use crate::support::{Outcome, Wscope, binary, masked, text, wscope};

/// Longer than 80 columns, with what a terminal would be shown as escapes.
const JSON: &str = "{\"name\":\"지민\\u0041\u{202e}\",\"n\":[12345678901234567890,-0,1.0e5,0.10],\"del\":\"\u{7f}\",\"emoji\":\"👩‍👧\"}";

const PRETTY: &str = "{
  \"name\": \"지민\\u0041\u{202e}\",
  \"n\": [12345678901234567890, -0, 1.0e5, 0.10],
  \"del\": \"\u{7f}\",
  \"emoji\": \"👩‍👧\"
}";

const NUMBER: &str = "\u{1b}[36m1\u{1b}[0m";

/// A run against a server that sends these messages.
fn run(frames: &[Vec<u8>], prepare: impl FnOnce(Wscope) -> Wscope) -> Outcome {
    let server = serve_bytes(frames.concat());
    let count = frames.len().to_string();
    prepare(wscope().args(["--count", &count])).arg(server.url()).run().code(0)
}

#[test]
fn pretty_indents_long_json_and_changes_nothing_else() {
    let frames = [text(JSON), binary(JSON.as_bytes()), text("[1, 2]"), text("{\u{1b}"), text("")];
    run(&frames, |wscope| wscope.args(["--pretty", "--output", "lines"]))
        .stdout(&format!("{PRETTY}\n{PRETTY}\n[1, 2]\n{{\u{1b}\n\n"))
        .stderr_lacks("\u{1b}");
    run(&frames[..1], |wscope| wscope.args(["--pretty", "--output", "nul"]))
        .stdout(&format!("{PRETTY}\0"));
    run(&frames[..1], |wscope| wscope.arg("--pretty").redirect("2>&1"))
        .stdout_contains(&format!("\n{PRETTY}\n"));
}

#[test]
fn a_list_of_numbers_fills_80_columns() {
    let list: Vec<String> = (1000..1100).map(|n| n.to_string()).collect();
    let shown =
        run(&[text(&format!("[{}]", list.join(",")))], |wscope| wscope.arg("--pretty")).stdout;
    assert_eq!(shown.lines().count(), 10, "{shown}");
    assert_eq!(shown.lines().map(str::len).max(), Some(79), "{shown}");
}

#[test]
fn other_outputs_stay_as_they_are() {
    for (options, expected) in [
        (&["--output", "raw"][..], JSON.to_owned()),
        (&["--output", "hex"], format!("{}\n", data_encoding::HEXLOWER.encode(JSON.as_bytes()))),
        (&["-b"], JSON.to_owned()),
    ] {
        run(&[text(JSON)], |wscope| wscope.args(["--pretty", "--color", "always"]).args(options))
            .stdout(&expected);
    }
    let options = ["--pretty", "--color", "always", "--json"];
    let events = run(&[text(JSON)], |wscope| wscope.args(options)).json_lines();
    assert!(events.iter().any(|event| event["data"] == *JSON), "{events:?}");
}

/// The options count more than NO_COLOR, and that more than CLICOLOR_FORCE.
#[test]
fn colours_are_written_to_a_pipe_on_request() {
    const JSON: &str = "[1 ,\t1]";
    const NO: (&str, &str) = ("NO_COLOR", "1");
    const FORCE: (&str, &str) = ("CLICOLOR_FORCE", "1");
    for (options, variables, is_colored) in [
        (&[][..], &[][..], false),
        (&["--color", "always"], &[], true),
        (&["--color", "always"], &[NO], true),
        (&["--color", "never"], &[FORCE], false),
        (&["--no-color"], &[FORCE], false),
        (&["--color", "auto"], &[FORCE], true),
        (&[], &[FORCE], true),
        (&[], &[NO, FORCE], false),
        (&["--no-pretty", "--color", "always"], &[], true),
    ] {
        let outcome = run(&[text(JSON), text("plain")], |wscope| {
            let wscope = wscope.args(options).env("TERM", "xterm");
            variables.iter().fold(wscope, |wscope, (name, value)| wscope.env(name, value))
        });
        let expected = if is_colored { JSON.replace('1', NUMBER) } else { JSON.to_owned() };
        let outcome = outcome.stdout(&format!("{expected}\nplain\n"));
        assert_eq!(outcome.stderr.contains('\u{1b}'), is_colored, "{options:?} {variables:?}");
    }
}

#[test]
fn pretty_and_colours_go_together() {
    let list = format!("[{}]", ["1"; 60].join(","));
    let expected = format!(
        "[\n  {}\n]\n",
        [&[NUMBER; 26][..], &[NUMBER; 26], &[NUMBER; 8]].map(|it| it.join(", ")).join(",\n  ")
    );
    run(&[text(&list)], |wscope| wscope.args(["--pretty", "--color=always"])).stdout(&expected);
}

#[test]
fn a_message_over_the_limit_is_written_as_it_is() {
    let list = format!("[{}1]", "1,".repeat(1 << 19));
    run(&[text(&list), text(JSON)], |wscope| wscope.args(["--pretty", "--color", "always"]))
        .stdout_contains(&format!("{list}\n{{\n"));
}

#[test]
fn the_configuration_file_may_ask_for_it_and_the_command_line_not() {
    for (options, expected) in [(&[][..], PRETTY), (&["--no-pretty"], JSON)] {
        run(&[text(JSON)], |wscope| wscope.env("WSCOPE_OPTIONS", "--pretty").args(options))
            .stdout(&format!("{expected}\n"));
    }
}

#[test]
fn a_listening_server_writes_it_too() {
    let (mut server, port) = start(wscope().stdin_null(), &["--pretty"]);
    let mut peer = client(port);
    peer.send(masked(&text(JSON)));
    for line in PRETTY.lines() {
        assert_eq!(server.read_stdout_line(), line);
    }
    peer.close_and_expect_reply(1000);
    server.wait_stderr("closed by the peer");
}
