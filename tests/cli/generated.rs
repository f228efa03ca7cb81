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
fn every_command_has_a_manual_page() {
    assert_up_to_date(&["man"], "wscope.1");
    let commands = commands();
    for command in &commands {
        assert_up_to_date(&["man", command], &format!("wscope-{command}.1"));
    }
    let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("completions"));
    let names = folder.expect("the folder").flatten().map(|file| file.file_name());
    let pages = names.filter_map(|name| Some(name.to_str()?.strip_suffix(".1")?.to_owned()));
    let unknown: Vec<_> = pages
        .filter(|page| {
            page.strip_prefix("wscope-").is_some_and(|it| !commands.contains(&it.into()))
        })
        .collect();
    assert!(unknown.is_empty(), "pages of no command: {unknown:?}");
}

/// All commands but `help`, which has the page of the program.
fn commands() -> Vec<String> {
    let help = help(&[], "-h");
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let names = list.expect("a list").lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn the_page_of_an_unknown_command_is_refused() {
    for (name, hint) in [
        ("nope", "'wscope --help' lists the commands"),
        ("lisen", "did you mean 'wscope man listen'?"),
        ("chekc", "did you mean 'wscope man check'?"),
    ] {
        let error = format!("wscope: unknown command '{name}'\nhint: {hint}\n");
        wscope().args(["man", name]).run().code(2).stdout("").stderr(&error);
    }
    let page = wscope().arg("man").run().code(0).stdout;
    for name in ["help", "wscope"] {
        wscope().args(["man", name]).run().code(0).stdout(&page);
    }
}

#[test]
fn what_is_hidden_is_not_offered() {
    for (shell, _) in SHELLS {
        let script = wscope().args(["completions", shell]).run().code(0).stdout;
        for option in ["show-ping-pong", "max-redirects", "no-check", "execute", "basic-auth"] {
            assert!(!script.contains(option), "{option} in the script for {shell}");
        }
        for option in ["max-redirs", "insecure", "close-code"] {
            assert!(script.contains(option), "no {option} in the script for {shell}");
        }
    }
}

#[track_caller]
fn assert_up_to_date(command: &[&str], file: &str) {
    let generated = wscope().args(command).run().code(0).stderr("").stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
    let committed = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        generated == committed,
        "completions/{file} is out of date; refresh it:\n\n    cargo run -q -- {} > completions/{file}\n\n{}",
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

fn help(command: &[&str], option: &str) -> String {
    wscope().args(command).arg(option).env("COLUMNS", "80").run().code(0).stderr("").stdout
}

#[test]
fn help_fits_80_columns() {
    let commands = commands();
    let commands = commands.iter().map(|name| vec![name.as_str()]);
    for command in [vec![]].into_iter().chain(commands) {
        for option in ["-h", "--help"] {
            let help = help(&command, option);
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
