//! Annotations of GitHub Actions, whose runner takes any line for a command that starts with `::` behind white space,
//! or has `##[` anywhere.

use super::{HOSTILE, check, hostile_peer, scenario};
use crate::support::{Outcome, Server, text, wscope};

/// All lines that the runner would take for commands.
fn commands(outcome: &Outcome) -> Vec<&str> {
    let is_command = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    let lines = outcome.stdout.split(['\n', '\r']).chain(outcome.stderr.split(['\n', '\r']));
    lines.filter(is_command).collect()
}

const EXPECTED: &str = "::error file=s.wscope,line=10,col=1,title=b # SKIP \\ ]]> <&\"> %3A%3Aerror%3A%3Ax #%23[y\
     ::nothing matched within 50 ms; expected JSON that contains {\"a\":1}; at $.a expected 1, got 2";

/// Scenario language, section 5: "each failure is also `::error …`, and no other line … can begin with `::`".
#[test]
fn only_failures_are_commands() {
    for args in [&[][..], &["-v"], &["-q"], &["--report-tap=-"], &["--report-junit=-"]] {
        let server = Server::repeat(3, hostile_peer);
        let outcome = check(&server, &scenario(), args).env("GITHUB_ACTIONS", "true").run().code(1);
        assert_eq!(commands(&outcome), [EXPECTED], "{args:?}\n{}", outcome.stdout);
        let shown = r"\x3a:error file=x::evil";
        let is_shown = outcome.stdout.contains(shown) || outcome.stderr.contains(shown);
        assert!(is_shown, "{}\n{}", outcome.stdout, outcome.stderr);
    }
}

#[test]
fn no_report_on_standard_output_has_a_command() {
    for kind in ["json", "html"] {
        let server = Server::repeat(3, hostile_peer);
        let outcome = check(&server, &scenario(), &[&format!("--report-{kind}=-")])
            .env("GITHUB_ACTIONS", "true")
            .run()
            .code(1);
        assert_eq!(commands(&outcome), [EXPECTED], "{kind}");
        assert!(outcome.stdout.contains("::error file=x::evil"), "{kind}");
    }
}

/// Elsewhere texts stay as they are.
#[test]
fn without_github_nothing_is_a_command() {
    let server = Server::repeat(3, hostile_peer);
    let outcome = check(&server, &scenario(), &[]).run().code(1).stdout_contains(HOSTILE[3]);
    assert!(!outcome.stdout.lines().any(|line| line.starts_with("::")), "{}", outcome.stdout);
}

/// Scenario language, section 5: "no other line of the output can begin with `::`".
#[cfg(unix)]
#[test]
fn names_and_titles_cannot_be_commands() {
    let outcome = wscope()
        .file("::error,a:b%.wscope", "### {{title}}\nWS ws://127.0.0.1:1\n< a\n")
        .args([
            "check",
            "::error,a:b%.wscope",
            "--variable",
            "title=x,line=1::y\r\n::stop-commands::z",
        ])
        .env("GITHUB_ACTIONS", "true")
        .run()
        .code(1);
    let commands = commands(&outcome);
    assert_eq!(commands.len(), 1, "{}", outcome.stdout);
    let expected = "::error file=%3A%3Aerror%2Ca%3Ab%25.wscope,line=2,col=1,\
         title=x%2Cline=1%3A%3Ay%0D%0A%3A%3Astop-commands%3A%3Az::could not connect: ";
    assert!(commands[0].starts_with(expected), "{}", commands[0]);
}

/// Scenario language, section 5: "no other line of the output can begin with `::`".
#[test]
fn the_lines_of_invalid_scenarios_are_not_commands() {
    let outcome = wscope()
        .file("s.wscope", "::error::evil ##[x]\nWS ws://h {{::}}\n")
        .args(["check"])
        .env("GITHUB_ACTIONS", "true")
        .run()
        .code(2)
        .stderr_contains("s.wscope:1:1: error: ");
    let commands = commands(&outcome);
    assert!(!commands.is_empty(), "{}", outcome.stderr);
    for command in commands {
        let is_ours = command.starts_with("::error file=s.wscope,line=");
        assert!(is_ours && !command.contains("##["), "{command}");
    }
}

/// Scenario language, section 5: "each failure is also `::error …`"; so is what keeps a file from being run.
#[test]
fn files_that_cannot_be_run_are_annotated() {
    let run = |args: &[&str]| {
        let command = wscope()
            .file("bad.wscope", "### a\nWS ws://127.0.0.1:1\n<<< {{s3cret-token}}\n")
            .args(["check", "bad.wscope", "none.wscope", "--secret", "t=s3cret-token"]);
        command.args(args).env("GITHUB_ACTIONS", "true").run().code(2)
    };
    for (args, warnings) in [(&[][..], 1), (&["-q"], 0), (&["--report-json=-"], 1)] {
        let outcome = run(args);
        let commands = commands(&outcome);
        let [of_warnings @ .., invalid, unreadable] = &commands[..] else { panic!("{commands:?}") };
        assert_eq!(of_warnings.len(), warnings, "{args:?} {commands:?}");
        let start = "::warning file=bad.wscope,line=3,col=2::taken as text: ";
        assert!(of_warnings.iter().all(|it| it.starts_with(start)), "{commands:?}");
        let start = "::error file=bad.wscope,line=3,col=5::unknown variable \"***\"; ";
        assert!(invalid.starts_with(start), "{commands:?}");
        assert!(unreadable.starts_with("::error file=none.wscope::none.wscope: "), "{commands:?}");
        assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
    }
}

#[test]
fn warnings_of_a_run_are_annotated_unless_they_are_not_shown() {
    let expected = "::warning file=s.wscope,line=1::the server chose none of the subprotocols";
    for (args, count) in [(&["--subprotocol=a"][..], 1), (&["--subprotocol=a", "-q"], 0)] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.send(text("a"));
            peer.answer_close(1000);
        });
        let command = check(&server, "WS {{url}}\n< a\n", args).env("GITHUB_ACTIONS", "true");
        let outcome = command.run().code(0);
        let commands = commands(&outcome);
        assert_eq!(commands.len(), count, "{} {}", outcome.stdout, outcome.stderr);
        assert!(commands.iter().all(|it| it.starts_with(expected)), "{commands:?}");
    }
}
