//! Files generated from the definition of the command line, and the help.

use std::fs;
use std::path::Path;

use crate::support::wscope;

/// Each shell with its file under `completions/`.
const SHELLS: [(&str, &str); 6] = [
    ("bash", "wscope.bash"),
    ("zsh", "_wscope"),
    ("fish", "wscope.fish"),
    ("powershell", "_wscope.ps1"),
    ("elvish", "wscope.elv"),
    ("nushell", "wscope.nu"),
];

#[test]
fn completions_are_up_to_date() {
    for (shell, file) in SHELLS {
        assert_up_to_date(&["completions", shell], file);
    }
}

#[test]
fn the_manual_pages_are_up_to_date() {
    assert_up_to_date(&["man"], "wscope.1");
    assert_up_to_date(&["man", "check"], "wscope-check.1");
    wscope()
        .args(["man", "nope"])
        .run()
        .code(2)
        .stderr("wscope: nope is not a command\nhint: 'wscope --help' lists the commands\n");
}

#[track_caller]
fn assert_up_to_date(command: &[&str], file: &str) {
    let generated = wscope().args(command).run().code(0).stderr("").stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
    let committed = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        generated == committed,
        "completions/{file} is out of date; refresh it:\n\n    cargo run -- {} > completions/{file}\n\n{}",
        command.join(" "),
        first_difference(&committed, &generated),
    );
}

/// The first difference between two texts.
fn first_difference(old: &str, new: &str) -> String {
    let mut pairs = old.lines().zip(new.lines()).enumerate();
    match pairs.find(|(_, (old, new))| old != new) {
        Some((at, (old, new))) => format!("line {}:\n- {old}\n+ {new}", at + 1),
        None => format!("{} lines, now {}", old.lines().count(), new.lines().count()),
    }
}

const COMMANDS: [&[&str]; 5] = [&[], &["listen"], &["codes"], &["completions"], &["man"]];

fn help(command: &[&str], option: &str) -> String {
    wscope().args(command).arg(option).env("COLUMNS", "80").run().code(0).stderr("").stdout
}

#[test]
fn help_fits_80_columns() {
    for command in COMMANDS {
        for option in ["-h", "--help"] {
            let help = help(command, option);
            let long = help.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "in {command:?} {option}");
        }
    }
}

#[test]
fn the_short_help_is_shorter() {
    let [short, long] = ["-h", "--help"].map(|option| help(&[], option).lines().count());
    assert!(short < long, "-h has {short} lines, --help {long}");
}

#[test]
fn no_example_of_the_help_is_wrapped() {
    let help = help(&[], "--help");
    let examples = help.split("Examples:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    for line in examples.expect("examples").lines() {
        assert!(line.contains("wscope "), "the rest of a wrapped example: {line:?}");
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    wscope().arg("--version").run().code(0).stderr("").stdout_contains(env!("CARGO_PKG_VERSION"));
    wscope().arg("-h").run().code(0).stderr("").stdout_contains("Usage: wscope");
}
