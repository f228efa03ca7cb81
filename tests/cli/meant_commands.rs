//! Words in place of a URL that are probably meant as commands, and the help for commands.

use crate::support::{Outcome, wscope};

/// Exit status 2 with this error and this hint.
#[track_caller]
fn refused(outcome: &Outcome, error: &str, hint: &str) {
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "", "{}", outcome.stderr);
    assert_eq!(outcome.stderr, format!("wscope: {error}\nhint: {hint}\n"));
}

/// It could be the name of a host.
#[test]
fn a_word_that_is_close_to_a_command_is_asked_about() {
    for (word, command) in [
        ("lisen", "listen"),
        ("lsiten", "listen"),
        ("chekc", "check"),
        ("hepl", "help"),
        ("completion", "completions"),
        ("complete", "completions"),
        ("compl", "completions"),
        ("Listen", "listen"),
        ("LISTEN", "listen"),
        ("Help", "help"),
    ] {
        let hint =
            format!("did you mean 'wscope {command}'? A host of that name is written ws://{word}");
        refused(&wscope().arg(word).run(), &format!("unknown command '{word}'"), &hint);
    }
}

#[test]
fn a_word_that_may_be_a_host_is_connected_to() {
    let options = ["--connect-to", "127.0.0.1:1", "--connect-timeout", "5s", "-k"];
    for word in ["nodes", "coder", "main", "lists", "mac", "map"] {
        wscope().args(options).arg(word).run().code(3).stderr_lacks("did you mean 'wscope");
    }
}

#[test]
fn a_mistyped_command_with_arguments_is_asked_about() {
    for (arguments, command) in [
        (&["chekc", "a.wscope"][..], "check"),
        (&["lisen", ":9000"], "listen"),
        (&["lisen", "8080"], "listen"),
        (&["Listen", "8080", "--once"], "listen"),
        (&["completion", "bash"], "completions"),
        (&["code", "1006"], "codes"),
        (&["lisen", "--once"], "listen"),
        (&["-v", "lisen", ":8080"], "listen"),
        (&["chekc", "-x", "a.wscope", "b.wscope"], "check"),
    ] {
        let word = arguments.iter().find(|word| !word.starts_with('-')).expect("a word");
        let hint = format!("did you mean 'wscope {command}'?");
        refused(&wscope().args(arguments).run(), &format!("unknown command '{word}'"), &hint);
    }
    let outcome = wscope().args(["nodes", "8080"]).run();
    refused(
        &outcome,
        "unexpected argument '8080': a URL has already been given",
        "did you mean nodes:8080?",
    );
}

/// A host may have a name similar to that of a command.
#[test]
fn a_mistyped_option_is_suggested_before_a_mistyped_command() {
    let outcome = wscope().args(["code", "--retyr"]).run().code(2);
    let hint = outcome.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap_or_default();
    let (option, command) =
        (hint.find("'--retry'"), hint.find("; or did you mean 'wscope codes'?"));
    assert!(option.is_some() && option < command, "{}", outcome.stderr);
}

#[test]
fn a_command_behind_an_option_is_not_a_host() {
    for (arguments, command, advice) in [
        (&["-v", "listen"][..], "listen", "write it first: wscope listen -v"),
        (&["-q", "listen", ":0"], "listen", "write it first: wscope listen -q :0"),
        (&["--no-config", "check"], "check", "write it first: wscope check --no-config"),
        (
            &["-v", "listen", "--subprotocol", "a b"],
            "listen",
            "write it first: wscope listen -v --subprotocol 'a b'",
        ),
        (&["--color", "never", "codes", "1000"], "codes", "'wscope codes --help' lists them"),
        (&["-u", "me:secret", "codes"], "codes", "'wscope codes --help' lists them"),
        (&["-m", "1", "listen"], "listen", "'wscope listen --help' lists them"),
        (&["-v", "help"], "help", "'wscope help --help' lists them"),
    ] {
        let error = format!("'{command}' is a command: its options are written after it");
        let hint = format!("{advice}. A host of that name is written ws://{command}/");
        refused(&wscope().args(arguments).run(), &error, &hint);
        if let Some(line) = advice.split_once("first: wscope ").map(|(_, line)| line)
            && !line.contains('\'')
        {
            let words = line.split(' ').chain(["--help"]);
            wscope().args(words).run().code(0);
        }
    }
    let options = ["-v", "--connect-to", "127.0.0.1:1", "--connect-timeout", "5s"];
    wscope().args(options).arg("ws://listen/").run().code(3);
}

#[test]
fn help_is_a_command() {
    for (command, option) in [
        (&["help"][..], &["--help"][..]),
        (&["help", "--help"], &["--help"]),
        (&["help", "-h"], &["--help"]),
        (&["help", "wscope"], &["--help"]),
        (&["help", "listen"], &["listen", "--help"]),
        (&["help", "listen", "-h"], &["listen", "--help"]),
    ] {
        let help = wscope().args(command).run().code(0).stderr("").stdout;
        assert_eq!(help, wscope().args(option).run().code(0).stdout, "{command:?}");
    }
}

#[test]
fn an_unknown_command_has_no_help() {
    for (name, hint) in [
        ("lisen", "did you mean 'wscope help listen'?"),
        ("CHECK", "did you mean 'wscope help check'?"),
        ("nope", "'wscope --help' lists the commands"),
    ] {
        let outcome = wscope().args(["help", name]).run();
        refused(&outcome, &format!("unknown command '{name}'"), hint);
    }
    wscope().args(["help", "ws://me:hunter2@h"]).run().code(2).stderr_lacks("hunter2");
}
